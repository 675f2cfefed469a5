"""Damage is found, and exactly the damaged shards are drawn again."""

import json
import shutil

import cv2
import numpy as np
import pytest

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, generate, repair, verify
from facewright.dataset.verify import Damage
from tests.dataset.fakes import draw_fake

CONFIG = DatasetConfig(people=7, samples=10)


@pytest.fixture(scope="module", params=["webdataset", "folder"])
def whole(tmp_path_factory, request):
    root = tmp_path_factory.mktemp("whole") / "set"
    generate(root, CONFIG, format=request.param, draw=draw_fake, quiet=True)
    return root


@pytest.fixture
def root(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "set")
    return tmp_path / "set"


def contents(root):
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def check(root):
    return verify(root, quiet=True)


def flip(path, byte=700):
    data = bytearray(path.read_bytes())
    data[byte % len(data)] ^= 1
    path.write_bytes(data)


def image_of(root, shard):
    tar = root / f"{shard}.tar"
    return tar if tar.exists() else sorted((root / f"{2 * int(shard):08d}").iterdir())[3]


def test_an_undamaged_set(root):
    found = check(root)
    assert (found.images, found.damages, found.shards) == (70, (), [])


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda path: flip(path), "has other contents than were written (SHA-256)"),
        (lambda path: path.write_bytes(path.read_bytes()[:-10]), "bytes, expected"),
        (lambda path: path.unlink(), ""),
    ],
)
def test_one_damaged_image_file(whole, root, damage, problem):
    damage(image_of(root, "000001"))
    before = contents(root)
    found = check(root)
    assert found.shards == ["000001"]
    assert problem in found.damages[0].problem
    assert contents(root) == before
    repair(found, draw=draw_fake, quiet=True)
    assert not check(root).damages
    after = contents(root)
    assert {name: data for name, (data, _) in after.items()} == {
        name: data for name, (data, _) in contents(whole).items()
    }
    redrawn = {name for name in after if after[name] != before.get(name)}
    folders = {"00000002", "00000003"}
    assert redrawn
    assert all(name.startswith("000001.") or name.partition("/")[0] in folders for name in redrawn)


def test_half_a_table_and_a_lost_record(root):
    table = root / "000002.parquet"
    table.write_bytes(table.read_bytes()[: table.stat().st_size // 2])
    (root / "000003.shard.json").unlink()
    found = check(root)
    assert [damage.shard for damage in found.damages] == ["000002", "000003"]
    assert found.damages[1] == Damage("000003", "000003.shard.json", "is missing")
    repair(found, draw=draw_fake, quiet=True)
    assert not check(root).damages


def test_generate_again_repairs_what_has_another_size(whole, root):
    image_of(root, "000002").write_bytes(b"short")
    report = generate(root, CONFIG, format=json.loads((root / "config.json").read_text())["format"], draw=draw_fake,
                      quiet=True)  # fmt: skip
    assert report.drawn == 20
    assert not check(root).damages


def test_a_set_of_another_version_is_left_alone(root):
    for name in ("config.json", "manifest.json"):
        fields = json.loads((root / name).read_text())
        origin = fields if name == "config.json" else fields["origin"]
        origin["version"] = "0.0.1"
        (root / name).write_text(json.dumps(fields))
    flip(image_of(root, "000001"))
    before = contents(root)
    with pytest.raises(
        FacewrightError, match=r"config.json: begun with other settings: version was 0.0.1, now "
    ):
        repair(check(root), draw=draw_fake, quiet=True)
    assert contents(root) == before


def draw_otherwise(config, index):
    drawn = draw_fake(config, index)
    return type(drawn)(255 - drawn.images, drawn.parameters)


def test_another_result_is_told(root):
    flip(image_of(root, "000001"))
    with pytest.raises(FacewrightError, match=r"drawn again it has .*: another machine or library made it\?"):
        repair(check(root), draw=draw_otherwise, quiet=True)


def test_changed_settings_are_told(root):
    fields = json.loads((root / "config.json").read_text())
    fields["config"]["seed"] = 9
    (root / "config.json").write_text(json.dumps(fields))
    flip(image_of(root, "000001"))
    with pytest.raises(FacewrightError, match=r"config.json: found other settings than in the manifest"):
        repair(check(root), draw=draw_fake, quiet=True)


def test_unfinished_sets_and_damaged_manifests_are_one_line(root):
    (root / "manifest.json").write_text("{")
    with pytest.raises(FacewrightError, match=r"manifest.json: not valid JSON"):
        check(root)
    (root / "manifest.json").unlink()
    with pytest.raises(FacewrightError, match="unfinished data set"):
        check(root)


def test_images_from_elsewhere_are_decoded(tmp_path):
    (tmp_path / "photos/al").mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"photos/al/{number}.jpg"), np.full((16, 16, 3), 90, np.uint8))
    assert check(tmp_path / "photos").damages == ()
    (tmp_path / "photos/al/1.jpg").write_bytes(b"\xff\xd8 no picture")
    (tmp_path / "photos/al/2.jpg").write_bytes(b"")
    found = check(tmp_path / "photos")
    assert [damage.shard for damage in found.damages] == ["al/1", "al/2"]
    assert "13 unreadable bytes" in found.damages[0].problem
    assert "found an empty file" in found.damages[1].problem
    with pytest.raises(FacewrightError, match="was not drawn but copied from elsewhere"):
        repair(found, quiet=True)
