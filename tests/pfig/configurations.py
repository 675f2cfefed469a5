"""Configurations as the software ships them: the same fields and values, comments included."""

from __future__ import annotations

import copy
from typing import Any


def _constant(value: float) -> dict[str, Any]:
    return {"type": "constant", "value": value}


def _uniform(low: float, high: float) -> dict[str, Any]:
    return {"type": "uniform", "lower": low, "higher": high}


def _gaussian(mean: float, variance: float) -> dict[str, Any]:
    return {"type": "gaussian", "mean": mean, "variance": variance}


YAW = {
    "type": "mixture",
    "components": [[0.6, _uniform(-90, 90)], [0.2, _gaussian(0, 2)], [0.2, _constant(0)]],
}
_COMMON: dict[str, Any] = {
    "__comment_on_comments__": "Fields that begin so are comments.",
    "output-location": {"__comment-1": "where", "output-directory": "data/output/"},
    "backgrounds": {
        "insert-background-image": True,
        "background-images-directory": "data/backgrounds/",
        "background-image-extension": ".jpg",
    },
    "image-dimensions": {"comment": "in pixels", "image-width": 227, "image-height": 227},
    "default-parameters": {
        "color-transform": {"gain": [1.0, 1.0, 1.0], "colorContrast": 1.0, "offset": [0.0, 0.0, 0.0]},
        "pose-transform": {"scaling": 1.0, "roll": 0.0, "pitch": 0.0, "yaw": 0.0, "translation": [0.0, 0.0, -1000.0]},
        "view-transform": {"translation": [0.0, 0.0, 0.0], "roll": 0.0, "yaw": 0.0, "pitch": 0.0},
        "camera": {
            "principalPoint": [0.0, 0.0], "sensorSize": [15.0, 15.0], "far": 1000000.0, "orthographic": False,
            "near": 10.0, "focalLength": 50.0,
        },
    },
    "occlusionMode": "random",
    "format-version": "V1.0",
}  # fmt: skip
_MODEL = {
    "number-of-ids-to-create": 5, "number-of-samples-per-id": 10,
    "model-filename": "data/bfm2017/model2017-1_bfm_nomouth.h5",
    "dimension-of-shape-space": 199, "dimension-of-color-space": 199, "dimension-of-expression-space": 100,
    "add-expressions": True,
}  # fmt: skip
_ALL = {
    f"render{name}": True
    for name in ("", "-depth", "-color-correspondence-image", "-normals", "-albedo", "-illumination")
}


def random_example() -> dict[str, Any]:
    """example_config_random.json."""
    return copy.deepcopy(_COMMON) | {
        "rendering-methods": dict(_ALL),
        "morphable-model-parameters": dict(_MODEL),
        "illumination-parameters": {
            "illumination-type": "empirical",
            "illumination-prior-directory": "data/bip/parameters/",
            "directional-light": {
                "@type": "DirectionalLight",
                "direction": [0.0, 0.0, 1.0],
                "shininess": 10.0,
            },
        },
        "pose-variation": {
            "yaw-distribution": copy.deepcopy(YAW),
            "roll-distribution": _constant(0),
            "pitch-distribution": _gaussian(0, 30),
            "x-translation-distribution": _uniform(0, 0),
            "y-translation-distribution": _uniform(0, 0),
            "scaling-distribution": _uniform(1.0, 1.2),
            "center-faces": "facebox",
        },
        "landmark-tags": [
            "center.chin.tip",
            "center.nose.tip",
            "left.eye.pupil.center",
            "right.ear.lobule.attachement",
        ],
    }


def full_random() -> dict[str, Any]:
    """full_dataset_random.json."""
    config = random_example()
    config["illumination-parameters"] |= {
        "illumination-prior-no-color": False,
        "illumination-prior-fix-energy": False,
        "illumination-prior-fix-energy-value": 6.33,
    }
    config["morphable-model-parameters"] |= {"number-of-ids-to-create": 1, "number-of-samples-per-id": 1}
    return config


def _range(start: float, end: float, step: float) -> dict[str, Any]:
    return {"start": start, "end": end, "step": step, "type": "inclusive"}


def full_controlled() -> dict[str, Any]:
    """full_dataset_controlled.json, which has no landmark-tags."""
    return copy.deepcopy(_COMMON) | {
        "general": {"random-seed": 1986},
        "rendering-methods": dict(_ALL),
        "morphable-model-parameters": _MODEL
        | {
            "model-filename": "data/bfm2019/model2019_bfm.h5", "number-of-ids-to-create": 1,
            "number-of-samples-per-id": 1, "add-expressions": False,
            "shape-distribution": _gaussian(0, 1), "color-distribution": _gaussian(0, 1),
            "expression-distribution": _gaussian(0, 1),
        },
        "background-variation": {"back-range": _range(0, 174, 1)},
        "illumination-angle": {"illu-range": _range(-90, 90, 11.25)},
        "pose-range": {
            "yaw-range": _range(-90, 90, 5.625), "roll-range": _range(0, 0, 5.625), "pitch-range": _range(0, 0, 5.625),
            "center-faces": "none",
        },
    }  # fmt: skip
