"""Files that hold pickles, such as checkpoints and ``.npy`` files of objects: read without executing anything in them.

A pickle is a program that can call any function. Here it can only call what rebuilds tensors, numbers, arrays and containers; for
everything else of NumPy's, and for a training's arguments, it receives inert stand-ins. All other calls are refused with the name
of what they call.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import struct
import threading
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from signbench.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_CHECKPOINT_BYTES = 16 * 2**30
"""Default limit for checkpoints, which hold an optimiser's state next to the weights."""

MOST_ARRAY_BYTES = 2**30
"""Default limit for pickled ``.npy`` files; AlexNet's has 244 MB."""

_BLOCK = 2**20
_FORBIDDEN = re.compile(r"GLOBAL (\w+(?:\.\w+)*)")
_PLAIN_TYPE = re.compile(r"[<>|=]?[biufcU?]\d{0,9}")
_OBJECTS = "O"
_STORAGE_LOCK = threading.Lock()


def read_checkpoint(path: Path, *, most_bytes: int = MOST_CHECKPOINT_BYTES, advice: str = "Download or save it again.") -> Any:
    """The content of a file that ``torch.save`` wrote, zipped or in the form from before PyTorch 1.6.

    NumPy's numbers and arrays, such as best scores and the states of random generators, are read as inert stand-ins; so are the
    arguments of a training (``argparse.Namespace``).

    Args:
        path: the file.
        most_bytes: a larger file is refused before it is opened.
        advice: what to do about a damaged file, for messages.

    Returns:
        Tensors on the CPU, texts and numbers, in dictionaries, lists and tuples.

    Raises:
        InputError: the file cannot be read, is too large or damaged, or its pickle calls something else.
    """
    import torch

    check_size(path, most_bytes)
    if is_archive(path) and (defect := archive_defect(path)):
        raise InputError(f"{path} cannot be read as a checkpoint: {defect}. {advice}")
    try:
        # torch keeps the list of allowed names per process, so only one file is read at a time.
        with _STORAGE_LOCK, warnings.catch_warnings(), torch.serialization.safe_globals(_stand_ins_for_torch()):
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    # torch reports damage with whatever error its unpickler raises.
    except Exception as error:
        if name := forbidden_call(error):
            raise InputError(
                f"{path} cannot be read as a checkpoint: its pickle calls {name}, and no code from a file is executed. Where the "
                "file comes from, save only its tensors: torch.save({name: tensor for name, tensor in model.state_dict().items()}, "
                "FILE)."
            ) from error
        reason = "its pickle is damaged" if isinstance(error, pickle.UnpicklingError) else first_line(error)
        raise InputError(
            f"{path} cannot be read as a checkpoint: it is damaged, or torch.save did not write it ({reason}). {advice}"
        ) from error


def read_pickled_array(path: Path, *, most_bytes: int = MOST_ARRAY_BYTES) -> Any:
    """The content of a ``.npy`` file of Python objects, such as a dictionary that ``numpy.save`` wrote.

    Args:
        path: the file, from Python 2 or 3.
        most_bytes: a larger file is refused before it is opened.

    Returns:
        The object, if the array holds one, else a list of them: arrays and numbers of NumPy, texts and numbers, in dictionaries,
        lists and tuples.

    Raises:
        InputError: the file cannot be read, is too large or damaged, or its pickle calls something else.
    """
    from numpy.lib import format as npy

    check_size(path, most_bytes)
    try:
        with path.open("rb") as stream:
            version = npy.read_magic(stream)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(f"its version is {version[0]}.{version[1]}")
            header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            _, _, kind = header(stream)
            if not kind.hasobject:
                raise InputError(f"{path} holds an array of numbers ({kind}), not a dictionary.")
            content = plain_value(PlainUnpickler(stream).load(), {})
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except InputError:
        raise
    except ForbiddenError as error:
        raise InputError(
            f"{path} cannot be read: its pickle calls {error}, and no code from a file is executed. Where it comes from, save "
            "a dictionary of plain arrays, texts and numbers."
        ) from error
    # a damaged pickle fails with almost any error
    except Exception as error:
        raise InputError(f"{path} cannot be read: it is damaged, or numpy.save did not write it ({first_line(error)}).") from error
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def is_archive(path: Path) -> bool:
    """Whether a file is zipped, as torch writes them since version 1.6; a damaged archive is one too."""
    try:
        return zipfile.is_zipfile(path)
    # it finds the archive's end, and then reads numbers there
    except (zipfile.BadZipFile, struct.error):
        return True


def archive_defect(path: Path) -> str | None:
    """Why a zipped file is not one that torch wrote, or is damaged; None if all is well.

    Compressed archives are refused because they may unpack to any size; torch itself does not check sizes and checksums.
    """
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED:
                    return "it is a compressed archive, which torch.save does not write"
                if entry.header_offset + entry.file_size > size or entry.file_size != entry.compress_size:
                    return "it is damaged: a part of its archive reaches beyond the file"
            wrong = [entry.filename for entry in archive.infolist() if not _is_intact(archive, entry)]
            # torch can be configured to write no checksums; then none of them matches.
            if wrong and len(wrong) < len([entry for entry in archive.infolist() if entry.file_size]):
                return f"it is damaged: {wrong[0]} in its archive does not match its checksum"
    except (zipfile.BadZipFile, ArithmeticError, EOFError, OSError, RuntimeError, ValueError, struct.error) as error:
        return f"its archive is damaged ({first_line(error)})"
    return None


def forbidden_call(error: Exception) -> str | None:
    """The full name of what a pickle wanted to call, from torch's error; None if the reason was another."""
    found = _FORBIDDEN.search(str(error))
    return found[1] if found else None


