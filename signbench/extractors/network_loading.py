"""Loads the weights of networks: official files, which are read and never executed, or seeded random ones."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from signbench.errors import InputError
from signbench.pickled_files import read_checkpoint
from signbench.weights.state_dicts import STEPS_OF_TRAINING, mismatch, with_counters
from signbench.weights.store import is_registered, path_of, signed_digest

Network = TypeVar("Network", bound=nn.Module)

_SEED = 0


def device_of(name: str) -> torch.device:
    """The torch device with a name such as ``cpu`` or ``cuda:0``.

    Raises:
        InputError: torch does not know it, or this machine does not have it.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device).cpu()
    except (RuntimeError, AssertionError, ImportError) as error:
        raise InputError(f"device {name} cannot be used: {_first_line(error)}.") from error
    return device


def without_weights(make: Callable[[], Network]) -> Network:
    """A network whose weights take no memory and, since none are initialised, do not change torch's random state."""
    with torch.device("meta"):
        return make().eval().requires_grad_(False)


def official_weights(name: str) -> dict[str, Tensor]:
    """The tensors in a registered file of weights.

    Args:
        name: its name in the registry of weights.

    Returns:
        float32 tensors on the CPU by name.

    Raises:
        InputError: the file does not exist, is not the registered one, or holds anything but tensors by name.
    """
    signed_digest(name)
    path = path_of(name)
    content = read_checkpoint(path, advice=_again(name))
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise InputError(f"{path} does not hold tensors by name, as the weights {name} do. {_again(name)}")
    return {str(key): value.float() if value.is_floating_point() else value for key, value in content.items()}


def torchscript_program(name: str, device: torch.device) -> Callable[..., Tensor]:
    """A registered TorchScript file, which is a program together with its weights.

    Args:
        name: its name in the registry of weights.
        device: the device to run it on.

    Raises:
        InputError: the file does not exist; or it is not the registered one, in which case it is not even opened.
    """
    path = path_of(name)
    if not is_registered(name, path):
        raise InputError(
            f"{path} is not the registered file of the weights {name}; a program is only run if it is registered. {_again(name)}"
        )
    torchscript: Any = torch.jit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        program = torchscript.load(path, map_location=device).eval()

    def run(*arguments: Any, **options: Any) -> Tensor:
        # Without the optimisation that TorchScript applies after the first calls, so that all calls give the same bits.
        with torchscript.optimized_execution(False):
            result: Tensor = program(*arguments, **options)
        return result

    return run


def random_weights(network: nn.Module) -> dict[str, Tensor]:
    """Seeded random weights for every tensor of a network, the same in every process.

    Convolutions are scaled as by He et al. (2015), so that activations neither die nor explode; batch normalisation has non-trivial
    statistics, scales and shifts, so that omitting one would be noticed.

    Returns:
        float32 tensors on the CPU by name.
    """
    generator = torch.Generator().manual_seed(_SEED)

    def drawn(name: str, shape: torch.Size) -> Tensor:
        if name.endswith(STEPS_OF_TRAINING):
            return torch.zeros(shape, dtype=torch.int64)
        if len(shape) > 1:
            return torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))
        if name.endswith(("weight", "running_var")):
            return torch.rand(shape, generator=generator) + 0.5
        return torch.randn(shape, generator=generator) * 0.1

    return {name: drawn(name, tensor.shape) for name, tensor in network.state_dict().items()}


def give_weights(network: nn.Module, weights: Mapping[str, Tensor], origin: str, *, unused: str | None = None) -> None:
    """Loads weights into a network, all of them and no others.

    Args:
        network: made by :func:`without_weights`.
        weights: tensors by name.
        origin: name of the weights in the registry, for messages.
        unused: prefix of the names of layers that the network omits.

    Raises:
        InputError: names or shapes are not the network's.
    """
    wanted = network.state_dict()
    given = with_counters(
        wanted, {name: tensor for name, tensor in weights.items() if unused is None or not name.startswith(unused)}
    )
    if differences := mismatch(wanted, given):
        raise InputError(f"the weights {origin} do not match their network: {differences}. {_again(origin)}")
    network.load_state_dict(given, assign=True)


def fold_batch_norms(network: nn.Module) -> None:
    """Folds each batch normalisation into the convolution before it, which saves a pass over every activation.

    Args:
        network: in evaluation mode; its units have a convolution ``conv`` or ``conv3d`` and its normalisation ``bn``.
    """
    for unit in list(network.modules()):
        parts = dict(unit.named_children())
        if isinstance(normalisation := parts.get("bn"), (nn.BatchNorm2d, nn.BatchNorm3d)):
            name = "conv" if "conv" in parts else "conv3d"
            convolution = parts[name]
            if not isinstance(convolution, (nn.Conv2d, nn.Conv3d)):
                raise TypeError(f"the batch normalisation follows {type(convolution).__name__}, not a convolution")
            setattr(unit, name, fuse_conv_bn_eval(convolution, normalisation))
            unit.bn = nn.Identity()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:120].rstrip(".")


def _again(name: str) -> str:
    return f"Move the file away and run: signbench weights fetch {name}."
