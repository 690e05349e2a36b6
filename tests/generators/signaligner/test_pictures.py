"""The pictures of the documentation."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.generators.base import Production
from signbench.generators.registry import create
from signbench.generators.signaligner import pictures
from signbench.media.video import probe_video

CORPUS = SynthSign()


class Copying:
    """Makes what the reference is, but for its last five frames."""

    card = create("first-frame").card

    def __init__(self, stage):
        self.stage = stage

    def generate(self, prompts, seeds):
        clip = CORPUS.clip(prompts[0].clip)
        if self.stage == "pose":
            pose = clip.pose.pose(None)
            yield Production(clip.id, pose=pose.first(pose.frames - 5), fps=25.0)
        elif self.stage == "motion":
            yield Production(clip.id, motion=CORPUS.motion(clip.id), fps=25.0)
        else:
            recording = clip.renderings[self.stage]
            probe = recording.probe(None)
            chunks = recording.chunks(probe, np.arange(probe.frames - 5), (128, 128))
            yield Production(clip.id, frames=(frame for chunk in chunks for frame in chunk), fps=25.0)


STAGES = [Copying(stage) for stage in ("pose", "hamer", "smplx")]


def test_each_stage_is_shown_with_its_reference():
    found = pictures.videos(STAGES, CORPUS.clip("test-0004"))
    for reference, made in found:
        assert made.shape == (len(reference) - 5, 128, 128, 3)
        assert np.array_equal(made, reference[:-5])
        assert made.max() > 150, "something is drawn"
    assert len({reference[20].tobytes() for reference, _ in found}) == 3


def test_a_generator_of_motion_is_refused():
    with pytest.raises(InputError, match="the generator first-frame makes neither key points nor a video"):
        pictures.videos([Copying("motion"), *STAGES[1:]], CORPUS.clip("test-0004"))


def test_both_pictures_are_written_with_the_reference_above_the_production(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "CLIPS", ("test-0004", "test-0061"))
    pictures.write_pictures(tmp_path, STAGES)
    assert Image.open(tmp_path / "signaligner.png").size == (3 * 5 * 128 + 2 * 4, 4 * 128 + 4)
    probe = probe_video(tmp_path / "signaligner.mp4")
    assert (probe.width, probe.height) == (3 * 128, 2 * 128)
    assert probe.frames == sum(CORPUS.length(clip) for clip in pictures.CLIPS)
