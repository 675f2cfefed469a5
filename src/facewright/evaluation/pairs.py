"""Every pair of a set's embeddings, visited in blocks: nothing of the size of all pairs is ever held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int, Int64
from scipy import sparse

__all__ = ["BIN_WIDTH", "ImagePair", "PairCounts", "bin_counts", "count_pairs"]

_BINS = 2**16
BIN_WIDTH = 2 / _BINS
"""Width of the bins from -1 to 1 in which similarities are counted, 3e-5: how finely the threshold of a FAR is found,
and within one bin the area under the ROC takes genuine and impostor pairs for ties."""

_BLOCK_ROWS = 512
_NO_PAIR = -3.0  # in place of similarities that are no impostor pair, or would be counted twice


@dataclass(frozen=True)
class ImagePair:
    """Two images by index, and their cosine similarity."""

    first: int
    second: int
    similarity: float

    def renamed(self, names: Int[np.ndarray, " n"]) -> ImagePair:
        """The same pair where image i is called names[i]."""
        return ImagePair(int(names[self.first]), int(names[self.second]), self.similarity)


@dataclass(frozen=True)
class PairCounts:
    """What all pairs of p people add up to.

    sizes: images of each person; person_sums: the sum of their embeddings.
    genuine: the similarity of every genuine pair, person by person; genuine_sums: each person's total.
    impostor_sum, impostor_square_sum: of all impostor similarities, exact to rounding.
    histogram: impostor pairs in bins of BIN_WIDTH from -1.
    accepted: impostor pairs at or above the threshold, by (person, later person).
    closest, furthest: as `separability.Separability`.
    """

    sizes: Int64[np.ndarray, " p"]
    person_sums: Float64[np.ndarray, "p d"]
    genuine: Float32[np.ndarray, " g"]
    genuine_sums: Float64[np.ndarray, " p"]
    impostor_sum: float
    impostor_square_sum: float
    histogram: Int64[np.ndarray, " bins"]
    accepted: sparse.csr_array
    closest: list[ImagePair]
    furthest: list[ImagePair]


def bin_counts(similarities: Float32[np.ndarray, "*shape"]) -> Int64[np.ndarray, " bins"]:
    """Count similarities in bins of BIN_WIDTH; what lies outside -1 .. 1 by rounding goes to the outermost bins."""
    places = np.clip(similarities.ravel() * np.float32(_BINS / 2) + np.float32(_BINS / 2), 0, _BINS - 1)
    return np.asarray(np.bincount(places.astype(np.int32), minlength=_BINS), np.int64)


def count_pairs(
    unit: Float32[np.ndarray, "n d"], sizes: Int[np.ndarray, " p"], threshold: float, shown: int
) -> PairCounts:
    """Visit all pairs of unit vectors: the first sizes[0] rows are the first person's, and so on.

    A block is some people's rows against their own and all later rows. `shown` closest and furthest pairs are kept.
    """
    ends = np.cumsum(sizes)
    starts = ends - sizes
    histogram = np.zeros(_BINS, np.int64)
    accepted: list[sparse.coo_array] = []
    closest: list[tuple[float, int, int]] = []
    for first, last in _blocks(sizes):
        begin = starts[first]
        block = unit[begin : ends[last - 1]] @ unit[begin:].T
        skipped = _leave_impostors(block, sizes[first:last])
        histogram += bin_counts(block)
        histogram[0] -= skipped
        by_person = np.add.reduceat(block >= threshold, starts[first:] - begin, axis=1, dtype=np.int32)
        by_person = np.add.reduceat(by_person, starts[first:last] - begin, axis=0)
        accepted.append(_placed(by_person, first, len(sizes)))
        if shown:
            best = np.maximum.reduceat(block, starts[first:] - begin, axis=1)
            best = np.maximum.reduceat(best, starts[first:last] - begin, axis=0)
            closest = sorted(closest + _largest(best, first, shown))[:shown]
    own = [_genuine(unit[start:end]) for start, end in zip(starts, ends, strict=True)]
    person_sums = np.add.reduceat(unit.astype(np.float64), starts, axis=0)
    total, squares = _impostor_sums(unit, person_sums, starts, ends)
    return PairCounts(
        sizes=np.asarray(sizes, np.int64),
        person_sums=person_sums,
        genuine=np.concatenate(own),
        genuine_sums=np.array([similarities.sum(dtype=np.float64) for similarities in own]),
        impostor_sum=total,
        impostor_square_sum=squares,
        histogram=histogram,
        accepted=sparse.csr_array(sum(accepted[1:], accepted[0])),
        closest=[_extreme(unit, starts, ends, (i, j)) for _, i, j in closest],
        furthest=_furthest(starts, ends, own, shown),
    )


def _blocks(sizes: Int[np.ndarray, " p"]) -> Iterator[tuple[int, int]]:
    """Ranges of people with at most _BLOCK_ROWS images together, or of one person."""
    first, rows = 0, 0
    for person, size in enumerate(sizes.tolist()):
        if rows and rows + size > _BLOCK_ROWS:
            yield first, person
            first, rows = person, 0
        rows += size
    yield first, len(sizes)


def _leave_impostors(block: Float32[np.ndarray, "k m"], sizes: Int[np.ndarray, " b"]) -> int:
    """Blank all but each row's later people in place; returns how many entries that were."""
    person = np.repeat(np.arange(len(sizes)), sizes)
    blank = person[:, None] >= person[None, :]
    block[:, : len(person)][blank] = _NO_PAIR
    return int(np.count_nonzero(blank))


