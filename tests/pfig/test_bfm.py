"""A controlled configuration with a Basel model, photographs behind and region maps, as with licensed files."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from facewright import FacewrightError
from facewright.cli import main
from facewright.models.library import open_model, parse_model
from facewright.pfig import redraw
from facewright.pfig.rps import read_rps
from tests.models.made_models import ORIGIN_MM, Statismo, write_statismo
from tests.pfig.configurations import full_controlled

SIZE = 64


def _png(file: Path) -> np.ndarray:
    return cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)


def _write_config(folder: Path) -> Statismo:
    written = write_statismo(folder / "model2017-1_bfm_nomouth.h5")
    (folder / "dtd").mkdir()
    for number, name in enumerate(("b.jpg", "a.jpg")):
        cv2.imwrite(str(folder / f"dtd/{name}"), np.full((90, 70, 3), 60 + 120 * number, np.uint8))
    cv2.imwrite(str(folder / "sides.png"), np.uint8([[[0, 0, 255], [255, 0, 0]]]))  # left red, right blue
    across = written.shape.mean.reshape(-1, 3)[:, 0]
    uv = np.stack([(across > np.median(across)) * 0.5 + 0.25, np.full(len(across), 0.5)], axis=1)
    mapping = {"triangles": [], "pointData": uv.tolist(), "@type": "SurfacePointProperty"}
    (folder / "mapping.json").write_text(json.dumps(mapping))
    config = full_controlled()
    config["morphable-model-parameters"] |= {
        "model-filename": str(folder / "model2017-1_bfm_nomouth.h5"), "number-of-ids-to-create": 2,
    }  # fmt: skip
    config["backgrounds"]["background-images-directory"] = str(folder / "dtd")
    config["image-dimensions"] = {"image-width": SIZE, "image-height": SIZE}
    config["background-variation"]["back-range"] = {"start": 0, "end": 1, "step": 1, "type": "inclusive"}
    config["pose-range"]["yaw-range"] = {"start": 0, "end": 30, "step": 30, "type": "inclusive"}
    config["illumination-angle"]["illu-range"] = {"start": 0, "end": 0, "step": 90, "type": "inclusive"}
    config["rendering-methods"]["render-region-maps"] = True
    sides = {
        "mapping": str(folder / "mapping.json"),
        "region-map": str(folder / "sides.png"),
        "name": "sides",
    }
    config["region-maps"] = [sides]
    config["landmark-tags"] = ["center.nose.tip"]
    (folder / "config.json").write_text(json.dumps(config))
    return written


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bfm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        _write_config(folder)
        assert (
            main(["generate", str(folder / "out"), "--pfig", str(folder / "config.json"), "--workers", "1"])
            == 0
        )
    return folder


def test_backgrounds_come_in_the_order_of_the_files(folder: Path):
    corners = [int(_png(folder / f"out/img/1/1_{n}.png")[1, 1, 0]) for n in (1, 2, 3, 4)]
    np.testing.assert_allclose(corners, [180, 180, 60, 60], atol=2)


def test_parameters_hold_in_the_frame_of_the_models_file(folder: Path):
    """The nose's tip of the file's own vertices, through the written camera, is where the image shows it."""
    fields = json.loads((folder / "out/rps/0/0_2.rps").read_text())
    model = open_model(parse_model(f"bfm2017:{folder}/model2017-1_bfm_nomouth.h5"))
    assert len(fields["momo"]["shape"]) == len(model.identity_basis_mm)
    shape = np.array(fields["momo"]["shape"])
    nose = model.landmarks[30]
    at = model.mean_mm[nose] + np.tensordot(shape, model.identity_basis_mm[:, nose], 1) + model.origin_mm
    p = read_rps(folder / "out/rps/0/0_2.rps").parameters
    c, s = np.cos(p.pose.yaw), np.sin(p.pose.yaw)
    x, y, z = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ at + p.pose.translation
    ndc = [
        p.lens.focal_mm / (p.lens.sensor_mm[k] / 2) * v / -z + p.lens.principal_point[k]
        for k, v in enumerate((x, y))
    ]
    line = (folder / "out/tlms/0/0_2.tlms").read_text().split()
    np.testing.assert_allclose(
        [float(v) for v in line[2:]], [SIZE / 2 * (ndc[0] + 1), SIZE / 2 * (1 - ndc[1])], atol=0.05
    )
    assert (
        np.linalg.norm(np.array(model.origin_mm) + ORIGIN_MM) < 3
    )  # the file's origin is not between the eyes


def test_region_maps_are_laid_on_by_their_mapping(folder: Path):
    found = _png(folder / "out/img/0/0_1_sides.png")
    red, blue = (found == [255, 0, 0]).all(axis=2), (found == [0, 0, 255]).all(axis=2)
    assert min(red.sum(), blue.sum()) > 100
    assert np.flatnonzero(red.any(axis=0)).mean() < np.flatnonzero(blue.any(axis=0)).mean()
    assert ((found == 0).all(axis=2) | red | blue).all()


def test_modalities_of_a_model_without_textures(folder: Path):
    seen = _png(folder / "out/img/0/0_1_depth.png").any(axis=2)
    albedo = _png(folder / "out/img/0/0_1_albedo.png")
    assert 0.2 < seen.mean() < 0.9
    assert (albedo.any(axis=2) & ~seen).sum() <= 3  # the farthest point's depth is black too
    assert np.median(albedo[seen]) > 60


def test_an_image_with_a_photograph_behind_is_drawn_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    redraw(folder / "out/rps/1/1_3.rps", tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (folder / "out/img/1/1_3.png").read_bytes()
    fields = json.loads((folder / "out/rps/1/1_3.rps").read_text())
    del fields["facewright"]
    (tmp_path / "a.rps").write_text(json.dumps(fields | {"momo": fields["momo"] | {"modelURI": "gone.h5"}}))
    with pytest.raises(
        FacewrightError, match=r"a.rps: found the model gone.h5, .* expected --model KIND:FILE"
    ):
        redraw(tmp_path / "a.rps", tmp_path / "a.png")
    redraw(tmp_path / "a.rps", tmp_path / "a.png", model=f"bfm2017:{folder}/model2017-1_bfm_nomouth.h5")
    again, first = (_png(file).astype(int) for file in (tmp_path / "a.png", folder / "out/img/1/1_3.png"))
    seen = _png(folder / "out/img/1/1_3_depth.png").any(axis=2)
    assert np.median(np.abs(again - first)[seen]) <= 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["region-maps"][0].update(mapping="none.json"), "none.json: cannot be read"),
        (
            lambda c: c["background-variation"]["back-range"].update(end=5),
            "grid background: found number 5, expected 0 .. 1",
        ),
        (
            lambda c: c.update({"landmark-tags": ["left.elbow"]}),
            "landmark-tags: found 'left.elbow', expected some of",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_drawn(
    folder: Path, tmp_path: Path, capsys, monkeypatch, change, message
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (tmp_path / "c.json").write_text(json.dumps(config))
    assert (
        main(["generate", str(tmp_path / "out"), "--pfig", str(tmp_path / "c.json"), "--workers", "1"]) == 2
    )
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
