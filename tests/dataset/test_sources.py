"""Files beside the configuration decide a data set's bytes too: a folder that was begun with others is refused."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, generate
from facewright.scenes import SamplerConfig
from facewright.scenes.illumination import LightConfig
from facewright.scenes.light_priors import light_prior
from facewright.scenes.photo_backgrounds import open_photo_backgrounds


def write_light(folder: Path, first: float) -> None:
    rows = [[first, first, first]] + [[0.1, 0.1, 0.1]] * 8
    folder.mkdir(exist_ok=True)
    (folder / "one.rps").write_text(json.dumps({"environmentMap": {"coefficients": rows}}))


def write_photo(folder: Path, code: int) -> None:
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "one.png"), np.full((40, 60, 3), code, np.uint8))


@pytest.mark.parametrize("kind", ["illumination", "backgrounds"])
def test_other_files_of_the_same_name_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write = {"illumination": write_light, "backgrounds": write_photo}[kind]
    write(tmp_path / "files", 3)
    sampler = SamplerConfig(backgrounds=str(tmp_path / "files"))
    if kind == "illumination":
        sampler = SamplerConfig(light=LightConfig(illumination=f"bip:{tmp_path / 'files'}"))
    config = DatasetConfig(people=2, samples=1, size_px=32, sampler=sampler)
    generate(tmp_path / "set", config, quiet=True)
    assert generate(tmp_path / "set", config, quiet=True).drawn == 0
    write(tmp_path / "files", 9)
    light_prior.cache_clear()
    open_photo_backgrounds.cache_clear()
    with pytest.raises(FacewrightError, match=rf"begun with other settings: {kind} was"):
        generate(tmp_path / "set", replace(config), quiet=True)
