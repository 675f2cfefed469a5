import numpy as np

from facewright.scenes.illumination import DRAWS, LightConfig, draw_light
from facewright.scenes.spherical import directional_light, uniform_light
from facewright.streams import Factor, Streams
from tests.oracles.sh import radiance


def test_uniform_light_renders_white_as_its_radiance():
    normals = np.random.default_rng(0).normal(size=(50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    light = uniform_light(np.array([0.8]))[0]
    np.testing.assert_allclose(radiance(light, normals), 0.8, rtol=1e-12)


def test_directional_light_is_near_lamberts_cosine():
    direction = np.array([[0.6, 0.48, 0.64]])
    normals = np.random.default_rng(1).normal(size=(500, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    shaded = radiance(directional_light(direction, np.array([1.0]))[0], normals)
    # Ramamoorthi and Hanrahan: nine coefficients keep 99% of the energy; the pointwise error stays below 0.1.
    assert np.abs(shaded - np.clip(normals @ direction[0], 0, None)).max() < 0.1


def test_drawn_light_is_sane():
    light = draw_light(LightConfig(), Streams(1, 2).uniform(Factor.LIGHT, 0, 500, DRAWS))
    towards_camera = np.array([[0.0, 0, 1]])
    ambient = np.stack([radiance(sh.astype(float), towards_camera)[0] for sh in light.ambient])
    facing = ambient + light.key_irradiance * light.key_direction[:, 2:].clip(0, None)
    assert light.ambient.shape == (500, 9, 3)
    assert np.isfinite(light.ambient).all()
    np.testing.assert_allclose(np.linalg.norm(light.key_direction, axis=1), 1, rtol=1e-6)
    assert (light.key_irradiance > 0).all()
    assert 0.3 < np.median(facing) < 1.2
    assert np.quantile(facing, 0.01) > 0.05


def test_light_comes_from_above_more_often_than_from_below():
    light = draw_light(LightConfig(), Streams(1, 2).uniform(Factor.LIGHT, 0, 300, DRAWS))
    assert (light.key_direction[:, 1] > 0).mean() > 0.9
    assert (light.ambient[:, 1] > 0).mean() > 0.8
