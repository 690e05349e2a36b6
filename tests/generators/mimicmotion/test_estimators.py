"""Which estimators there are, and that key points of both are used and identified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="MimicMotion's networks are those of diffusers; install signbench[models]")

from signbench.corpora.synthsign.corpus import SynthSign
from signbench.errors import InputError
from signbench.generators.base import Made, Prompt
from signbench.generators.mimicmotion import estimators
from signbench.generators.mimicmotion.clip_points import frames_and_points
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.judges.dwpose.judge import DWPose
from signbench.predictions.sampling import first_frame
from tests.generators.mimicmotion.models import TINY, written_generator
from tests.judges.dwpose import stand_in


@pytest.fixture
def weights(monkeypatch, tmp_path):
    stand_in.put(monkeypatch, tmp_path / "weights", found=stand_in.detector((64, 64)), estimated=stand_in.estimator((64, 48)))
    return tmp_path


def test_a_pose_estimator_is_dwpose_or_a_model(weights):
    assert isinstance(estimators.estimator("dwpose"), DWPose)
    shipped = estimators.estimator(None)
    assert shipped.name == estimators.estimator("pose-estimator").name == "pose-estimator"
    assert set(estimators.files_of(shipped)) >= {"model.safetensors", "config.json"}
    assert set(estimators.made_by(shipped)) == {"estimator", "decoding"}
    with pytest.raises(InputError, match="there is no model nothing"):
        estimators.estimator("nothing")


def test_dwpose_s_files_identify_what_is_made_from_its_points(weights, monkeypatch):
    first = estimators.files_of(DWPose()), estimators.made_by(DWPose())
    assert list(first[0]) == ["yolox-l", "dw-ll-ucoco-384"]
    stand_in.put(monkeypatch, weights / "other", found=stand_in.detector((64, 64)), estimated=stand_in.estimator((64, 48), seed=4))
    second = estimators.files_of(DWPose()), estimators.made_by(DWPose())
    assert first[0]["yolox-l"] == second[0]["yolox-l"]
    assert first[0]["dw-ll-ucoco-384"] != second[0]["dw-ll-ucoco-384"]
    assert first[1] != second[1]


def test_a_production_follows_dwpose_s_points(weights):
    written_generator(weights / "moving", replace(TINY, guidance=1.0, steps=1))
    generator = MimicMotionGenerator(weights / "moving", estimator="dwpose")
    assert generator.card.name == "mimicmotion:checkpoint=moving,estimator=dwpose"
    assert generator.card.checkpoint != MimicMotionGenerator(weights / "moving").card.checkpoint
    driving, source = (SynthSign().clip(name) for name in SynthSign().ids("test")[:2])
    given = Prompt(
        clip=driving.id,
        made=Made("video", 25.0, size=(48, 64)),
        length=3,
        source_image=first_frame(source.video, (64, 64)),
        driving_video=driving.video,
    )
    points, ratio = generator._driving(given)
    assert ratio == 1 and points.confidence.shape[0] == 3 and (points.confidence >= 0.3).mean() > 0.3
    (made,) = generator.generate([given], [1])
    assert np.stack(list(made.frames)).shape == (3, 48, 64, 3)


def test_a_training_prepares_dwpose_s_points(weights, monkeypatch):
    monkeypatch.setattr(SynthSign, "ids", lambda self, split: ["test-0001", "test-0002"])
    config = replace(TINY, guidance=1.0, steps=1)
    frames, points = frames_and_points(SynthSign(), "test", config, "dwpose", lambda *_: None)
    found = points.rows(0, np.arange(4))
    assert len(frames) == len(points.arrays) == 2
    assert (found.confidence >= 0.3).any() and (found.confidence <= 1).all()
