"""What is known of every pixel is stored beside images, and is the same wherever it is read."""

import dataclasses
import filecmp
import shutil

import numpy as np
import pytest
import webdataset as wds

from facewright import FacewrightError
from facewright.cli import main
from facewright.dataset import (
    DatasetConfig,
    SyntheticFaces,
    convert,
    draw_person,
    drawing,
    generate,
    inspect,
    repair,
    verify,
)
from facewright.dataset.drawing import annotate_person
from facewright.formats import open_dataset, read_annotations
from facewright.formats.tables import column_names, read_columns
from facewright.people.mixup import MixupConfig
from facewright.render import BUFFERS

NAMES = ("depth", "normals", "segmentation", "triangle")
CONFIG = DatasetConfig(people=6, samples=4, size_px=40, annotations=NAMES)  # two shards of 3 people


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    root = tmp_path_factory.mktemp("stored") / "set"
    generate(root, CONFIG, workers=2, quiet=True)
    return root


def same_folders(one, other):
    found = filecmp.dircmp(one, other)
    _, different, broken = filecmp.cmpfiles(one, other, found.common_files, shallow=False)
    return not (found.left_only or found.right_only or different or broken)


def test_the_same_bytes_with_one_worker_and_after_a_stop(stored, tmp_path):
    generate(tmp_path / "set", CONFIG, quiet=True)
    assert same_folders(stored, tmp_path / "set")
    for name in ("000001.shard.json", "000001.tar", "manifest.json"):
        (tmp_path / "set" / name).unlink()
    assert generate(tmp_path / "set", CONFIG, quiet=True).drawn == 12
    assert same_folders(stored, tmp_path / "set")


def test_annotations_change_no_image_and_are_the_renderers(stored):
    reader = open_dataset(stored)
    plain = draw_person(dataclasses.replace(CONFIG, annotations=()), 5)
    np.testing.assert_array_equal(draw_person(CONFIG, 5).images, plain.images)
    rendered = annotate_person(CONFIG, 5).annotations
    for row in range(4):
        found = read_annotations(reader, 20 + row)
        assert tuple(found) == NAMES
        for name in ("depth", "normals", "segmentation"):
            np.testing.assert_array_equal(found[name], getattr(rendered, name)[row])
            assert found[name].dtype == getattr(rendered, name).dtype
        head = found["triangle"] == rendered.triangle[row]
        assert head.mean() > 0.1
        assert len(np.unique(found["triangle"][~head])) <= 1  # hair and what is worn have one number together


def test_columns_say_where_landmarks_and_camera_are(stored):
    reader = open_dataset(stored)
    names = ("landmarks_px", "landmarks_mm", "landmarks_visible", "T_camera_head", "K_image_camera")
    columns = read_columns(reader, names)
    T, K = columns["T_camera_head"], columns["K_image_camera"]
    assert (T.shape, K.shape, columns["landmarks_mm"].shape) == ((24, 4, 4), (24, 3, 3), (24, 68, 3))
    camera = columns["landmarks_mm"] @ T[:, :3, :3].transpose(0, 2, 1) + T[:, None, :3, 3]
    flipped = camera * [1, -1, -1] / -camera[..., 2:]
    np.testing.assert_allclose((flipped @ K.transpose(0, 2, 1))[..., :2], columns["landmarks_px"], atol=0.02)
    assert columns["landmarks_visible"].dtype == bool
    assert {"landmarks5_px", "landmarks19_visible"} <= set(column_names(reader))
    checked = 0
    for row in range(len(reader)):  # the nose's bridge lies where the depth says
        x, y = columns["landmarks_px"][row, 28].astype(int)
        if columns["landmarks_visible"][row, 28]:
            depth = read_annotations(reader, row)["depth"][y, x]
            checked += abs(depth + camera[row, 28, 2]) < 6
    assert checked > 0.8 * columns["landmarks_visible"][:, 28].sum() > 10


def test_landmarks_alone_cost_no_files(tmp_path):
    config = dataclasses.replace(CONFIG, people=1, annotations=("landmarks",))
    generate(tmp_path / "set", config, quiet=True)
    reader = open_dataset(tmp_path / "set")
    assert "T_camera_head" in column_names(reader)
    with pytest.raises(FacewrightError, match="image 00000000_0001 has no annotations"):
        read_annotations(reader, 1)


