"""Draw docs/figures/landmarks.png: the embedded head's mean with its 68 points, from in front and from the side.

python tools/draw_landmarks.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facewright.models import MorphableModel, Part, load_head
from head.raster import interpolate, rasterise, vertex_normals

OUTPUT = Path(__file__).parents[1] / "docs/figures/landmarks.png"
SIZE, PIXELS_PER_MM, CENTRE_MM = 640, 3.7, np.array([0.0, -42.0, 0.0])
COLOURS = {
    Part.SKIN: (0.88, 0.74, 0.66), Part.LEFT_EYE: (0.95, 0.95, 0.95), Part.RIGHT_EYE: (0.95, 0.95, 0.95),
    Part.LASHES: (0.25, 0.2, 0.2),
}  # fmt: skip


def main() -> None:
    """Write the figure."""
    model = load_head().model
    figure = np.hstack([_view(model, 0.0), _view(model, -40.0)])
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    quantised = (figure // 4) * 4  # fewer grey levels compress better
    cv2.imwrite(str(OUTPUT), quantised, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{OUTPUT}: {OUTPUT.stat().st_size / 1024:.0f} KiB")


def _view(model: MorphableModel, yaw_deg: float) -> np.ndarray:
    turn = np.radians(yaw_deg)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    turned = (model.mean_mm - CENTRE_MM) @ rotation.T
    view = turned * [PIXELS_PER_MM, -PIXELS_PER_MM, 1] + [SIZE / 2, SIZE / 2, 0]
    welded = model.weld[model.triangles]
    normals = vertex_normals(turned, welded)[model.weld]
    covering, weights = rasterise(view[model.triangles], SIZE)
    hit = covering >= 0
    normal = interpolate(normals, model.triangles, covering, weights)
    open_sky = interpolate(model.occlusion[:, None], model.triangles, covering, weights)[:, 0]
    light = 0.4 + 0.6 * np.clip(normal @ np.array([-0.4, 0.45, 0.8]), 0, 1)
    palette = np.array([COLOURS.get(part, (0.5, 0.25, 0.25)) for part in Part])
    image = np.full((SIZE, SIZE, 3), 255.0)
    image[hit] = 255 * palette[model.parts[covering[hit]]] * (light * open_sky**0.6)[:, None]
    canvas = np.ascontiguousarray(np.clip(image[:, :, ::-1], 0, 255).astype(np.uint8))
    facing = normals[model.landmarks, 2]
    for index, (x, y) in enumerate(view[model.landmarks, :2]):
        if facing[index] > -0.1:
            _mark(canvas, str(index), int(x), int(y))
    return canvas


def _mark(canvas: np.ndarray, label: str, x: int, y: int) -> None:
    cv2.circle(canvas, (x, y), 2, (0, 0, 220), -1, cv2.LINE_AA)
    cv2.putText(canvas, label, (x + 3, y - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (120, 30, 0), 1, cv2.LINE_AA)


if __name__ == "__main__":
    main()
