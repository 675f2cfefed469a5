"""What of a scene's light is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from facewright import _native

__all__ = ["LAMBERTIAN", "ShadingConfig"]


@dataclass(frozen=True)
class ShadingConfig:
    """The light that is drawn on top of Lambert's law, each part of it to be switched off."""

    occlusion: bool = True
    """Less of the environment's light in creases and under hair (ambient occlusion, found for each person)."""
    shadows: bool = True
    """The key light's shadow."""
    highlights: bool = True
    """Specular lobes of skin, eyes, hair and things worn."""
    scattering: bool = True
    """A soft terminator, red last, as light scattered under the skin gives."""
    eye_reflections: bool = True
    """The highlight on eyes, of the normal in each pixel."""
    every_sample: bool = False
    """Find the colour of opaque surfaces in each of a pixel's 2 x 2 samples, and not once a pixel for each triangle."""

    def native(self) -> _native.Look:
        return _native.Look(
            occlusion=self.occlusion,
            shadows=self.shadows,
            highlights=self.highlights,
            scattering=self.scattering,
            eye_reflections=self.eye_reflections,
            every_sample=self.every_sample,
        )


LAMBERTIAN = ShadingConfig(
    occlusion=False, shadows=False, highlights=False, scattering=False, eye_reflections=False
)
"""Spherical harmonics of order 2 on a Lambertian surface, as in Kortylewski et al. (CVPR Workshops 2018 and 2019)."""
