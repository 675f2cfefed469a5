"""What importing costs, and what the rooms export."""

import importlib
import subprocess
import sys

import pytest

ROOMS = ["models", "people", "scenes", "render", "dataset", "formats", "photos", "evaluation"]


def test_nothing_outside_recognition_imports_torch():
    rooms = ", ".join(f"facewright.{room}" for room in [*ROOMS, "cli"])
    code = f"import sys; import {rooms}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("room", [*ROOMS, "recognition", "cli", "geometry", "streams", "errors"])
def test_every_exported_name_exists(room):
    module = importlib.import_module(f"facewright.{room}")
    assert module.__all__ == sorted(
        module.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    assert all(hasattr(module, name) for name in module.__all__)
