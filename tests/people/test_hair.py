"""Hair on heads: meshes that are sound, lie outside the skull and follow the head."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError, _native
from facewright.models.embedded import load_head
from facewright.people.attachment import Attachment, Material
from facewright.people.hair import HairStyle, grow_hair
from facewright.people.hair.families import FACIAL_HAIR, FAMILIES, USUAL
from facewright.people.hair.growth import linear_light
from facewright.people.hair.roots import place_roots, skin_triangles
from facewright.people.hair.strands import SHELL_U, STRIPS, STRIPS_U, mean_level, strand_atlas
from facewright.people.hair.style import style_values

COLOUR = np.array([60.0, 42.0, 30.0])
CENTRE = np.array([0.0, 25.0, -68.0])
MOST_TRIANGLES = 11000


def style(family: str, share: float = 0.5, beard: str = "none", strands: int = 7) -> HairStyle:
    """The style at `share` of all ranges of a family."""
    ranges = USUAL | FAMILIES[family] | FACIAL_HAIR[beard]
    values = style_values(ranges, [share] * len(fields(HairStyle)))
    return HairStyle(**values | {"strands": float(strands)})


def grown(worn: HairStyle, neutral_mm: np.ndarray | None = None) -> dict[str, Attachment]:
    head = load_head()
    neutral = head.model.mean_mm if neutral_mm is None else neutral_mm
    return {mesh.name: mesh for mesh in grow_hair(head, neutral, worn, COLOUR)}


def clearance_mm(places: np.ndarray, neutral_mm: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """How far places above the skull's middle are outside the skin, along rays from there."""
    way = (places - centre)[places[:, 1] > centre[1] + 5][::5]
    far = np.linalg.norm(way, axis=1)
    a, b, c = (neutral_mm[skin_triangles(load_head())[:, i]].astype(np.float64) for i in range(3))
    upper = np.maximum(np.maximum(a[:, 1], b[:, 1]), c[:, 1]) > centre[1]
    a, e1, e2 = a[upper], (b - a)[upper], (c - a)[upper]
    skin = np.zeros(len(way))
    for i, direction in enumerate(way / far[:, None]):
        h = np.cross(direction, e2)
        det = (e1 * h).sum(axis=1)
        det[np.abs(det) < 1e-12] = np.inf
        u = ((centre - a) * h).sum(axis=1) / det
        q = np.cross(centre - a, e1)
        v = (q * direction).sum(axis=1) / det
        hit = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6)
        skin[i] = ((e2 * q).sum(axis=1) / det)[hit].max()
    return far - skin


def split(mesh: Attachment) -> tuple[np.ndarray, np.ndarray]:
    """Which vertices belong to the shell and which to cards."""
    shell = mesh.uv[:, 0] >= SHELL_U[0]
    return shell, ~shell


any_style = st.builds(
    style,
    st.sampled_from(sorted(FAMILIES)),
    st.floats(0, 1),
    st.sampled_from(sorted(FACIAL_HAIR)),
    st.integers(0, 2**24 - 1),
)


@settings(max_examples=40)
@given(any_style)
def test_meshes_are_sound(worn):
    vertex_count = len(load_head().model.mean_mm)
    meshes = grown(worn)
    assert sum(len(mesh.triangles) for mesh in meshes.values()) <= MOST_TRIANGLES
    for mesh in meshes.values():
        assert mesh.material is Material.HAIR
        assert mesh.two_sided
        n = len(mesh.vertices_mm)
        assert mesh.normals.shape == (n, 3)
        assert mesh.uv.shape == (n, 2)
        assert mesh.anchors.shape == (n,)
        assert np.isfinite(mesh.vertices_mm).all()
        assert np.abs(mesh.vertices_mm).max() < 600
        np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-3)
        assert mesh.triangles.min() >= 0
        assert mesh.triangles.max() < n
        assert mesh.uv.min() >= 0
        assert mesh.uv.max() <= 1
        assert mesh.anchors.min() >= (-1 if mesh.name == "hair" else 0)
        assert mesh.anchors.max() < vertex_count


@pytest.mark.parametrize(
    "family", ["afro", "buzz", "bun", "long_curly", "long_straight", "short", "swept_back"]
)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_hair_stays_outside_the_skull(family, share):
    mean = load_head().model.mean_mm
    mesh = grown(style(family, share))["hair"]
    shell, cards = split(mesh)
    if cards.any():
        assert clearance_mm(mesh.vertices_mm[cards], mean, CENTRE).min() > -1
    over_the_crown = shell & (mesh.vertices_mm[:, 1] > 90) & (mesh.vertices_mm[:, 2] < -50)
    assert clearance_mm(mesh.vertices_mm[over_the_crown], mean, CENTRE).min() > 0


