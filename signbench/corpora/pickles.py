"""Pickles in which data sets come, plain or compressed by gzip: read without executing anything in them.

They hold lists and dictionaries of texts, numbers, arrays and tensors. Everything else is refused with its name.
"""

from __future__ import annotations

import gzip
import io
import math
import warnings
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.pickled_files import ForbiddenError, PlainUnpickler, StandIn, check_size, first_line, plain_value

MOST_BYTES = 8 * 2**30
"""Default limit, for the file and for what it unpacks to; neccam/slt's features of PHOENIX14T's train split have about 3 GB."""

_GZIP = b"\x1f\x8b"


def read_pickle(path: Path, *, most_bytes: int = MOST_BYTES, tensors: bool = True) -> Any:
    """The content of a data set's pickle.

    Args:
        path: the file, plain or compressed by gzip.
        most_bytes: more than that is refused.
        tensors: whether tensors are read, as arrays; if not, they are None.

    Returns:
        Arrays of NumPy, texts and numbers, in dictionaries, lists and tuples.

    Raises:
        InputError: the file cannot be read, is too large or damaged, or its pickle calls something else.
    """
    check_size(path, most_bytes)
    kind = _TensorReader if tensors else _TensorSkipper
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == _GZIP
            stream.seek(0)
            source = io.BufferedReader(_Limited(gzip.GzipFile(fileobj=stream), most_bytes)) if packed else stream
            return plain_value(kind(source).load(), {})
    except ForbiddenError as error:
        raise InputError(
            f"{path} cannot be read: its pickle calls {error}, and no code from a file is executed. Download it again from the "
            "data set's own site; if it is the same, save a dictionary of plain arrays, texts and numbers."
        ) from error
    except _TooLargeError as error:
        raise InputError(f"{path} unpacks to more than the limit of {most_bytes:,} bytes; download it again.") from error
    except InputError:
        raise
    # a damaged pickle fails with almost any error
    except Exception as error:
        lost = isinstance(error, (EOFError, zlib.error)) or "truncated" in str(error)
        why = "it is cut off or damaged" if lost else f"it is damaged, or not a pickle ({first_line(error)})"
        raise InputError(f"{path} cannot be read: {why}. Download it again.") from error


class _TooLargeError(Exception):
    """A compressed file unpacks to more than the limit."""


class _Limited(io.RawIOBase):
    """A compressed stream that stops at a limit."""

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self._stream, self._left = stream, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._stream.read(len(buffer))
        self._left -= len(part)
        if self._left < 0:
            raise _TooLargeError
        buffer[: len(part)] = part
        return len(part)


class _Bytes(StandIn):
    """An array in the form that NumPy has for protocol 5: bytes, type, shape and order."""

    def __init__(self, data: Any, kind: Any, shape: Sequence[int], order: str, *_: object) -> None:
        self.data, self.kind, self.shape, self.order = data, kind, tuple(shape), order

    def value(self) -> NDArray[Any]:
        if self.kind.holds_objects:
            raise ValueError("an array of objects is stored as bytes")
        numbers: np.dtype[Any] = self.kind.numpy()
        if self.order not in ("C", "F") or len(self.data) != math.prod(self.shape) * numbers.itemsize:
            raise ValueError("an array does not have as many bytes as its shape says")
        flat: NDArray[Any] = np.frombuffer(self.data, numbers)
        return flat.reshape(self.shape, order="F" if self.order == "F" else "C").astype(numbers.newbyteorder("="))


class _Storage:
    """The numbers of tensors, in the form of ``torch.save``."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def numbers(self) -> Any:
        import torch

        return torch.load(io.BytesIO(self.content), map_location="cpu", weights_only=True)


class _Tensor(StandIn):
    """A tensor as a plain pickle holds it: its numbers, and how they are laid out."""

    def __init__(self, storage: Any, offset: int, size: Sequence[int], stride: Sequence[int], *_: object) -> None:
        self.storage = storage
        self.numbers: tuple[Any, ...] = (offset, *size, *stride)  # of the file, so of any type
        self.offset, self.size, self.stride = offset, tuple(size), tuple(stride)

    def value(self) -> NDArray[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pickles hold storages of the kind that torch had before untyped ones
            return self._value()

    def _value(self) -> NDArray[Any]:
        import torch

        storage = self.storage.numbers() if isinstance(self.storage, _Storage) else None
        if not isinstance(storage, torch.TypedStorage) or storage.dtype.is_complex or not _is_numeric(storage.dtype):
            raise ValueError("a tensor has numbers of an unknown kind")
        whole = all(isinstance(number, int) and number >= 0 for number in self.numbers)
        if not whole:
            raise ValueError("a tensor has no valid shape")
        last = self.offset + sum((length - 1) * step for length, step in zip(self.size, self.stride, strict=True))
        if (0 not in self.size and last >= len(storage)) or math.prod(self.size) > max(len(storage), 1):
            raise ValueError("a tensor does not have as many numbers as its shape says")
        tensor = torch.empty(0, dtype=storage.dtype)
        tensor.set_(storage, self.offset, self.size, self.stride)
        array: NDArray[Any] = tensor.to(torch.float32).numpy() if storage.dtype == torch.bfloat16 else tensor.numpy()
        return array


def _is_numeric(kind: Any) -> bool:
    import torch

    return kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.uint8, torch.int16, torch.int32, torch.int64)


class _SkippedTensor(StandIn):
    """A tensor that is not read."""

    def __init__(self, *_: object) -> None:
        pass

    def value(self) -> None:
        return None


class _SkippedStorage:
    """The numbers of tensors that are not read."""

    def __init__(self, *_: object) -> None:
        pass


_Known = Mapping[tuple[str, str], Any]

_ARRAYS: _Known = {
    **PlainUnpickler.KNOWN,
    **{(f"numpy.{core}.numeric", "_frombuffer"): _Bytes for core in ("core", "_core")},
}


class _TensorReader(PlainUnpickler):
    KNOWN: ClassVar[_Known] = {
        **_ARRAYS,
        ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
        ("torch.storage", "_load_from_bytes"): _Storage,
    }


class _TensorSkipper(PlainUnpickler):
    KNOWN: ClassVar[_Known] = {
        **_ARRAYS,
        ("torch._utils", "_rebuild_tensor_v2"): _SkippedTensor,
        ("torch.storage", "_load_from_bytes"): _SkippedStorage,
    }
