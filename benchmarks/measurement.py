"""Timing and memory of functions and of whole commands."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: the compared quantities.
        ratio: the measured figure.
        unit: ``x`` for a ratio, ``s`` for seconds, ``%`` for growth.
        bound: the promised bound, such as ``>= 5``; empty if there is none.
        detail: absolute figures.
    """

    what: str
    ratio: float
    unit: str
    bound: str
    detail: str

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        if not self.bound:
            return True
        sign, limit = self.bound.split()
        return self.ratio >= float(limit) if sign == ">=" else self.ratio <= float(limit)


def alternating(
    first: Callable[[], object],
    second: Callable[[], object],
    repetitions: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Median seconds of two functions, run alternately so that other load affects both; each is warmed up once.

    Args:
        first: a function.
        second: another one.
        repetitions: of each.
        clock: the processor time of this process is less sensitive to other load, where everything runs in one thread.
    """
    first()
    second()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repetitions):
        for index, function in enumerate((first, second)):
            begun = clock()
            function()
            times[index].append(clock() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


@dataclass(frozen=True)
class Ran:
    """A finished command: its wall time and its output."""

    seconds: float
    output: str


def command(*words: object, cores: set[int] | None = None, threads: int | None = 1) -> Ran:
    """Runs ``python -m signbench WORDS`` (or another module, if the first word is ``-m``) and measures it.

    Args:
        words: the command line.
        cores: the cores that it may use; None: all.
        threads: number of compute threads in each process; None: the libraries' default.
    """
    line = [sys.executable, *(() if words[0] == "-m" else ("-m", "signbench")), *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    environment.pop("OMP_NUM_THREADS", None)
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or own)  # children inherit it
    try:
        begun = time.perf_counter()
        ran = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
    finally:
        os.sched_setaffinity(0, own)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(line)} ended with {ran.returncode}: {ran.stderr}")
    return Ran(seconds, ran.stdout)


_OWN_PEAK = """
import runpy, sys
sys.argv = ["signbench", *sys.argv[1:]]
try:
    runpy.run_module("signbench", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def script(text: str, *words: object) -> str:
    """The output of a Python program with one compute thread."""
    ran = subprocess.run(
        [sys.executable, "-c", text, *map(str, words)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


def growth_of_peak_memory(what: str, few: Sequence[object], many: Sequence[object]) -> Row:
    """Peak memory of one process that runs ``signbench WORDS`` on 100 clips and on 1,000."""
    fewer, more = (float(script(_OWN_PEAK, *words).splitlines()[-1]) / 1024 for words in (few, many))
    return Row(
        f"growth of peak memory from 100 to 1,000 clips{what}",
        (more / fewer - 1) * 100,
        "%",
        "<= 5",
        f"{fewer:.0f} MiB / {more:.0f} MiB",
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | measured | promised | absolute figures |", "| --- | --- | --- | --- |"]
    for row in rows:
        bound = f"{row.bound} {row.unit}" + ("" if row.holds else " (MISSED)") if row.bound else ""
        lines.append(f"| {row.what} | {row.ratio:.2f} {row.unit} | {bound} | {row.detail} |")
    return "\n".join(lines)
