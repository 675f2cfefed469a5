"""Basel Face Models: what is read is what the formula says, in every layout; what is damaged is refused in one line."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright.errors import FacewrightError
from facewright.models import MorphableModel, Part
from facewright.models.bfm import read_bfm2009, read_statismo
from tests.models import made_models as made


def instance(model: MorphableModel, identity: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """The formula of MorphableModel, in float64."""
    mean = model.mean_mm.astype(np.float64)
    return (
        mean
        + np.tensordot(identity, model.identity_basis_mm, 1)
        + np.tensordot(expression, model.expression_basis_mm, 1)
    )


def told(statismo: made.Statismo, identity: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """mean_s + B_s (a sqrt(v_s)) + mean_e + B_e (d sqrt(v_e)), in the file's frame."""
    return statismo.shape.instance(identity) + statismo.expression.instance(expression)


def assert_same_but_for_shift(found: np.ndarray, wanted: np.ndarray, atol: float = 2e-3) -> None:
    shift = (found - wanted).mean(axis=0)
    np.testing.assert_allclose(found - shift, wanted, atol=atol)


_LAYOUTS = {
    "2017": {"version": (0, 9)},
    "2019": {"version": (1, 0)},
    "0.8": {"version": (0, 8)},
    "no version, old representer, text": {"version": None, "old_representer": True, "landmarks": "text"},
    "colours to 255": {"colour_scale": 255.0},
}


@pytest.fixture(scope="module", params=_LAYOUTS)
def statismo(request, tmp_path_factory) -> tuple[made.Statismo, MorphableModel]:
    path = tmp_path_factory.mktemp("bfm") / "model.h5"
    written = made.write_statismo(path, **_LAYOUTS[request.param])
    return written, read_statismo(path, "bfm2017")


def test_instances_follow_the_formula(statismo):
    written, model = statismo
    count = len(made.face_and_eyes().mean)
    rng = np.random.default_rng(3)
    for _ in range(3):
        identity = rng.standard_normal(made.MODES)
        expression = rng.standard_normal(len(made.EXPRESSIONS))
        found = instance(model, identity, expression)[:count]
        assert_same_but_for_shift(found, told(written, identity, expression))


def test_colours_follow_the_formula(statismo):
    written, model = statismo
    albedo = model.albedo
    assert albedo is not None
    assert albedo.texture_px is None
    coefficients = np.array([1.3, -0.7])
    count = len(made.face_and_eyes().mean)
    found = (albedo.mean + np.tensordot(coefficients, albedo.basis, 1))[:count]
    np.testing.assert_allclose(found, written.colour.instance(coefficients), atol=1e-4)


def test_named_landmarks_are_met_and_the_others_are_near(statismo):
    written, model = statismo
    found, wanted = model.mean_mm[model.landmarks], model.mean_mm[written.landmarks]
    apart = np.linalg.norm(found - wanted, axis=1)
    named = [points[0] for points in made.BFM_POINTS.values() if len(points) == 1]
    assert apart[named].max() < 1e-3
    assert np.median(apart) < 1.0
    assert apart.max() < 12.0


def test_head_frame(statismo):
    _, model = statismo
    lids = model.mean_mm[model.landmarks[36:48]]
    assert abs(lids[:, 0].mean()) < 1.0
    assert abs(lids[:, 1].mean()) < 3.0
    assert 9 < lids[:, 2].mean() < 17
    assert model.gaussian_expressions == len(model.expression_names) == len(made.EXPRESSIONS)
    np.testing.assert_array_equal(model.alignment_landmarks[0], model.landmarks[36:42])
    np.testing.assert_array_equal(model.alignment_landmarks[4], np.repeat(model.landmarks[54], 6))


