import dataclasses

import numpy as np
import pyarrow.parquet as pq

from facewright.dataset import DatasetConfig, draw_person, generate
from facewright.formats import open_dataset

CONFIG = DatasetConfig(people=1, samples=3, first_person=4)


def test_more_samples_keep_the_first_ones():
    few, more = draw_person(CONFIG, 4), draw_person(dataclasses.replace(CONFIG, samples=5), 4)
    assert few.images.shape == (3, 112, 112, 3)
    np.testing.assert_array_equal(few.images, more.images[:3])
    for name, values in few.parameters.items():
        np.testing.assert_array_equal(values, more.parameters[name][:3], err_msg=name)


def test_later_samples_are_those_of_a_longer_set():
    later = draw_person(dataclasses.replace(CONFIG, samples=2, first_sample=1), 4)
    np.testing.assert_array_equal(later.images, draw_person(CONFIG, 4).images[1:])


def test_people_seeds_and_samples_differ():
    images = draw_person(CONFIG, 4).images
    assert (images != draw_person(CONFIG, 5).images).any()
    assert (images != draw_person(dataclasses.replace(CONFIG, seed=2), 4).images).any()
    assert (images[0] != images[1]).any()


def test_everything_drawn_is_in_the_table(tmp_path):
    generate(tmp_path / "set", CONFIG, quiet=True)
    table = pq.read_table(tmp_path / "set/000000.parquet")
    identifiers = ["key", "label", "person", "sample", "seed"]
    pose = ["yaw_deg", "pitch_deg", "roll_deg"]
    camera = ["distance_mm", "position_mm", "focal", "orthographic", "scale", "shift"]
    scene = [
        "expression",
        "light",
        "key_direction",
        "key_irradiance",
        "worn",
        "jitter_px",
        "jitter_scale",
        "jitter_deg",
    ]
    columns = [*identifiers, *pose, *camera, *scene, "background", "landmarks_px"]
    assert table.column_names[: len(columns)] == columns
    traits = table.column_names[len(columns) :]
    assert traits
    assert all(name.startswith("trait_") for name in traits)
    drawn = draw_person(CONFIG, 4)
    landmarks = np.array(table.column("landmarks_px").to_pylist(), np.float32).reshape(3, 68, 2)
    np.testing.assert_array_equal(landmarks, drawn.parameters["landmarks_px"])
    assert len(open_dataset(tmp_path / "set")) == table.num_rows == 3
