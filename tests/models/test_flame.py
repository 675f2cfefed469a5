"""FLAME: identity, expressions, jaw and eyes against a skinning written out here; colours; damage."""

from pathlib import Path

import numpy as np
import pytest

from facewright.errors import FacewrightError
from facewright.models import MorphableModel, Part
from facewright.models.flame import read_flame
from facewright.models.landmarks import FLAME_LANDMARKS
from tests.models import made_models as made

_COUNT = 5023


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, dict]:
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    return path, made.write_flame(path)


@pytest.fixture(scope="module")
def model(written) -> MorphableModel:
    return read_flame(written[0])


def _skinned(fields: dict, joint: int, axis: int, degrees: float) -> np.ndarray:
    """Linear blend skinning of the template with one joint turned (Loper et al. 2015; Li et al. 2017), metres."""
    rotations = np.stack([np.eye(3)] * 5)
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    rotations[joint] = [[[1, 0, 0], [0, c, -s], [0, s, c]], [[c, 0, s], [0, 1, 0], [-s, 0, c]]][axis]
    posed = fields["v_template"] + fields["posedirs"] @ (rotations[1:] - np.eye(3)).ravel()
    joints = fields["J_regressor"] @ fields["v_template"]
    parents = [-1, 0, 1, 1, 1]
    turned = []
    for j, parent in enumerate(parents):
        own = np.eye(4)
        own[:3, :3] = rotations[j]
        own[:3, 3] = joints[j] - rotations[j] @ joints[j]
        turned.append(own if parent < 0 else turned[parent] @ own)
    blended = np.einsum("vj,jab->vab", fields["weights"], np.stack(turned))
    return np.einsum("vab,vb->va", blended[:, :3, :3], posed) + blended[:, :3, 3]


def test_layout(model: MorphableModel):
    assert len(model.identity_basis_mm) == 300
    assert model.gaussian_expressions == 100
    assert model.expression_names[100:] == (
        "jawOpen", "eyeLookDownLeft", "eyeLookUpLeft", "eyeLookOutLeft", "eyeLookInLeft",
        "eyeLookDownRight", "eyeLookUpRight", "eyeLookInRight", "eyeLookOutRight",
    )  # fmt: skip
    np.testing.assert_array_equal(model.landmarks, FLAME_LANDMARKS)


def test_directions_in_millimetres(written, model: MorphableModel):
    fields = written[1]
    wanted = 1000 * fields["shapedirs"].transpose(2, 0, 1)
    np.testing.assert_allclose(model.identity_basis_mm[:, :_COUNT], wanted[:300], atol=1e-4)
    np.testing.assert_allclose(model.expression_basis_mm[:100, :_COUNT], wanted[300:], atol=1e-4)
    shift = 1000 * fields["v_template"] - model.mean_mm[:_COUNT]
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-3)


@pytest.mark.parametrize(
    ("unit", "joint", "axis", "degrees"),
    [
        ("jawOpen", 2, 0, 25),
        ("eyeLookDownLeft", 3, 0, 25),
        ("eyeLookUpRight", 4, 0, -25),
        ("eyeLookOutLeft", 3, 1, 25),
        ("eyeLookOutRight", 4, 1, -25),
    ],
)
def test_turns_are_exact_at_25_degrees_and_close_between(
    written, model: MorphableModel, unit, joint, axis, degrees
):
    fields = written[1]
    direction = model.expression_basis_mm[model.expression_names.index(unit), :_COUNT]
    for share, tolerance in ((1.0, 1e-3), (0.5, 2.8)):
        moved = 1000 * (_skinned(fields, joint, axis, share * degrees) - fields["v_template"])
        assert np.abs(share * direction - moved).max() < tolerance
    assert np.abs(direction).max() > 3


