from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.timelines import Timeline, nearest_frames, pair_frames


def timeline(frames, fps=25.0):
    return Timeline(frames, np.arange(frames) / fps if fps else None, fps)


@pytest.mark.parametrize(
    ("reference", "prediction", "rule", "expected"),
    [
        (4, 4, "equal", [0, 1, 2, 3]),
        (3, 5, "truncate", [0, 1, 2]),
        (5, 3, "truncate", [0, 1, 2]),
        (3, 5, "resample", [0, 2, 4]),
        (5, 3, "resample", [0, 0.5, 1, 1.5, 2]),
        (1, 9, "resample", [0]),
        (3, 1, "resample", [0, 0, 0]),
    ],
)
def test_each_frame_of_the_reference_finds_its_partner(reference, prediction, rule, expected):
    frames, positions = pair_frames(timeline(reference), timeline(prediction), rule)
    assert frames == len(expected)
    np.testing.assert_allclose(positions, expected, atol=1e-12)


@pytest.mark.parametrize("fps", [25.0, 30000 / 1001, 24.0, None])
def test_stretching_onto_the_same_length_changes_nothing_to_the_bit(fps):
    for count in (2, 7, 54, 109, 300, 1999):
        _, positions = pair_frames(timeline(count, fps), timeline(count, fps), "resample")
        assert positions.tolist() == list(range(count))


def test_unequal_lengths_and_rates_are_refused_with_the_option_that_helps():
    with pytest.raises(InputError, match=r"5 frames, the prediction 3.*`frames="):
        pair_frames(timeline(5), timeline(3), "equal")
    for rule in ("equal", "truncate"):
        with pytest.raises(InputError, match=r"25 frames per second, the prediction 12\.5.*`fps`"):
            pair_frames(timeline(4), timeline(4, 12.5), rule)
    assert pair_frames(timeline(4, 30), timeline(4, 29.97), "equal")[0] == 4
    assert pair_frames(timeline(4), timeline(4, None), "equal")[0] == 4


def test_images_take_the_nearest_frame_and_the_earlier_of_two_equally_near():
    positions = pair_frames(timeline(5), timeline(3), "resample")[1]
    assert nearest_frames(timeline(3), positions).tolist() == [0, 0, 1, 1, 2]
    assert nearest_frames(timeline(1), np.zeros(3)).tolist() == [0, 0, 0]


def test_a_variable_rate_is_resampled_by_time_and_not_by_number():
    late = Timeline(4, np.array([0.0, 0.9, 0.95, 1.0]), 4.0)
    positions = pair_frames(timeline(5), late, "resample")[1]
    assert nearest_frames(late, positions).tolist() == [0, 0, 1, 1, 3]
