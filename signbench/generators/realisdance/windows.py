"""Windows of frames that are denoised together, and that begin elsewhere at every step.

Source: damo-cv/RealisDance, branch RealisDance-SD, ``src/pipelines/context.py``, with stride 1 and a closed loop.
"""

from __future__ import annotations

_BITS = 64


def windows(frames: int, window: int, overlap: int, step: int) -> list[list[int]]:
    """The windows of a clip at a step.

    Args:
        frames: of the clip.
        window: frames of a window.
        overlap: frames that neighbouring windows share.
        step: number of the denoising step, from 0; it shifts where windows begin.

    Returns:
        Indices of frames. A clip that is not longer than a window is one; otherwise the last one continues with the first frames.
    """
    if frames <= window:
        return [list(range(frames))]
    offset = round(frames * _reversed_bits(step))
    firsts = range(offset, frames + offset, window - overlap)
    return [[index % frames for index in range(first, first + window)] for first in firsts]


def _reversed_bits(number: int) -> float:
    """The binary digits of a number in reverse, as a fraction of 1: 0, 1/2, 1/4, 3/4, 1/8 ..."""
    return int(f"{number:0{_BITS}b}"[::-1], 2) / float(2**_BITS)
