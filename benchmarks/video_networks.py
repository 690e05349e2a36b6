"""All seven video metrics together, against the scripts that papers use, run one after the other on the same clips and weights.

    python -m benchmarks networks

The peers are the usual loop over frames with scikit-image (L1, PSNR, SSIM, TCD), the ``lpips`` package frame by frame, the steps of
``pytorch-fid`` (batches of 50, its own network and distance) and those of the common FVD script (short side to 224 pixels, middle
cut out, I3D as it is built, in batches of 10 clips). Each reads the clips for itself, as its script does. The peers leave the cores
to PyTorch's threads, signbench takes a process of one thread for each. The weights are seeded random ones: times do not depend on
them, and both sides' numbers must agree. SciPy's matrix root, which takes the peers a quarter of a minute however few the clips, is
taken once for the numbers and left out of the times.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import video_folders
from benchmarks.frame_metrics import usual
from benchmarks.measurement import Row
from signbench.media.video import read_frames
from signbench.scoring.workers import available_cores

Clips = list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]

NETWORKS = ["lpips:weights=random", "fid:variant=pytorch-fid,weights=random", "fvd:variant=common-metrics,weights=random"]
METRICS = ["l1", "psnr", "ssim", "tcd", *NETWORKS]


def clips_of(references: Path, predictions: Path) -> Clips:
    """Prediction and reference of every clip, decoded anew."""
    return [
        (np.concatenate(list(read_frames(predictions / path.name))), np.concatenate(list(read_frames(path))))
        for path in sorted(references.iterdir())
    ]


def peers(references: Path, predictions: Path) -> Callable[[], list[float]]:
    """The seven numbers by the peers, one script after the other; the two distances exactly the first time only."""
    import torch
    import torch.nn.functional as F

    calls = itertools.count()
    perceptual, inception, i3d = _lpips(), _pytorch_fid(), _i3d()

    def loop() -> list[float]:
        return list(np.mean([usual(*clip) for clip in clips_of(references, predictions)], axis=0))

    def lpips_frame_by_frame() -> float:
        values = []
        with torch.no_grad():
            for clip in clips_of(references, predictions):
                made, real = (torch.from_numpy(side).permute(0, 3, 1, 2).float() / 127.5 - 1 for side in clip)
                values.append(np.mean([float(perceptual(one[None], other[None])) for one, other in zip(made, real, strict=True)]))
        return float(np.mean(values))

    def pytorch_fid() -> float:
        features = []
        with torch.no_grad():
            for side in zip(*clips_of(references, predictions), strict=True):
                frames = torch.from_numpy(np.concatenate(side)).permute(0, 3, 1, 2).float() / 255
                features.append(np.concatenate([inception(batch)[0].flatten(1).numpy() for batch in frames.split(50)]))
        return _frechet(*features) if next(calls) < 2 else 0.0

    def common_fvd() -> float:
        logits = []
        with torch.no_grad():
            for side in zip(*clips_of(references, predictions), strict=True):
                videos = torch.stack([torch.from_numpy(clip).permute(3, 0, 1, 2) for clip in side]).float() / 255
                prepared = []
                for video in videos:
                    scale = 224 / min(video.shape[2:])
                    size = [224 if edge == min(video.shape[2:]) else int(np.ceil(edge * scale)) for edge in video.shape[2:]]
                    frames = F.interpolate(video.permute(1, 0, 2, 3), size=size, mode="bilinear", align_corners=False)
                    top, left = ((edge - 224) // 2 for edge in frames.shape[2:])
                    prepared.append((frames[:, :, top : top + 224, left : left + 224].permute(1, 0, 2, 3) - 0.5) * 2)
                logits.append(np.concatenate([i3d(batch).numpy() for batch in torch.stack(prepared).split(10)]))
        return _frechet(*logits) if next(calls) < 2 else 0.0

    return lambda: [*loop(), lpips_frame_by_frame(), pytorch_fid(), common_fvd()]


def ours(references: Path, predictions: Path, workers: int) -> Callable[[], list[float]]:
    """The same seven numbers by ``signbench.measure``, intervals included."""
    import signbench

    def measured() -> list[float]:
        result = signbench.measure(references, predictions, METRICS, workers=workers)
        return [float(score.value or 0.0) for score in result.scores]

    return measured


def bare(references: Path, predictions: Path) -> Callable[[], list[float]]:
    """Decoding each file once, and nothing but what the metrics themselves compute of the bare frames."""
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
    """The table: speed against the peers for a first and a further model, overhead, and a further model's reference side."""
    references, predictions = video_folders(root / "networks", clips=12, frames=16, size=128)
    further = another_model(root / "networks" / "further", references)
    few = video_folders(root / "networks-few", clips=4, frames=16, size=128)
    cores = available_cores()
    with fresh_cache() as forget:
        peer_seconds, peer_values = median_of(peers(references, predictions), lambda: None)
        first_seconds, values = median_of(ours(references, predictions, cores), forget)
        begun = time.perf_counter()
        ours(references, further, cores)()
        further_seconds = time.perf_counter() - begun
        with one_thread():
            whole, _ = median_of(ours(*few, 1), forget)
            work, _ = median_of(bare(*few), forget)
            share = reference_side(*few, forget)
    off = max(0.0 if one == other else abs(one / other - 1) for one, other in zip(values, peer_values, strict=True))
    what = "peers' scripts / l1 + psnr + ssim + tcd + lpips + fid + fvd (12 clips of 16 frames, 128 px, all cores)"
    return [
        Row(f"{what}: the first model", peer_seconds / first_seconds, "x", "", f"{peer_seconds:.1f} s / {first_seconds:.1f} s"),
        Row(
            f"{what}: every further model",
            peer_seconds / further_seconds,
            "x",
            ">= 2",
            f"{peer_seconds:.1f} s / {further_seconds:.1f} s",
        ),
        Row("largest relative difference between the two in any of the seven", off * 1e6, "millionths", "<= 100", ""),
        Row(
            "scoring all seven / decoding once + the bare metrics and forward passes (4 clips of 16 frames, one core)",
            whole / work,
            "x",
            "<= 1.15",
            f"{whole:.1f} s / {work:.1f} s",
        ),
        share,
    ]


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
    """What a second model's run spends on the references, where no metric needs their pixels: all of it is reading the cache."""
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