def _is_intact(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    try:
        with archive.open(entry) as stream:
            while stream.read(_BLOCK):
                pass
    except zipfile.BadZipFile:
        return False
    return True


def check_size(path: Path, most_bytes: int) -> None:
    """Refuses a file that is too large to be read.

    Raises:
        InputError: it is, or it is not there, or not a file.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not path.is_file():
        raise InputError(f"{path} is not a file.")
    if size > most_bytes:
        raise InputError(f"{path} has {size:,} bytes, more than the limit of {most_bytes:,}; save the weights without the rest.")


def first_line(error: Exception) -> str:
    """What an error of a library says, in a short line."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:120].rstrip(".")


class _Inert:
    """What a checkpoint receives for anything of NumPy's, and for arguments: it keeps nothing and computes nothing."""

    def __init__(self, *arguments: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


class _InertClass:
    """What a checkpoint receives for the class of NumPy's arrays, which it only passes on."""


def _stand_ins_for_torch() -> list[Any]:
    return [
        (_InertClass, "numpy.ndarray"),
        (_Inert, "numpy.dtype"),
        (_Inert, "argparse.Namespace"),
        *((_Inert, f"numpy.{core}.multiarray.{name}") for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    ]


class ForbiddenError(Exception):
    """A pickle calls something; the message is its name."""


class StandIn(ABC):
    """What a pickle receives for an object of a library; it computes nothing while the pickle is read."""

    @abstractmethod
    def value(self) -> Any:
        """What it stands for, made of checked numbers only.

        Raises:
            ValueError: its parts do not fit together.
        """


class _Type:
    """A type of numbers, as NumPy pickles it."""

    def __init__(self, name: str, *_: object) -> None:
        self.name = name
        if self.name not in ("O", "O8") and not _PLAIN_TYPE.fullmatch(self.name):
            raise ValueError(f"it has numbers of the type {self.name!r:.20}")
        self.order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]

    @property
    def holds_objects(self) -> bool:
        return self.name[0] == _OBJECTS

    def numpy(self) -> np.dtype[Any]:
        import numpy as np

        plain = np.dtype(self.name)
        if self.order == "<":
            return plain.newbyteorder("<")
        return plain.newbyteorder(">") if self.order == ">" else plain


class _Array(StandIn):
    """An array as NumPy pickles it, whose size is compared with its bytes before anything is allocated."""

    def __init__(self, *_: object) -> None:
        self.state: tuple[Any, ...] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def value(self) -> NDArray[Any] | list[Any]:
        import numpy as np

        if self.state is None:
            raise ValueError("an array has no content")
        _, shape, kind, fortran, data = self.state
        count = math.prod(shape)
        if kind.holds_objects:
            if not isinstance(data, list) or len(data) != count:
                raise ValueError("an array of objects does not have as many as its shape says")
            return data
        # Python 2's bytes arrive as text with one character per byte
        content = data.encode("latin-1") if isinstance(data, str) else data
        numbers = kind.numpy()
        if len(content) != count * numbers.itemsize:
            raise ValueError("an array does not have as many bytes as its shape says")
        flat = np.frombuffer(content, numbers)
        return flat.reshape(shape, order="F" if fortran else "C").astype(numbers.newbyteorder("="))


class _Scalar(StandIn):
    """A single number as NumPy pickles it."""

    def __init__(self, kind: _Type, data: Any = None) -> None:
        self.kind, self.data = kind, data

    def value(self) -> Any:
        import numpy as np

        content = self.data.encode("latin-1") if isinstance(self.data, str) else self.data
        return np.frombuffer(content, self.kind.numpy(), count=1)[0].item()


class _ArrayClass:
    """The class of arrays, which a pickle only passes on."""


def _encoded(text: str, encoding: str) -> bytes:
    """Bytes, as Python 3 pickles them for Python 2."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError(f"it has bytes in the encoding {encoding!r:.20}")
    return text.encode("latin-1")


def _no_bytes() -> bytes:
    """An empty string of bytes, as Python 3 pickles it for Python 2."""
    return b""


class PlainUnpickler(pickle.Unpickler):
    """Builds containers, texts and numbers, and stand-ins for NumPy's; calls nothing else."""

    KNOWN: ClassVar[Mapping[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): _ArrayClass,
        ("numpy", "dtype"): _Type,
        ("collections", "OrderedDict"): OrderedDict,
        ("_codecs", "encode"): _encoded,
        ("__builtin__", "bytes"): _no_bytes,
        **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
        **{(f"numpy.{core}.multiarray", "scalar"): _Scalar for core in ("core", "_core")},
    }

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream, encoding="latin-1")

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name in the pickle.

        Raises:
            ForbiddenError: there is none.
        """
        if (module, name) not in self.KNOWN:
            raise ForbiddenError(f"{module}.{name}")
        return self.KNOWN[module, name]

    def persistent_load(self, identifier: Any) -> Any:
        """Refuses references to objects outside the file.

        Raises:
            ForbiddenError: always.
        """
        raise ForbiddenError("an object outside the file")


def plain_value(value: Any, done: dict[int, Any]) -> Any:
    """The value with NumPy's arrays and Python's numbers for their stand-ins.

    Args:
        value: what was unpickled.
        done: results by the id of what they stand for, since a pickle can refer to one object any number of times.
    """
    if id(value) in done:
        return done[id(value)]
    plain = value
    if isinstance(value, StandIn):
        found = value.value()
        plain = plain_value(found, done) if isinstance(found, list) else found
    elif isinstance(value, Mapping):
        plain = {plain_value(key, done): plain_value(one, done) for key, one in value.items()}
    elif isinstance(value, (list, tuple)):
        plain = type(value)([plain_value(one, done) for one in value])
    done[id(value)] = plain
    return plain
