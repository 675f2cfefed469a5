"""Draw docs/figures/before_after.jpg: 24 people as training crops at twice the size.

The upper three rows are drawn by an older release, the lower three by this one:

git worktree add OLD 11e121f && pip install --no-build-isolation --no-deps --target OLD_PACKAGE OLD
python tools/draw_before_after.py OLD_PACKAGE
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from draw_sheets import FIGURES, table, write_jpeg

# Runs on every release; what puts an editable installation first is left out.
_CROPS = """
import sys
import numpy as np
if len(sys.argv) > 2:
    sys.meta_path[:] = [one for one in sys.meta_path if "Redirecting" not in type(one).__name__]
    sys.path.insert(0, sys.argv[2])
from facewright.geometry import ARCFACE_112, Crop
from facewright.models import load_head
from facewright.render import render
from facewright.scenes import Sampler, SamplerConfig
sampler = Sampler(SamplerConfig(), 7, load_head())
crop = Crop("twice", 224, ARCFACE_112.points_px * 2)
images = [render(sampler.person(i), sampler.scenes(i, 0, 1), crop).images for i in range(24)]
np.save(sys.argv[1], np.concatenate(images))
"""


def main() -> None:
    """Draw both halves and put the older one above."""
    older, newer = (_crops(package) for package in ([sys.argv[1]], []))
    above, below = table([older], 8), table([newer], 8)
    between = np.full((12, above.shape[1], 3), 255, np.uint8)
    write_jpeg(FIGURES / "before_after.jpg", np.concatenate([above, between, below]))


def _crops(package: list[str]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crops.npy"
        subprocess.run([sys.executable, "-c", _CROPS, str(path), *package], check=True)
        images: np.ndarray = np.load(path)
        return images


if __name__ == "__main__":
    main()
