"""The whole separability analysis: data sets in, figures and pictures of each out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from facewright import __version__
from facewright.errors import FacewrightError
from facewright.evaluation.embedders import SFACE_INPUT, SFACE_THRESHOLD, Embedder, OnnxInput, open_embedder
from facewright.evaluation.faces import EmbeddedFaces, FaceSet, SelectionOptions, embed_faces, open_faces
from facewright.evaluation.pair_sheet import ShownPair, pair_sheet
from facewright.evaluation.pairs import ImagePair
from facewright.evaluation.plots import separability_histograms
from facewright.evaluation.separability import HISTOGRAM_WIDTH, PairFigures, Separability, separability
from facewright.formats import open_dataset
from facewright.formats.atomic import write_atomic

__all__ = ["Judge", "SetReport", "analyze_set", "open_judge", "write_analysis"]


@dataclass(frozen=True)
class Judge:
    """A recogniser, the similarity from which it calls two faces one person, and what it was opened with."""

    embedder: Embedder
    threshold: float
    path: Path
    sha256: str
    expects: OnnxInput


@dataclass(frozen=True)
class SetReport:
    """One data set as a judge sees it.

    kind: as `faces.FaceSet`. images: chosen ones; faces_found: in how many of them, None where nobody looked (aligned
    crops). Photos without a face are left out of the figures, frames are aligned by their known landmarks.
    closest, furthest: `separability.closest` and `.furthest` with their pictures.
    """

    path: Path
    kind: Literal["stored", "frame", "photo"]
    images: int
    faces_found: int | None
    separability: Separability
    closest: tuple[ShownPair, ...]
    furthest: tuple[ShownPair, ...]


def open_judge(
    path: Path, expects: OnnxInput = SFACE_INPUT, threshold: float = SFACE_THRESHOLD, threads: int = 1
) -> Judge:
    """Open an ONNX recogniser that takes what `expects` says.

    Raises FacewrightError when the file is missing, no ONNX model, or does not take such images.
    """
    if not -1 <= threshold <= 1:
        raise FacewrightError(f"threshold: found {threshold:g}, expected a cosine similarity from -1 to 1")
    if path.exists() and (path.suffix != ".onnx" or not path.is_file()):
        raise FacewrightError(f"{path}: no .onnx file, expected the judge to be one")
    embedder = open_embedder(path, expects, threads)
    return Judge(embedder, threshold, path, hashlib.sha256(path.read_bytes()).hexdigest(), expects)


def analyze_set(
    judge: Judge,
    path: Path,
    options: SelectionOptions = SelectionOptions(),  # noqa: B008  (frozen)
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SetReport:
    """Embed a data set with the judge and compare all its images.

    Reads whatever `open_dataset` reads. Deterministic: the bootstrap's seed is 0. Raises FacewrightError with one line
    for what cannot be analysed.
    """
    faces = open_faces(open_dataset(path), judge.embedder.crop, options)
    embedded = embed_faces(faces, judge.embedder, workers, progress)
    result = separability(embedded.vectors, embedded.labels, judge.threshold)
    return SetReport(
        path=path,
        kind=faces.kind,
        images=len(faces.rows),
        faces_found=None if faces.kind == "stored" else int(embedded.found.sum()),
        separability=result,
        closest=_shown(faces, embedded, result.closest),
        furthest=_shown(faces, embedded, result.furthest),
    )


def write_analysis(out: Path, judge: Judge, reports: Sequence[SetReport], settings: dict[str, Any]) -> None:
    """Write separability.json, separability.png, closest.png and furthest.png into a folder, each by atomic rename.

    The folder is made when it is missing. The same analysis gives the same JSON. Raises FacewrightError naming what
    cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacewrightError(f"{out}: cannot be created: {error.strerror}") from error
    fields = {
        "version": __version__,
        "judge": {
            "file": judge.path.name,
            "sha256": judge.sha256,
            "input": {**asdict(judge.expects), "size_px": judge.embedder.crop.size_px},
            "threshold": judge.threshold,
        },
        "settings": settings,
        "sets": [_set_fields(report) for report in reports],
    }
    write_atomic(out / "separability.json", [(json.dumps(fields, indent=1) + "\n").encode()])
    write_atomic(out / "separability.png", [separability_histograms(_named(reports))])
    for name, title in (("closest", "closest people"), ("furthest", "least alike images of one person")):
        groups = [(f"{report.path.name}: {title}", getattr(report, name)) for report in reports]
        write_atomic(out / f"{name}.png", [pair_sheet(groups)])


def _named(reports: Sequence[SetReport]) -> list[tuple[str, Separability]]:
    return [(report.path.name, report.separability) for report in reports]


def _shown(faces: FaceSet, embedded: EmbeddedFaces, pairs: Sequence[ImagePair]) -> tuple[ShownPair, ...]:
    """Pairs with their pictures, which are made again from the stored images."""

    def shown(pair: ImagePair) -> ShownPair:
        rows = [int(embedded.rows[index]) for index in (pair.first, pair.second)]
        crops = [faces.face(row, faces.reader.read(row)).crop for row in rows]
        assert crops[0] is not None
        assert crops[1] is not None
        names = (embedded.keys[pair.first], embedded.keys[pair.second])
        return ShownPair((crops[0], crops[1]), names, pair.similarity)

    return tuple(shown(pair) for pair in pairs)


def _set_fields(report: SetReport) -> dict[str, Any]:
    result = report.separability
    return {
        "path": str(report.path),
        "alignment": report.kind,
        "images": report.images,
        "faces_found": report.faces_found,
        "images_compared": result.images,
        "people": result.people,
        "single_image_people": result.single_image_people,
        "plain": _figure_fields(result.plain),
        "centred": None if result.centred is None else _figure_fields(result.centred),
        "closest": [_pair_fields(pair) for pair in report.closest],
        "furthest": [_pair_fields(pair) for pair in report.furthest],
    }


def _figure_fields(figures: PairFigures) -> dict[str, Any]:
    """`PairFigures` as plain data: intervals as objects, FARs as text such as "0.001"."""
    return {
        **asdict(figures),
        "tar_at_far": {f"{far:g}": tar for far, tar in figures.tar_at_far.items()},
        "far_thresholds": {f"{far:g}": threshold for far, threshold in figures.far_thresholds.items()},
        "histogram_bin": HISTOGRAM_WIDTH,
        "genuine_histogram": figures.genuine_histogram.tolist(),
        "impostor_histogram": figures.impostor_histogram.tolist(),
    }


def _pair_fields(pair: ShownPair) -> dict[str, Any]:
    return {"images": list(pair.names), "similarity": pair.similarity}
