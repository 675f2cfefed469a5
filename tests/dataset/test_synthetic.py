"""Images drawn while they are read."""

import itertools

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, SyntheticFaces, generate
from facewright.formats import open_dataset
from facewright.formats.tables import read_columns
from tests.dataset.fakes import draw_fake

CONFIG = DatasetConfig(people=7, samples=4, first_person=20)


def faces(**options):
    return SyntheticFaces(CONFIG, draw=draw_fake, **options)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Keys of the same data set on a disk, with image and label."""
    root = tmp_path_factory.mktemp("stored") / "set"
    generate(root, CONFIG, draw=draw_fake, quiet=True)
    return open_dataset(root)


@pytest.mark.parametrize("mixed", [0, 1, 3, 100])
def test_the_image_of_a_key_is_that_of_the_disk(stored, mixed):
    on_disk = {s.key: (simplejpeg.decode_jpeg(s.jpeg, colorspace="RGB"), s.label) for s in stored}
    drawn = list(faces(mixed=mixed))
    assert len(drawn) == len(faces(mixed=mixed)) == len(on_disk) == 28
    for face in drawn:
        image, label = on_disk.pop(face.key)
        np.testing.assert_array_equal(face.image, image)
        assert face.label == label
    assert not on_disk


def test_without_mixing_the_order_is_that_of_the_disk(stored):
    assert [face.key for face in faces(mixed=0)] == [sample.key for sample in stored]


def test_parameters_are_those_of_the_table(stored):
    yaw = dict(zip([s.key for s in stored], read_columns(stored, ["yaw_deg"])["yaw_deg"], strict=True))
    assert all(face.parameters["yaw_deg"] == yaw[face.key] for face in faces())


def test_images_as_drawn():
    face = next(iter(faces(mixed=0, stored=False)))
    np.testing.assert_array_equal(face.image, draw_fake(CONFIG, 20).images[0])


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(0, 5))
def test_parts_of_parts_are_disjoint_and_complete(parts, subparts, epoch, mixed):
    keys = [
        face.key
        for part, subpart in itertools.product(range(parts), range(subparts))
        for face in faces(mixed=mixed, stored=False).split(part, parts).split(subpart, subparts).epoch(epoch)
    ]
    assert sorted(keys) == sorted(face.key for face in faces(mixed=0, stored=False))


def test_epochs_have_their_own_order_every_time_the_same():
    first, again, second = ([face.key for face in faces().epoch(epoch)] for epoch in (0, 0, 1))
    assert first == again != second
    assert sorted(first) == sorted(second)


def test_fresh_epochs_go_on_with_other_images_of_the_same_people():
    longer = DatasetConfig(people=7, samples=12, first_person=20)
    on_disk = {face.key: face for face in SyntheticFaces(longer, mixed=0, draw=draw_fake)}
    keys = []
    for epoch in range(3):
        for face in faces(fresh=True).epoch(epoch):
            keys.append(face.key)
            np.testing.assert_array_equal(face.image, on_disk[face.key].image)
    assert sorted(keys) == sorted(on_disk)
    with pytest.raises(FacewrightError, match="first_sample: found 1000000, expected a whole number"):
        next(faces(fresh=True).epoch(250_000))


@pytest.mark.parametrize(
    ("options", "message"), [({"mixed": -1}, "mixed: found -1"), ({"part": 2}, "part: found 2 of 1")]
)
def test_wrong_options(options, message):
    with pytest.raises(FacewrightError, match=message):
        faces(**options)