def _placed(counts: Int[np.ndarray, "b q"], first: int, people: int) -> sparse.coo_array:
    """A block's counts by person where they belong in the table of all people."""
    rows, columns = np.nonzero(counts)
    return sparse.coo_array(
        (counts[rows, columns].astype(np.float64), (rows + first, columns + first)), shape=(people, people)
    )


def _largest(best: Float32[np.ndarray, "b q"], first: int, count: int) -> list[tuple[float, int, int]]:
    """The largest entries as (minus value, person, later person)."""
    flat = best.ravel()
    top = np.argpartition(-flat, min(count, flat.size) - 1)[:count]
    rows, columns = np.unravel_index(top[flat[top] > _NO_PAIR], best.shape)
    values = (-best[rows, columns]).tolist()
    return list(zip(values, (rows + first).tolist(), (columns + first).tolist(), strict=True))


def _genuine(own: Float32[np.ndarray, "k d"]) -> Float32[np.ndarray, " pairs"]:
    """Similarities of one person's images, in the order of numpy's triu_indices."""
    return np.asarray((own @ own.T)[np.triu_indices(len(own), 1)])


def _impostor_sums(
    unit: Float32[np.ndarray, "n d"],
    person_sums: Float64[np.ndarray, "p d"],
    starts: Int[np.ndarray, " p"],
    ends: Int[np.ndarray, " p"],
) -> tuple[float, float]:
    """Sum of impostor similarities and of their squares, without visiting the pairs.

    The sum of v.w over all v, w is |sum of v|^2, that of (v.w)^2 is the squared Frobenius norm of the sum of v v^T;
    each person's own pairs are taken off.
    """
    exact = unit.astype(np.float64)
    everyone = person_sums.sum(axis=0)
    own = sum(_gram_square(exact[start:end]) for start, end in zip(starts, ends, strict=True))
    total = (float(everyone @ everyone) - float(np.sum(person_sums**2))) / 2
    return total, (_gram_square(exact) - own) / 2


def _gram_square(vectors: Float64[np.ndarray, "k d"]) -> float:
    """Squared Frobenius norm of V V^T, which is that of V^T V: the smaller of the two is made."""
    count, dimensions = vectors.shape
    gram = vectors @ vectors.T if count < dimensions else vectors.T @ vectors
    return float(np.sum(gram * gram))


def _extreme(
    unit: Float32[np.ndarray, "n d"],
    starts: Int[np.ndarray, " p"],
    ends: Int[np.ndarray, " p"],
    people: tuple[int, int],
) -> ImagePair:
    """The most similar two images of two people."""
    one, other = people
    between = unit[starts[one] : ends[one]] @ unit[starts[other] : ends[other]].T
    row, column = np.unravel_index(np.argmax(between), between.shape)
    return ImagePair(int(starts[one] + row), int(starts[other] + column), float(between[row, column]))


def _furthest(
    starts: Int[np.ndarray, " p"],
    ends: Int[np.ndarray, " p"],
    own: list[Float32[np.ndarray, _]],
    count: int,
) -> list[ImagePair]:
    """The people whose least similar two images are least similar, by those images."""
    lowest = sorted((float(values.min()), person) for person, values in enumerate(own) if len(values))
    pairs = []
    for similarity, person in lowest[:count]:
        start = int(starts[person])
        rows, columns = np.triu_indices(int(ends[person]) - start, 1)
        place = int(np.argmin(own[person]))
        pairs.append(ImagePair(start + int(rows[place]), start + int(columns[place]), similarity))
    return pairs
