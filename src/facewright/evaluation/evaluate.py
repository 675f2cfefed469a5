"""The whole benchmark: photos or a data set in, one VerificationResult out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int, UInt8

from facewright.errors import FacewrightError
from facewright.evaluation.embedders import Embedder, embed_unit
from facewright.evaluation.lfw import PairList, distinct_photos, find_dev_pairs, read_pairs
from facewright.evaluation.metrics import accuracy, best_threshold, k_fold_accuracy
from facewright.evaluation.result import VerificationResult, summarise
from facewright.formats.base import DatasetReader
from facewright.formats.storage import Place
from facewright.formats.tables import stored_crop
from facewright.geometry import UNALIGNED
from facewright.photos.align import align, central_landmarks, decode_photo, read_photo
from facewright.photos.landmarks import Landmarks, find_landmarks
from facewright.photos.mtcnn import load_detector

__all__ = ["EvaluationOptions", "Progress", "draw_pairs", "evaluate_lfw", "evaluate_synthetic"]

Progress = Callable[[int, int], None]
_FOLDS = 10
_BATCH = 256


@dataclass(frozen=True)
class EvaluationOptions:
    """How a model is asked.

    flip: add the embedding of the mirrored crop to each embedding (facewright's own networks always do).
    workers: threads that detect faces.
    cache: folder that remembers landmarks between runs (`machine.cache_folder()`), or None.
    max_dev_pairs: use so many development pairs, spread evenly over the file, or None for all.
    """

    flip: bool = True
    workers: int = 1
    cache: Path | None = None
    max_dev_pairs: int | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise FacewrightError(f"workers is {self.workers}: expected 1 or more")
        if self.max_dev_pairs is not None and self.max_dev_pairs < 2:
            raise FacewrightError(f"max_dev_pairs is {self.max_dev_pairs}: expected 2 or more, or none")


@dataclass(frozen=True)
class _Decision:
    """Each pair's score minus its threshold, the mean threshold, the accuracy's spread and how they were made."""

    margins: Float64[np.ndarray, " n"]
    threshold: float
    accuracy_std: float
    protocol: str


def evaluate_lfw(
    embedder: Embedder,
    folder: Path,
    pairs: Path,
    dev_pairs: Path | None = None,
    options: EvaluationOptions = EvaluationOptions(),
    progress: Progress | None = None,
) -> VerificationResult:
    """Verification on LFW photos (`folder`/Name/Name_0001.jpg) and one of its pair lists.

    Every photo is cropped by the similarity that brings MTCNN's five landmarks of its most central face to the model's
    template; without a face, by LFW's average landmarks (counted as `not_found`). The threshold comes from the other
    folds where the list has folds (View 2), else from `dev_pairs` or `pairsDevTrain.txt` beside `pairsDevTest.txt`
    (View 1), else from ten folds made here. Raises FacewrightError for bad lists and missing or damaged photos.
    """
    test = read_pairs(pairs)
    dev_path = None if test.folds is not None else dev_pairs or find_dev_pairs(pairs)
    dev = None if dev_path is None else _thinned(read_pairs(dev_path), options.max_dev_pairs)
    photos = distinct_photos(folder, [test] if dev is None else [test, dev])

    paths = [folder / photo for photo in photos]
    landmarks = find_landmarks(paths, load_detector(), options.cache, options.workers, progress)
    vectors = _embed_photos(embedder, paths, landmarks, options.flip)

    row_of = {photo: row for row, photo in enumerate(photos)}
    scores = _pair_scores(vectors, test, row_of)
    if dev is None:
        decision = _decide_by_folds(scores, test.same, test.folds, pairs)
    else:
        decision = _decide_by_dev(scores, test.same, _pair_scores(vectors, dev, row_of), dev)
    tested = {row_of[photo] for photo in (*test.first, *test.second)}
    return summarise(
        benchmark=f"LFW {pairs.name}",
        model=embedder.name,
        alignment=_alignment(embedder, options.flip),
        protocol=decision.protocol,
        scores=scores,
        margins=decision.margins,
        same=test.same,
        threshold=decision.threshold,
        accuracy_std=decision.accuracy_std,
        not_found=sum(landmarks[row] is None for row in tested),
    )


def evaluate_synthetic(
    embedder: Embedder,
    reader: DatasetReader,
    pairs_per_kind: int = 3000,
    seed: int = 0,
    options: EvaluationOptions = EvaluationOptions(),
) -> VerificationResult:
    """Verification on a data set of aligned crops of people whom the model has not seen.

    Draws up to `pairs_per_kind` distinct pairs of each kind from `seed`; the threshold of each of ten folds of the
    pairs comes from the other nine. Raises FacewrightError when the data set has too few images for that.
    """
    if (stored := stored_crop(reader.path)) in UNALIGNED:
        raise FacewrightError(f"{reader.path}: holds {stored} images, expected aligned crops")
    rows = draw_pairs(reader.labels, pairs_per_kind, seed, str(reader.path))
    used, places = np.unique(rows, return_inverse=True)
    vectors = _embed_stored(embedder, reader, used, options.flip)
    first, second = places.reshape(-1, 2).T
    scores = np.asarray(np.sum(vectors[first] * vectors[second], axis=1, dtype=np.float64))
    same = np.arange(len(rows)) < len(rows) // 2
    decision = _decide_by_folds(scores, same, None, reader.path)
    return summarise(
        benchmark=f"synthetic {reader.path.name}",
        model=embedder.name,
        alignment="as stored" + _mirrored(embedder, options.flip),
        protocol=f"{decision.protocol}; pairs drawn with seed {seed}",
        scores=scores,
        margins=decision.margins,
        same=same,
        threshold=decision.threshold,
        accuracy_std=decision.accuracy_std,
        not_found=0,
    )


def draw_pairs(
    labels: Int[np.ndarray, " images"], pairs_per_kind: int, seed: int, source: str
) -> Int[np.ndarray, "n 2"]:
    """Image indices of n/2 genuine pairs, then of n/2 impostor pairs; all distinct.

    Genuine pairs: a person with two or more images, then two of them; impostor pairs: two people, then one image of
    each. As many as `pairs_per_kind`, or as half of all that the rarer kind allows. `source` names the data in errors.
    """
    if pairs_per_kind < 2:
        raise FacewrightError(f"pairs_per_kind is {pairs_per_kind}: expected 2 or more")
    images: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        images.setdefault(int(label), []).append(index)
    several = [rows for rows in images.values() if len(rows) > 1]
    genuine = sum(len(rows) * (len(rows) - 1) // 2 for rows in several)
    impostors = (len(labels) ** 2 - sum(len(rows) ** 2 for rows in images.values())) // 2
    wanted = min(pairs_per_kind, max(genuine // 2, 2), max(impostors // 2, 2))
    if min(genuine, impostors) < 2:
        raise FacewrightError(
            f"{source}: has {genuine} pairs of one person and {impostors} of two, expected 2+ of each"
        )
    stream = random.Random(seed)
    everyone = list(images.values())
    same = _distinct_pairs(wanted, lambda: stream.sample(stream.choice(several), 2))
    different = _distinct_pairs(wanted, lambda: [stream.choice(rows) for rows in stream.sample(everyone, 2)])
    return np.array(same + different, np.int64)


def _distinct_pairs(count: int, draw: Callable[[], list[int]]) -> list[tuple[int, ...]]:
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < count:
        drawn[tuple(sorted(draw()))] = None
    return list(drawn)


def _thinned(pairs: PairList, limit: int | None) -> PairList:
    if limit is None or limit >= len(pairs):
        return pairs
    kept = np.unique(np.linspace(0, len(pairs) - 1, limit).round().astype(np.int64))
    return PairList(
        pairs.source,
        tuple(pairs.first[row] for row in kept),
        tuple(pairs.second[row] for row in kept),
        pairs.same[kept],
        None,
    )


def _embed_photos(
    embedder: Embedder, paths: Sequence[Path], landmarks: Sequence[Landmarks], flip: bool
) -> Float32[np.ndarray, "n d"]:
    def crop(path: Path, points: Landmarks) -> UInt8[np.ndarray, "size size 3"]:
        image = read_photo(path)
        return align(image, central_landmarks(image.shape) if points is None else points, embedder.crop)

    pending = list(zip(paths, landmarks, strict=True))
    parts = [
        embed_unit(embedder, np.stack([crop(*photo) for photo in pending[start : start + _BATCH]]), flip)
        for start in range(0, len(pending), _BATCH)
    ]
    return np.concatenate(parts)


def _embed_stored(
    embedder: Embedder, reader: DatasetReader, rows: Int[np.ndarray, " k"], flip: bool
) -> Float32[np.ndarray, "k d"]:
    parts = []
    for start in range(0, len(rows), _BATCH):
        batch = [int(row) for row in rows[start : start + _BATCH]]
        images = [decode_photo(reader.read(row), f"{reader.path}, image {row}") for row in batch]
        parts.append(embed_unit(embedder, np.stack(images), flip))
    return np.concatenate(parts)


def _pair_scores(
    vectors: Float32[np.ndarray, "k d"], pairs: PairList, row_of: Mapping[str, int]
) -> Float64[np.ndarray, " n"]:
    first = vectors[[row_of[photo] for photo in pairs.first]]
    second = vectors[[row_of[photo] for photo in pairs.second]]
    return np.asarray(np.sum(first * second, axis=1, dtype=np.float64))


def _decide_by_dev(
    scores: Float[np.ndarray, " n"],
    same: Bool[np.ndarray, " n"],
    dev_scores: Float[np.ndarray, " m"],
    dev: PairList,
) -> _Decision:
    threshold = best_threshold(dev_scores, dev.same)
    right = accuracy(scores, same, threshold)
    return _Decision(
        margins=scores - threshold,
        threshold=threshold,
        accuracy_std=float(np.sqrt(right * (1 - right) / len(same))),
        protocol=f"threshold from {len(dev)} pairs of {dev.source.name}, std is the binomial standard error",
    )


def _decide_by_folds(
    scores: Float[np.ndarray, " n"],
    same: Bool[np.ndarray, " n"],
    folds: Int[np.ndarray, " n"] | None,
    source: Place,
) -> _Decision:
    made = folds is None
    if folds is None:
        smaller = min(np.count_nonzero(same), np.count_nonzero(~same))
        if smaller < 2:
            raise FacewrightError(f"{source}: has {smaller} pairs of one kind, expected 2 or more of each")
        folds = _made_folds(same, min(_FOLDS, int(smaller)))
    result = k_fold_accuracy(scores, same, folds)
    count = len(result.thresholds)
    return _Decision(
        margins=result.margins,
        threshold=float(result.thresholds.mean()),
        accuracy_std=float(result.accuracies.std()),
        protocol=f"{count} folds {'made of' if made else 'of'} the pairs, threshold from the others, std over folds",
    )


def _made_folds(same: Bool[np.ndarray, " n"], count: int) -> Int[np.ndarray, " n"]:
    """Deal each kind of pair out to the folds in turn."""
    folds = np.empty(len(same), np.int64)
    for kind in (True, False):
        folds[same == kind] = np.arange(np.count_nonzero(same == kind)) % count
    return folds


def _alignment(embedder: Embedder, flip: bool) -> str:
    crop = embedder.crop.name
    return f"mtcnn, 5 points, central face, similarity to {crop}{_mirrored(embedder, flip)}"


def _mirrored(embedder: Embedder, flip: bool) -> str:
    return ", plus mirror image" if flip or embedder.mirrors else ""
