"""Parameter tables read back as they were written."""

from pathlib import Path

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, generate, plan
from facewright.formats import open_dataset
from facewright.formats.tables import read_columns, stored_crop
from tests.dataset.fakes import draw_fake

CONFIG = DatasetConfig(people=7, samples=5, first_person=3, crop="facenet96")


@pytest.fixture(params=["webdataset", "folder"])
def dataset(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three shards."""
    monkeypatch.setattr(plan, "_IMAGES_PER_SHARD", 15)
    generate(tmp_path / "set", CONFIG, format=request.param, draw=draw_fake, quiet=True)
    return tmp_path / "set"


def test_columns_are_those_of_the_images(dataset: Path) -> None:
    columns = read_columns(open_dataset(dataset), ["yaw_deg", "light", "landmarks_px"])
    people = np.arange(3, 10)
    np.testing.assert_array_equal(columns["yaw_deg"], (people[:, None] + np.arange(5)).ravel())
    np.testing.assert_array_equal(columns["light"][:, 4, 2], people.repeat(5))
    landmarks = np.arange(5 * 136).reshape(-1, 68, 2)
    np.testing.assert_array_equal(columns["landmarks_px"], np.tile(landmarks, (7, 1, 1)))
    assert stored_crop(dataset) == "facenet96"


def test_a_single_shard_has_its_own_table(dataset: Path) -> None:
    shards = sorted(dataset.glob("*.tar"))
    if not shards:
        pytest.skip("folders have no shards")
    columns = read_columns(open_dataset(shards[1]), ["yaw_deg"])
    assert columns["yaw_deg"][0] == 6
    assert stored_crop(shards[1]) == "facenet96"


def test_what_is_not_there_is_named(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(FacewrightError, match=r"set: has no column hat_size \(.*\.parquet\)"):
        read_columns(open_dataset(dataset), ["hat_size"])
    table = sorted(dataset.glob("*.parquet"))[1]
    table.write_bytes(b"no table")
    with pytest.raises(FacewrightError, match=f"{table.name}: not a readable Parquet file"):
        read_columns(open_dataset(dataset), ["yaw_deg"])


def test_photos_have_no_tables_and_no_crop(tmp_path: Path) -> None:
    (tmp_path / "Ann").mkdir()
    (tmp_path / "Ann" / "1.jpg").write_bytes(b"x")
    with pytest.raises(FacewrightError, match=r"has no parameter tables .* with yaw_deg"):
        read_columns(open_dataset(tmp_path), ["yaw_deg"])
    assert stored_crop(tmp_path) is None


def test_tables_of_other_images_are_refused(dataset: Path) -> None:
    for name in ("manifest.json", "config.json"):
        (dataset / name).unlink()
    sorted(dataset.glob("*.parquet"))[0].unlink()
    with pytest.raises(FacewrightError, match=r"tables have 20 rows, expected those of its 35 images"):
        read_columns(open_dataset(dataset), ["yaw_deg"])
