"""Triplets: an image, another of the same person, and one of somebody else, chosen within a batch."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from facewright.recognition.config import LossConfig

__all__ = ["TripletLoss", "mine_triplets", "squared_distances", "triplet_loss"]

Mining = Literal["openface", "facenet"]


def squared_distances(embeddings: Tensor) -> Tensor:
    """Between all unit vectors (n, d) of a batch: (n, n)."""
    return 2 - 2 * embeddings @ embeddings.T


def mine_triplets(
    distances: Float[np.ndarray, "n n"],
    labels: Int64[np.ndarray, " n"],
    alpha: float,
    mining: Mining,
    rng: np.random.Generator,
) -> Int64[np.ndarray, "triplets 3"]:
    """Anchor, positive and negative of each triplet, as rows of the batch.

    Each pair of images of a person, ordered once, gets one negative, drawn from all that violate the margin:
    d(anchor, negative) - d(anchor, positive) < alpha, nearer ones than the positive included (OpenFace's train.lua);
    "facenet" takes only those farther than the positive (semi-hard). Pairs without any are dropped.
    """
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    pairs = np.array([pair for rows in members for pair in itertools.combinations(rows, 2)], np.int64)
    if not len(pairs):
        return np.empty((0, 3), np.int64)
    anchors, positives = pairs.T
    lead = distances[anchors] - distances[anchors, positives][:, None]
    candidates = (labels[anchors][:, None] != labels) & (lead < alpha)
    if mining == "facenet":
        candidates &= lead > 0
    # Uniform among candidates: the largest of independent draws.
    negatives = np.where(candidates, rng.random(candidates.shape), -1.0).argmax(axis=1)
    found = candidates.any(axis=1)
    return np.asarray(np.stack([anchors, positives, negatives], axis=1)[found])


def triplet_loss(distances: Tensor, triplets: Tensor, alpha: float) -> Tensor:
    """The mean over triplets (t, 3) of max(0, d(a, p) + alpha - d(a, n)); 0 where there are none."""
    anchors, positives, negatives = triplets.T
    gap = distances[anchors, positives] + alpha - distances[anchors, negatives]
    return functional.relu(gap).sum() / max(1, len(triplets))


class TripletLoss(nn.Module):
    """Triplets mined in each batch from the vectors as they are then; it has no parameters."""

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self.config = config

    def forward(
        self, embeddings: Tensor, labels: Tensor, weights: Tensor, progress: float, key: tuple[int, ...]
    ) -> Tensor:
        """The loss of embeddings (n, d) with labels (n, 1); the same key draws the same negatives."""
        with torch.autocast(embeddings.device.type, enabled=False):
            distances = squared_distances(functional.normalize(embeddings.float()))
            triplets = mine_triplets(
                distances.detach().cpu().numpy(),
                labels[:, 0].cpu().numpy(),
                self.config.alpha,
                self.config.mining,
                np.random.default_rng(key),
            )
            return triplet_loss(distances, torch.from_numpy(triplets).to(distances.device), self.config.alpha)
