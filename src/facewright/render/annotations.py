"""Ground truth of rendered scenes: what every pixel shows, where landmarks are, camera and pose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, UInt8

from facewright.models.morphable import MorphableModel
from facewright.people.attachment import Attachment
from facewright.render.marks import MarkedPoints
from facewright.render.regions import segmentation

__all__ = ["BUFFERS", "Annotations", "Buffer", "Landmarks", "annotations_of"]

Buffer = Literal[
    "depth", "normals", "albedo", "irradiance", "segmentation", "uv", "reference", "triangle", "barycentric"
]
"""The annotations that have a value for each pixel."""
BUFFERS: tuple[Buffer, ...] = get_args(Buffer)


@dataclass(frozen=True)
class Landmarks:
    """K points of n scenes.

    px: (n, K, 2) image frame, pixel centres at +0.5; they may lie outside the image.
    mm: (n, K, 3) head frame, with the scene's expression.
    visible: (n, K) whether nothing lies more than 1 mm in front: no triangle of the head or of an attachment that lets
        nothing through (tested exactly), and not the surface that `Annotations.triangle` names there. It does not say
        whether the point is inside the image.
    """

    px: Float32[np.ndarray, "n K 2"]
    mm: Float32[np.ndarray, "n K 3"]
    visible: Bool[np.ndarray, "n K"]


@dataclass(frozen=True)
class Annotations:
    """n scenes, on the pixel grid of the images: each value describes the surface at a pixel's middle.

    That surface is the first from the front behind which less than half of the light from further back comes through:
    skin behind clear glasses, the lens of dark ones, hair where it covers more than half. `triangle` is -1 where there
    is none; all other buffers are 0 there.

    triangle: (n, H, W) numbers of the model's triangles, then of the attachments' in their order.
    barycentric: (n, H, W, 3) weights of its vertices at the surface point (perspective-correct), summing to 1.
    depth: (n, H, W) millimetres along the camera's axis, from the camera's plane.
    normals: (n, H, W, 3) unit vectors in the camera frame (+x right, +y up, +z towards the camera), interpolated from
        the vertices as shading does; of the side that is seen.
    albedo: (n, H, W, 3) linear RGB of the texture, without light.
    irradiance: (n, H, W, 3) linear RGB of diffuse light that arrives, over pi: albedo times irradiance is the surface's
        colour without its highlights.
    segmentation: (n, H, W) values of `Region`.
    uv: (n, H, W, 2) texture coordinates of the head (u right, v down, 0 .. 1), 0 on attachments.
    reference: (n, H, W, 3) the same point on the model's mean head, millimetres in the head frame; 0 on attachments.
    landmarks: by the keys "68" (iBUG), "5" (alignment: right eye, left eye, nose tip, right and left mouth corner) and
        "19" (`NAMED`).
    T_camera_head: (n, 4, 4) head to camera frame (+x right, +y up, -z into the picture), millimetres: the 6-D pose.
    K_image_camera: (n, 3, 3) intrinsics: with (x, y, z) in the camera frame, K (x, -y, -z) / -z is the pixel. They
        include the crop: its scale, in-plane rotation and shift.
    orthographic: (n,) where true, K (x, -y, d) / d is the pixel, d the head's distance.
    """

    triangle: Int32[np.ndarray, "n H W"]
    barycentric: Float32[np.ndarray, "n H W 3"]
    depth: Float32[np.ndarray, "n H W"]
    normals: Float32[np.ndarray, "n H W 3"]
    albedo: Float32[np.ndarray, "n H W 3"]
    irradiance: Float32[np.ndarray, "n H W 3"]
    segmentation: UInt8[np.ndarray, "n H W"]
    uv: Float32[np.ndarray, "n H W 2"]
    reference: Float32[np.ndarray, "n H W 3"]
    landmarks: Mapping[str, Landmarks]
    T_camera_head: Float64[np.ndarray, "n 4 4"]
    K_image_camera: Float64[np.ndarray, "n 3 3"]
    orthographic: Bool[np.ndarray, " n"]


def annotations_of(
    found: Mapping[str, np.ndarray],
    model: MorphableModel,
    attachments: Sequence[Attachment],
    marked: MarkedPoints,
) -> Annotations:
    """From what the native call found for the vertices of `marked`."""
    triangle, barycentric = found["triangle"], found["barycentric"]
    on_head = (triangle >= 0) & (triangle < len(model.triangles))
    corners = model.triangles[np.where(on_head, triangle, 0)]
    uv = _interpolate(model.uv, corners, barycentric, on_head)
    reference = _interpolate(model.mean_mm, corners, barycentric, on_head)
    pose, intrinsics = _camera(found["views"].astype(np.float64))
    buffers = {name: found[name] for name in ("depth", "normals", "albedo", "irradiance")}
    return Annotations(
        triangle,
        barycentric,
        **buffers,
        segmentation=segmentation(triangle, uv, reference, model, attachments),
        uv=uv,
        reference=reference,
        landmarks=_landmarks(found),
        T_camera_head=pose,
        K_image_camera=intrinsics,
        orthographic=found["views"][:, 20] == 0,
    )


def _interpolate(
    values: np.ndarray, corners: np.ndarray, weights: np.ndarray, where: np.ndarray
) -> np.ndarray:
    mixed = sum(values[corners[..., i]] * weights[..., i : i + 1] for i in range(3))
    return np.where(where[..., None], mixed, 0).astype(np.float32)


def _landmarks(found: Mapping[str, np.ndarray]) -> dict[str, Landmarks]:
    px, mm, seen = found["points_px"], found["points_mm"], found["seen"].astype(bool)

    def points(first: int, last: int) -> Landmarks:
        return Landmarks(px[:, first:last], mm[:, first:last], seen[:, first:last])

    six = points(68, 98)  # vertices of each alignment point; it is seen where at least half of them are
    count = len(px)
    mean_mm = six.mm.reshape(count, 5, 6, 3).mean(axis=2)
    alignment = Landmarks(
        _project(found["views"], mean_mm), mean_mm, six.visible.reshape(count, 5, 6).mean(axis=2) >= 0.5
    )
    return {"68": points(0, 68), "5": alignment, "19": points(98, 117)}


def _project(views: np.ndarray, mm: np.ndarray) -> np.ndarray:
    pose, intrinsics = _camera(views.astype(np.float64))
    camera = np.einsum("nij,nkj->nki", pose[:, :3, :3], mm) + pose[:, None, :3, 3]
    depth = np.where(views[:, 20] == 0, views[:, 17], -camera[..., 2].T).T[..., None]
    flipped = np.concatenate([camera[..., :1], -camera[..., 1:2], depth], axis=-1)
    return np.asarray((np.einsum("nij,nkj->nki", intrinsics, flipped) / depth)[..., :2], np.float32)


def _camera(views: Float64[np.ndarray, "n 21"]) -> tuple[np.ndarray, np.ndarray]:
    """Pose and intrinsics: the image's axes are a similarity of the camera's, image_x = a R_x + b R_y."""
    count = len(views)
    rotation, image_x = views[:, :9].reshape(count, 3, 3), views[:, 9:12]
    a = np.sum(image_x * rotation[:, 0], axis=1)
    b = np.sum(image_x * rotation[:, 1], axis=1)
    shift_x, shift_y, distance, offset_x, offset_y = views[:, 15:20].T
    square = a * a + b * b
    pose = np.tile(np.eye(4), (count, 1, 1))
    pose[:, :3, :3] = rotation
    pose[:, 0, 3] = (a * offset_x + b * offset_y) / square
    pose[:, 1, 3] = (b * offset_x - a * offset_y) / square
    pose[:, 2, 3] = -distance
    intrinsics = np.zeros((count, 3, 3))
    intrinsics[:, 0] = np.stack([a, -b, shift_x], axis=1)
    intrinsics[:, 1] = np.stack([b, a, shift_y], axis=1)
    intrinsics[:, 2, 2] = 1
    return pose, intrinsics
