import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewright.dataset import DatasetConfig, plan, plan_shards
from facewright.dataset.plan import sample_key

IMAGES_PER_SHARD = plan._IMAGES_PER_SHARD  # before the tests make it smaller

configs = st.builds(
    DatasetConfig,
    people=st.integers(1, 300),
    samples=st.integers(1, 3000),
    first_person=st.integers(0, 10**6),
)


@given(configs)
def test_every_person_is_in_exactly_one_shard_in_order(config):
    people = [person for shard in plan_shards(config) for person in shard.people]
    assert people == list(range(config.first_person, config.first_person + config.people))


@given(configs)
def test_shards_hold_about_a_thousand_images(config):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_IMAGES_PER_SHARD", IMAGES_PER_SHARD)
        check_sizes(config)


def check_sizes(config):
    people = [len(shard.people) for shard in plan_shards(config)]
    assert min(people) > 0
    assert max(people) - min(people) <= 1
    assert max(people) * config.samples <= max(1333, config.samples)
    assert len(people) == 1 or min(people) * config.samples >= 333


@given(configs)
def test_names_count_up(config):
    plan = plan_shards(config)
    assert [shard.name for shard in plan] == [f"{index:06d}" for index in range(len(plan))]
    assert [shard.index for shard in plan] == list(range(len(plan)))


def test_keys_sort_like_numbers():
    assert sample_key(12, 3) == "00000012_0003"
    assert sample_key(9, 10) < sample_key(10, 9) < sample_key(10, 10)
