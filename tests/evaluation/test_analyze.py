"""The whole analysis on coloured squares: figures, files, the table and the command line."""

import hashlib
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from facewright import FacewrightError
from facewright.cli import main
from facewright.evaluation.analyze import Judge, SetReport, analyze_set, open_judge, write_analysis
from facewright.evaluation.console import print_separability, separability_figures
from facewright.evaluation.embedders import OnnxInput
from facewright.evaluation.faces import SelectionOptions
from facewright.evaluation.pair_sheet import ShownPair, pair_sheet
from tests.evaluation.fakes import face
from tests.evaluation.onnx_files import channel_means, one_node

CENTRED = OnnxInput(low=-1.0, high=1.0)


def made_set(path: Path, people: int, samples: int, first: int = 0, size: int = 112) -> Path:
    for person in range(people):
        (path / f"person{person}").mkdir(parents=True)
        for sample in range(samples):
            image = face(first + person, sample, size, noise=60)
            cv2.imwrite(str(path / f"person{person}" / f"{sample}.png"), image[..., ::-1])
    return path


@pytest.fixture
def judge_file(tmp_path: Path) -> Path:
    path = tmp_path / "means.onnx"
    path.write_bytes(channel_means(["n", 3, 112, 112]))
    return path


@pytest.fixture
def judge(judge_file: Path) -> Judge:
    return open_judge(judge_file, CENTRED, threshold=0.9)


@pytest.fixture
def reports(tmp_path: Path, judge: Judge) -> list[SetReport]:
    sets = [made_set(tmp_path / "drawn", 6, 3), made_set(tmp_path / "real", 3, 1, first=50)]
    return [analyze_set(judge, path, workers=2) for path in sets]


def test_figures_are_those_of_the_embeddings(judge: Judge, reports: list[SetReport]) -> None:
    drawn, real = (report.separability for report in reports)
    assert (drawn.images, drawn.people, drawn.plain.genuine_pairs, drawn.plain.impostor_pairs) == (
        18,
        6,
        18,
        135,
    )
    assert (real.images, real.people, real.single_image_people, real.plain.genuine_mean) == (3, 3, 3, None)
    assert drawn.plain.true_accepts == 1
    assert drawn.plain.genuine_mean is not None
    assert drawn.plain.genuine_mean.estimate > 0.99
    assert drawn.centred is not None
    assert real.centred is None
    assert [report.faces_found for report in reports] == [None, None]
    for pair in reports[0].closest:
        vectors = judge.embedder(np.stack(pair.images)).astype(np.float64)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        assert vectors[0] @ vectors[1] == pytest.approx(pair.similarity, abs=1e-5)
        assert pair.names[0].split("/")[0] != pair.names[1].split("/")[0]
    assert len(reports[0].furthest) == 6
    assert reports[1].furthest == ()


def test_files_are_whole_and_repeat(tmp_path: Path, judge: Judge, reports: list[SetReport]) -> None:
    out = tmp_path / "made" / "out"
    write_analysis(out, judge, reports, {"max_yaw": None})
    assert sorted(path.name for path in out.iterdir()) == [
        "closest.png",
        "furthest.png",
        "separability.json",
        "separability.png",
    ]
    fields = json.loads((out / "separability.json").read_text())
    assert fields["judge"]["sha256"] == hashlib.sha256(judge.path.read_bytes()).hexdigest()
    assert fields["judge"]["input"]["size_px"] == 112
    assert fields["settings"] == {"max_yaw": None}
    drawn, real = fields["sets"]
    plain = reports[0].separability.plain
    assert drawn["plain"]["impostor_mean"]["estimate"] == plain.impostor_mean.estimate
    assert drawn["plain"]["tar_at_far"] == {"0.01": plain.tar_at_far[0.01], "0.001": None}
    assert sum(drawn["plain"]["impostor_histogram"]) == 135
    assert drawn["furthest"][0]["similarity"] == reports[0].furthest[0].similarity
    assert real["plain"]["auc"] is None
    for name in ("separability", "closest", "furthest"):
        image = cv2.imread(str(out / f"{name}.png"))
        assert image is not None
        assert image.std() > 5
    before = (out / "separability.json").read_bytes()
    write_analysis(out, judge, reports, {"max_yaw": None})
    assert (out / "separability.json").read_bytes() == before


def test_a_folder_that_cannot_be_is_named(tmp_path: Path, judge: Judge, reports: list[SetReport]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FacewrightError, match=r"file: cannot be created"):
        write_analysis(tmp_path / "file", judge, reports, {})


