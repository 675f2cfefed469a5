"""One format into another and back, and images from elsewhere into a data set."""

import json
import tarfile

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, convert, generate, verify
from facewright.formats import atomic, open_dataset
from facewright.formats.tables import read_columns, stored_crop
from tests.dataset.fakes import draw_fake
from tests.oracles.recordio import InsightFaceSet

CONFIG = DatasetConfig(people=7, samples=10, first_person=5)
SHARD_FILES = (".tar", ".idx.npy", ".parquet", ".shard.json")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn") / "set"
    generate(root, CONFIG, draw=draw_fake, quiet=True)
    return root


def files(root, suffixes=SHARD_FILES):
    return {path.name: path.read_bytes() for path in root.iterdir() if path.name.endswith(suffixes)}


def test_a_folder_is_what_generate_would_have_written(drawn, tmp_path):
    convert(drawn, tmp_path / "folder", "folder", quiet=True)
    generate(tmp_path / "expected", CONFIG, format="folder", draw=draw_fake, quiet=True)
    found, expected = (
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "folder", tmp_path / "expected")
    )
    assert {name for name in found if found[name] != expected.get(name)} == {
        "README.md",
        "config.json",
        "manifest.json",
    }
    assert found.keys() == expected.keys()


@pytest.mark.parametrize("between", ["folder", "insightface"])
def test_there_and_back_gives_the_same_shards(drawn, tmp_path, between):
    convert(drawn, tmp_path / "there", between, quiet=True)
    convert(tmp_path / "there", tmp_path / "back", "webdataset", quiet=True)
    assert files(tmp_path / "back") == files(drawn)
    assert stored_crop(tmp_path / "back") == CONFIG.crop
    for place in ("there", "back"):
        assert not verify(tmp_path / place, quiet=True).damages


def test_an_independent_reader_reads_the_records(drawn, tmp_path):
    convert(drawn, tmp_path, "insightface", quiet=True)
    loaded = InsightFaceSet((tmp_path / "train.rec").read_bytes(), (tmp_path / "train.idx").read_text())
    assert [loaded.image(key) for key in loaded.keys] == [(s.label, s.jpeg) for s in open_dataset(drawn)]
    assert loaded.identities() == [range(1 + 10 * person, 11 + 10 * person) for person in range(7)]
    assert (tmp_path / "property").read_text() == "7,16,16"
    columns = read_columns(open_dataset(tmp_path), ["yaw_deg", "key"])
    assert columns["key"].tolist() == [sample.key for sample in open_dataset(drawn)]


@pytest.fixture
def photos(tmp_path):
    """Three people with names of all kinds; one image is a PNG."""
    for name, suffix in (("Zoë.b", "png"), ("al", "jpg"), ("al_b", "jpg")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(3):
            image = np.full((20, 16, 3), 50 * number, np.uint8)
            cv2.imwrite(str(tmp_path / "photos" / name / f"{number}.x.{suffix}"), image)
    return tmp_path / "photos"


@pytest.mark.parametrize("format", ["webdataset", "folder", "insightface"])
def test_real_image_folders(photos, tmp_path, format):
    convert(photos, tmp_path / "set", format, quiet=True)
    reader, source = open_dataset(tmp_path / "set"), open_dataset(photos)
    assert [(s.jpeg, s.label) for s in reader] == [(s.jpeg, s.label) for s in source]
    assert read_columns(reader, ["source_key"])["source_key"].tolist() == [s.key for s in source]
    if format != "insightface":
        assert [reader.key(row) for row in (0, 4)] == ["00000000_0000", "00000001_0001"]
    card = (tmp_path / "set/README.md").read_text()
    assert "# 9 faces of 3 people\n" in card
    assert "their own licence holds" in card
    assert json.loads((tmp_path / "set/manifest.json").read_text())["origin"]["source"]["name"] == "photos"


def test_png_images_stay_png_in_shards(photos, tmp_path):
    convert(photos, tmp_path / "set", quiet=True)
    with tarfile.open(tmp_path / "set/000000.tar") as archive:
        names = archive.getnames()
    assert [name for name in names if not name.endswith(".cls")][::3] == [
        "00000000_0000.png",
        "00000001_0000.jpg",
        "00000002_0000.jpg",
    ]


def test_classes_in_pieces_are_brought_together(tmp_path):
    """A foreign shard with its classes mixed."""
    images = [
        cv2.imencode(".jpg", np.full((8, 8, 3), 40 * number, np.uint8))[1].tobytes() for number in range(6)
    ]
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for number, image in enumerate(images):
            for suffix, data in (("jpg", image), ("cls", b"%d" % (number % 2))):
                (tmp_path / "file").write_bytes(data)
                archive.add(tmp_path / "file", f"{number}.{suffix}")
    convert(tmp_path / "a.tar", tmp_path / "set", quiet=True)
    samples = list(open_dataset(tmp_path / "set"))
    assert [sample.jpeg for sample in samples] == images[::2] + images[1::2]
    assert [sample.label for sample in samples] == [0] * 3 + [1] * 3


def test_stopped_and_called_again(drawn, tmp_path, monkeypatch):
    convert(drawn, tmp_path / "whole", "folder", quiet=True)
    write = atomic._write

    def write_until_full(path, chunks, durably=True):
        if path.name == "000002.parquet.partial":
            raise OSError(28, "No space left on device")
        write(path, chunks, durably)

    monkeypatch.setattr(atomic, "_write", write_until_full)
    with pytest.raises(FacewrightError, match=r"No space left on device; 2 of 4 shards are complete"):
        convert(drawn, tmp_path / "set", "folder", quiet=True)
    monkeypatch.undo()
    convert(drawn, tmp_path / "set", "folder", quiet=True)
    suffixes = (".json", ".parquet", ".md")
    assert files(tmp_path / "set", suffixes) == files(tmp_path / "whole", suffixes)


def test_another_source_is_refused(drawn, photos, tmp_path):
    convert(photos, tmp_path / "set", quiet=True)
    before = files(tmp_path / "set")
    with pytest.raises(FacewrightError, match="begun with other settings"):
        convert(drawn, tmp_path / "set", quiet=True)
    assert files(tmp_path / "set") == before


def test_unknown_format(drawn, tmp_path):
    with pytest.raises(
        FacewrightError, match="format: found 'zip', expected webdataset or folder or insightface"
    ):
        convert(drawn, tmp_path / "set", "zip")


def test_table_of_images_from_elsewhere(photos, tmp_path):
    convert(photos, tmp_path / "set", quiet=True)
    table = pq.read_table(tmp_path / "set/000000.parquet")
    assert table.column_names == ["key", "label", "source_key"]
    assert table.column("source_key").to_pylist()[0] == "Zoë.b/0.x"
