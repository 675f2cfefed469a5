"""The head that comes with the package: its file, and what makes it a head."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from facewright.errors import FacewrightError
from facewright.models import HEAD_FILE, EmbeddedHead, Part, load_head, read_head

_EYES = (Part.LEFT_EYE, Part.RIGHT_EYE)
_RIGHT_OF_LEFT = {
    **{i: 16 - i for i in range(17)}, **{17 + i: 26 - i for i in range(5)},
    31: 35, 32: 34, 36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46,
    48: 54, 49: 53, 50: 52, 59: 55, 58: 56, 60: 64, 61: 63, 67: 65,
}  # fmt: skip
_MIDLINE = (8, 27, 28, 29, 30, 33, 51, 57, 62, 66)


@pytest.fixture(scope="module")
def head() -> EmbeddedHead:
    return load_head()


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    with np.load(HEAD_FILE) as file:
        return {name: file[name] for name in file.files}


def _random_person(head: EmbeddedHead, seed: int) -> np.ndarray:
    basis = head.model.identity_basis_mm
    coefficients = np.random.default_rng(seed).standard_normal(len(basis)).clip(-2.5, 2.5).astype(np.float32)
    return head.model.mean_mm + np.tensordot(coefficients, basis, axes=1)


def _expressed(head: EmbeddedHead, **amounts: float) -> np.ndarray:
    model = head.model
    vertices = model.mean_mm.copy()
    for name, amount in amounts.items():
        vertices += np.float32(amount) * model.expression_basis_mm[model.expression_names.index(name)]
    return vertices


def _vertices_of(head: EmbeddedHead, *parts: Part) -> np.ndarray:
    return np.unique(head.model.triangles[np.isin(head.model.parts, parts)])


def test_file_is_small():
    assert HEAD_FILE.stat().st_size < 12 * 2**20


def test_licence_lies_beside_the_data():
    text = (HEAD_FILE.parent / "LICENSE.txt").read_text(encoding="utf-8")
    assert "CC0 1.0" in text
    assert "MakeHuman" in text


def test_every_part_has_triangles_and_no_triangle_is_empty(head: EmbeddedHead):
    assert set(head.model.parts) == set(Part)
    corners = np.sort(head.model.triangles, axis=1)
    assert (corners[:, 0] < corners[:, 1]).all()
    assert (corners[:, 1] < corners[:, 2]).all()


def test_texture_coordinates_stay_inside(head: EmbeddedHead):
    assert head.model.uv.min() >= 0
    assert head.model.uv.max() <= 1


def test_occlusion_is_a_fraction_dark_in_the_mouth_and_bright_on_the_forehead(head: EmbeddedHead):
    sky = head.model.occlusion
    assert sky.min() >= 0
    assert sky.max() <= 1
    forehead = (head.model.mean_mm[:, 1] > 35) & (head.model.mean_mm[:, 2] > 0)
    assert np.median(sky[forehead]) > 0.9
    assert np.median(sky[_vertices_of(head, Part.MOUTH_INTERIOR)]) < 0.3


def test_welded_vertices_never_part(head: EmbeddedHead):
    model = head.model
    assert (model.weld <= np.arange(len(model.weld))).all()
    assert (model.weld[model.weld] == model.weld).all()
    assert (model.weld != np.arange(len(model.weld))).any()
    for field in (model.mean_mm[None], model.identity_basis_mm, model.expression_basis_mm):
        np.testing.assert_array_equal(field, field[:, model.weld])


def test_only_the_cut_and_the_open_sheets_have_borders(head: EmbeddedHead):
    model = head.model
    skin = model.weld[model.triangles[np.isin(model.parts, (Part.SKIN, Part.MOUTH_INTERIOR))]]
    edges = np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]])
    directed = {(int(a), int(b)) for a, b in edges}
    assert len(directed) == len(edges), "an edge is used twice in the same direction"
    border = {a for a, b in directed if (b, a) not in directed}
    heights = model.mean_mm[sorted(border), 1]
    sockets_and_throat = heights > -140
    assert (heights[~sockets_and_throat] < -145).all()
    assert (model.mean_mm[sorted(border), 2][sockets_and_throat] < 10).all()


def test_triangles_face_outwards(head: EmbeddedHead):
    model = head.model
    face = np.unique(model.landmarks)
    corners = model.mean_mm[model.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    for landmark in (8, 17, 26, 27, 28, 29, 30, 51, 57):
        around = (model.weld[model.triangles] == model.weld[model.landmarks[landmark]]).any(axis=1)
        assert normals[around].sum(axis=0)[2] > 0
    assert len(face) >= 60
    skull = (corners[:, :, 1].min(axis=1) > 20) & (model.parts == Part.SKIN)
    centre = np.array([0, 20, -60])
    outwards = (normals * (corners.mean(axis=1) - centre)).sum(axis=1)
    assert (outwards[skull] > 0).mean() > 0.97
    for eye in _EYES:
        own = model.parts == eye
        middle = model.mean_mm[_vertices_of(head, eye)].mean(axis=0) - [0, 0, 6]
        assert ((normals[own] * (corners[own].mean(axis=1) - middle)).sum(axis=1) > 0).all()


def test_landmarks_mirror_each_other(head: EmbeddedHead):
    points = head.model.mean_mm[head.model.landmarks]
    for right, left in _RIGHT_OF_LEFT.items():
        np.testing.assert_allclose(points[right] * [-1, 1, 1], points[left], atol=1.0)
    assert np.abs(points[list(_MIDLINE), 0]).max() < 1.0


def test_landmarks_are_on_the_right_sides(head: EmbeddedHead):
    points = head.model.mean_mm[head.model.landmarks]
    assert points[30, 2] == points[:, 2].max()
    assert points[0, 0] < points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0] < points[16, 0]
    for upper, lower in (
        (37, 41),
        (38, 40),
        (43, 47),
        (44, 46),
        (51, 57),
        (19, 37),
        (27, 30),
        (33, 51),
        (57, 8),
    ):
        assert points[upper, 1] > points[lower, 1]


def test_alignment_landmarks_agree_with_the_68(head: EmbeddedHead):
    rows, points = head.model.alignment_landmarks, head.model.landmarks
    np.testing.assert_array_equal(rows[0], points[36:42])
    np.testing.assert_array_equal(rows[1], points[42:48])
    np.testing.assert_array_equal(rows[2:], np.repeat(points[[30, 48, 54]][:, None], 6, axis=1))


def test_origin_is_midway_between_the_eyes(head: EmbeddedHead):
    irises = [head.model.mean_mm[_vertices_of(head, eye)].mean(axis=0) for eye in _EYES]
    middle = (irises[0] + irises[1]) / 2
    assert abs(middle[0]) < 0.5
    assert abs(middle[1]) < 0.5
    assert irises[0][0] > 0 > irises[1][0]
    assert 50 < irises[0][0] - irises[1][0] < 75


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_eyeballs_stay_round_and_behind_their_lids(seed: int):
    head = load_head()
    vertices = _random_person(head, seed).astype(np.float64)
    mean = head.model.mean_mm.astype(np.float64)
    for eye, lids in zip(_EYES, (range(42, 48), range(36, 42)), strict=True):
        ball = vertices[_vertices_of(head, eye)]
        design = np.concatenate([2 * ball, np.ones((len(ball), 1))], axis=1)
        solved = np.linalg.lstsq(design, (ball**2).sum(axis=1), rcond=None)[0]
        radii = np.linalg.norm(ball - solved[:3], axis=1)
        assert radii.max() - radii.min() < 0.1
        assert 13 < radii.mean() < 21
        rim = head.model.landmarks[list(lids)]
        assert (np.linalg.norm(vertices[rim] - solved[:3], axis=1) - radii.mean()).min() > -2.5
    assert np.isfinite(vertices).all()
    assert np.linalg.norm(vertices - mean, axis=1).max() < 150


def test_identity_directions_hardly_move_the_head_as_a_whole(head: EmbeddedHead):
    skull = (head.model.mean_mm[:, 1] > -45) & (np.abs(head.model.mean_mm[:, 0]) < 66)
    whole = [i for i, name in enumerate(head.model.identity_names) if name.startswith("shape")]
    fields = head.model.identity_basis_mm[whole][:, skull]
    shifts = fields.mean(axis=1)
    sizes = np.linalg.norm(fields, axis=2).mean(axis=1)
    assert (np.linalg.norm(shifts, axis=1) < 0.5 * sizes + 0.1).all()


def test_attributes_follow_the_identity(head: EmbeddedHead):
    offsets = dict(zip(head.attribute_names, head.attribute_offsets, strict=True))
    assert 0.2 < offsets["age"] < 0.5
    assert 0.4 < offsets["gender"] < 0.6
    assert offsets["african"] + offsets["asian"] + offsets["caucasian"] == pytest.approx(1, abs=1e-3)
    drawn = np.random.default_rng(5).standard_normal((4000, head.attribute_directions.shape[1]))
    values = head.attribute_offsets + drawn @ head.attribute_directions.T
    spread = dict(zip(head.attribute_names, values.std(axis=0), strict=True))
    assert all(0.1 < spread[name] < 0.6 for name in ("age", "gender", "african", "asian", "caucasian"))
    shares = [head.attribute_names.index(name) for name in ("african", "asian", "caucasian")]
    np.testing.assert_allclose(values[:, shares].sum(axis=1), 1, atol=0.02)


@pytest.mark.parametrize(("side", "first"), [("Right", 36), ("Left", 42)])
def test_blink_shuts_the_eye(head: EmbeddedHead, side: str, first: int):
    def opening(vertices: np.ndarray) -> float:
        lids = vertices[head.model.landmarks[first : first + 6], 1]
        return float(lids[[1, 2]].mean() - lids[[4, 5]].mean())

    at_rest = opening(head.model.mean_mm)
    assert 6 < at_rest < 14
    half, shut = (opening(_expressed(head, **{f"eyeBlink{side}": amount})) for amount in (0.5, 1.0))
    assert shut < 0.05 * at_rest < half < 0.6 * at_rest


def test_jaw_opens_downwards_and_takes_the_lower_teeth_along(head: EmbeddedHead):
    opened = _expressed(head, jawOpen=1.0)
    moved = opened - head.model.mean_mm
    assert moved[head.model.landmarks[8], 1] < -10
    assert moved[_vertices_of(head, Part.LOWER_TEETH), 1].max() < -5
    assert np.abs(moved[_vertices_of(head, Part.UPPER_TEETH)]).max() < 0.5
    assert np.abs(moved[head.model.landmarks[36:48]]).max() < 1.0


def test_gaze_turns_the_eyes_and_smiles_widen_the_mouth(head: EmbeddedHead):
    left = _vertices_of(head, Part.LEFT_EYE)
    front = left[head.model.mean_mm[left, 2].argmax()]
    for unit, axis, sign in (("OutLeft", 0, 1), ("InLeft", 0, -1), ("UpLeft", 1, 1), ("DownLeft", 1, -1)):
        shift = _expressed(head, **{f"eyeLook{unit}": 1.0})[front] - head.model.mean_mm[front]
        assert sign * shift[axis] > 3
    smile = _expressed(head, mouthSmileLeft=1.0, mouthSmileRight=1.0) - head.model.mean_mm
    corners = smile[head.model.landmarks[[48, 54]]]
    assert corners[0, 0] < -2
    assert corners[1, 0] > 2
    assert (corners[:, 1] > 2).all()


def test_masks_lie_where_they_should(head: EmbeddedHead):
    model = head.model

    def at(name: str, vertex: int) -> int:
        u, v = model.uv[vertex] * head.masks.shape[1]
        return int(head.mask(name)[int(v), int(u)])

    lips = head.position_map_mm[head.mask("lips") > 128]
    mouth = model.mean_mm[model.landmarks[48:60]]
    assert (lips.min(axis=0) > mouth.min(axis=0) - 6).all()
    assert (lips.max(axis=0) < mouth.max(axis=0) + 6).all()
    crown = int(model.mean_mm[:, 1].argmax())
    assert at("scalp", crown) > 200
    assert at("scalp", int(model.landmarks[30])) == 0
    brows = head.position_map_mm[head.mask("brows") > 128]
    for landmark in model.landmarks[17:27]:
        assert at("brow_area", int(landmark)) > 128
        assert np.linalg.norm(brows - model.mean_mm[landmark], axis=1).min() < 5
    assert at("nose", int(model.landmarks[30])) > 200
    assert at("beard", int(model.landmarks[8])) > 200
    for index in range(2):
        u, v = head.iris_uv[index] * head.masks.shape[1]
        assert head.mask("iris")[int(v), int(u)] > 240
        off = int(u + 1.5 * head.iris_uv_radius * head.masks.shape[1])
        assert head.mask("iris")[int(v), off] == 0
        assert head.mask("sclera")[int(v), off] == 255


def test_planes_run_along_brows_and_lids(head: EmbeddedHead):
    model = head.model

    def at(name: str, vertex: int) -> float:
        u, v = model.uv[vertex] * head.masks.shape[1]
        return float(head.mask(name)[int(v), int(u)]) / 255

    right_brow = [at("brow_along", int(v)) for v in model.landmarks[17:22]]
    assert right_brow == sorted(right_brow, reverse=True)
    assert all(abs(at("brow_up", int(v)) - 0.5) < 0.25 for v in model.landmarks[17:27])
    texels = head.mask("lid_above") > 128
    assert (head.mask("lid_up")[texels] >= 127).all()
    assert (
        head.position_map_mm[texels][:, 1].mean()
        > head.position_map_mm[head.mask("lid_below") > 128][:, 1].mean()
    )
    assert not (texels & (head.mask("lid_below") > 128)).any()


def test_eyes_vary_in_directions_of_their_own(head: EmbeddedHead):
    model = head.model
    names = [name for name in model.identity_names if name.startswith("eye_")]
    assert len(names) > 30
    rows = [model.identity_names.index(name) for name in names]
    moved = np.linalg.norm(model.identity_basis_mm[rows], axis=2)
    jaw = moved[:, model.landmarks[2:15]].max(axis=1)
    assert (jaw < 0.6 * moved.max(axis=1)).all(), "an eye direction moves the jaw"
    assert np.abs(head.attribute_directions[:, rows]).max() == 0


def _local(head: EmbeddedHead) -> np.ndarray:
    rows = [i for i, name in enumerate(head.model.identity_names) if name.startswith("local")]
    return head.model.identity_basis_mm[rows]


def test_local_directions_bend_the_face_and_nothing_else(head: EmbeddedHead):
    model, local = head.model, _local(head)
    assert len(local) > 100
    moved = np.linalg.norm(local, axis=2)
    assert (moved.max(axis=1) > 0.02).all(), "a direction that does nothing"
    assert np.sqrt((moved[:, model.landmarks[27:36]] ** 2).sum(axis=0)).min() > 1, (
        "the nose as a whole varies"
    )
    neck_and_back = (model.mean_mm[:, 1] < -140) | (model.mean_mm[:, 2] < -75)
    assert neck_and_back.sum() > 500
    assert moved[:, neck_and_back].max() < 0.03


def test_local_directions_leave_the_teeth_in_shape(head: EmbeddedHead):
    """A row of teeth goes with the lips around it as a whole, and may get wider, but neither longer nor bent."""
    for part in (Part.UPPER_TEETH, Part.LOWER_TEETH):
        row = _vertices_of(head, part)
        places, moved = head.model.mean_mm[row].astype(np.float64), _local(head)[:, row].astype(np.float64)
        assert np.ptp(moved[:, :, 1], axis=1).max() < 0.01
        for axis in (0, 2):
            design = np.stack([np.ones(len(row)), places[:, axis]], axis=1)
            rest = moved[:, :, axis].T - design @ np.linalg.lstsq(design, moved[:, :, axis].T, rcond=None)[0]
            assert np.abs(rest).max() < 0.01


def test_local_directions_are_the_same_on_both_sides(head: EmbeddedHead):
    """Mirrored in x every direction is itself: y and z are even, x is odd."""
    mean, local = head.model.mean_mm, _local(head)
    mirrored = np.float32([-1, 1, 1])
    gap, partner = cKDTree(mean).query(mean * mirrored)
    pairs = gap < 0.5
    assert pairs.mean() > 0.95
    difference = np.abs(local[:, partner] * mirrored - local).max(axis=(0, 2))[pairs]
    # The eyes are seated side by side, each on its own lids.
    eyes = [_vertices_of(head, eye) for eye in _EYES]
    centres = np.stack([mean[eye].mean(axis=0) for eye in eyes])
    near_an_eye = np.linalg.norm(mean[pairs, None] - centres, axis=2).min(axis=1) < 30
    assert difference[~near_an_eye].max() < 0.02
    assert difference[near_an_eye].max() < 0.2
    assert np.abs(local).max() > 1


def test_position_map_agrees_with_the_vertices(head: EmbeddedHead):
    size = head.position_map_mm.shape[0]
    at = (head.model.uv * size).astype(int).clip(0, size - 1)
    apart = np.linalg.norm(head.position_map_mm[at[:, 1], at[:, 0]] - head.model.mean_mm, axis=1)
    assert np.median(apart) < 1.0
    assert np.quantile(apart, 0.97) < 6.0


def test_unknown_mask_is_refused(head: EmbeddedHead):
    with pytest.raises(FacewrightError, match="'tail', expected one of all"):
        head.mask("tail")


def test_zones_are_those_of_skin_and_alike_on_both_sides(head: EmbeddedHead):
    changed = head.zones.any(axis=2)
    for name in ("sclera", "iris", "teeth", "mouth", "tongue", "ears"):
        assert not changed[head.mask(name) > 250].any()
    texels = np.flatnonzero(changed)
    places = head.position_map_mm.reshape(-1, 3)[texels]
    gap, partner = cKDTree(places).query(places * [-1, 1, 1])
    zones = head.zones.reshape(-1, 3)[texels].astype(int)
    near = gap < 0.3
    assert near.mean() > 0.4
    difference = np.abs(zones - zones[partner])[near].max(axis=1)
    assert np.quantile(difference, 0.95) <= 8 < np.abs(zones).max()


def _write(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def _nan(array: np.ndarray) -> np.ndarray:
    out = array.copy()
    out.flat[3] = np.nan
    return out


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("mean_mm", _nan, "mean_mm: found NaN"),
        ("uv", lambda a: a[:-1], "uv: found float32"),
        ("triangles", lambda a: a + 10**6, "triangles: found indices"),
        ("landmarks", lambda a: a - 10**6, "landmarks: found indices"),
        ("parts", lambda a: a.astype(np.float32), "parts: found float32"),
        ("masks", lambda a: a[0], "masks: found uint8"),
        ("weld", None, "found no weld"),
    ],
)
def test_damaged_arrays_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], name: str, change, says: str
):
    changed = dict(arrays)
    if change is None:
        del changed[name]
    else:
        changed[name] = change(changed[name])
    with pytest.raises(FacewrightError) as caught:
        read_head(_write(tmp_path / "head.npz", changed))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "flipped"])
def test_damaged_files_are_refused(tmp_path: Path, damage: str):
    whole = HEAD_FILE.read_bytes()
    with zipfile.ZipFile(HEAD_FILE) as archive:
        middle = archive.getinfo("identity_basis_mm.npy").header_offset + 5000
    content = {
        "cut": whole[: len(whole) // 2],
        "noise": b"not a head" * 100,
        "empty": b"",
        "flipped": whole[:middle]
        + bytes(255 - b for b in whole[middle : middle + 64])
        + whole[middle + 64 :],
    }[damage]
    path = tmp_path / "head.npz"
    path.write_bytes(content)
    with pytest.raises(FacewrightError, match="expected a head npz") as caught:
        read_head(path)
    assert "\n" not in str(caught.value)


def test_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(FacewrightError, match="found no such file"):
        read_head(tmp_path / "none.npz")
