"""The renderer: people and scenes to pictures, with kernels of our own."""

from facewright.render.annotations import BUFFERS, Annotations, Landmarks
from facewright.render.marks import ALIGNMENT_NAMES, NAMED
from facewright.render.occlusion import bake_occlusion
from facewright.render.rasterizer import Fragments, rasterize
from facewright.render.regions import Region
from facewright.render.renderer import Renderings, draw_heads, render
from facewright.render.shading import LAMBERTIAN, ShadingConfig

__all__ = [
    "ALIGNMENT_NAMES",
    "BUFFERS",
    "LAMBERTIAN",
    "NAMED",
    "Annotations",
    "Fragments",
    "Landmarks",
    "Region",
    "Renderings",
    "ShadingConfig",
    "bake_occlusion",
    "draw_heads",
    "rasterize",
    "render",
]
