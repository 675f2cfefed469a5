"""What the renderers are timed on: people of the embedded head, bare or dressed, on its own mesh and a finer one."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from facewright.geometry import ARCFACE_112
from facewright.models.embedded import load_head
from facewright.models.morphable import MorphableModel
from facewright.people.person import Person
from facewright.scenes.sampler import Sampler, SamplerConfig
from facewright.scenes.scene import Scenes

CROP = ARCFACE_112
PEOPLE, SEED = 4, 7


@dataclass(frozen=True)
class Case:
    """What one round draws, and what of it is inside the clock.

    fine: the mesh with every triangle divided into four. samples: images a person, drawn by one call. every_sample:
    colours found in each of a pixel's 2 x 2 samples. worn: hair, eyewear and everything else of the default scene.
    lambertian: spherical harmonics alone; otherwise the default light with its key light. jpeg: encoded, quality 95.
    chain: dressing and backgrounds are inside the clock too. threads: people drawn side by side.
    given: a peer's vertices and normals are there beforehand, so that only drawing is timed.
    """

    fine: bool = False
    samples: int = 100
    every_sample: bool = True
    worn: bool = False
    lambertian: bool = False
    jpeg: bool = True
    chain: bool = False
    threads: int = 1
    given: bool = False


@dataclass(frozen=True)
class Subject:
    """A person and their scenes, with grey noise to stand behind them."""

    person: Person
    scenes: Scenes
    background: np.ndarray


def subjects(case: Case) -> list[Subject]:
    """The people of a case, each with scenes of their own."""
    out = []
    for index in range(PEOPLE):
        scenes = _sampler().scenes(index, 0, case.samples)
        if case.lambertian:
            scenes = dataclasses.replace(scenes, key_irradiance=np.zeros_like(scenes.key_irradiance))
        shape = (case.samples, CROP.size_px, CROP.size_px, 3)
        background = np.random.default_rng(index).integers(90, 166, shape).astype(np.uint8)
        out.append(Subject(_person(index, case.fine), scenes, background))
    return out


@functools.cache
def _sampler() -> Sampler:
    return Sampler(SamplerConfig(), SEED, load_head())


@functools.cache
def _person(index: int, fine: bool) -> Person:
    if not fine:
        return _sampler().person(index)
    coarse = _person(index, False)
    return dataclasses.replace(coarse, model=_finer().model, neutral_mm=_finer().between(coarse.neutral_mm))


@functools.cache
def _finer() -> Finer:
    return Finer(load_head().model)


class Finer:
    """A model with each triangle divided into four at the middles of its edges; what is on vertices is averaged."""

    def __init__(self, model: MorphableModel) -> None:
        corners = model.triangles
        edges = np.sort(corners[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        self._edges, middle = np.unique(edges, axis=0, return_inverse=True)
        ab, bc, ca = (middle.reshape(-1, 3) + len(model.mean_mm)).T
        a, b, c = corners.T
        parts = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
        triangles = np.stack([np.stack(part, axis=-1) for part in parts], axis=1).reshape(-1, 3)
        self.model = dataclasses.replace(
            model,
            name=f"{model.name}, divided",
            mean_mm=self.between(model.mean_mm),
            identity_basis_mm=np.zeros((0, len(model.mean_mm) + len(self._edges), 3), np.float32),
            identity_names=(),
            expression_basis_mm=np.stack([self.between(basis) for basis in model.expression_basis_mm]),
            triangles=triangles.astype(np.int32),
            parts=np.repeat(model.parts, 4),
            weld=self._weld(model.weld),
            uv=self.between(model.uv),
            occlusion=self.between(model.occlusion),
        )

    def between(self, values: np.ndarray) -> np.ndarray:
        """Values of the old vertices followed by those of the edges' middles."""
        return np.concatenate([values, values[self._edges].mean(axis=1)]).astype(values.dtype)

    def _weld(self, weld: np.ndarray) -> np.ndarray:
        ends = np.sort(weld[self._edges], axis=1)
        _, first, place = np.unique(ends, axis=0, return_index=True, return_inverse=True)
        return np.concatenate([weld, len(weld) + first[place.ravel()]]).astype(np.int32)
