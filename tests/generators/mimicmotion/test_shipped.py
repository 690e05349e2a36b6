"""The shipped MimicMotion and its base: the person signs as the driving clip, and as no other one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="MimicMotion's networks are those of diffusers; install signbench[models]")

from signbench.corpora.synthsign import SynthSign
from signbench.generators.base import Made
from signbench.generators.registry import create
from signbench.generators.training import prompt_of
from signbench.judges.base import JudgedClip
from signbench.judges.pose_estimator.judge import PoseEstimator
from signbench.predictions.sampling import frames_of

CORPUS = SynthSign()
CLIPS = CORPUS.ids("word-test")[3::150]
MADE = Made("video", 25.0, size=(128, 128))
GRANTED = ("source_image", "driving_video", "length")
WRISTS = ("left_wrist", "right_wrist")


def moved(name, driving):
    """The production of each clip, from its own source picture and the driving clip of that position, ``(T, 128, 128, 3)``."""
    generator = create(name)
    made = {}
    for clip, other in zip(CLIPS, driving, strict=True):
        prompt = prompt_of(CORPUS.clip(clip), MADE, GRANTED, references="video")
        prompt = replace(prompt, driving_video=CORPUS.clip(other).video)
        made[clip] = np.stack(list(next(generator.generate([prompt], [1])).frames))
    return made


@pytest.fixture(scope="module")
def own():
    return moved("mimicmotion", CLIPS)


@pytest.fixture(scope="module")
def wrists():
    """The paths of both wrists that the estimator finds in frames, in pixels, ``(T, 2, 2)``."""
    judge = PoseEstimator()

    def found(frames):
        return judge.observe([JudgedClip("clip", frames=frames)], ["pose"])[0]["pose"].select(WRISTS).points[..., :2]

    return found


def references():
    return {clip: np.stack(list(frames_of(CORPUS.clip(clip).video, MADE))) for clip in CLIPS}


def test_wrists_move_as_in_the_driving_clip(own, wrists):
    alike = []
    for clip, reference in references().items():
        made, driving = wrists(own[clip]), wrists(reference)
        for side, axis in np.ndindex(2, 2):
            if np.ptp(driving[:, side, axis]) > 6:
                alike.append(np.corrcoef(made[:, side, axis], driving[:, side, axis])[0, 1])
    assert len(alike) >= 4
    assert np.median(alike) > 0.9


def test_the_pose_of_another_clip_moves_the_hands_elsewhere(own, wrists):
    other = moved("mimicmotion", CLIPS[1:] + CLIPS[:1])
    for clip, reference in references().items():
        wanted = wrists(reference)
        near, far = (np.linalg.norm(wrists(made[clip]) - wanted, axis=-1).mean() for made in (own, other))
        assert near < 0.6 * far
