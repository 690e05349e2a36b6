"""The training of MimicMotion on a few of SynthSign's signs: phases, losses, and what it leaves."""

from __future__ import annotations

import csv
import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.generators.latents import pictures
from signbench.generators.mimicmotion import clip_points
from signbench.generators.mimicmotion.clip_points import ClipPoints
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.generators.mimicmotion.training import MimicMotionTraining, same_person
from signbench.scoring.train import measured, training_data
from signbench.training.clip_arrays import ClipArrays
from signbench.training.loop import Settings, train
from signbench.training.recipe import Recipe, read_recipe
from tests.generators.corpora import VIDEO
from tests.generators.mimicmotion.models import TINY, written_generator
from tests.generators.runs import prompts
from tests.training.imaginary_gpu import crossings
from tests.training.killing import KilledError, killed_at

RECIPES = Path(__file__).parents[3] / "reference_models"
SMALL = asdict(MimicMotionConfig.small())
CHANGED = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(TINY).items() if value != SMALL[name]}


class FewSigns(SynthSign):
    """Four clips of each split."""

    def ids(self, split):
        return super().ids(split)[:4]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGNBENCH_TRAINING_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def phase(name, epochs=1):
    validated = 1 if name == "denoising" else 0
    optimiser = {"name": "adamw", "rate": 1e-3}
    return {"name": name, "epochs": epochs, "batch": 2, "optimiser": optimiser, "validate_every": validated}


PHASES = [phase("autoencoder"), phase("encoder"), phase("denoising", 2)]


def recipe(data=None, **changes):
    return Recipe.model_validate(
        {
            "model": "mimicmotion",
            "summary": "For tests.",
            "configuration": "small",
            "network": CHANGED,
            "corpus": "synthsign",
            "train": ["word-train"],
            "dev": "dev",
            "dev_clips": 1,
            "data": {"estimator": "", "frames": 3, "autoencoded": 2, "dev_frames": 3, **(data or {})},
            "phases": PHASES,
            "select": {"metric": "psnr", "gives": "video", "direction": "higher"},
            **changes,
        }
    )


def prepared(*arguments, **changes):
    data = MimicMotionTraining(recipe(*arguments, **changes), FewSigns())
    data.prepare(lambda *_: None)
    return data