def test_the_table_has_a_column_for_each_set(judge: Judge, reports: list[SetReport]) -> None:
    console = Console(file=io.StringIO(), width=160)
    print_separability(reports, judge, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    for report in reports:
        for figure in (report.path.name, *separability_figures(report).values()):
            assert figure in printed
    assert separability_figures(reports[1])["people"] == "3, 3 with one image"
    assert separability_figures(reports[0])["faces found"] == "not measured"
    assert "centred: AUC" in printed


def test_sheets_show_the_images_and_grow_by_rows() -> None:
    colours = [np.full((112, 112, 3), colour, np.uint8) for colour in ((200, 10, 10), (10, 10, 200))]
    pair = ShownPair((colours[0], colours[1]), ("Ann/" + "a" * 80, "Bjørn/b"), 0.5)
    sheets = [
        cv2.imdecode(np.frombuffer(pair_sheet([("one", [pair] * count)]), np.uint8), cv2.IMREAD_COLOR_RGB)
        for count in (0, 1, 4, 5)
    ]
    heights = [sheet.shape[0] for sheet in sheets]
    assert heights[0] < heights[1] == heights[2] < heights[3]
    assert len({sheet.shape[1] for sheet in sheets}) == 1
    for colour in colours:
        shown = [np.count_nonzero(np.all(sheet == colour[0, 0], axis=2)) for sheet in sheets]
        assert shown[0] == 0
        np.testing.assert_array_equal(np.array(shown[1:]) / shown[1], [1, 4, 5])


def complaint(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["analyze", "separability", *map(str, words)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_the_command_prints_and_writes(
    tmp_path: Path, judge_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn, real = made_set(tmp_path / "drawn", 6, 3), made_set(tmp_path / "real", 4, 2, first=50)
    words = [
        "analyze",
        "separability",
        drawn,
        "--judge",
        judge_file,
        "--real",
        real,
        "--out",
        tmp_path / "out",
    ]
    assert (
        main([*map(str, words), "--low", "-1", "--high", "1", "--threshold", "0.9", "--max-people", "4"]) == 0
    )
    printed = capsys.readouterr().out
    assert "drawn" in printed
    assert "real" in printed
    fields = json.loads((tmp_path / "out" / "separability.json").read_text())
    assert [part["people"] for part in fields["sets"]] == [4, 4]
    assert fields["judge"]["input"]["low"] == -1
    assert fields["judge"]["threshold"] == 0.9
    assert fields["settings"]["max_people"] == 4


def test_bad_input_is_one_line(tmp_path: Path, judge_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = made_set(tmp_path / "one", 1, 2), made_set(tmp_path / "two", 2, 2)
    maps = tmp_path / "maps.onnx"
    maps.write_bytes(one_node("Relu", ["n", 3, 112, 112], ["n", 3, 112, 112]))
    (tmp_path / "judge.txt").write_text("")
    for words, part in (
        ((one, "--judge", judge_file), f"{one}: has 1 people"),
        ((tmp_path / "none", "--judge", judge_file), "none: not found"),
        ((two, "--judge", tmp_path / "none.onnx"), "none.onnx: model not found"),
        ((two, "--judge", tmp_path / "judge.txt"), "judge.txt: no .onnx file"),
        ((two, "--judge", tmp_path), f"{tmp_path}: no .onnx file"),
        ((two, "--judge", maps), "maps: returns an output of shape [4, 3, 112, 112]"),
        ((two, "--judge", judge_file, "--max-yaw", 45), f"{two}: has no parameter tables"),
        ((two, "--judge", judge_file, "--size-px", 96), "expected [n, 3, 96, 96]"),
        ((two, "--judge", judge_file, "--threshold", 3), "threshold: found 3"),
        ((two, "--judge", judge_file, "--real", one), f"{one}: has 1 people"),
    ):
        assert part in complaint(capsys, *words)
    (two / "person1" / "1.png").write_bytes(b"damaged")
    assert "two, image 3: found 7 bytes" in complaint(capsys, two, "--judge", judge_file)


def test_yaw_limits_are_not_asked_of_photos(tmp_path: Path, judge: Judge) -> None:
    path = made_set(tmp_path / "drawn", 2, 2)
    with pytest.raises(FacewrightError, match="parameter tables"):
        analyze_set(judge, path, SelectionOptions(max_yaw=45.0))
