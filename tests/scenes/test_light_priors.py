"""Light from real places: harmonics turned and projected as an oracle does it, and every file format read."""

import json
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError, _native
from facewright.distributions import Constant
from facewright.scenes.illumination import DRAWS, LightConfig, draw_light
from facewright.scenes.light_priors import gaussian_of, light_prior, read_map, read_prior_coefficients
from facewright.scenes.spherical import ambient_diffuse_light, mirrored, turned, turned_direction
from facewright.streams import Factor, Streams
from tests.oracles.sh import basis, radiance

P = Streams(1, 2).uniform(Factor.LIGHT, 0, 400, DRAWS)


def directions(count: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, 3))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def about_y(degrees: float) -> np.ndarray:
    s, c = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


@settings(max_examples=40)
@given(angle=st.floats(-360, 360), seed=st.integers(0, 100))
def test_turned_light_is_what_turned_surfaces_saw(angle, seed):
    light = np.random.default_rng(seed).normal(size=(1, 9, 3))
    normals, R = directions(30), about_y(angle)
    seen = radiance(turned(light, np.array([angle]))[0], normals @ R.T)
    np.testing.assert_allclose(seen, radiance(light[0], normals), atol=1e-10)
    np.testing.assert_allclose(turned_direction(normals, np.full(30, angle)), normals @ R.T, atol=1e-12)


def test_mirrored_light_exchanges_left_and_right():
    light, normals = np.random.default_rng(1).normal(size=(2, 9, 3)), directions(30)
    both = mirrored(light, np.array([True, False]))
    np.testing.assert_allclose(
        radiance(both[0], normals * [-1, 1, 1]), radiance(light[0], normals), atol=1e-12
    )
    np.testing.assert_array_equal(both[1], light[1])


def test_ambient_and_diffuse_light_is_linear_in_the_cosine():
    towards, normals = directions(1, 3), directions(40)
    light = ambient_diffuse_light(0.8, 0.2, towards)[0]
    np.testing.assert_allclose(radiance(light, normals), 0.8 + 0.2 * normals @ towards[0], rtol=1e-12)


def equirectangular(height: int) -> tuple[np.ndarray, np.ndarray]:
    """Direction (H, W, 3) and solid angle (H, W) of each pixel; the face looks at the map's middle."""
    polar = np.radians((np.arange(height) + 0.5) / height * 180)
    azimuth = np.radians((np.arange(2 * height) + 0.5) / (2 * height) * 360 - 180)
    p, a = np.meshgrid(polar, azimuth, indexing="ij")
    towards = np.stack([-np.sin(a) * np.sin(p), np.cos(p), np.cos(a) * np.sin(p)], axis=-1)
    return towards, np.sin(p) * (np.pi / height) ** 2


@pytest.mark.parametrize("height", [40, 300])
def test_a_smooth_map_is_projected_to_its_harmonics(height):
    towards, _ = equirectangular(height)
    wanted = np.zeros((9, 3))
    wanted[0], wanted[1:] = 3, np.random.default_rng(0).normal(0, 0.15, (8, 3))
    image = (basis(towards.reshape(-1, 3)) @ wanted).reshape(*towards.shape).astype(np.float32)
    assert image.min() > 0
    found = _native.project_environment(image)
    key = basis(found[9][None])[0][:, None] * found[10]  # what stands out goes to the key light: add it again
    np.testing.assert_allclose(found[:9] + key, wanted, atol=0.03)


