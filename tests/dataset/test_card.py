"""What a data set says of itself, in its folder and in a terminal."""

import io
import json

import cv2
import numpy as np
import pytest
import simplejpeg
from rich.console import Console

from facewright import FacewrightError
from facewright.cli import main
from facewright.dataset import DatasetConfig, DrawnPerson, generate, inspect
from facewright.dataset.card import card_text, size_text, statistics
from facewright.dataset.summary import Summary, summarise
from facewright.formats import open_dataset
from facewright.formats.manifest import read_manifest
from facewright.scenes.worn import Slot
from tests.dataset.fakes import draw_fake

CONFIG = DatasetConfig(people=7, samples=10)


def draw_worn(config: DatasetConfig, index: int) -> DrawnPerson:
    """Every second image shows glasses; light comes from the subject's left."""
    drawn = draw_fake(config, index)
    worn = np.zeros((10, len(Slot)), np.uint32)
    worn[::2, Slot.EYES] = 1
    key = {
        "key_direction": np.tile([[1.0, 0, 0]], (10, 1)),
        "key_irradiance": np.zeros((10, 3)),
        "worn": worn,
    }
    return DrawnPerson(drawn.images, {**drawn.parameters, **key})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("carded") / "set"
    generate(root, CONFIG, draw=draw_worn, quiet=True)
    return root


def printed(root, out=None):
    console = Console(file=io.StringIO(), width=100)
    inspect(root, out, console)
    return console.file.getvalue()


def test_the_summary_is_that_of_the_tables(root):
    summary = summarise(open_dataset(root))
    assert summary.images_per_class.tolist() == [10] * 7
    assert summary.shares == dict.fromkeys(summary.shares, 0.0) | {"eyewear": 0.5}
    yaw = summary.values["yaw (deg)"]
    assert yaw.tolist() == [sample + person for person in range(7) for sample in range(10)]
    assert set(summary.values["light from (deg)"]) == {90.0}
    assert set(summary.values["key light's share"]) == {0.0}
    row = next(row for row in statistics(summary) if row[0] == "yaw (deg)")
    assert row[1:4] == (f"{yaw.mean():.3g}", f"{yaw.std():.3g}", "0")


def test_the_card_has_a_header_for_hubs_the_figures_and_all_settings(root):
    card = (root / "README.md").read_text()
    header, _, rest = card.removeprefix("---\n").partition("\n---\n")
    assert "license: cc0-1.0" in header
    assert "- n<1K" in header
    assert "- synthetic" in header
    assert "# 70 faces of 7 people who do not exist\n" in rest
    assert "| format | webdataset, 4 shards, " in rest
    assert "eyewear 50.0%, headwear 0.0%" in rest
    assert "## Intended use" in rest
    origin = rest.partition("```json\n")[2].partition("\n```")[0]
    assert json.loads(origin) == json.loads((root / "config.json").read_text())


@pytest.mark.parametrize(
    ("model", "licence"),
    [("bfm2017:model.h5", "Basel Face Model"), ("flame:a.pkl", "FLAME"), ("ict:a", "ICT-FaceKit")],
)
def test_the_licence_is_that_of_the_head_model(root, model, licence):
    manifest = read_manifest(root)
    manifest.origin["config"]["model"] = model
    card = card_text(manifest, Summary(np.array([1]), {}, {}))
    assert "license: other" in card
    assert licence in card


def test_the_pictures_show_the_people_and_their_first_images(root):
    sheet = simplejpeg.decode_jpeg((root / "contact_sheet.jpg").read_bytes(), colorspace="RGB")
    assert sheet.shape == (2 + 7 * 114, 2 + 10 * 114, 3)
    cell = sheet[2 + 3 * 114 : 2 + 3 * 114 + 112, 2 + 4 * 114 : 2 + 4 * 114 + 112]
    expected = cv2.resize(draw_fake(CONFIG, 3).images[4], (112, 112), interpolation=cv2.INTER_LINEAR)
    assert np.abs(cell.astype(int) - expected).mean() < 20
    assert cv2.imread(str(root / "histograms.png")).shape[1] > 900


def test_inspect_prints_and_draws(root, tmp_path):
    text = printed(root, tmp_path / "out")
    for part in ("70", "webdataset, 4 shards", "seed 1", "eyewear 50.0%", "yaw (deg)", "█"):
        assert part in text
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "contact_sheet.jpg",
        "histograms.png",
    ]


def test_inspect_images_from_elsewhere(tmp_path):
    for name, count in (("al", 3), ("bob", 1)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(tmp_path / f"photos/{name}/{number}.jpg"), np.full((30, 20, 3), 90, np.uint8))
    text = printed(tmp_path / "photos", tmp_path / "out")
    assert "1 to 3, median 2" in text
    assert "yaw" not in text
    sheet = simplejpeg.decode_jpeg((tmp_path / "out/contact_sheet.jpg").read_bytes())
    assert sheet.shape == (2 + 2 * 114, 2 + 3 * 114, 3)
    (tmp_path / "photos/al/0.jpg").write_bytes(b"junk")
    with pytest.raises(
        FacewrightError, match=r"photos: image 0: found 4 unreadable bytes, expected a JPEG or PNG"
    ):
        printed(tmp_path / "photos", tmp_path / "out")


@pytest.mark.parametrize(("size", "text"), [(999, "999 bytes"), (12_300, "12.3 kB"), (5_000_000_000, "5 GB")])
def test_sizes(size, text):
    assert size_text(size) == text


def test_the_commands_say_what_is_wrong_in_one_line(tmp_path, capsys):
    generate(tmp_path / "set", CONFIG, draw=draw_fake, quiet=True)
    table = tmp_path / "set/000001.parquet"
    table.write_bytes(table.read_bytes()[:300])
    assert main(["verify", str(tmp_path / "set")]) == 2
    out, err = capsys.readouterr()
    assert "000001.parquet: has 300 bytes, expected " in out
    assert err == f"facewright: {tmp_path / 'set'}: 1 file is damaged: --repair draws its shard again\n"
    assert main(["inspect", str(tmp_path / "set")]) == 2
    assert capsys.readouterr().err.startswith(f"facewright: {table}: not a readable Parquet file: ")
    assert main(["convert", str(tmp_path / "absent"), str(tmp_path / "new")]) == 2
    assert capsys.readouterr().err == f"facewright: {tmp_path / 'absent'}: not found, expected a data set\n"
    assert not (tmp_path / "new").exists()


def test_converted_on_the_command_line(root, tmp_path, capsys):
    assert main(["convert", str(root), str(tmp_path / "rec"), "--format", "insightface"]) == 0
    assert "70 images of 7 people, 70 copied now at " in capsys.readouterr().err
    assert len(open_dataset(tmp_path / "rec/train.rec")) == 70
