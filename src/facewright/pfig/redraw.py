"""Draws the images of .rps files again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from facewright.dataset.sheet import write_png
from facewright.errors import FacewrightError
from facewright.geometry import Crop, named_crop
from facewright.models.embedded import load_head
from facewright.models.library import open_model, parse_model
from facewright.people.config import PeopleConfig
from facewright.people.person import Person
from facewright.render.renderer import render
from facewright.render.shading import LAMBERTIAN, ShadingConfig
from facewright.scenes.light_priors import coefficients_of
from facewright.scenes.sampler import Sampler, SamplerConfig
from facewright.scenes.scene import Scenes

__all__ = ["redraw"]


def redraw(file: Path, out: Path, model: str | None = None, exact: bool = False) -> None:
    """Draw the image of one .rps file (version 3 or 4) as the PNG `out`.

    The head is that of the file's coefficients, on `model` (KIND:FILE) or the one that the file names. `exact`:
    Lambert's law alone. Raises FacewrightError naming the file when something is missing in it.
    """
    try:
        fields: dict[str, Any] = json.loads(file.read_text())
        image = _image(fields, model, exact)
    except OSError as error:
        raise FacewrightError(f"{file}: cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FacewrightError(
            f"{file}: {error!r}, expected render parameters of version 3.0 or 4.0"
        ) from error
    write_png(out, image)


def _image(fields: dict[str, Any], model: str | None, exact: bool) -> UInt8[np.ndarray, "H W 3"]:
    own = fields.get("facewright", {})
    coefficients = fields.get("momo") or fields["renderObject"]
    named = model or own.get("model")
    head = load_head() if named is None else open_model(parse_model(named))
    sampler = Sampler(SamplerConfig(people=PeopleConfig(shape_limit=5.0)), int(own.get("seed", 1)), head)
    person = sampler.person_of(int(own.get("person", 0)), coefficients["shape"], coefficients["color"])
    width, height = int(fields["imageSize"]["width"]), int(fields["imageSize"]["height"])
    crop = named_crop("pinhole", max(width, height))
    scenes = _scene(fields, coefficients, person, crop, own)
    image = render(person, scenes, crop, None, LAMBERTIAN if exact else ShadingConfig()).images[0]
    x, y = (crop.size_px - width) // 2, (crop.size_px - height) // 2
    return np.ascontiguousarray(image[y : y + height, x : x + width])


def _scene(
    fields: dict[str, Any], coefficients: dict[str, Any], person: Person, crop: Crop, own: dict[str, Any]
) -> Scenes:
    pose, view, camera = fields["pose"], fields["view"], fields["camera"]
    width, height = fields["imageSize"]["width"], fields["imageSize"]["height"]
    place = [a - b for a, b in zip(pose["translation"], view["translation"], strict=True)]
    light = coefficients_of(fields)
    expression = np.zeros((1, len(person.model.expression_names)), np.float32)
    given = coefficients["expression"][: expression.shape[1]]
    expression[0, : len(given)] = given
    degrees = 180 / math.pi
    x, y = (0.5 * value for value in camera["principalPoint"])
    return Scenes(
        samples=np.zeros(1, np.uint32),
        expression=expression,
        yaw_deg=_row([pose["yaw"] * degrees]),
        pitch_deg=_row([pose["pitch"] * degrees]),
        roll_deg=_row([-pose["roll"] * degrees]),
        distance_mm=_row([-place[2]]),
        position_mm=_row([place[:2]]),
        focal=_row([camera["focalLength"] / camera["sensorSize"][0] * width / crop.size_px]),
        orthographic=np.array([bool(camera["orthographic"])]),
        scale=_row([pose.get("scaling", 1.0)]),
        shift=_row([[x * width / crop.size_px, -y * height / crop.size_px]]),
        light=_row(np.zeros((1, 9, 3)) if light is None else light[None]),
        key_direction=_row([[0, 0, 1]]),
        key_irradiance=np.zeros((1, 3), np.float32),
        worn=np.zeros((1, 5), np.uint32),
        jitter_px=np.zeros((1, 2), np.float32),
        jitter_scale=np.ones(1, np.float32),
        jitter_deg=np.zeros(1, np.float32),
        background=np.array([own.get("background", [0, 0, 0, 0])], np.uint32),
    )


def _row(values: object) -> Float32[np.ndarray, "1 ..."]:
    return np.array(values, np.float32)
