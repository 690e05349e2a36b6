"""Frame rates: video and key points follow the same rules."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.media.rates import check_rate, count_at_rate, is_rate, positions_at_rate, same_rate
from signbench.media.video import VideoProbe
from signbench.media.video import positions_at_rate as frames_at_rate

RATES = [float(rate) for rate in (10, Fraction(25, 2), 24, Fraction(24000, 1001), 25, Fraction(30000, 1001), 30, 50, 60)]
ONE = Layout("one", ("nose",), ("body",))


def video(frames, fps):
    return VideoProbe(frames, 48, 64, fps, np.arange(frames) / fps, frames / fps, variable_rate=False)


def clock(frames, fps):
    """Key points whose first coordinate is the frame's number."""
    points = np.zeros((frames, 1, 2), np.float32)
    points[:, 0, 0] = np.arange(frames)
    return Pose(points, np.ones((frames, 1), np.float32), ONE, fps)


@pytest.mark.parametrize("frames", [1, 2, 7, 301])
@pytest.mark.parametrize("target", RATES)
@pytest.mark.parametrize("source", RATES)
def test_video_and_key_points_stay_in_sync_at_every_rate(source, target, frames):
    shown = frames_at_rate(video(frames, source), target)
    pose = clock(frames, source).at_rate(target)
    assert len(shown) == pose.frames == count_at_rate(frames, source, target)
    assert np.abs(pose.points[:, 0, 0] - shown).max() <= 0.5 + 1e-4
    assert pose.fps == target


@pytest.mark.parametrize(
    ("source", "target"), [(30000 / 1001, 30.0), (30.0, 30000 / 1001), (24000 / 1001, 24.0), (59.94, 60.0), (25.0, 25.01)]
)
def test_rates_that_are_considered_equal_show_each_frame_once(source, target):
    assert frames_at_rate(video(1000, source), target).tolist() == list(range(1000))
    assert clock(1000, source).at_rate(target).points[:, 0, 0].tolist() == list(range(1000))


def test_25_to_12_5_frames_per_second_is_every_second_frame_of_both():
    assert frames_at_rate(video(9, 25.0), 12.5).tolist() == [0, 2, 4, 6, 8]
    assert clock(9, 25.0).at_rate(12.5).points[:, 0, 0].tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize(
    ("source", "target", "shown"),
    [
        (30.0, 25.0, [0, 1, 2, 4, 5, 6, 7, 8, 10]),
        (25.0, 30.0, [0, 1, 2, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 10]),
        (12.5, 25.0, [0, 0, 1, 1, 2, 2, 3]),
    ],
)
def test_the_nearest_frame_is_shown_and_of_two_the_earlier(source, target, shown):
    assert frames_at_rate(video(11, source), target)[: len(shown)].tolist() == shown


@pytest.mark.parametrize(
    ("first", "second", "are_one"), [(30, 29.97, True), (25, 25, True), (24, 25, False), (24, 23.976, True), (25, 12.5, False)]
)
def test_rates_within_one_per_cent_are_considered_equal(first, second, are_one):
    assert same_rate(first, second) == same_rate(second, first) == are_one


@pytest.mark.parametrize("fps", [0, -25, 1000.1, 90_000, float("nan"), float("inf")])
def test_an_invalid_rate_is_refused(fps):
    assert not is_rate(fps)
    with pytest.raises(InputError, match="above 0 and at most 1000"):
        check_rate(fps)


@pytest.mark.parametrize("fps", [1e-6, 0.5, 1000])
def test_a_valid_rate_is_accepted(fps):
    assert is_rate(fps)
    check_rate(fps)


def test_positions_end_where_the_clip_does():
    assert positions_at_rate(3, 10.0, 30.0).tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2, 2, 2])
