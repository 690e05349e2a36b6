"""The pose estimator: its networks, what it makes of frames of any size, and that training brings points nearer."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray, PoseArray
from signbench.errors import InputError
from signbench.judges.base import JudgedClip
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.judges.pose_estimator.estimating import BATCH, Fitting, estimated, fitted, normalised
from signbench.judges.pose_estimator.judge import PoseEstimator
from signbench.judges.pose_estimator.training import PoseEstimatorTraining
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.scoring.train import measured
from signbench.training.recipe import Recipe, Selection
from signbench.weights.reference_models import write_model

TINY = replace(PoseEstimatorConfig.small(), widths=(4, 8, 8), size=(32, 32))
HRNET = replace(PoseEstimatorConfig.paper(), widths=(4,), modules=(1, 1, 1), size=(64, 64))
WHOLE_BODY = layout("coco-wholebody-133")


def frames(count=3, height=32, width=32, seed=0):
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 255, (count, height, width, 3), dtype=np.uint8)


def network(config=TINY):
    torch.manual_seed(0)
    return config.build().eval()


def test_the_small_network_is_a_u_net_of_less_than_a_megabyte_of_parameters():
    built = PoseEstimatorConfig.small().build()
    assert sum(parameter.numel() for parameter in built.parameters()) == 665_914
    maps, seen = built(torch.zeros(1, 3, 128, 128))
    assert maps.shape == (1, 133, 32, 32)
    assert seen.shape == (1, 133)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"size": (36, 32)}, "sides are multiples of 8, not 32 x 36"),
        ({"widths": (8,)}, "needs at least 2"),
        ({"network": "resnet"}, "is hrnet or unet, not resnet"),
        ({"network": "hrnet"}, "an HRNet has one width"),
    ],
)
def test_numbers_that_do_not_fit_the_network_are_refused(changes, why):
    with pytest.raises(InputError, match=why):
        replace(TINY, **changes).build()


@pytest.mark.parametrize("config", [TINY, HRNET], ids=["unet", "hrnet"])
def test_a_frame_gives_the_same_points_alone_and_among_others(config):
    built, clip = network(config), frames(BATCH + 3)
    whole = estimated(built, clip, config)
    assert whole.shape == (BATCH + 3, 133, 3)
    alone = np.concatenate([estimated(built, clip[index : index + 1], config) for index in (0, 5, BATCH + 2)])
    assert np.abs(whole[[0, 5, BATCH + 2]] - alone).max() < 1e-3


def test_points_below_the_threshold_are_not_seen():
    found = estimated(network(), frames(), replace(TINY, threshold=1.1))
    assert (found == 0).all()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 48), (40, 80)])
@pytest.mark.parametrize("how", ["stretched", "padded"])
def test_points_of_the_picture_are_found_again_in_the_frame(how, height, width):
    clip = np.zeros((1, height, width, 3), np.uint8)
    y, x = height // 4, width // 2
    clip[0, y - 3 : y + 4, x - 3 : x + 4] = 255
    pictures, fitting = fitted(clip, replace(TINY, fitted=how))
    light = pictures[0, ..., 0].astype(float)
    rows, columns = np.mgrid[:32, :32]
    centre = np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()
    assert pictures.shape == (1, 32, 32, 3)
    assert np.allclose(fitting.back(centre.astype(np.float32)), (x, y), atol=0.3)


def test_a_frame_of_the_right_size_is_not_changed():
    pictures, fitting = fitted(frames(), TINY)
    assert np.array_equal(pictures, frames())
    assert fitting == Fitting((1.0, 1.0), (0.0, 0.0))


def test_levels_are_normalised_by_channel():
    white = normalised(torch.full((1, 2, 2, 3), 255, dtype=torch.uint8), PoseEstimatorConfig.paper())
    assert white[0, :, 0, 0].tolist() == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225], rel=1e-5)


def model(folder, config):
    card = {"kind": "judge", "model": "pose-estimator", "configuration": "small", "summary": "For tests.", "licence": "CC0-1.0"}
    return write_model(folder, card, config=asdict(config), tensors=network(config).state_dict(), files={})


def test_the_judge_gives_key_points_in_pixels_of_its_frames(tmp_path):
    model(tmp_path / "tiny", TINY)
    judge = PoseEstimator(model=str(tmp_path / "tiny"))
    assert (judge.size, judge.rate, judge.layout) == ((32, 32), 25.0, "coco-wholebody-133")
    (answer,) = judge.observe([JudgedClip("a", frames=frames())], ["pose"])
    pose = answer["pose"]
    assert (pose.frames, pose.picture, pose.fps, pose.layout) == (3, (32, 32), 25.0, WHOLE_BODY)
    wanted = estimated(network(), frames(), TINY)
    assert np.allclose(pose.points, wanted[..., :2], atol=1e-4)
    assert np.allclose(pose.confidence, wanted[..., 2], atol=1e-6)
    assert judge.signed.startswith("pose-estimator/1+small-")


def test_a_judge_that_pads_sees_videos_at_their_own_size(tmp_path):
    model(tmp_path / "hrnet", HRNET)
    judge = PoseEstimator(model=str(tmp_path / "hrnet"))
    (answer,) = judge.observe([JudgedClip("a", frames=frames(2, 40, 60))], ["pose"])
    assert judge.size is None
    assert answer["pose"].picture == (60, 40)


def test_a_clip_without_frames_is_refused(tmp_path):
    model(tmp_path / "tiny", TINY)
    with pytest.raises(InputError, match=r"clip a: the judge .* reads frames"):
        PoseEstimator(model=str(tmp_path / "tiny")).observe([JudgedClip("a")], ["pose"])


class Spots:
    """Videos of one bright spot, which is the nose, at 25 frames per second."""

    name, version, licence = "spots", "1", "CC0-1.0"
    splits: tuple[str, ...] = ("train", "dev")

    def ids(self, split):
        return [f"{split}-{number}" for number in range(24 if split == "train" else 3)]

    def clip(self, clip_id):
        random = np.random.Generator(np.random.PCG64(int.from_bytes(clip_id.encode(), "big")))
        pictures = np.zeros((10, 32, 32, 3), np.uint8)
        points, confidence = np.zeros((10, 133, 2), np.float32), np.zeros((10, 133), np.float32)
        for picture, point in zip(pictures, points, strict=True):
            x, y = random.integers(3, 29, 2)
            picture[y - 1 : y + 2, x - 1 : x + 2] = 255
            point[0] = x, y
        confidence[:, 0] = 0.95
        video, pose = FrameArray(pictures, clip_id, 25.0), Pose(points, confidence, WHOLE_BODY, 25.0)
        return Clip(clip_id, video=video, pose=PoseArray(pose, clip_id), fps=25.0)


def training(data=None, network=None):
    recipe = Recipe.model_validate(
        {
            "model": "pose-estimator",
            "summary": "For tests.",
            "configuration": "small",
            "network": {"widths": [8, 16, 16], "size": [32, 32]} if network is None else network,
            "corpus": "spots",
            "train": ["train"],
            "dev": "dev",
            "seed": 1,
            "data": {"rate": 25.0, "dev_rate": 25.0, "compressed": 0.0, "blurred": 0.0, **(data or {})},
            "phases": [{"name": "frames", "epochs": 1, "batch": 16, "optimiser": {"name": "adamw", "rate": 0.003}}],
            "select": {"metric": "ape", "gives": "pose", "direction": "lower"},
        }
    )
    return PoseEstimatorTraining(recipe, Spots())


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_TRAINING_CACHE", str(tmp_path / "prepared"))


def test_training_brings_points_nearer(own_cache):
    data = training()
    data.prepare(lambda *_: None)
    torch.manual_seed(0)
    built, random = data.build(), np.random.Generator(np.random.PCG64(0))
    optimiser = torch.optim.AdamW(built.parameters(), 0.01)
    error = Selection(metric="ape", gives="pose", direction="lower")
    before = measured(error, list(data.answers(built.eval())))
    built.train()
    for _ in range(60):
        losses = data.losses(built, data.batch("frames", random.integers(0, data.examples("frames"), 16), random), "frames")
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
    answers = list(data.answers(built.eval()))
    assert [answer.clip for answer in answers] == ["dev-0", "dev-1", "dev-2"]
    assert measured(error, answers) < min(1.5, before / 3)
    assert all((answer.said["pose"].confidence[:, 0] > 0.5).all() for answer in answers)


def test_a_batch_follows_from_its_generator(own_cache):
    data = training({"mirrored": 0.5, "compressed": 0.5, "blurred": 0.5})
    data.prepare(lambda *_: None)
    first, second = (data.batch("frames", np.array([0, 17, 239]), np.random.Generator(np.random.PCG64(5))) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert first["pictures"].shape == (3, 32, 32, 3)
    assert first["points"].shape == (3, 133, 3)


def test_hrnet_is_trained_with_gaussians_as_targets(own_cache):
    data = training(network={"network": "hrnet", "widths": [4], "modules": [1, 1, 1], "size": [32, 32], "centred": False})
    data.prepare(lambda *_: None)
    losses = data.losses(data.build(), data.batch("frames", np.arange(4), np.random.Generator(np.random.PCG64(0))), "frames")
    assert list(losses) == ["maps"]
    assert torch.isfinite(losses["maps"])


@pytest.mark.parametrize(
    ("data", "network", "why"),
    [({"blur": 3}, None, "unknown field blur"), ({}, {"joints": 17, "size": [32, 32]}, "has 133 key points, and the network 17")],
)
def test_a_recipe_that_does_not_fit_is_refused(data, network, why, own_cache):
    with pytest.raises(InputError, match=why):
        training(data, network).prepare(lambda *_: None)
