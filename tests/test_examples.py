"""The examples run as they stand."""

import runpy
from pathlib import Path

import cv2

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_hello_face(tmp_path, capsys, monkeypatch):
    sheet = tmp_path / "hello.png"
    monkeypatch.setattr("sys.argv", ["hello_face.py", str(sheet)])
    runpy.run_path(str(EXAMPLES / "hello_face.py"), run_name="__main__")
    assert cv2.imread(str(sheet)).shape == (116, 6 * 114 + 2, 3)
    assert "nose tip" in capsys.readouterr().out


def test_examples_stay_short():
    assert all(len(path.read_text().splitlines()) < 40 for path in EXAMPLES.glob("*.py"))
