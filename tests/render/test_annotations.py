"""Annotations against geometry: depth and normals of the mesh, correspondence, landmarks by ray casting, cameras."""

import dataclasses

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.geometry import ARCFACE_112, Crop
from facewright.models.embedded import load_head
from facewright.models.morphable import MorphableModel
from facewright.people.person import Person
from facewright.render import Annotations, Region, draw_heads
from facewright.render.figure import buffer_picture, draw_figure, save_arrays
from facewright.scenes.scene import Scenes
from tests.oracles import rasterizer as oracle
from tests.render.conftest import pane, plain_scenes, synthetic_model, synthetic_person

SMALL = Crop("small", 60, ARCFACE_112.points_px * (60 / 112))


def annotate(person: Person, scenes: Scenes, worn: tuple = (), crop: Crop = SMALL) -> Annotations:
    background = np.zeros((len(scenes), crop.size_px, crop.size_px, 3), np.uint8)
    found = draw_heads(person, scenes, crop, background, worn, annotate=True).annotations
    assert found is not None
    return found


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return plain_scenes(
        4,
        yaw_deg=[0, 35, -60, 20],
        pitch_deg=[5, -12, 10, 0],
        roll_deg=[0, 10, -20, 5],
        distance_mm=[900, 500, 1500, 800],
        expression=np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]]),
        jitter_deg=[0, 3, -4, 2],
        jitter_scale=[1, 0.8, 1, 1.1],
        orthographic=[False, False, False, True],
    )


@pytest.fixture(scope="module")
def posed() -> Person:
    return synthetic_person(synthetic_model(40, 64), 64)


@pytest.fixture(scope="module")
def found(posed: Person, scenes: Scenes) -> Annotations:
    return annotate(posed, scenes)


def camera_points(posed: Person, scenes: Scenes, found: Annotations, i: int) -> np.ndarray:
    pose = found.T_camera_head[i]
    return oracle.express(posed, scenes, i).astype(np.float64) @ pose[:3, :3].T + pose[:3, 3]


def unproject(found: Annotations, scenes: Scenes, i: int) -> np.ndarray:
    """(H, W, 3) camera-frame points of the pixels' middles at their depths."""
    size = found.depth.shape[1]
    y, x = np.mgrid[:size, :size] + 0.5
    rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(found.K_image_camera[i]).T
    depth = found.depth[i].astype(np.float64)
    reach = np.full_like(depth, scenes.distance_mm[i]) if found.orthographic[i] else depth
    return np.stack([rays[..., 0] * reach, -rays[..., 1] * reach, -depth], axis=-1)


def test_depth_lies_on_the_mesh_within_a_twentieth_of_a_millimetre(
    posed: Person, scenes: Scenes, found: Annotations
) -> None:
    for i in range(len(scenes)):
        seen = found.triangle[i] >= 0
        assert seen.mean() > 0.2
        points = unproject(found, scenes, i)[seen]
        corners = camera_points(posed, scenes, found, i)[posed.model.triangles[found.triangle[i][seen]]]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        assert np.abs(np.sum((points - corners[:, 0]) * normal, axis=1)).max() < 0.05
        blended = np.einsum("nk,nkc->nc", found.barycentric[i][seen], corners)
        assert np.linalg.norm(blended - points, axis=1).max() < 0.05


def test_normals_match_the_gradient_of_depth(scenes: Scenes, found: Annotations) -> None:
    for i in range(len(scenes)):
        points = unproject(found, scenes, i)
        across, down = points[1:-1, 2:] - points[1:-1, :-2], points[2:, 1:-1] - points[:-2, 1:-1]
        normal = np.cross(down, across)
        normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
        cosine = np.sum(normal * found.normals[i][1:-1, 1:-1], axis=-1)
        seen = found.triangle[i] >= 0
        inner = seen[1:-1, 1:-1] & seen[1:-1, 2:] & seen[1:-1, :-2] & seen[2:, 1:-1] & seen[:-2, 1:-1]
        steep = found.normals[i][1:-1, 1:-1, 2] < 0.35
        assert np.quantile(cosine[inner & ~steep], 0.1) > 0.98
        assert np.median(cosine[inner & ~steep]) > 0.995
        np.testing.assert_allclose(np.linalg.norm(found.normals[i][seen], axis=1), 1, atol=1e-5)


