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
from signbench.generators.mimicmotion.pose_pictures import BODY, drawn
from signbench.judges.base import JudgedClip
from signbench.judges.dwpose.judge import DWPose, points
from signbench.judges.dwpose.sessions import DETECTOR, ESTIMATOR, loaded
from signbench.media.layout_joints import hand as hand_joints
from signbench.media.layouts import layout
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


@pytest.mark.parametrize(
    ("name", "device", "providers", "expected"),
    [
        ("dwpose", "cpu", [], "cpu"),
        ("dwpose", "cuda", ["CPUExecutionProvider"], "cpu"),
        ("dwpose", "cuda", ["CUDAExecutionProvider"], "cuda:1"),
        ("dwpose", "cuda:3", ["CUDAExecutionProvider"], "cuda:3"),
        ("pose-estimator", "cuda", [], "cuda:1"),
    ],
)
def test_in_a_training_each_process_uses_its_own_gpu_if_it_can(name, device, providers, expected, monkeypatch, caplog):
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert estimators.device_for(name, device) == expected
    assert ("with onnxruntime-gpu it would use cuda:1" in caplog.text) == (device == "cuda" and expected == "cpu")


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
    driven, nearest, ratio = generator._driving(given)
    assert ratio == 1 and nearest.tolist() == [0, 0, 1]
    assert driven.confidence.shape[0] == 2 and (driven.confidence >= 0.3).mean() > 0.3
    (made,) = generator.generate([given], [1])
    assert np.stack(list(made.frames)).shape == (3, 48, 64, 3)


def test_a_training_prepares_dwpose_s_points(weights, monkeypatch):
    monkeypatch.setattr(SynthSign, "ids", lambda self, split: ["test-0001", "test-0002"])
    config = replace(TINY, guidance=1.0, steps=1)
    frames, kept = frames_and_points(SynthSign(), "test", config, "dwpose", lambda *_: None)
    found = kept.rows(0, np.arange(4))
    assert len(frames) == len(kept.arrays) == 2
    assert ((found.confidence > 0) & (found.confidence < 0.3)).any()
    assert (found.confidence >= 0.3).any() and (found.confidence <= 1).all()


def test_points_of_which_dwpose_is_unsure_are_drawn_as_in_the_original(weights, monkeypatch):
    unsure = stand_in.estimator((64, 48), height=0.28)
    stand_in.put(monkeypatch, weights / "unsure", found=stand_in.detector((64, 64)), estimated=unsure)
    frame = stand_in.scene(60, 80)
    rows = points(loaded(DETECTOR, "cpu"), loaded(ESTIMATOR, "cpu"), frame)[0]
    assert rows[..., 2].max() < 0.3
    (hidden,) = DWPose().observe([JudgedClip("a", frames=frame[None])], ["pose"])
    assert not hidden["pose"].seen.any()
    judge = estimators.estimator("dwpose")
    found = estimators.points_of(judge, frame[None], "a")
    hand = layout("dwpose-134").index(hand_joints("left"))
    assert np.allclose(found.hands[0][1][0], np.maximum(rows[hand, 2], 0))
    assert drawn(found, 0, (60, 80)).any()
    assert judge.signed != DWPose().signed
    assert estimators.made_by(judge) != estimators.made_by(DWPose())


def test_of_two_people_dwpose_s_surest_is_drawn(weights):
    frame = stand_in.scene(120, 160, people=2)
    everybody = points(loaded(DETECTOR, "cpu"), loaded(ESTIMATOR, "cpu"), frame)
    assert len(everybody) >= 2 and not np.allclose(everybody[0], everybody[1], atol=2)
    found = estimators.points_of(estimators.estimator("dwpose"), frame[None], "a")
    wrist = layout("dwpose-134").index(["right_wrist"])
    shown = found.body[0][0, [BODY.index("right_wrist")]] * [160, 120] - 0.5
    assert found.points.shape == (1, 128, 2)
    assert np.allclose(shown, everybody[0][wrist, :2], atol=1e-3)


@pytest.mark.parametrize(
    ("trained_with", "given", "expected"),
    [
        (None, None, "pose-estimator"),
        ("", None, "pose-estimator"),
        ("pose-estimator", None, "pose-estimator"),
        ("dwpose", None, "dwpose"),
        ("dwpose", "pose-estimator", "pose-estimator"),
    ],
)
def test_a_model_is_shown_the_points_of_the_estimator_of_its_training(weights, trained_with, given, expected):
    content = {} if trained_with is None else {"estimator": trained_with}
    written_generator(weights / "moving", more=content)
    generator = MimicMotionGenerator(weights / "moving", estimator=given)
    assert generator._estimator.name == expected
    assert ("estimator" in generator.card.name) == (given is not None)


def test_a_model_whose_estimator_is_no_name_is_refused(weights):
    written_generator(weights / "moving", more={"estimator": 3})
    with pytest.raises(InputError, match="names the estimator 3, which is no name"):
        MimicMotionGenerator(weights / "moving")


def test_without_dwpose_s_files_a_model_that_was_trained_with_it_names_the_command_that_fetches_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path))
    written_generator(tmp_path / "moving", more={"estimator": "dwpose"})
    with pytest.raises(InputError, match="signbench weights fetch yolox-l dw-ll-ucoco-384"):
        MimicMotionGenerator(tmp_path / "moving")


def test_a_clip_without_frames_is_named(weights):
    with pytest.raises(InputError, match="clip a has no frames"):
        estimators.points_of(estimators.estimator("dwpose"), iter(()), "a")
