"""Global state of a process that foreign code may change: saved before a call and restored after it."""

from __future__ import annotations

import contextlib
import decimal
import gc
import locale
import os
import random
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

_Part = tuple[Callable[[], Any], Callable[[Any], object]]
"""How a part of the state is read, and how it is restored."""


def note(parts: Mapping[str, _Part]) -> dict[str, Any]:
    """The values of the given parts of the state; a part that cannot be read is left out."""
    found = {}
    for name, (read, _) in parts.items():
        with contextlib.suppress(Exception):
            found[name] = read()
    return found


def put_back(parts: Mapping[str, _Part], noted: Mapping[str, Any]) -> None:
    """Restores parts of the state; what the system refuses, such as a limit that was lowered permanently, stays."""
    for name, value in noted.items():
        with contextlib.suppress(Exception):
            parts[name][1](value)


def _module(name: str) -> Any:
    """A module if it has already been imported; otherwise nothing in it has changed."""
    return sys.modules.get(name)


def _folder() -> str | None:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return None


def _put_folder(value: str | None) -> None:
    if value is not None and value != _folder():
        os.chdir(value)


def _environment(values: dict[str, str]) -> None:
    if dict(os.environ) == values:
        return
    zone = os.environ.get("TZ")
    for name in set(os.environ) - set(values):
        del os.environ[name]
    os.environ.update(values)
    if os.environ.get("TZ") != zone:
        time.tzset()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _path(entries: list[str]) -> None:
    sys.path[:] = entries


def _numpy_random() -> Any:
    numpy = _module("numpy")
    return None if numpy is None else numpy.random.get_state(legacy=False)


def _put_numpy_random(value: Any) -> None:
    if value is not None:
        _module("numpy").random.set_state(value)


def _numpy_errors() -> Any:
    numpy = _module("numpy")
    return None if numpy is None else numpy.geterr()


def _put_numpy_errors(value: Any) -> None:
    if value is not None:
        _module("numpy").seterr(**value)


def _torch_random() -> Any:
    torch = _module("torch")
    return None if torch is None else torch.get_rng_state()


def _put_torch_random(value: Any) -> None:
    if value is not None:
        _module("torch").set_rng_state(value)


def _torch_settings() -> Any:
    torch = _module("torch")
    if torch is None:
        return None
    return (
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_float32_matmul_precision(),
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.allow_tf32,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.deterministic,
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.get_default_device(),
    )


def _put_torch_settings(value: Any) -> None:
    if value is None or _torch_settings() == value:
        return
    torch = _module("torch")
    threads, dtype, gradients, precision, matmul, convolutions, benchmark, deterministic, algorithms, warn_only, device = value
    torch.set_num_threads(threads)
    torch.set_default_dtype(dtype)
    torch.set_grad_enabled(gradients)
    torch.set_float32_matmul_precision(precision)
    torch.backends.cuda.matmul.allow_tf32 = matmul
    torch.backends.cudnn.allow_tf32 = convolutions
    torch.backends.cudnn.benchmark = benchmark
    torch.backends.cudnn.deterministic = deterministic
    torch.use_deterministic_algorithms(algorithms, warn_only=warn_only)
    if torch.get_default_device() != device:
        torch.set_default_device(None if device.type == "cpu" else device)


def _opencv_threads() -> int | None:
    opencv = _module("cv2")
    return None if opencv is None else int(opencv.getNumThreads())


def _put_opencv_threads(value: int | None) -> None:
    if value is not None and _opencv_threads() != value:
        _module("cv2").setNumThreads(value)


def _put_warnings(value: tuple[list[Any], Any]) -> None:
    filters, shown = value
    if warnings.filters != filters:
        cast("list[Any]", warnings.filters)[:] = filters
    warnings.showwarning = shown


KEPT: Mapping[str, _Part] = {
    "folder": (_folder, _put_folder),
    "environment": (lambda: dict(os.environ), _environment),
    "path": (lambda: list(sys.path), _path),
    "umask": (_umask, os.umask),
    "locale": (lambda: locale.setlocale(locale.LC_ALL), lambda value: locale.setlocale(locale.LC_ALL, value)),
    "warnings": (lambda: (list(warnings.filters), warnings.showwarning), _put_warnings),
    "decimal": (lambda: decimal.getcontext().copy(), decimal.setcontext),
    "recursion": (sys.getrecursionlimit, sys.setrecursionlimit),
    "garbage": (gc.isenabled, lambda value: gc.enable() if value else gc.disable()),
    "random": (random.getstate, random.setstate),
    "numpy random": (_numpy_random, _put_numpy_random),
    "torch random": (_torch_random, _put_torch_random),
    "torch": (_torch_settings, _put_torch_settings),
    "opencv": (_opencv_threads, _put_opencv_threads),
}
"""State that foreign code may set for itself, and that is reinstated for its next call."""
RANDOM = ("random", "numpy random", "torch random")
"""The part of it that continues from call to call rather than being reset."""


def _limits() -> dict[int, tuple[int, int]]:
    return {kind: resource.getrlimit(kind) for name, kind in vars(resource).items() if name.startswith("RLIMIT_")}


def _put_limits(values: dict[int, tuple[int, int]]) -> None:
    for kind, (soft, hard) in values.items():
        now = resource.getrlimit(kind)
        if now == (soft, hard):
            continue
        try:
            resource.setrlimit(kind, (soft, hard))
        except (ValueError, OSError):  # a hard limit that was lowered stays lowered
            most = now[1] if soft == resource.RLIM_INFINITY or (now[1] != resource.RLIM_INFINITY and soft > now[1]) else soft
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, now[1]))


def _handlers() -> dict[signal.Signals, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _put_handlers(values: dict[signal.Signals, Any]) -> None:
    for number, handler in values.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


OWN: Mapping[str, _Part] = {
    "signals": (_handlers, _put_handlers),
    "blocked signals": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, []),
        lambda value: signal.pthread_sigmask(signal.SIG_SETMASK, value),
    ),
    "limits": (_limits, _put_limits),
    "streams": (lambda: (sys.stdin, sys.stdout, sys.stderr), lambda value: _put_streams(*value)),
    "numpy errors": (_numpy_errors, _put_numpy_errors),
    "hooks": (lambda: (sys.excepthook, threading.excepthook, sys.unraisablehook), lambda value: _put_hooks(*value)),
    "arguments": (lambda: list(sys.argv), lambda value: sys.argv.__setitem__(slice(None), value)),
}
"""State that is always restored: if foreign code sets it, it keeps it only until its call ends."""


def _put_streams(read: Any, out: Any, error: Any) -> None:
    sys.stdin, sys.stdout, sys.stderr = read, out, error


def _put_hooks(main: Any, thread: Any, unraisable: Any) -> None:
    sys.excepthook, threading.excepthook, sys.unraisablehook = main, thread, unraisable
