"""Things worn: glasses, hats, scarves and masks, built to measure for each head."""

from facewright.people.worn.dressing import dress

__all__ = ["dress"]
