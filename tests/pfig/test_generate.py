import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from facewright import FacewrightError
from facewright.cli import main
from facewright.models.embedded import load_head
from facewright.people.config import PeopleConfig
from facewright.pfig import PfigJob, generate_pfig, read_pfig, redraw
from facewright.pfig.rps import read_rps
from facewright.scenes import Constant
from facewright.scenes.light_priors import coefficients_of
from tests.pfig.configurations import full_controlled, random_example

SIZE = 48


def job(folder: Path, controlled: bool = False, exact: bool = False) -> PfigJob:
    """Two people with the embedded head and procedural surroundings, so that nothing licensed is needed."""
    values = full_controlled() if controlled else random_example()
    values["image-dimensions"] = {"image-width": SIZE, "image-height": SIZE - 8}
    values["default-parameters"]["camera"]["sensorSize"] = [15.0, 15.0 * (SIZE - 8) / SIZE]
    if controlled:
        values["background-variation"]["back-range"] = {"start": 0, "end": 1, "step": 1, "type": "inclusive"}
        values["pose-range"]["yaw-range"] = {"start": -30, "end": 30, "step": 30, "type": "not-inclusive"}
        values["illumination-angle"]["illu-range"] = {"start": 0, "end": 90, "step": 90, "type": "inclusive"}
    else:
        values["illumination-parameters"]["illumination-type"] = "staticFrontal"
    file = folder / "config.json"
    file.write_text(json.dumps(values))
    read = read_pfig(file, exact)
    sampler = dataclasses.replace(read.dataset.sampler, backgrounds=None, background="plain")
    samples = read.dataset.samples if controlled else 2
    dataset = dataclasses.replace(read.dataset, people=2, samples=samples, model=None, sampler=sampler)
    return dataclasses.replace(read, dataset=dataset)


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()
    }


def png(file: Path) -> np.ndarray:
    return cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pfig")
    assert generate_pfig(root / "out", job(root), quiet=True) == 4
    return root / "out"


def test_layout(drawn: Path):
    names = {name for name in contents(drawn) if name.split("/")[0] in ("img", "rps", "csv", "tlms")}
    posts = ("", "_depth", "_correspondence", "_normals", "_albedo", "_illumination")
    images = [f"{person}/{person}_{sample}" for person in (0, 1) for sample in (0, 1)]
    expected = {f"img/{name}{post}.png" for name in images for post in posts}
    expected |= {f"{kind}/{name}.{kind}" for name in images for kind in ("rps", "csv", "tlms")}
    assert names == expected
    assert png(drawn / "img/0/0_0.png").shape == (SIZE - 8, SIZE, 3)


