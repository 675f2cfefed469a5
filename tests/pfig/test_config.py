import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.dataset import from_json, to_json
from facewright.pfig import PfigJob, read_pfig
from facewright.pfig.distributions import parse
from facewright.pfig.fields import Fields
from facewright.scenes.grid import cells
from tests.pfig.configurations import YAW, full_controlled, full_random, random_example

P = (np.arange(200_000) + 0.5) / 200_000


def read(folder: Path, values: dict[str, Any], exact: bool = False) -> PfigJob:
    file = folder / "config.json"
    file.write_text(json.dumps(values))
    return read_pfig(file, exact)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("values", [random_example, full_random, full_controlled])
def test_the_configurations_that_come_with_it_are_read(tmp_path: Path, values, exact: bool):
    job = read(tmp_path, values(), exact)
    assert from_json(to_json(job.dataset)) == job.dataset
    assert (job.width_px, job.height_px) == (227, 227)
    assert f"{tmp_path}/config.json.occlusionMode" in job.ignored
    assert not any("comment" in name for name in job.ignored)


def test_the_random_example(tmp_path: Path):
    job = read(tmp_path, random_example())
    config, sampler = job.dataset, job.dataset.sampler
    assert (config.people, config.samples, config.crop) == (5, 10, "facebox")
    assert config.model == "bfm2017:data/bfm2017/model2017-1_bfm_nomouth.h5"
    assert config.seed == 1986
    assert not job.controlled
    assert len(job.modalities) == 6
    assert sampler.light.illumination == "bip:data/bip/parameters/"
    assert sampler.backgrounds == "data/backgrounds/"
    camera = sampler.camera
    assert camera.distance_mm.quantile(P[:1])[0] == 1000
    # 756.7 px at 227 px: 300 mm of scene across the image at a metre.
    assert camera.focal_mm.quantile(P[:1])[0] / camera.sensor_mm * 227 == pytest.approx(756.67, abs=0.01)


@pytest.mark.parametrize(
    ("exact", "shares", "sigma"), [(False, (0.6, 0.2, 0.2), 2**0.5), (True, (0.6, 0.32, 0.08), 2.0)]
)
def test_its_mixture_and_its_variance(exact, shares, sigma):
    mixture = parse(Fields("yaw", YAW), exact)
    total = sum(part.weight for part in mixture.components)
    assert [part.weight / total for part in mixture.components] == pytest.approx(shares)
    drawn = mixture.quantile(P)
    assert (drawn == 0).mean() == pytest.approx(shares[2], abs=1e-3)
    inside = drawn[(drawn != 0)][int(shares[0] * len(P)) :]
    assert inside.std() == pytest.approx(sigma, rel=0.01)
    variance = shares[0] * 180**2 / 12 + shares[1] * sigma**2
    assert drawn.std() == pytest.approx(variance**0.5, rel=2e-3)


def test_exact_mixture_weights_are_what_drawing_anew_gives():
    rng, cumulative, counts = np.random.default_rng(0), np.array([0.6, 0.8, 1.0]), np.zeros(3)
    for _ in range(40_000):  # each component in turn is compared with a new number
        counts[next(i for i, share in enumerate(cumulative) if share > rng.uniform())] += 1
    weights = [part.weight for part in parse(Fields("yaw", YAW), True).components]
    np.testing.assert_allclose(np.array(weights) / sum(weights), counts / 40_000, atol=0.01)


def test_the_controlled_data_set(tmp_path: Path):
    mended, exact = read(tmp_path, full_controlled()), read(tmp_path, full_controlled(), exact=True)
    assert mended.controlled
    lengths = {axis.name: len(axis.values) for axis in mended.dataset.sampler.grid}
    assert lengths == {"background": 175, "yaw_deg": 33, "pitch_deg": 1, "roll_deg": 1, "light_angle_deg": 17}
    assert mended.dataset.samples == cells(mended.dataset.sampler.grid) == 175 * 33 * 17
    # Steps of 5.625 and 11.25 degrees are read as whole numbers there.
    lengths = {axis.name: len(axis.values) for axis in exact.dataset.sampler.grid}
    assert (lengths["yaw_deg"], lengths["light_angle_deg"]) == (37, 17)
    assert exact.dataset.sampler.grid[4].values[:2] == (-90, -79)
    assert len(mended.landmark_tags) == 19


def test_scaling_is_kept_where_the_box_undid_it(tmp_path: Path):
    scale = read(tmp_path, random_example()).dataset.sampler.camera.scale.quantile(P)
    assert (scale.min(), scale.max()) == pytest.approx((1, 1.2), abs=1e-4)
    assert set(read(tmp_path, random_example(), exact=True).dataset.sampler.camera.scale.quantile(P)) == {1}


def test_light(tmp_path: Path):
    values = random_example()
    section = values["illumination-parameters"]
    section |= {"illumination-type": "multiVariateNormal", "illumination-prior-no-color": True}
    section |= {"illumination-prior-fix-energy": True, "illumination-prior-fix-energy-value": 5}
    light = read(tmp_path, values).dataset.sampler.light
    assert (light.light_mode, light.light_energy) == ("multivariate_normal", 5.0)
    assert light.light_saturation.quantile(P[:1])[0] == 0
    section["illumination-type"] = "staticFrontal"
    assert read(tmp_path, values).dataset.sampler.light.light_mode == "static_frontal"


def without(*path: str) -> dict[str, Any]:
    values = random_example()
    section = values
    for name in path[:-1]:
        section = section[name]
    del section[path[-1]]
    return values


def with_value(value: object, *path: str) -> dict[str, Any]:
    values = random_example()
    section = values
    for name in path[:-1]:
        section = section[name]
    section[path[-1]] = value
    return values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (with_value("V2.0", "format-version"), r"format-version: found 'V2.0', expected 'V1.0'"),
        (
            without("image-dimensions", "image-width"),
            "image-dimensions: found no 'image-width', expected a whole number",
        ),
        (
            with_value("big", "image-dimensions", "image-width"),
            "image-width: found 'big', expected a whole number",
        ),
        (without("pose-variation"), "found no 'pose-variation', expected an object"),
        (
            with_value({"type": "cauchy"}, "pose-variation", "yaw-distribution"),
            "type: found 'cauchy', expected constant",
        ),
        (with_value("middle", "pose-variation", "center-faces"), "found 'middle', expected none or facebox"),
        (
            with_value("sunny", "illumination-parameters", "illumination-type"),
            "found 'sunny', expected empirical",
        ),
        (
            with_value([1], "default-parameters", "camera", "sensorSize"),
            r"sensorSize: found \[1\], expected 2 numbers",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, values, message):
    with pytest.raises(FacewrightError, match=message) as caught:
        read(tmp_path, values)
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_files_that_are_no_configuration(tmp_path: Path):
    with pytest.raises(FacewrightError, match="cannot be read"):
        read_pfig(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(FacewrightError, match="not valid JSON"):
        read_pfig(tmp_path / "bad.json")
