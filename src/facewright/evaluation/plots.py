"""Figures as PNG bytes; drawn on figure objects, so nothing is shared between calls."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from facewright.evaluation.metrics import roc
from facewright.evaluation.result import VerificationResult
from facewright.evaluation.separability import HISTOGRAM_WIDTH, PairFigures, Separability

__all__ = ["roc_curves", "score_histograms", "separability_histograms"]

_INK = "#1f2933"
_FAINT = "#d9dee3"
_LINES = ("#2f6fb0", "#d1603d", "#3a8f6b", "#8a5aa8", "#b8892b", "#5f6b76")


def roc_curves(results: Sequence[VerificationResult]) -> bytes:
    """TAR against FAR, the latter on a logarithmic axis down to what the pairs can resolve."""
    figure = _figure(6.4, 4.2)
    axes = figure.add_subplot()
    finest = 0.1
    for index, result in enumerate(results):
        curve = roc(result.scores, result.same)
        finest = min(finest, 1 / np.count_nonzero(~result.same))
        label = f"{result.benchmark}, {result.model}: AUC {result.auc:.4f}"
        colour = _LINES[index % len(_LINES)]
        resolved = curve.far > 0
        axes.step(
            curve.far[resolved], curve.tar[resolved], where="post", color=colour, linewidth=1.8, label=label
        )
    axes.set_xscale("log")
    axes.set_xlim(finest, 1)
    axes.set_ylim(0, 1.005)
    axes.set_xlabel("false accept rate")
    axes.set_ylabel("true accept rate")
    chance = np.geomspace(finest, 1, 100)
    axes.plot(chance, chance, color=_FAINT, linewidth=1, linestyle="--", zorder=0)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8.5, frameon=False)
    return _png(figure)


def score_histograms(result: VerificationResult) -> bytes:
    """How the scores of genuine and impostor pairs are spread, and where the threshold lies."""
    figure = _figure(6.4, 3.2)
    axes = figure.add_subplot()
    edges = np.linspace(result.scores.min(), result.scores.max() + 1e-9, 61).tolist()
    for kind, label, colour in (
        (~result.same, "different people", _LINES[1]),
        (result.same, "one person", _LINES[0]),
    ):
        axes.hist(result.scores[kind], edges, color=colour, alpha=0.6, label=label)
    axes.axvline(result.threshold, color=_INK, linewidth=1, linestyle="--", label="threshold")
    axes.set_xlabel("cosine similarity")
    axes.set_ylabel("pairs")
    axes.legend(fontsize=9, frameon=False)
    return _png(figure)


def separability_histograms(sets: Sequence[tuple[str, Separability]]) -> bytes:
    """Similarities of genuine and impostor pairs of each named set, as they are and without the common mean."""
    figure = _figure(9.6, 3.6)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, title, kind in zip(
        panels, ("embeddings as they are", "without what all people share"), ("plain", "centred"), strict=True
    ):
        for index, (name, result) in enumerate(sets):
            figures: PairFigures | None = getattr(result, kind)
            if figures is not None:
                _draw_histograms(axes, figures, name, filled=index == 0)
        axes.axvline(sets[0][1].threshold, color=_INK, linewidth=1, linestyle=":", label="judge's threshold")
        axes.set_xlim(-0.4, 1)
        axes.set_ylim(bottom=0)
        axes.set_title(title, fontsize=9.5, color=_INK)
        axes.set_xlabel("cosine similarity")
    panels[0].set_ylabel("density of pairs")
    panels[0].legend(loc="upper left", fontsize=7.5, frameon=False)
    return _png(figure)


def _draw_histograms(axes: Axes, figures: PairFigures, name: str, filled: bool) -> None:
    kinds = (
        (figures.impostor_histogram, "different people", _LINES[1]),
        (figures.genuine_histogram, "one person", _LINES[0]),
    )
    for counts, label, colour in kinds:
        if not counts.sum():
            continue
        edges = np.linspace(-1, 1, len(counts) + 1)
        density = counts / (counts.sum() * HISTOGRAM_WIDTH)
        style: dict[str, Any] = {"alpha": 0.45, "fill": True} if filled else {"linewidth": 1.4, "fill": False}
        axes.stairs(density, edges, color=colour, label=f"{name}: {label}", **style)


def _figure(width_in: float, height_in: float) -> Figure:
    figure = Figure(figsize=(width_in, height_in), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    for axes in figure.axes:
        axes.grid(color=_FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=_INK, labelsize=9, length=0)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(_FAINT)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