def test_correspondence_is_the_same_point_on_the_mean_head(posed: Person, found: Annotations) -> None:
    seen = found.triangle >= 0
    model = posed.model
    corners = model.triangles[found.triangle[seen]]
    expected = np.einsum("nk,nkc->nc", found.barycentric[seen], model.mean_mm[corners])
    np.testing.assert_allclose(found.reference[seen], expected, atol=1e-3)
    np.testing.assert_allclose(found.barycentric[seen].sum(axis=1), 1, atol=1e-5)
    assert not found.reference[~seen].any()
    assert not found.uv[~seen].any()


def hidden_by_rays(
    points: np.ndarray, triangles: np.ndarray, vertices: np.ndarray, parallel: bool
) -> np.ndarray:
    """Whether something lies more than 1 mm of depth in front of each vertex, by the slow Moeller-Trumbore test."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    out = []
    for v in vertices:
        origin = points[v] * [1, 1, 0] if parallel else np.zeros(3)
        ray = points[v] - origin
        p = np.cross(ray, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = 1 / np.sum((b - a) * p, axis=1)
            u = np.sum((origin - a) * p, axis=1) * inverse
            q = np.cross(origin - a, b - a)
            w, t = np.sum(ray * q, axis=1) * inverse, np.sum((c - a) * q, axis=1) * inverse
        inside = (u >= -1e-9) & (w >= -1e-9) & (u + w <= 1 + 1e-9)  # a ray through an edge meets both sides
        near = inside & (t > 0) & (-ray[2] * t < -ray[2] - 1)
        out.append(bool((near & ~(triangles == v).any(axis=1)).any()))
    return np.array(out)


def test_visibility_matches_ray_casting(posed: Person, scenes: Scenes, found: Annotations) -> None:
    for i in range(len(scenes)):
        points = camera_points(posed, scenes, found, i)
        hidden = hidden_by_rays(
            points, posed.model.triangles, posed.model.landmarks, bool(found.orthographic[i])
        )
        np.testing.assert_array_equal(found.landmarks["68"].visible[i], ~hidden)
        assert not hidden.all()
    assert not found.landmarks["68"].visible.all()


def test_landmarks_and_camera_agree(posed: Person, scenes: Scenes, found: Annotations) -> None:
    for i in range(len(scenes)):
        projected = (
            oracle.project(oracle.express(posed, scenes, i), posed, scenes, i, SMALL) if i < 3 else None
        )
        camera = camera_points(posed, scenes, found, i)[posed.model.landmarks]
        depth = np.full(68, scenes.distance_mm[i]) if found.orthographic[i] else -camera[:, 2]
        px = (
            np.stack([camera[:, 0], -camera[:, 1], depth], axis=1)
            @ found.K_image_camera[i].T
            / depth[:, None]
        )
        np.testing.assert_allclose(px[:, :2], found.landmarks["68"].px[i], atol=2e-3)
        if projected is not None:
            np.testing.assert_allclose(
                found.landmarks["68"].px[i], projected[posed.model.landmarks, :2], atol=2e-3
            )
    frontal = annotate(posed, plain_scenes())
    assert np.abs(frontal.landmarks["5"].px[0] - SMALL.points_px).max() < 4
    assert found.landmarks["19"].px.shape == (len(scenes), 19, 2)


def test_a_surface_is_what_covers_more_than_half(posed: Person) -> None:
    bare = annotate(posed, plain_scenes())
    for alpha, replaced in ((90, False), (160, True), (255, True)):
        veil = pane(60, (255, 255, 255, alpha), name="glasses")
        worn = annotate(posed, plain_scenes(), (veil,))
        middle = (0, 36, 30)
        assert (worn.triangle[middle] >= len(posed.model.triangles)) == replaced
        assert (worn.segmentation[middle] == Region.GLASSES) == replaced
        assert (worn.depth[middle] < bare.depth[middle] - 20) == replaced
    two = [pane(z, (255, 255, 255, 100), name="hair") for z in (80, 70)]  # neither alone
    assert annotate(posed, plain_scenes(), tuple(two)).segmentation[middle] == Region.HAIR


def test_triangles_have_the_numbers_that_they_were_given(posed: Person) -> None:
    texture = np.full((64, 64, 4), 255, np.uint8)
    texture[:, :40, 3] = 200
    uv = np.float32([[0, 0], [0, 1], [0.5, 1], [0.5, 0], [0.8, 0], [0.8, 1], [1, 1], [1, 0]])
    left, right = (pane(60, (0, 0, 0, 0)).vertices_mm * [0.5, 1, 1] + [shift, 0, 0] for shift in (-15, 15))
    whole = pane(
        60,
        (0, 0, 0, 0),
        vertices_mm=np.concatenate([left, right]).astype(np.float32),
        normals=np.tile(np.float32([0, 0, 1]), (8, 1)),
        triangles=np.int32([[0, 1, 2], [4, 5, 6], [0, 2, 3], [4, 6, 7]]),
        uv=uv,
        texture=texture,
        anchors=np.full(8, -1, np.int32),
    )
    worn = annotate(posed, plain_scenes(), (pane(70, (0, 0, 0, 0)), whole)).triangle[0]
    row = worn[34:40] - len(posed.model.triangles) - 2
    shown = [set(np.unique(part[part >= 0]).tolist()) for part in (row[:, :30], row[:, 30:])]
    assert shown[0]
    assert shown[0] <= {0, 2}
    assert shown[1]
    assert shown[1] <= {1, 3}


def test_albedo_times_irradiance_is_the_picture(posed: Person) -> None:
    light = plain_scenes().light * 0.6
    background = np.zeros((1, 60, 60, 3), np.uint8)
    drawn = draw_heads(
        dataclasses.replace(posed, texture=np.full((8, 8, 3), 140, np.uint8)),
        plain_scenes(light=light),
        SMALL,
        background,
        annotate=True,
    )
    assert drawn.annotations is not None
    product = oracle.to_srgb(drawn.annotations.albedo[0] * drawn.annotations.irradiance[0])
    seen = drawn.annotations.triangle[0] >= 0
    inner = seen & np.roll(seen, 1, 0) & np.roll(seen, -1, 0) & np.roll(seen, 1, 1) & np.roll(seen, -1, 1)
    difference = np.abs(product.astype(int) - drawn.images[0]).max(axis=2)[inner]
    assert np.quantile(difference, 0.9) <= 8  # highlights


def test_the_embedded_head_has_regions() -> None:
    model = load_head().model
    person = synthetic_person(model, 16)
    scenes = plain_scenes(expression=np.zeros((1, len(model.expression_basis_mm)), np.float32))
    found = annotate(person, scenes)
    points = found.landmarks["68"].px[0]

    def at(*which: int) -> Region:
        x, y = points[list(which)].mean(axis=0).astype(int)
        return Region(int(found.segmentation[0, y, x]))

    assert at(30) == Region.NOSE
    assert at(*range(36, 42)) == Region.RIGHT_EYE
    assert at(*range(42, 48)) == Region.LEFT_EYE
    assert at(19) == Region.RIGHT_BROW
    assert at(24) == Region.LEFT_BROW
    assert at(51, 62) == Region.LIPS
    assert at(8, 57) == Region.SKIN
    assert Region.NECK in found.segmentation


def test_figure_and_arrays(posed: Person, model: MorphableModel, tmp_path) -> None:
    background = np.zeros((1, 60, 60, 3), np.uint8)
    drawn = draw_heads(posed, plain_scenes(), SMALL, background, annotate=True)
    draw_figure(tmp_path / "figure.png", drawn, ("depth", "normals", "segmentation"))
    save_arrays(tmp_path / "arrays.npz", drawn, ("depth", "triangle"))
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
    with np.load(tmp_path / "arrays.npz") as arrays:
        assert {
            "images",
            "depth",
            "triangle",
            "landmarks68_px",
            "landmarks5_visible",
            "K_image_camera",
        } <= set(arrays)
    with pytest.raises(FacewrightError, match="buffers: found 'colour', expected one of depth"):
        draw_figure(tmp_path / "no.png", drawn, ("colour",))
    assert not (tmp_path / "no.png").exists()
    with pytest.raises(FacewrightError, match="without annotations"):
        draw_figure(tmp_path / "no.png", draw_heads(posed, plain_scenes(), SMALL, background), ("depth",))
    assert drawn.annotations is not None
    assert buffer_picture("uv", drawn.annotations.uv[0]).shape == (60, 60, 3)
