"""The training of SignAligner on a few of SynthSign's sentences and signs."""

from __future__ import annotations

import csv
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.generators.signaligner.generator import SignAlignerGenerator
from signbench.generators.signaligner.training import SignAlignerTraining
from signbench.media.layout_joints import hand
from signbench.media.layouts import layout
from signbench.scoring.train import measured
from signbench.training.key_points import prepared as prepared_arrays
from signbench.training.loop import Settings, train
from signbench.training.recipe import Recipe
from tests.training.killing import KilledError, killed_at

pytest.importorskip("accelerate")


class FewClips(SynthSign):
    """Six clips of each split."""

    def ids(self, split):
        return super().ids(split)[:6]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGNBENCH_TRAINING_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def recipe(**changes):
    optimiser = {"name": "adam", "rate": 1e-3}
    return Recipe.model_validate(
        {
            "model": "signaligner",
            "summary": "For tests.",
            "configuration": "small",
            "network": {"width": 16, "feed_forward": 32, "encoder_layers": 1, "correction_width": 16, "longest": 60},
            "corpus": "synthsign",
            "train": ("train", "word-train"),
            "dev": "dev",
            "dev_clips": 2,
            "data": {"takes": 1, "signer": "Ben"},
            "phases": [
                {"name": "words", "epochs": 1, "batch": 3, "optimiser": optimiser, "validate_every": 0},
                {"name": "sentences", "epochs": 2, "batch": 4, "optimiser": optimiser, "ema": 0.9, "validate_every": 2},
            ],
            "select": {"metric": "bleu:order=4", "gives": "text", "direction": "higher"},
            "also": [
                {"metric": "wer", "gives": "gloss", "direction": "lower"},
                {"metric": "dtw", "gives": "pose", "direction": "lower"},
            ],
            **changes,
        }
    )


def prepared(**changes):
    data = SignAlignerTraining(recipe(**changes), FewClips())
    data.prepare(lambda *_: None)
    return data


def run(out, progress=None):
    more = {} if progress is None else {"progress": progress}
    return train(SignAlignerTraining(recipe(), FewClips()), measured, Settings(out, save_seconds=0.0, **more))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, cache):
    return run(tmp_path_factory.mktemp("whole") / "few")


@pytest.fixture(scope="module")
def data(cache):
    return prepared()


def test_it_leaves_a_generator_that_signs(whole):
    assert (whole.card.kind, whole.card.model, whole.card.training.selected) == ("generator", "signaligner", "bleu:order=4.text")
    assert not [name for name in whole.weights() if name.endswith(".pe")]
    row = list(csv.DictReader((whole.folder / "curve.csv").read_text().splitlines()))[-1]
    assert {"pose", "hamer", "smplx", "counter", "correction", "weight of pose", "dev dtw.pose"} <= row.keys()
    assert float(row["weight of pose"]) == pytest.approx(1 / 3)
    generator = SignAlignerGenerator(whole.folder)
    assert generator._config.signers[0] == "Ben"
    assert {"<Ben>", "</s>"} <= set(whole.lines("words.txt"))


def test_killed_three_times_it_ends_with_the_same_bytes(whole, tmp_path):
    for step in (1, 3, 2):
        with pytest.raises(KilledError):
            run(tmp_path / "few", killed_at(step))
    again = run(tmp_path / "few")
    assert again.card.files == whole.card.files
    assert (again.folder / "curve.csv").read_bytes() == (whole.folder / "curve.csv").read_bytes()


def test_z_scores_of_train_have_mean_0_and_deviation_1(data):
    network = data.build()
    for stream in ("pose", "hamer", "smplx"):
        seen = [data._seen(clip, stream) for clip in data.clips]
        scores = [network.normalised(stream, torch.from_numpy(clip.numbers[stream])).numpy() for clip in data.clips]
        flat, known = np.concatenate(scores), np.concatenate(seen)
        moving = (getattr(network, f"scale_{stream}").numpy() != 1) & known.all(axis=0)
        assert moving.sum() > 50
        np.testing.assert_allclose(flat[:, moving].mean(axis=0), 0, atol=1e-3)
        np.testing.assert_allclose(flat[:, moving].std(axis=0), 1, atol=1e-3)


def test_the_camera_is_that_of_the_signer_who_is_shown(data):
    network = data.build()
    names = [clip.words[0] for clip in data.clips]
    assert set(names) == {f"<{name}>" for name in data._signers}
    assert network.camera[2] > 50
    other = prepared(data={"takes": 1, "signer": "Ada"})
    assert not torch.equal(other.build().camera, network.camera)


def test_isolated_signs_have_a_phase_of_their_own(data):
    assert (data.examples("words"), data.examples("sentences")) == (6, 12)
    assert data.lengths("words").max() < data.lengths("sentences").max()


def test_a_decoder_is_given_the_frames_before_the_one_that_it_predicts(data, monkeypatch):
    network = data.build()
    batch = data.batch("sentences", np.arange(4), np.random.default_rng(1))
    seen = {}
    decode = network.decode

    def watched(stream, memory, frames, counter):
        seen[stream] = frames, counter
        return decode(stream, memory, frames, counter)

    monkeypatch.setattr(network, "decode", watched)
    losses = data.losses(network, batch, "sentences")
    # the first batch has no errors yet, so that there is no noise
    given, counter = seen["pose"]
    assert torch.equal(given[:, 1:], batch["pose"][:, :-1])
    assert not given[:, 0].any()
    lengths = batch["mask"].sum(dim=1)
    for index, length in enumerate(lengths.tolist()):
        np.testing.assert_allclose(counter[index, :length].numpy(), np.arange(length) / length, rtol=1e-5)
    assert all(torch.isfinite(value) for value in losses.values())


