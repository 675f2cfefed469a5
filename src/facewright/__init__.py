"""Faces of people who do not exist, labelled down to the vertex."""

from importlib.metadata import version

from facewright.errors import FacewrightError

__all__ = ["FacewrightError", "__version__"]

__version__ = version("facewright")
