"""Which images each step takes: an order that depends on (seed, epoch) alone, whoever trains and how often it
stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from facewright.recognition.augment import augment
from facewright.recognition.config import TrainConfig
from facewright.recognition.targets import Targets, mix_domains, mix_ratio

__all__ = ["Batches", "balanced_order", "people_rows", "repeated_order", "shuffled_order", "step_images"]

# First part of each random key, so that an epoch's order and a step's augmentation never share one.
_ORDER, _AUGMENT, _REAL_ORDER, _REAL_AUGMENT, _RATIO, _PEOPLE, MINING = range(7)

Rows = Int64[np.ndarray, " _"]


def shuffled_order(key: tuple[int, ...], n: int) -> Rows:
    """All of n images, each once."""
    return np.random.default_rng(key).permutation(n)


def balanced_order(key: tuple[int, ...], labels: Rows) -> Rows:
    """As many images as there are, every class as often as the others (but for 1): a random one of its images each
    time."""
    rng = np.random.default_rng(key)
    by_class = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    present = np.flatnonzero(counts)
    rounds = -(-len(labels) // len(present))
    classes = np.concatenate([rng.permutation(present) for _ in range(rounds)])[: len(labels)]
    starts = np.cumsum(counts) - counts
    within = (rng.random(len(classes)) * counts[classes]).astype(np.int64)
    return np.asarray(by_class[starts[classes] + within])


def repeated_order(key: tuple[int, ...], n: int, length: int) -> Rows:
    """n images as often as they go into `length`, the rest drawn with replacement, shuffled (SynFace's real side)."""
    rng = np.random.default_rng(key)
    rows = np.concatenate([np.tile(np.arange(n), length // n), rng.integers(0, n, length % n)])
    return rng.permutation(rows)


def people_rows(key: tuple[int, ...], labels: Rows, people: int, images: int) -> Rows:
    """Images of `people` random classes, at most `images` random ones of each."""
    rng = np.random.default_rng(key)
    by_class = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts
    chosen = rng.choice(np.flatnonzero(counts), people, replace=False)
    rows = [by_class[starts[c] + rng.permutation(counts[c])[:images]] for c in chosen]
    return np.concatenate(rows)


def step_images(config: TrainConfig, images: int, ranks: int) -> int:
    """Images in a step over all ranks, at most, of a data set of `images`."""
    if config.batching == "people":
        return config.people_per_batch // ranks * ranks * config.images_per_person
    return min(config.batch_size, images) // ranks * ranks


@dataclass(frozen=True)
class Batches:
    """One rank's share of each step's images, augmented.

    images: (n, S, S, 3); targets of all. The first `drawn` images are one set, those after it the real side that is
    mixed into them (domain mixup); without mixup `drawn` is n. A step takes the same number of images in each rank;
    what is left at an epoch's end waits for the next epoch's order.
    """

    config: TrainConfig
    images: UInt8[np.ndarray, "n S S 3"]
    targets: Targets
    drawn: int
    rank: int
    ranks: int
    _orders: dict[tuple[int, ...], Rows] = field(default_factory=dict, repr=False)

    @property
    def labels(self) -> Rows:
        """The first label of each image but the real side's."""
        return self.targets.labels[: self.drawn, 0]

    @property
    def step_images(self) -> int:
        """Images in a step over all ranks, at most."""
        return step_images(self.config, self.drawn, self.ranks)

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return self.config.epoch_steps or max(1, self.drawn // self.step_images)

    def rows(self, epoch: int, step: int) -> Rows:
        """This rank's images of a step."""
        config = self.config
        if config.batching == "people":
            key = (_PEOPLE, config.seed, epoch, step, self.rank)
            return people_rows(
                key, self.labels, config.people_per_batch // self.ranks, config.images_per_person
            )
        return self._share(self._order(epoch, step), step)

    def load(self, epoch: int, step: int) -> tuple[Float32[np.ndarray, "b h w 3"], Targets]:
        """Input and targets of step `step` of an epoch for this rank."""
        seed = self.config.seed
        rows = self.rows(epoch, step)
        inputs = self._augmented(rows, (_AUGMENT, seed, epoch, step, self.rank))
        if self.drawn == len(self.images):
            return inputs, self.targets[rows]
        length = len(self.images) - self.drawn, self.drawn
        order = self._cached((_REAL_ORDER, seed, epoch), lambda key: repeated_order(key, *length))
        real = self.drawn + self._share(order, step)
        return mix_domains(
            inputs,
            self.targets[rows],
            self._augmented(real, (_REAL_AUGMENT, seed, epoch, step, self.rank)),
            self.targets[real],
            mix_ratio((_RATIO, seed, epoch, step)),
        )

    def _augmented(self, rows: Rows, key: tuple[int, ...]) -> Float32[np.ndarray, "b h w 3"]:
        return augment(self.images[rows], self.config.augment, self.config.backbone.size, key)

    def _order(self, epoch: int, step: int) -> Rows:
        # Steps beyond one pass over the data (epoch_steps) belong to the next pass.
        passed = step // max(1, self.drawn // self.step_images)
        key = (_ORDER, self.config.seed, epoch, passed)
        if self.config.batching == "balanced":
            return self._cached(key, lambda key: balanced_order(key, self.labels))
        return self._cached(key, lambda key: shuffled_order(key, self.drawn))

    def _cached(self, key: tuple[int, ...], order: Callable[[tuple[int, ...]], Rows]) -> Rows:
        """An epoch's order, made once; those of earlier epochs are forgotten."""
        if key not in self._orders:
            if len(self._orders) > 1:
                self._orders.clear()
            self._orders[key] = order(key)
        return self._orders[key]

    def _share(self, order: Rows, step: int) -> Rows:
        first = step % max(1, self.drawn // self.step_images) * self.step_images
        return np.sort(order[first + self.rank : first + self.step_images : self.ranks])
