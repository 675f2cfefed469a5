"""Drawn faces through PyTorch's loader."""

import pytest
import torch
from torch.utils.data import DataLoader

from facewright.dataset import DatasetConfig, SyntheticFaces
from facewright.recognition.streaming import StreamedFaces
from tests.dataset.fakes import draw_fake

CONFIG = DatasetConfig(people=6, samples=4)


def faces(**options):
    return SyntheticFaces(CONFIG, draw=draw_fake, **options)


def images(loader):
    return sorted(
        (int(label), image.numpy().tobytes()) for batch in loader for image, label in zip(*batch, strict=True)
    )


@pytest.fixture(scope="module")
def everything():
    return sorted((face.label, face.image.transpose(2, 0, 1).tobytes()) for face in faces())


@pytest.mark.parametrize("workers", [0, 2])
def test_every_image_once_over_ranks_and_workers(everything, workers):
    ranks = [StreamedFaces(faces(mixed=2), rank, ranks=3) for rank in range(3)]
    parts = [images(DataLoader(rank, batch_size=3, num_workers=workers)) for rank in ranks]
    assert [len(part) for part in parts] == [len(rank) for rank in ranks] == [8, 8, 8]
    assert sorted(part for rank in parts for part in rank) == everything


def test_a_rank_has_the_same_people_with_any_number_of_workers():
    stream = StreamedFaces(faces(), rank=1, ranks=2)
    assert images(DataLoader(stream, batch_size=4)) == images(DataLoader(stream, batch_size=4, num_workers=2))


def test_images_are_channels_first_bytes():
    image, label = next(iter(StreamedFaces(faces(mixed=0))))
    assert (image.shape, image.dtype, label) == ((3, 16, 16), torch.uint8, 0)
    assert image.is_contiguous()


def test_persistent_workers_hear_of_the_next_epoch():
    stream = StreamedFaces(faces())
    loader = DataLoader(stream, batch_size=4, num_workers=1, persistent_workers=True)
    orders = []
    for epoch in (0, 1, 0):
        stream.set_epoch(epoch)
        orders.append([label for _, labels in loader for label in labels.tolist()])
    assert orders[0] == orders[2] != orders[1]