def test_a_small_sun_becomes_the_key_light():
    towards, solid = equirectangular(128)
    sun = np.array([0.48, 0.6, 0.64])
    image = np.full((128, 256, 3), 0.2, np.float32)
    inside = towards @ sun > np.cos(np.radians(4))
    image[inside] = [90, 80, 60]
    found = _native.project_environment(image)
    assert found[9] @ sun > np.cos(np.radians(1))
    excess = (image[inside].astype(float) - 0.2) * solid[inside][:, None]
    np.testing.assert_allclose(found[10], excess.sum(axis=0), rtol=0.02)
    np.testing.assert_allclose(found[0], 0.2 * np.sqrt(4 * np.pi), rtol=1e-3)
    np.testing.assert_allclose(found[1:9], 0, atol=0.01)


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_maps_are_read_from_files(tmp_path: Path, suffix: str):
    image = np.random.default_rng(0).uniform(0.1, 8, (8, 16, 3)).astype(np.float32)
    file = tmp_path / f"place{suffix}"
    if suffix == ".exr":
        OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION}, {"RGB": image}).write(str(file))
    else:
        cv2.imwrite(str(file), image[:, :, ::-1])
    np.testing.assert_allclose(read_map(file), image, rtol=0.02, atol=0.04)
    prior = light_prior(f"maps:{tmp_path}")
    assert prior.ambient.shape == (1, 9, 3)
    light = draw_light(LightConfig(illumination=f"maps:{tmp_path}"), P[:5])
    assert np.isfinite(light.ambient).all()
    file.write_bytes(b"no picture")
    with pytest.raises(FacewrightError, match=f"place{suffix}: cannot be read"):
        read_map(file)


LIGHT = np.random.default_rng(4).normal(size=(9, 3)).round(6)
# Version 1 stores the harmonics in the order 1; z, x, y; ..., read back with this permutation.
V1 = [None] * 9
for ours, place in enumerate((0, 2, 3, 1, 7, 5, 4, 6, 8)):
    V1[place] = LIGHT[ours].tolist()
FILES = {
    "v1": {"sphericalHarmonicsLight": V1, "pose": {}},
    "v2": {
        "version": "V2.0",
        "illumination": {"@type": "SphericalHarmonicsLight", "coefficients": LIGHT.tolist()},
    },
    "v3": {
        "version": "V3.0",
        "illumination": {"@type": "SphericalHarmonicsLight", "coefficients": LIGHT.tolist()},
    },
    "v4": {"version": "V4.0", "environmentMap": {"coefficients": LIGHT.tolist()}},
}


@pytest.mark.parametrize("version", FILES)
def test_every_version_of_the_basel_prior(tmp_path: Path, version: str):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/one.rps").write_text(json.dumps(FILES[version]))
    np.testing.assert_allclose(read_prior_coefficients(tmp_path), LIGHT[None])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "one.rps: .*expected render parameters"),
        ("{}", "one.rps: .*expected render parameters"),
        ('{"environmentMap": {"coefficients": [[1, 2]]}}', "one.rps: .*expected render parameters"),
        ('{"illumination": {"@type": "DirectionalLight"}}', "found only directional lights"),
    ],
)
def test_files_that_hold_no_light(tmp_path: Path, text: str, message: str):
    (tmp_path / "one.rps").write_text(text)
    with pytest.raises(FacewrightError, match=message):
        read_prior_coefficients(tmp_path)


def test_folders_without_light(tmp_path: Path):
    with pytest.raises(FacewrightError, match=r"expected a folder with \*.rps files"):
        read_prior_coefficients(tmp_path)
    with pytest.raises(FacewrightError, match="illumination: found 'maps:', expected studio, natural"):
        LightConfig(illumination="maps:")


@pytest.fixture
def basel(tmp_path: Path) -> str:
    """A prior of 60 lights, correlated and coloured."""
    rng = np.random.default_rng(0)
    mean, factor = np.zeros(27), rng.normal(0, 0.1, (27, 27))
    mean[:3] = 2.5, 2.4, 2.2
    mean[3:12] = rng.normal(0, 0.5, 9)
    for i, row in enumerate(mean + rng.normal(size=(60, 27)) @ factor.T):
        (tmp_path / f"{i:03d}.rps").write_text(
            json.dumps({"environmentMap": {"coefficients": row.reshape(9, 3).tolist()}})
        )
    return f"bip:{tmp_path}"


def total(light) -> np.ndarray:
    """(n, 9, 3): ambient and key light together."""
    key = basis(light.key_direction.astype(float))[:, :, None] * light.key_irradiance[:, None, :]
    return light.ambient + key


