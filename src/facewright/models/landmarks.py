"""Where the 68 iBUG points lie on models that bring few landmarks, none, or others.

Vertex lists and landmark names are facts about public files; docs/models.md says where each comes from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int32

from facewright.errors import FacewrightError, first_line

__all__ = [
    "BFM2009_LANDMARKS",
    "BFM_POINTS",
    "FLAME_LANDMARKS",
    "ICT_LANDMARKS",
    "alignment_rows",
    "complete_landmarks",
    "read_landmark_list",
]

# Landmarks of the Basel models' metadata by the iBUG points that they are, or in whose middle they lie.
BFM_POINTS: dict[str, tuple[int, ...]] = {
    "center.chin.tip": (8,),
    "right.eyebrow.bend.upper": (18,), "left.eyebrow.bend.upper": (25,),
    "right.eyebrow.inner_upper": (21,), "left.eyebrow.inner_upper": (22,),
    "center.nose.tip": (30,), "center.nose.attachement_to_philtrum": (33,),
    "right.nose.wing.tip": (31,), "left.nose.wing.tip": (35,),
    "right.nose.hole.center": (32,), "left.nose.hole.center": (34,),
    "right.eye.corner_outer": (36,), "right.eye.corner_inner": (39,),
    "left.eye.corner_inner": (42,), "left.eye.corner_outer": (45,),
    "right.eye.top": (37, 38), "right.eye.bottom": (40, 41),
    "left.eye.top": (43, 44), "left.eye.bottom": (46, 47),
    "right.lips.corner": (48,), "left.lips.corner": (54,),
    "right.lips.philtrum_ridge": (50,), "left.lips.philtrum_ridge": (52,),
    "center.lips.upper.outer": (51,), "center.lips.lower.outer": (57,),
    "center.lips.upper.inner": (62,), "center.lips.lower.inner": (66,),
}  # fmt: skip

# 01_MorphableModel.mat (53,490 vertices).
BFM2009_LANDMARKS: dict[int, int] = {
    17: 38792, 19: 40087, 21: 40514, 22: 41091, 24: 41511, 26: 42825, 30: 8319, 33: 8334, 36: 2088, 39: 5959,
    42: 10603, 45: 14472, 48: 5006, 51: 8344, 54: 11714, 57: 8374, 62: 8354, 66: 8366,
}  # fmt: skip

# FLAME's topology (5,023 vertices).
FLAME_LANDMARKS: tuple[int, ...] = (
    2212, 3060, 3485, 3384, 3386, 3389, 3418, 3395, 3414, 3598, 3637, 3587, 3582, 3580, 3756, 2012, 730,
    1984, 3157, 335, 3705, 3684, 3851, 3863, 16, 2138, 571, 3553, 3561, 3501, 3526, 2748, 2792, 3556, 1675, 1612,
    2437, 2383, 2494, 3632, 2278, 2296, 3833, 1343, 1034, 1175, 884, 829,
    2715, 2813, 2774, 3543, 1657, 1696, 1579, 1795, 1865, 3503, 2948, 2898, 2845, 2785, 3533, 1668, 1730, 1669,
    3509, 2786,
)  # fmt: skip

# ICT-FaceKit (26,719 vertices), for folders without vertex_indices.json.
ICT_LANDMARKS: tuple[int, ...] = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443,
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360,
    1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216, 6207, 6470, 5517,
    5966,
)  # fmt: skip

# The 68 points on the embedded head's mean, mm: where to look for points that a file does not name.
_USUAL_MM: Float64[np.ndarray, "68 3"] = np.array(
    [
        (-66.8, -1.6, -47.3), (-67.0, -14.4, -48.3), (-64.4, -36.0, -45.8), (-60.0, -55.1, -36.2),
        (-53.6, -73.9, -28.5), (-42.4, -84.4, -8.6), (-26.1, -96.8, 5.3), (-13.6, -103.6, 12.2),
        (0.0, -105.5, 14.4), (13.6, -103.6, 12.2), (26.1, -96.8, 5.3), (42.4, -84.4, -8.6),
        (53.6, -73.9, -28.5), (60.0, -55.1, -36.2), (64.4, -36.0, -45.8), (67.0, -14.4, -48.3),
        (66.8, -1.6, -47.3), (-49.8, 9.5, 7.1), (-39.6, 14.7, 18.0), (-31.9, 16.2, 22.0),
        (-23.9, 16.4, 24.5), (-15.1, 15.3, 25.7), (15.1, 15.3, 25.7), (23.9, 16.4, 24.5),
        (31.9, 16.2, 22.0), (39.6, 14.7, 18.0), (49.8, 9.5, 7.1), (0.0, -0.1, 23.3),
        (0.0, -13.5, 27.7), (0.0, -26.4, 36.4), (0.0, -37.1, 41.6), (-13.8, -44.1, 23.8),
        (-6.5, -45.2, 29.0), (0.0, -47.0, 31.4), (6.5, -45.2, 29.0), (13.8, -44.1, 23.8),
        (-41.1, 0.5, 11.7), (-32.7, 3.0, 16.4), (-25.4, 2.7, 15.7), (-18.7, -1.2, 13.4),
        (-25.9, -5.4, 14.7), (-33.0, -5.7, 14.6), (18.7, -1.2, 13.4), (25.4, 2.7, 15.7),
        (32.7, 3.0, 16.4), (41.1, 0.5, 11.7), (33.0, -5.7, 14.6), (25.9, -5.4, 14.7),
        (-23.3, -68.7, 19.9), (-13.4, -63.1, 28.6), (-5.2, -60.1, 32.9), (0.0, -60.7, 33.6),
        (5.2, -60.1, 32.9), (13.4, -63.1, 28.6), (23.3, -68.7, 19.9), (17.6, -75.3, 23.0),
        (5.5, -78.9, 25.6), (0.0, -81.5, 24.1), (-5.5, -78.9, 25.6), (-17.6, -75.3, 23.0),
        (-19.3, -68.1, 22.1), (-8.0, -66.2, 26.5), (0.0, -67.0, 28.8), (8.0, -66.2, 26.5),
        (19.3, -68.1, 22.1), (5.5, -67.9, 28.8), (0.0, -67.9, 29.5), (-5.5, -67.9, 28.8),
    ]
)  # fmt: skip
_FEWEST_KNOWN = 9


def alignment_rows(landmarks: Int32[np.ndarray, " 68"]) -> Int32[np.ndarray, "5 6"]:
    """The five alignment points as rows of vertices to average: six lid points an eye, nose tip, mouth corners."""
    single = np.repeat(landmarks[[30, 48, 54]][:, None], 6, axis=1)
    return np.concatenate([landmarks[36:42][None], landmarks[42:48][None], single]).astype(np.int32)


def complete_landmarks(
    vertices: Float64[np.ndarray, "V 3"], anchors: Mapping[tuple[int, ...], Float64[np.ndarray, " 3"]]
) -> Int32[np.ndarray, " 68"]:
    """The vertices nearest to the 68 iBUG points, of which some are known.

    `anchors` gives places by the points that lie there, or in whose middle the place is, in the vertices' frame (x to
    the subject's left, y up, z out of the nose; any unit). The other points come from a usual face that is scaled
    and shifted to fit the anchors, and then moved with the nearest of them (Shepard, "A two-dimensional
    interpolation function", 1968). Raises FacewrightError if fewer than nine anchors are given.
    """
    if len(anchors) < _FEWEST_KNOWN:
        raise FacewrightError(
            f"landmarks: found {len(anchors)} known points, expected at least {_FEWEST_KNOWN}"
        )
    usual = np.stack([_middle(points) for points in anchors])
    found = np.stack([np.asarray(place, dtype=np.float64) for place in anchors.values()])
    scale, shift = _scale_and_shift(usual, found)
    moved, targets = usual * scale + shift, _USUAL_MM * scale + shift
    known = {points[0]: place for points, place in anchors.items() if len(points) == 1}
    places = [
        np.asarray(known[i], dtype=np.float64) if i in known else _shifted(targets[i], moved, found)
        for i in range(68)
    ]
    return np.array([_nearest(vertices, place) for place in places], dtype=np.int32)


def _middle(points: tuple[int, ...]) -> Float64[np.ndarray, " 3"]:
    total: Float64[np.ndarray, " 3"] = _USUAL_MM[points[0]]
    for point in points[1:]:
        total = total + _USUAL_MM[point]
    return total / len(points)


def _scale_and_shift(
    source: Float64[np.ndarray, "n 3"], target: Float64[np.ndarray, "n 3"]
) -> tuple[float, Float64[np.ndarray, " 3"]]:
    """The least-squares target ~ scale * source + shift, summed exactly so that it is the same on every machine."""
    centre_source, centre_target = _mean(source), _mean(target)
    a, b = (source - centre_source).ravel().tolist(), (target - centre_target).ravel().tolist()
    scale = math.fsum(x * y for x, y in zip(a, b, strict=True)) / math.fsum(x * x for x in a)
    return scale, centre_target - scale * centre_source


def _mean(points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " 3"]:
    return np.array([math.fsum(axis) / len(points) for axis in points.T.tolist()])


def _shifted(
    point: Float64[np.ndarray, " 3"],
    sources: Float64[np.ndarray, "n 3"],
    targets: Float64[np.ndarray, "n 3"],
) -> Float64[np.ndarray, " 3"]:
    """`point` moved by the mean of targets - sources, weighted by the inverse square of their distance."""
    weights = (1 / (_squared(sources - point) + 1e-12)).tolist()
    total = math.fsum(weights)
    moves = (targets - sources).T.tolist()
    move = [math.fsum(w * m for w, m in zip(weights, axis, strict=True)) / total for axis in moves]
    shifted: Float64[np.ndarray, " 3"] = point + np.array(move)
    return shifted


def _squared(offsets: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
    x, y, z = offsets.T
    squared: Float64[np.ndarray, " n"] = x * x + y * y + z * z
    return squared


def _nearest(vertices: Float64[np.ndarray, "V 3"], place: Float64[np.ndarray, " 3"]) -> int:
    return int(_squared(vertices - place).argmin())


def read_landmark_list(path: Path, vertices: int) -> Int32[np.ndarray, " 68"]:
    """A text file with the 0-based vertex numbers of the 68 points, separated by blanks, commas or lines."""
    try:
        words = path.read_text(encoding="utf-8").replace(",", " ").split()
        numbers = [int(word) for word in words]
    except FileNotFoundError:
        raise FacewrightError(f"{path}: found no such file, expected 68 vertex numbers") from None
    except (OSError, ValueError) as problem:
        reason = first_line(problem)
        raise FacewrightError(
            f"{path}: found something else ({reason}), expected 68 vertex numbers"
        ) from None
    if len(numbers) != 68:
        raise FacewrightError(f"{path}: found {len(numbers)} vertex numbers, expected 68")
    if min(numbers) < 0 or max(numbers) >= vertices:
        raise FacewrightError(
            f"{path}: found vertices {min(numbers)} .. {max(numbers)}, expected 0 .. {vertices - 1}"
        )
    return np.array(numbers, dtype=np.int32)
