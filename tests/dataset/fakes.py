"""Drawing functions that need neither head nor renderer. Worker processes import them by name."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from facewright.dataset import DatasetConfig, DrawnPerson

SIZE_PX = 16
STOP_FOLDER = "FACEWRIGHT_TEST_STOP_FOLDER"
STOP_AT = "FACEWRIGHT_TEST_STOP_AT"


def draw_fake(config: DatasetConfig, index: int) -> DrawnPerson:
    """Pictures that depend on seed, person and sample alone."""
    sample = config.first_sample + np.arange(config.samples_of(index))
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX]
    images = np.empty((len(sample), SIZE_PX, SIZE_PX, 3), np.uint8)
    for channel in range(3):
        wave = x * (1 + index % 5) + y * (1 + channel) + 7 * config.seed
        images[..., channel] = (wave[None] * 3 + 11 * sample[:, None, None] + 29 * index) % 256
    return DrawnPerson(
        images,
        {
            "yaw_deg": (sample + index).astype(np.float32),
            "light": np.full((len(sample), 9, 3), index, np.float32),
            "landmarks_px": np.arange(len(sample) * 136, dtype=np.float32).reshape(-1, 68, 2),
            "trait_age": np.full(len(sample), 20.0 + index),
        },
    )


def draw_and_wait(config: DatasetConfig, index: int) -> DrawnPerson:
    """Draws, but stops for good at the person named in the environment, leaving this process's number in a folder."""
    if index == int(os.environ.get(STOP_AT, "-1")):
        (Path(os.environ[STOP_FOLDER]) / str(os.getpid())).touch()
        time.sleep(600)
    return draw_fake(config, index)


def draw_slowly(config: DatasetConfig, index: int) -> DrawnPerson:
    """Draws without end in sight, reporting each person in a folder."""
    (Path(os.environ[STOP_FOLDER]) / str(os.getpid())).touch()
    time.sleep(0.05)
    return draw_fake(config, index)


def draw_and_die(config: DatasetConfig, index: int) -> DrawnPerson:
    os._exit(7)


def draw_and_fail(config: DatasetConfig, index: int) -> DrawnPerson:
    if index == 3:
        raise ValueError("no such\nnose")
    return draw_fake(config, index)
