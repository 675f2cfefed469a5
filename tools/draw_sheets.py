"""Draw the contact sheets of docs/sheets.md: docs/figures/{people,poses,scenes,hair,worn}.jpg.

python tools/draw_sheets.py [SHEET ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from facewright.dataset.sheet import contact_sheet
from facewright.distributions import Constant
from facewright.geometry import ARCFACE_112, Crop
from facewright.models import load_head
from facewright.people.hair import FAMILIES
from facewright.people.worn import KINDS
from facewright.render import render
from facewright.scenes import Sampler, SamplerConfig, Scenes
from facewright.scenes.expressions import ExpressionConfig
from facewright.scenes.worn import WornConfig

FIGURES = Path(__file__).parents[1] / "docs/figures"
SEED = 7
JPEG_QUALITY = 80
NOTHING = WornConfig(eyewear=0, headwear=0, facewear=0, makeup=0)
STRAIGHT = replace(
    SamplerConfig(),
    yaw_deg=Constant(0), pitch_deg=Constant(0), roll_deg=Constant(0), distance_mm=Constant(1200),
    jitter_px=Constant(0), jitter_scale=Constant(1), jitter_deg=Constant(0), worn=NOTHING, background="plain",
)  # fmt: skip
CALM = ExpressionConfig(neutral=1, smile=0.6, laugh=0, talk=0, press=0, surprise=0, frown=0, disgust=0, pout=0, blink=0)


def main() -> None:
    """Draw the sheets named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheets", nargs="*", choices=[[], *SHEETS], help="by default all")
    for name in parser.parse_args().sheets or SHEETS:
        path = FIGURES / f"{name}.jpg"
        cv2.imwrite(str(path), SHEETS[name]()[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


def portrait(size_px: int, tightness: float) -> Crop:
    """The ArcFace template scaled about the middle of the image by `tightness` (1 is the training crop)."""
    scale = size_px / 112
    return Crop("portrait", size_px, (ARCFACE_112.points_px - 56) * tightness * scale + size_px / 2)


def people() -> np.ndarray:
    """64 people from in front."""
    sampler = Sampler(replace(STRAIGHT, expression=CALM), SEED, load_head())
    return _table([_draw(sampler, i, sampler.scenes(i, 0, 1), portrait(160, 0.62)) for i in range(64)], 8)


def poses() -> np.ndarray:
    """8 people at 9 yaws from -90 to 90 degrees."""
    sampler = Sampler(replace(STRAIGHT, expression=CALM), SEED, load_head())
    yaws = np.linspace(-90, 90, 9, dtype=np.float32)
    rows = [
        _draw(sampler, i, replace(_repeated(sampler.scenes(i, 0, 1), 9), yaw_deg=yaws), portrait(150, 0.55))
        for i in range(100, 108)
    ]
    return _table(rows, 9)


def scenes() -> np.ndarray:
    """One person in 24 scenes of the default kind, as the training crop."""
    sampler = Sampler(SamplerConfig(), SEED, load_head())
    return _table([_draw(sampler, 3, sampler.scenes(3, 0, 24), ARCFACE_112)], 8)


def hair() -> np.ndarray:
    """Every family of hair on six people who could wear it, half turned."""
    return _table([_family(name) for name in FAMILIES], 6)


def worn() -> np.ndarray:
    """Every kind of thing worn by six people."""
    return _table([_kind(name) for name in KINDS], 6)


SHEETS: dict[str, Callable[[], np.ndarray]] = {
    "people": people,
    "poses": poses,
    "scenes": scenes,
    "hair": hair,
    "worn": worn,
}


def _draw(sampler: Sampler, index: int, of: Scenes, crop: Crop) -> np.ndarray:
    return render(sampler.person(index), of, crop).images


def _repeated(of: Scenes, count: int) -> Scenes:
    return replace(of, **{name: np.repeat(value, count, axis=0) for name, value in vars(of).items()})


def _table(images: list[np.ndarray], columns: int) -> np.ndarray:
    flat = np.concatenate(images)
    return contact_sheet(flat.reshape(-1, columns, *flat.shape[1:]))


if __name__ == "__main__":
    main()
