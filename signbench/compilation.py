"""Loops compiled with numba, whose machine code is cached on disk for the next process.

Importing this module imports numba, which is slow: import it inside the functions that need it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """Compiles a function with numba, and caches the machine code on disk if any of numba's cache folders is writable.

    numba tries ``NUMBA_CACHE_DIR``, the folder of the function's file, and the user's cache folder; if none of them is writable (a
    read-only installation without a home) it refuses, and the code is then compiled again in each process.
    """
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return cast(_F, made)


def compiled_for(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """Compiles a kernel for one signature; it runs without the interpreter's lock, in one thread.

    The result is cached on disk for the next process, next to the module or in the user's cache folder. If neither is writable, it
    is compiled again in each process.

    Args:
        function: a module's function in the part of Python that numba compiles.
        *arguments: numba types of its arguments.
    """
    try:
        return _compile(function, arguments, cached=True)
    except (OSError, RuntimeError):  # numba's errors for a full disk, and for no writable folder
        return _compile(function, arguments, cached=False)


def _compile(function: Callable[..., Any], arguments: tuple[Any, ...], cached: bool) -> Callable[..., Any]:
    # NumPy's division omits the test for a zero divisor, with which no loop with a division is vectorised.
    kernel: Callable[..., Any] = numba.njit(arguments, nogil=True, error_model="numpy", cache=cached)(function)
    return kernel
