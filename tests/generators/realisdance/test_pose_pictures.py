"""Pose pictures are those of the original; golden values are from a run of its drawing on the same random points."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from signbench.generators.mimicmotion.pose_pictures import PosePoints
from signbench.generators.realisdance.pose_pictures import drawn


def points(seed):
    random = np.random.Generator(np.random.PCG64(seed))
    where, sure = random.random((128, 2)) * 0.9 + 0.05, np.ones(128)
    if seed >= 4:
        sure[random.integers(0, 18, 4)] = 0.1
        sure[90] = 0
    return PosePoints(where[None], sure[None])


@pytest.mark.parametrize(
    ("seed", "size", "total", "digest"),
    [
        (0, (576, 768), 21110901, "afe91afcd183c9f3"),
        (1, (768, 576), 19856994, "f8a8dbcbf48560f8"),
        (2, (256, 256), 7093251, "f4700c1b3610aa66"),
        (3, (300, 240), 6561063, "5d5258084eb59ca5"),
        (4, (576, 768), 16288645, "f112bf9541ceaa82"),
        (5, (768, 576), 20381490, "4ba98130c34b6ee5"),
        (6, (256, 256), 5855524, "9b64c0719adccee9"),
        (7, (300, 240), 6429775, "e2c38534b2fa3213"),
    ],
)
def test_a_picture_is_pixel_for_pixel_the_originals(seed, size, total, digest):
    made = drawn(points(seed), 0, size, min(size))
    assert int(made.sum()) == total
    assert hashlib.sha256(made.tobytes()).hexdigest()[:16] == digest


def test_a_small_picture_is_a_large_one_reduced_by_area():
    large, small = drawn(points(0), 0, (256, 256), 256), drawn(points(0), 0, (64, 64), 256)
    means = large.reshape(3, 64, 4, 64, 4).mean(axis=(2, 4))
    assert np.abs(small - means).max() <= 0.5


def test_faces_are_not_drawn():
    seen = points(0)
    others = PosePoints(seen.points.copy(), seen.confidence.copy())
    others.points[:, 18:86] = 0.5
    assert np.array_equal(drawn(seen, 0, (128, 128), 128), drawn(others, 0, (128, 128), 128))


def test_confidences_do_not_change_colours():
    seen = points(0)
    unsure = PosePoints(seen.points, np.full_like(seen.confidence, 0.5))
    assert np.array_equal(drawn(seen, 0, (128, 128), 128), drawn(unsure, 0, (128, 128), 128))


@pytest.mark.parametrize("where", [np.nan, 1e12, -3.0])
def test_points_outside_the_picture_do_not_break_it(where):
    far = points(0)
    far.points[:] = where
    assert not drawn(far, 0, (64, 64), 64).any() or where == -3.0


def test_nothing_is_drawn_of_a_person_who_is_not_seen():
    nobody = PosePoints(np.zeros((1, 128, 2)), np.zeros((1, 128)))
    assert not drawn(nobody, 0, (64, 64), 256).any()