def test_hair_follows_the_head():
    """On a head that is stretched and shifted, hair is as far outside as before."""
    mean = load_head().model.mean_mm
    other = (mean * np.array([1.12, 0.94, 1.06]) + np.array([0, 5, -3])).astype(np.float32)
    worn = style("side_parted")
    mesh = grown(worn, other)["hair"]
    places = mesh.vertices_mm
    assert clearance_mm(places[split(mesh)[1]], other, CENTRE).min() > -2
    stretched = grown(worn)["hair"].vertices_mm * np.array([1.12, 0.94, 1.06]) + np.array([0, 5, -3])
    assert np.abs(places - stretched).max() < 9


def test_the_same_style_grows_the_same_bytes():
    worn = style("long_wavy", beard="full")
    for one, again in zip(grown(worn).values(), grown(worn).values(), strict=True):
        for name in ("vertices_mm", "normals", "triangles", "uv", "anchors", "texture"):
            np.testing.assert_array_equal(getattr(one, name), getattr(again, name))


def test_chance_moves_single_locks_only():
    one, other = (grown(style("bob", strands=seed))["hair"].vertices_mm for seed in (1, 2))
    size = min(len(one), len(other))
    assert np.abs(one[:size] - other[:size]).max() > 1
    np.testing.assert_allclose(one.min(axis=0), other.min(axis=0), atol=15)
    np.testing.assert_allclose(one.max(axis=0), other.max(axis=0), atol=15)


def test_cards_face_outwards():
    mesh = grown(style("side_parted"))["hair"]
    a, b, c = (mesh.vertices_mm[mesh.triangles[:, i]] for i in range(3))
    agree = (np.cross(b - a, c - a) * mesh.normals[mesh.triangles[:, 0]]).sum(axis=1) > 0
    assert agree.mean() > 0.9


def test_every_card_keeps_to_one_strip_of_the_texture():
    mesh = grown(style("side_parted"))["hair"]
    shell, cards = split(mesh)
    assert (shell[mesh.triangles] == shell[mesh.triangles][:, :1]).all()
    strips = (mesh.uv[mesh.triangles[cards[mesh.triangles[:, 0]]], 0] * (STRIPS / STRIPS_U)).astype(int)
    assert (strips == strips[:, :1]).all()
    assert strips.max() < STRIPS


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"bald", "bun", "ponytail"}))
def test_the_shell_is_smooth_in_its_texture(family):
    """No triangle runs across the whole texture, as one would where strands meet behind the head."""
    mesh = grown(style(family))["hair"]
    of_shell = mesh.triangles[split(mesh)[0][mesh.triangles[:, 0]]]
    assert len(of_shell) > 100
    of_shell = of_shell[
        mesh.uv[of_shell, 1].min(axis=1) > 0.12
    ]  # strands do meet at the crown and the parting
    u = mesh.uv[of_shell, 0]
    once_round = (SHELL_U[1] - SHELL_U[0]) / 1.25
    assert np.ptp(u, axis=1).max() <= 0.51 * once_round
    assert u.max() <= SHELL_U[1]


def test_the_shell_covers_the_scalp():
    """Hair is over every place well inside the hairline, without a hole."""
    mesh = grown(style("cropped"))["hair"]
    shell = mesh.vertices_mm[split(mesh)[0]].astype(np.float64)
    roots = place_roots(load_head(), "scalp", 200, 1500)
    inside = roots.places_mm[(roots.mask > 0.8) & (roots.places_mm[:, 1] > 50)].astype(np.float64)
    nearest = np.linalg.norm(inside[:, None] - shell, axis=2).min(axis=1)
    assert nearest.max() < 20


@pytest.mark.parametrize(
    ("setting", "less", "more"),
    [("hairline_mm", 0, 20), ("temples_mm", 0, 20), ("crown_mm", 0, 45), ("peak_mm", 8, -8)],
)
def test_bald_places_take_roots_away(setting, less, more):
    base = style("swept_back")
    counts = [len(grown(replace(base, **{setting: value}))["hair"].triangles) for value in (less, more)]
    assert counts[1] < counts[0]


def test_a_higher_hairline_starts_higher():
    base = replace(style("swept_back"), peak_mm=0, temples_mm=0, lift=0.1)

    def lowest_in_front(hairline_mm: float) -> float:
        places = grown(replace(base, hairline_mm=hairline_mm))["hair"].vertices_mm
        return float(places[(np.abs(places[:, 0]) < 20) & (places[:, 2] > -15), 1].min())

    assert lowest_in_front(24) > lowest_in_front(0) + 5


