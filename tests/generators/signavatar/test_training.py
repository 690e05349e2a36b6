"""The training of SignAvatar on a few of SynthSign's signs."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.generators.signavatar.generator import SignAvatarGenerator
from signbench.generators.signavatar.joints import six_of
from signbench.generators.signavatar.training import SignAvatarTraining
from signbench.scoring.train import measured
from signbench.training.loop import Settings, train
from signbench.training.recipe import Recipe, Selection
from tests.training.killing import KilledError, killed_at

pytest.importorskip("accelerate")


class FewSigns(SynthSign):
    """Twelve train clips."""

    def ids(self, split):
        return super().ids(split)[:12]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGNBENCH_TRAINING_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def phase(epochs=3):
    optimiser = {"name": "adamw", "rate": 1e-3}
    return {"name": "signs", "epochs": epochs, "batch": 3, "optimiser": optimiser, "ema": 0.9, "validate_every": 3}


def recipe(**changes):
    rows = Selection(metric="accuracy", gives="label.generated", direction="higher")
    return Recipe.model_validate(
        {
            "model": "signavatar",
            "summary": "For tests.",
            "configuration": "small",
            "network": {"width": 16, "latent": 8, "feed_forward": 32, "hidden": 16, "embedding": 12, "buckets": 64, "picture": 32},
            "corpus": "synthsign",
            "train": ("word-train",),
            "dev": "word-train",
            "data": {"takes": 1, "held_out": 4},
            "phases": [phase()],
            "select": rows.model_dump(),
            "also": [{"metric": "accuracy", "gives": "label.reconstructed", "direction": "higher"}],
            **changes,
        }
    )


def prepared(**changes):
    data = SignAvatarTraining(recipe(**changes), FewSigns())
    data.prepare(lambda *_: None)
    return data


def run(out, progress=None, **changes):
    more = {} if progress is None else {"progress": progress}
    return train(SignAvatarTraining(recipe(**changes), FewSigns()), measured, Settings(out, save_seconds=0.0, **more))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, cache):
    return run(tmp_path_factory.mktemp("whole") / "few")


def test_it_leaves_a_generator_that_signs(whole):
    assert (whole.card.kind, whole.card.model, whole.card.training.selected) == (
        "generator",
        "signavatar",
        "accuracy.label.generated",
    )
    assert not [name for name in whole.weights() if name.endswith(".pe")]
    (row,) = [row for row in csv.DictReader((whole.folder / "curve.csv").read_text().splitlines()) if row["epoch"] == "3"]
    assert {
        "reconstruction",
        "divergence",
        "pictures",
        "dev accuracy.label.generated",
        "dev accuracy.label.reconstructed",
    } <= row.keys()
    assert SignAvatarGenerator(whole.folder).card.licence == "Apache-2.0"


def test_killed_three_times_it_ends_with_the_same_bytes(whole, tmp_path):
    for step in (2, 3, 1):
        with pytest.raises(KilledError):
            run(tmp_path / "few", killed_at(step))
    again = run(tmp_path / "few")
    assert again.card.files == whole.card.files
    assert (again.folder / "curve.csv").read_bytes() == (whole.folder / "curve.csv").read_bytes()


def test_held_out_clips_are_not_trained_on():
    data = prepared()
    ids = FewSigns().ids("word-train")
    assert data.dev_ids() == ids[::4]
    assert [ids[index] for index in data.chosen] == [name for index, name in enumerate(ids) if index % 4]
    assert data.examples("signs") == 9


def test_a_batch_has_the_clips_their_words_and_pictures_of_them():
    data = prepared()
    batch = data.batch("signs", np.array([4, 0]), np.random.default_rng(1))
    first = data.takes[0][int(data.chosen[4])]
    assert batch["mask"].sum(dim=1).tolist() == [len(first), len(data.takes[0][int(data.chosen[0])])]
    np.testing.assert_allclose(batch["motion"][0, : len(first)].numpy(), six_of(first), atol=1e-6)
    assert not batch["motion"][~batch["mask"]].any()
    frames = data.pictures[int(data.chosen[4])]
    assert any(np.array_equal(batch["pictures"][0].numpy(), frame) for frame in frames[1:])


def test_the_curriculum_hides_frames_from_the_encoder_but_not_from_the_loss(monkeypatch):
    data = prepared(phases=[phase(epochs=10)])
    network = data.build()
    batch = data.batch("signs", np.arange(4), np.random.default_rng(1))
    seen = []
    encode = network.encode

    def watched(motion, mask, embedding, hidden=None):
        seen.append(None if hidden is None else float(hidden.sum() / mask.sum()))
        return encode(motion, mask, embedding, hidden)

    monkeypatch.setattr(network, "encode", watched)
    for epoch in (0, 3, 9):
        data.epoch = epoch
        losses = data.losses(network, batch, "signs")
        # the mean pose is where the decoder begins, so that the loss is the clips' variance, hidden or not
        assert 1 < float(losses["reconstruction"].detach()) < 40
    assert seen == [0.0, pytest.approx(0.3, abs=0.03), pytest.approx(0.6, abs=0.03)]
    data.settings = replace(data.settings, curriculum=False)
    data.losses(network, batch, "signs")
    assert seen[-1] is None


def test_the_weight_of_the_divergence_rises_in_the_warmup(monkeypatch):
    settings = {"takes": 1, "held_out": 4, "divergence": 0.02, "warmup": 0.5, "curriculum": False}
    data = prepared(data=settings, phases=[phase(epochs=8)])
    network = data.build()
    batch = data.batch("signs", np.arange(4), np.random.default_rng(1))
    found = []
    for epoch in (0, 2, 4, 6):
        data.epoch = epoch
        torch.manual_seed(0)
        found.append(float(data.losses(network, batch, "signs")["divergence"].detach()))
    assert found[0] == 0
    assert found[1] == pytest.approx(found[2] / 2)
    assert found[2] == pytest.approx(found[3])
    with torch.no_grad():
        posterior = network.encode(batch["motion"], batch["mask"], network.words(batch["parts"], batch["filled"]))
    assert found[3] == pytest.approx(0.02 * float(posterior.divergence().sum(dim=1).mean()), rel=1e-5)


def test_the_encoder_of_pictures_learns_the_words_embeddings_and_does_not_move_them():
    data = prepared()
    network = data.build()
    batch = data.batch("signs", np.arange(4), np.random.default_rng(1))
    data.losses(network, batch, "signs")["pictures"].backward()
    assert network.words.vectors.weight.grad is None
    assert network.pictures.head.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": ("word-train", "train")}, "trained on one split of isolated signs"),
        ({"data": {"take": 1}}, "the recipe's data has an unknown field take"),
        ({"data": {"held_out": 0}}, "held_out is 0, but should be at least 2"),
        ({"data": {"warmup": -0.5}}, "warmup is -0.5, but should be from 0 to 1"),
        ({"data": {"takes": 1, "judge": "stgnc"}}, "there is no model stgnc"),
    ],
)
def test_a_wrong_recipe_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        prepared(**changes)
