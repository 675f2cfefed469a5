"""InsightFace's .rec: ours as others read it, others' as we do."""

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.formats import Sample, open_dataset
from facewright.formats.insightface import InsightFaceWriter
from facewright.formats.recordio import ImageRecord, frame, read_record, scan_records
from tests.oracles import recordio as oracle

MAGIC = struct.pack("<I", oracle.MAGIC)
payloads = st.lists(st.sampled_from([MAGIC, b"\0", b"ab", MAGIC[:2], b"12345678"]), max_size=9).map(b"".join)


def jpeg(value, size=8):
    return cv2.imencode(".jpg", np.full((size, size, 3), value, np.uint8))[1].tobytes()


SAMPLES = [
    Sample(f"{person:08d}_{number:04d}", jpeg(40 * person + number), person)
    for person, count in enumerate([3, 1, 2])
    for number in range(count)
]


def read_bytes(content):
    return lambda offset, size: content[offset : offset + size]


@given(st.lists(payloads, min_size=1, max_size=4))
def test_records_are_those_of_the_format_even_with_the_magic_number_inside(records):
    content, offsets = oracle.write(records)
    assert b"".join(map(frame, records)) == content
    index = scan_records(Path("x.rec"), read_bytes(content), len(content))
    assert index.offsets.tolist() == offsets
    assert [read_record(Path("x.rec"), read_bytes(content), offset) for offset in offsets] == records


@given(
    st.floats(width=32, allow_nan=False)
    | st.lists(st.floats(width=32, allow_nan=False), min_size=1).map(tuple),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=20),
)
def test_image_records_pack_and_unpack(label, number, image):
    record = ImageRecord(label, number, 0, image)
    assert ImageRecord.unpack(record.pack()) == record
    flag, labels, identifier, stored = oracle.unpack(record.pack())
    assert (flag, identifier, stored) == (len(label) if isinstance(label, tuple) else 0, number, image)
    assert tuple(labels) == (label if isinstance(label, tuple) else (label,))


@pytest.fixture
def ours(tmp_path):
    writer = InsightFaceWriter(tmp_path, "train")
    for sample in SAMPLES:
        writer.add(sample)
    assert not list(tmp_path.glob("train.*[!l]"))  # nothing is visible before the end
    assert sorted(writer.close()) == ["property", "train.idx", "train.lst", "train.rec"]
    return tmp_path


def test_an_independent_reader_finds_header_images_and_identities(ours):
    loaded = oracle.InsightFaceSet((ours / "train.rec").read_bytes(), (ours / "train.idx").read_text())
    assert loaded.header == [7, 10]
    assert [loaded.image(key) for key in loaded.keys] == [(sample.label, sample.jpeg) for sample in SAMPLES]
    assert loaded.identities() == [range(1, 4), range(4, 5), range(5, 7)]
    assert (ours / "property").read_text() == "3,8,8"
    assert (ours / "train.lst").read_text().splitlines()[3] == "4\t1\t00000001_0000.jpg"


@pytest.mark.parametrize("with_index", [True, False])
@pytest.mark.parametrize("name", ["", "train.rec"])
def test_we_read_ours(ours, with_index, name):
    if not with_index:
        (ours / "train.idx").unlink()
    reader = open_dataset(ours / name)
    assert [(s.key, s.jpeg, s.label) for s in reader] == [
        (str(key), sample.jpeg, sample.label) for key, sample in enumerate(SAMPLES, 1)
    ]
    assert (reader.read(3), reader.key(3), reader.classes) == (SAMPLES[3].jpeg, "4", 3)


def foreign(tmp_path, records, keys):
    content, offsets = oracle.write([record.pack() for record in records])
    (tmp_path / "faces.rec").write_bytes(content)
    (tmp_path / "faces.idx").write_text("".join(f"{k}\t{o}\n" for k, o in zip(keys, offsets, strict=True)))
    return tmp_path / "faces.rec"


def test_images_from_key_0_without_a_header_record(tmp_path):
    """As RecBuilder writes them; the shuffled index of im2rec has keys in any order."""
    records = [
        ImageRecord(float(label), key, 0, jpeg(label))
        for key, label in zip((0, 4, 2), (9, 7, 9), strict=True)
    ]
    reader = open_dataset(foreign(tmp_path, records, [0, 4, 2]))
    assert [(s.key, s.label, s.jpeg) for s in reader] == [
        ("0", 1, jpeg(9)),
        ("4", 0, jpeg(7)),
        ("2", 1, jpeg(9)),
    ]


def test_of_several_labels_the_first_counts(tmp_path):
    records = [ImageRecord((float(5 - key), 5.0, 0.25), key, 0, jpeg(key)) for key in range(3)]
    assert open_dataset(foreign(tmp_path, records, range(3))).labels.tolist() == [2, 1, 0]


def test_an_image_with_the_magic_number_inside(tmp_path):
    image = b"\xff\xd8" + bytes(6) + MAGIC * 2 + b"end"
    reader = open_dataset(foreign(tmp_path, [ImageRecord(0.0, 0, 0, image)], [0]))
    assert reader.read(0) == image


def test_repacking_gives_the_same_bytes(tmp_path):
    records = [ImageRecord((1.0, 2.5), key, 7, jpeg(key) + MAGIC * key) for key in range(5)]
    path = foreign(tmp_path, records, range(5))
    content = path.read_bytes()
    index = scan_records(path, read_bytes(content), len(content))
    again = [
        ImageRecord.unpack(read_record(path, read_bytes(content), offset))
        for offset in index.offsets.tolist()
    ]
    assert b"".join(frame(record.pack()) for record in again) == content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-5], "truncated: found 27 of 32 bytes of the record at byte"),
        (lambda content: content[:40] + b"junk" + content[44:], "no record at byte 40"),
        (lambda content: content[:100], r"no record at byte \d+"),
    ],
)
def test_damaged_files_are_one_line(ours, change, message):
    path = ours / "train.rec"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(FacewrightError, match=message) as caught:
        list(open_dataset(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_index(ours):
    (ours / "train.idx").write_text("0\t0\nwhat\n")
    with pytest.raises(FacewrightError, match=r"train.idx, line 2: found 'what', expected 'key offset'"):
        open_dataset(ours)


def test_images_of_two_sizes_are_refused_and_nothing_is_left(tmp_path):
    writer = InsightFaceWriter(tmp_path, "train")
    writer.add(SAMPLES[0])
    with pytest.raises(FacewrightError, match=r"image b: is 9x9 px, expected 8x8 like the first"):
        writer.add(Sample("b", jpeg(1, 9), 0))
    del writer
    assert list(tmp_path.iterdir()) == []


def test_classes_in_pieces_are_refused(tmp_path):
    writer = InsightFaceWriter(tmp_path, "train")
    for sample in SAMPLES[2:4]:
        writer.add(sample)
    with pytest.raises(FacewrightError, match=r"class 0 comes back, expected it in one piece"):
        writer.add(SAMPLES[0])


def test_png_images_keep_their_suffix_in_the_list(tmp_path):
    png = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    writer = InsightFaceWriter(tmp_path, "train")
    writer.add(Sample("a", png, 0))
    writer.close()
    assert (tmp_path / "train.lst").read_text() == "1\t0\ta.png\n"
    assert io.BytesIO(open_dataset(tmp_path).read(0)).read(4) == b"\x89PNG"
