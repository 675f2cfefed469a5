import pytest

from facewright.dataset import plan


@pytest.fixture(scope="package", autouse=True)
def small_shards():
    """Shards of about 20 images. Only this process plans them; workers are told which people to draw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_IMAGES_PER_SHARD", 20)
        yield