def test_a_horseshoe_leaves_the_top_bare():
    places = grown(replace(style("tonsure"), horseshoe_mm=40))["hair"].vertices_mm
    assert places[:, 1].max() < 60


def test_long_hair_ends_at_its_cut_and_leaves_the_face_free():
    worn = replace(style("long_straight"), cut_mm=-150, frame_mm=60)
    places = grown(worn)["hair"].vertices_mm
    assert -190 < places[:, 1].min() < -120
    face = (np.abs(places[:, 0]) < 30) & (places[:, 2] > 0) & (places[:, 1] < 20)
    assert not face.any()


def test_bald_heads_have_no_mesh():
    assert grown(style("bald")) == {}
    assert set(grown(style("bald", beard="full"))) == {"beard", "moustache"}


def test_a_goatee_is_the_middle_of_a_beard():
    full, goatee = (grown(style("bald", beard=kind))["beard"].vertices_mm for kind in ("full", "goatee"))
    assert np.abs(goatee[:, 0]).max() < 35 < np.abs(full[:, 0]).max()


def test_roots_lie_on_the_mask_and_every_beginning_is_even():
    roots = place_roots(load_head(), "moustache", 60, 1500)
    assert (roots.mask > 0).all()
    np.testing.assert_allclose(np.linalg.norm(roots.normals, axis=1), 1, atol=1e-5)
    places = roots.places_mm.astype(np.float64)
    distance = np.linalg.norm(places[:, None] - places, axis=2)
    nearest_before = np.array([distance[i, :i].min() for i in range(1, len(places))])
    assert (np.diff(nearest_before) < 1e-6).all()  # each is the farthest possible, so gaps only shrink


def test_strands_end_in_wisps_and_grizzled_ones_differ_more():
    plain, grizzled = strand_atlas(0.25, False), strand_atlas(0.25, True)
    alpha = plain[..., 3].astype(float).mean(axis=1)
    assert alpha[-8:].mean() < 0.5 * alpha[30:60].mean()
    assert grizzled[:, :256, 0].std() > 1.5 * plain[:, :256, 0].std()
    assert grizzled[:, 256:, 0].std() > 1.1 * plain[:, 256:, 0].std()
    np.testing.assert_array_equal(plain[..., 0], plain[..., 2])


@pytest.mark.parametrize("level", [0.0, 5.0, 30.0, 128.0, 255.0])
def test_linear_light_is_the_standard_curve(level):
    x = level / 255
    expected = x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
    assert linear_light(level) == pytest.approx(expected, rel=1e-9)


def test_tint_is_the_colour_relative_to_the_strands():
    tint = grown(style("side_parted"))["hair"].tint
    assert [factor * linear_light(mean_level(0.25)) for factor in tint] == pytest.approx(
        [linear_light(level) for level in COLOUR]
    )


def test_bad_input_is_named():
    with pytest.raises(FacewrightError, match=r"hair: found a head of shape \(10, 3\)"):
        grow_hair(load_head(), np.zeros((10, 3), np.float32), style("short"), COLOUR)
    with pytest.raises(FacewrightError, match="hair style lift: found nan"):
        replace(style("short"), lift=float("nan"))
    with pytest.raises(FacewrightError, match="hair style cards: found -1"):
        replace(style("short"), cards=-1)
    with pytest.raises(FacewrightError, match="hair style strands"):
        replace(style("short"), strands=2.0**24)


def test_the_grower_checks_its_arrays():
    roots = place_roots(load_head(), "moustache", 5, 200)
    arrays = {
        "mean": load_head().model.mean_mm,
        "skin": skin_triangles(load_head())[:50].copy(),
        "roots": roots.places_mm,
        "root_normals": roots.normals,
        "skin_heights": np.zeros(len(load_head().model.mean_mm), np.float32),
        "heights": roots.mask,
        "anchors": roots.anchors,
    }
    _native.HairGrower(**arrays)
    with pytest.raises(ValueError, match="every root"):
        _native.HairGrower(**arrays | {"heights": roots.mask[:2].copy()})
    with pytest.raises(ValueError, match="every vertex needs a height"):
        _native.HairGrower(**arrays | {"skin_heights": roots.mask})
    with pytest.raises(ValueError, match="does not exist"):
        _native.HairGrower(**arrays | {"skin": np.array([[0, 1, 10**6]], np.int32)})
    with pytest.raises(ValueError, match="mean head's vertices"):
        _native.HairGrower(**arrays).grow(np.zeros((4, 3), np.float32), style("short"))
