"""Training steps that are recorded on a GPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException

from signbench.training.captured import CapturedStep
from tests.training.imaginary_gpu import crossings


class Data:
    """Losses that do something that a recording may or may not do."""

    def __init__(self, losses):
        self._losses = losses

    def build(self):
        return nn.Linear(3, 1)

    def losses(self, network, batch, phase):
        return {"loss": self._losses(network(batch["given"])).mean()}


@pytest.mark.parametrize(
    ("losses", "found"),
    [
        (lambda made: made**2 + torch.randn_like(made), []),
        (lambda made: made * made.new_full((1,), 2.0), []),
        (lambda made: made * torch.tensor([2.0]).to(made.device), ["aten._to_copy.default"]),
        (lambda made: made * torch.tensor(2.0).to(made.device), ["aten._to_copy.default"]),
        (lambda made: made + made.sum().cpu().to(made.device), ["aten._to_copy.default"] * 2),
        (lambda made: made + made.cpu().to(made.device), ["aten._to_copy.default"] * 2),
    ],
    ids=[
        "computed there",
        "filled there",
        "brought there",
        "a number brought there",
        "a number brought back and there",
        "brought back and there",
    ],
)
def test_what_a_recording_does_not_allow_is_found_without_a_gpu(losses, found):
    assert crossings(Data(losses), "only", {"given": torch.ones(2, 3)}) == found


@pytest.mark.parametrize("losses", [lambda made: made[(made > 0).nonzero()[:, 0]], lambda made: made * made.sum().item()])
def test_values_that_decide_what_is_computed_are_found_without_a_gpu(losses):
    with pytest.raises((DynamicOutputShapeException, DataDependentOutputException)):
        crossings(Data(losses), "only", {"given": torch.ones(2, 3)})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_a_recorded_step_has_the_losses_and_gradients_of_one_that_is_not():
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(5, 8), nn.SiLU(), nn.Linear(8, 2)).cuda()
    parameters = list(network.parameters())

    def losses(batch):
        return {"error": ((network(batch["given"]) - batch["wanted"]) ** 2).mean(), "size": 0.1 * network[2].weight.square().mean()}

    recorded = CapturedStep(losses, parameters)
    for rows in (4, 7, 4, 7):
        batch = {"given": torch.randn(rows, 5), "wanted": torch.randn(rows, 2)}
        found = {name: float(value) for name, value in recorded(batch).items()}
        gradients = [parameter.grad.clone() for parameter in parameters]
        for parameter in parameters:
            parameter.grad = None
        expected = losses({name: value.cuda() for name, value in batch.items()})
        sum(expected.values()).backward()
        assert found == pytest.approx({name: float(value) for name, value in expected.items()}, rel=1e-5)
        assert all(torch.allclose(one, parameter.grad, atol=1e-6) for one, parameter in zip(gradients, parameters, strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_a_recorded_step_draws_random_numbers_from_the_current_seed():
    weight = nn.Parameter(torch.ones(1, device="cuda"))
    step = CapturedStep(lambda batch: {"loss": (weight * torch.randn_like(batch["given"])).sum()}, [weight])

    def drawn(seed):
        torch.manual_seed(seed)
        return float(step({"given": torch.ones(3)})["loss"])

    # the first one is recorded
    assert drawn(1) == drawn(1) != drawn(2)
