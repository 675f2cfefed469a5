"""Hair and beards: styles drawn for people, grown as cards of strands."""

from facewright.people.hair.ground import paint_roots
from facewright.people.hair.growth import grow_hair
from facewright.people.hair.style import HairStyle, draw_hair_style, rearranged

__all__ = ["HairStyle", "draw_hair_style", "grow_hair", "paint_roots", "rearranged"]
