"""Draw one person who does not exist, six times, and say where the landmarks are."""

import sys
from pathlib import Path

from facewright.dataset import contact_sheet, write_png
from facewright.geometry import ARCFACE_112
from facewright.models import load_head
from facewright.render import render
from facewright.scenes import Sampler, SamplerConfig


def main(path: Path) -> None:
    sampler = Sampler(SamplerConfig(), seed=1, head=load_head())
    person = sampler.person(7)  # the same person whenever seed and index are the same
    scenes = sampler.scenes(7, first=0, count=6)  # six expressions, poses, lights and backgrounds
    drawn = render(person, scenes, ARCFACE_112)

    write_png(path, contact_sheet(drawn.images[None]))
    nose_tip = drawn.landmarks_px[0, 30]
    print(
        f"{path}: yaw {scenes.yaw_deg.round()} degrees; the first image's nose tip is at {nose_tip.round(1)} px"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "hello.png"))
