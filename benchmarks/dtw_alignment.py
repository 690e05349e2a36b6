"""Exact dynamic time warping compared with the challenge's implementation: fastdtw with a distance on torch tensors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurement import Row

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def real_pairs() -> list[Pair]:
    """Flattened key points of the stitched DGS sentences and their fluent references; empty if they are not available."""
    from signbench.media.pose_files import read_pose

    folder = os.environ.get("SIGNBENCH_REAL_DATA")
    if not folder:
        return []
    root = Path(folder) / "dgs_stitched"
    pairs: list[Pair] = []
    for reference in sorted((root / "references").glob("*.pose")):
        made, true = (read_pose(path).points for path in (root / "stitched" / reference.name, reference))
        pairs.append((made.reshape(len(made), -1).astype(np.float64), true.reshape(len(true), -1).astype(np.float64)))
    return pairs


def walks(frames: int, seed: int = 0) -> Pair:
    """Two random walks of the size of 178 key points."""
    generator = np.random.Generator(np.random.PCG64(seed))
    made, true = (np.cumsum(generator.normal(size=(frames, 178 * 3)), axis=0) for _ in range(2))
    return made, true


def torch_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The challenge's distance, which converts both frames to tensors for every cell of the alignment."""
    import torch

    return torch.sqrt(torch.sum((torch.tensor(first) - torch.tensor(second)) ** 2)).item()


def numpy_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The same distance without tensors."""
    return float(np.sqrt(((first - second) ** 2).sum()))


def seconds_per_pair(align: Callable[[NDArray[np.float64], NDArray[np.float64]], object], pairs: list[Pair]) -> float:
    """Mean seconds for one alignment, after one warm-up."""
    align(pairs[0][0][:8], pairs[0][1][:8])
    begun = time.perf_counter()
    for made, true in pairs:
        align(made, true)
    return (time.perf_counter() - begun) / len(pairs)


def rows() -> list[Row]:
    """The DGS pairs if they are available, and random walks of 60, 240 and 475 frames."""
    from fastdtw import fastdtw

    from signbench.metrics.alignment import exact_path

    cases = [(f"random walks of {frames} frames", [walks(frames)], "") for frames in (60, 240, 475)]
    real = real_pairs()
    if real:
        cases.insert(0, (f"the {len(real)} DGS pairs", real, ">= 25"))
    table = []
    for name, pairs, bound in cases:
        ours = seconds_per_pair(exact_path, pairs)
        for distance, words in ((torch_distance, "torch"), (numpy_distance, "numpy")):
            theirs = seconds_per_pair(partial(fastdtw, dist=distance), pairs)
            table.append(
                Row(
                    f"fastdtw with the {words} distance / exact alignment, {name}",
                    theirs / ours,
                    "x",
                    bound if words == "torch" else "",
                    f"{theirs * 1000:.0f} ms / {ours * 1000:.2f} ms a pair",
                )
            )
    return table
