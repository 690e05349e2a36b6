"""Windows: every frame is in one, and they begin elsewhere at every step."""

from __future__ import annotations

import pytest

from signbench.generators.realisdance.windows import windows


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 31, 80])
@pytest.mark.parametrize("step", [0, 1, 2, 3, 19, 49])
def test_every_frame_is_in_a_window(frames, step):
    found = windows(frames, 16, 4, step)
    assert {index for window in found for index in window} == set(range(frames))
    assert all(len(window) == min(frames, 16) for window in found)


@pytest.mark.parametrize("frames", [1, 15, 16])
def test_a_short_clip_is_one_window_at_every_step(frames):
    assert all(windows(frames, 16, 4, step) == [list(range(frames))] for step in range(5))


def test_windows_of_17_frames_are_those_of_the_original():
    # 16 + (0 .. 16) by 12: two windows, of which the second continues with the first frames
    assert windows(17, 16, 4, 0) == [list(range(16)), [12, 13, 14, 15, 16, *range(11)]]
    # round(17 / 2) = 8
    assert windows(17, 16, 4, 1)[0][0] == 8


@pytest.mark.parametrize(("step", "share"), [(0, 0.0), (1, 0.5), (2, 0.25), (3, 0.75), (4, 0.125), (6, 0.375)])
def test_the_first_window_shifts_by_the_reversed_bits_of_the_step(step, share):
    assert windows(80, 16, 4, step)[0][0] == round(80 * share)


def test_neighbouring_windows_share_the_overlap():
    first, second = windows(40, 16, 4, 0)[:2]
    assert first[-4:] == second[:4]
