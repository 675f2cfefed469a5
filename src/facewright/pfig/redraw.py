"""Draws the images of .rps files again."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, UInt32

from facewright import __version__
from facewright.dataset.config import DatasetConfig
from facewright.dataset.config_io import from_fields
from facewright.dataset.drawing import backgrounds_of, open_sampler
from facewright.dataset.sheet import encode_png
from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic
from facewright.geometry import Crop, named_crop
from facewright.people.config import PeopleConfig
from facewright.people.person import Person
from facewright.pfig.config import PfigJob, model_of
from facewright.pfig.modalities import colour_transformed
from facewright.pfig.parameters import Parameters
from facewright.pfig.picture import EMBEDDED, draw_pictures
from facewright.pfig.rps import RenderFile, read_rps
from facewright.render.renderer import render
from facewright.render.shading import LAMBERTIAN, ShadingConfig
from facewright.scenes.sampler import SamplerConfig
from facewright.scenes.scene import Scenes

__all__ = ["redraw"]

_STRANGERS = DatasetConfig(sampler=SamplerConfig(people=PeopleConfig(shape_limit=5.0), background="plain"))
"""What others' files are drawn with."""


def redraw(file: Path, out: Path, model: str | None = None, exact: bool = False) -> None:
    """Draw the image of one .rps file (of any version) as the PNG `out`.

    A file that facewright wrote, and nobody changed, gives the same bytes. Else the head is that of the file's
    coefficients, on `model` (KIND:FILE) or the one that the file names. `exact`: Lambert's law alone. Raises
    FacewrightError naming the file when something is missing in it.
    """
    found = read_rps(file)
    try:
        png = (
            _same(found) if _is_ours(found) and model is None and not exact else _another(found, model, exact)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FacewrightError(
            f"{file}: {error!r}, expected what facewright writes into .rps files"
        ) from error
    except FacewrightError as error:
        raise FacewrightError(f"{file}: {error}") from error
    write_atomic(out, [png])


def _is_ours(found: RenderFile) -> bool:
    return found.own is not None and found.unchanged and found.own["version"] == __version__


def _same(found: RenderFile) -> bytes:
    """As it was drawn the first time."""
    own, p = found.own or {}, found.parameters
    job = PfigJob(
        from_fields(own["config"]), p.width_px, p.height_px, (), (), (), False, p.lens.focal_mm, p.colours, (),
        bool(own["exact"]),
    )  # fmt: skip
    sampler = open_sampler(job.dataset)
    picture = next(draw_pictures(job, sampler, sampler.person(int(own["person"])), int(own["sample"]), 1))
    return picture.png(picture.image)


def _another(found: RenderFile, model: str | None, exact: bool) -> bytes:
    """From the file's numbers; of one that we wrote also the hair and the background."""
    own, p = found.own or {}, found.parameters
    crop = named_crop("pinhole", max(p.width_px, p.height_px))
    config = from_fields(own["config"]) if own else _STRANGERS
    config = replace(config, model=model or config.model or _model_named(p.model))
    sampler, index = open_sampler(config), int(own.get("person", 0))
    person = sampler.person_of(index, p.shape, p.colour)
    scenes = _scene(p, person, crop, sampler.scenes(index, int(own.get("sample", 0)), 1).background)
    behind = backgrounds_of(replace(config, crop="pinhole", size_px=crop.size_px), scenes)
    shading = LAMBERTIAN if exact or own.get("exact") else ShadingConfig()
    drawn = render(person, scenes, crop, behind, shading, annotate=True)
    assert drawn.annotations is not None  # as they were asked for
    image = colour_transformed(drawn.images[0], drawn.annotations, 0, p.colours)
    x, y = (crop.size_px - p.width_px) // 2, (crop.size_px - p.height_px) // 2
    return encode_png(np.ascontiguousarray(image[y : y + p.height_px, x : x + p.width_px]))


def _model_named(uri: str) -> str | None:
    """The model that a file of others names, if it lies there."""
    if uri == EMBEDDED:
        return None
    path = Path(uri.removeprefix("file:"))
    if not path.is_file():
        raise FacewrightError(f"found the model {uri}, which is not there: expected --model KIND:FILE")
    return model_of(str(path))


def _scene(p: Parameters, person: Person, crop: Crop, background: UInt32[np.ndarray, "1 4"]) -> Scenes:
    """The one scene of these parameters."""
    place = _place(p, person)
    focal = [length / side for length, side in zip(p.lens.sensor_mm, (p.width_px, p.height_px), strict=True)]
    if abs(focal[0] - focal[1]) > 1e-3 * focal[0]:
        raise FacewrightError(f"sensorSize: found {list(p.lens.sensor_mm)}, expected the image's proportions")
    expression = np.zeros((1, len(person.model.expression_names)), np.float32)
    given = p.expression[: expression.shape[1]]
    expression[0, : len(given)] = given
    degrees = 180 / math.pi
    right, up = (0.5 * value for value in p.lens.principal_point)
    return Scenes(
        samples=np.zeros(1, np.uint32),
        expression=expression,
        yaw_deg=_row([p.pose.yaw * degrees]),
        pitch_deg=_row([p.pose.pitch * degrees]),
        roll_deg=_row([-p.pose.roll * degrees]),
        distance_mm=_row([-place[2]]),
        position_mm=_row([place[:2]]),
        focal=_row([p.lens.focal_mm / focal[0] / crop.size_px]),
        orthographic=np.array([p.lens.orthographic]),
        scale=_row([1]),
        shift=_row([[right * p.width_px / crop.size_px, -up * p.height_px / crop.size_px]]),
        light=_row(p.light[None]),
        key_direction=_row([p.key_direction]),
        key_irradiance=_row([p.key_irradiance]),
        worn=np.zeros((1, 5), np.uint32),
        jitter_px=np.zeros((1, 2), np.float32),
        jitter_scale=np.ones(1, np.float32),
        jitter_deg=np.zeros(1, np.float32),
        background=background,
    )


def _place(p: Parameters, person: Person) -> Float64[np.ndarray, " 3"]:
    """The head's origin in the camera's frame. A head twice as large is seen as one at half the distance."""
    if p.pose.scaling <= 0:
        raise FacewrightError(f"pose.scaling: found {p.pose.scaling}, expected a number above 0")
    (sx, cx), (sy, cy), (sz, cz) = (
        (math.sin(angle), math.cos(angle)) for angle in (p.pose.pitch, p.pose.yaw, p.pose.roll)
    )
    rotation = np.array(
        [
            [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
            [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
            [-sy, cy * sx, cy * cx],
        ]
    )
    place: Float64[np.ndarray, " 3"] = np.array(p.pose.translation) / p.pose.scaling
    place += rotation @ np.array(person.model.origin_mm)
    return place


def _row(values: object) -> Float32[np.ndarray, "1 ..."]:
    return np.array(values, np.float32)
