"""The published weights that NSLT begins from: AlexNet's, in the layout of TensorFlow.

NSLT's own checkpoints are TensorFlow's, whose GRU applies the reset gate before the product with the hidden state and torch's after
it; so they cannot be converted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, listing
from signbench.pickled_files import read_pickled_array
from signbench.weights.state_dicts import check_weights

if TYPE_CHECKING:
    from torch import Tensor

_UNUSED = "fc8"
"""ImageNet's classifier, which NSLT leaves out."""

_FIRST_DENSE = "fc6"
_SIDE = 6
"""Height and width of the last feature maps, in front of the first dense layer."""


def read_official(path: Path) -> NoReturn:
    """Refuses NSLT's published checkpoints with the reason.

    Args:
        path: the file or folder.

    Raises:
        InputError: always.
    """
    if path.suffix == ".npy":
        raise InputError(
            f"{path}: AlexNet's weights alone do not make a judge; they are what the training of nslt in its paper configuration "
            "begins from."
        )
    raise InputError(
        f"{path}: checkpoints of NSLT cannot be converted, since TensorFlow's GRU applies its reset gate before a product and "
        "torch's after it; train nslt instead: signbench train nslt."
    )


def read_alexnet(path: Path) -> dict[str, Tensor]:
    """The weights of :class:`signbench.judges.nslt.alexnet.AlexNet` from ``bvlc_alexnet.npy``.

    Args:
        path: the file: a pickled dictionary from a layer to its kernel and its bias.

    Returns:
        float32 tensors by name. ImageNet's classifier ``fc8`` is left out.

    Raises:
        InputError: the file cannot be read, or names or shapes differ from the network's.
    """
    import torch

    from signbench.judges.nslt.alexnet import AlexNet

    layers = read_pickled_array(path)
    if not isinstance(layers, Mapping):
        raise InputError(f"{path} does not hold AlexNet's layers by name, but {type(layers).__name__}.")
    with torch.device("meta"):
        wanted = AlexNet().state_dict()
    tensors: dict[str, Tensor] = {}
    for name, parts in layers.items():
        if name == _UNUSED:
            continue
        kernel, bias = _parts(parts, str(name), path)
        tensors[f"{name}.weight"] = torch.from_numpy(_converted(kernel, str(name), path))
        tensors[f"{name}.bias"] = torch.from_numpy(np.ascontiguousarray(bias, np.float32))
    return check_weights(wanted, tensors, path, "AlexNet")


def _parts(parts: Any, name: str, path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    arrays = [part for part in parts if isinstance(part, np.ndarray)] if isinstance(parts, (list, tuple)) else []
    kernels, biases = ([part for part in arrays if (part.ndim > 1) == several] for several in (True, False))
    if len(arrays) != 2 or len(kernels) != 1:
        shapes = listing([str(part.shape) for part in arrays]) or "no arrays"
        raise InputError(f"{path}: the layer {name} is not a kernel and a bias; it has {shapes}.")
    return kernels[0], biases[0]


def _converted(kernel: NDArray[Any], name: str, path: Path) -> NDArray[np.float32]:
    """A kernel in torch's layout.

    TensorFlow's are ``(height, width, inputs, outputs)``, with the groups' outputs one after the other as in torch; and its dense
    layers are ``(inputs, outputs)``, the first one with inputs by row, column and then channel, where torch has channels first.
    """
    if kernel.ndim == 4:
        moved = kernel.transpose(3, 2, 0, 1)
    elif kernel.ndim != 2:
        raise InputError(f"{path}: the kernel of the layer {name} has {kernel.ndim} axes, not 2 or 4.")
    elif name == _FIRST_DENSE and len(kernel) % _SIDE**2 == 0:
        outputs = kernel.shape[1]
        moved = kernel.reshape(_SIDE, _SIDE, -1, outputs).transpose(3, 2, 0, 1).reshape(outputs, -1)
    else:
        moved = kernel.T
    return np.ascontiguousarray(moved, np.float32)
