"""ICT-FaceKit: a folder of OBJ files becomes one model, its layers left out, its names ARKit's."""

import json
from pathlib import Path

import numpy as np
import pytest

from facewright.errors import FacewrightError
from facewright.models import MorphableModel, Part
from facewright.models.ict import ict_files, read_ict
from tests.models import made_models as made


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("ict") / "FaceXModel"
    made.write_ict(path)
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> MorphableModel:
    return read_ict(folder)


def test_what_is_drawn_is_the_source(model: MorphableModel):
    source = made.ict_source()
    shift = (model.mean_mm[model.triangles] - source.mean[source.triangles]).reshape(-1, 3)
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-3)
    own = made.part_of_vertices(source)[source.triangles].max(axis=1)  # a rim belongs to the face
    np.testing.assert_array_equal(model.parts, own)
    assert (own == source.parts).mean() > 0.99
    np.testing.assert_allclose(
        model.mean_mm[model.landmarks] - shift[0], source.mean[source.landmarks], atol=1e-3
    )


def test_directions_are_meshes_less_the_neutral_one(model: MorphableModel):
    source = made.ict_source()
    assert model.expression_names == ("jawOpen", "mouthSmileLeft", "browInnerUpLeft")
    assert model.gaussian_expressions == 0
    for basis, wanted in (
        (model.identity_basis_mm, source.identity[:3]),
        (model.expression_basis_mm, source.expression),
    ):
        np.testing.assert_allclose(basis[:, model.triangles], wanted[:, source.triangles], atol=1e-3)


def test_parts_and_no_second_mouth(model: MorphableModel):
    assert set(model.parts.tolist()) == set(map(int, Part)) - {Part.LASHES}
    assert len(model.mean_mm) < 26719
    left = model.mean_mm[np.unique(model.triangles[model.parts == Part.LEFT_EYE])]
    assert left[:, 0].min() > 0


def test_landmarks_of_the_readme_without_an_index(folder: Path, tmp_path: Path):
    for path in folder.iterdir():
        if path.name != "vertex_indices.json":
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(FacewrightError, match="landmarks: found"):  # this mesh has its landmarks elsewhere
        read_ict(tmp_path)
    assert [path.name for path in ict_files(tmp_path)][-3:] == sorted(f"{n}.obj" for n in made.ICT_NAMES)


def _copied(folder: Path, target: Path, **replaced: str | None) -> Path:
    target.mkdir()
    for path in folder.iterdir():
        if path.stem not in replaced:
            (target / path.name).symlink_to(path)
        elif replaced[path.stem] is not None:
            (target / path.name).write_text(str(replaced[path.stem]))
    return target


@pytest.mark.parametrize(
    ("stem", "text", "says"),
    [
        ("generic_neutral_mesh", None, "found no generic_neutral_mesh.obj"),
        ("generic_neutral_mesh", "v 1 2 3\nf 1 1 1\n", "found 1 vertices, expected 26719"),
        ("generic_neutral_mesh", "v 1 2\n", "found lines that are not three numbers"),
        ("generic_neutral_mesh", "", "found no vertices"),
        ("generic_neutral_mesh", "v 0 0 0\n" * 26719, "found no faces"),
        ("generic_neutral_mesh", "v 0 0 0\n" * 26719 + "f 1 2 26720\n", "expected 1 .. 26719"),
        ("generic_neutral_mesh", "v 0 0 0\n" * 26719 + "f a b c\n", "that is not vertex numbers"),
        ("identity001", None, "found identity002.obj next, expected identity001.obj"),
        ("identity001", "v 1 2 three\n", "found lines that are not three numbers"),
        ("identity001", "v 0 0 0\nv 0 0 nan\n", "found NaN"),
        ("identity002", "v 0 0 0\n", "found 1 vertices, expected 26719"),
        ("jawOpen", None, "jawOpen.obj: found no such file"),
        ("vertex_indices", "{", "expected JSON"),
        ("vertex_indices", "[]", "expected an object of lists"),
        ("vertex_indices", json.dumps({"expressions": ["../secret"]}), "expected a list of names"),
        ("vertex_indices", json.dumps({"idx_to_landmark_verts": [1, 2]}), "expected 68 vertices below 26719"),
        ("vertex_indices", json.dumps({"idx_to_landmark_verts": [26719] * 68}), "expected 68 vertices"),
        ("vertex_indices", json.dumps({"idx_to_landmark_verts": 5}), "expected 68 vertices"),
    ],
)
def test_damaged_folders_are_refused(folder: Path, tmp_path: Path, stem: str, text: str | None, says: str):
    target = _copied(folder, tmp_path / "FaceXModel", **{stem: text})
    with pytest.raises(FacewrightError) as caught:
        read_ict(target)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_places_are_refused(tmp_path: Path):
    with pytest.raises(FacewrightError, match="found no such folder"):
        read_ict(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(FacewrightError, match="found a file"):
        read_ict(tmp_path / "file")
    (tmp_path / "generic_neutral_mesh.obj").write_text("")
    with pytest.raises(FacewrightError, match=r"found no identity000\.obj"):
        read_ict(tmp_path)
