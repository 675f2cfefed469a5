"""From a labelled image set to aligned faces, whatever it holds: crops, frames with known landmarks, or photos."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8

from facewright.errors import FacewrightError
from facewright.evaluation.embedders import Embedder, embed_unit
from facewright.formats.base import DatasetReader
from facewright.formats.tables import read_columns, stored_crop
from facewright.geometry import CROPS, UNALIGNED, Crop
from facewright.photos.align import align, decode_photo, nearest_to_centre
from facewright.photos.mtcnn import Detections, Detector, DetectorConfig, load_detector

__all__ = [
    "EmbeddedFaces",
    "Face",
    "FaceSet",
    "SelectionOptions",
    "embed_faces",
    "matching_face",
    "open_faces",
]

_BATCH = 256
# Faces of frame224 are about 100 px wide: looking for smaller ones only takes time.
_FRAME_DETECTOR = DetectorConfig(min_face_px=40.0)
_HELD = 4
"""Of the five known points; a box with fewer is that of something else."""

Finder = Callable[[UInt8[np.ndarray, "h w 3"], int], Float[np.ndarray, "5 2"] | None]


@dataclass(frozen=True)
class SelectionOptions:
    """Which images are looked at, and whether their faces have to be found first."""

    max_yaw: float | None = None
    """Leave out images turned further to either side, degrees. Only of DATASET, which must know its poses."""
    min_images: int = 1
    """Leave out people with fewer images."""
    max_people: int | None = None
    """Look at so many people, the first ones."""
    align: Literal["auto", "detect", "stored"] = "auto"
    """stored: images are aligned crops. detect: find the face with MTCNN and align it. auto: crops of generate and
    images of the judge's own size are taken as aligned, all others are detected."""

    def __post_init__(self) -> None:
        if self.max_yaw is not None and not 0 <= self.max_yaw <= 180:
            raise FacewrightError(f"max_yaw: found {self.max_yaw:g}, expected degrees from 0 to 180")
        if self.min_images < 1:
            raise FacewrightError(f"min_images: found {self.min_images}, expected 1 or more")
        if self.max_people is not None and self.max_people < 2:
            raise FacewrightError(f"max_people: found {self.max_people}, expected 2 or more")


@dataclass(frozen=True)
class Face:
    """An aligned crop, or None where no face was found and nothing is known of it; whether one was found."""

    crop: UInt8[np.ndarray, "size size 3"] | None
    found: bool


@dataclass(frozen=True)
class FaceSet:
    """The chosen images of a data set and how to make crops of them.

    rows: their indices in `reader`. kind: "stored" crops, "frame"s whose landmarks are known, or "photo"s.
    known_px: the five points of each image of a frame set (not only of the chosen ones).
    """

    reader: DatasetReader
    rows: Int[np.ndarray, " n"]
    kind: Literal["stored", "frame", "photo"]
    crop: Crop
    detector: Detector | None
    known_px: Float[np.ndarray, "all 5 2"] | None

    def face(self, row: int, encoded: bytes) -> Face:
        """The face of image `row`.

        A frame's face that was not found is aligned by its known landmarks. A photo's face is the most central one.
        Raises FacewrightError naming the image when it is none.
        """
        image = decode_photo(encoded, f"{self.reader.path}, image {row}")
        if self.detector is None:
            return Face(image, True)
        detections = self.detector.detect(image)
        if self.known_px is not None:
            known = self.known_px[row]
            match = matching_face(detections, known)
            points = known if match is None else detections.landmarks[match]
        else:
            match = nearest_to_centre(detections, image.shape)
            if match is None:
                return Face(None, False)
            points = detections.landmarks[match]
        return Face(align(image, points, self.crop), match is not None)


@dataclass(frozen=True)
class EmbeddedFaces:
    """Embeddings of m of a set's n chosen images (photos without a face are missing), and which they are.

    found: n values, whether a face was found in each chosen image (true for stored crops, which nobody looked at).
    """

    vectors: Float32[np.ndarray, "m d"]
    rows: Int[np.ndarray, " m"]
    labels: Int[np.ndarray, " m"]
    keys: tuple[str, ...]
    found: Bool[np.ndarray, " n"]


def matching_face(detections: Detections, known: Float[np.ndarray, "5 2"]) -> int | None:
    """Index of the detection whose landmarks are nearest to the known ones, in the root mean square.

    None when even that one's box holds fewer than four of the known points. Landmarks may lie far off on a face that
    is found: on masks, in shade, in turned heads.
    """
    if not len(detections):
        return None
    errors = np.mean(np.sum((detections.landmarks - known) ** 2, axis=2), axis=1)
    best = int(np.argmin(errors))
    box = detections.boxes[best]
    held = ((known >= box[:2]) & (known <= box[2:])).all(axis=1)
    return best if held.sum() >= _HELD else None


