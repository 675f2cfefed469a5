"""Verification sets: pickles of pairs, read without running them."""

import os
import pickle

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.formats import open_dataset
from facewright.formats.bin import PairImages, read_bin, write_bin

IMAGES = [b"\xff\xd8" + bytes([number]) * number for number in range(6)]
SAME = [True, False, True]


class _Call:
    def __reduce__(self):
        return os.system, ("touch owned",)


def dump(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", ["bytes", "arrays", "array of flags", "numpy flags"])
def test_all_ways_in_which_they_are_written(tmp_path, protocol, kind):
    images = [np.frombuffer(image, np.uint8) for image in IMAGES] if kind == "arrays" else IMAGES
    same = {"array of flags": np.array(SAME), "numpy flags": [np.bool_(flag) for flag in SAME]}.get(
        kind, SAME
    )
    pairs = read_bin(dump(tmp_path / "pairs.bin", (images, same), protocol))
    assert list(pairs.images) == IMAGES
    assert pairs.same.tolist() == SAME


def test_a_file_of_the_numpy_of_another_time(tmp_path):
    path = dump(tmp_path / "pairs.bin", ([np.frombuffer(image, np.uint8) for image in IMAGES], SAME), 2)
    old = path.read_bytes().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    path.write_bytes(old)
    assert list(read_bin(path).images) == IMAGES


def test_write_and_read(tmp_path):
    write_bin(tmp_path / "pairs.bin", PairImages(IMAGES, np.array(SAME)))
    assert pickle.loads((tmp_path / "pairs.bin").read_bytes()) == (IMAGES, SAME)
    assert list(read_bin(tmp_path / "pairs.bin").images) == IMAGES


def test_as_a_data_set_a_person_is_known_within_a_pair_only(tmp_path):
    reader = open_dataset(dump(tmp_path / "pairs.bin", (IMAGES, SAME)))
    assert reader.labels.tolist() == [0, 0, 1, 2, 3, 3]
    assert [sample.key for sample in reader][1:4] == ["000000_same_1", "000001_other_0", "000001_other_1"]
    assert (reader.classes, reader.read(5)) == (4, IMAGES[5])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((IMAGES, [_Call()]), r"asks for (posix|nt).system"),
        ((IMAGES, SAME[:2]), "found 6 images, expected two for each of 2 pairs"),
        (([], []), "found 0 images"),
        ((["text"], [True]), "found a str among the images"),
        (([np.zeros(3)], [True]), "found an array of type 'f8'"),
        ({"a": 1}, "unreadable file"),
        (7, "unreadable file"),
    ],
)
def test_other_contents_are_one_line_and_run_nothing(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    path = dump(tmp_path / "pairs.bin", content)
    with pytest.raises(FacewrightError, match=message) as caught:
        read_bin(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps((IMAGES, SAME))[:-9]])
def test_damaged_files_are_one_line(tmp_path, content):
    (tmp_path / "pairs.bin").write_bytes(content)
    with pytest.raises(FacewrightError, match=r"pairs.bin: found an unreadable file"):
        read_bin(tmp_path / "pairs.bin")
