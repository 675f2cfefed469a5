from pathlib import Path

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.cli.drawing import DatasetName
from facewright.dataset import DatasetConfig, Depth, draw_person, from_json, generate, to_json
from facewright.dataset.pairs import draw_pairs, write_pairs
from facewright.evaluation.lfw import distinct_photos, read_pairs
from facewright.models.embedded import load_head
from facewright.recipes import DATASETS
from facewright.scenes import Sampler


def scenes(name: str, count: int = 400):
    config = DATASETS[name](DatasetConfig())
    return Sampler(config.sampler, 1, load_head()).scenes(3, 0, count)


def test_the_command_line_knows_every_preset():
    assert set(DatasetName.__args__) == set(DATASETS)


@pytest.mark.parametrize("name", DATASETS)
def test_presets_keep_what_is_not_theirs_and_survive_as_json(name):
    config = DATASETS[name](DatasetConfig(seed=77, jpeg_quality=80))
    assert (config.seed, config.jpeg_quality) == (77, 80)
    assert from_json(to_json(config)) == config


@pytest.mark.parametrize(
    ("name", "people", "images"),
    [
        ("syn-1m", 10_000, 1_000_000),
        ("syn-front", 10_000, 1_000_000),
        ("syn-2m", 20_000, 2_000_000),
        ("syn-10k-50", 10_000, 500_000),
        ("digiface", 110_000, 1_220_000),
        ("multi-pie-like", 337, 337 * 13 * 19),
        ("lfw-like", 5_749, 13_233),
    ],
)
def test_sizes(name, people, images):
    config = DATASETS[name](DatasetConfig())
    assert (config.people, config.images) == (people, images)


def test_poses_of_kortylewski():
    for name, yaw in (("syn-1m", 90), ("syn-front", 35)):
        drawn = scenes(name)
        for values, limit in ((drawn.yaw_deg, yaw), (drawn.pitch_deg, 30), (drawn.roll_deg, 15)):
            assert np.abs(values).max() <= limit
            assert values.std() == pytest.approx(limit / 3**0.5, rel=0.08)
        assert not drawn.worn.any()


def test_things_worn_in_digiface():
    sampler = Sampler(DATASETS["digiface"](DatasetConfig()).sampler, 1, load_head())
    worn = np.concatenate([sampler.scenes(person, 0, 5).worn[:, :4] > 0 for person in range(500)])
    np.testing.assert_allclose(worn.mean(axis=0), [0.15, 0.15, 0.01, 0.15], atol=0.05)


def test_a_studio_varies_pose_and_light_alone():
    config = DATASETS["multi-pie-like"](DatasetConfig())
    drawn = Sampler(config.sampler, 1, load_head()).scenes(3, 0, config.samples)
    assert len(np.unique(drawn.yaw_deg)) == 13
    assert len(np.unique(drawn.key_direction.round(4), axis=0)) == 19
    assert len(np.unique(np.column_stack([drawn.yaw_deg, drawn.key_direction.round(4)]), axis=0)) == 247
    for name in ("pitch_deg", "roll_deg", "expression", "background", "distance_mm", "worn"):
        assert len(np.unique(getattr(drawn, name), axis=0)) == 1


def test_how_many_photographs_people_of_lfw_have():
    config = DATASETS["lfw-like"](DatasetConfig())
    counts = np.array([config.samples_of(person) for person in range(config.people)])
    assert (counts == 1).sum() == 4069
    assert (counts >= 2).sum() == 1680
    assert (counts >= 10).sum() == 158
    assert (counts >= 20).sum() == 62
    assert counts[counts >= 20].sum() == 3023


def test_pairs_are_like_lfws(tmp_path: Path):
    config = DATASETS["lfw-like"](DatasetConfig())
    folds = draw_pairs(config, 10, 300, seed=0)
    assert [len(fold) for fold in folds] == [600] * 10
    assert folds == draw_pairs(config, 10, 300, seed=0)
    people = [
        {
            line.split("\t")[place]
            for line in fold
            for place in (0, -2)
            if len(line.split("\t")) == 4 or place == 0
        }
        for fold in folds
    ]
    assert not any(a & b for i, a in enumerate(people) for b in people[:i])
    assert len({line for fold in folds for line in fold}) == 6000


def test_pairs_name_images_that_are_there(tmp_path: Path):
    config = DatasetConfig(people=8, samples=1, first_person=5, size_px=32, deeper=(Depth(4, 3),))
    generate(tmp_path / "set", config, format="folder", quiet=True)
    assert write_pairs(config, tmp_path / "pairs.txt", folds=2, pairs=3) == 12
    pairs = read_pairs(tmp_path / "pairs.txt")
    assert len(distinct_photos(tmp_path / "set", [pairs])) > 8
    for one, two, same in zip(pairs.first, pairs.second, pairs.same, strict=True):
        assert (one.split("/")[0] == two.split("/")[0]) == same
        assert one != two


def test_too_few_people_for_pairs(tmp_path: Path):
    with pytest.raises(FacewrightError, match="too few for 300 pairs of each kind"):
        write_pairs(DatasetConfig(people=20, samples=1), tmp_path / "pairs.txt")


@pytest.mark.parametrize("people", [100, 1000])
def test_people_do_not_depend_on_how_many_there_are(people):
    few, many = DatasetConfig(people=100, samples=2), DatasetConfig(people=people, samples=2)
    for person in (0, 99):
        a, b = draw_person(few, person), draw_person(many, person)
        np.testing.assert_array_equal(a.images, b.images)
        assert {name: values.tolist() for name, values in a.parameters.items()} == {
            name: values.tolist() for name, values in b.parameters.items()
        }