def test_controlled_images_are_counted_from_one_in_the_order_of_its_loops(tmp_path: Path):
    wanted = job(tmp_path, controlled=True)
    generate_pfig(tmp_path / "out", wanted, quiet=True)
    files = sorted((tmp_path / "out/rps/0").iterdir(), key=lambda file: int(file.stem.split("_")[1]))
    assert [file.stem for file in files] == [f"0_{i}" for i in range(1, 9)]
    parameters = [json.loads(file.read_text()) for file in files]
    np.testing.assert_allclose(
        np.degrees([p["pose"]["yaw"] for p in parameters]), np.tile([-30, -30, 0, 0], 2)
    )
    light = np.stack([coefficients_of(p) for p in parameters])
    # From above, then from the image's left, 60 degrees off the viewing axis; half is ambient.
    np.testing.assert_allclose(light[:, 0], 0.5 / (np.pi * 0.28209479), rtol=1e-6)
    first = 0.5 / (0.48860251 * 2 * np.pi / 3)
    s60 = 3**0.5 / 2
    np.testing.assert_allclose(light[0, 1:4, 0], [first * s60, first * 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(light[1, 1:4, 0], [0, first * 0.5, -first * s60], atol=1e-6)


def test_the_same_bytes_from_any_number_of_workers_and_after_a_stop(drawn: Path, tmp_path: Path):
    generate_pfig(tmp_path / "out", job(tmp_path), workers=2, quiet=True)
    assert contents(tmp_path / "out") == contents(drawn)
    generate_pfig(tmp_path / "out", job(tmp_path), quiet=True)
    other = dataclasses.replace(job(tmp_path), landmark_tags=("center.nose.tip",))
    with pytest.raises(FacewrightError, match=r"begun with other settings: pfig.landmark_tags"):
        generate_pfig(tmp_path / "out", other, quiet=True)


def test_its_camera_projects_the_landmarks_that_it_writes(drawn: Path):
    head = load_head().model
    fields = json.loads((drawn / "rps/1/1_1.rps").read_text())
    lines = [line.split() for line in (drawn / "tlms/1/1_1.tlms").read_text().splitlines()]
    assert [line[0] for line in lines] == [
        "center.chin.tip",
        "center.nose.tip",
        "left.eye.pupil.center",
        "right.ear.lobule.attachement",
    ]
    from facewright.scenes import Sampler, SamplerConfig

    people = PeopleConfig(shape_limit=5.0)
    person = Sampler(SamplerConfig(people=people), 1986, load_head()).person_of(
        1, fields["momo"]["shape"], []
    )
    moved = np.tensordot(np.float32(fields["momo"]["expression"]), head.expression_basis_mm, 1)
    nose = (person.neutral_mm + moved)[head.landmarks[30]].astype(float)
    pose, camera = fields["pose"], fields["camera"]

    def about(axis: int, angle: float) -> np.ndarray:
        c, s = np.cos(angle), np.sin(angle)
        R = np.eye(3)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        R[i, i], R[i, j], R[j, i], R[j, j] = c, -s, s, c
        return R

    turned = (
        about(2, pose["roll"]) @ about(1, pose["yaw"]) @ about(0, pose["pitch"]) @ nose + pose["translation"]
    )
    x, y = (
        camera["focalLength"] / (camera["sensorSize"][k] / 2) * turned[k] / -turned[2]
        + camera["principalPoint"][k]
        for k in (0, 1)
    )
    pixel = [SIZE / 2 * (x + 1), (SIZE - 8) / 2 * (1 - y)]
    np.testing.assert_allclose([float(word) for word in lines[1][2:]], pixel, atol=0.05)
    assert lines[1][1] == "1"
    row = (drawn / "csv/1/1_1.csv").read_text().strip().split(",")
    shape, expression = len(fields["momo"]["shape"]), len(fields["momo"]["expression"])
    assert len(row) == 11 + shape + expression + 27
    assert float(row[0]) == pose["yaw"]


def test_far_sides_are_not_visible(tmp_path: Path):
    wanted = job(tmp_path)
    sampler = dataclasses.replace(wanted.dataset.sampler, yaw_deg=Constant(60))
    dataset = dataclasses.replace(wanted.dataset, sampler=sampler, people=1, samples=1)
    tags = ("left.lips.corner", "right.lips.corner")  # a nose's wing can hide its own tip
    generate_pfig(
        tmp_path / "out", dataclasses.replace(wanted, dataset=dataset, landmark_tags=tags), quiet=True
    )
    lines = (line.split() for line in (tmp_path / "out/tlms/0/0_0.tlms").read_text().splitlines())
    visible = {name: flag for name, flag, *_ in lines}
    assert visible == {"left.lips.corner": "0", "right.lips.corner": "1"}


def test_modalities(drawn: Path):
    head = png(drawn / "img/0/0_0_depth.png")
    covered = png(drawn / "img/0/0_0_correspondence.png").any(axis=2)
    assert 0.3 < covered.mean() < 1
    assert head.max() == 255  # what is nearest may be hair, which has no place on the mean head
    assert head[covered].max() > 230
    assert head[covered].min() < 10
    normals = png(drawn / "img/0/0_0_normals.png")[covered] / 255
    lengths = np.linalg.norm(1 - 2 * normals, axis=1)
    assert np.median(lengths) == pytest.approx(1, abs=0.03)
    assert (normals[:, 2] < 0.55).mean() > 0.97  # they face the camera, and the sign is flipped
    light = png(drawn / "img/0/0_0_illumination.png")[covered] / 255
    assert np.quantile(light, 0.1) > 0.5
    assert light.max() <= 1.0
    albedo = png(drawn / "img/0/0_0_albedo.png")[covered]
    assert albedo.std() > 5


def test_an_image_is_drawn_again_with_the_same_bytes(drawn: Path, tmp_path: Path):
    for name in ("0/0_0", "1/1_1"):
        redraw(drawn / f"rps/{name}.rps", tmp_path / "again.png")
        assert (tmp_path / "again.png").read_bytes() == (drawn / f"img/{name}.png").read_bytes()


def legacy(fields: dict, version: str) -> dict:
    """What a file of version 4 says, as versions 1 to 3 of the format do."""
    head, size, camera = fields["momo"], fields["imageSize"], fields["camera"]
    pixels = [
        0.5 * size["width"] * camera["principalPoint"][0],
        0.5 * size["height"] * camera["principalPoint"][1],
    ]
    light = {"@type": "SphericalHarmonicsLight", "coefficients": fields["environmentMap"]["coefficients"]}
    third = {
        "pose": fields["pose"],
        "illumination": light,
        "renderObject": head | {"@type": "MoMoExpressInstance"},
    }
    if version == "V3.0":
        return (
            third
            | {name: fields[name] for name in ("view", "camera", "imageSize", "colorTransform")}
            | {"version": version}
        )
    second = camera | fields["view"] | {"principalPoint": pixels, "skewFactor": 1.0}
    if version == "V2.0":
        return third | {
            "camera": second,
            "image": size,
            "color": fields["colorTransform"],
            "version": version,
        }
    first = {name: value for name, value in second.items() if name != "principalPoint"}
    sensor = [length * camera["near"] for length in camera["sensorSize"]]
    colour = fields["colorTransform"]
    order = (0, 3, 1, 2, 6, 5, 7, 4, 8)
    return {
        "camera": first | {"principlePoint": pixels, "sensorSize": sensor},
        "color": {"gain": colour["gain"], "gamma": colour["colorContrast"], "offset": colour["offset"]},
        "directionalLight": fields["directionalLight"],
        "image": [size["height"], size["width"]],
        "morphableModel": {
            "shapeCoefficients": head["shape"], "colorCoefficients": head["color"],
            "modelURI": head["modelURI"], "shininess": 10.0,
        },
        "pose": fields["pose"],
        "sphericalHarmonicsLight": [light["coefficients"][i] for i in order],
    }  # fmt: skip


@pytest.mark.parametrize("version", ["V1.0", "V2.0", "V3.0", "V4.0"])
def test_every_version_says_the_same(drawn: Path, tmp_path: Path, version: str):
    ours = drawn / "rps/1/1_0.rps"
    fields = json.loads(ours.read_text())
    del fields["facewright"]
    fields["view"]["translation"] = [3.0, -2.0, 40.0]
    x, y, z = fields["pose"]["translation"]
    fields["pose"]["translation"] = [x + 3, y - 2, z + 40]
    (tmp_path / "a.rps").write_text(json.dumps(fields if version == "V4.0" else legacy(fields, version)))
    expected, found = read_rps(ours), read_rps(tmp_path / "a.rps")
    assert found.own is None
    a, b = expected.parameters, found.parameters
    np.testing.assert_allclose(b.light, a.light)
    np.testing.assert_allclose(b.pose.translation, a.pose.translation)
    np.testing.assert_allclose(b.lens.sensor_mm, a.lens.sensor_mm)
    np.testing.assert_allclose(b.lens.principal_point, a.lens.principal_point)
    assert (b.shape, b.width_px, b.height_px, b.colours) == (a.shape, a.width_px, a.height_px, a.colours)
    assert b.expression == (() if version == "V1.0" else a.expression)  # the first version knows none


def test_a_changed_file_is_drawn_by_its_numbers(drawn: Path, tmp_path: Path):
    fields = json.loads((drawn / "rps/0/0_0.rps").read_text())
    fields["colorTransform"]["offset"] = [1e-6, 0.0, 0.0]  # nothing to be seen, but another file
    (tmp_path / "a.rps").write_text(json.dumps(fields))
    redraw(tmp_path / "a.rps", tmp_path / "a.png")
    again, first = png(tmp_path / "a.png").astype(int), png(drawn / "img/0/0_0.png").astype(int)
    assert np.abs(again - first).mean() < 1.0
    assert np.percentile(np.abs(again - first), 95) <= 4
    face = png(drawn / "img/0/0_0_correspondence.png").any(axis=2)
    fields["colorTransform"]["gain"] = [1.0, 0.0, 0.0]
    (tmp_path / "b.rps").write_text(json.dumps(fields))
    redraw(tmp_path / "b.rps", tmp_path / "b.png")
    red = png(tmp_path / "b.png")[face]
    assert red[:, 1:].max() == 0
    assert np.median(red[:, 0]) > 20


def test_a_directional_light(drawn: Path, tmp_path: Path):
    fields = json.loads((drawn / "rps/0/0_0.rps").read_text())
    del fields["facewright"]
    fields["environmentMap"]["coefficients"] = []
    light = {
        "ambient": [0.2] * 3,
        "diffuse": [0.8, 0.6, 0.4],
        "direction": [0, 0, 2.0],
        "specular": [0.0] * 3,
    }
    fields["directionalLight"] = light | {"shininess": 10.0}
    (tmp_path / "a.rps").write_text(json.dumps(fields))
    found = read_rps(tmp_path / "a.rps").parameters
    assert found.key_direction == (0, 0, 1)
    np.testing.assert_allclose(np.array(found.key_irradiance) / np.pi, [0.8, 0.6, 0.4])
    np.testing.assert_allclose(found.light[0] * np.pi * 0.28209479, 0.2, rtol=1e-6)
    redraw(tmp_path / "a.rps", tmp_path / "a.png", exact=True)
    face = png(drawn / "img/0/0_0_correspondence.png").any(axis=2)
    assert png(tmp_path / "a.png")[face].mean() > 40


def test_colour_transforms_change_heads_and_no_backgrounds(drawn: Path, tmp_path: Path):
    values = json.loads((job(tmp_path), (tmp_path / "config.json").read_text())[1])
    values["default-parameters"]["color-transform"] = {
        "gain": [0.5, 1, 1],
        "colorContrast": 0.0,
        "offset": [0, 0, 0.1],
    }
    (tmp_path / "config.json").write_text(json.dumps(values))
    read = read_pfig(tmp_path / "config.json")
    assert not any("color-transform" in name for name in read.ignored)
    dataset = dataclasses.replace(job(tmp_path).dataset, people=1, samples=1)
    wanted = dataclasses.replace(read, dataset=dataset, modalities=("render", "render-depth"))
    generate_pfig(tmp_path / "out", wanted, quiet=True)
    before, after = png(drawn / "img/0/0_0.png"), png(tmp_path / "out/img/0/0_0.png")
    seen = png(tmp_path / "out/img/0/0_0_depth.png").any(axis=2)
    grey = before[seen] @ [0.3, 0.59, 0.11]
    np.testing.assert_allclose(
        after[seen], np.stack([0.5 * grey, grey, grey + 25.5], 1).clip(0, 255), atol=0.51
    )
    outside = ~cv2.dilate(seen.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    np.testing.assert_array_equal(after[outside], before[outside])
    redraw(tmp_path / "out/rps/0/0_0.rps", tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out/img/0/0_0.png").read_bytes()


def test_parameters_that_cannot_be_drawn(tmp_path: Path):
    (tmp_path / "one.rps").write_text('{"pose": {}}')
    with pytest.raises(
        FacewrightError, match=r"one.rps: found .*expected render parameters .* of version 1.0, 2.0"
    ):
        redraw(tmp_path / "one.rps", tmp_path / "one.png")


def test_exact_images_are_lambertian(drawn: Path, tmp_path: Path):
    generate_pfig(tmp_path / "out", job(tmp_path, exact=True), quiet=True)
    assert (png(tmp_path / "out/img/0/0_0.png") != png(drawn / "img/0/0_0.png")).mean() > 0.1


def test_region_maps(tmp_path: Path):
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[:, :4], colours[:, 4:] = (255, 0, 0), (0, 0, 255)
    cv2.imwrite(str(tmp_path / "regions.png"), colours[:, :, ::-1])
    wanted = job(tmp_path)
    dataset = dataclasses.replace(wanted.dataset, people=1, samples=1)
    maps = (("halves", str(tmp_path / "regions.png"), "unused.json"),)
    generate_pfig(
        tmp_path / "out",
        dataclasses.replace(wanted, dataset=dataset, modalities=("render-region-maps",), region_maps=maps),
        quiet=True,
    )
    found = png(tmp_path / "out/img/0/0_0_halves.png").reshape(-1, 3)
    assert {tuple(colour) for colour in np.unique(found, axis=0).tolist()} == {
        (0, 0, 0),
        (255, 0, 0),
        (0, 0, 255),
    }


def test_the_command_line_starts_from_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    job(tmp_path)
    words = ["generate", str(tmp_path / "out"), "--pfig", str(tmp_path / "config.json"), "--model", "None"]
    words += ["--backgrounds", "None", "--people", "1", "--samples", "1", "--workers", "1"]
    assert main(words) == 0
    assert "passed over" in capsys.readouterr().out
    assert (tmp_path / "out/img/0/0_0.png").exists()
    assert main(["redraw", str(tmp_path / "out/rps/0/0_0.rps"), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again/0_0.png").exists()
    assert main([*words[:4], "--people", "1"]) == 2
    assert "model2017-1_bfm_nomouth.h5" in capsys.readouterr().err
