"""The training of RealisDance on a few of SynthSign's signs: phases, losses, and what it leaves."""

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
from signbench.generators.realisdance.checkpoints import Checkpoint
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.generators.realisdance.training import RealisDanceTraining, shuffled
from signbench.scoring.train import measured, training_data
from signbench.training.loop import Settings, train
from signbench.training.recipe import Recipe, read_recipe
from tests.generators.realisdance.models import TINY
from tests.training.imaginary_gpu import crossings
from tests.training.killing import KilledError, killed_at

RECIPES = Path(__file__).parents[3] / "reference_models" / "realisdance"
SMALL = asdict(RealisDanceConfig.small())
CHANGED = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(TINY).items() if value != SMALL[name]}
PARTS = {"unet_ref", "unet_main", "pose_guider", "clip_projector"}


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
    return {
        "name": name,
        "epochs": epochs,
        "batch": 2,
        "optimiser": {"name": "adamw", "rate": 1e-3},
        "validate_every": 1 if name == "motion" else 0,
    }


def recipe(data=None, **changes):
    return Recipe.model_validate(
        {
            "model": "realisdance",
            "summary": "For tests.",
            "configuration": "small",
            "network": CHANGED,
            "corpus": "synthsign",
            "train": ["word-train"],
            "dev": "dev",
            "dev_clips": 1,
            "data": {"frames": 3, "dev_frames": 3, "encoder": "trained", "dropout": 0.1, **(data or {})},
            "phases": [phase("autoencoder"), phase("pictures"), phase("motion", 2)],
            "select": {"metric": "psnr", "gives": "video", "direction": "higher"},
            **changes,
        }
    )


def prepared(*arguments, **changes):
    data = RealisDanceTraining(recipe(*arguments, **changes), FewSigns())
    data.prepare(lambda *_: None)
    return data