def open_faces(reader: DatasetReader, crop: Crop, options: SelectionOptions) -> FaceSet:
    """Choose the images of a data set and find out how to align them to `crop`.

    Raises FacewrightError when the data set does not know what is asked for or fewer than two people are left.
    """
    rows = _chosen(reader, options)
    stored = stored_crop(reader.path)
    if stored in UNALIGNED:
        if options.align == "stored":
            raise FacewrightError(
                f"{reader.path}: holds {stored} images, expected aligned crops for --align stored"
            )
        detector = load_detector(_FRAME_DETECTOR)
        return FaceSet(reader, rows, "frame", crop, detector, _known_points(reader))
    first = decode_photo(reader.read(int(rows[0])), f"{reader.path}, image {rows[0]}")
    aligned = stored in CROPS or first.shape[:2] == (crop.size_px, crop.size_px)
    if options.align == "stored" or (options.align == "auto" and aligned):
        return FaceSet(reader, rows, "stored", crop, None, None)
    return FaceSet(reader, rows, "photo", crop, load_detector(), None)


def embed_faces(
    faces: FaceSet, embedder: Embedder, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> EmbeddedFaces:
    """Find, align and embed all chosen images, with so many threads looking for faces.

    Raises FacewrightError naming an image that is damaged or, of stored crops, not as large as the first.
    """
    vectors: list[Float32[np.ndarray, "k d"]] = []
    kept: list[int] = []
    keys: list[str] = []
    found: list[bool] = []
    size: tuple[int, ...] | None = None
    with ThreadPoolExecutor(workers) as pool:
        for batch in _batches(faces):
            looked_at = list(pool.map(lambda item: faces.face(item[0], item[2]), batch))
            crops = []
            for (row, key, _), face in zip(batch, looked_at, strict=True):
                found.append(face.found)
                if face.crop is None:
                    continue
                size = size or face.crop.shape
                if face.crop.shape != size:
                    raise FacewrightError(
                        f"{faces.reader.path}, image {key}: is {face.crop.shape[1]}x{face.crop.shape[0]} px, "
                        f"expected {size[1]}x{size[0]} like the first (--align detect takes photos of any size)"
                    )
                crops.append(face.crop)
                kept.append(row)
                keys.append(key)
            if crops:
                vectors.append(embed_unit(embedder, np.stack(crops), flip=False))
            if progress is not None:
                progress(len(found), len(faces.rows))
    rows = np.array(kept, np.int64)
    if len(np.unique(faces.reader.labels[rows])) < 2:
        raise FacewrightError(
            f"{faces.reader.path}: found faces in {len(rows)} of {len(found)} images, expected some of two people"
        )
    return EmbeddedFaces(
        np.concatenate(vectors), rows, faces.reader.labels[rows], tuple(keys), np.array(found)
    )


def _batches(faces: FaceSet) -> Iterator[list[tuple[int, str, bytes]]]:
    """The chosen images as (row, key, encoded image)."""
    chosen = set(faces.rows.tolist())
    images = ((row, sample.key, sample.jpeg) for row, sample in enumerate(faces.reader) if row in chosen)
    while batch := list(itertools.islice(images, _BATCH)):
        yield batch


def _chosen(reader: DatasetReader, options: SelectionOptions) -> Int[np.ndarray, " n"]:
    labels = reader.labels
    within = np.ones(len(labels), bool)
    if options.max_yaw is not None:
        within = np.abs(read_columns(reader, ["yaw_deg"])["yaw_deg"]) <= options.max_yaw
    images = np.bincount(labels[within], minlength=reader.classes)
    people = np.flatnonzero(images >= options.min_images)[: options.max_people]
    if len(people) < 2:
        raise FacewrightError(
            f"{reader.path}: has {len(people)} people with {options.min_images} or more such images, expected 2 or more"
        )
    return np.flatnonzero(within & np.isin(labels, people))


def _known_points(reader: DatasetReader) -> Float[np.ndarray, "all 5 2"]:
    """Five points from the 68 iBUG landmarks of a frame set; the middle of each eye's contour is its point."""
    points = read_columns(reader, ["landmarks_px"])["landmarks_px"].astype(np.float64)
    eyes = [points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)]
    return np.stack([*eyes, points[:, 30], points[:, 48], points[:, 54]], axis=1)
