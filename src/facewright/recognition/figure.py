"""training.png: how a run went."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from facewright.formats.atomic import write_atomic
from facewright.recognition.run import LogRow
from facewright.recognition.validate import ValidationRow

__all__ = ["draw_training"]


def draw_training(path: Path, rows: Sequence[LogRow], validation: Sequence[ValidationRow]) -> None:
    """Loss and learning rate, accuracy and AUC on the development set where there is one, images a second; over
    steps."""
    panels = 3 if validation else 2
    figure = Figure(figsize=(4.2 * panels, 3.6), layout="constrained")
    axes = figure.subplots(1, panels)
    _draw_loss(axes[0], rows)
    if validation:
        steps = [row.step for row in validation]
        axes[1].plot(steps, [row.accuracy for row in validation], marker=".", label="accuracy")
        axes[1].plot(steps, [row.auc for row in validation], marker=".", label="AUC")
        axes[1].set_xlabel("step")
        axes[1].set_title("development set", fontsize=10)
        axes[1].legend(loc="lower right")
    last = axes[-1]
    last.plot(
        [row.step for row in rows], [row.images_per_s for row in rows], color="tab:green", linewidth=0.8
    )
    if rows:
        last.axhline(float(np.median([row.images_per_s for row in rows])), color="black", linewidth=0.6)
    last.set_xlabel("step")
    last.set_title("images a second, and their median", fontsize=10)
    last.set_ylim(bottom=0)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_atomic(path, [buffer.getvalue()])


def _draw_loss(axes: Axes, rows: Sequence[LogRow]) -> None:
    steps = [row.step for row in rows]
    axes.plot(steps, [row.loss for row in rows], color="tab:blue")
    axes.set_xlabel("step")
    axes.set_ylabel("loss", color="tab:blue")
    axes.set_ylim(bottom=0)
    rate = axes.twinx()
    rate.plot(steps, [row.learning_rate for row in rows], color="tab:gray", linewidth=0.8)
    rate.set_ylabel("learning rate", color="tab:gray")