def median_of(function: Callable[[], list[float]], forget: Callable[[], None], repetitions: int = 2) -> tuple[float, list[float]]:
    """Median seconds, after one run that loads the networks, and that run's numbers."""
    forget()
    values = function()
    times = []
    for _ in range(repetitions):
        forget()
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return statistics.median(times), values


@contextmanager
def one_thread() -> Any:
    """One core and one thread for everybody; as before afterwards."""
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
    """A cache of observations of the benchmark's own, and a function that empties it."""

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


def _frechet(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The distance as pytorch-fid and the common FVD script have it: sample covariances and SciPy's root of their product."""
    import warnings

    from scipy.linalg import sqrtm

    (mean, covariance), (other_mean, other_covariance) = (
        (side.mean(0, dtype=np.float64), np.cov(side.astype(np.float64), rowvar=False)) for side in (first, second)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = np.real(sqrtm(covariance @ other_covariance))
    return float(((mean - other_mean) ** 2).sum() + np.trace(covariance) + np.trace(other_covariance) - 2 * np.trace(root))


def _lpips() -> Any:
    import warnings

    import lpips

    from signbench.extractors.network_loading import random_weights, without_weights
    from signbench.extractors.perceptual_network import trunk

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    weights = random_weights(without_weights(lambda: trunk("alex")))
    parameters = list(network.net.parameters())
    for target, source in zip(parameters, weights.values(), strict=True):
        target.data.copy_(source)
    return network


def _pytorch_fid() -> Any:
    from pytorch_fid import inception

    from signbench.extractors.inception_network import inception_v3
    from signbench.extractors.network_loading import random_weights, without_weights

    weights = random_weights(without_weights(inception_v3))
    import torch

    weights |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    with mock.patch.object(inception, "load_state_dict_from_url", return_value=weights):
        return inception.InceptionV3([3]).eval()


def _i3d() -> Any:
    from signbench.extractors.i3d_network import i3d
    from signbench.extractors.network_loading import give_weights, random_weights, without_weights

    network = without_weights(i3d)
    give_weights(network, random_weights(without_weights(i3d)), "i3d-400")
    return network.eval()
