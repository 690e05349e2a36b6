"""All seven video metrics together, compared with the scripts that papers use, run in sequence on the same clips and weights.

    python -m benchmarks networks

Both sides are timed as their users run them, from the command to the number: the four scripts of
:mod:`benchmarks.peer_scripts`, each a process of its own, and one ``signbench measure``, intervals and cache included. The scripts
use PyTorch's threads on all cores; signbench uses a process of one thread for each core. The weights are seeded random ones: times
do not depend on them, and both sides' numbers must agree. There are two sizes, 128 pixels as in PGMM's tables and 576 as in
RuSignBot's videos, and a larger set, in which start-up and SciPy's matrix root matter less.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.clips import video_folders
from benchmarks.measurement import Row, command, growth_of_peak_memory
from benchmarks.peer_scripts import OF_PICTURES, SCRIPTS, clips_of
from signbench.media.video import read_frames

NETWORKS = ["lpips:weights=random", "fid:variant=pytorch-fid,weights=random", "fvd:variant=common-metrics,weights=random"]
METRICS = ["l1", "psnr", "ssim", "tcd", *NETWORKS]
SETS = ((128, 12, 2), (128, 40, 1), (576, 12, 2))
"""Width and height in pixels, number of clips, and number of timed runs."""
FEW, FRAMES, SIDE = 4, 16, 128
"""Number of timed runs within this process."""


@dataclass(frozen=True)
class Seconds:
    """Times for one set of clips: the scripts, signbench for a first model, and for a second one with the same references."""

    peers: float
    first: float
    further: float
    difference: float
    """Largest relative difference between the two sides in any of the seven numbers."""


def whole_commands(root: Path, size: int, clips: int, repetitions: int, forget: Callable[[], None]) -> Seconds:
    """Times the commands alternately, so that other load affects both sides; medians."""
    references, predictions = video_folders(root / f"networks-{size}-{clips}", clips=clips, frames=FRAMES, size=size)
    further = another_model(references.parent / "further", references)
    pictures = [frames_as_pictures(side) for side in (references, predictions)]
    times: list[tuple[float, float, float]] = []
    difference = 0.0
    for _ in range(repetitions):
        scripts = [
            command(
                "-m",
                "benchmarks.peer_scripts",
                name,
                *(pictures if name in OF_PICTURES else (references, predictions)),
                threads=None,
            )
            for name in SCRIPTS
        ]
        forget()
        models = []
        for folder in (predictions, further):
            asked = [word for metric in METRICS for word in ("-m", metric)]
            with tempfile.TemporaryDirectory() as out:
                models.append(command("measure", references, folder, *asked, "--json", "--out", Path(out) / "run", threads=None))
        theirs = [value for script in scripts for value in json.loads(script.output)]
        ours = [score["value"] for score in json.loads(models[0].output)["scores"]]
        difference = max(0.0 if one == other else abs(one / other - 1) for one, other in zip(ours, theirs, strict=True))
        times.append((sum(script.seconds for script in scripts), models[0].seconds, models[1].seconds))
    peers, first, second = (statistics.median(column) for column in zip(*times, strict=True))
    return Seconds(peers, first, second, difference)


def in_process(references: Path, predictions: Path) -> Callable[[], object]:
    """All seven by ``signbench.measure`` in this process, intervals included."""
    import signbench

    return lambda: signbench.measure(references, predictions, METRICS, workers=1)


def bare(references: Path, predictions: Path) -> Callable[[], object]:
    """Decodes each file once and computes only the metrics of the frames."""
    from signbench.metrics import registry
    from signbench.metrics.pairs import FramePair, ObservationPair

    metrics = [registry.create(name) for name in METRICS]

    def forward() -> list[float]:
        records: list[list[Any]] = [[] for _ in metrics]
        for made, real in clips_of(references, predictions):
            for kept, metric in zip(records, metrics, strict=True):
                recorder = metric.recorder()
                if metric.extractor is None:
                    for start in range(0, len(real), 16):
                        recorder.update(FramePair(made[start : start + 16], real[start : start + 16]))
                else:
                    rows = []
                    for side in (made, real):
                        observer = metric.extractor.observer()
                        rows.append(np.concatenate([*observer.update(side), *observer.finish()]))
                    recorder.update(ObservationPair(*rows))
                kept.append(recorder.finish())
        return [float(metric.score(kept, np.ones((1, len(kept)), int))[0]) for metric, kept in zip(metrics, records, strict=True)]

    return forward


def rows(root: Path) -> list[Row]:
    """The table: speed for a first and a further model, overhead, and the time of a further model's reference side."""
    made: list[Row] = []
    differences = []
    with fresh_cache() as forget:
        for size, clips, repetitions in SETS:
            seconds = whole_commands(root, size, clips, repetitions, forget)
            differences.append(seconds.difference)
            what = f"peers' scripts / l1 + psnr + ssim + tcd + lpips + fid + fvd, {size} px, {clips} clips of {FRAMES} frames"
            for model, ours in ((f"{what}: the first model", seconds.first), ("every further model", seconds.further)):
                made.append(Row(model, seconds.peers / ours, "x", ">= 2", f"{seconds.peers:.1f} s / {ours:.1f} s"))
        sides = video_folders(root / "networks-in-process", clips=FEW, frames=FRAMES, size=SIDE)
        with one_thread():
            whole = median_of(in_process(*sides), forget)
            work = median_of(bare(*sides), forget)
            share = reference_side(*sides, forget)
        growth = memory(root)
    off = max(differences)
    return [
        *made,
        Row("largest relative difference between the two in any of the seven", off * 1e6, "millionths", "<= 100", ""),
        Row(
            f"scoring all seven / decoding once + the bare metrics and forward passes ({FEW} clips of {FRAMES} frames, one core)",
            whole / work,
            "x",
            "<= 1.15",
            f"{whole:.1f} s / {work:.1f} s",
        ),
        share,
        growth,
    ]