def test_mouth_gets_a_bag_that_moves_with_the_lips(statismo):
    _, model = statismo
    bag = np.unique(model.triangles[model.parts == Part.MOUTH_INTERIOR])
    assert len(bag) > 20
    assert model.occlusion[bag].min() < 0.1
    lips = model.mean_mm[model.landmarks[60:68]]
    assert np.linalg.norm(model.mean_mm[bag].mean(axis=0) - lips.mean(axis=0)) < 20
    assert np.abs(model.expression_basis_mm[:, bag]).max() > 0.5


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_normalisation_makes_old_and_new_versions_the_same(tmp_path_factory, seed: int):
    folder = tmp_path_factory.mktemp("versions")
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.1, 50, made.MODES)
    written = made.write_statismo(folder / "a.h5", version=(0, 9))
    made.write_statismo(folder / "b.h5", version=None)
    with h5py.File(folder / "b.h5", "r+") as file:
        file["shape/model/pcaBasis"][...] = written.shape.basis * lengths
    new, old = (read_statismo(folder / name, "x") for name in ("a.h5", "b.h5"))
    np.testing.assert_allclose(old.identity_basis_mm, new.identity_basis_mm, atol=1e-4)


def test_empty_direction_of_an_old_file_stays_empty(tmp_path: Path):
    made.write_statismo(tmp_path / "a.h5", version=None)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["shape/model/pcaBasis"][:, 2] = 0
    model = read_statismo(tmp_path / "a.h5", "x")
    assert not model.identity_basis_mm[2].any()
    assert np.isfinite(model.identity_basis_mm).all()


def _set(name: str, change):
    def apply(file: h5py.File) -> None:
        value = change(file[name][()])
        del file[name]
        file[name] = value

    return apply


def _drop(name: str):
    def apply(file: h5py.File) -> None:
        del file[name]

    return apply


_DAMAGES = {
    "no basis": (_drop("shape/model/pcaBasis"), "found no shape/model/pcaBasis"),
    "no expressions": (_drop("expression"), "found no expression/model/mean"),
    "no triangles": (_drop("shape/representer/cells"), "found no shape/representer/cells"),
    "no landmarks": (_drop("metadata"), "found no metadata/landmarks"),
    "nan": (
        _set("shape/model/mean", lambda a: np.where(np.arange(len(a)) == 7, np.nan, a)),
        "mean: found NaN",
    ),
    "infinite variance": (_set("color/model/pcaVariance", lambda a: a / 0), "pcaVariance: found NaN or inf"),
    "negative variance": (_set("shape/model/pcaVariance", lambda a: -a), "pcaVariance: found -"),
    "short basis": (_set("shape/model/pcaBasis", lambda a: a[:-3]), "pcaBasis: found float32 ("),
    "modes differ": (_set("shape/model/pcaVariance", lambda a: a[:-1]), "pcaBasis: found float32 ("),
    "not a vertex": (_set("shape/model/mean", lambda a: a[:-1]), "expected three for each vertex"),
    "other size": (_set("color/model/mean", lambda a: a[:-3]), "pcaBasis: found float32 ("),
    "scaled basis": (_set("shape/model/pcaBasis", lambda a: 3 * a), "found a column of length 3"),
    "index": (_set("shape/representer/cells", lambda a: a + 10), "cells: found vertices 10 .."),
    "negative index": (_set("shape/representer/cells", lambda a: a - 1), "cells: found vertices -1 .."),
    "text": (_set("shape/model/mean", lambda a: "mean"), "shape/model/mean: found |S4 (1,)"),
    "metres": (_set("shape/model/mean", lambda a: a / 1000), "mm apart, expected 60 .. 130"),
    "json": (_set("metadata/landmarks/json", lambda a: "{}{"), "expected a list of ids with coordinates"),
    "two landmarks": (
        _set("metadata/landmarks/json", lambda a: '[{"id": "center.nose.tip", "coordinates": [0, 0, 0]}]'),
        "found 1 known points, expected at least 9",
    ),
}


