"""Ranks that find each other, and the message when one of them dies."""

import pytest
import torch

from facewright import FacewrightError
from facewright.recognition.ranks import RankSetup, run_ranks


def sum_ranks_then_lose_one(fabric, path):
    total = fabric.all_reduce(torch.tensor([fabric.global_rank + 1.0]), reduce_op="sum")
    path.with_suffix(f".{fabric.global_rank}").write_text(f"{total.item():g} {torch.get_num_threads()}")
    if fabric.global_rank == 1:
        raise ValueError("rank 1 has had enough")
    while True:
        fabric.all_reduce(torch.zeros(1))


def test_ranks_compute_together_and_a_dead_one_is_reported(tmp_path):
    with pytest.raises(
        FacewrightError, match=r"training process 1 ended with status 1: .*rank 1 has had enough"
    ):
        run_ranks(sum_ranks_then_lose_one, tmp_path / "sum", RankSetup(2, "cpu", "fp32", tmp_path))
    assert [(tmp_path / f"sum.{rank}").read_text() for rank in (0, 1)] == ["3 1", "3 1"]
    assert not torch.distributed.is_initialized()