def test_webdataset_decodes_them(stored):
    reader = open_dataset(stored)
    found = list(wds.WebDataset(str(stored / "000001.tar"), shardshuffle=False).decode())
    assert len(found) == 12
    for index, sample in enumerate(found, 12):
        assert sample["__key__"] == reader.key(index)
        np.testing.assert_array_equal(sample["npz"]["normals"], read_annotations(reader, index)["normals"])


def test_drawn_while_they_are_read_they_are_those_of_the_disk(stored):
    reader = open_dataset(stored)
    index = {reader.key(i): i for i in range(len(reader))}
    for face in SyntheticFaces(dataclasses.replace(CONFIG, people=1), mixed=2):
        assert tuple(face.annotations) == NAMES
        on_disk = read_annotations(reader, index[face.key])
        for name in NAMES:
            np.testing.assert_array_equal(face.annotations[name], on_disk[name])
        assert face.parameters["T_camera_head"].shape == (4, 4)


def test_damage_is_found_and_mended(stored, tmp_path):
    shutil.copytree(stored, tmp_path / "set")
    tar = tmp_path / "set/000000.tar"
    whole = tar.read_bytes()
    at = whole.index(b"depth.npy") + 4000
    tar.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    with pytest.raises(FacewrightError, match=r"annotations of image 00000000_0000: "):
        read_annotations(open_dataset(tmp_path / "set"), 0)
    found = verify(tmp_path / "set", quiet=True)
    assert found.shards == ["000000"]
    repair(found, quiet=True)
    assert tar.read_bytes() == whole


@pytest.mark.parametrize("format", ["folder", "webdataset"])
def test_copies_keep_them(stored, tmp_path, format):
    convert(stored, tmp_path / "there", format, quiet=True)
    reader, there = open_dataset(stored), open_dataset(tmp_path / "there")
    np.testing.assert_equal(read_annotations(there, 21), read_annotations(reader, 21))
    convert(tmp_path / "there", tmp_path / "back", quiet=True)
    assert (tmp_path / "back/000000.tar").read_bytes() == (stored / "000000.tar").read_bytes()


def test_insightface_has_no_room_for_them_and_a_line_says_so(stored, tmp_path, capsys):
    convert(stored, tmp_path / "rec", "insightface")
    assert "annotations are left out, insightface has no room" in capsys.readouterr().err
    convert(tmp_path / "rec", tmp_path / "again", "insightface")
    assert "left out" not in capsys.readouterr().err
    reader = open_dataset(tmp_path / "rec")
    assert reader.read(3) == open_dataset(stored).read(3)
    with pytest.raises(
        FacewrightError, match="has no annotations, expected those of `generate --annotations`"
    ):
        read_annotations(reader, 3)


@pytest.mark.parametrize("mixup", [MixupConfig(), MixupConfig(mixup=True)])
def test_all_buffers_in_pieces(monkeypatch, mixup):
    config = dataclasses.replace(CONFIG, people=2, samples=3, mixup=mixup, annotations=BUFFERS)
    whole = draw_person(config, 1)
    np.testing.assert_array_equal(
        whole.images, draw_person(dataclasses.replace(config, annotations=()), 1).images
    )
    monkeypatch.setattr(drawing, "_ANNOTATED_PX", 2 * 40 * 40)
    pieces = draw_person(config, 1)
    assert set(whole.annotations) == set(BUFFERS)
    for name, values in whole.annotations.items():
        np.testing.assert_array_equal(pieces.annotations[name], values)
    for name, values in whole.parameters.items():
        np.testing.assert_array_equal(pieces.parameters[name], values)


def test_other_annotations_are_other_settings(stored):
    with pytest.raises(FacewrightError, match=r"config\.annotations was \['depth', .* now \[\]"):
        generate(stored, dataclasses.replace(CONFIG, annotations=()), quiet=True)


def test_inspect_shows_them(stored, tmp_path, capsys):
    inspect(stored, tmp_path / "figures")
    assert "depth, normals, segmentation, triangle" in capsys.readouterr().out
    assert (tmp_path / "figures/annotations.png").stat().st_size > 10_000


def test_names_on_the_command_line(tmp_path, capsys):
    assert main(["config", "--annotations", "segmentation,depth"]) == 0
    assert '"annotations": [\n  "depth",\n  "segmentation"\n ]' in capsys.readouterr().out
    assert main(["generate", str(tmp_path / "set"), "--annotations", "depth,skin"]) == 2
    assert "annotations: found 'skin', expected some of depth,normals," in capsys.readouterr().err
    assert not (tmp_path / "set").exists()
