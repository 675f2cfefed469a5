"""Configurations of the parametric-face-image-generator, format V1.0, random and controlled, as data sets of ours.

What differs from that software is said where it is decided. `exact` keeps those of its defects that change images.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facewright.dataset.config import DatasetConfig
from facewright.distributions import Constant, Distribution, Normal
from facewright.errors import FacewrightError
from facewright.people.config import PeopleConfig
from facewright.pfig.distributions import parse, scaled
from facewright.pfig.fields import Fields
from facewright.pfig.parameters import ColourTransform
from facewright.scenes.camera import CameraConfig
from facewright.scenes.expressions import ExpressionConfig
from facewright.scenes.grid import Axis, cells
from facewright.scenes.illumination import LightConfig
from facewright.scenes.sampler import SamplerConfig
from facewright.scenes.worn import WornConfig

__all__ = ["LANDMARK_TAGS", "MODALITIES", "PfigJob", "model_of", "read_pfig"]

_VERSION = "V1.0"
_SEED = 1986
MODALITIES = {
    "render": "",
    "render-depth": "_depth",
    "render-color-correspondence-image": "_correspondence",
    "render-normals": "_normals",
    "render-albedo": "_albedo",
    "render-illumination": "_illumination",
    "render-region-maps": "",
}
"""Rendering methods, and what their images' names end in (region maps: the map's name)."""
LANDMARK_TAGS = (
    "center.chin.tip", "center.lips.lower.inner", "center.nose.tip", "left.ear.lobule.attachement",
    "right.ear.lobule.attachement", "left.eye.corner_outer", "left.eye.corner_inner", "left.eye.pupil.center",
    "right.eye.corner_outer", "right.eye.corner_inner", "right.eye.pupil.center", "left.eyebrow.bend.lower",
    "left.eyebrow.inner_lower", "right.eyebrow.bend.lower", "right.eyebrow.inner_lower", "left.lips.corner",
    "right.lips.corner", "left.nose.wing.tip", "right.nose.wing.tip",
)  # fmt: skip
"""What is written where the configuration does not say, as in its full_dataset_controlled.json."""
_LIGHT_TYPES = {
    "empirical": "empirical",
    "multiVariateNormal": "multivariate_normal",
    "staticFrontal": "static_frontal",
}
_CENTRES = {"none": "pinhole", "facebox": "facebox", "landmark": "landmark"}


@dataclass(frozen=True)
class PfigJob:
    """What a configuration asks for: a data set, and which files of each image are written.

    width_px, height_px: of the images; the data set's are squares of the larger side, of which the middle is kept.
    modalities: names of `MODALITIES`. controlled: images are counted from 1 and not from 0. ignored: fields that mean
    nothing here. region_maps: name, picture and the mapping of the model's vertices into it.
    """

    dataset: DatasetConfig
    width_px: int
    height_px: int
    modalities: tuple[str, ...]
    landmark_tags: tuple[str, ...]
    region_maps: tuple[tuple[str, str, str], ...]
    controlled: bool
    focal_mm: float
    colours: ColourTransform
    ignored: tuple[str, ...]
    exact: bool


def read_pfig(path: Path, exact: bool = False) -> PfigJob:
    """Read a configuration. Raises FacewrightError with file and field for one that is not of format V1.0."""
    try:
        values = json.loads(path.read_text())
    except OSError as error:
        raise FacewrightError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise FacewrightError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise FacewrightError(f"{path}: found a {type(values).__name__}, expected an object")
    root = Fields(str(path), values)
    if (version := root.get("format-version", str)) != _VERSION:
        raise FacewrightError(f"{path}.format-version: found '{version}', expected '{_VERSION}'")
    return _Reader(root, exact).job()


class _Reader:
    """One configuration while it is read; the sections that were looked into are remembered."""

    def __init__(self, root: Fields, exact: bool) -> None:
        self.root, self.exact = root, exact
        self.sections: list[Fields] = [root]
        self.controlled = "pose-range" in root.values

    def section(self, name: str, optional: bool = False) -> Fields:
        found = self.root.inner(name, optional)
        self.sections.append(found)
        return found

    def job(self) -> PfigJob:
        size = self.section("image-dimensions")
        width, height = size.get("image-width", int), size.get("image-height", int)
        self.section("output-location").get("output-directory", str, "")
        methods = self.section("rendering-methods")
        modalities = tuple(name for name in MODALITIES if methods.get(name, bool, False))
        tags = self.root.get("landmark-tags", list, list(LANDMARK_TAGS))
        maps = tuple(self._region_maps()) if "render-region-maps" in modalities else ()
        defaults = self.section("default-parameters")
        dataset, focal = self._dataset(defaults, width, height)
        return PfigJob(
            dataset, width, height, modalities, tuple(map(str, tags)), maps, self.controlled, focal,
            self._colours(defaults), tuple(name for section in self.sections for name in section.unused()), self.exact,
        )  # fmt: skip

    def _region_maps(self) -> Iterator[tuple[str, str, str]]:
        for i, values in enumerate(self.root.get("region-maps", list)):
            one = Fields(f"{self.root.where}.region-maps[{i}]", values)
            yield one.get("name", str), one.get("region-map", str), one.get("mapping", str)

    @staticmethod
    def _colours(defaults: Fields) -> ColourTransform:
        section = defaults.inner("color-transform", optional=True)
        gain, offset = section.numbers("gain", 3, [1.0] * 3), section.numbers("offset", 3, [0.0] * 3)
        contrast = section.get("colorContrast", float, 1.0)
        return ColourTransform((gain[0], gain[1], gain[2]), contrast, (offset[0], offset[1], offset[2]))

    def _dataset(self, defaults: Fields, width: int, height: int) -> tuple[DatasetConfig, float]:
        model = self.section("morphable-model-parameters")
        seed = self.section("general", optional=True).get("random-seed", int, _SEED) % 2**32
        centre_of = self.section("pose-range" if self.controlled else "pose-variation")
        centre = centre_of.get("center-faces", str, "facebox")
        if centre not in _CENTRES:
            raise FacewrightError(
                f"{centre_of.where}.center-faces: found '{centre}', expected {' or '.join(_CENTRES)}"
            )
        camera, focal = self._camera(defaults, centre_of, centre, width, height)
        poses = {} if self.controlled else self._poses(centre_of)
        grid = self._grid(centre_of) if self.controlled else ()
        sampler = SamplerConfig(
            people=self._people(model), **poses, camera=camera, expression=self._expression(model),
            light=self._light(), worn=WornConfig(eyewear=0, headwear=0, facewear=0, makeup=0, restyled=0),
            **self._background(), vary="none" if self.controlled else "all", grid=grid,
        )  # fmt: skip
        file = model.get("model-filename", str)
        samples = model.get("number-of-samples-per-id", int, 1)  # which the controlled application ignores
        config = DatasetConfig(
            people=model.get("number-of-ids-to-create", int), samples=cells(grid) if self.controlled else samples,
            seed=seed, crop=_CENTRES[centre], size_px=max(width, height), sampler=sampler, model=model_of(file),
        )  # fmt: skip
        return config, focal

    def _distribution(self, section: Fields, name: str, default: Distribution) -> Distribution:
        if name not in section.values:
            return default
        return parse(section.inner(name), self.exact)

    def _people(self, model: Fields) -> PeopleConfig:
        usual = Normal(0, 1)
        return PeopleConfig(
            shape_sigma=1.0,
            shape_limit=5.0,
            shape=self._distribution(model, "shape-distribution", usual),
            colour=self._distribution(model, "color-distribution", usual),
            shape_dimensions=model.get("dimension-of-shape-space", int),
            colour_dimensions=model.get("dimension-of-color-space", int),
        )

    def _expression(self, model: Fields) -> ExpressionConfig:
        coefficient = self._distribution(model, "expression-distribution", Normal(0, 1))
        dimensions = model.get("dimension-of-expression-space", int)
        if not model.get("add-expressions", bool):
            dimensions = 0
        return ExpressionConfig(coefficient=coefficient, expression_dimensions=dimensions, blink=0)

    def _poses(self, section: Fields) -> dict[str, Any]:
        """Positive roll is counter-clockwise there. Turns that nothing is seen of are cut off."""
        yaw = self._distribution(section, "yaw-distribution", Constant(0))
        pitch = self._distribution(section, "pitch-distribution", Constant(0))
        roll = self._distribution(section, "roll-distribution", Constant(0))
        return {
            "yaw_deg": scaled(yaw, 1, limit=110),
            "pitch_deg": scaled(pitch, 1, limit=90),
            "roll_deg": scaled(roll, -1, limit=180),
        }

    def _camera(
        self, defaults: Fields, poses: Fields, centre: str, width: int, height: int
    ) -> tuple[CameraConfig, float]:
        camera, pose, view = (defaults.inner(name) for name in ("camera", "pose-transform", "view-transform"))
        sensor = camera.numbers("sensorSize", 2)
        if abs(sensor[0] * height - sensor[1] * width) > 1e-6 * sensor[0] * height:
            raise FacewrightError(
                f"{camera.where}.sensorSize: found {sensor}, expected the image's proportions"
            )
        place, eye = pose.numbers("translation", 3), view.numbers("translation", 3)
        focal, size = camera.get("focalLength", float), max(width, height)
        principal = camera.numbers("principalPoint", 2) if centre == "none" else [0.0, 0.0]
        shift_x = self._distribution(poses, "x-translation-distribution", Constant(0))
        shift_y = self._distribution(poses, "y-translation-distribution", Constant(0))
        scale = self._distribution(poses, "scaling-distribution", Constant(1))
        if self.exact and centre == "facebox":
            scale = Constant(1)  # there, the face's box undoes it
        config = CameraConfig(
            distance_mm=Constant(eye[2] - place[2]), right_mm=Constant(place[0] - eye[0]),
            up_mm=Constant(place[1] - eye[1]), focal_mm=Constant(focal), sensor_mm=sensor[0] * size / width,
            projection="orthographic" if camera.get("orthographic", bool, False) else "pinhole",
            scale=scaled(scale, pose.get("scaling", float, 1.0)),
            shift_x=scaled(shift_x, 1 / size, 0.5 * principal[0]),
            shift_y=scaled(shift_y, -1 / size, -0.5 * principal[1]),
            jitter_px=Constant(0), jitter_scale=Constant(1), jitter_deg=Constant(0),
        )  # fmt: skip
        return config, focal

    def _light(self) -> LightConfig:
        as_it_is: dict[str, Any] = {
            "exposure": None,
            "key_split": Constant(0),
            "light_saturation": Constant(1),
        }
        if self.controlled:
            return LightConfig(illumination="natural", light_mode="around", **as_it_is)
        section = self.section("illumination-parameters")
        section.get(
            "directional-light", dict, {}
        )  # which the software ignores too, as there are always harmonics
        kind = section.get("illumination-type", str)
        if kind not in _LIGHT_TYPES:
            raise FacewrightError(
                f"{section.where}.illumination-type: found '{kind}', expected {' or '.join(_LIGHT_TYPES)}"
            )
        folder = section.get("illumination-prior-directory", str, "")
        if section.get("illumination-prior-no-color", bool, False):
            as_it_is["light_saturation"] = Constant(0)
        if section.get("illumination-prior-fix-energy", bool, False):
            as_it_is["light_energy"] = section.get("illumination-prior-fix-energy-value", float, 6.33)
        source = "natural" if kind == "staticFrontal" else f"bip:{folder}"
        return LightConfig(illumination=source, light_mode=_LIGHT_TYPES[kind], **as_it_is)  # type: ignore[arg-type]

    def _background(self) -> dict[str, Any]:
        section = self.section("backgrounds")
        folder = section.get("background-images-directory", str, "")
        section.get("background-image-extension", str, "")
        if not section.get("insert-background-image", bool):
            return {"background": "plain"}
        return {"backgrounds": folder, "squash_backgrounds": self.exact}

    def _grid(self, poses: Fields) -> tuple[Axis, ...]:
        """The order of its loops: background, yaw, pitch, roll, light."""
        ranges = [
            ("background", self.section("background-variation").inner("back-range"), 1),
            ("yaw_deg", poses.inner("yaw-range"), 1),
            ("pitch_deg", poses.inner("pitch-range"), 1),
            ("roll_deg", poses.inner("roll-range"), -1),
            ("light_angle_deg", self.section("illumination-angle").inner("illu-range"), 1),
        ]
        return tuple(
            Axis(name, tuple(sign * value for value in self._range(one))) for name, one, sign in ranges
        )

    def _range(self, section: Fields) -> list[float]:
        """Numbers from start to end; the software reads them as whole numbers, dropping what is behind the point."""
        start, end, step = (section.get(name, float) for name in ("start", "end", "step"))
        if self.exact:
            start, end, step = float(int(start)), float(int(end)), float(int(step))
        kind = section.get("type", str, "inclusive")
        if kind not in ("inclusive", "not-inclusive"):
            raise FacewrightError(
                f"{section.where}.type: found '{kind}', expected inclusive or not-inclusive"
            )
        if not step > 0 or end < start or (end - start) / step > 1e6:
            raise FacewrightError(
                f"{section.where}: found {start} to {end} by {step}, expected a step above 0"
            )
        count = int((end - start) / step + 1e-9) + 1
        values = [start + i * step for i in range(count)]
        return values[:-1] if kind == "not-inclusive" and values[-1] >= end and len(values) > 1 else values


def model_of(file: str) -> str | None:
    """The reader of a model's file, by what its name says."""
    kind = "bfm2019" if "2019" in Path(file).name else "bfm2017"
    return f"{kind}:{file}"