def test_jaw_opens_and_eyes_turn_the_way_they_are_called(model: MorphableModel):
    def moves(unit: str, vertices: np.ndarray) -> np.ndarray:
        return model.expression_basis_mm[model.expression_names.index(unit)][vertices].mean(axis=0)

    assert moves("jawOpen", model.landmarks[[8]])[1] < -5
    for part, side, outwards in ((Part.LEFT_EYE, "Left", 1), (Part.RIGHT_EYE, "Right", -1)):
        ball = np.unique(model.triangles[model.parts == part])
        front = ball[model.mean_mm[ball, 2].argsort()[-5:]]
        assert outwards * moves(f"eyeLookOut{side}", front)[0] > 2
        assert outwards * moves(f"eyeLookIn{side}", front)[0] < -2
        assert moves(f"eyeLookUp{side}", front)[1] > 2
        assert moves(f"eyeLookDown{side}", front)[1] < -2


def test_origin_is_midway_between_the_eyeballs(model: MorphableModel):
    centres = []
    for part, sign in ((Part.LEFT_EYE, 1), (Part.RIGHT_EYE, -1)):
        ball = model.mean_mm[np.unique(model.triangles[model.parts == part])]
        centres.append((ball.min(axis=0) + ball.max(axis=0)) / 2)
        assert sign * centres[-1][0] > 20
    np.testing.assert_allclose((centres[0] + centres[1]) / 2, 0, atol=1e-3)


def test_no_jaw_no_unit(tmp_path: Path):
    fields, _ = made.flame_fields()
    weights = fields["weights"].copy()
    weights[:, 1] += weights[:, 2]
    weights[:, 2] = 0
    made.write_flame(tmp_path / "m.pkl", weights=weights)
    assert "jawOpen" not in read_flame(tmp_path / "m.pkl").expression_names


def test_colours_split_the_seam_and_weld_it_again(written, tmp_path: Path):
    stored = made.write_flame_colours(tmp_path / "texture.npz")
    plain, model = read_flame(written[0]), read_flame(written[0], (tmp_path / "texture.npz",))
    assert model.albedo is not None
    assert model.albedo.texture_px == 64
    assert (model.weld != np.arange(len(model.weld))).sum() > 50
    np.testing.assert_allclose(model.mean_mm[model.landmarks], plain.mean_mm[plain.landmarks], atol=1e-5)
    np.testing.assert_allclose(
        model.mean_mm[model.triangles][:1000], plain.mean_mm[plain.triangles][:1000], atol=1e-5
    )
    uv = stored["vt"][stored["ft"]] * [1, -1] + [0, 1]
    np.testing.assert_allclose(model.uv[model.triangles[: len(uv)]], uv, atol=1e-6)
    rgb = stored["mean"][:, :, ::-1] / 255
    np.testing.assert_allclose(model.albedo.mean, rgb.reshape(-1, 3), atol=1e-6)
    basis = stored["tex_dir"][:, :, ::-1].transpose(3, 0, 1, 2) / 255
    np.testing.assert_allclose(model.albedo.basis, basis.reshape(2, -1, 3), atol=1e-6)


def test_flat_colours_with_coordinates_in_a_second_file(written, tmp_path: Path):
    """As FLAME_albedo_from_BFM.npz: flat, blue first, 0 .. 1, without vt and ft; large textures are halved."""
    stored = made.write_flame_colours(tmp_path / "uv.npz", mean=None, tex_dir=None)
    assert set(stored) == {"vt", "ft"}
    square = np.broadcast_to([0.3, 0.4, 0.6], (512, 512, 3))
    np.savez(tmp_path / "a.npz", MU=square.ravel(), PC=np.tile(0.01, (square.size, 3)))
    albedo = read_flame(written[0], (tmp_path / "a.npz", tmp_path / "uv.npz")).albedo
    assert albedo is not None
    assert albedo.texture_px == 256
    np.testing.assert_allclose(albedo.mean, np.tile([0.6, 0.4, 0.3], (256 * 256, 1)), atol=1e-6)
    assert albedo.basis.shape == (3, 256 * 256, 3)
    assert not albedo.linear


