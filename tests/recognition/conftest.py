"""Small image folders: each person a colour pattern of their own, so that a network can tell them apart."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg


def write_people(root: Path, people: int = 4, images: int = 8, size: int = 112, seed: int = 0) -> Path:
    for person in range(people):
        rng = np.random.default_rng((seed, person))
        pattern = rng.integers(40, 216, (5, 5, 3))
        folder = root / f"person{person}"
        folder.mkdir(parents=True)
        for index in range(images):
            coarse = (pattern + rng.integers(-30, 31, pattern.shape)).astype(np.uint8)
            image = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR)
            (folder / f"{index}.jpg").write_bytes(simplejpeg.encode_jpeg(image, quality=90))
    return root


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("data") / "people")
