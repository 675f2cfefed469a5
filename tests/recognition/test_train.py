"""Training from files to a model: it learns, it resumes exactly, it refuses what it cannot use."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import simplejpeg
import torch

from facewright import FacewrightError
from facewright.dataset.config import DatasetConfig
from facewright.dataset.config_io import to_json
from facewright.recognition import batches as batches_module
from facewright.recognition import train as train_module
from facewright.recognition.augment import RECIPES
from facewright.recognition.config import BackboneConfig, LossConfig, ScheduleConfig, TrainConfig
from facewright.recognition.embed import load_embedder
from facewright.recognition.run import RunFolder
from facewright.recognition.train import TrainingData
from facewright.recognition.train import train as train_on
from tests.recognition.conftest import write_people

TINY = TrainConfig(
    epochs=4,
    backbone=BackboneConfig(widths=(8, 16), blocks=(1, 1), embedding=16, input_px=(32, 32)),
    loss=LossConfig(s=10.0, m=0.1),
    batch_size=8,
    learning_rate=0.05,
    devices=1,
    accelerator="cpu",
    stored_px=40,
)


def train(config, sets, out, **data):
    return train_on(config, TrainingData(tuple(map(str, sets)), **data), out)


def log_of(run):
    with (run / "log.csv").open() as file:
        return list(csv.DictReader(file))


def weights_of(run):
    return {name: value.numpy() for name, value in load_embedder(run).network.state_dict().items()}


@pytest.fixture(scope="module")
def finished(people, tmp_path_factory):
    return train(TINY, [people], tmp_path_factory.mktemp("runs") / "whole")


def test_it_learns_to_tell_people_apart(people, tmp_path):
    config = replace(TINY, epochs=25, loss=LossConfig(s=10.0, m=0.1, warmup=0.0), augment=RECIPES["flip"])
    run = train(config, [people], tmp_path / "run")
    losses = [float(row["loss"]) for row in log_of(run)]
    assert losses[-1] < 0.3 * losses[0]
    more = write_people(tmp_path / "more", images=12)
    unseen = [more / f"person{person}" / f"{index}.jpg" for person in range(4) for index in range(8, 12)]
    crops = np.stack([simplejpeg.decode_jpeg(path.read_bytes()) for path in unseen])
    vectors = load_embedder(run)(crops)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    similarity, same = vectors @ vectors.T, np.arange(16)[:, None] // 4 == np.arange(16) // 4
    assert similarity[same].min() > similarity[~same].max()


def test_a_run_leaves_its_files_and_nothing_else(finished):
    assert sorted(path.name for path in finished.iterdir() if not path.name.startswith("events.")) == [
        "config.json",
        "log.csv",
        "model.safetensors",
        "training.png",
    ]
    rows = log_of(finished)
    assert [int(rows[-1][name]) for name in ("step", "epoch")] == [16, 4]
    assert json.loads((finished / "config.json").read_text())["train"]["seed"] == 1


def test_global_random_state_and_threads_are_left_alone(people, tmp_path):
    before = torch.random.get_rng_state(), torch.get_num_threads()
    train(replace(TINY, epochs=1), [people], tmp_path / "run")
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert torch.get_num_threads() == before[1]


class Killed(Exception):
    pass


def test_a_killed_run_ends_with_the_bits_of_an_uninterrupted_one(people, finished, tmp_path, monkeypatch):
    save = RunFolder.save_checkpoint

    def save_then_die(self, checkpoint):
        save(self, checkpoint)
        if checkpoint.step >= 8:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "save_checkpoint", save_then_die)
        with pytest.raises(Killed):
            train(TINY, [people], tmp_path / "run")
    assert not (tmp_path / "run" / "model.safetensors").exists()
    with pytest.raises(FacewrightError, match="the run is not finished"):
        load_embedder(tmp_path / "run")
    run = train(TINY, [people], tmp_path / "run")
    found, expected = weights_of(run), weights_of(finished)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    columns = ("step", "epoch", "loss", "learning_rate")
    # Rows end at checkpoints, and those are the same in both runs.
    assert [[row[c] for c in columns] for row in log_of(run)] == [
        [row[c] for c in columns] for row in log_of(finished)
    ]


def test_training_on_people_drawn_for_it_resumes_to_the_same_bits(tmp_path, monkeypatch):
    config = DatasetConfig(people=4, samples=4)
    (tmp_path / "faces.json").write_text(to_json(config))
    config, sets = replace(TINY, epochs=2), [tmp_path / "faces.json"]
    whole = train(config, sets, tmp_path / "whole")
    save = RunFolder.save_checkpoint

    def save_then_die(self, checkpoint):
        save(self, checkpoint)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "save_checkpoint", save_then_die)
        with pytest.raises(Killed):
            train(config, sets, tmp_path / "run")
    run = train(config, sets, tmp_path / "run")
    for name, value in weights_of(whole).items():
        np.testing.assert_array_equal(weights_of(run)[name], value, err_msg=name)


def test_a_kill_between_checkpoints_in_mid_epoch_changes_nothing(people, finished, tmp_path, monkeypatch):
    real, calls = batches_module.augment, []

    def die_at_step_6(*args):
        calls.append(args)
        if len(calls) == 7:
            raise Killed
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(batches_module, "augment", die_at_step_6)
        with pytest.raises(Killed):
            train(TINY, [people], tmp_path / "run")
    run = train(TINY, [people], tmp_path / "run")
    for name, value in weights_of(finished).items():
        np.testing.assert_array_equal(weights_of(run)[name], value, err_msg=name)


def test_a_finished_run_is_left_as_it_is(people, finished, capsys):
    before = (finished / "model.safetensors").stat().st_mtime_ns
    assert train(TINY, [people], finished) == finished
    assert (finished / "model.safetensors").stat().st_mtime_ns == before
    assert "already trained" in capsys.readouterr().err.replace("\n", " ")


def test_another_seed_gives_another_model(people, finished, tmp_path):
    run = train(replace(TINY, seed=2), [people], tmp_path / "run")
    assert not np.array_equal(
        weights_of(run)["network.stem.weight"], weights_of(finished)["network.stem.weight"]
    )


def test_two_ranks_train_one_model(people, tmp_path):
    run = train(replace(TINY, devices=2, epochs=2), [people], tmp_path / "run")
    assert int(log_of(run)[-1]["step"]) == 8
    assert all(np.isfinite(value).all() for value in weights_of(run).values())


def test_minutes_end_by_the_clock(people, tmp_path):
    run = train(replace(TINY, epochs=None, minutes=0.01), [people], tmp_path / "run")
    assert float(log_of(run)[-1]["elapsed_s"]) >= 0.6


def test_several_data_sets_are_different_people(people, tmp_path, monkeypatch):
    more = write_people(tmp_path / "more", people=3, images=2, seed=1)
    seen = []
    monkeypatch.setattr(train_module, "run_ranks", lambda function, job, setup: seen.append(job))
    train(TINY, [people, more], tmp_path / "run")
    assert seen[0].classes == 7
    assert sorted(set(seen[0].targets.labels[32:, 0])) == [4, 5, 6]
    assert np.array_equal(np.unique(seen[0].targets.labels), np.arange(7))


def test_a_diverging_run_stops_with_one_line(people, tmp_path):
    config = replace(TINY, learning_rate=1e30, clip_norm=None, schedule=ScheduleConfig(warmup=0.0))
    with pytest.raises(
        FacewrightError,
        match=r"loss at epoch \d+, step \d+: found .* on the batch of images person.*, expected finite",
    ):
        train(config, [people], tmp_path / "run")


def test_another_config_in_the_same_folder_is_refused(people, finished):
    with pytest.raises(FacewrightError, match=r"train\.loss\.m 0\.1, expected 0\.2 as asked"):
        train(replace(TINY, loss=LossConfig(s=10.0, m=0.2)), [people], finished)


def test_other_data_in_the_same_folder_is_refused(finished, tmp_path):
    other = write_people(tmp_path / "other", seed=5)
    with pytest.raises(FacewrightError, match=r"config\.json: found a run with data"):
        train(TINY, [other], finished)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"minutes": 1.0}, r"minutes 1\.0 and epochs 4, expected one"),
        ({"epochs": 0}, "epochs: found 0, expected 1 or more"),
        ({"devices": 0}, "devices: found 0, expected 1 or more"),
        ({"batch_size": 1}, "batch_size: found 1"),
        ({"learning_rate": float("nan")}, "learning_rate: found nan"),
        ({"crop": "passport"}, "crop: found passport, expected arcface112 or facenet96"),
    ],
)
def test_bad_settings_are_named(changes, message):
    with pytest.raises(FacewrightError, match=message):
        replace(TINY, **changes)


def test_bad_data_is_named(people, tmp_path):
    def refuse(message, *data):
        with pytest.raises(FacewrightError, match=message) as caught:
            train(TINY, data, tmp_path / "run")
        assert "\n" not in str(caught.value)

    refuse("no data sets")
    refuse("nowhere: not found", tmp_path / "nowhere")
    refuse("given twice", people, people)
    refuse("found 1 class", write_people(tmp_path / "alone", people=1))
    refuse("found 96x96 pixels, expected 112x112", write_people(tmp_path / "small", size=96))
    broken = write_people(tmp_path / "broken")
    (broken / "person2" / "3.jpg").write_bytes(b"\xff\xd8 no picture")
    refuse(r"broken: image .*3: found 13 unreadable bytes, expected a JPEG or PNG", broken)
    cut = write_people(tmp_path / "cut")
    whole = (cut / "person1" / "2.jpg").read_bytes()
    (cut / "person1" / "2.jpg").write_bytes(whole[: len(whole) // 2])
    refuse(r"cut: image person1/2: found \d+ unreadable bytes, expected a JPEG or PNG", cut)
    hollow = write_people(tmp_path / "hollow")
    (hollow / "person4").mkdir()
    refuse("hollow: class person4 has no images, expected at least one, or no such folder", hollow)


def refuse_config(config, data, run, message):
    with pytest.raises(FacewrightError, match=message) as caught:
        train(config, [data], run)
    assert "\n" not in str(caught.value)
    assert not list(run.glob("*.safetensors"))


def test_one_image_classes_are_named_for_triplets(people, tmp_path):
    ones = write_people(tmp_path / "ones")
    for index in range(1, 8):
        (ones / "person2" / f"{index}.jpg").unlink()
    triplets = replace(
        TINY, loss=LossConfig("triplet"), batching="people", people_per_batch=3, images_per_person=4
    )
    message = r"found 1 people with one image \(class 2 is the first\), expected 2 or more for triplets: add ,least=2"
    refuse_config(triplets, ones, tmp_path / "run", message)
    run = train(replace(triplets, epochs=1), [f"{ones},least=2"], tmp_path / "left")
    assert (run / "model.safetensors").exists()


def test_a_batch_beyond_the_machines_memory_is_refused_before_the_start(people, tmp_path, monkeypatch):
    monkeypatch.setattr("facewright.recognition.memory.available_bytes", lambda accelerator: 2e5)
    monkeypatch.setattr(train_module, "decode_images", lambda *_: pytest.fail("it has begun"))
    message = r"batch_size: 8 images on each of 1 devices need about .* GiB with fast, found 0.0 GiB free"
    refuse_config(TINY, people, tmp_path / "run", message)


def test_weights_of_another_architecture_are_refused(people, finished, tmp_path):
    other = replace(TINY, backbone=BackboneConfig("nn4.small2"), init=finished)
    refuse_config(
        other, people, tmp_path / "run", r"whole: has no conv1\.conv\.weight, expected weights of nn4\.small2"
    )


def test_a_checkpoint_of_another_architecture_is_refused(people, tmp_path, monkeypatch):
    def die(self, checkpoint):
        save(self, checkpoint)
        raise Killed

    save = RunFolder.save_checkpoint
    for name, widths in (("one", (8, 16)), ("two", (8, 24))):
        config = replace(TINY, backbone=replace(TINY.backbone, widths=widths))
        with monkeypatch.context() as patch:
            patch.setattr(RunFolder, "save_checkpoint", die)
            with pytest.raises(Killed):
                train(config, [people], tmp_path / name)
    (tmp_path / "one" / "checkpoint.pt").rename(tmp_path / "two" / "checkpoint.pt")
    message = "found a checkpoint of another network, expected this run's: delete it to start again"
    refuse_config(config, people, tmp_path / "two", message)


def test_a_label_out_of_range_is_named(people, tmp_path, monkeypatch):
    class Reader:
        path, labels, classes = people, np.array([0, 1, 2]), 2

        def __len__(self):
            return 3

        def read(self, index):
            return b""

        def key(self, index):
            return str(index)

        def __iter__(self):
            return iter(())

    monkeypatch.setattr("facewright.formats.open_dataset", lambda path: Reader())
    with pytest.raises(FacewrightError, match=r"image 2 has label 2, expected 0 \.\. 1"):
        train(TINY, [people], tmp_path / "run")


def test_a_file_in_the_way_of_the_run_folder_is_named(people, tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(FacewrightError, match=r"run: .*expected a folder to write to"):
        train(TINY, [people], tmp_path / "run")


def test_a_damaged_checkpoint_is_named(people, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(FacewrightError, match="unreadable file, expected a checkpoint"):
        train(TINY, [people], tmp_path)


def test_training_takes_five_minutes_unless_told_otherwise():
    assert TrainConfig().progress(10**6, 1, 150.0) == 0.5
    assert TrainConfig(minutes=1).progress(0, 1, 30.0) == 0.5
    assert TrainConfig(epochs=4).progress(30, 10, 10.0**6) == 0.75
