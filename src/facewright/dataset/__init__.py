"""Labelled data sets of generated faces: planned, drawn in worker processes, resumable, always the same bytes."""

from facewright.dataset.config import (
    Annotation,
    DatasetConfig,
    Depth,
    parse_annotations,
    parse_plan,
    with_plan,
)
from facewright.dataset.config_io import from_json, to_json
from facewright.dataset.convert import convert
from facewright.dataset.drawing import Draw, DrawnPerson, draw_person
from facewright.dataset.generate import Report, generate
from facewright.dataset.inspect import inspect
from facewright.dataset.plan import ShardPlan, plan_shards
from facewright.dataset.sheet import contact_sheet, encode_png, preview, preview_mixup, write_png
from facewright.dataset.synthetic import Face, SyntheticFaces
from facewright.dataset.verify import Verification, repair, verify

__all__ = [
    "Annotation",
    "DatasetConfig",
    "Depth",
    "Draw",
    "DrawnPerson",
    "Face",
    "Report",
    "ShardPlan",
    "SyntheticFaces",
    "Verification",
    "contact_sheet",
    "convert",
    "draw_person",
    "encode_png",
    "from_json",
    "generate",
    "inspect",
    "parse_annotations",
    "parse_plan",
    "plan_shards",
    "preview",
    "preview_mixup",
    "repair",
    "to_json",
    "verify",
    "with_plan",
    "write_png",
]
