import errno
import fcntl
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import simplejpeg

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, generate
from facewright.formats import atomic, open_dataset
from tests.dataset.fakes import draw_and_die, draw_and_fail, draw_fake

CONFIG = DatasetConfig(people=7, samples=10)  # shards of 2 people, the last one of 1


def make(root, config=CONFIG, **options):
    return generate(root, config, **{"draw": draw_fake, "quiet": True, **options})


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted data set by one worker."""
    root = tmp_path_factory.mktemp("whole") / "set"
    make(root)
    return root


def test_a_data_set_is_its_shards_tables_and_manifest(whole):
    suffixes = (".idx.npy", ".parquet", ".shard.json", ".tar")
    shards = [f"00000{index}{suffix}" for index in range(4) for suffix in suffixes]
    card = ["README.md", "contact_sheet.jpg", "histograms.png"]
    assert sorted(contents(whole)) == sorted([*shards, *card, "config.json", "manifest.json"])
    manifest = json.loads((whole / "manifest.json").read_text())
    assert (manifest["people"], manifest["images"], list(manifest["shards"])) == (
        7,
        70,
        [s[:6] for s in shards[::4]],
    )
    assert manifest["origin"] == json.loads((whole / "config.json").read_text())


def test_images_and_labels_are_what_was_drawn(whole):
    samples = list(open_dataset(whole))
    assert [sample.key for sample in samples[:11:10]] == ["00000000_0000", "00000001_0000"]
    assert [sample.label for sample in samples] == np.repeat(np.arange(7), 10).tolist()
    expected = draw_fake(CONFIG, 5).images[3]
    jpeg = simplejpeg.encode_jpeg(expected, quality=95, colorspace="RGB", colorsubsampling="420")
    assert samples[5 * 10 + 3].jpeg == jpeg


def test_labels_count_from_the_first_person(tmp_path):
    make(tmp_path / "set", DatasetConfig(people=3, samples=2, first_person=40))
    samples = list(open_dataset(tmp_path / "set"))
    assert [(sample.key, sample.label) for sample in samples[::2]] == [
        ("00000040_0000", 0),
        ("00000041_0000", 1),
        ("00000042_0000", 2),
    ]


def test_two_workers_make_the_same_bytes(tmp_path, whole):
    make(tmp_path / "two", workers=2)
    assert contents(tmp_path / "two") == contents(whole)


def test_more_people_or_samples_keep_the_first_ones(tmp_path, whole):
    make(tmp_path / "more", DatasetConfig(people=8, samples=11))
    more = {sample.key: sample.jpeg for sample in open_dataset(tmp_path / "more")}
    assert len(more) == 8 * 11
    assert all(more[sample.key] == sample.jpeg for sample in open_dataset(whole))


def test_parameter_table(whole):
    tables = [pq.read_table(path) for path in sorted(whole.glob("*.parquet"))]
    assert [table.num_rows for table in tables] == [20, 20, 20, 10]
    table = tables[1]
    columns = ["key", "label", "person", "sample", "seed", "yaw_deg", "light", "landmarks_px", "trait_age"]
    assert table.column_names == columns
    row = table.slice(13, 1).to_pylist()[0]
    assert (row["key"], row["label"], row["person"], row["sample"], row["seed"]) == (
        "00000003_0003",
        3,
        3,
        3,
        1,
    )
    assert (row["yaw_deg"], row["trait_age"], row["light"]) == (6.0, 23.0, [3.0] * 27)
    assert row["landmarks_px"] == list(map(float, range(3 * 136, 4 * 136)))
    assert table.schema.field("landmarks_px").metadata == {b"shape": b"68 2"}
    keys = [key for table in tables for key in table.column("key").to_pylist()]
    assert keys == [sample.key for sample in open_dataset(whole)]


def test_missing_shards_are_made_again_and_no_others(tmp_path, whole):
    make(tmp_path / "set")
    (tmp_path / "set/000001.tar").unlink()
    (tmp_path / "set/000003.parquet").unlink()
    untouched = (tmp_path / "set/000002.tar").stat().st_mtime_ns
    report = make(tmp_path / "set")
    assert (report.images, report.drawn) == (70, 20 + 10)
    assert contents(tmp_path / "set") == contents(whole)
    assert (tmp_path / "set/000002.tar").stat().st_mtime_ns == untouched


def test_a_complete_set_is_left_alone(whole):
    before = {path: path.stat().st_mtime_ns for path in whole.iterdir()}
    assert make(whole).drawn == 0
    assert {path: path.stat().st_mtime_ns for path in whole.iterdir()} == before


def test_leftovers_are_removed(tmp_path, whole):
    make(tmp_path / "set")
    (tmp_path / "set/000001.parquet").unlink()
    (tmp_path / "set/000001.parquet.partial").write_bytes(b"half")
    (tmp_path / "set/00000002.partial").mkdir()
    (tmp_path / "set/00000002.partial/x.jpg").write_bytes(b"half")
    make(tmp_path / "set")
    assert contents(tmp_path / "set") == contents(whole)
    assert not (tmp_path / "set/00000002.partial").exists()


@pytest.mark.parametrize(
    ("config", "options", "difference"),
    [
        (DatasetConfig(people=8, samples=10), {}, "config.people was 7, now 8"),
        (DatasetConfig(people=7, samples=10, seed=2), {}, "config.seed was 1, now 2"),
        (CONFIG, {"format": "folder"}, "format was webdataset, now folder"),
    ],
)
def test_other_settings_are_refused(whole, config, options, difference):
    before = contents(whole)
    with pytest.raises(FacewrightError, match=f"config.json: begun with other settings: {difference}: use"):
        make(whole, config, **options)
    assert contents(whole) == before


@pytest.mark.parametrize("field", ["version", "head"])
def test_another_version_or_head_is_refused(tmp_path, field):
    make(tmp_path / "set", DatasetConfig(people=1, samples=1))
    path = tmp_path / "set/config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: "0.0"}))
    with pytest.raises(FacewrightError, match=f"begun with other settings: {field} was 0.0, now "):
        make(tmp_path / "set", DatasetConfig(people=1, samples=1))


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years")
    with pytest.raises(
        FacewrightError, match="found 1 files that are no facewright data set, expected a new or empty"
    ):
        make(tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"ten years"}
    with pytest.raises(FacewrightError, match=r"thesis.txt: found a file, expected a new or empty folder"):
        make(tmp_path / "thesis.txt")


def test_two_runs_in_one_folder_are_refused(tmp_path, whole):
    shutil.copytree(whole, tmp_path / "set")
    (tmp_path / "set/000001.tar").unlink()
    with (tmp_path / "set/config.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(FacewrightError, match=r"config.json: another run is writing to this folder"):
            make(tmp_path / "set")
    assert make(tmp_path / "set").drawn == 20


@pytest.mark.parametrize(("options", "field"), [({"format": "zip"}, "format"), ({"workers": 0}, "workers")])
def test_wrong_options_leave_nothing(tmp_path, options, field):
    with pytest.raises(FacewrightError, match=f"{field}: found .*, expected"):
        make(tmp_path / "set", **options)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("format", ["webdataset", "folder"])
@pytest.mark.parametrize("victim", ["first", "table", "manifest.json"])
def test_full_disk(tmp_path, monkeypatch, format, victim):
    config = DatasetConfig(people=5, samples=10)
    data = {"webdataset": "000001.tar", "folder": "00000002"}[format]
    name = {"first": data, "table": "000001.parquet"}.get(victim, victim)
    write = atomic._write

    def write_until_full(path, chunks, durably=True):
        if name in str(path.relative_to(tmp_path)):
            path.write_bytes(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, chunks, durably)

    monkeypatch.setattr(atomic, "_write", write_until_full)
    complete = "3 of 3" if victim == "manifest.json" else "1 of 3"
    with pytest.raises(FacewrightError) as caught:
        make(tmp_path / "set", config, format=format)
    message = str(caught.value)
    assert f"{tmp_path / 'set' / name}: cannot be written: No space left on device" in message
    assert f"{complete} shards are complete" in message
    assert "\n" not in message
    assert not list(tmp_path.rglob("*.partial*"))
    with pytest.raises(FacewrightError, match="unfinished"):
        open_dataset(tmp_path / "set")

    monkeypatch.undo()
    make(tmp_path / "set", config, format=format)
    make(tmp_path / "other", config, format=format)
    assert contents(tmp_path / "set") == contents(tmp_path / "other")


def test_full_disk_at_the_very_beginning(tmp_path, monkeypatch):
    def full(path, chunks, durably=True):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic, "_write", full)
    with pytest.raises(FacewrightError, match=r"config.json: cannot be written: No space left"):
        make(tmp_path / "set")
    assert contents(tmp_path) == {}


def test_failure_while_drawing_is_one_line(tmp_path):
    with pytest.raises(FacewrightError) as caught:
        make(tmp_path / "set", draw=draw_and_fail, workers=2)
    assert "drawing person 3 failed: ValueError: no such nose; " in str(caught.value)
    assert " of 4 shards are complete; run the same command again to continue" in str(caught.value)
    assert not (tmp_path / "set/000001.tar").exists()


def test_crash_of_a_worker_is_one_line(tmp_path):
    with pytest.raises(
        FacewrightError, match=r"worker process ended unexpectedly.*0 of 4 shards are complete"
    ):
        make(tmp_path / "set", draw=draw_and_die, workers=2)


def test_quiet_run_and_summary_line(tmp_path, capsys):
    config = DatasetConfig(people=2, samples=3)
    make(tmp_path / "quiet", config)
    assert capsys.readouterr() == ("", "")
    make(tmp_path / "loud", config, quiet=False)
    make(tmp_path / "loud", config, quiet=False)
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith(f"{tmp_path}/loud: 6 images of 2 people, 6 drawn now at ")
    assert second == f"{tmp_path}/loud: 6 images of 2 people, complete already"


@pytest.mark.parametrize("format", ["webdataset", "folder"])
def test_a_damaged_shard_of_a_finished_set_is_drawn_again(tmp_path, format):
    generate(tmp_path, CONFIG, format=format, draw=draw_fake, quiet=True)
    whole = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    damaged = next(path for path in whole if path.suffix == (".tar" if format == "webdataset" else ".jpg"))
    damaged.write_bytes(whole[damaged][:100])
    report = generate(tmp_path, CONFIG, format=format, draw=draw_fake, quiet=True)
    assert 0 < report.drawn <= report.images
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()} == whole
