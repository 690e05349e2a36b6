"""Degradations of frames: what else the process did changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.media.degradations import compressed
from signbench.media.video_writer import write_video
from tests.clips import moving_square


def written(clip, folder):
    """The bytes of a video for viewing."""
    write_video(folder / "a.mp4", clip, 25, lossless=False)
    return (folder / "a.mp4").read_bytes()


def leave_small_numbers_in_memory(random):
    """Fills blocks of many sizes and frees them: who gets one and reads it before writing finds plausible motion vectors."""
    blocks = [random.integers(-8, 8, 1 << size, dtype=np.int16) for size in range(8, 17) for _ in range(400)]
    del blocks


@pytest.mark.parametrize("encode", [lambda clip, _: compressed(clip, 28).tobytes(), written], ids=["compressed", "for viewing"])
def test_what_was_in_memory_before_does_not_change_h264(encode, tmp_path):
    clip, random = moving_square(40, 96, 72), np.random.Generator(np.random.PCG64(0))
    first, later = encode(clip, tmp_path), set()
    for _ in range(4):
        leave_small_numbers_in_memory(random)
        later |= {encode(clip, tmp_path) for _ in range(3)}
    assert later == {first}
