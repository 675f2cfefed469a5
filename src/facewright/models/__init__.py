"""Head models: the one type that all of them become, and the head that comes with the package."""

from facewright.models.embedded import HEAD_FILE, EmbeddedHead, load_head, read_head
from facewright.models.morphable import MorphableModel, Part

__all__ = ["HEAD_FILE", "EmbeddedHead", "MorphableModel", "Part", "load_head", "read_head"]
