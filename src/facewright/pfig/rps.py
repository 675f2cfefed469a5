"""Render parameters, .rps files: JSON in the four versions of the scalismo-faces library.

Version 1 has no version field, the camera's position inside its camera, sensors in parts of the near plane, heights
before widths and harmonics in an order of their own; version 2 has names as from then on, but principal points in
pixels; 3 has a view beside the camera; 4 has room for two kinds of light. Version 4 is written.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facewright.errors import FacewrightError
from facewright.pfig.parameters import ColourTransform, Lens, Parameters, Pose
from facewright.scenes.light_priors import coefficients_of

__all__ = ["RenderFile", "read_rps", "rps_text"]

_NEAR_MM, _FAR_MM = 10.0, 1_000_000.0
_OWN = "facewright"


@dataclass(frozen=True)
class RenderFile:
    """A file's parameters.

    own: what facewright wrote beside them, None where others wrote the file. unchanged: whether the parameters are
    still those that facewright wrote.
    """

    parameters: Parameters
    own: dict[str, Any] | None
    unchanged: bool


def rps_text(parameters: Parameters, own: dict[str, Any]) -> str:
    """Version 4.0; `facewright` is an object of our own, which other readers pass over."""
    p = parameters
    view = {"translation": [0.0, 0.0, 0.0], "pitch": 0.0, "yaw": 0.0, "roll": 0.0}
    off = {"ambient": [0.0] * 3, "diffuse": [0.0] * 3, "direction": [0.0, 0.0, 1.0], "specular": [0.0] * 3}
    fields = {
        "pose": {
            "scaling": p.pose.scaling, "translation": list(p.pose.translation),
            "roll": p.pose.roll, "yaw": p.pose.yaw, "pitch": p.pose.pitch,
        },
        "view": view,
        "camera": {
            "focalLength": p.lens.focal_mm, "principalPoint": list(p.lens.principal_point),
            "sensorSize": list(p.lens.sensor_mm), "near": _NEAR_MM, "far": _FAR_MM,
            "orthographic": p.lens.orthographic,
        },
        "environmentMap": {"coefficients": p.light.tolist()},
        "directionalLight": off | {"shininess": 10.0},
        "momo": {
            "shape": list(p.shape), "color": list(p.colour), "expression": list(p.expression), "modelURI": p.model,
        },
        "imageSize": {"width": p.width_px, "height": p.height_px},
        "colorTransform": {
            "gain": list(p.colours.gain), "colorContrast": p.colours.contrast, "offset": list(p.colours.offset),
        },
        "version": "V4.0",
    }  # fmt: skip
    return json.dumps(fields | {_OWN: own | {"sha256": _digest(fields)}}) + "\n"


def read_rps(file: Path) -> RenderFile:
    """Read a file of version 1, 2, 3 or 4. Raises FacewrightError naming the file when something is missing in it."""
    try:
        fields = json.loads(file.read_text())
        return _read(fields)
    except OSError as error:
        raise FacewrightError(f"{file}: cannot be read: {error.strerror}") from error
    except FacewrightError as error:
        raise FacewrightError(f"{file}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise FacewrightError(
            f"{file}: found {what}, expected render parameters (.rps) of version 1.0, 2.0, 3.0 or 4.0"
        ) from error


def _read(fields: dict[str, Any]) -> RenderFile:
    version = fields.get("version", "1.0").removeprefix("V")
    readers: dict[str, Callable[[dict[str, Any]], Parameters]] = {
        "1.0": _version_1, "2.0": _version_2, "3.0": _version_3, "4.0": _version_4,
    }  # fmt: skip
    if version not in readers:
        raise ValueError(f"version '{version}'")
    own = fields.pop(_OWN, None)
    unchanged = own is not None and own["sha256"] == _digest(fields)
    return RenderFile(readers[version](fields), own, unchanged)


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _version_1(fields: dict[str, Any]) -> Parameters:
    height, width = fields["image"]
    head, camera, colour = fields["morphableModel"], fields["camera"], fields["color"]
    sensor = [length / camera["near"] for length in camera["sensorSize"]]
    return _parameters(
        fields,
        {
            "shape": head["shapeCoefficients"],
            "color": head["colorCoefficients"],
            "modelURI": head["modelURI"],
        },
        (width, height),
        view=camera,
        camera=camera
        | {"principalPoint": _ndc(camera["principlePoint"], width, height), "sensorSize": sensor},
        colour=colour | {"colorContrast": colour["gamma"]},
        directed=fields.get("directionalLight"),
    )


def _version_2(fields: dict[str, Any]) -> Parameters:
    width, height = fields["image"]["width"], fields["image"]["height"]
    camera = fields["camera"]
    return _parameters(
        fields,
        fields["renderObject"],
        (width, height),
        view=camera,
        camera=camera | {"principalPoint": _ndc(camera["principalPoint"], width, height)},
        colour=fields["color"],
        directed=fields["illumination"],
    )


def _version_3(fields: dict[str, Any]) -> Parameters:
    size = fields["imageSize"]["width"], fields["imageSize"]["height"]
    return _parameters(
        fields, fields["renderObject"], size, view=fields["view"], camera=fields["camera"],
        colour=fields["colorTransform"], directed=fields["illumination"],
    )  # fmt: skip


def _version_4(fields: dict[str, Any]) -> Parameters:
    size = fields["imageSize"]["width"], fields["imageSize"]["height"]
    return _parameters(
        fields, fields["momo"], size, view=fields["view"], camera=fields["camera"],
        colour=fields["colorTransform"], directed=fields.get("directionalLight"),
    )  # fmt: skip


def _ndc(pixels: list[float], width: int, height: int) -> list[float]:
    return [2 * pixels[0] / width, 2 * pixels[1] / height]


def _parameters(
    fields: dict[str, Any],
    head: dict[str, Any],
    size: tuple[int, int],
    view: dict[str, Any],
    camera: dict[str, Any],
    colour: dict[str, Any],
    directed: dict[str, Any] | None,
) -> Parameters:
    """From parts that are as in version 4."""
    if any(view[name] for name in ("yaw", "pitch", "roll")):
        raise ValueError("a turned view")
    if head.get("@type", "MoMoInstance") not in ("MoMoInstance", "MoMoExpressInstance"):
        raise ValueError(f"a {head['@type']}")
    pose = fields["pose"]
    x, y, z = (float(a) - float(b) for a, b in zip(pose["translation"], view["translation"], strict=True))
    light = coefficients_of(fields)
    direction, irradiance = (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)
    if light is None:
        if directed is None:
            raise ValueError("no light")
        light = np.zeros((9, 3))
        light[0] = np.array(_three(directed["ambient"])) / (math.pi * 0.5 * math.sqrt(1 / math.pi))
        length = math.hypot(*directed["direction"])
        direction = _three([value / length for value in directed["direction"]])
        irradiance = _three([math.pi * value for value in directed["diffuse"]])
    right, up = (float(value) for value in camera["principalPoint"])
    across, along = (float(value) for value in camera["sensorSize"])
    return Parameters(
        pose=Pose(
            float(pose["yaw"]), float(pose["pitch"]), float(pose["roll"]), (x, y, z), float(pose["scaling"])
        ),
        lens=Lens(float(camera["focalLength"]), (right, up), (across, along), bool(camera["orthographic"])),
        shape=tuple(map(float, head["shape"])),
        colour=tuple(map(float, head["color"])),
        expression=tuple(map(float, head.get("expression", ()))),
        model=str(head["modelURI"]),
        light=light,
        width_px=int(size[0]),
        height_px=int(size[1]),
        colours=ColourTransform(
            _three(colour["gain"]), float(colour["colorContrast"]), _three(colour["offset"])
        ),
        key_direction=direction,
        key_irradiance=irradiance,
    )


def _three(values: list[float]) -> tuple[float, float, float]:
    a, b, c = map(float, values)
    return a, b, c