@pytest.mark.parametrize("damage", _DAMAGES)
def test_damaged_statismo_files_are_refused(tmp_path: Path, damage: str):
    change, says = _DAMAGES[damage]
    made.write_statismo(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file, np.errstate(divide="ignore"):
        change(file)
    with pytest.raises(FacewrightError) as caught:
        read_statismo(tmp_path / "model.h5", "bfm2017")
    assert says in str(caught.value)
    assert str(tmp_path / "model.h5") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_upside_down_model_is_refused(tmp_path: Path):
    made.write_statismo(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        turned = (file["shape/model/mean"][()].reshape(-1, 3) * [-1, -1, 1]).ravel()
        file["shape/model/mean"][...] = turned
        text = file["metadata/landmarks/json"][0].decode()
        entries = json.loads(text)
        for entry in entries:
            entry["coordinates"] = [
                -entry["coordinates"][0],
                -entry["coordinates"][1],
                entry["coordinates"][2],
            ]
        file["metadata/landmarks/json"][0] = json.dumps(entries).encode()
    with pytest.raises(FacewrightError, match="found them out of order"):
        read_statismo(tmp_path / "model.h5", "bfm2017")


@pytest.mark.parametrize("content", [b"", b"not a model" * 99, None])
def test_other_files_are_refused(tmp_path: Path, content: bytes | None):
    path = tmp_path / "model.h5"
    if content is None:
        made.write_statismo(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.write_bytes(content)
    for read in (lambda: read_statismo(path, "bfm2017"), lambda: read_bfm2009(path)):
        with pytest.raises(FacewrightError, match="found an unreadable file") as caught:
            read()
        assert "\n" not in str(caught.value)


def test_missing_files_are_refused(tmp_path: Path):
    with pytest.raises(FacewrightError, match="found no such file"):
        read_statismo(tmp_path / "none.h5", "bfm2017")
    with pytest.raises(FacewrightError, match="found no such file"):
        read_bfm2009(tmp_path / "none.mat")


@pytest.fixture(scope="module")
def bfm2009(tmp_path_factory) -> tuple[Path, made.Pca, np.ndarray]:
    path = tmp_path_factory.mktemp("bfm2009") / "01_MorphableModel.mat"
    shape, originals = made.write_bfm2009(path)
    return path, shape, originals


def test_bfm2009_in_millimetres(bfm2009):
    path, shape, _ = bfm2009
    model = read_bfm2009(path)
    identity = np.array([0.5, -1.0, 2.0, 0.0, 1.0])
    found = instance(model, identity, np.zeros(0))[:53490]
    assert_same_but_for_shift(found, shape.instance(identity) / 1000)
    assert model.expression_basis_mm.shape[0] == 0
    assert model.albedo is not None
    assert 0 < model.albedo.mean.min() < model.albedo.mean.max() <= 1


def test_bfm2009_winding_is_turned_round(bfm2009):
    model = read_bfm2009(bfm2009[0])
    corners = model.mean_mm[model.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    around = (model.triangles == model.landmarks[30]).any(axis=1)
    assert normals[around].sum(axis=0)[2] > 0


def test_bfm2009_takes_a_list_of_landmarks(bfm2009, tmp_path: Path):
    path, _, originals = bfm2009
    place = {int(o): i for i, o in reversed(list(enumerate(originals)))}
    wanted = [place[int(v)] for v in made.face_and_eyes().landmarks]
    (tmp_path / "list.txt").write_text(", ".join(map(str, wanted)))
    np.testing.assert_array_equal(read_bfm2009(path, tmp_path / "list.txt").landmarks, wanted)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tl": None}, "found no tl"),
        ({"tl": np.zeros((9, 3))}, "tl: found vertices -1 .. -1"),
        ({"tl": np.full((9, 3), 1.5)}, "expected 0 .. 53489"),
        ({"shapeEV": np.array([[1.0], [np.nan]])}, "shapeEV: found NaN"),
        (
            {"texPC": np.zeros((3, 1), np.float32)},
            "texPC: found float32 (3, 1), expected numbers (160470, 2)",
        ),
        (
            {"shapeMU": np.zeros((300, 1)), "shapePC": np.eye(300)[:, :5]},
            "texMU: found 53490 vertices, expected 100",
        ),
    ],
)
def test_damaged_bfm2009_is_refused(tmp_path: Path, changes: dict, says: str):
    made.write_bfm2009(tmp_path / "m.mat", **changes)
    with pytest.raises(FacewrightError) as caught:
        read_bfm2009(tmp_path / "m.mat")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
