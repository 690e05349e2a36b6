"""NumPy files whose rows belong to clips, memory-mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError

LARGEST = float(np.finfo(np.float32).max)
"""The largest absolute value of a number in a vector."""


def open_array(path: Path, dimensions: int) -> NDArray[np.floating[Any]]:
    """Opens a ``.npy`` file of floats; reads only its header, and never executes code.

    Args:
        path: the file.
        dimensions: the required number of dimensions.

    Returns:
        The array, on disk.

    Raises:
        MediaError: it does not exist, is not such a file, or has a different type or number of dimensions.
    """
    wanted = {1: "one vector (D,)", 2: "a matrix (N, D)"}[dimensions]
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise MediaError(f"{path} does not exist.") from None
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, EOFError) as error:
        raise MediaError(f"{path} is not an array of numbers, or is truncated ({error}); write it with numpy.save.") from error
    if not isinstance(array, np.ndarray):
        raise MediaError(f"{path} is an archive of arrays; write each with numpy.save.")
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise MediaError(f"{path} holds {array.dtype}; write floats of 16, 32 or 64 bits.")
    if array.ndim != dimensions:
        raise MediaError(f"{path} has the shape {array.shape}; it should be {wanted}.")
    return array


def finite_row(array: NDArray[np.floating[Any]], label: str) -> NDArray[np.floating[Any]]:
    """A vector, read into memory: ``(D,)``, float32 or float64.

    Raises:
        MediaError: it holds a number that is not finite, or larger than float32 can hold, whose squares could not be summed; the
            message gives the first index.
    """
    vector: NDArray[np.floating[Any]] = np.array(array, dtype=np.float64 if array.dtype.itemsize == 8 else np.float32)
    wrong = np.flatnonzero(~(np.abs(vector) <= LARGEST))
    if len(wrong):
        what = "be at most 3.4e38, as float32 holds them" if np.isfinite(vector[wrong[0]]) else "be finite"
        raise MediaError(f"{label}, number {wrong[0]} is {vector[wrong[0]]}; every number must {what}.")
    return vector
