"""Ranks that find each other, and the message when one of them dies."""

import pytest
import torch
from torch import nn

from facewright import FacewrightError
from facewright.recognition.exchange import SharedGradients
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


class Counting(nn.Linear):
    def __init__(self):
        super().__init__(2, 3)
        self.register_buffer("seen", torch.zeros(2))


def share_gradients_of_two_steps(fabric, path):
    rank = fabric.global_rank
    body, head = nn.Conv2d(4, 5, 3).to(memory_format=torch.channels_last), Counting()
    head.bias.requires_grad = False
    shared = SharedGradients(fabric, body, head)
    means = []
    for step in range(3):
        head.seen.fill_(10 * step + rank)
        for parameter in (*body.parameters(), head.weight):
            parameter.grad = torch.arange(parameter.numel()).reshape(parameter.shape) * (1.0 + rank + step)
        shared.write()
        fabric.barrier()
        shared.read()
        means.append(
            [*(p.grad.flatten()[1].item() for p in body.parameters()), head.weight.grad[1, 1].item()]
        )
        assert head.bias.grad is None
        assert (head.seen == 10 * step).all()
        expected = torch.arange(180).reshape(5, 4, 3, 3) * (1.5 + step)
        assert torch.equal(body.weight.grad, expected)
    path.with_suffix(f".{rank}").write_text(str(means))


def test_gradients_are_shared_as_their_mean(tmp_path):
    run_ranks(share_gradients_of_two_steps, tmp_path / "means", RankSetup(2, "cpu", "fp32", tmp_path))
    expected = str([[1.5 + step, 1.5 + step, 3 * (1.5 + step)] for step in range(3)])
    assert [(tmp_path / f"means.{rank}").read_text() for rank in (0, 1)] == [expected, expected]
