"""People: everything about a person that stays the same in all of their images."""

from facewright.people.person import Person

__all__ = ["Person"]
