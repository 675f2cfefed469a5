"""Person and scenes in, pictures out: one native call for all of a person's images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from facewright.errors import FacewrightError
from facewright.geometry import Crop
from facewright.people.attachment import Attachment
from facewright.people.person import Person
from facewright.people.worn import dress
from facewright.render.annotations import Annotations, annotations_of
from facewright.render.inputs import inputs_of
from facewright.render.marks import marked_points
from facewright.render.rig import rig_of
from facewright.render.shading import ShadingConfig
from facewright.render.wardrobe import wardrobe_of
from facewright.scenes.backgrounds import draw_backgrounds
from facewright.scenes.scene import Scenes

__all__ = ["Renderings", "draw_heads", "render"]


@dataclass(frozen=True)
class Renderings:
    """The pictures of n scenes and where the model's landmarks fell in them.

    images: (n, H, W, 3) uint8 sRGB.
    landmarks_px: (n, 68, 2) image frame, pixel centres at +0.5; they may lie outside the image.
    """

    images: UInt8[np.ndarray, "n H W 3"]
    landmarks_px: Float32[np.ndarray, "n 68 2"]
    annotations: Annotations | None = None
    """Ground truth of every pixel, where it was asked for."""


def render(
    person: Person,
    scenes: Scenes,
    crop: Crop,
    background: UInt8[np.ndarray, "n H W 3"] | None = None,
    shading: ShadingConfig = ShadingConfig(),  # noqa: B008  (frozen)
    annotate: bool = False,
) -> Renderings:
    """Draw every scene of `person` with hair and what is worn into `crop`, framed by the model's own landmarks.

    background: images to stand behind, instead of procedural ones. shading: what of the light is drawn. annotate:
        whether to find `Renderings.annotations` too, which takes several times as long as drawing.
    Raises FacewrightError when an array does not fit the person's model or a number is not finite.
    """
    attachments, visible = dress(person, scenes)
    if background is None:
        background = draw_backgrounds(scenes.background, crop.size_px)
    return draw_heads(person, scenes, crop, background, attachments, visible, shading, annotate)


def draw_heads(
    person: Person,
    scenes: Scenes,
    crop: Crop,
    background: UInt8[np.ndarray, "n H W 3"],
    attachments: Sequence[Attachment] = (),
    visible: Bool[np.ndarray, "n A"] | None = None,
    shading: ShadingConfig = ShadingConfig(),  # noqa: B008  (frozen)
    annotate: bool = False,
) -> Renderings:
    """Draw every scene of `person` over given backgrounds (sRGB, of the crop's size).

    visible: which of the A attachments are drawn in each scene; all of them if None. shading: what of the light is
        drawn.
    The same bytes on every machine and from any number of threads; the call releases the GIL.

    Vertices are neutral_mm plus the expression, turned by R_camera_head and seen by a pinhole at distance_mm, or by
    parallel rays. For alignment the image is laid so that the five alignment landmarks meet crop.points_px in the
    least-squares sense (Umeyama, PAMI 1991, without reflection); the other framings are described in `geometry`. Then
    it is enlarged, jittered and shifted. Ambient light is diffuse (order-2 spherical harmonics times occlusion);
    the key light falls off smoothly at the terminator, red last, as light scattered under the skin does. Highlights
    (Blinn-Phong) come from the key light, or from the environment's dominant direction where there is none. 2 x 2
    samples a pixel are averaged in linear light. Values above 0.8 bend smoothly towards 1, so that bright skin does
    not clip.

    What is opaque is drawn together with the head. Hair, panes of glass and whatever else has transparent texels keep
    all their fragments in front of that; a pixel's are blended by their depth (of equally near ones that of the earlier
    attachment and triangle first), so that the order of attachments and triangles does not matter. Coverage is that of
    the samples. A triangle's colour, alpha and depth are found once a pixel, in the middle of the samples that it
    covers; once for all of an opaque, smooth surface in a pixel, and in every sample with `shading.every_sample`.

    The key light's shadow comes from an orthographic depth map of 3 mm a texel, with an edge some millimetres soft;
    attachments cast it where their alpha is at least 1/2, glass does not. Occlusion is the model's own, which has the
    detail, scaled by how much more or less of the sky this person's shape, hair and large attachments leave open than
    the mean head, by coarse depth maps in 24 directions.

    Raises FacewrightError when an array does not fit the person's model or a number is not finite.
    """
    size = crop.size_px
    if background.shape != (len(scenes), size, size, 3):
        raise FacewrightError(
            f"background: found shape {background.shape}, expected {(len(scenes), size, size, 3)}"
        )
    if visible is None:
        visible = np.ones((len(scenes), len(attachments)), np.bool_)
    if visible.shape != (len(scenes), len(attachments)):
        raise FacewrightError(
            f"visible: found shape {visible.shape}, expected {(len(scenes), len(attachments))}"
        )
    look = shading.native()
    try:
        inputs, wardrobe = inputs_of(person, scenes, crop, visible), wardrobe_of(attachments)
        rig = rig_of(person.model)
        images, landmarks = rig.draw(
            inputs=inputs, wardrobe=wardrobe, background=np.ascontiguousarray(background, np.uint8), look=look
        )
        if not annotate:
            return Renderings(images, landmarks)
        marked = marked_points(person.model)
        found = rig.annotate(inputs=inputs, wardrobe=wardrobe, size=size, vertices=marked.vertices, look=look)
    except ValueError as error:
        raise FacewrightError(f"scenes of person {person.index}: {error}") from error
    return Renderings(images, landmarks, annotations_of(found, person.model, attachments, marked))
