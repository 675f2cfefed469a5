"""Every kernel path that this machine has: the slow rasteriser's samples, and the same bytes."""

import os
import subprocess
import sys

import pytest

from facewright import _native
from tests.render import pictures

PATHS = ("portable", "avx2", "avx512")


def run(path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FACEWRIGHT_ISA": path}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    """A path that this machine has."""
    found = run(request.param, "-c", "from facewright import _native; print(_native.instruction_set())")
    if found.returncode != 0:
        assert f"found {request.param}, expected one of portable" in found.stderr
        pytest.skip(f"no {request.param} here")
    assert found.stdout.strip() == request.param
    return str(request.param)


def test_an_unknown_path_is_refused_in_one_line() -> None:
    sheet = run("sse9", "-m", "facewright", "preview", "never.png", "--people", "1", "--samples", "1")
    assert sheet.returncode != 0
    assert sheet.stderr.startswith("facewright: FACEWRIGHT_ISA: found sse9, expected one of portable")
    assert sheet.stderr.count("\n") == 1


def test_same_bytes(path: str) -> None:
    drawn = run(path, "-m", "tests.render.pictures")
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout.split() == [path, pictures.hash_of_soups(), pictures.hash_of_pictures()]


def test_agrees_with_the_slow_rasterizer(path: str) -> None:
    if path == _native.instruction_set():
        return  # tests/render/test_rasterizer.py runs on it
    tests = run(path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/render/test_rasterizer.py")
    assert tests.returncode == 0, tests.stdout
