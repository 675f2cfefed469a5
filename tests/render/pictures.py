"""Draws one of everything and prints its hash, in a process whose kernel path the environment names."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np

from facewright import _native
from facewright.geometry import ARCFACE_112, Crop
from facewright.people.attachment import Material
from facewright.render import LAMBERTIAN, ShadingConfig, draw_heads, rasterize
from tests.render.conftest import pane, plain_scenes, synthetic_model, synthetic_person
from tests.render.test_rasterizer import SIZE, soup

CROPS = [Crop("small", size, ARCFACE_112.points_px * (size / 112)) for size in (60, 5, 41)]
LOOKS = (ShadingConfig(), ShadingConfig(every_sample=True), LAMBERTIAN)


def hash_of_soups() -> str:
    """Many triangles, small and large, at all sample counts."""
    digest = hashlib.sha256()
    for seed in range(120):
        positions, triangles = soup(seed, 1 + seed % 40, (2.0**-2, 2.0**-9, 2.0**-20)[seed % 3])
        seen = rasterize(positions, triangles, SIZE, 1 + seed % 4)
        for array in (seen.triangle, seen.barycentric, seen.depth_mm):
            digest.update(array.tobytes())
    return digest.hexdigest()


def hash_of_pictures() -> str:
    """A head in several lights behind hair, cloth and glass, with all annotations."""
    rng = np.random.default_rng(3)
    person = synthetic_person(synthetic_model(24, 36), 64)
    key = rng.normal(size=(4, 3))
    scenes = plain_scenes(
        4,
        yaw_deg=[0, 40, -70, 10],
        pitch_deg=[0, 10, -20, 5],
        key_direction=key / np.linalg.norm(key, axis=1, keepdims=True),
        key_irradiance=rng.uniform(0, 1, (4, 3)),
        light=plain_scenes(4).light + rng.normal(0, 0.2, (4, 9, 3)),
        orthographic=[False, False, False, True],
    )
    worn = (
        pane(40, (200, 60, 30, 130)),
        pane(20, (20, 60, 200, 255), material=Material.HAIR, two_sided=True),
        pane(55, (255, 255, 255, 60), material=Material.GLASS),
    )
    digest = hashlib.sha256()
    for crop, look in itertools.product(CROPS, LOOKS):
        background = rng.integers(0, 256, (4, crop.size_px, crop.size_px, 3)).astype(np.uint8)
        drawn = draw_heads(person, scenes, crop, background, worn, shading=look, annotate=True)
        assert drawn.annotations is not None
        for value in (drawn.images, drawn.landmarks_px, *vars(drawn.annotations).values()):
            if isinstance(value, np.ndarray):
                digest.update(value.tobytes())
        for points in drawn.annotations.landmarks.values():
            digest.update(points.px.tobytes() + points.visible.tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    print(_native.instruction_set(), hash_of_soups(), hash_of_pictures())
