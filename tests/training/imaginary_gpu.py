"""Tensors on a GPU that does not exist: they have shapes and devices, and no values."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Crossings(TorchDispatchMode):
    """Notes the operations that copy between the CPU and the GPU."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        made = function(*arguments, **(options or {}))
        copied = function in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
        # elsewhere, a single number of the CPU's is an argument of a kernel
        tensors = [one for one in tree_leaves((arguments, options, made)) if isinstance(one, torch.Tensor) and (copied or one.ndim)]
        if {one.device.type for one in tensors} == {"cpu", "cuda"}:
            self.found.append(str(function))
        return made


def crossings(data, phase, batch):
    """The operations of a training's losses that a recording on a GPU does not allow; those of the gradients are not looked at.

    Args:
        data: prepared training data.
        phase: name of the phase.
        batch: one of its batches, on the CPU.

    Raises:
        Exception: of torch, where a value of the GPU's decides what is computed.
    """
    network = data.build().train()
    with FakeTensorMode():
        there = moved(network)
        given = {name: torch.empty(value.shape, dtype=value.dtype, device="cuda") for name, value in batch.items()}
        # what is computed once stays on the device
        data.losses(there, given, phase)
        with Crossings() as noted:
            losses = data.losses(there, given, phase)
        assert {loss.device.type for loss in losses.values()} == {"cuda"}
    return noted.found


def moved(network):
    """A copy whose parameters and buffers are on the GPU; what else refers to its parts refers to the copies."""
    imaginary = {}
    for tensor in (*network.parameters(), *network.buffers()):
        made = torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda")
        imaginary[id(tensor)] = nn.Parameter(made) if isinstance(tensor, nn.Parameter) else made
    return copy.deepcopy(network, imaginary)
