"""Training images drawn while training reads them, as PyTorch reads data sets."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, distributed
from torch.utils.data import IterableDataset, get_worker_info

from facewright.dataset.synthetic import SyntheticFaces

__all__ = ["StreamedFaces"]


class StreamedFaces(IterableDataset[tuple[Tensor, int]]):
    """Images (3, H, W) uint8 and labels of a `SyntheticFaces`, shared out over ranks and loader workers.

    Every image of an epoch comes once, in one rank and one worker of it; which people a rank draws does not depend on
    how many workers it has. Call `set_epoch` before each epoch, as for a DistributedSampler; persistent workers hear of
    it. If the people do not divide by the ranks, some ranks have a person more: stop at the same step everywhere.
    """

    def __init__(self, faces: SyntheticFaces, rank: int | None = None, ranks: int | None = None) -> None:
        running = distributed.is_available() and distributed.is_initialized()
        rank = rank if rank is not None else distributed.get_rank() if running else 0
        ranks = ranks if ranks is not None else distributed.get_world_size() if running else 1
        self.faces = faces.split(rank, ranks)
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def set_epoch(self, epoch: int) -> None:
        """The next iteration is this epoch's."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        """Images of this rank in an epoch."""
        return len(self.faces)

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        worker = get_worker_info()
        faces = self.faces if worker is None else self.faces.split(worker.id, worker.num_workers)
        for face in faces.epoch(int(self._epoch)):
            yield torch.from_numpy(face.image).permute(2, 0, 1).contiguous(), face.label
