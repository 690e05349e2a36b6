"""Learning rates over time, as functions of the training's state, and the optimisers of recipes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from signbench.training.recipe import Phase

if TYPE_CHECKING:
    from torch import nn


def learning_rate(phase: Phase, step: int, steps: int, epoch: int, falls: int) -> float:
    """The learning rate of a step.

    Args:
        phase: the phase.
        step: number of the step in the phase, from 0.
        steps: number of steps of the phase.
        epoch: finished epochs of the phase.
        falls: how often the dev metric stopped improving, for the schedule ``plateau``.
    """
    schedule, highest = phase.schedule, phase.optimiser.rate
    if step < schedule.warmup:
        return highest * (step + 1) / schedule.warmup
    if schedule.name == "cosine":
        whole = steps if schedule.epochs is None else steps // phase.epochs * schedule.epochs
        done = (step - schedule.warmup) / max(1, whole - schedule.warmup)
        return highest * (schedule.lowest + (1 - schedule.lowest) * (1 + math.cos(math.pi * done)) / 2)
    if schedule.name == "steps":
        return highest * schedule.factor ** sum(epoch >= at for at in schedule.at)
    if schedule.name == "plateau":
        return highest * max(schedule.lowest, schedule.factor**falls)
    return highest


def optimiser_of(phase: Phase, parameters: Iterable[nn.Parameter]) -> Any:
    """The optimiser of a phase."""
    import torch

    chosen = phase.optimiser
    if chosen.name == "sgd":
        return torch.optim.SGD(
            parameters, lr=chosen.rate, momentum=chosen.momentum, weight_decay=chosen.weight_decay, nesterov=chosen.momentum > 0
        )
    kind, trained = torch.optim.Adam if chosen.name == "adam" else torch.optim.AdamW, list(parameters)
    # one kernel for all parameters, where they are on a GPU
    fused = True if trained and all(parameter.is_cuda for parameter in trained) else None
    return kind(trained, lr=chosen.rate, betas=chosen.betas, weight_decay=chosen.weight_decay, fused=fused)


def resume_optimiser(optimiser: Any, state: dict[str, Any]) -> None:
    """Gives an optimiser the state of another one, which may have run on another device.

    Args:
        optimiser: from :func:`optimiser_of`; it computes as its device does it best, not as the other one did.
        state: from ``state_dict`` of the other one; it is changed.
    """
    for group in state["param_groups"]:
        group["fused"] = optimiser.param_groups[0]["fused"]
    optimiser.load_state_dict(state)
