"""The shipped PGMM and TPSMM: signs are moved, the baseline is beaten, and the pose maps are used."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from signbench.corpora.synthsign import SynthSign
from signbench.generators.pgmm.animation import Animation
from signbench.generators.registry import create
from signbench.media.video import resize_frames
from signbench.predictions.sampling import at_positions

CLIPS = ("test-0003", "test-0080", "test-0151")


def frames(clip, count=8):
    """A source frame, and driving frames in which somebody signs, uint8 ``(n, 128, 128, 3)``."""
    recording = SynthSign().clip(clip).video
    probe = recording.probe(None)
    positions = np.concatenate([[0], np.linspace(0.25, 0.75, count) * (probe.frames - 1)]).astype(np.int64)
    source, *driving = at_positions(recording, probe, positions, (128, 128))
    return source, np.stack(driving)


def animated(name, source, driving, estimator=None):
    network, own = create(name)._networks
    with torch.inference_mode():
        side = network.config.size
        return Animation(network, estimator or own, source, (128, 128)).frames(resize_frames(driving, (side, side)))


def moves(source, driving):
    """Pixels in which the driving frames differ from the source."""
    return np.abs(driving.astype(int) - source).max(axis=-1) > 40


@pytest.mark.parametrize("clip", CLIPS)
def test_what_moves_is_nearer_to_the_driving_video_than_the_source_is_and_with_poses_still_nearer(clip):
    source, driving = frames(clip)
    still = np.abs(driving.astype(int) - source)
    moving = moves(source, driving)
    full, baseline = (np.abs(animated(name, source, driving).astype(int) - driving) for name in ("pgmm", "tpsmm"))
    assert full.mean() < still.mean()
    assert full[moving].mean() < 0.6 * still[moving].mean()
    assert full[moving].mean() < baseline[moving].mean() < 0.85 * still[moving].mean()


def test_pose_maps_of_other_frames_change_the_picture_where_somebody_moves():
    source, driving = frames(CLIPS[0])
    _, own = create("pgmm")._networks
    made = animated("pgmm", source, driving).astype(int)
    other = animated("pgmm", source, driving, lambda pictures: own(pictures.flip(0))).astype(int)
    moving = moves(source, driving) | moves(source, driving[::-1])
    changed = np.abs(made - other).mean(axis=-1)
    assert changed[moving].mean() > 2
    assert changed[moving].mean() > 4 * changed[~moving].mean()
