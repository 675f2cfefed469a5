"""The renderer: people and scenes to pictures, with kernels of our own."""

from facewright.render.occlusion import bake_occlusion
from facewright.render.rasterizer import Fragments, rasterize
from facewright.render.renderer import Renderings, draw_heads, render

__all__ = ["Fragments", "Renderings", "bake_occlusion", "draw_heads", "rasterize", "render"]