def test_noise_follows_the_errors_and_hidden_clips_show_the_counter_only(data, monkeypatch):
    network = data.build()
    batch = data.batch("sentences", np.arange(4), np.random.default_rng(1))
    data.losses(network, batch, "sentences")
    assert network.error_pose.mean() > 0.1
    seen = {}
    decode = network.decode

    def watched(stream, memory, frames, counter):
        seen[stream] = frames
        return decode(stream, memory, frames, counter)

    monkeypatch.setattr(network, "decode", watched)
    expected = 5.0 * network.error_pose.clone()
    data.losses(network, {**batch, "blank": torch.tensor([True, False, False, False])}, "sentences")
    assert not seen["pose"][0].any()
    added = (seen["pose"][1:, 1:] - batch["pose"][1:, :-1]).std(dim=(0, 1))
    np.testing.assert_allclose(added.numpy(), expected.numpy(), rtol=0.5, atol=0.05)


def test_padding_does_not_change_a_loss(data, monkeypatch):
    monkeypatch.setattr(data, "settings", replace(data.settings, noise=0.0))
    network = data.build()
    alone = data.batch("sentences", np.array([0]), np.random.default_rng(1))
    longer = dict(alone)
    for name in ("pose", "hamer", "smplx", "mask", *(f"{stream} known" for stream in ("pose", "hamer", "smplx"))):
        longer[name] = torch.cat([alone[name], alone[name].new_ones(1, 4, *alone[name].shape[2:])], dim=1)
    longer["mask"][:, -4:] = False
    expected, found = (data.losses(network, batch, "sentences") for batch in (alone, longer))
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5)


def test_learned_weights_are_logged_and_their_collapse_is_reported_once(caplog):
    data = prepared(data={"takes": 1, "weighting": "learned"})
    network = data.build()
    batch = data.batch("sentences", np.arange(4), np.random.default_rng(1))
    first = data.losses(network, batch, "sentences")
    assert float(first["weight of pose"]) == pytest.approx(1 / 3)
    with torch.no_grad():
        network.correction.share.copy_(torch.tensor([5.0, 0.0, 0.0]))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            found = data.losses(network, batch, "sentences")
    assert float(found["weight of pose"]) > 0.9
    assert [record.message.count("have collapsed: weight of pose 0.99") for record in caplog.records] == [1]
    assert network.correction.share.requires_grad


def test_the_correction_trains_the_decoders_as_well(data):
    network = data.build()
    with torch.no_grad():
        for layer in network.correction.outputs.values():
            layer.weight.normal_(std=0.1)
    batch = data.batch("sentences", np.arange(4), np.random.default_rng(1))
    data.losses(network, batch, "sentences")["correction"].backward()
    assert network.decoders["hamer"].trg_embed.weight.grad.abs().sum() > 0


def test_answers_are_key_points_with_what_the_judge_reads_in_them(data):
    answers = list(data.answers(data.build().eval()))
    assert [answer.clip for answer in answers] == data.dev_ids()
    for answer in answers:
        assert answer.said["pose"].fps == answer.expected["pose"].fps == 25.0
        assert set(answer.said) == {"text", "gloss", "pose", "text.other", "gloss.other", "pose.other"}
        assert np.abs(answer.said["pose"].points[2] - answer.said["pose.other"].points[2]).max() > 1e-3


def test_the_rotations_of_a_hand_that_nobody_saw_are_not_learnt(data, monkeypatch):
    def hidden(corpus, split, kind, **options):
        found = [np.array(one) for one in prepared_arrays(corpus, split, kind, **options)]
        if kind == "pose":
            for points in found:
                points[30:, layout("coco-wholebody-133").index(hand("left")), 2] = 0
        return found

    monkeypatch.setattr("signbench.generators.signaligner.training.prepared", hidden)
    partly = prepared()
    batch, whole = (one.batch("sentences", np.arange(4), np.random.default_rng(1)) for one in (partly, data))
    half = batch["hamer"].shape[-1] // 2
    frames, known = batch["mask"], batch["hamer known"]
    late = frames & (torch.arange(frames.shape[1]) >= 15)
    changing = torch.from_numpy(partly.statistics["hamer"][0][:half] != 0)
    assert late.any() and not known[late][:, :half][:, changing].any() and known[late][:, half:].all()
    assert known[frames & ~late].all() and whole["hamer known"][frames].all() and batch["smplx known"][frames].all()


def test_progressive_transformers_is_trained_on_key_points_alone():
    data = prepared(
        model="progressive-transformers",
        network={"width": 16, "feed_forward": 32, "streams": ["pose"], "correction_layers": 0, "future": 3},
        data={"takes": 1, "squared": True},
    )
    network = data.build()
    batch = data.batch("sentences", np.arange(4), np.random.default_rng(1))
    losses = data.losses(network, batch, "sentences")
    assert set(losses) == {"pose", "counter"}
    assert "smplx" not in batch
    frames = network.decode("pose", network.encode(batch["words"], batch["given"]), batch["pose"], batch["pose"][..., 0]).frames
    assert frames.shape[2] == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"weighting": "softmax"}}, "weighting is 'softmax', but should be one of learned, fixed, uncertainty"),
        ({"data": {"take": 1}}, "the recipe's data has an unknown field take"),
        ({"data": {"signer": "Zoe"}}, "no train clip has the signer Zoe; there are "),
        ({"network": {"rate": 15.0}}, "rate is 15; 25 must be a multiple of it"),
        ({"network": {"points": "pt-50"}}, "points is pt-50, which published files have; train with body-hands"),
    ],
)
def test_a_wrong_recipe_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        prepared(**changes)
