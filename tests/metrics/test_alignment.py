"""The compiled alignments against plain Python, fastdtw and dtaidistance."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
import pytest
from dtaidistance import dtw_ndim
from fastdtw import fastdtw
from numpy.typing import NDArray

from signbench import compilation
from signbench.errors import MediaError
from signbench.metrics import alignment

Array = NDArray[np.float64]

LENGTHS = [(1, 1), (1, 2), (2, 1), (1, 9), (9, 1), (2, 2), (2, 7), (3, 2), (3, 3), (3, 4), (5, 4), (6, 13), (31, 12), (64, 64)]
KINDS = ["real", "whole numbers", "held frames", "still"]
COSTS: dict[alignment.Cost, Callable[[Array, Array], float]] = {
    "euclidean": lambda x, y: float(np.sqrt(((x - y) ** 2).sum())),
    "squared": lambda x, y: float(((x - y) ** 2).sum()),
    "absolute": lambda x, y: float(np.abs(x - y).sum()),
}


def sequences(kind: str, lengths: tuple[int, int], seed: int, axes: int = 3) -> tuple[Array, Array]:
    """Two sequences; all kinds but the first are full of ties."""
    generator = np.random.default_rng(seed)
    if kind == "real":
        first, second = (generator.normal(size=(length, axes)) for length in lengths)
    elif kind == "whole numbers":
        first, second = (generator.integers(0, 3, (length, axes)).astype(np.float64) for length in lengths)
    elif kind == "held frames":
        frames = generator.normal(size=(4, axes))
        first, second = (frames[np.sort(generator.integers(0, 4, length))] for length in lengths)
    else:
        first, second = (np.full((length, axes), 2.5) for length in lengths)
    return first, second


def all_paths(frames: int, width: int) -> Iterator[list[tuple[int, int]]]:
    """Every monotone path from (0, 0) to the last frames."""

    def onward(path: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        frame, index = path[-1]
        if (frame, index) == (frames - 1, width - 1):
            yield path
        for step in ((frame + 1, index + 1), (frame + 1, index), (frame, index + 1)):
            if step[0] < frames and step[1] < width:
                yield from onward([*path, step])

    yield from onward([(0, 0)])


def plain_dtw(first: Array, second: Array, cost: Callable[[Array, Array], float]) -> tuple[float, list[tuple[int, int]]]:
    """Textbook dynamic programming with a dictionary; ties: diagonal, then the first sequence, then the second."""
    best: dict[tuple[int, int], float] = {}
    came: dict[tuple[int, int], tuple[int, int] | None] = {}
    for i in range(len(first)):
        for j in range(len(second)):
            options = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
            known = [option for option in options if option in best]
            origin = min(known, key=lambda option: best[option]) if known else None
            came[i, j] = origin
            best[i, j] = (0.0 if origin is None else best[origin]) + cost(first[i], second[j])
    path: list[tuple[int, int]] = []
    cell: tuple[int, int] | None = (len(first) - 1, len(second) - 1)
    while cell is not None:
        path.append(cell)
        cell = came[cell]
    return best[len(first) - 1, len(second) - 1], path[::-1]


@pytest.mark.parametrize("lengths", [(1, 1), (1, 4), (3, 3), (4, 3), (3, 5), (5, 4)])
@pytest.mark.parametrize("cost", COSTS)
def test_no_path_of_all_is_cheaper_than_the_exact_one(lengths: tuple[int, int], cost: alignment.Cost) -> None:
    first, second = sequences("real", lengths, seed=1)
    price = [sum(COSTS[cost](first[i], second[j]) for i, j in path) for path in all_paths(*lengths)]
    path = alignment.exact_path(first, second, cost)
    assert sum(COSTS[cost](first[i], second[j]) for i, j in path) == pytest.approx(min(price), rel=1e-12)
    assert alignment.exact_cost(first, second, cost) == pytest.approx(min(price), rel=1e-12)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cost", COSTS)
def test_the_exact_path_and_cost_are_those_of_plain_dynamic_programming(
    kind: str, lengths: tuple[int, int], cost: alignment.Cost
) -> None:
    first, second = sequences(kind, lengths, seed=2)
    total, path = plain_dtw(first, second, COSTS[cost])
    assert alignment.exact_path(first, second, cost).tolist() == [list(cell) for cell in path]
    assert alignment.exact_cost(first, second, cost) == pytest.approx(total, rel=1e-12, abs=1e-12)


def test_blocks_of_frames_leave_no_seams() -> None:
    first, second = sequences("real", (alignment._ROWS * 3 + 5, alignment._COLUMNS * 2 + 3), seed=3, axes=4)
    total, path = plain_dtw(first, second, COSTS["euclidean"])
    assert alignment.exact_path(first, second).tolist() == [list(cell) for cell in path]
    assert alignment.exact_cost(first, second) == pytest.approx(total, rel=1e-12)


def test_ties_go_to_the_diagonal_then_the_prediction_then_the_reference() -> None:
    still = np.zeros((3, 2))
    assert alignment.exact_path(still, np.zeros((5, 2))).tolist() == [[0, 0], [0, 1], [0, 2], [1, 3], [2, 4]]
    assert alignment.exact_path(np.zeros((5, 2)), still).tolist() == [[0, 0], [1, 0], [2, 0], [3, 1], [4, 2]]
    # Two paths cost 2; walking back from the end, they part where giving up a frame of either side costs the same.
    first, second = np.array([[0.0], [1.0], [0.0]]), np.array([[1.0], [0.0], [1.0]])
    assert alignment.exact_path(first, second).tolist() == [[0, 0], [0, 1], [1, 2], [2, 2]]


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [4, 5])
def test_the_fast_path_is_that_of_the_fastdtw_package(kind: str, lengths: tuple[int, int], seed: int) -> None:
    first, second = sequences(kind, lengths, seed)
    expected, path = fastdtw(first, second, radius=1, dist=COSTS["euclidean"])
    cost, found = alignment.fast_alignment(first, second)
    assert found.tolist() == [list(cell) for cell in path]
    assert cost == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_the_fast_path_is_that_of_the_fastdtw_package_on_many_lengths() -> None:
    generator = np.random.default_rng(6)
    for trial in range(150):
        lengths = (int(generator.integers(1, 30)), int(generator.integers(1, 30)))
        first, second = sequences(KINDS[trial % len(KINDS)], lengths, trial, axes=int(generator.integers(1, 5)))
        _, path = fastdtw(first, second, radius=1, dist=COSTS["euclidean"])
        assert alignment.fast_alignment(first, second)[1].tolist() == [list(cell) for cell in path], (trial, lengths)


def gapped_distance(first: Array, second: Array) -> float:
    """Ham2Pose's distance, with NaN for a point that is not seen."""
    if np.isnan(second).any():
        return 0.0
    if np.isnan(first).any():
        return math.hypot(*second) / 2
    return math.dist(first, second)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("hidden", [0.1, 0.6, 1.0])
