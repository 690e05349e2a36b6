"""Overlapping tiles of frames, which a video diffusion model denoises one after the other, and the weights that join them.

Source: Tencent/MimicMotion, ``mimicmotion/pipelines/pipeline_mimicmotion.py``. Its paper joins tiles by weights that rise linearly
over the overlap only; the code, which is followed here, by triangles over the whole tile.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError


def tiles(frames: int, tile: int, overlap: int) -> list[list[int]]:
    """The frames of each tile.

    Frame 0, the source picture with its own pose, is the first of every tile; so neighbours share ``overlap - 1`` other frames. A
    tile is never longer than the clip.

    Args:
        frames: number of frames, with frame 0.
        tile: number of frames of a tile.
        overlap: frames that neighbouring tiles share, with frame 0.

    Returns:
        Indices of frames in ascending order, as many in each tile.

    Raises:
        InputError: there are no frames, or the tiles would leave out frames.
    """
    if frames < 1:
        raise InputError("a clip without frames has no tiles.")
    if tile < 2 or not 1 <= overlap < tile:
        raise InputError(f"tiles of {tile} frames with an overlap of {overlap} do not cover a clip; use 1 <= overlap < tile.")
    tile = min(tile, frames)
    overlap = min(overlap, max(tile - 1, 0))
    found = [[0, *range(start + 1, start + tile)] for start in range(0, frames - tile + 1, tile - overlap)]
    if found[-1][-1] < frames - 1:
        found.append([0, *range(frames - tile + 1, frames)])
    return found


def tile_weights(tile: int) -> NDArray[np.float32]:
    """The weights of the frames of a tile: a triangle, so that frame 0 always has the smallest.

    Args:
        tile: number of frames of a tile.

    Returns:
        float32 ``(tile,)``, above 0 and at most 1.
    """
    rising = (np.arange(tile, dtype=np.float32) + np.float32(0.5)) * np.float32(2) / np.float32(tile)
    weights: NDArray[np.float32] = np.minimum(rising, np.float32(2) - rising)
    return weights
