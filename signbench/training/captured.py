"""A training step on a GPU as a CUDA graph, which is recorded once for each shape of batches and then replayed.

Small networks take a GPU less time than their thousands of calls take Python; a replay is a single call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signbench.training.base import Batch

if TYPE_CHECKING:
    from torch import Tensor, nn

Losses = Callable[[Batch], Mapping[str, "Tensor"]]

_WARMUPS = 3
"""Runs before a step is recorded, in which libraries choose their kernels."""


@dataclass(frozen=True, eq=False)
class _Recorded:
    graph: Any
    given: Batch
    losses: Mapping[str, Tensor]
    gradients: Sequence[Tensor | None]


class CapturedStep:
    """Computes the losses of a batch and the gradients of their sum."""

    def __init__(self, losses: Losses, parameters: Sequence[nn.Parameter]) -> None:
        """Records nothing yet.

        Args:
            losses: computes the losses of a batch on a GPU. It reads no value back from the GPU, brings no other tensor there, and
                draws random numbers only from torch's default generator of the GPU. It changes no statistics, and depends on
                nothing that changes but the batch and the parameters: all else stays what it was when a step was recorded.
            parameters: what is trained.
        """
        self._losses, self._parameters = losses, parameters
        self._recorded: dict[tuple[object, ...], _Recorded] = {}
        self._pool: Any = None

    def __call__(self, batch: Batch) -> Mapping[str, Tensor]:
        """The losses, valid until the next call; the parameters' gradients are replaced.

        Args:
            batch: all of it tensors, on any device.
        """
        shapes = tuple((name, tuple(value.shape), value.dtype) for name, value in batch.items())
        recorded = self._recorded.get(shapes)
        if recorded is None:
            recorded = self._recorded[shapes] = self._record(batch)
        for name, value in batch.items():
            recorded.given[name].copy_(value)
        recorded.graph.replay()
        for parameter, gradient in zip(self._parameters, recorded.gradients, strict=True):
            parameter.grad = gradient
        return recorded.losses

    def _record(self, batch: Batch) -> _Recorded:
        import torch

        device = self._parameters[0].device
        seeded = torch.cuda.get_rng_state(device)
        given = {name: value.to(device, copy=True) for name, value in batch.items()}
        streams: Any = torch.cuda
        aside = streams.Stream(device)
        aside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(aside):
            for _ in range(_WARMUPS):
                self._computed(given)
        torch.cuda.current_stream(device).wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            losses = {name: value.detach() for name, value in self._computed(given).items()}
        self._pool = graph.pool()
        # so that this step's random numbers are those of a later one with the same seed
        torch.cuda.set_rng_state(seeded, device)
        return _Recorded(graph, given, losses, [parameter.grad for parameter in self._parameters])

    def _computed(self, given: Batch) -> Mapping[str, Tensor]:
        import torch

        for parameter in self._parameters:
            parameter.grad = None
        losses = self._losses(given)
        total: Any = torch.stack(list(losses.values())).sum()
        total.backward()
        return losses