def test_the_empirical_prior_draws_its_lights_as_they_are(basel: str):
    config = LightConfig(illumination=basel, key_split=Constant(0), light_energy=6.33)
    drawn = draw_light(config, P)
    assert not drawn.key_irradiance.any()
    np.testing.assert_allclose((drawn.ambient.astype(float) ** 2).sum(axis=(1, 2)), 6.33, rtol=1e-5)
    known = light_prior(basel).ambient
    known = known * np.sqrt(6.33 / (known**2).sum(axis=(1, 2)))[:, None, None]
    nearest = np.abs(drawn.ambient[:, None] - known[None]).max(axis=(2, 3))
    assert nearest.min(axis=1).max() < 1e-5
    assert len(np.unique(nearest.argmin(axis=1))) > 55


def test_the_key_light_comes_out_of_the_prior_and_adds_up(basel: str):
    plain = LightConfig(illumination=basel, key_split=Constant(0), light_energy=6.33)
    split = LightConfig(illumination=basel, light_energy=6.33)
    keyed = draw_light(split, P)
    assert (keyed.key_irradiance.sum(axis=1) > 0).mean() > 0.9
    np.testing.assert_allclose(total(keyed), draw_light(plain, P).ambient, atol=1e-5)


def test_no_colour_is_the_mean_of_the_channels(basel: str):
    settings = {"illumination": basel, "key_split": Constant(0), "light_energy": 1.0}
    grey = draw_light(LightConfig(**settings, light_saturation=Constant(0)), P).ambient
    np.testing.assert_allclose(grey[:, :, 0], grey[:, :, 2], atol=1e-6)
    coloured = draw_light(LightConfig(**settings), P).ambient
    shape = coloured.mean(axis=2)
    np.testing.assert_allclose(grey[:, :, 0] / grey[:, :1, 0], shape / shape[:, :1], rtol=1e-3, atol=1e-4)


def test_the_normal_distribution_has_the_priors_mean_and_covariance(basel: str):
    mean, factor = gaussian_of(basel)
    rows = light_prior(basel).ambient.reshape(-1, 27)
    np.testing.assert_allclose(mean, rows.mean(axis=0))
    np.testing.assert_allclose(factor @ factor.T, np.cov(rows.T), atol=1e-9)
    assert not np.triu(factor, 1).any()
    config = LightConfig(illumination=basel, light_mode="multivariate_normal", key_split=Constant(0))
    assert np.isfinite(draw_light(config, P).ambient).all()


def test_static_frontal_light_is_always_the_same(basel: str):
    config = LightConfig(
        illumination=basel, light_mode="static_frontal", key_split=Constant(0), exposure=Constant(1)
    )
    light = draw_light(config, P[:6]).ambient
    np.testing.assert_array_equal(light, light[:1].repeat(6, axis=0))
    towards = np.array([[0, 0, 1.0], [0, 0, -1]])
    front, back = radiance(light[0].astype(float), towards)[:, 0]
    assert front / back == pytest.approx(1.0 / 0.6, rel=1e-5)


def test_the_embedded_prior():
    prior = light_prior("natural")
    assert len(prior) == 26
    np.testing.assert_allclose(np.linalg.norm(prior.key_direction, axis=1), 1, atol=1e-4)
    assert (prior.key_irradiance >= 0).all()
    light = draw_light(LightConfig(illumination="natural"), P)
    facing = np.stack([radiance(sh.astype(float), np.array([[0, 0, 1.0]]))[0] for sh in light.ambient])
    facing = facing + light.key_irradiance * light.key_direction[:, 2:].clip(0, None)
    assert 0.3 < np.median(facing) < 1.2
    assert (light.key_direction[:, 1] > 0).mean() > 0.9
    azimuth = np.degrees(np.arctan2(light.key_direction[:, 0], light.key_direction[:, 2]))
    np.testing.assert_allclose(np.histogram(azimuth, 4, (-180, 180))[0] / 400, 0.25, atol=0.07)
    grey = draw_light(LightConfig(illumination="natural", light_saturation=Constant(0)), P)
    np.testing.assert_allclose(grey.ambient[:, :, 0], grey.ambient[:, :, 1], atol=1e-6)
