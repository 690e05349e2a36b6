"""Clips over workers: one thread of arithmetic each, and the same records for any number of them."""

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
"""A clip, its metrics with their places in the run, and the device for networks."""
_STARTING = "SIGNBENCH_STARTING_WORKERS"
"""Environment variable of workers that have not begun yet."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


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
        jobs: clips and the metrics each still needs; taken as they are needed, so that few wait in memory.
        workers: how many processes; with 1 everything happens in this one.
        judges: name -> judge, ready to answer, for metrics through judges.
        one_owner: this process alone runs networks, for all workers: they share one device.

    Raises:
        SignbenchError: a worker was killed from outside.
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
    with _environment({**_ONE_THREAD, _STARTING: "1"}), owning(one_owner, judges or {}) as owner:
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
            time.sleep(0.1)  # what ended the workers may be a signal that is on its way to this process too
            if not began.is_set():
                raise InputError(
                    "no worker process could begin: each of them imports the main script again. Let the script do its work below "
                    "'if __name__ == \"__main__\":', in a file that can be imported, or give workers=1."
                ) from error
            foreign = sorted(name for name, judge in (judges or {}).items() if not is_own(judge))
            if foreign:
                raise SignbenchError(
                    f"a worker process ended (out of memory, or by {listing(foreign)}?). What was computed is kept; repeat the "
                    "command with `workers=1`, which names the clip."
                ) from error
            raise SignbenchError(
                "a worker process was killed (out of memory?). What was computed is kept; repeat the command, with fewer `workers`."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def leave_to_parent() -> None:
    """Ends a worker that, while it begins, runs the script that started it, which lacks a main guard; its parent says so."""
    if os.environ.get(_STARTING) and getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)


def _begin_worker(began: Event, judges: Mapping[str, Mapping[str, Any]], owner: Address | None) -> None:
    """Makes a worker leave Ctrl-C to its parent, end when the parent is gone, and count with one thread.

    Args:
        began: set here, so that the parent knows that workers can begin at all.
        judges: to answer in this process; see :func:`signbench.scoring.judging.packed`.
        owner: where the process listens that runs networks for this one; None: each runs its own.
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
    """OpenCV on one thread while clips are scored here; the caller's setting afterwards."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables that children started inside inherit."""
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
    """How many workers a number of clips gets: what was asked for, or one per core; never more than clips.

    Processes that torchrun started on one machine share its cores.

    A process that was started by a script without a main guard could not spawn children, so an interactive session stays with one.
    """
    local = os.environ.get("LOCAL_WORLD_SIZE", "1")
    cores = available_cores() // (int(local) if local.isdecimal() and int(local) else 1)
    workers = cores if asked is None else asked
    if hasattr(sys, "ps1") and asked is None:
        workers = 1
    return max(1, min(workers, jobs))
