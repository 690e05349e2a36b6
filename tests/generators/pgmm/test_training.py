"""The training of PGMM and TPSMM: pairs of frames, the losses of each ablation, and what a training leaves."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.errors import InputError
from signbench.generators.pgmm.generator import PGMMGenerator
from signbench.generators.pgmm.network import MotionModel
from signbench.generators.pgmm.training import PGMMTraining, levels
from signbench.judges.frame_trunk.training import pictures as trunk_pictures
from signbench.scoring.train import measured, training_data
from signbench.training.loop import Settings, train
from signbench.training.recipe import Recipe, Selection, read_recipe
from signbench.weights.reference_models import find_model
from tests.generators.pgmm.models import written_estimator, written_trunk
from tests.generators.runs import prompts

RECIPES = Path(__file__).parents[3] / "reference_models"


class Squares:
    """Videos of a bright square that moves over a background of the clip."""

    name, version, licence = "squares", "1", "CC0-1.0"
    splits: tuple[str, ...] = ("train", "dev")

    def ids(self, split):
        return [f"{split}-{number}" for number in range(16 if split == "train" else 2)]

    def clip(self, clip_id):
        random = np.random.Generator(np.random.PCG64(int.from_bytes(clip_id.encode(), "big")))
        pictures = np.tile(random.integers(20, 120, 3).astype(np.uint8), (10, 32, 32, 1))
        for picture in pictures:
            x, y = random.integers(2, 22, 2)
            picture[y : y + 8, x : x + 8] = (250, 200, 150)
        return Clip(clip_id, video=FrameArray(pictures, clip_id, 25.0), fps=25.0)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    written_estimator(folder / "estimator")
    written_trunk(folder / "trunk")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_TRAINING_CACHE", str(tmp_path / "prepared"))


def recipe(models, model="pgmm", network=None, data=None):
    return Recipe.model_validate(
        {
            "model": model,
            "summary": "For tests.",
            "configuration": "small",
            "network": {
                "size": 32,
                "transformations": 2,
                "width": 4,
                "most_width": 16,
                "halvings": 2,
                "motion_width": 4,
                "most_motion_width": 16,
                "motion_blocks": 3,
                "point_widths": [4, 4, 8, 8],
                **(
                    {} if model == "tpsmm" else {"pose_points": [0, 5, 9], "pose_size": 32, "pose_estimator": f"{models}/estimator"}
                ),
                **(network or {}),
            },
            "corpus": "squares",
            "train": ["train"],
            "dev": "dev",
            "data": {
                "rate": 25.0,
                "dev_rate": 12.5,
                "pairs": 2,
                "perceptual": "pyramid-l1",
                "dropout_epochs": 0,
                **({"pose_distance": 0.0} if model == "tpsmm" else {"least_peak": 0.0}),
                **(data or {}),
            },
            "phases": [{"name": "pairs", "epochs": 2, "batch": 8, "optimiser": {"name": "adam", "rate": 0.002}}],
            "select": {"metric": "l1", "gives": "video", "direction": "lower"},
        }
    )


def prepared(*arguments, **options):
    data = PGMMTraining(recipe(*arguments, **options), Squares())
    data.prepare(lambda *_: None)
    return data


def losses_of(data, network=None, seed=0):
    batch = data.batch("pairs", np.arange(4), np.random.Generator(np.random.PCG64(seed)))
    torch.manual_seed(0)
    return data.losses((network or data.build()).train(), batch, "pairs")


@pytest.mark.parametrize(
    ("model", "network", "data", "names"),
    [
        ("tpsmm", {}, {"alignment": 0.0}, ["perceptual", "equivariance", "warp"]),
        (
            "tpsmm",
            {"background_widths": [4, 4, 8, 8]},
            {"alignment": 0.0},
            ["perceptual", "equivariance", "warp", "background"],
        ),
        ("pgmm", {"fusion": "sum"}, {"alignment": 0.0, "pose_distance": 0.0}, ["perceptual", "equivariance", "warp"]),
        ("pgmm", {}, {"alignment": 0.0, "pose_distance": 0.0}, ["perceptual", "equivariance", "warp"]),
        ("pgmm", {}, {"alignment": 0.0}, ["perceptual", "equivariance", "warp", "pose_distance"]),
        ("pgmm", {}, {"pose_distance": 0.0}, ["perceptual", "equivariance", "warp", "alignment"]),
        ("pgmm", {}, {}, ["perceptual", "equivariance", "warp", "pose_distance", "alignment"]),
    ],
)
def test_each_ablation_has_its_losses_and_all_parameters_receive_gradients(models, model, network, data, names):
    prepared_data = prepared(models, model, network, data)
    built = prepared_data.build()
    found = losses_of(prepared_data, built)
    assert list(found) == names
    sum(found.values()).backward()
    assert all(bool(torch.isfinite(value)) for value in found.values())
    # a convolution before an instance normalisation ignores its bias, but not its weight
    assert [name for name, parameter in built.named_parameters() if parameter.grad is None] == []


def test_training_brings_pictures_nearer_and_leaves_the_estimator_as_it_is(models):
    data = prepared(models)
    torch.manual_seed(0)
    built, random = data.build(), np.random.Generator(np.random.PCG64(0))
    before = {name: tensor.clone() for name, tensor in data.estimator.state_dict().items()}
    optimiser = torch.optim.Adam(built.parameters(), 0.004)
    error = Selection(metric="l1", gives="video", direction="lower")
    first = measured(error, list(data.answers(built.eval())))
    built.train()
    for _ in range(40):
        losses = data.losses(built, data.batch("pairs", random.integers(0, data.examples("pairs"), 8), random), "pairs")
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
    answers = list(data.answers(built.eval()))
    assert [(answer.clip, answer.said["video"].shape) for answer in answers] == [(f"dev-{n}", (5, 32, 32, 3)) for n in (0, 1)]
    assert measured(error, answers) < 0.7 * first
    assert all(torch.equal(tensor, before[name]) for name, tensor in data.estimator.state_dict().items())


def test_both_frames_of_a_pair_are_of_one_clip_and_degraded_in_the_same_way(models):
    data = prepared(models, data={"mirrored": 0.5, "jitter": 0.1})
    first, second = (data.batch("pairs", np.arange(32), np.random.Generator(np.random.PCG64(3))) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    # the background's colour identifies the clip, and jitter changes it equally in both
    corners = [first[name][:, 0, 0].int() for name in ("source", "driving")]
    assert torch.equal(*corners)
    own = {tuple(data.parts[0][clip][0, 0, 0].tolist()) for clip in range(16)}
    assert sum(tuple(colour.tolist()) not in own for colour in corners[0]) > 16
    assert not torch.equal(first["source"], first["driving"])


@pytest.mark.parametrize(("epoch", "expected"), [(0, 0.1), (5, 0.1 + 0.35), (10, 0.7), (34, 0.7), (35, 0.0)])
def test_the_dropout_of_splines_rises_and_ends(models, epoch, expected):
    data = prepared(models, "tpsmm", data={"alignment": 0.0, "dropout_epochs": 35, "dropout_start": 0.1})
    assert data.dropout(epoch) == pytest.approx(expected)


def test_the_key_point_detector_begins_with_the_trunk(models):
    data = prepared(models, data={"trunk": f"{models}/trunk"})
    network = data.build().eval()
    trunk = find_model(models / "trunk").weights()
    frames = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    encoder = network.kp_detector.fg_encoder
    found = encoder.bn1(encoder.conv1(levels(frames)))
    plain = torch.nn.functional.conv2d(trunk_pictures(frames), trunk["resnet.conv1.weight"], stride=2, padding=3)
    expected = torch.nn.functional.batch_norm(
        plain, *(trunk[f"resnet.bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
    )
    # at the border a trunk sees grey where the detector sees black
    assert torch.allclose(found[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2], atol=1e-4)
    assert torch.equal(encoder.get_submodule("layer4.1.conv2").weight, trunk["resnet.layer4.1.conv2.weight"])


def test_the_recognisers_features_can_be_compared(models):
    data = prepared(models, data={"perceptual": "recogniser", "recogniser": f"{models}/trunk"})
    made = losses_of(data)["perceptual"]
    pixels = losses_of(prepared(models))["perceptual"]
    assert float(made.detach()) > float(pixels.detach()) > 0


@pytest.mark.parametrize(
    ("model", "network", "data", "words"),
    [
        ("pgmm", {}, {"perceptual": "lpips"}, "perceptual is 'lpips', but should be one of pyramid-l1, recogniser, vgg19"),
        ("pgmm", {}, {"blur": 1}, "unknown field blur"),
        ("tpsmm", {}, {"pose_distance": 1.0}, "a network without pose has no pose_distance"),
        ("pgmm", {}, {"perceptual": "recogniser", "recogniser": "{models}/estimator"}, "not frame-trunk"),
        ("pgmm", {"pose_estimator": "{models}/trunk"}, {}, "not pose-estimator"),
        ("pgmm", {}, {"mirrored": 2}, "mirrored is 2, but should be from 0 to 1"),
        ("pgmm", {}, {"dropout_rise": 0}, "dropout_rise is 0, but should be at least 1"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(models, model, network, data, words):
    filled = [
        {name: value.format(models=models) if isinstance(value, str) else value for name, value in part.items()}
        for part in (network, data)
    ]
    with pytest.raises(InputError, match=re.escape(words)):
        prepared(models, model, *filled)


def test_a_training_leaves_a_generators_checkpoint(models, tmp_path):
    pytest.importorskip("accelerate")
    model = train(PGMMTraining(recipe(models), Squares()), measured, Settings(tmp_path / "moving"))
    assert (model.card.model, model.card.training.selected) == ("pgmm", "l1.video")
    assert model.config()["fusion"] == "attention" and model.config()["mask"] == "sigmoid"
    generator = PGMMGenerator(tmp_path / "moving")
    found = prompts(_made(), ["source_image", "driving_video"], clips=("test-0001",))
    (production,) = generator.generate(list(found.values()), [0])
    assert [frame.shape for frame in production.frames] == [(24, 32, 3)] * 10


def _made():
    from tests.generators.corpora import VIDEO

    return VIDEO


ABLATIONS = {
    "tpsmm": ("none", 0.0, 0.0),
    "pgmm-sum": ("sum", 0.0, 0.0),
    "pgmm-fusion": ("attention", 0.0, 0.0),
    "pgmm-fusion-distance": ("attention", 1.0, 0.0),
    "pgmm-fusion-alignment": ("attention", 0.0, 1.0),
    "pgmm": ("attention", 1.0, 1.0),
}


@pytest.mark.parametrize("name", ABLATIONS)
def test_the_recipes_of_the_ablations_differ_in_nothing_else(name):
    found, whole = (read_recipe(RECIPES / each / "recipe.yaml") for each in (name, "pgmm"))
    config = training_data(found).config()
    assert (config.fusion, found.data["pose_distance"], found.data["alignment"]) == ABLATIONS[name]
    same = {"phases", "corpus", "train", "dev", "dev_clips", "seed", "select", "also", "configuration"}
    assert all(getattr(found, field) == getattr(whole, field) for field in same)
    changed = {"pose_distance", "alignment"}
    assert all(found.data[key] == value for key, value in whole.data.items() if key not in changed)


@pytest.mark.parametrize("name", ["pgmm", "tpsmm"])
def test_the_papers_recipe_has_the_papers_network_and_schedule(name):
    found = read_recipe(RECIPES / name / "paper.yaml")
    with torch.device("meta"):
        network = MotionModel(training_data(found).config())
    counts = {"pgmm": 96_004_768, "tpsmm": 85_570_040}
    assert sum(parameter.numel() for parameter in network.parameters()) == counts[name]
    (phase,) = found.phases
    assert (phase.optimiser.rate, phase.schedule.at, phase.schedule.factor, phase.epochs) == (2e-4, (60, 90), 0.1, 100)
    assert found.data["pairs"] == 5