@pytest.mark.parametrize("content", [b"", b"no npz" * 50, b"\x93NUMPY\x01\x00"])
def test_other_colour_files_are_refused(written, tmp_path: Path, content: bytes):
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(FacewrightError, match="expected FLAME's colours") as caught:
        read_flame(written[0], (tmp_path / "t.npz",))
    assert "\n" not in str(caught.value)
    with pytest.raises(FacewrightError, match="found no such file"):
        read_flame(written[0], (tmp_path / "none.npz",))


def test_specular_maps_mean_linear_light(written, tmp_path: Path):
    made.write_flame_colours(tmp_path / "a.npz", specMU=np.zeros(3))
    albedo = read_flame(written[0], (tmp_path / "a.npz",)).albedo
    assert albedo is not None
    assert albedo.linear


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shapedirs": None}, "found no shapedirs"),
        (
            {"shapedirs": np.zeros((_COUNT, 3, 300))},
            "shapedirs: found 300 directions, expected 300 of identity",
        ),
        ({"shapedirs": np.full((_COUNT, 3, 310), np.nan)}, "shapedirs: found NaN"),
        ({"weights": np.zeros((_COUNT, 4))}, "weights: found float64 (5023, 4), expected numbers (5023, 5)"),
        ({"posedirs": np.zeros((_COUNT, 3, 30))}, "posedirs: found float64 (5023, 3, 30)"),
        ({"J_regressor": np.zeros((5, 9))}, "J_regressor: found float64 (5, 9)"),
        ({"f": np.full((9, 3), _COUNT, np.uint32)}, "f: found vertices 5023 .. 5023, expected 0 .. 5022"),
        ({"v_template": np.zeros((_COUNT, 3))}, "landmarks: found outer eye corners 0 mm apart"),
        ({"v_template": "none"}, "v_template: found <U4 ()"),
    ],
)
def test_damaged_models_are_refused(tmp_path: Path, changes: dict, says: str):
    made.write_flame(tmp_path / "m.pkl", **changes)
    with pytest.raises(FacewrightError) as caught:
        read_flame(tmp_path / "m.pkl")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_topology_needs_landmarks(written, tmp_path: Path):
    fields = written[1]
    smaller = {name: fields[name][:-1] for name in ("v_template", "shapedirs", "posedirs", "weights")}
    used = fields["f"][(fields["f"] < _COUNT - 1).all(axis=1)]
    made.write_flame(tmp_path / "m.pkl", **smaller, f=used, J_regressor=fields["J_regressor"][:, :-1])
    with pytest.raises(FacewrightError, match="found 5022 vertices, expected 5023 or a list of 68"):
        read_flame(tmp_path / "m.pkl")
    (tmp_path / "l.txt").write_text(" ".join(map(str, FLAME_LANDMARKS)))
    model = read_flame(tmp_path / "m.pkl", landmark_list=tmp_path / "l.txt")
    np.testing.assert_array_equal(model.landmarks, FLAME_LANDMARKS)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mean": None}, "found no MU or mean"),
        ({"vt": None}, "found no vt"),
        ({"mean": np.zeros((64, 63, 3))}, "expected a square of three"),
        ({"tex_dir": np.zeros((60, 64, 3, 2))}, "tex_dir: found"),
        ({"ft": np.zeros((5, 3), int)}, "ft: found int64 (5, 3), expected numbers ("),
        ({"vt": np.full((10100, 2), 3.0)}, "vt: found 3 .. 3, expected 0 .. 1"),
        ({"vt": np.full((9, 2), 0.5)}, "ft: found vertices 0 .."),
        ({"mean": np.array([{}])}, "found an unreadable file"),
    ],
)
def test_damaged_colours_are_refused(written, tmp_path: Path, changes: dict, says: str):
    made.write_flame_colours(tmp_path / "t.npz", **changes)
    with pytest.raises(FacewrightError) as caught:
        read_flame(written[0], (tmp_path / "t.npz",))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
