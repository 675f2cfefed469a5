"""Pair lists: what they mean, and what a damaged one says."""

from pathlib import Path

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.evaluation.lfw import distinct_photos, find_dev_pairs, read_pairs


def written(folder: Path, text: str, name: str = "pairs.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_view_2(tmp_path: Path) -> None:
    fold = "Ann_Lee\t1\t12\nAnn_Lee\t1\tBo\t3\n"
    pairs = read_pairs(written(tmp_path, "3\t1\n" + fold * 3))
    assert pairs.first == ("Ann_Lee/Ann_Lee_0001.jpg",) * 6
    assert pairs.second[:2] == ("Ann_Lee/Ann_Lee_0012.jpg", "Bo/Bo_0003.jpg")
    assert pairs.same.tolist() == [True, False] * 3
    assert pairs.folds is not None
    assert pairs.folds.tolist() == [0, 0, 1, 1, 2, 2]


def test_view_1_has_no_folds(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, "2\nA 1 2\nA 1 3\n\nA 1 B 1\nB 2 C 10000\n"))
    assert pairs.folds is None
    assert len(pairs) == 4
    assert pairs.second[-1] == "C/C_10000.jpg"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: found an empty file"),
        ("A 1 2\n", "line 1: found 'A 1 2'"),
        ("0\n", "line 1: found '0'"),
        ("1 1\nA 1 2\nA 1 B 1\n", "line 1: found '1 1'"),
        ("-3\n", "line 1"),
        ("1\nA 1 2\nA 1 B\n", "line 3: found 'A 1 B', expected 'Name 1 2'"),
        ("1\nA 1 2\nA one B 1\n", "line 3"),
        ("1\nA 1 2 3 4\nA 1 B 1\n", "line 2"),
        ("2\nA 1 2\nA 1 B 1\n", "found 2 pairs, expected 4"),
        ("1\nA 1 2\nA 1 3\n", "the file has 2 pairs of one person, expected 1"),
        ("2 1\nA 1 2\nA 1 B 1\nA 1 B 1\nA 1 B 2\n", "fold 2 has 0 pairs of one person"),
    ],
)
def test_bad_lists_say_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FacewrightError) as error:
        read_pairs(written(tmp_path, text))
    assert message in str(error.value)
    assert "pairs.txt" in str(error.value)
    assert "\n" not in str(error.value)


def test_files_that_are_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(FacewrightError, match=r"missing\.txt: cannot read"):
        read_pairs(tmp_path / "missing.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FacewrightError, match=r"binary\.txt: cannot read .*not a text file"):
        read_pairs(tmp_path / "binary.txt")


def test_development_pairs_are_found_beside_the_test_pairs(tmp_path: Path) -> None:
    test = written(tmp_path, "", "pairsDevTest.txt")
    assert find_dev_pairs(test) is None
    train = written(tmp_path, "", "pairsDevTrain.txt")
    assert find_dev_pairs(test) == train
    assert find_dev_pairs(written(tmp_path, "")) is None


def test_photos_are_listed_once_and_missing_ones_named(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, "1\nA 1 2\nA 1 B 1\n"))
    for photo in ("A/A_0001.jpg", "A/A_0002.jpg"):
        (tmp_path / photo).parent.mkdir(exist_ok=True)
        (tmp_path / photo).touch()
    with pytest.raises(FacewrightError, match=r"B_0001\.jpg: photo not found, though .*pairs\.txt names it"):
        distinct_photos(tmp_path, [pairs])
    (tmp_path / "B").mkdir()
    (tmp_path / "B/B_0001.jpg").touch()
    assert distinct_photos(tmp_path, [pairs, pairs]) == ["A/A_0001.jpg", "A/A_0002.jpg", "B/B_0001.jpg"]
    with pytest.raises(FacewrightError, match="nowhere: found no such folder"):
        distinct_photos(tmp_path / "nowhere", [pairs])


def test_folds_are_counted_from_zero(tmp_path: Path) -> None:
    text = "10 2\n" + "A 1 2\nA 1 3\nA 1 B 1\nA 1 B 2\n" * 10
    pairs = read_pairs(written(tmp_path, text))
    assert pairs.folds is not None
    np.testing.assert_array_equal(pairs.folds, np.arange(40) // 4)
