"""The renderer: people and scenes to pictures, with kernels of our own."""

from facewright.render.occlusion import bake_occlusion
from facewright.render.rasterizer import Fragments, rasterize
from facewright.render.renderer import Renderings, draw_heads, render
from facewright.render.shading import LAMBERTIAN, ShadingConfig

__all__ = [
    "LAMBERTIAN",
    "Fragments",
    "Renderings",
    "ShadingConfig",
    "bake_occlusion",
    "draw_heads",
    "rasterize",
    "render",
]
