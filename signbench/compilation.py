"""Loops compiled with numba, whose machine code is kept on disk for the next process.

Importing this module imports numba, which takes a moment: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """Compiles a function with numba, and keeps the machine code on disk where any place for it can be written.

    numba looks at ``NUMBA_CACHE_DIR``, beside the function's file, and in the user's cache folder; where none of them can be
    written (a read-only installation without a home) it refuses, and the code is then compiled again in each process.
    """
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return cast(_F, made)


def compiled_for(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """Compiles a kernel for one signature; it runs without the interpreter's lock, in one thread.

    The result is kept on disk for the next process, beside the module or in the user's cache folder. Where neither can be written
    to, it is compiled again in each process.

    Args:
        function: a module's function in the part of Python that numba compiles.
        *arguments: numba types of its arguments.
    """
    try:
        return _compile(function, arguments, cached=True)
    except (OSError, RuntimeError):  # what numba raises for a full disk, and for no folder to write to
        return _compile(function, arguments, cached=False)


def _compile(function: Callable[..., Any], arguments: tuple[Any, ...], cached: bool) -> Callable[..., Any]:
    # Dividing as NumPy does leaves out the test for a zero divisor, without which no loop with a division is vectorised.
    kernel: Callable[..., Any] = numba.njit(arguments, nogil=True, error_model="numpy", cache=cached)(function)
    return kernel
