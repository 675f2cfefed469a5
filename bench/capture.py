"""Writes one person's draw call to a file, for bench/native/replay.cpp."""

from __future__ import annotations

import argparse
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from facewright.geometry import CROPS
from facewright.models.embedded import load_head
from facewright.people.worn import dress
from facewright.render.inputs import shot_arrays, sitter_arrays
from facewright.scenes.backgrounds import draw_backgrounds
from facewright.scenes.sampler import Sampler, SamplerConfig


def put(file: BinaryIO, name: str, array: np.ndarray) -> None:
    array = np.ascontiguousarray(array)
    file.write(struct.pack("<Q", len(name)) + name.encode())
    file.write(struct.pack(f"<{1 + array.ndim}Q", array.ndim, *array.shape))
    file.write(struct.pack("<Q", array.nbytes) + array.tobytes())


def capture(path: Path, bare: bool, samples: int, person_index: int, seed: int) -> None:
    sampler, crop = Sampler(SamplerConfig(), seed, load_head()), CROPS["arcface112"]
    person, scenes = sampler.person(person_index), sampler.scenes(person_index, 0, samples)
    attachments, visible = ((), np.zeros((samples, 0), bool)) if bare else dress(person, scenes)
    model = person.model
    arrays = {
        "triangles": model.triangles.astype(np.int32),
        "parts": model.parts.astype(np.uint8),
        "weld": model.weld.astype(np.int32),
        "uv": model.uv.astype(np.float32),
        "occlusion": model.occlusion.astype(np.float32),
        "mean_mm": model.mean_mm.astype(np.float32),
        "expression_basis": model.expression_basis_mm.astype(np.float32),
        "rig_landmarks": model.landmarks.astype(np.int32),
        "alignment": model.alignment_landmarks.astype(np.int32),
        "background": draw_backgrounds(scenes.background, crop.size_px),
        "points_px": crop.points_px.astype(np.float64),
        "visible": np.asarray(visible, np.uint8),
        **sitter_arrays(person, makes_up=True),
        **shot_arrays(scenes),
    }
    for i, one in enumerate(attachments):
        arrays |= {
            f"worn{i}.name": np.frombuffer(one.name.encode(), np.uint8),
            f"worn{i}.material": np.int32([one.material]),
            f"worn{i}.vertices_mm": one.vertices_mm.astype(np.float32),
            f"worn{i}.normals": one.normals.astype(np.float32),
            f"worn{i}.triangles": one.triangles.astype(np.int32),
            f"worn{i}.uv": one.uv.astype(np.float32),
            f"worn{i}.texture": one.texture,
            f"worn{i}.shared": np.uint64([id(one.texture)]),
            f"worn{i}.tint": np.float32(one.tint),
            f"worn{i}.anchors": one.anchors.astype(np.int32),
            f"worn{i}.two_sided": np.int32([one.two_sided]),
        }
    with path.open("wb") as file:
        for name, array in arrays.items():
            put(file, name, array)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--bare", action="store_true", help="without hair and things worn")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--person", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    capture(options.file, options.bare, options.samples, options.person, options.seed)
