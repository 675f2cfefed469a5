"""Do a photo-trained detector and the head model put the five alignment landmarks in the same places?

    python bench/landmarks.py --renders 200

Draws people as in an LFW photograph (250 px), finds their faces with MTCNN and prints the mean offset of its
landmarks from the model's, in pixels of a 112-px crop. Training crops come from the model's landmarks and test crops
from a detector's, so an offset is a systematic difference between the two.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from facewright.geometry import ARCFACE_112, Crop
from facewright.models import load_head
from facewright.photos import load_detector, nearest_to_centre
from facewright.render import render
from facewright.scenes import CameraConfig, Constant, Sampler, SamplerConfig, TruncatedNormal

# The part of an LFW photograph that a crop shows is 1 / .84 times as large as the crop.
SCALE = 1 / 0.84
PHOTO = Crop("photo", 250, (ARCFACE_112.points_px - 56) * SCALE + 125)
NAMES = ("right eye", "left eye", "nose", "right mouth corner", "left mouth corner")


def five_points(landmarks_px: np.ndarray) -> np.ndarray:
    """The alignment points among 68 landmarks."""
    eyes = landmarks_px[36:42].mean(0), landmarks_px[42:48].mean(0)
    return np.stack([*eyes, landmarks_px[30], landmarks_px[48], landmarks_px[54]])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--renders", type=int, default=200)
    count = parser.parse_args().renders
    none = Constant(0)
    config = replace(
        SamplerConfig(),
        yaw_deg=TruncatedNormal(0, 12, -30, 30),
        camera=CameraConfig(jitter_px=none, jitter_deg=none, jitter_scale=Constant(1)),
    )
    sampler, detector = Sampler(config, seed=5, head=load_head()), load_detector()
    offsets, missed = [], 0
    for index in range(count):
        drawn = render(sampler.person(index), sampler.scenes(index, 0, 1), PHOTO)
        found = detector.detect(drawn.images[0])
        best = nearest_to_centre(found, drawn.images[0].shape)
        if best is None:
            missed += 1
        else:
            offsets.append((found.landmarks[best] - five_points(drawn.landmarks_px[0])) / SCALE)
    mean, spread = np.mean(offsets, axis=0), np.std(offsets, axis=0)
    print(f"{count} renders, no face found in {missed}; mean offset and its spread, x and y, px at 112")
    for name, (x, y), (sx, sy) in zip(NAMES, mean, spread, strict=True):
        print(f"{name:20s} {x:+.2f} {y:+.2f}   {sx:.2f} {sy:.2f}   distance {np.hypot(x, y):.2f}")


if __name__ == "__main__":
    main()
