"""The command line as it is typed: what it prints, what it returns."""

import dataclasses
import os
import subprocess
import sys

import cv2
import pytest

from facewright.cli import main
from facewright.dataset import DatasetConfig, from_json, to_json


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "facewright", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"}
    )


def complaint(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("facewright: ")
    return lines[0]


def test_unknown_options_are_usage_errors():
    result = run("generate", "out", "--peple", "3")
    assert result.returncode == 2
    assert "--peple" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_help_names_every_command():
    result = run("--help")
    assert result.returncode == 0
    assert all(
        command in result.stdout
        for command in ("generate", "preview", "train", "evaluate", "analyze", "demo")
    )


def test_help_names_what_can_be_asked_of_people_and_scenes():
    text = run("generate", "--help").stdout
    options = (
        "--age",
        "--masculinity",
        "--related-to",
        "--relation",
        "--eyewear",
        "--makeup",
        "--model",
        "--key-share",
    )
    assert all(f"{option} " in text for option in options)
    assert "frame224" in text


def printed_config(capsys: pytest.CaptureFixture[str], *words: object) -> DatasetConfig:
    assert main(["config", *map(str, words)]) == 0
    return from_json(capsys.readouterr().out)


def test_a_config_file_is_where_options_start_from(tmp_path, capsys):
    first = printed_config(capsys, "--people", 7, "--yaw-deg", "0.6*uniform:-90:90+0.4*normal:0:2")
    assert first.people == 7
    file = tmp_path / "mine.json"
    file.write_text(to_json(first))
    assert printed_config(capsys, "--config", file) == first
    changed = printed_config(capsys, f"--config={file}", "--samples", 3)
    assert changed == dataclasses.replace(first, samples=3)


def test_people_and_samples_win_over_a_presets_plan(capsys):
    few = printed_config(capsys, "--preset", "lfw-like", "--people", 6)
    assert few.groups == [(range(6), 184)]
    same = printed_config(capsys, "--preset", "lfw-like", "--people", 40, "--samples", 3)
    assert same.groups == [(range(40), 3)]


def test_grids_and_mixup_can_be_where_options_start_from(tmp_path, capsys):
    grid = printed_config(capsys, "--preset", "multi-pie-like")
    assert grid.samples == 13 * 19
    (tmp_path / "mixed.json").write_text(to_json(printed_config(capsys, "--mixup")))
    assert printed_config(capsys, "--config", tmp_path / "mixed.json").mixup.mixup
    assert main(["render", str(tmp_path / "one.png"), "--config", str(tmp_path / "mixed.json")]) == 0


def test_config_files_that_cannot_be_used(tmp_path, capsys):
    assert "nowhere.json: cannot be read" in complaint(
        capsys, "config", "--config", tmp_path / "nowhere.json"
    )
    (tmp_path / "bad.json").write_text('{"peeple": 3}')
    assert "bad.json: unknown field peeple" in complaint(capsys, "config", "--config", tmp_path / "bad.json")


def test_a_judge_is_required():
    result = run("analyze", "separability", "somewhere")
    assert result.returncode == 2
    assert "--judge" in result.stdout + result.stderr


def test_preview_draws_a_sheet_with_typed_distributions(tmp_path):
    sheet = tmp_path / "sheet.png"
    words = [
        "preview",
        sheet,
        "--people",
        2,
        "--samples",
        3,
        "--yaw-deg",
        "uniform:-5:5",
        "--crop",
        "facenet96",
    ]
    assert main([str(word) for word in words]) == 0
    assert cv2.imread(str(sheet)).shape == (2 * 98 + 2, 3 * 98 + 2, 3)


def test_generate_writes_folders_of_people(tmp_path, capsys):
    out = tmp_path / "set"
    assert (
        main(
            ["generate", str(out), "--people", "2", "--samples", "3", "--workers", "1", "--format", "folder"]
        )
        == 0
    )
    assert len(list(out.glob("*/*.jpg"))) == 6
    assert len([path for path in out.iterdir() if path.is_dir()]) == 2
    capsys.readouterr()
    assert "people: found 0" in complaint(capsys, "generate", out, "--people", 0)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("generate", "x", "--yaw-deg", "sideways"), "distribution: found 'sideways'"),
        (("generate", "x", "--seed", "-1"), "seed: found -1"),
        (("preview", "sheet.jpg"), "expected .png"),
        (("evaluate", "nothing.onnx", "--lfw", "a", "--pairs", "b"), "nothing.onnx"),
        (("evaluate", "nothing.onnx"), "--synthetic DATASET"),
        (("generate", "x", "--age", "10..90"), "age: found uniform:10:90, expected values from 20 to 80"),
        (("generate", "x", "--age", "60..20"), "uniform: found 60.0:20.0"),
        (("preview", "s.png", "--african", ".3", "--asian", ".3", "--caucasian", ".4"), "at most two"),
        (("generate", "x", "--related-to", "-1"), "related_to: found -1"),
        (("generate", "x", "--relation", "3"), "relation: found constant:3"),
        (("generate", "x", "--eyewear", "2"), "eyewear: found 2.0, expected a probability"),
        (("generate", "x", "--makeup", "nan"), "makeup: found nan"),
        (("generate", "x", "--worn-styles", "0"), "worn_styles: found 0"),
        (("generate", "x", "--model", "bfm2017"), "model: found 'bfm2017', expected one of bfm2017:"),
        (("generate", "x", "--model", "bfm2017:missing.h5"), "missing.h5: found no such file"),
        (("preview", "s.png", "--model", "flame:missing.pkl"), "missing.pkl: found no such file"),
        (("preview", "s.png", "--model", "ict:missing"), "missing: found no such folder"),
        (("generate", "x", "--model", "bfm2017:missing.h5", "--age", "30"), "age: "),
        (("analyze", "separability", ".", "--judge", "missing.onnx"), "missing.onnx: model not found"),
        (("analyze", "separability", ".", "--judge", "."), "expected the judge to be one"),
        (("analyze", "separability", ".", "--judge", "j.onnx", "--threshold", "3"), "threshold: found 3"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, part, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert part in complaint(capsys, *words)
    assert list(tmp_path.iterdir()) == []