def random(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def run(folder, progress=None):
    settings = Settings(folder) if progress is None else Settings(folder, progress=progress, save_seconds=0.0)
    return train(MimicMotionTraining(recipe(), FewSigns()), measured, settings)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole") / "few")


def test_it_leaves_a_generator_that_makes_video(whole):
    assert (whole.card.kind, whole.card.model, whole.card.training.selected) == ("generator", "mimicmotion", "psnr.video")
    assert whole.card.training.steps == 2 + 2 + 2 * 2
    made = next(MimicMotionGenerator(whole.folder, steps=1).generate(list(found_prompts().values()), [0]))
    assert [frame.shape for frame in made.frames] == [(24, 32, 3)] * 10


def found_prompts():
    return prompts(VIDEO, ["source_image", "driving_video", "driving_pose"], clips=("test-0001",))


def test_the_weights_have_16_bits_and_the_curve_has_every_phase(whole):
    assert {tensor.dtype for tensor in whole.weights().values()} == {torch.float16}
    with (whole.folder / "curve.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["phase"] for row in rows] == ["autoencoder", "encoder", "denoising", "denoising"]
    assert rows[0]["reconstruction"] and rows[1]["persons"] and rows[2]["noise"] and rows[3]["dev psnr.video"]


def test_killed_three_times_it_ends_with_the_same_bytes(whole, tmp_path):
    for step in (2, 3, 2):
        with pytest.raises(KilledError):
            run(tmp_path / "few", killed_at(step))
    again = run(tmp_path / "few")
    assert again.card.files == whole.card.files
    assert (again.folder / "curve.csv").read_bytes() == (whole.folder / "curve.csv").read_bytes()


def test_the_latents_that_the_unet_learns_have_a_standard_deviation_of_1(whole):
    config = whole.config()
    assert config["latent_scale"] != 1.0
    generator = MimicMotionGenerator(whole.folder)
    frames = prepared().frames[0]
    middles = np.stack([frames[clip][len(frames[clip]) // 2] for clip in range(len(frames))])
    with torch.no_grad():
        found = generator._network.vae.encode(pictures(torch.from_numpy(middles))).latent_dist
        latents = torch.cat([found.mean + found.std * torch.randn(found.mean.shape) for _ in range(50)])
    assert float(latents.std()) * config["latent_scale"] == pytest.approx(1, abs=0.02)


def test_a_training_that_begins_with_a_model_keeps_its_frozen_parts_and_their_scale(whole, tmp_path):
    found = recipe(phases=[phase("denoising")], begin=str(whole.folder))
    model = train(MimicMotionTraining(found, FewSigns()), measured, Settings(tmp_path / "adapted"))
    assert model.config()["latent_scale"] == whole.config()["latent_scale"]
    before, after = whole.weights(), model.weights()
    frozen = {name for name in before if name.startswith(("vae.", "image_encoder."))}
    assert frozen and all(torch.equal(before[name], after[name]) for name in frozen)
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"unet", "pose_net"}
    assert "tensors" in model.card.training.begun


@pytest.mark.parametrize(
    ("name", "loss", "parts"),
    [
        ("autoencoder", ["reconstruction", "divergence"], {"vae"}),
        ("encoder", ["persons"], {"image_encoder"}),
        ("denoising", ["noise"], {"unet", "pose_net"}),
    ],
)
def test_a_phase_has_its_losses_and_trains_its_part(name, loss, parts):
    data = prepared({"dropout": 0.0})
    network = data.build().train()
    wanted = dict(data.trained(network, name))
    assert {each.split(".")[0] for each in wanted} == parts
    for each, parameter in network.named_parameters():
        parameter.requires_grad_(each in wanted)
    losses = data.losses(network, data.batch(name, np.arange(4), random()), name)
    assert list(losses) == loss
    sum(losses.values()).backward()
    assert all(bool(torch.isfinite(value)) for value in losses.values())
    # diffusers' decoder with one block a stage does not use its attention
    used = {each for each in wanted if not each.startswith("vae.decoder.mid_block.attentions")}
    assert [each for each in used if wanted[each].grad is None] == []


def test_dev_clips_are_decoded_whole_with_frame_0_as_productions_are(monkeypatch):
    data = prepared()
    model = data.build().eval()
    decoded, given = model.decoded, []
    monkeypatch.setattr(model, "decoded", lambda latents: given.append(latents) or decoded(latents))
    with torch.no_grad():
        (answer,) = data.answers(model)
        wanted = decoded(given[0])[1:]
    assert len(given[0]) == len(answer.said["video"]) + 1 == 4
    assert np.array_equal(answer.said["video"], ((wanted + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy())


def test_the_model_names_the_estimator_of_its_training(whole):
    assert whole.config()["estimator"] == ""
    data = prepared()
    data.settings = replace(data.settings, estimator="dwpose")
    assert data.saved_config() == {**asdict(data.config()), "estimator": "dwpose"}


def test_a_batch_for_denoising_has_a_source_picture_of_the_clip_and_successive_frames():
    data = prepared({"frames": 4})
    batch = data.batch("denoising", np.array([2]), random(5))
    clip = data.frames[0][2]
    where = [next(row for row in range(len(clip)) if np.array_equal(clip[row], frame.numpy())) for frame in batch["frames"][0]]
    assert where[1:] == [where[1], where[1] + 1, where[1] + 2]
    assert batch["pose"].shape == (1, 4, 3, 64, 64) and batch["pose"].dtype == torch.uint8
    assert batch["weights"].shape == (1, 4, 1, 8, 8)
    # hands' points are in the first channel
    assert batch["pose"][0, :, 0].max() > 200
    again = data.batch("denoising", np.array([2]), random(5))
    assert all(torch.equal(batch[name], again[name]) for name in batch)


def test_the_autoencoder_sees_clips_of_every_length_that_is_decoded():
    data, draws = prepared({"autoencoded": 3}), random()
    seen = [data.batch("autoencoder", np.array([1, 2]), draws)["frames"].shape[:2] for _ in range(30)]
    assert {clips for clips, _ in seen} == {2} and {frames for _, frames in seen} == {1, 2, 3}


def test_a_clip_that_is_too_short_ends_with_its_last_frame():
    data = prepared({"frames": 200})
    frames = data.batch("denoising", np.array([0]), random())["frames"][0].numpy()
    clip = data.frames[0][0]
    assert np.array_equal(frames[1 : 1 + len(clip)], clip)
    assert all(np.array_equal(frame, clip[-1]) for frame in frames[1 + len(clip) :])


def test_the_weights_are_those_of_the_paper_that_the_recipe_names():
    maps = {kind: prepared({"weights": kind}).batch("denoising", np.arange(2), random())["weights"] for kind in WEIGHTS}
    assert torch.equal(maps["even"], torch.ones_like(maps["even"]))
    assert float(maps["hands"].max()) > 5 and float(maps["hands"].min()) == 1
    assert float(maps["confidence"][0].mean()) == pytest.approx(1, abs=1e-5)
    plain = prepared({"weights": "confidence", "normalised": False}).batch("denoising", np.arange(2), random())["weights"]
    assert float(plain.min()) >= 1
    for clip in range(2):
        assert torch.allclose(plain[clip] / plain[clip].mean(), maps["confidence"][clip], atol=1e-5)


def test_what_the_papers_leave_open_is_on_the_card(whole):
    assert whole.card.choices == {
        "data.weights": "confidence",
        "data.hand_scale": 10.0,
        "data.threshold": 0.3,
        "data.margin": 0.05,
        "data.normalised": True,
        "data.dropout": 0.1,
        "data.noise": 0.0,
    }


def test_noise_on_the_source_picture_is_told_to_the_network_and_only_in_training(monkeypatch):
    data = prepared({"noise": 0.5, "dropout": 0.0})
    network = data.build().eval()
    shown, told, source_latents, predicted = [], [], network.source_latents, network.predicted
    monkeypatch.setattr(network, "source_latents", lambda pictures: shown.append(pictures) or source_latents(pictures))
    monkeypatch.setattr(network, "predicted", lambda *given: told.append(given[4]) or predicted(*given))
    batch = data.batch("denoising", np.arange(2), random())
    torch.manual_seed(1)
    data.losses(network, batch, "denoising")
    clean = pictures(batch["frames"][:, 0])
    assert float((shown[0] - clean).std()) == pytest.approx(0.5, rel=0.02)
    assert told[0].tolist() == [[6.0, 127.0, 0.5]] * 2
    assert data.saved_config()["noise"] == 0.0


def test_activations_that_are_computed_again_give_the_same_gradients_with_less_memory():
    kept, gradients = {}, {}
    for recompute in (False, True):
        data = prepared({"recompute": recompute})
        torch.manual_seed(2)
        network = data.build().train()
        batch, sizes = data.batch("denoising", np.arange(2), random()), []
        hooks = (lambda tensor, sizes=sizes: sizes.append(tensor.nbytes) or tensor, lambda found: found)
        with torch.autograd.graph.saved_tensors_hooks(*hooks):
            loss = data.losses(network, batch, "denoising")["noise"]
        kept[recompute] = sum(sizes)
        loss.backward()
        gradients[recompute] = [parameter.grad for parameter in network.unet.parameters()]
        assert data.capturable("denoising") != recompute
    assert kept[True] < 0.7 * kept[False]
    assert all(torch.allclose(one, two, atol=1e-6) for one, two in zip(*gradients.values(), strict=True))


WEIGHTS = ("hands", "confidence", "even")


@pytest.mark.parametrize(("share", "differs"), [(0.0, True), (1.0, False)])
def test_left_out_conditions_have_no_influence(share, differs, monkeypatch):
    data = prepared({"dropout": share})
    network = data.build().eval()
    torch.nn.init.normal_(network.pose_net.final_proj.weight)
    batch = data.batch("denoising", np.arange(2), random())
    # r = 1 would be between p and 2 p, which leaves out everything
    batch["draws"] = torch.full((2,), 1.0)
    other = {**batch, "pose": torch.zeros_like(batch["pose"])}

    def loss(given):
        torch.manual_seed(3)
        return float(data.losses(network, given, "denoising")["noise"].detach())

    assert (loss(batch) != loss(other)) == differs


def test_the_estimator_s_points_are_like_the_corpus_s_own_and_have_confidences():
    own, estimated = (prepared({"estimator": name}).points[0] for name in ("", "pose-estimator"))
    rows = np.arange(8)
    first, second = own.rows(0, rows), estimated.rows(0, rows)
    both = (first.confidence > 0.5) & (second.confidence > 0.5)
    assert both.mean() > 0.3
    assert np.abs(first.points - second.points)[both].mean() < 0.01
    assert len(np.unique(second.confidence)) > 50


def test_pictures_of_one_person_have_the_smallest_loss_if_they_are_alike():
    persons = torch.tensor([0, 0, 1, 1])
    alike = torch.eye(2)[persons]
    mixed = torch.eye(2)[torch.tensor([0, 1, 0, 1])]
    right, wrong = (float(same_person(10 * rows @ rows.T, persons)) for rows in (alike, mixed))
    # of the three other pictures, one has similarity 10 and two 0
    assert right == pytest.approx(np.log(1 + 2 * np.exp(-10)), abs=1e-6)
    assert wrong == pytest.approx(np.log(np.exp(10) + 2), abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": {"weights": "faces"}}, "weights is 'faces', but should be one of hands, confidence, even"),
        ({"data": {"frames": 1}}, "frames is 1, but should be at least 2"),
        ({"data": {"autoencoded": 0}}, "autoencoded is 0, but should be at least 1"),
        ({"data": {"dropout": 2.0}}, "dropout is 2, but should be from 0 to 1"),
        ({"data": {"noise": -0.1}}, "noise is -0.1, but should be at least 0"),
        ({"data": {"margin": -1}}, "margin is -1, but should be at least 0"),
        ({"data": {"temperature": 0}}, "temperature is 0, but should be above 0"),
        ({"data": {"hand_scale": float("nan")}}, "hand_scale is nan, but should be above 0"),
        ({"data": {"threshold": 1.5}}, "threshold is 1.5, but should be from 0 to 1"),
        ({"network": {**CHANGED, "latent_scale": 0}}, "latent_scale is 0, but should be above 0"),
        ({"data": {"blur": 1}}, "unknown field blur"),
        ({"phases": [phase("denoise")]}, "Did you mean denoising"),
        ({"phases": [phase("denoising")]}, "the autoencoder and the picture encoder would be random"),
        ({"data": {"published": "./missing.pth"}}, "./missing.pth does not exist"),
        ({"data": {"published": "mimicmotion-1-1"}}, "signbench weights"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(changes, words):
    with pytest.raises(InputError, match=re.escape(words)):
        prepared(changes.get("data"), **{name: value for name, value in changes.items() if name != "data"}).build()


def test_base_and_adapted_differ_in_their_loss_and_in_what_they_begin_with(tmp_path, monkeypatch):
    base, adapted = (read_recipe(RECIPES / name / "recipe.yaml") for name in ("mimicmotion-base", "mimicmotion"))
    assert [found.name for found in base.phases] == ["autoencoder", "encoder", "denoising"]
    assert [found.name for found in adapted.phases] == ["denoising"]
    assert (base.begin, adapted.begin) == (None, "mimicmotion-base")
    assert (base.data["weights"], adapted.data["weights"]) == ("hands", "confidence")
    shared = {"estimator", "frames", "dropout", "hand_scale", "threshold", "dev_frames"}
    assert all(base.data[name] == adapted.data[name] for name in shared)
    written_generator(tmp_path / "reference_models" / "mimicmotion-base", replace(TINY, latent_scale=0.5))
    monkeypatch.chdir(tmp_path)
    assert training_data(adapted).config() == replace(MimicMotionConfig.small(), latent_scale=0.5)


@pytest.mark.parametrize("name", ["mimicmotion", "mimicmotion-base"])
def test_the_paper_s_recipe_fine_tunes_the_published_weights(name):
    found = read_recipe(RECIPES / name / "paper.yaml")
    assert training_data(found).config() == MimicMotionConfig.paper()
    assert (found.data["published"], found.data["frames"]) == ("mimicmotion-1-1", 16)
    assert found.data["estimator"] == "dwpose"
    # diffusers' strength for Stable Video Diffusion; by count, one clip at a time fits a GPU of 80 GB
    assert (found.data["noise"], found.data["recompute"]) == (0.02, True)
    (only,) = found.phases
    assert only.at_once == 1
    assert (only.name, only.optimiser.name, only.optimiser.rate, only.epochs) == ("denoising", "adamw", 1e-5, 20)


@pytest.mark.parametrize("name", ["autoencoder", "encoder", "denoising"])
def test_a_step_on_a_gpu_can_be_recorded(name):
    data = prepared()
    assert crossings(data, name, data.batch(name, np.arange(4), random())) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_pose_pictures_that_are_drawn_ahead_are_those_that_are_drawn_when_needed(workers, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_TRAINING_CACHE", str(tmp_path))
    poses = prepared().poses[0]
    assert poses.ahead is not None
    later = replace(poses, ahead=None)
    assert np.array_equal(poses.of(1, np.array([3, 0, 3])), later.of(1, np.array([3, 0, 3])))
    again = later.drawn_ahead(lambda *_: pytest.fail("they are kept"), workers)
    assert np.array_equal(again.ahead.rows, poses.ahead.rows)
    others = replace(later, canvas=200).drawn_ahead(lambda *_: None, workers)
    assert all(np.array_equal(others.ahead[clip], later_pictures(others, clip)) for clip in range(4))
    assert not np.array_equal(others.ahead.rows, poses.ahead.rows)


def later_pictures(poses, clip):
    return replace(poses, ahead=None).of(clip, np.arange(len(poses.ahead[clip])))


def test_pose_pictures_that_take_much_room_are_drawn_when_needed(monkeypatch):
    monkeypatch.setattr(clip_points, "MOST_DRAWN_BYTES", 1000)
    assert prepared().poses[0].ahead is None


@pytest.mark.parametrize("shape", [(210, 260), (72, 128)], ids=["higher than wide", "wider than high"])
def test_pose_pictures_have_the_shape_of_the_frames_whatever_the_shape_of_the_estimator_s_pictures(shape):
    data = prepared()
    height, width = data.config().picture_size(*shape)
    frames = ClipArrays(("a",), np.array([0, 4]), np.zeros((4, height, width, 3), np.uint8))
    points = ClipPoints(ClipArrays(("a",), np.array([0, 4]), data.points[0].arrays.rows[:4]), data.points[0].layout, (128, 128))
    assert data._poses(frames, points).of(0, np.array([1, 2])).shape == (2, 3, height, width)
    data.frames, data.points, data.clips = [frames], [points], [(0, 0)]
    data.poses = [data._poses(frames, points)]
    batch = data.batch("denoising", np.array([0, 0]), random())
    assert torch.isfinite(data.losses(data.build().train(), batch, "denoising")["noise"])
