"""Tiles cover every frame, begin with frame 0, and follow the original's order."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.mimicmotion.tiles import tile_weights, tiles


@pytest.mark.parametrize(
    ("frames", "tile", "overlap", "expected"),
    [
        (4, 4, 1, [[0, 1, 2, 3]]),
        (3, 4, 2, [[0, 1, 2]]),
        (1, 4, 2, [[0]]),
        (5, 4, 1, [[0, 1, 2, 3], [0, 2, 3, 4]]),
        (7, 4, 1, [[0, 1, 2, 3], [0, 4, 5, 6]]),
        (8, 4, 2, [[0, 1, 2, 3], [0, 3, 4, 5], [0, 5, 6, 7]]),
        (6, 4, 3, [[0, 1, 2, 3], [0, 2, 3, 4], [0, 3, 4, 5]]),
    ],
)
def test_tiles_are_those_of_the_original(frames, tile, overlap, expected):
    assert tiles(frames, tile, overlap) == expected


@pytest.mark.parametrize(("tile", "overlap"), [(2, 1), (5, 1), (5, 4), (16, 1), (16, 4), (16, 6), (72, 1), (72, 4), (72, 6)])
def test_the_weights_of_every_frame_are_above_zero_and_frame_0_is_in_every_tile(tile, overlap):
    for frames in (1, 2, tile - 1, tile, tile + 1, 2 * tile, 3 * tile + 1):
        found = tiles(frames, tile, overlap)
        total = np.zeros(frames)
        for indices in found:
            assert indices[0] == 0 and len(indices) == min(tile, frames) and len(set(indices)) == len(indices)
            total[indices] += tile_weights(len(indices))
        assert (total > 0).all()


def test_weights_are_a_triangle_with_its_smallest_values_at_both_ends():
    assert tile_weights(4).tolist() == [0.25, 0.75, 0.75, 0.25]
    assert tile_weights(3).tolist() == pytest.approx([1 / 3, 1, 1 / 3])
    assert tile_weights(1).tolist() == [1]
    assert tile_weights(72)[0] == pytest.approx(1 / 72)


@pytest.mark.parametrize(
    ("frames", "tile", "overlap", "words"),
    [(0, 4, 1, "without frames"), (9, 4, 0, "do not cover"), (9, 4, 4, "do not cover"), (9, 1, 0, "do not cover")],
)
def test_tiles_that_leave_out_frames_are_refused(frames, tile, overlap, words):
    with pytest.raises(InputError, match=words):
        tiles(frames, tile, overlap)
