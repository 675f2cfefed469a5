"""Head models: the one type that all of them become, the head that comes with the package, and readers of others."""

from facewright.models.embedded import HEAD_FILE, EmbeddedHead, load_head, read_head
from facewright.models.library import ModelFiles, model_digest, open_model, parse_model
from facewright.models.morphable import Albedo, MorphableModel, Part

__all__ = [
    "HEAD_FILE",
    "Albedo",
    "EmbeddedHead",
    "ModelFiles",
    "MorphableModel",
    "Part",
    "load_head",
    "model_digest",
    "open_model",
    "parse_model",
    "read_head",
]
