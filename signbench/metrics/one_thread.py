"""Products of large matrices in one thread, whatever the caller has set.

BLAS divides a large product among its threads, so the last bits of its sums depend on the number of threads. A fold that multiplies
large matrices runs under :func:`one_blas_thread`, which configures every OpenBLAS and MKL that is loaded into the process, such as
those inside the wheels of NumPy and SciPy.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

_FUNCTIONS = (
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
    ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("openblas_get_num_threads", "openblas_set_num_threads"),
    ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
)
"""Names of the functions with which builds of the libraries get and set the number of threads."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Sets BLAS and LAPACK to one thread inside, and restores the caller's number afterwards."""
    with ExitStack() as stack:
        for get, put in _controls():
            before = get()
            if before != 1:
                put(1)
                stack.callback(put, before)
        yield


@cache
def _controls() -> list[tuple[Callable[[], int], Callable[[int], object]]]:
    """For each library its number of threads, and a function to set it."""
    # libraries loaded later would not be found
    for package in ("numpy.linalg", "scipy.linalg.lapack"):
        importlib.import_module(package)
    found = []
    for file in _libraries():
        try:
            library = ctypes.CDLL(str(file))
        except OSError:
            continue
        for get, put in _FUNCTIONS:
            if hasattr(library, get) and hasattr(library, put):
                found.append((getattr(library, get), getattr(library, put)))
                break
    return found


def _libraries() -> list[Path]:
    """The linear algebra libraries that this process has loaded: on Linux all of them, elsewhere those of the wheels."""
    import numpy
    import scipy

    maps = Path("/proc/self/maps")
    if maps.exists():
        files = {Path(line.split(maxsplit=5)[5].strip()) for line in maps.read_text("utf-8").splitlines() if line.count("/")}
    else:
        homes = [Path(str(package.__file__)).parent for package in (numpy, scipy)]
        folders = [folder for home in homes for folder in (home / ".dylibs", home.with_name(f"{home.name}.libs"))]
        files = {file for folder in folders if folder.is_dir() for file in folder.iterdir()}
    return sorted(file for file in files if "openblas" in file.name or "mkl_rt" in file.name)
