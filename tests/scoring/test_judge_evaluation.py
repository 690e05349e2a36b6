"""A judge on references, clean and degraded: conditions, metrics, chance levels, minimal pairs, and the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from signbench.corpora.registry import corpus
from signbench.errors import InputError
from signbench.judges.base import JudgedClip
from signbench.judges.registry import JUDGES, create
from signbench.media.motion import Motion
from signbench.scoring.evaluated import JudgeEvaluation, stored_evaluation, write_evaluation
from signbench.scoring.judge_conditions import SIDE, PointNoise, conditions_of, radians_of_pixel, without_a_hand, without_face
from signbench.scoring.judge_evaluation import evaluate_judge
from tests.judges.parrot import Parrot
from tests.judges.random_models import tiny_slt, tiny_stgcn
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import points

__all__ = ["tiny_corpus"]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def parrot(monkeypatch, tiny_corpus):
    monkeypatch.setitem(JUDGES.built_in, "parrot", "tests.judges.parrot:Parrot")
    monkeypatch.setattr(Parrot, "asked", [])
    monkeypatch.setattr(Parrot, "reads", ("pose",))


def scores(condition):
    return {(score.metric, score.gives): score for score in condition.scores}


def test_a_judge_that_knows_every_clip_has_perfect_scores_and_a_lower_chance_level(parrot):
    found = evaluate_judge("parrot", corpus="tiny", workers=1)
    assert (found.split, found.shown, found.clips, found.limit) == ("test", "pose", 4, None)
    clean = scores(found.conditions[0])
    for key, value in {
        ("accuracy", "label"): 1.0,
        ("wer", "gloss"): 0.0,
        ("bleu:order=1", "text"): 100.0,
        ("chrf", "text"): 100.0,
        ("likelihood", "likelihood"): 0.0,
    }.items():
        assert clean[key].value == pytest.approx(value)
        assert clean[key].clips == 4
        assert clean[key].chance.value != pytest.approx(value)
    assert clean["wer", "gloss"].chance.value == 50.0
    assert clean["likelihood", "likelihood"].chance.value == pytest.approx(-3.5 / 3)


def test_a_corpus_with_one_performance_has_no_condition_of_another(parrot):
    found = evaluate_judge("parrot", corpus="tiny", limit=2, workers=1)
    assert [condition.name for condition in found.conditions] == [
        "clean",
        "noise 2 px",
        "noise 4 px",
        "noise 8 px",
        "no face",
        "hand missing",
    ]
    assert (found.limit, found.clips) == (2, 2)


@pytest.mark.parametrize(("reads", "count"), [("pose", 6), ("motion", 4), ("frames", 4)])
def test_every_condition_says_what_was_done(reads, count):
    motion = corpus("synthsign").clip("word-test-0001").motion.rotations(None)
    found = conditions_of(reads, lambda: [motion], takes=False)
    assert len(found) == count == len({condition.name for condition in found})
    assert all(condition.description for condition in found)


def test_noise_is_the_same_for_the_same_clip_and_has_the_stated_strength():
    clip = JudgedClip("clip", pose=points(1, frames=200))
    (condition,) = [one for one in conditions_of("pose", list, takes=False) if one.name == "noise 4 px"]
    first, again, other = (condition.shown(clip, condition.random(name)).pose.points for name in ("clip", "clip", "other"))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first - clip.pose.points).std() == pytest.approx(4, rel=0.02)


def test_noise_grows_with_the_picture():
    clip = JudgedClip("clip", pose=replace(points(1, frames=200), picture=(2 * SIDE, 2 * SIDE)))
    moved = PointNoise(4)(clip, np.random.default_rng(0)).pose.points - clip.pose.points
    assert moved.std() == pytest.approx(8, rel=0.02)


def test_noise_on_rotations_moves_the_joints_by_the_stated_pixels():
    motions = [corpus("synthsign").clip(f"word-test-000{number}").motion.rotations(None) for number in range(1, 9)]
    unit = radians_of_pixel(motions)
    assert unit == pytest.approx(0.0021, rel=0.1)
    assert radians_of_pixel(motions, seed=1) == pytest.approx(unit, rel=0.1)
    assert isinstance(motions[0], Motion)


def test_a_face_and_a_hand_are_hidden_and_nothing_else():
    clip = JudgedClip("clip", pose=points(1, frames=100))
    parts = np.array(clip.pose.layout.parts)
    faceless = without_face(clip, np.random.default_rng(0)).pose
    assert not faceless.seen[:, parts == "face"].any()
    assert faceless.seen[:, parts != "face"].all()
    handless = without_a_hand(clip, np.random.default_rng(0)).pose
    lost = {part: 1 - handless.seen[:, parts == part].mean() for part in set(parts.tolist())}
    assert sorted(round(share, 1) for share in lost.values()) == [0.0, 0.0, 0.0, 0.2]
    assert lost["body"] == lost["face"] == 0


def test_a_judge_that_cannot_judge_a_clip_is_wrong_there(parrot, monkeypatch):
    def of(self, clip, wanted, whole=Parrot._of):
        if clip.id == "test-0002":
            raise InputError("no idea.")
        return whole(self, clip, wanted)

    monkeypatch.setattr(Parrot, "_of", of)
    clean = scores(evaluate_judge("parrot", corpus="tiny", workers=1).conditions[0])
    assert (clean["accuracy", "label"].value, clean["accuracy", "label"].clips) == (0.75, 3)


def test_key_points_are_compared_with_those_of_the_corpus(parrot, monkeypatch):
    monkeypatch.setattr(Parrot, "reads", ("frames",))
    found = evaluate_judge("parrot", corpus="tiny", workers=1)
    assert [condition.name for condition in found.conditions] == ["clean", "H.264 crf 30", "blur", "64 px"]
    body = scores(found.conditions[0])["ape:parts=body", "pose"]
    assert (body.unit, body.clips) == ("px", 4)
    assert body.value > 0
    assert scores(found.conditions[0])["ape:parts=face", "pose"].value is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "nearest", "corpus": "tiny"}, "the judge nearest learns from a task's train split"),
        ({"name": "parrot", "corpus": "tiny", "limit": 0}, "`limit` must be at least 1"),
        ({"name": "parrot", "corpus": "tiny", "split": "tset"}, "tiny has no split tset"),
        ({"name": "parot", "corpus": "tiny"}, "there is no judge parot. Did you mean parrot"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(options, message, parrot):
    with pytest.raises(InputError, match=message):
        evaluate_judge(**options)


def test_a_model_s_folder_is_evaluated_and_keeps_its_evaluation(tmp_path, tiny_corpus, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "reference_models" / "slt-mine"
    tiny_slt(folder)
    assert stored_evaluation("slt-mine") is None
    found = evaluate_judge("reference_models/slt-mine", workers=1)
    assert (found.judge, found.split, found.corpus) == ("slt-mine", "test", "tiny 1")
    write_evaluation(found, folder / "evaluation.json")
    assert stored_evaluation("slt-mine") == found == JudgeEvaluation.read(folder / "evaluation.json")
    assert found.condition("no face").name == "no face"
    assert stored_evaluation("nearest") is None


def test_key_points_that_an_estimator_finds_are_another_condition(tmp_path):
    tiny_slt(tmp_path / "slt")
    found = evaluate_judge(str(tmp_path / "slt"), corpus="synthsign", split="test", limit=2, estimator="pose-estimator", workers=1)
    last = found.conditions[-1]
    assert last.name == "points of pose-estimator"
    assert create("pose-estimator").signed in last.description
    assert {score.metric for score in last.scores} == {score.metric for score in found.conditions[0].scores}


@pytest.mark.parametrize(
    ("judge", "estimator", "why"),
    [
        ("stgcn", "pose-estimator", "`estimator` is for judges that read key points; this one reads motion"),
        ("slt", "stgcn", "the judge stgcn does not find key points in videos"),
        ("slt", "pose-estimater", "pose-estimator"),
    ],
)
def test_an_estimator_that_does_not_fit_is_refused(judge, estimator, why):
    with pytest.raises(InputError, match=why):
        evaluate_judge(judge, limit=1, estimator=estimator, workers=1)


def test_several_processes_give_the_same_numbers_as_one(tmp_path):
    synthsign = corpus("synthsign")
    words = sorted({synthsign.clip(clip).text for clip in synthsign.ids("word-test")})
    tiny_stgcn(tmp_path / "model", words)
    one, several = (evaluate_judge(str(tmp_path / "model"), limit=4, workers=workers) for workers in (1, 2))
    assert one == several
    assert (one.split, one.shown) == ("word-test", "motion")
    assert [condition.name for condition in one.conditions] == ["clean", "take 1", "noise 2 px", "noise 4 px", "noise 8 px"]
    assert all(row.decisions > 0 and row.gives == "label" for row in one.minimal_pairs)


EVALUATED = sorted(path.parent.name for path in (ROOT / "reference_models").glob("*/evaluation.json"))


@pytest.mark.parametrize("name", EVALUATED)
def test_the_evaluation_of_a_shipped_model_is_of_its_current_files_and_of_all_clips(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = stored_evaluation(name)
    assert found.signature == create(name).signed
    assert found.limit is None
    assert found.corpus == f"synthsign {corpus('synthsign').version}"
