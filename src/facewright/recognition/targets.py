"""What a training image is labelled with: one person, or several with weights; and how two sets are mixed into one.

SynFace (Qiu et al., ICCV 2021) mixes twice. Identity mixup draws an image of a person between two people: it counts as
`weight` of the one and 1 - `weight` of the other. Domain mixup blends a drawn image with a photograph. Both give
targets of several people with weights, and `losses.mixed_logits` and `losses.mixed_cross_entropy` are the only
formulas for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int64

from facewright.errors import FacewrightError

__all__ = ["RATIOS", "Targets", "mix_domains", "mix_ratio"]

RATIOS = np.linspace(0, 1.05, 21, endpoint=False)
"""0, 0.05, ..., 1: what SynFace's code draws both kinds of ratio from."""


@dataclass(frozen=True)
class Targets:
    """Of n images: k people each, `labels`, and how much each counts, `weights`; the weights of an image add up to
    1."""

    labels: Int64[np.ndarray, "n k"]
    weights: Float32[np.ndarray, "n k"]

    @staticmethod
    def of_people(labels: Int64[np.ndarray, " n"]) -> Targets:
        """Ordinary labels."""
        return Targets(labels[:, None], np.ones((len(labels), 1), np.float32))

    @staticmethod
    def of_pairs(
        labels: Int64[np.ndarray, " n"], others: Int64[np.ndarray, " n"], weights: Float[np.ndarray, " n"]
    ) -> Targets:
        """Identity mixup: `weights` of `labels`, the rest of `others`."""
        return Targets(
            np.stack([labels, others], axis=1), np.stack([weights, 1 - weights], axis=1).astype(np.float32)
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Int64[np.ndarray, " r"]) -> Targets:
        return Targets(self.labels[rows], self.weights[rows])

    def widened(self, people: int) -> Targets:
        """The same with `people` people each, those added with weight 0."""
        missing = people - self.labels.shape[1]
        return Targets(
            np.pad(self.labels, ((0, 0), (0, missing)), mode="edge"),
            np.pad(self.weights, ((0, 0), (0, missing))),
        )

    def check(self, classes: int, where: str) -> None:
        """Raise FacewrightError for a label outside 0 .. classes - 1 and weights that are no shares."""
        outside = np.argwhere((self.labels < 0) | (self.labels >= classes))
        if len(outside):
            image, person = outside[0]
            found = f"image {image} has label {self.labels[image, person]}"
            raise FacewrightError(f"{where}: {found}, expected 0 .. {classes - 1}")
        wrong = np.flatnonzero(
            (self.weights.min(axis=1, initial=0) < 0) | (np.abs(self.weights.sum(axis=1) - 1) > 1e-3)
        )
        if len(wrong):
            found = f"image {wrong[0]} has weights {self.weights[wrong[0]].tolist()}"
            raise FacewrightError(f"{where}: {found}, expected shares that add up to 1")


def mix_ratio(key: tuple[int, ...]) -> float:
    """The part of the first set in a step's images: any of `RATIOS`, alike; the same for the same key."""
    return float(RATIOS[np.random.default_rng(key).integers(len(RATIOS))])


def mix_domains(
    drawn: Float32[np.ndarray, "n h w 3"],
    drawn_targets: Targets,
    real: Float32[np.ndarray, "n h w 3"],
    real_targets: Targets,
    ratio: float,
) -> tuple[Float32[np.ndarray, "n h w 3"], Targets]:
    """Domain mixup: `ratio` of each drawn image and the rest of a real one, its people weighted alike.

    Labels of the two sets must differ where people do.
    """
    images = np.float32(ratio) * drawn + np.float32(1 - ratio) * real
    targets = Targets(
        np.concatenate([drawn_targets.labels, real_targets.labels], axis=1),
        np.concatenate(
            [
                np.float32(ratio) * drawn_targets.weights,
                np.float32(1 - ratio) * real_targets.weights,
            ],
            axis=1,
        ),
    )
    return images, targets
