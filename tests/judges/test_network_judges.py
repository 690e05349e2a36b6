"""What all judges with a network share: a clip gets the same answers alone and among others, whatever comes after it."""

from __future__ import annotations

import itertools
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from signbench.errors import InputError, SignbenchError
from signbench.judges.base import Judge, JudgedClip, Likelihood
from signbench.judges.corrnet.judge import CorrNetJudge
from signbench.judges.nslt.judge import NSLTJudge
from signbench.judges.slt.judge import SLTJudge
from signbench.judges.stgcn.judge import STGCNJudge
from signbench.media.layouts import layout
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from tests.judges.tiny_models import CONFIGS, WORDS, written

CLASSES: dict[str, type[Judge]] = {"stgcn": STGCNJudge, "slt": SLTJudge, "nslt": NSLTJudge, "corrnet": CorrNetJudge}
KNOWN = layout("coco-wholebody-133")
BATCHED = [name for name in CONFIGS if name != "corrnet"]


@pytest.fixture(scope="module")
def judges(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    made = {name: written(folder / name.replace(" ", "-"), name) for name in CONFIGS}
    return {name: CLASSES[CONFIGS[name][0]](model=str(model.folder)) for name, model in made.items()}


def clip(frames, seed=0, *, size=32):
    """A clip with frames, key points and rotations."""
    random = np.random.default_rng(seed)
    base = random.normal(250, 60, (1, 133, 2))
    points = base + np.cumsum(random.normal(0, 4, (frames, 133, 2)), axis=0)
    seen = (random.random((frames, 133)) < 0.9).astype(np.float32)
    rotations = random.normal(0, 0.3, (1, 55, 3)) + np.cumsum(random.normal(0, 0.05, (frames, 55, 3)), axis=0)
    return JudgedClip(
        f"clip-{seed}",
        frames=random.integers(0, 255, (frames, size, size, 3), dtype=np.uint8),
        pose=Pose(points.astype(np.float32), seen, KNOWN, 25.0),
        motion=Motion(rotations.astype(np.float32), np.zeros((frames, 3), np.float32), 25.0),
        text="a bird sees a cat.",
    )


CLIPS = [clip(frames, seed) for seed, frames in enumerate((40, 9, 1, 25, 40, 16))]


def assert_same(one, other):
    assert set(one) == set(other)
    for gives, observation in one.items():
        if gives == "rows":
            np.testing.assert_allclose(observation, other[gives], rtol=1e-5, atol=1e-5)
        elif gives == "likelihood":
            assert observation.tokens == other[gives].tokens
            assert observation.log_probability == pytest.approx(other[gives].log_probability, rel=1e-5)
        else:
            assert observation == other[gives]


@pytest.mark.parametrize("name", BATCHED)
def test_a_clip_gets_the_same_answers_alone_and_among_others(judges, name):
    judge = judges[name]
    for one, answer in zip(CLIPS, judge.observe(CLIPS, judge.gives), strict=True):
        (alone,) = judge.observe([one], judge.gives)
        assert_same(answer, alone)


@pytest.mark.parametrize("name", CONFIGS)
def test_answers_differ_between_clips(judges, name):
    judge = judges[name]
    answers = [judge.observe([one], judge.gives)[0] for one in CLIPS]
    assert len({str(answer[judge.gives[0]]) for answer in answers}) > 1


@pytest.mark.parametrize("name", CONFIGS)
def test_only_what_is_wanted_is_answered_and_in_any_order(judges, name):
    judge = judges[name]
    for wanted in judge.gives:
        whole, alone = judge.observe([CLIPS[0]], judge.gives)[0], judge.observe([CLIPS[0]], (wanted,))[0]
        assert set(alone) == {wanted}
        assert_same(alone, {wanted: whole[wanted]})


@pytest.mark.parametrize("name", CONFIGS)
def test_a_judge_travels_to_another_process_and_answers_the_same(judges, name):
    judge = judges[name]
    other = pickle.loads(pickle.dumps(judge))
    assert other.signed == judge.signed
    assert len(pickle.dumps(vars(judge))) < 20_000, "the network is not a part of it"
    assert_same(judge.observe([CLIPS[0]], judge.gives)[0], other.observe([CLIPS[0]], judge.gives)[0])


@pytest.mark.parametrize("name", CONFIGS)
def test_a_clip_that_is_too_long_is_refused_with_the_limit(judges, name):
    judge = pickle.loads(pickle.dumps(judges[name]))
    judge.longest = 30
    with pytest.raises(SignbenchError, match=r"clip clip-0 has 40 frames at .* reads at most 30"):
        judge.observe([CLIPS[0]], judge.gives)


@pytest.mark.parametrize("name", CONFIGS)
def test_its_signature_changes_with_its_files_and_its_precision(judges, name, tmp_path):
    judge = judges[name]
    kind = type(judge)
    other = written(tmp_path / "other", name, seed=2)
    signatures = {judge.signed, kind(model=str(other.folder)).signed, kind(model=str(judge.model.folder), precision="bf16").signed}
    assert len(signatures) == 3
    assert f"{kind.name}/{kind.revision}+small-{judge.model.digest}" in judge.signed


@pytest.mark.parametrize("name", CONFIGS)
def test_a_damaged_file_is_refused(judges, name, tmp_path):
    folder = shutil.copytree(judges[name].model.folder, tmp_path / "copy")
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-8])
    with pytest.raises(InputError, match=r"model\.safetensors is not the file of the model"):
        _ = type(judges[name])(model=str(folder)).signed


def test_a_model_of_another_judge_is_refused(judges):
    with pytest.raises(InputError, match="is of the kind nslt, not slt"):
        SLTJudge(model=str(judges["nslt"].model.folder))