def frames_as_pictures(folder: Path) -> Path:
    """A folder next to that of the videos with each frame as a PNG file, as pytorch-fid needs them."""
    from PIL import Image

    pictures = folder.with_name(f"{folder.name}-pictures")
    pictures.mkdir(exist_ok=True)
    for path in sorted(folder.iterdir()):
        for number, frame in enumerate(np.concatenate(list(read_frames(path)))):
            Image.fromarray(frame).save(pictures / f"{path.stem}-{number:04d}.png")
    return pictures


def another_model(folder: Path, references: Path) -> Path:
    """Predictions of another model over the same references: their mirror images."""
    from signbench.media.video_writer import write_video

    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(references.iterdir()):
        if not (folder / path.name).exists():
            mirrored = np.concatenate(list(read_frames(path)))[:, :, ::-1]
            write_video(folder / path.name, iter(np.ascontiguousarray(mirrored)), 25, lossless=False)
    return folder


def reference_side(references: Path, predictions: Path, forget: Callable[[], None]) -> Row:
    """Time that a second model's run spends on the references if no metric needs their pixels: only reading the cache."""
    import signbench
    from signbench.scoring import moving_images

    spent = {"reference": 0.0, "prediction": 0.0}

    class Timed(moving_images.ShownSide):
        def __init__(self, views: Any, name: Any, *rest: Any) -> None:
            begun = time.perf_counter()
            super().__init__(views, name, *rest)
            spent[self.name] += time.perf_counter() - begun

        def advance(self, frames: int) -> None:
            begun = time.perf_counter()
            super().advance(frames)
            spent[self.name] += time.perf_counter() - begun

    forget()
    signbench.measure(references, references, NETWORKS[1:])
    with mock.patch.object(moving_images, "ShownSide", Timed):
        begun = time.perf_counter()
        signbench.measure(references, predictions, NETWORKS[1:])
        whole = time.perf_counter() - begun
    return Row(
        "share of a second model's run that goes into the references (fid + fvd)",
        100 * spent["reference"] / whole,
        "%",
        "<= 2",
        f"{spent['reference'] * 1000:.0f} ms of {whole:.1f} s",
    )


def median_of(function: Callable[[], object], forget: Callable[[], None], repetitions: int = 2) -> float:
    """Median seconds, after one run that loads the networks."""
    times = []
    for _ in range(1 + repetitions):
        forget()
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def memory(root: Path) -> Row:
    """Peak memory of fid + fvd over 1,000 clips of 64 frames, compared with 100.

    All clips of a side are one file under different names, so that the networks run once and all other rows are read from the
    cache; the run of the networks is not measured.
    """
    one = video_folders(root / "networks-one", clips=1, frames=64, size=SIDE)
    thousand = [side.parent / f"{side.name}-thousand" for side in one]
    for side, folder in zip(one, thousand, strict=True):
        folder.mkdir(exist_ok=True)
        (file,) = side.iterdir()
        for number in range(1000):
            if not (path := folder / f"clip_{number:04d}{file.suffix}").exists():
                os.link(file, path)
    with tempfile.TemporaryDirectory() as out:
        words = ["measure", *thousand, "-m", NETWORKS[1], "-m", NETWORKS[2], "--workers", "1"]
        command(*words, "--limit", "2", "--out", Path(out) / "looked")
        return growth_of_peak_memory(
            " of 64 frames, fid + fvd with what the networks made in the cache",
            [*words, "--limit", "100", "--out", Path(out) / "hundred"],
            [*words, "--out", Path(out) / "thousand"],
        )


@contextmanager
def one_thread() -> Any:
    """Limits all libraries to one core and one thread; restores the previous setting afterwards."""
    import cv2
    import torch

    cores, threads = os.sched_getaffinity(0), (cv2.getNumThreads(), torch.get_num_threads())
    os.sched_setaffinity(0, {min(cores)})
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        cv2.setNumThreads(threads[0])
        torch.set_num_threads(threads[1])


@contextmanager
def fresh_cache() -> Any:
    """A separate cache of observations for the benchmark, and a function that empties it."""

    def forget() -> None:
        for path in Path(folder).iterdir():
            path.unlink()

    before = os.environ.get("SIGNBENCH_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIGNBENCH_CACHE"] = folder
        try:
            yield forget
        finally:
            os.environ.pop("SIGNBENCH_CACHE")
            if before is not None:
                os.environ["SIGNBENCH_CACHE"] = before
