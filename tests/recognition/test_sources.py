"""Which images are taken, and how their labels lie beside each other."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, Depth, generate, to_json
from facewright.formats.tables import read_columns
from facewright.people.mixup import MixupConfig
from facewright.recognition.sources import (
    Source,
    class_names,
    fingerprint,
    join_targets,
    open_sources,
    read_exclusions,
)
from tests.recognition.conftest import write_people

LABELS = np.repeat(np.arange(20), np.arange(1, 21))


def test_sources_are_typed_in_one_word():
    assert Source.parse("a,b/photos") == Source(Path("a,b/photos"))
    assert Source.parse("x,images=10,seed=3") == Source(Path("x"), images=10, seed=3)
    typed = Source.parse("x,identities=5,samples=2,least=2,pick=first")
    assert typed == Source(Path("x"), identities=5, samples=2, least=2, pick="first")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,images=many", "expected integers"),
        ("x,images=0", "found images=0, expected 1 or more"),
        ("x,images=5,identities=2", "not both"),
        ("x,pick=last", "found pick=last, expected random or first"),
    ],
)
def test_bad_options_are_named(text, message):
    with pytest.raises(FacewrightError, match=message):
        Source.parse(text)


@given(seed=st.integers(0, 50), images=st.integers(1, 100))
@settings(max_examples=20, deadline=None)
def test_random_images_are_nested_and_the_seeds_own(seed, images):
    fewer = Source(Path("x"), images=images, seed=seed).choose(LABELS)
    more = Source(Path("x"), images=images + 50, seed=seed).choose(LABELS)
    assert len(fewer) == len(np.unique(fewer)) == images
    assert set(fewer) <= set(more)
    assert (np.diff(fewer) > 0).all()


@given(seed=st.integers(0, 50), people=st.integers(1, 10), samples=st.integers(1, 8))
@settings(max_examples=20, deadline=None)
def test_people_with_so_many_images_each(seed, people, samples):
    rows = Source(Path("x"), identities=people, samples=samples, least=samples, seed=seed).choose(LABELS)
    counts = np.bincount(LABELS[rows], minlength=20)
    assert np.count_nonzero(counts) == people
    assert set(counts) <= {0, samples}
    more = Source(Path("x"), identities=people + 2, samples=samples, least=samples, seed=seed).choose(LABELS)
    assert set(rows) <= set(more)


def test_first_people_and_images_in_stored_order():
    rows = Source(Path("x"), identities=3, samples=2, pick="first").choose(LABELS)
    assert rows.tolist() == [0, 1, 2, 3, 4]


def test_more_than_there_is_is_refused():
    with pytest.raises(FacewrightError, match="found 210 images, expected at least images=999"):
        Source(Path("x"), images=999).choose(LABELS)
    with pytest.raises(FacewrightError, match="found 11 people, expected at least identities=12"):
        Source(Path("x"), identities=12, least=10).choose(LABELS)


def test_labels_of_a_subset_have_no_gaps_and_sets_lie_side_by_side(people, tmp_path):
    more = write_people(tmp_path / "more", people=3, images=2, seed=1)
    selections = open_sources([Source(people, identities=2, samples=3), Source(more)])
    targets, classes = join_targets(selections)
    assert classes == 5
    assert np.bincount(targets.labels[:, 0]).tolist() == [3, 3, 2, 2, 2]
    assert (targets.weights == 1).all()


def test_excluded_people_are_left_out(people, tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("# of the benchmark\nperson1\n\nperson3\nnobody\n")
    (selection,) = open_sources([Source(people)], read_exclusions(file))
    assert selection.classes == 2
    names = [
        class_names(selection.reader)[label] for label in np.unique(selection.reader.labels[selection.rows])
    ]
    assert names == ["person0", "person2"]
    with pytest.raises(FacewrightError, match="cannot be read"):
        read_exclusions(tmp_path / "absent.txt")
    with pytest.raises(FacewrightError, match="found no images of people that are wanted"):
        open_sources([Source(people)], {f"person{index}" for index in range(4)})


def test_a_configuration_stands_for_the_set_that_it_describes(tmp_path):
    config = DatasetConfig(people=3, samples=2, first_person=5, size_px=32, deeper=(Depth(1, 4),))
    generate(tmp_path / "set", config, workers=1)
    (tmp_path / "set.json").write_text(to_json(config))
    stored, drawn = (open_sources([Source(tmp_path / name)]) for name in ("set", "set.json"))
    assert fingerprint(drawn) == fingerprint(stored)
    sides = [side[0].reader for side in (drawn, stored)]
    assert [*sides[0]] == [*sides[1]]
    assert [sides[0].key(row) for row in range(8)] == [sides[1].key(row) for row in range(8)]
    np.testing.assert_array_equal(sides[0].labels, sides[1].labels)


def test_a_configuration_that_cannot_be_drawn_from_is_named(tmp_path):
    path = tmp_path / "mixed.json"
    path.write_text(to_json(DatasetConfig(mixup=MixupConfig(mixup=True))))
    with pytest.raises(FacewrightError, match=r"mixed\.json: found identity mixup, expected none"):
        open_sources([Source(path)])
    path.write_text("{")
    with pytest.raises(FacewrightError, match=r"mixed\.json: not valid JSON"):
        open_sources([Source(path)])
    with pytest.raises(FacewrightError, match=r"absent\.json"):
        open_sources([Source(tmp_path / "absent.json")])


def test_identity_mixup_is_read_from_the_tables_of_a_set(tmp_path):
    config = DatasetConfig(people=3, samples=2, size_px=32, mixup=MixupConfig(mixup=True))
    generate(tmp_path / "mixed", config, workers=1)
    (selection,) = open_sources([Source(tmp_path / "mixed")])
    columns = read_columns(selection.reader, ["label", "label_b", "weight"])
    np.testing.assert_array_equal(selection.targets.labels[:, 0], columns["label"])
    np.testing.assert_array_equal(selection.targets.labels[:, 1], columns["label_b"])
    np.testing.assert_allclose(selection.targets.weights[:, 0], columns["weight"])
    np.testing.assert_allclose(selection.targets.weights.sum(1), 1)
    assert selection.classes == 3
