"""From a photo and its five landmarks to the square crop that recognisers expect."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from facewright.errors import FacewrightError
from facewright.geometry import Crop, similarity_transform
from facewright.photos.mtcnn import Detections

__all__ = ["align", "central_landmarks", "decode_photo", "nearest_to_centre", "read_bytes", "read_photo"]

# Mean of MTCNN's landmarks over LFW View 1's 250x250 photos, as a fraction of the photo's side.
_CENTRAL = np.array([[0.418, 0.452], [0.586, 0.448], [0.504, 0.548], [0.431, 0.636], [0.580, 0.632]])


def read_bytes(path: Path) -> bytes:
    """The content of a photo file. Raises FacewrightError naming the file when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FacewrightError(f"{path}: cannot read the photo ({error.strerror or error})") from error


def decode_photo(encoded: bytes, path: Path | str) -> UInt8[np.ndarray, "h w 3"]:
    """A JPEG or PNG as RGB. Raises FacewrightError that names `path` when it is neither."""
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB) if encoded else None
    if image is None:
        raise FacewrightError(f"{path}: found {len(encoded)} bytes that are no image, expected a JPEG or PNG")
    return np.asarray(image, np.uint8)


def read_photo(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """An image file as RGB. Raises FacewrightError naming the file when it is missing or no image."""
    return decode_photo(read_bytes(path), path)


def nearest_to_centre(detections: Detections, shape: tuple[int, ...]) -> int | None:
    """Index of the face whose box centre is nearest to the centre of an image of `shape` (height, width, ...).

    LFW's subject is the central face, not the most certain one. None when there is no face.
    """
    if not len(detections):
        return None
    centres = (detections.boxes[:, :2] + detections.boxes[:, 2:]) / 2
    offsets = centres - np.array([shape[1], shape[0]]) / 2
    return int(np.argmin(np.sum(offsets**2, axis=1)))


def central_landmarks(shape: tuple[int, ...]) -> Float[np.ndarray, "5 2"]:
    """Where the landmarks of an LFW photo are on average: the fallback for photos without a detected face."""
    return np.asarray(_CENTRAL * np.array([shape[1], shape[0]]))


def align(
    image: UInt8[np.ndarray, "h w 3"], landmarks: Float[np.ndarray, "5 2"], crop: Crop
) -> UInt8[np.ndarray, "size size 3"]:
    """The crop in which the landmarks fall on `crop.points_px` as closely as a similarity transform can make them.

    `landmarks` are in the image frame (pixel centres at +0.5), in the order of `Crop.points_px`. Bilinear; black
    outside the photo. A photo that shrinks by half or more is warped to a multiple of the crop and averaged down, so
    that fine detail does not alias.
    """
    transform = similarity_transform(landmarks, crop.points_px)
    shrink = 1 / float(np.hypot(*transform[:, 0]))
    multiple = max(1, round(shrink))
    transform = transform * multiple
    # OpenCV counts pixels from their centres: x_cv2 = x - 0.5 on both sides.
    transform[:, 2] += transform[:, :2].sum(axis=1) / 2 - 0.5
    size = crop.size_px * multiple
    warped = cv2.warpAffine(image, transform, (size, size), flags=cv2.INTER_LINEAR)
    if multiple > 1:
        warped = cv2.resize(warped, (crop.size_px, crop.size_px), interpolation=cv2.INTER_AREA)
    return np.asarray(warped, np.uint8)
