"""Distributes clips over worker processes: one compute thread each, and the same records for any number of workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

from signbench.errors import InputError, SignbenchError, listing
from signbench.extractors.base import compute_elsewhere
from signbench.foreign.isolation import is_own
from signbench.judges.base import Judge
from signbench.metrics.base import Metric
from signbench.runs.outcomes import ClipOutcome
from signbench.scoring.clip_scoring import score_clip
from signbench.scoring.device_owner import Address, OwnerAtWork, owning
from signbench.scoring.judging import install, judges_at_hand, packed
from signbench.scoring.views import ClipViews

Job = tuple[ClipViews, Sequence[tuple[int, Metric]], str]
"""A clip, its metrics with their indices in the run, and the device of networks."""
_STARTING = "SIGNBENCH_STARTING_WORKERS"
"""Environment variable of workers that have not started yet."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
"""Environment variables by which a process computes with one thread."""


def available_cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def score_clips(
    jobs: Iterable[Job], workers: int, judges: Mapping[str, Judge] | None = None, *, one_owner: bool = False
) -> Iterator[ClipOutcome]:
    """Scores clips, in order with one worker and in order of completion with several.

    Args:
        jobs: clips and the metrics that each still needs; consumed lazily, so that few wait in memory.
        workers: number of processes; 1 means this process.
        judges: prepared judges by name.
        one_owner: whether this process runs the networks of all workers, which share one device.

    Raises:
        SignbenchError: a worker was killed.
    """
    if workers <= 1:
        with _one_thread(), judges_at_hand(judges or {}):
            for job in jobs:
                yield score_clip(*job)
        return
    remaining = iter(jobs)
    running: set[Future[ClipOutcome]] = set()
    context = multiprocessing.get_context("spawn")
    began = context.Event()
    with environment({**ONE_THREAD, _STARTING: "1"}), owning(one_owner, judges or {}) as owner:
        arguments = (began, packed(judges or {}), owner)
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=arguments)
        try:
            for job in remaining:
                running.add(pool.submit(score_clip, *job))
                if len(running) < 2 * workers:
                    continue
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        except BrokenProcessPool as error:
            time.sleep(0.1)  # the signal that ended the workers may be about to reach this process too
            if not began.is_set():
                raise InputError(
                    "no worker process could start, because each of them imports the main script. Move the script's work under "
                    "'if __name__ == \"__main__\":' in a file that can be imported, or use workers=1."
                ) from error
            foreign = sorted(name for name, judge in (judges or {}).items() if not is_own(judge))
            if foreign:
                raise SignbenchError(
                    f"a worker process ended (out of memory, or by {listing(foreign)}?). What was computed is kept; rerun the "
                    "command with `workers=1`, which names the clip."
                ) from error
            raise SignbenchError(
                "a worker process was killed (out of memory?). What was computed is kept; rerun the command with fewer `workers`."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def leave_to_parent() -> None:
    """Ends a worker that runs the script that started it, because the script lacks a main guard; the parent reports it."""
    if os.environ.get(_STARTING) and getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)


def _begin_worker(began: Event, judges: Mapping[str, Mapping[str, Any]], owner: Address | None) -> None:
    """Makes a worker ignore Ctrl-C, end with its parent, and compute with one thread.

    Args:
        began: set here, so that the parent knows that workers can start.
        judges: the judges of this process; see :func:`signbench.scoring.judging.packed`.
        owner: the address of the process that runs networks for this one; None: this process runs its networks.
    """
    began.set()
    os.environ.pop(_STARTING, None)
    if owner is None:
        install(judges)
    else:
        at_work = OwnerAtWork(owner)
        install(judges, at_work)
        compute_elsewhere(at_work)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), name="parent", daemon=True).start()
    import cv2

    cv2.setNumThreads(1)


def _end_with(sentinel: int) -> None:
    from multiprocessing.connection import wait as wait_for

    wait_for([sentinel])
    os._exit(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limits OpenCV to one thread while clips are scored in this process; restores the caller's setting afterwards."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Sets environment variables for child processes."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def effective_workers(asked: int | None, jobs: int) -> int:
    """The number of workers for a number of clips: as requested, or one per core, but never more than clips.

    Processes that torchrun starts on one machine share its cores.

    A script without a main guard cannot spawn workers, so an interactive session uses one process.
    """
    local = os.environ.get("LOCAL_WORLD_SIZE", "1")
    cores = available_cores() // (int(local) if local.isdecimal() and int(local) else 1)
    workers = cores if asked is None else asked
    if hasattr(sys, "ps1") and asked is None:
        workers = 1
    return max(1, min(workers, jobs))
