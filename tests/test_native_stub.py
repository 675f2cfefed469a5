"""`_native.pyi` says what the built module has."""

from pathlib import Path

from nanobind.stubgen import StubGen

import facewright
from facewright import _native


def test_the_stub_is_that_of_the_built_module():
    generator = StubGen(_native)
    generator.put(_native)
    stub = Path(facewright.__file__).with_name("_native.pyi").read_text()
    assert stub.strip() == generator.get().strip(), "run: make stub"
