"""The renderer: people and scenes to pictures, with kernels of our own."""

from facewright.render.rasterizer import Fragments, rasterize
from facewright.render.renderer import Renderings, draw_heads, render

__all__ = ["Fragments", "Renderings", "draw_heads", "rasterize", "render"]
