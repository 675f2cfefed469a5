"""The embeddings of all images of a folder, as a Parquet table."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float32, UInt8

from facewright.errors import FacewrightError
from facewright.evaluation.embedders import Embedder, embed_unit, open_embedder
from facewright.formats.atomic import write_atomic
from facewright.formats.manifest import CARD_PICTURES, MANIFEST
from facewright.machine import cache_folder
from facewright.photos.align import align, central_landmarks, read_photo
from facewright.photos.landmarks import Landmarks, find_landmarks
from facewright.photos.mtcnn import load_detector

__all__ = ["embed_folder"]

_SUFFIXES = (".jpg", ".jpeg", ".png")
_BATCH = 64


def embed_folder(folder: Path, model: Path, out: Path, photos: bool, workers: int) -> int:
    """Embed every image below `folder` and write `out`; returns how many there were.

    photos: images are photographs, whose central face is found and aligned (by LFW's average landmarks where none is
    found); otherwise they are square crops already. Columns: `path` relative to the folder, `face_found`, `embedding`
    (a list of d float32, length 1). Raises FacewrightError for a folder without images and an unreadable image.
    """
    if not out.absolute().parent.is_dir():
        raise FacewrightError(f"{out}: cannot be written: folder {out.absolute().parent} does not exist")
    if not folder.is_dir():
        raise FacewrightError(f"{folder}: not found, expected a folder of images")
    pictures = {folder / name for name in CARD_PICTURES} if (folder / MANIFEST).exists() else set()
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES and path not in pictures and path.is_file()
    )
    if not paths:
        raise FacewrightError(f"{folder}: found no .jpg, .jpeg or .png images, expected some")
    embedder = open_embedder(model, threads=workers)
    landmarks: list[Landmarks] = [None] * len(paths)
    if photos:
        landmarks = find_landmarks(paths, load_detector(), cache_folder(), workers)
    vectors = np.concatenate(
        [
            _embed(embedder, paths[start : start + _BATCH], landmarks[start : start + _BATCH], photos)
            for start in range(0, len(paths), _BATCH)
        ]
    )
    table = pa.table(
        {
            "path": [str(path.relative_to(folder)) for path in paths],
            "face_found": [points is not None or not photos for points in landmarks],
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_atomic(out, [sink.getvalue().to_pybytes()])
    return len(paths)


def _embed(
    embedder: Embedder, paths: list[Path], landmarks: list[Landmarks], photos: bool
) -> Float32[np.ndarray, "n d"]:
    size = embedder.crop.size_px

    def crop(path: Path, points: Landmarks) -> UInt8[np.ndarray, "size size 3"]:
        image = read_photo(path)
        if photos:
            return align(image, central_landmarks(image.shape) if points is None else points, embedder.crop)
        height, width = image.shape[:2]
        if height != width:
            raise FacewrightError(
                f"{path}: found {width}x{height} pixels, expected a square crop or --photos"
            )
        return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), np.uint8)

    images = [crop(path, points) for path, points in zip(paths, landmarks, strict=True)]
    return embed_unit(embedder, np.stack(images), flip=True)