def random(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def run(folder, progress=None):
    settings = Settings(folder) if progress is None else Settings(folder, progress=progress, save_seconds=0.0)
    return train(RealisDanceTraining(recipe(), FewSigns()), measured, settings)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole") / "model")


def test_a_training_leaves_a_model_with_pictures_of_its_signers(whole):
    found = Checkpoint.found(whole.folder)
    assert found.config == replace(TINY, latent_scale=found.config.latent_scale)
    assert found.config.latent_scale != TINY.latent_scale
    corpus = FewSigns()
    signers = {corpus.clip(name).signer for name in corpus.ids("word-train")}
    assert set(found.persons) == signers
    assert all(found.person(name).shape == (64, 64, 3) for name in signers)
    assert found.loaded("cpu").config == found.config
    assert whole.card.parameters == sum(value.numel() for value in found.loaded("cpu").parameters())
    rows = list(csv.DictReader((whole.folder / "curve.csv").open()))
    assert [row["phase"] for row in rows] == ["autoencoder", "pictures", "motion", "motion"]
    assert all(float(row["dev psnr.video"]) > 0 for row in rows[2:])


def test_a_killed_training_resumes_to_the_same_bytes(whole, tmp_path):
    folder = tmp_path / "model"
    for call in (2, 3, 2):
        with pytest.raises(KilledError):
            run(folder, killed_at(call))
    assert run(folder).digest == whole.digest


@pytest.mark.parametrize(
    ("name", "data", "losses", "parts"),
    [
        ("autoencoder", {}, ["reconstruction", "divergence"], {"vae"}),
        ("pictures", {}, ["noise"], {*PARTS, "image_encoder"}),
        ("pictures", {"encoder": "frozen"}, ["noise"], PARTS),
        ("motion", {}, ["noise"], {"unet_main", "pose_guider"}),
        ("motion", {"moving": "all"}, ["noise"], {*PARTS, "image_encoder"}),
        ("pictures", {"adversarial": 0.01}, ["noise", "discriminator", "adversarial"], {*PARTS, "image_encoder", "discriminator"}),
    ],
)
def test_a_phase_has_its_losses_and_trains_its_part(name, data, losses, parts):
    data = prepared({"dropout": 0.0, **data})
    network = data.build().train()
    # layers that begin at zero keep gradients from all that is before them
    for each, parameter in network.named_parameters():
        if each.endswith(("out_proj.weight", "post_proj.weight", "proj_out.weight")):
            torch.nn.init.normal_(parameter, std=0.1)
    wanted = dict(data.trained(network, name))
    assert {each.split(".")[0] for each in wanted} == parts
    for each, parameter in network.named_parameters():
        parameter.requires_grad_(each in wanted)
    found = data.losses(network, data.batch(name, np.arange(4), random()), name)
    assert list(found) == losses
    sum(found.values()).backward()
    assert all(bool(torch.isfinite(value)) for value in found.values())
    assert [each for each in wanted if wanted[each].grad is None] == []


def test_motion_modules_are_trained_in_their_phase_alone():
    data = prepared()
    network = data.build()
    assert not any("motion_modules" in name for name, _ in data.trained(network, "pictures"))
    assert all("motion_modules" in name for name, _ in data.trained(network, "motion"))


def test_the_discriminator_is_neither_kept_nor_counted(tmp_path):
    data = prepared({"adversarial": 0.5})
    network = data.build()
    kept = data.kept(network)
    assert any(name.startswith("discriminator.") for name, _ in network.named_parameters())
    assert not any(name.startswith("discriminator.") for name in [*data.tensors(network), *dict(kept.named_parameters())])


def test_a_batch_has_a_source_picture_of_the_clip_and_successive_frames_with_their_conditions():
    data = prepared({"frames": 4, "shuffled": 0.0})
    batch = data.batch("motion", np.array([2]), random(5))
    clip = data.parts[0].frames[2]
    where = [next(row for row in range(len(clip)) if np.array_equal(clip[row], frame.numpy())) for frame in batch["frames"][0]]
    assert where[1:] == [where[1] + step for step in range(4)]
    assert batch["conditions"].shape == (1, 4, 9, 64, 64)
    for step, row in enumerate(where[1:]):
        conditions = batch["conditions"][0, step].numpy()
        assert np.array_equal(conditions[3:6].transpose(1, 2, 0), data.parts[0].hands[2][row])
        assert np.array_equal(conditions[6:].transpose(1, 2, 0), data.parts[0].body[2][row])
        assert conditions[:3].any()
    assert batch["weights"].shape == (1, 4, 1, 8, 8)
    again = data.batch("motion", np.array([2]), random(5))
    assert all(torch.equal(batch[name], again[name]) for name in batch)


def test_a_clip_that_is_too_short_is_drawn_evenly():
    data = prepared()
    length = len(data.parts[0].frames[0])
    data.settings = replace(data.settings, frames=length + 20)
    _, _, rows = data._drawn_clip(0, "motion", random())
    assert len(rows) == length + 21
    assert rows[1] == 0 and rows[-1] == length - 1
    assert set(rows[1:]) == set(range(length))


def test_a_replaced_frame_is_another_of_the_clip_in_one_kind_of_condition():
    frames = np.arange(5)[:, None, None, None]
    conditions = np.broadcast_to(frames, (5, 9, 2, 2))[None].repeat(400, axis=0).astype(np.uint8)
    made = shuffled(conditions, 0.25, random())
    changed = (made != conditions).any(axis=(3, 4))
    # all three channels of a kind change together, in at most one frame
    kinds = changed.reshape(400, 5, 3, 3)
    assert np.array_equal(kinds.any(axis=3), kinds.all(axis=3))
    counts = kinds.any(axis=3).sum(axis=1)
    assert counts.max() == 1
    assert counts.mean() == pytest.approx(0.25, abs=0.05)
    assert np.array_equal(shuffled(conditions, 0.0, random()), conditions)
    assert np.array_equal(shuffled(conditions[:, :1], 1.0, random()), conditions[:, :1])


@pytest.mark.parametrize(("share", "differs"), [(0.0, True), (1.0, False)])
def test_a_dropped_reference_has_no_influence(share, differs):
    data = prepared({"dropout": share})
    network = data.build().eval()
    torch.nn.init.normal_(network.clip_projector.post_proj.weight)
    batch = data.batch("motion", np.arange(2), random())
    other = {**batch, "frames": batch["frames"].clone()}
    other["frames"][:, 0] = 0

    def loss(given):
        torch.manual_seed(3)
        return float(data.losses(network, given, "motion")["noise"].detach())

    assert (loss(batch) != loss(other)) == differs


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": {"moving": "arms"}}, "moving is 'arms', but should be one of motion, all"),
        ({"data": {"encoder": "thawed"}}, "encoder is 'thawed', but should be one of trained, frozen"),
        ({"data": {"frames": 0}}, "frames and dev_frames are at least 1"),
        ({"data": {"frames": 9}}, "frames is at most 8"),
        ({"data": {"blur": 1}}, "unknown field blur"),
        ({"data": {"dropout": 2.0}}, "dropout is 2, but should be from 0 to 1"),
        ({"data": {"gamma": -1}}, "gamma is -1, but should be at least 0"),
        ({"network": {**CHANGED, "latent_scale": 0}}, "rate and latent_scale are above 0"),
        ({"data": {"hands": 0}}, "hands is 0, but should be above 0"),
        ({"phases": [phase("picture")]}, "Did you mean pictures"),
        ({"data": {"published": "./missing.ckpt"}}, "./missing.ckpt does not exist"),
        ({"phases": [phase("pictures"), phase("motion", 2)]}, "the autoencoder and the picture encoder would be random"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(changes, words):
    with pytest.raises(InputError, match=re.escape(words)):
        prepared(changes.get("data"), **{name: value for name, value in changes.items() if name != "data"}).build()


def test_the_small_recipe_trains_the_small_configuration():
    found = read_recipe(RECIPES / "recipe.yaml")
    assert training_data(found).config() == RealisDanceConfig.small()
    assert [each.name for each in found.phases] == ["autoencoder", "pictures", "motion"]


def test_the_papers_recipe_has_the_originals_two_stages():
    found = read_recipe(RECIPES / "paper.yaml")
    assert RealisDanceTraining(found, SynthSign()).config() == RealisDanceConfig.paper()
    assert (found.corpus, found.data["gamma"], found.data["shuffled"], found.data["dropout"]) == ("phoenix14t-plus", 5.0, 0.05, 0.0)
    pictures, motion = found.phases
    assert (pictures.name, pictures.batch, motion.name, motion.batch) == ("pictures", 5, "motion", 1)
    assert {phase.optimiser.rate for phase in found.phases} == {1e-5} and {phase.schedule.warmup for phase in found.phases} == {
        5000
    }


@pytest.mark.parametrize("name", ["autoencoder", "pictures", "motion"])
def test_a_step_on_a_gpu_can_be_recorded(name):
    data = prepared({"adversarial": 0.01})
    assert crossings(data, name, data.batch(name, np.arange(4), random())) == []
