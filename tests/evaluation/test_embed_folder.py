"""Embeddings of folders, by a small ONNX model that answers with the mean of each colour."""

from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from facewright import FacewrightError
from facewright.evaluation.embed_folder import embed_folder
from facewright.formats.manifest import CARD_PICTURES, MANIFEST
from tests.evaluation.onnx_files import channel_means


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "means.onnx"
    path.write_bytes(channel_means(["n", 3, 112, 112]))
    return path


def write_png(path: Path, colour: tuple[int, int, int], height: int = 40, width: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.broadcast_to(np.array(colour, np.uint8)[::-1], (height, width, 3))
    assert cv2.imwrite(str(path), image)


def test_every_image_has_a_row_and_a_unit_vector(tmp_path: Path, model: Path) -> None:
    colours = {"a/1.png": (255, 0, 128), "a/2.png": (10, 200, 30), "b/1.png": (0, 0, 0)}
    for name, colour in colours.items():
        write_png(tmp_path / "set" / name, colour)
    assert embed_folder(tmp_path / "set", model, tmp_path / "e.parquet", photos=False, workers=1) == 3
    table = pq.read_table(tmp_path / "e.parquet").to_pydict()
    assert table["path"] == sorted(colours)
    assert table["face_found"] == [True, True, True]
    expected = np.array([colours[name] for name in table["path"]]) / 127.5 - 1
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(table["embedding"], expected, atol=1e-4)


def test_the_pictures_of_a_data_sets_card_are_no_faces(tmp_path: Path, model: Path) -> None:
    write_png(tmp_path / "set/0/1.png", (255, 0, 128))
    for name in CARD_PICTURES:
        write_png(tmp_path / "set" / name, (1, 2, 3), width=60)
    (tmp_path / "set" / MANIFEST).write_text("{}")
    assert embed_folder(tmp_path / "set", model, tmp_path / "e.parquet", photos=False, workers=1) == 1


def test_bad_folders_are_refused_in_one_line(tmp_path: Path, model: Path) -> None:
    write_png(tmp_path / "set/wide.png", (1, 2, 3), width=60)
    (tmp_path / "empty").mkdir()
    out = tmp_path / "e.parquet"
    for folder, message in (
        ("set", r"wide.png: found 60x40 pixels, expected a square crop or --photos"),
        ("empty", r"found no .jpg, .jpeg or .png images"),
        ("none", r"none: not found, expected a folder of images"),
    ):
        with pytest.raises(FacewrightError, match=message):
            embed_folder(tmp_path / folder, model, out, photos=False, workers=1)
    assert not out.exists()