def test_a_missing_model_is_named_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="there is no model slr"):
        SLTJudge(model="slr")


@pytest.mark.parametrize("name", ["slt", "nslt"])
def test_the_likelihoods_of_all_sentences_of_two_words_and_of_those_that_begin_with_them_add_up_to_1(judges, name):
    judge = judges[name]
    words = [word for word in WORDS if word != "</s>"]
    total = 0.0
    # p(end) + sum over first words of p(word, end) + sum over longer ones of p(word, word, anything)
    for count in (0, 1):
        for said in itertools.product(words, repeat=count):
            total += np.exp(likelihood(judge, said).log_probability)
    for said in itertools.product(words, repeat=2):
        found = likelihood(judge, (*said, "a"))
        assert found.tokens == 4
        total += np.exp(prefix(judge, said))
    assert total == pytest.approx(1, abs=1e-6)


def likelihood(judge, words):
    """The likelihood of words, which need no splitting."""
    from signbench.judges.translation import likelihood_of

    translator, memory = encoded(judge)
    vocabulary = translator.words
    with torch.no_grad():
        return likelihood_of(
            lambda given: decoded(translator, memory, given),
            vocabulary.encode(words),
            vocabulary.indices["<s>"],
            vocabulary.indices["</s>"],
            "cpu",
        )


def prefix(judge, words):
    """The log probability that a sentence begins with some words."""
    translator, memory = encoded(judge)
    vocabulary = translator.words
    indices = vocabulary.encode(words)
    with torch.no_grad():
        logits = decoded(translator, memory, torch.tensor([[vocabulary.indices["<s>"], *indices]]))[0]
    return float(torch.log_softmax(logits.double(), dim=1)[range(len(indices)), indices].sum())


def encoded(judge):
    if judge.name.startswith("slt"):
        from signbench.judges.slt.judge import Translator

        translator = Translator(judge.network(), *judge.vocabularies, judge.decode)
    else:
        from signbench.judges.nslt.judge import Translator

        translator = Translator(judge.network(), judge.words, judge.decode)
    with torch.no_grad():
        (memory,) = translator.encode([judge._rows(CLIPS[0])])
    return translator, memory


def decoded(translator, memory, given):
    own = getattr(translator, "_decoded", None)
    return translator.network.decode(memory, given) if own is None else own(memory, given)


def test_the_likelihood_of_a_text_counts_its_words_and_the_end(judges):
    for name in ("slt", "nslt"):
        (answer,) = judges[name].observe([CLIPS[0]], ("likelihood",))
        assert isinstance(answer["likelihood"], Likelihood)
        assert answer["likelihood"].tokens == 7, "a bird sees a cat . and the end"


def test_the_jaw_is_read_and_the_eyes_are_not(judges):
    judge, shown = judges["stgcn of rotations"], CLIPS[0]

    def row(joint):
        rotations = shown.motion.rotations.copy()
        rotations[:, joint] += 0.3
        (answer,) = judge.observe([replace(shown, motion=replace(shown.motion, rotations=rotations))], ("rows",))
        return answer["rows"]

    (plain,) = judge.observe([shown], ("rows",))
    assert not np.allclose(row(22), plain["rows"], atol=1e-4)
    assert np.array_equal(row(23), plain["rows"])
    assert np.array_equal(row(24), plain["rows"])


@pytest.mark.parametrize("name", ["stgcn of key points", "slt", "nslt"])
def test_key_points_may_be_anywhere_in_the_picture_and_of_any_size(judges, name):
    judge, shown = judges[name], CLIPS[0]
    moved = replace(shown, pose=replace(shown.pose, points=shown.pose.points * 0.25 + 40))
    gives = [one for one in judge.gives if one != "rows"]
    assert_same(judge.observe([shown], gives)[0], judge.observe([moved], gives)[0])


@pytest.mark.parametrize("name", ["stgcn of key points", "slt", "nslt"])
def test_coordinates_of_points_that_are_not_seen_do_not_matter(judges, name):
    judge, shown = judges[name], CLIPS[0]
    hidden = ~shown.pose.seen
    points = np.where(hidden[..., None], np.float32(9e3), shown.pose.points)
    assert_same(
        judge.observe([shown], judge.gives)[0],
        judge.observe([replace(shown, pose=replace(shown.pose, points=points))], judge.gives)[0],
    )


def test_corrnet_reads_pictures_of_other_sizes(judges):
    judge = judges["corrnet"]
    for size in (32, 48, 33):
        (answer,) = judge.observe([clip(20, 3, size=size)], ("gloss",))
        assert set(answer["gloss"]) <= {"BIRD", "CAT", "SEE"}


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 7, 8])
def test_corrnet_has_a_step_for_every_two_frames(judges, frames):
    from signbench.judges.corrnet.judge import padded_index, padded_length

    config = judges["corrnet"].config
    index = padded_index(frames, config)
    assert (index[: config.padding] == 0).all()
    assert (index[-config.padding :] == frames - 1).all()
    assert len(index) == padded_length(frames, config)
    with torch.no_grad():
        scores = judges["corrnet"].network()(torch.zeros(1, 3, len(index), 32, 32), torch.tensor([len(index)]))
    assert scores.lengths.tolist() == [(frames + 1) // 2] == [scores.sequence.shape[1]]


def test_the_paper_s_padding_of_corrnet_is_6_frames_at_each_end():
    from signbench.judges.corrnet.config import CorrNetConfig

    assert (CorrNetConfig.paper(1296).padding, CorrNetConfig.paper(1296).stride) == (6, 4)