def test_hidden_points_cost_what_ham2pose_says(lengths: tuple[int, int], hidden: float) -> None:
    generator = np.random.default_rng(7)
    first, second = sequences("real", lengths, seed=8, axes=2)
    seen = [generator.random(length) >= hidden for length in lengths]
    gaps = [np.where(sight[:, None], side, np.nan) for side, sight in zip((first, second), seen, strict=True)]
    expected, path = fastdtw(*gaps, radius=1, dist=gapped_distance)
    filled = [np.where(sight[:, None], side, 0.0) for side, sight in zip((first, second), seen, strict=True)]
    cost, found = alignment.fast_alignment(*filled, *seen)
    assert found.tolist() == [list(cell) for cell in path]
    assert cost == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_root_of_the_squared_cost_is_dtaidistance(kind: str, lengths: tuple[int, int]) -> None:
    first, second = sequences(kind, lengths, seed=9)
    found = math.sqrt(alignment.exact_cost(first, second, "squared"))
    assert found == pytest.approx(dtw_ndim.distance(first, second), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_alignment_is_never_cheaper_than_the_exact_one(seed: int) -> None:
    first, second = sequences("real", (60, 85), seed)
    assert alignment.fast_alignment(first, second)[0] >= alignment.exact_cost(first, second) - 1e-9


@pytest.mark.parametrize("align", [alignment.exact_path, lambda x, y: alignment.fast_alignment(x, y)[1]])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_a_path_moves_on_by_one_frame_of_a_side_at_a_time(
    align: Callable[[Array, Array], NDArray[np.int64]], lengths: tuple[int, int]
) -> None:
    path = align(*sequences("real", lengths, seed=10))
    assert path.dtype == np.int64
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [lengths[0] - 1, lengths[1] - 1]
    steps = np.diff(path, axis=0)
    assert ((steps == 0) | (steps == 1)).all()
    assert (steps.sum(axis=1) >= 1).all()


@pytest.mark.parametrize("axes", [1, 2, 534])
def test_identical_sequences_meet_frame_by_frame_at_no_cost(axes: int) -> None:
    first, _ = sequences("real", (40, 1), seed=11, axes=axes)
    diagonal = [[frame, frame] for frame in range(40)]
    assert alignment.exact_path(first, first).tolist() == diagonal
    cost, path = alignment.fast_alignment(first, first)
    assert path.tolist() == diagonal
    assert cost == alignment.exact_cost(first, first) == 0.0


def test_inputs_of_any_type_and_order_give_one_result_and_stay_as_they_are() -> None:
    first, second = (side.astype(np.float32) for side in sequences("real", (20, 33), seed=12, axes=6))
    wide = np.asfortranarray(first.astype(np.float64))
    wide.setflags(write=False)
    strided = np.repeat(second.astype(np.float64), 2, axis=0)[::2]
    before = strided.copy()
    assert alignment.exact_path(first, second).tolist() == alignment.exact_path(wide, strided).tolist()
    assert alignment.fast_alignment(first, second)[0] == alignment.fast_alignment(wide, strided)[0]
    assert np.array_equal(strided, before)


def test_clips_too_long_for_an_exact_path_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MOST_CELLS", 99)
    frames = np.zeros((10, 1))
    with pytest.raises(MediaError, match="10 with 10 frames does not fit in memory; cut the clip, or use"):
        alignment.exact_path(frames, frames)
    assert len(alignment.exact_path(frames[:9], frames)) == 10


def test_code_is_compiled_without_a_cache_where_none_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    real = numba.njit

    def refusing(*args: Any, **options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return real(*args, **options)

    monkeypatch.setattr(numba, "njit", refusing)

    @compilation.compiled
    def doubled(number: float) -> float:
        return 2 * number

    assert doubled(3.0) == 6.0


def test_listing_metrics_does_not_import_numba() -> None:
    code = (
        "import sys; from signbench.metrics.registry import create; "
        "[create(name) for name in ('ape', 'nape', 'dtw', 'total-distance', 'duration-ratio')]; "
        "print(sorted({'numba', 'torch', 'scipy', 'pose_format'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
