"""The engine: its overhead over the bare work, its scaling, its memory, and how fast it resumes."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.clips import video_folders
from benchmarks.measurement import Row, alternating, command, growth_of_peak_memory, script

METRICS = ["l1", "psnr", "ssim", "tcd"]
_WORDS = [word for name in METRICS for word in ("-m", name)]


def overhead(root: Path) -> Row:
    """Scoring, compared with decoding each file once and running the metrics on the frames, both in one process and thread."""
    import cv2

    import signbench
    from signbench.media.video import read_frames
    from signbench.metrics import registry
    from signbench.metrics.pairs import FramePair

    references, predictions = video_folders(root / "overhead", clips=12, frames=75, size=256)
    metrics = [registry.create(name) for name in METRICS]

    def bare() -> None:
        for reference in sorted(references.iterdir()):
            recorders = [metric.recorder() for metric in metrics]
            for true, made in zip(read_frames(reference), read_frames(predictions / reference.name), strict=True):
                pair = FramePair(prediction=made, reference=true)
                for recorder in recorders:
                    recorder.update(pair)
            for recorder in recorders:
                recorder.finish()

    cores = os.sched_getaffinity(0)
    threads = cv2.getNumThreads()
    os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    try:
        with_engine, without = alternating(lambda: signbench.measure(references, predictions, METRICS), bare)
    finally:
        os.sched_setaffinity(0, cores)
        cv2.setNumThreads(threads)
    return Row(
        "scoring l1, psnr, ssim, tcd / decoding once + the bare metrics (12 clips of 75 frames, 256 px, one core)",
        with_engine / without,
        "x",
        "<= 1.15",
        f"{with_engine:.2f} s / {without:.2f} s",
    )


def processes(root: Path) -> Row:
    """Two processes of one thread each, compared with one, each process on its own core."""
    references, predictions = video_folders(root / "processes-300", clips=40, frames=300, size=256)
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return Row("two processes against one: this machine has one core", float("nan"), "x", "", "not measured")
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for count in (1, 2):
            with tempfile.TemporaryDirectory() as out:
                words = ["measure", references, predictions, *_WORDS, "--out", Path(out) / "run", "--workers", count]
                times[count].append(command(*words, cores=set(cores[:count])).seconds)
    one, two = (statistics.median(times[count]) for count in (1, 2))
    return Row(
        "one process / two processes, one thread each (40 clips of 300 frames, 256 px)",
        one / two,
        "x",
        ">= 1.8",
        f"{one:.1f} s / {two:.1f} s",
    )


def memory(root: Path) -> Row:
    """Peak memory of scoring 1,000 clips, compared with 100."""
    thousand = video_folders(root / "memory" / "thousand", clips=1000, frames=12, size=64)
    with tempfile.TemporaryDirectory() as out:
        words = ["measure", *thousand, *_WORDS, "--workers", "1"]
        return growth_of_peak_memory(
            "", [*words, "--limit", "100", "--out", Path(out) / "hundred"], [*words, "--out", Path(out) / "thousand"]
        )


def resuming(root: Path) -> Row:
    """A finished run of 1,000 clips, repeated: the time beyond the necessary imports."""
    sides = video_folders(root / "memory" / "thousand", clips=1000, frames=12, size=64)
    with tempfile.TemporaryDirectory() as out:
        words = ["measure", *sides, *_WORDS, "--out", Path(out) / "run"]
        command(*words)
        repeated = statistics.median(command(*words).seconds for _ in range(3))
    modules = "signbench.cli.main, signbench.scoring.engine, signbench.scoring.measure, signbench.metrics.image, "
    modules += "signbench.metrics.temporal, pyarrow.parquet, rich.table"
    begun = time.perf_counter()
    for _ in range(3):
        script(f"import {modules}")
    imports = (time.perf_counter() - begun) / 3
    return Row(
        "repeating a finished run of 1,000 clips, beyond imports",
        repeated - imports,
        "s",
        "<= 1",
        f"{repeated:.2f} s, imports {imports:.2f} s",
    )


def start_up() -> Row:
    """The time of ``signbench --help``."""
    seconds = statistics.median(command("--help").seconds for _ in range(7))
    return Row("signbench --help", seconds, "s", "<= 0.5", "")


def rows(root: Path) -> list[Row]:
    """All of the above, with clips that are written to ``root``."""
    return [overhead(root), processes(root), memory(root), resuming(root), start_up()]
