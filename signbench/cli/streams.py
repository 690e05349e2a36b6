"""Standard output and standard error in every state: closed, full, without a reader, or in an encoding that lacks a letter."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import threading
from typing import TYPE_CHECKING, TextIO

from signbench.errors import InputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ESCAPE = "signbench.escape"


def settle() -> None:
    r"""Prepares the standard streams; called once, before anything is read or printed.

    A letter that the encoding of standard output lacks is written as JSON writes it (``\u044f``): a table stays readable, and
    JSON stays JSON. Where the reader of standard output goes away, as ``head`` does, the rest is dropped and the command ends with
    the code that it would have ended with. A closed standard error swallows what is said there.

    Raises:
        InputError: standard output is closed.
    """
    for descriptor, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            # What is opened next must not get the number of a standard stream, or prints would land in it.
            _occupy(descriptor)
    if sys.stderr is None:
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace")
    if sys.stdout is None:
        raise InputError("standard output is closed, so no result could be printed; send it to a file or to /dev/null.")
    output: TextIO = sys.stdout
    if output is not sys.__stdout__:
        return  # another program put its own there
    codecs.register_error(_ESCAPE, _escaped)
    output.flush()
    # JSON is read as UTF-8 wherever it goes, and ASCII is both that and whatever else files and pipes are said to be.
    fitting = output.isatty() or codecs.lookup(output.encoding).name == "utf-8"
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(output.fileno(), "w", closefd=False)),
        encoding=output.encoding if fitting else "ascii",
        errors=_ESCAPE,
        line_buffering=output.isatty(),
    )


def apart() -> None:
    """Reserves standard output for results: whatever else is written there goes to standard error from now on."""
    output = sys.stdout
    output.flush()
    own = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = _OfMainThread(
        io.BufferedWriter(_Output(own, "w")),
        encoding=output.encoding,
        errors=output.errors,
        line_buffering=output.isatty(),
    )


class _OfMainThread(io.TextIOWrapper):
    """Prints what the main thread prints; what threads of third-party code print goes to standard error."""

    def write(self, text: str, /) -> int:
        """Writes to standard output, or from another thread to standard error."""
        if threading.current_thread() is not threading.main_thread():
            return sys.stderr.write(text)
        return super().write(text)


def _occupy(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != descriptor:
            os.dup2(opened, descriptor)
            os.close(opened)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Writes what an encoding lacks as JSON does: ``\uXXXX``, in two parts beyond the basic plane."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2)), error.end


class _Output(io.FileIO):
    """The file behind standard output; its errors become ours."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # The rest goes nowhere, also what Python flushes at its end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if isinstance(error, BrokenPipeError):
                return memoryview(data).nbytes
            raise InputError(
                f"standard output cannot be written ({error.strerror or error}), so results are missing there; make room, "
                "or send it elsewhere, and repeat the command."
            ) from error
