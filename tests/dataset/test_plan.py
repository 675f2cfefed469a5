import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, Depth, parse_plan, plan, plan_shards, with_plan
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


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 400)), min_size=1, max_size=4),
    st.integers(0, 1000),
)
def test_depths_come_one_after_the_other_and_never_share_a_shard(depths, first_person):
    config = with_plan(DatasetConfig(first_person=first_person), [Depth(*depth) for depth in depths])
    assert config.people == sum(people for people, _ in depths)
    assert config.images == sum(people * samples for people, samples in depths)
    shards = plan_shards(config)
    people = [person for shard in shards for person in shard.people]
    assert people == list(range(first_person, first_person + config.people))
    expected = [samples for count, samples in depths for _ in range(count)]
    assert [config.samples_of(person) for person in people] == expected
    for shard in shards:
        assert len({config.samples_of(person) for person in shard.people}) == 1
        images = sum(config.samples_of(person) for person in shard.people)
        assert images <= 1.5 * plan._IMAGES_PER_SHARD or len(shard.people) == 1


def test_plans_as_typed():
    config = with_plan(DatasetConfig(), parse_plan("4000x50+60000x5"))
    assert (config.people, config.samples, config.deeper) == (64_000, 5, (Depth(4000, 50),))
    assert config.images == 500_000
    for text in ("", "50", "3x", "4x5+", "0x4", "4x0"):
        with pytest.raises(FacewrightError, match="expected"):
            with_plan(DatasetConfig(), parse_plan(text))


@pytest.mark.parametrize(
    ("people", "groups"),
    [
        (2, [(range(5, 7), 3)]),
        (4, [(range(5, 9), 3)]),
        (6, [(range(5, 9), 3), (range(9, 11), 7)]),
        (9, [(range(5, 9), 3), (range(9, 12), 7), (range(12, 14), 1)]),
    ],
)
def test_fewer_people_are_the_first_of_a_plan(people, groups):
    config = DatasetConfig(people=people, samples=1, first_person=5, deeper=(Depth(4, 3), Depth(3, 7)))
    assert config.groups == groups
    assert config.images == sum(shard.images for shard in plan_shards(config))
