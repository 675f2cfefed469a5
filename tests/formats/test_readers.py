import copy
import io
import json
import multiprocessing
import pickle
import re
import tarfile

import numpy as np
import pytest
import webdataset as wds

from facewright import FacewrightError
from facewright.formats import WRITERS, DatasetReader, Sample, open_dataset
from facewright.formats.manifest import Manifest, ShardRecord, write_json, write_manifest, write_shard_record
from facewright.recognition.sources import class_names

SAMPLES = [
    Sample(f"{person:08d}_{sample:04d}", bytes([person, sample]) * (300 + 7 * person + sample), person)
    for person in range(4)
    for sample in range(3)
]
PEOPLE = [f"{person:08d}" for person in range(4)]


def write_set(root, format, samples=SAMPLES):
    """A data set of two shards, as the generator leaves it."""
    root.mkdir(parents=True)
    write_json(root / "config.json", {"format": format})
    halves = {"000000": samples[: len(samples) // 2], "000001": samples[len(samples) // 2 :]}
    shards = {}
    for name, half in halves.items():
        writer = WRITERS[format](root, name)
        for sample in half:
            writer.add(sample)
        people = len({sample.label for sample in half})
        shards[name] = ShardRecord(len(half), people, writer.close())
        write_shard_record(root, name, shards[name])
    write_manifest(root, Manifest(format, len(PEOPLE), len(samples), shards, {"format": format}))
    return root


def require_holds(reader, samples=SAMPLES):
    assert isinstance(reader, DatasetReader)
    assert len(reader) == len(samples)
    assert list(reader) == list(samples)
    assert [reader.read(index) for index in range(len(reader))] == [sample.jpeg for sample in samples]
    assert reader.labels.dtype == np.int64
    assert reader.labels.tolist() == [sample.label for sample in samples]
    assert reader.classes == len({sample.label for sample in samples})
    for outside in (-1, len(samples)):
        with pytest.raises(IndexError):
            reader.read(outside)


@pytest.fixture(params=["webdataset", "folder"])
def root(tmp_path, request):
    return write_set(tmp_path / "set", request.param)


def test_round_trip(root):
    require_holds(open_dataset(root))
    require_holds(open_dataset(str(root)))


def test_readers_can_be_pickled_and_copied(root):
    reader = open_dataset(root)
    reader.read(3)
    require_holds(pickle.loads(pickle.dumps(reader)))
    require_holds(copy.deepcopy(reader))


def test_readers_survive_a_fork(root):
    reader = open_dataset(root)
    started = iter(reader)
    next(started)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(reader.read, range(len(reader)), chunksize=1) == [sample.jpeg for sample in SAMPLES]
    assert list(started) == SAMPLES[1:]


def test_an_unfinished_set_says_how_to_continue(root):
    (root / "manifest.json").unlink()
    with pytest.raises(
        FacewrightError, match=r"set: unfinished data set .* run the command that began it again"
    ):
        open_dataset(root)


def test_the_webdataset_library_reads_the_shards(tmp_path):
    root = write_set(tmp_path / "set", "webdataset")
    urls = [str(root / f"00000{shard}.tar") for shard in range(2)]
    raw = list(wds.WebDataset(urls, shardshuffle=False).to_tuple("__key__", "jpg", "cls"))
    assert raw == [(s.key, s.jpeg, b"%d" % s.label) for s in SAMPLES]
    decoded = list(wds.WebDataset(urls, shardshuffle=False).decode(only=["cls"]).to_tuple("jpg", "cls"))
    assert [label for _, label in decoded] == [sample.label for sample in SAMPLES]


def test_one_shard_is_a_data_set_with_its_own_class_numbers(tmp_path):
    shard = write_set(tmp_path / "set", "webdataset") / "000001.tar"
    expected = [Sample(sample.key, sample.jpeg, sample.label - 2) for sample in SAMPLES[6:]]
    require_holds(open_dataset(shard), expected)
    shard.with_name("000001.idx.npy").unlink()
    require_holds(open_dataset(shard), expected)


def test_a_folder_of_foreign_shards(tmp_path):
    with wds.TarWriter(str(tmp_path / "b.tar")) as writer:
        writer.write({"__key__": "x", "png": b"later", "cls": b"70"})
    with wds.TarWriter(str(tmp_path / "a.tar")) as writer:
        writer.write({"__key__": "y", "jpg": b"first", "cls": b"90"})
        writer.write({"__key__": "z", "jpeg": b"second", "cls": b"70"})
    require_holds(
        open_dataset(tmp_path),
        [Sample("y", b"first", 1), Sample("z", b"second", 0), Sample("x", b"later", 0)],
    )


def test_folders_of_a_stranger(tmp_path):
    files = [
        "bob/2.PNG",
        "bob/1.jpg",
        "al/x.jpeg",
        ".git/y.jpg",
        "new.partial/z.jpg",
        "notes/readme.txt",
        "top.jpg",
    ]
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    expected = [("al/x", "al/x.jpeg", 0), ("bob/1", "bob/1.jpg", 1), ("bob/2", "bob/2.PNG", 1)]
    require_holds(
        open_dataset(tmp_path), [Sample(key, name.encode(), label) for key, name, label in expected]
    )


def test_folder_layout(tmp_path):
    root = write_set(tmp_path / "set", "folder")
    names = {str(path.relative_to(root)) for path in root.rglob("*.jpg")}
    assert names == {f"{sample.key[:8]}/{sample.key}.jpg" for sample in SAMPLES}


def test_tar_files_of_class_folders(tmp_path):
    foreign_tar(
        tmp_path / "b.tar",
        {"set/zoe/1.jpg": b"5", "set/al/3.png": b"2", "set/notes.txt": b"", "set/al/.x.jpg": b""},
    )
    foreign_tar(tmp_path / "a.tar", {"set/zoe/a.1.JPG": b"3", "set/bob/1.jpg": b"1", "set/zoe/a.2.JPG": b"4"})
    a = [("set/zoe/a.1", b"3"), ("set/bob/1", b"1"), ("set/zoe/a.2", b"4")]
    b = [("set/zoe/1", b"5"), ("set/al/3", b"2")]
    one = [Sample(*row, label) for row, label in zip(a, [1, 0, 1], strict=True)]
    require_holds(open_dataset(tmp_path / "a.tar"), one)
    both = [Sample(*row, label) for row, label in zip(a + b, [2, 1, 2, 2, 0], strict=True)]
    require_holds(open_dataset(tmp_path), both)
    assert class_names(open_dataset(tmp_path)) == ["al", "bob", "zoe"]


def test_tar_files_with_labels_and_without(tmp_path):
    foreign_tar(tmp_path / "a.tar", {"zoe/1.jpg": b"5"})
    foreign_tar(tmp_path / "b.tar", {"1.jpg": b"5", "1.cls": b"0"})
    with pytest.raises(FacewrightError, match=r"found tar files with .cls labels and without"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("lost", [1, 1024, 2000, 5000])
@pytest.mark.parametrize("known_by", ["manifest.json", "000000.idx.npy", "scan"])
def test_truncated_shard(tmp_path, lost, known_by):
    root = write_set(tmp_path / "set", "webdataset")
    shard = root / "000000.tar"
    shard.write_bytes(shard.read_bytes()[:-lost])
    path = root if known_by == "manifest.json" else shard
    if known_by == "scan":
        shard.with_name("000000.idx.npy").unlink()
    elif known_by == "000000.idx.npy" and lost <= 2000:
        assert len(list(open_dataset(shard))) == 6  # only padding and end marks are missing
        return
    with pytest.raises(FacewrightError) as caught:
        open_dataset(path)
    assert str(shard) in str(caught.value)
    assert "\n" not in str(caught.value)
    if known_by != "scan":
        assert f"found {shard.stat().st_size} bytes, expected" in str(caught.value)


def test_shard_that_shrinks_while_open(tmp_path):
    root = write_set(tmp_path / "set", "webdataset")
    reader = open_dataset(root)
    shard = root / "000001.tar"
    shard.write_bytes(shard.read_bytes()[:3000])
    with pytest.raises(FacewrightError, match=r"000001.tar: truncated: found \d+ of \d+ bytes of the file"):
        list(reader)
    shard.unlink()
    with pytest.raises(FacewrightError, match=r"000001.tar: cannot be read: No such file"):
        reader.read(11)


@pytest.mark.parametrize("with_index", [True, False])
def test_damaged_header(tmp_path, with_index):
    root = write_set(tmp_path / "set", "webdataset")
    shard = root / "000000.tar"
    data = bytearray(shard.read_bytes())
    second = 512 + 1024 + 512 + 512  # header, 600 bytes padded, label
    assert data[second : second + 8] == b"00000000"
    data[second + 3] ^= 1
    shard.write_bytes(data)
    if not with_index:
        shard.with_name("000000.idx.npy").unlink()
    with pytest.raises(FacewrightError, match=rf"000000.tar: damaged: no valid header at byte {second}"):
        list(open_dataset(root))


def test_damaged_index(tmp_path):
    root = write_set(tmp_path / "set", "webdataset")
    (root / "000000.idx.npy").write_bytes(b"\x93NUMPY what")
    with pytest.raises(FacewrightError, match=r"000000.idx.npy: not an index of a shard .*: delete it"):
        open_dataset(root)


def test_lost_shard(tmp_path):
    root = write_set(tmp_path / "set", "webdataset")
    (root / "000001.tar").unlink()
    with pytest.raises(FacewrightError, match=r"000001.tar: not found, expected a tar shard"):
        open_dataset(root)


def test_lost_or_emptied_image(tmp_path):
    root = write_set(tmp_path / "set", "folder")
    (root / "00000001/00000001_0001.jpg").write_bytes(b"")
    with pytest.raises(FacewrightError, match=r"00000001_0001.jpg: found an empty file, expected an image"):
        list(open_dataset(root))
    (root / "00000001/00000001_0001.jpg").unlink()
    with pytest.raises(FacewrightError, match=r"found 11 images, expected 12 \(manifest.json\)"):
        open_dataset(root)


def foreign_tar(path, files):
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.jpg": b"x"}, "image 'a' has no label: expected a file 'a.cls'"),
        ({"a.jpg": b"x", "a.cls": b"cat"}, "label a.cls: found 'cat', expected an integer"),
        ({"part/a.jpg": b"x", "part/a.json": b"{}"}, "image 'part/a' has no label: expected a file"),
        ({"b/a.jpg": b"x", "c.jpg": b"x"}, "image 'c' has no label: expected .* or a folder for each class"),
        ({"a.txt": b"x"}, "found no .jpg, .jpeg or .png images"),
    ],
)
def test_foreign_shard_with_wrong_contents(tmp_path, files, message):
    foreign_tar(tmp_path / "a.tar", files)
    with pytest.raises(FacewrightError) as caught:
        open_dataset(tmp_path / "a.tar")
    assert re.match(f"{re.escape(str(tmp_path / 'a.tar'))}: {message}", str(caught.value))


@pytest.mark.parametrize("content", [b"", b"hello", b"hello" * 1000])
def test_no_tar_at_all(tmp_path, content):
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(FacewrightError, match=r"a.tar: "):
        open_dataset(tmp_path / "a.tar")


def test_what_is_no_data_set(tmp_path):
    with pytest.raises(FacewrightError, match=r"absent: not found, expected a data set"):
        open_dataset(tmp_path / "absent")
    with pytest.raises(
        FacewrightError, match=r"not a data set: expected a .tar file, a folder of .tar files, <class>"
    ):
        open_dataset(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(FacewrightError, match=r"notes.txt: not a data set"):
        open_dataset(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "found a JSON list, expected an object"),
        ('{"format": "folder"}', "not a facewright manifest: KeyError 'shards'"),
        (
            json.dumps({"format": "zip", "people": 1, "images": 1, "shards": {}, "origin": {}}),
            "format is 'zip', expected webdataset",
        ),
    ],
)
def test_damaged_manifest(root, text, message):
    (root / "manifest.json").write_text(text)
    with pytest.raises(FacewrightError) as caught:
        open_dataset(root)
    assert message in str(caught.value)
