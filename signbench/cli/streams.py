"""Standard output and standard error in every state: closed, full, without a reader, or in an encoding without some letters."""

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


def prepare() -> None:
    r"""Prepares the standard streams; called once, before anything is read or printed.

    A letter that the encoding of standard output lacks is escaped as in JSON (``\u044f``): a table stays readable, and JSON stays
    JSON. If the reader of standard output exits, as ``head`` does, the rest is dropped and the exit code does not change. Messages
    to a closed standard error are dropped.

    Raises:
        InputError: standard output is closed.
    """
    for descriptor, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            # Files that are opened later must not get the number of a standard stream, or prints would be written to them.
            _occupy(descriptor)
    if sys.stderr is None:
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace")
    if sys.stdout is None:
        raise InputError("standard output is closed, so no result could be printed; redirect it to a file or to /dev/null.")
    output: TextIO = sys.stdout
    if output is not sys.__stdout__:
        return  # another program replaced it
    codecs.register_error(_ESCAPE, _escaped)
    output.flush()
    # JSON is always read as UTF-8, and ASCII is valid in UTF-8 and in any encoding that a file or pipe may have.
    fitting = output.isatty() or codecs.lookup(output.encoding).name == "utf-8"
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(output.fileno(), "w", closefd=False)),
        encoding=output.encoding if fitting else "ascii",
        errors=_ESCAPE,
        line_buffering=output.isatty(),
    )


def apart() -> None:
    """Reserves standard output for results: everything else that is written to it goes to standard error from now on."""
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
    """Passes on output of the main thread; output of threads of third-party code goes to standard error."""

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
    r"""Escapes characters that an encoding lacks as in JSON: ``\uXXXX``, in two parts beyond the basic plane."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2)), error.end


class _Output(io.FileIO):
    """The file behind standard output; its errors become signbench's."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            # The rest is dropped, including what Python flushes at exit.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if isinstance(error, BrokenPipeError):
                return memoryview(data).nbytes
            raise InputError(
                f"standard output cannot be written ({error.strerror or error}), so results are missing; make room, "
                "or redirect it, and rerun the command."
            ) from error
