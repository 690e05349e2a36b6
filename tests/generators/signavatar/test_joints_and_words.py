"""The numbers that SignAvatar reads and writes, and the parts of words."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.generators.signavatar.joints import JOINTS, UPPER, between_frames, motion_of_six, six_of
from signbench.generators.signavatar.words import buckets_of, word_parts
from signbench.media.body_model import JAW, LEFT_EYE, LEFT_HAND, RIGHT_EYE, RIGHT_HAND
from signbench.media.rotations import matrix_from_axis_angle


def test_the_joints_are_in_the_order_of_the_paper_s_data():
    assert len(JOINTS) == 53
    assert JOINTS[:22] == tuple(range(22))
    assert JOINTS[22:37] == tuple(range(LEFT_HAND.start, LEFT_HAND.stop))
    assert JOINTS[37:52] == tuple(range(RIGHT_HAND.start, RIGHT_HAND.stop))
    assert JOINTS[52] == JAW
    assert not {LEFT_EYE, RIGHT_EYE} & set(JOINTS)


def test_the_encoder_reads_the_44_joints_above_the_legs_without_the_jaw():
    assert [joint for joint in range(53) if joint not in UPPER] == [1, 2, 4, 5, 7, 8, 10, 11, 52]


@pytest.mark.parametrize("angle", [0.0, 1e-4, 1.0, 3.0, np.pi], ids=["none", "tiny", "a radian", "almost half", "half a turn"])
def test_rotations_survive_the_way_there_and_back(angle):
    draw = np.random.default_rng(5)
    axes = draw.normal(size=(4, 55, 3))
    rotations = (angle * axes / np.linalg.norm(axes, axis=-1, keepdims=True)).astype(np.float32)
    six = six_of(rotations)
    assert six.shape == (4, 53, 6)
    assert six.dtype == np.float32
    np.testing.assert_allclose(six[0, 52], matrix_from_axis_angle(rotations[0, JAW])[:2].reshape(6), atol=1e-6)
    back = motion_of_six(six, 12.5)
    assert back.fps == 12.5
    expected = matrix_from_axis_angle(rotations)
    expected[:, [LEFT_EYE, RIGHT_EYE]] = np.eye(3)
    np.testing.assert_allclose(matrix_from_axis_angle(back.rotations), expected, atol=2e-5)
    assert not back.translation.any()


def test_numbers_of_no_rotation_are_made_one():
    six = six_of(np.zeros((2, 55, 3), np.float32)) * 3 + 0.1
    matrices = matrix_from_axis_angle(motion_of_six(six, 25.0).rotations)
    np.testing.assert_allclose(matrices @ np.swapaxes(matrices, -1, -2), np.broadcast_to(np.eye(3), matrices.shape), atol=1e-5)


def test_between_two_frames_joints_turn_evenly():
    still, bent = np.zeros((1, 55, 3), np.float32), np.zeros((1, 55, 3), np.float32)
    bent[:, 18] = [0.0, 0.0, 0.5]
    six = six_of(np.concatenate([still, bent, bent]))
    found = motion_of_six(between_frames(six, np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0])), 50.0)
    np.testing.assert_allclose(found.rotations[:, 18, 2], [0.0, 0.125, 0.25, 0.5, 0.5, 0.5], atol=0.003)
    assert not found.rotations[:, :18].any()
    assert between_frames(six, np.array([0.0, 2.0])).tobytes() == six[[0, 2]].tobytes()


def fnv(text):
    found = 0x811C9DC5
    for byte in text.encode():
        found = ((found ^ byte) * 0x01000193) & 0xFFFFFFFF
    return found


def test_the_parts_of_a_word_are_its_n_grams_and_itself():
    assert fnv("foobar") == 0xBF9CF968  # a published value of FNV-1a
    parts = ["<te", "tea", "ea>", "<tea", "tea>", "<tea>"]
    assert sorted(buckets_of("tea", 2**32)) == sorted(map(fnv, parts))
    assert buckets_of("tea", 100) == [value % 100 for value in buckets_of("tea", 2**32)]
    assert buckets_of("I", 2**32) == [fnv("<i>")]
    assert buckets_of(" Tea", 2**32) == buckets_of("tea", 2**32)


def test_words_of_different_length_are_one_batch():
    parts, mask = word_parts(["I", "mother"], 2048, "cpu")
    assert mask.sum(dim=1).tolist() == [1, len(buckets_of("mother", 2048))]
    assert parts[0, 0] == buckets_of("I", 2048)[0]


@pytest.mark.parametrize("word", ["", "  "])
def test_an_empty_word_is_refused(word):
    with pytest.raises(InputError, match="a word is empty"):
        buckets_of(word, 2048)
