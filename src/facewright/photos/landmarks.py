"""The five landmarks of the central face of many photos, remembered between runs."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from jaxtyping import Float

from facewright.photos.align import decode_photo, nearest_to_centre, read_bytes
from facewright.photos.mtcnn import Detector

__all__ = ["Landmarks", "find_landmarks"]

Landmarks = Float[np.ndarray, "5 2"] | None
_Entries = dict[str, list[list[float]] | None]


def find_landmarks(
    paths: Sequence[Path],
    detector: Detector,
    cache: Path | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Landmarks]:
    """Landmarks (image frame, px) of the face nearest each photo's centre; None where no face was found.

    `cache` is a folder in which they are kept by the photo's content and the detector's fingerprint, so a second
    evaluation on the same photos detects nothing; None keeps nothing. `workers` are threads. `progress` is called
    with (photos done, photos). Raises FacewrightError naming a photo that cannot be read.
    """
    store = None if cache is None else cache / f"landmarks-{detector.fingerprint[:16]}.json"
    known = _load(store)
    entries: _Entries = {}
    found: list[Landmarks] = []

    def locate(path: Path) -> tuple[str, list[list[float]] | None]:
        encoded = read_bytes(path)
        key = hashlib.sha256(encoded).hexdigest()
        if key in known:
            return key, known[key]
        image = decode_photo(encoded, path)
        detections = detector.detect(image)
        face = nearest_to_centre(detections, image.shape)
        return key, None if face is None else detections.landmarks[face].tolist()

    with ThreadPoolExecutor(workers) as pool:
        for key, points in pool.map(locate, paths):
            entries[key] = points
            found.append(None if points is None else np.array(points))
            if progress is not None:
                progress(len(found), len(paths))
    if store is not None and not entries.keys() <= known.keys():
        _save(store, entries)
    return found


def _load(store: Path | None) -> _Entries:
    """What is remembered; a missing or damaged file is the same as an empty one."""
    if store is None:
        return {}
    try:
        entries = json.loads(store.read_text())
        valid = all(points is None or np.shape(points) == (5, 2) for points in entries.values())
    except (OSError, ValueError, AttributeError):
        return {}
    return dict(entries) if valid else {}


def _save(store: Path, entries: _Entries) -> None:
    """Add entries to the file by atomic rename; a cache that cannot be written is no error."""
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=store.parent, suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            json.dump(_load(store) | entries, file)
        temporary.replace(store)
    except OSError:
        return
