"""State dictionaries: taken out of published checkpoints, and compared with the network that they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.errors import InputError, listing
from signbench.pickled_files import read_checkpoint

if TYPE_CHECKING:
    from torch import Tensor

STEPS_OF_TRAINING = "num_batches_tracked"
"""The end of the names of counters that batch normalisation has since PyTorch 0.4.1, and does not use after training."""

_SHOWN = 3
_PARALLEL = "module."


def state_dict(path: Path, fields: Iterable[str]) -> dict[str, Tensor]:
    """The state dictionary in a checkpoint.

    Args:
        path: a file that ``torch.save`` wrote.
        fields: names under which the dictionary may be in the checkpoint, in order of preference; without any of them the
            checkpoint must itself be the dictionary.

    Returns:
        Tensors on the CPU by name, without the ``module.`` that torch's wrapper for several GPUs adds; floating point as float32.

    Raises:
        InputError: the file is refused by :func:`signbench.pickled_files.read_checkpoint`, or has no such dictionary.
    """
    return tensors_of(read_checkpoint(path), path, fields)


def safetensors_of(path: Path) -> dict[str, Tensor]:
    """:func:`state_dict` of a safetensors file, which holds tensors by name only.

    Raises:
        InputError: the file is not one.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return tensors_of(load_file(path), path, ())
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{path} is not a safetensors file: {error}.") from error


def tensors_of(content: Any, path: Path, fields: Iterable[str]) -> dict[str, Tensor]:
    """:func:`state_dict` for a checkpoint that was read.

    Raises:
        InputError: it has no state dictionary.
    """
    import torch
    from torch import Tensor

    names = list(fields)
    inner = next((content[name] for name in names if name in content), content) if isinstance(content, Mapping) else content
    if not isinstance(inner, Mapping) or not inner or not all(isinstance(value, Tensor) for value in inner.values()):
        where = f"under {' or '.join(names)}, or directly" if names else "in it"
        found = listing([str(name) for name in content], 5) if isinstance(content, Mapping) else type(content).__name__
        raise InputError(f"{path} has no tensors by name {where}; it holds {found or 'nothing'}.")
    tensors: dict[str, Tensor] = {}
    for key, value in inner.items():
        name = _without_wrapper(str(key))
        if name in tensors:
            raise InputError(f"{path} has the tensor {name} twice, with and without {_PARALLEL[:-1]}; keep one.")
        if value.layout is not torch.strided or value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise InputError(
                f"{path} has the tensor {name} in a form that no weights have (sparse, or expanded from fewer numbers)."
            )
        tensors[name] = (value.float() if value.is_floating_point() else value).contiguous()
    return tensors


def _without_wrapper(name: str) -> str:
    return name.removeprefix(_PARALLEL).replace(f".{_PARALLEL}", ".")


def with_counters(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The given tensors with the counters that files from before PyTorch 0.4.1 do not have.

    Args:
        wanted: the network's state dictionary.
        given: tensors by name.
    """
    import torch

    counters = {name: torch.zeros((), dtype=torch.int64) for name in wanted if name.endswith(STEPS_OF_TRAINING)}
    return {**counters, **given}


def mismatch(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """How tensors differ from those of a network.

    Args:
        wanted: the network's state dictionary.
        given: tensors by name.

    Returns:
        For a message: which tensors are missing, which are not the network's, and which have another shape, the first few of each
        and the number of the others; empty if there is no difference.
    """
    missing = sorted(wanted.keys() - given.keys())
    surplus = sorted(given.keys() - wanted.keys())
    shapes = [
        f"{name} {tuple(given[name].shape)} where the network has {tuple(wanted[name].shape)}"
        for name in sorted(wanted.keys() & given.keys())
        if wanted[name].shape != given[name].shape
    ]
    reasons = (("missing", missing), ("not in the network", surplus), ("of another shape", shapes))
    return "; ".join(f"{words}: {listing(names, _SHOWN)}" for words, names in reasons if names)


def check_weights(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], origin: Path, network: str) -> dict[str, Tensor]:
    """The given tensors in the network's order, all of them and no others.

    Args:
        wanted: the network's state dictionary; on the meta device it takes no memory.
        given: tensors by name.
        origin: the file, for messages.
        network: the name of the network, for messages.

    Raises:
        InputError: names or shapes differ from the network's.
    """
    counted = with_counters(wanted, given)
    if differences := mismatch(wanted, counted):
        raise InputError(f"{origin} does not have the weights of {network}: {differences}.")
    return {name: counted[name] for name in wanted}
