"""The whole line, small: generate, train, evaluate, report."""

import json
from functools import partial

from facewright.cli import main
from facewright.demo import DemoConfig

REQUIRED = {
    "accuracy",
    "accuracy_std",
    "auc",
    "eer",
    "tar_at_far",
    "pairs",
    "not_found",
    "model",
    "alignment",
    "version",
}


def test_demo_goes_from_nothing_to_a_report(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("facewright.demo.DemoConfig", partial(DemoConfig, held_out_people=10))
    words = ["demo", "--out", str(tmp_path / "demo"), "--people", "8", "--samples", "8", "--minutes", "0.03"]
    assert main(words) == 0
    report = (tmp_path / "demo/report.html").read_text()
    assert report.count("data:image/png;base64,") >= 4  # sheet, loss curve, ROC, histogram
    assert "http://" not in report.replace("http://www.w3.org", "")
    figures = json.loads((tmp_path / "demo/synthetic.json").read_text())
    assert set(figures) >= REQUIRED
    assert 0.4 <= figures["accuracy"] <= 1
    assert str(tmp_path / "demo/report.html") in capsys.readouterr().out.replace("\n", "")

    model = tmp_path / "demo/run/model.safetensors"
    trained = model.stat().st_mtime_ns
    assert main(words) == 0
    assert model.stat().st_mtime_ns == trained

    assert (
        main(
            [
                "evaluate",
                str(model),
                "--synthetic",
                str(tmp_path / "demo/train"),
                "--json",
                str(tmp_path / "r"),
            ]
        )
        == 0
    )
    assert set(json.loads((tmp_path / "r").read_text())) >= REQUIRED


def test_demo_wants_photos_and_pairs_together(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo"), "--lfw", str(tmp_path)]) == 2
    assert "expected both or neither" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
