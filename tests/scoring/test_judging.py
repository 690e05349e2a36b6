"""Metrics through judges, from the task file to the result."""

from __future__ import annotations

import json
import re

import pytest

from signbench.cli import printing
from signbench.errors import InputError
from signbench.extractors.cache import observations_in
from signbench.judges.registry import JUDGES
from signbench.media.pose_files import write_pose
from signbench.metrics import registry
from signbench.runs.folder import RunFolder
from signbench.runs.plan import RunPlan
from signbench.scoring.task_judges import judges_of
from signbench.scoring.task_runs import TaskRun, score_predictions
from signbench.tasks.schema import ids_digest
from tests.judges.parrot import Parrot, Refusing
from tests.scoring.test_task_runs import generated, submitted
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import IDS, body, points, tiny_task

__all__ = ["tiny_corpus"]

pytestmark = pytest.mark.usefixtures("tiny_corpus", "parrots")


@pytest.fixture
def parrots(monkeypatch, tmp_path):
    for name in ("Parrot", "Refusing", "Deaf", "Uneven", "Shifty", "Lying", "Wrong"):
        monkeypatch.setitem(JUDGES.built_in, name.lower(), f"tests.judges.parrot:{name}")
    monkeypatch.setattr(Parrot, "asked", [])
    with observations_in(tmp_path / "cache"):
        yield


def judged(*keys, kind="pose", **changes):
    """A task with judges."""
    metrics = []
    for key in keys:
        metric, _, on = key.partition("@")
        metrics.append({"metric": metric, "on": on or None, "tier": "core", "headline": True})
    return tiny_task(kind, metrics=metrics, **changes)


def signed(folder, seeds, kind="pose"):
    """Predictions of the test split: each clip shows the sign of the given seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip, seed in zip(IDS["test"], seeds, strict=True):
        suffix, made = (".pose", points(seed)) if kind == "pose" else (".npz", body(seed))
        write_pose(folder / f"{clip}{suffix}", made)
    return folder


def scored(tmp_path, task, out="run", predictions="submission", **options):
    missing = options.pop("allow_missing", False)
    run = TaskRun.of(task, **options)
    return score_predictions(run, tmp_path / predictions, tmp_path / out, fresh=False, allow_missing=missing)[1]


@pytest.mark.parametrize(
    ("key", "right", "value", "ceiling", "chance"),
    [
        ("accuracy@parrot", 3, 1.0, 1.0, 0.0),
        ("accuracy@parrot", 2, 2 / 3, 1.0, 0.0),
        ("accuracy@parrot", 0, 0.0, 1.0, 0.0),
        ("wer@parrot", 2, 100 / 6, 0.0, 50.0),
        ("wer@parrot.gloss", 2, 100 / 6, 0.0, 50.0),
        ("bleu:order=1@parrot", 2, 500 / 6, 100.0, 50.0),
        ("rouge-l@parrot.gloss", 2, 250 / 3, 100.0, 50.0),
        ("likelihood@parrot", 2, -3.5 / 9, 0.0, -3.5 / 3),
    ],
)
def test_a_judge_s_answers_are_compared_with_the_corpus_along_with_ceiling_and_chance(key, right, value, ceiling, chance, tmp_path):
    signed(tmp_path / "submission", [*range(1, right + 1), *([5] * (4 - right))])
    score = scored(tmp_path, judged(key), limit=3)[key]
    assert (score.metric, score.coverage) == (key, 1)
    assert score.value == pytest.approx(value)
    assert score.judged.ceiling.value == pytest.approx(ceiling)
    assert score.judged.chance.value == pytest.approx(chance)
    assert score.judged.ceiling.clips == score.judged.chance.clips == 3
    assert score.judged.between == pytest.approx((value - chance) / (ceiling - chance))


def test_predictions_that_are_the_references_score_the_ceiling_and_shuffled_ones_the_chance(tmp_path):
    task = judged("accuracy@parrot", "wer@parrot.gloss")
    truth = generated(tmp_path, "ground-truth", task, limit=3)
    dealt = generated(tmp_path, "shuffled", task, limit=3)
    for key in ("accuracy@parrot", "wer@parrot.gloss"):
        assert truth[key].judged == dealt[key].judged.model_copy(update={"between": 1.0})
        assert truth[key].value == truth[key].judged.ceiling.value
        assert dealt[key].value == dealt[key].judged.chance.value
        assert str(dealt[key].judged.between) == "0.0", "not -0.0 where lower is better"


@pytest.mark.parametrize(
    ("key", "value"), [("ape:parts=all@parrot", 0.0), ("dtw@parrot", 0.0), ("diversity:size=2,pairs=all@parrot", None)]
)
def test_rows_and_key_points_are_compared_with_those_of_the_reference(key, value, tmp_path):
    submitted(tmp_path / "submission", shift=0)
    key = registry.create(key).canonical
    score = scored(tmp_path, judged(key, kind="video"))[key]
    assert score.judged is None
    assert score.value == value if value is not None else score.value is not None
    assert "judge:parrot/1+float32+" in score.signature


def test_a_judge_sees_each_clip_once_for_all_of_its_outputs(tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 5])
    task = judged("accuracy@parrot", "wer@parrot.gloss", "bleu:order=1@parrot")
    scored(tmp_path, task, out="one")
    shown = [clip for clip, _ in Parrot.asked]
    assert len(shown) == 8
    assert {wanted for _, wanted in Parrot.asked} == {("label", "gloss", "text")}
    Parrot.asked.clear()
    signed(tmp_path / "others", [2, 6, 3, 1])
    scored(tmp_path, task, out="two", predictions="others")
    assert len(Parrot.asked) == 1, "references, and productions that were judged before, come from the cache"


def test_without_a_cache_a_judge_sees_each_side_of_a_clip_once_for_all_metrics(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_CACHE_LIMIT", "0")
    signed(tmp_path / "submission", [1, 2, 3, 5])
    scored(tmp_path, judged("accuracy@parrot", "wer@parrot.gloss", "bleu:order=1@parrot"))
    assert len(Parrot.asked) == 12, "four productions, four references, and four references dealt to other clips"


@pytest.mark.parametrize("kind", ["pose", "motion", "video"])
def test_a_judge_reads_the_task_s_modality(kind, tmp_path):
    if kind == "video":
        submitted(tmp_path / "submission", shift=0)
    else:
        signed(tmp_path / "submission", [1, 2, 3, 4], kind)
    assert scored(tmp_path, judged("accuracy@parrot", kind=kind), limit=3)["accuracy@parrot"].value == 1


def test_records_do_not_depend_on_the_cache(tmp_path):
    signed(tmp_path / "submission", [1, 2, 5, 4])
    task = judged("accuracy@parrot", "dtw", "wer@parrot.gloss")
    contents = set()
    for run, cache in (("cold", "a"), ("warm", "a"), ("other", "b")):
        with observations_in(tmp_path / cache):
            scored(tmp_path, task, out=run)
        contents.add((tmp_path / run / "result.json").read_bytes())
    assert len(contents) == 1


def test_a_missing_production_gets_the_worst_value_and_does_not_affect_ceiling_and_chance(tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 4])
    (tmp_path / "submission" / "test-0002.pose").unlink()
    score = scored(tmp_path, judged("accuracy@parrot"), allow_missing=True)["accuracy@parrot"]
    assert (score.coverage, score.clips) == (0.75, 3)
    assert [clip.counted_as for clip in score.missing] == ["worst value"]
    assert (score.judged.ceiling.value, score.judged.ceiling.clips, score.judged.chance.clips) == (1.0, 4, 4)


def test_a_clip_that_the_judge_cannot_judge_is_missing_with_its_reason(tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 4])
    assert Refusing.refuses == "test-0002"
    score = scored(tmp_path, judged("accuracy@refusing"), allow_missing=True)["accuracy@refusing"]
    (missing,) = score.missing
    assert re.search(r"clip test-0002: .*the judge refusing cannot judge test-0002: ValueError: no idea", missing.reason)
    assert score.judged.ceiling.clips == 3


def test_the_references_score_the_ceiling_even_if_the_judge_cannot_judge_one_of_them(tmp_path):
    task = judged("accuracy@refusing", "wer@refusing.gloss")
    for generator, level in (("ground-truth", "ceiling"), ("shuffled", "chance")):
        result = generated(tmp_path, generator, task, limit=3)
        for score in result.scores:
            reached = getattr(score.judged, level)
            assert (score.value, score.interval) == (reached.value, reached.interval)
            assert score.judged.ceiling.clips == 2
            costs = "count as wrong in" if score.metric.startswith("accuracy") else "are left out of"
            assert f"references that the judge could not judge, which {costs} its ceiling: 1" in score.note


@pytest.mark.parametrize(
    ("predictions", "said"), [("submission", "features, another's 3"), ("others", "its rows of the two sides have")]
)
def test_rows_of_different_lengths_measure_nothing_and_are_no_internal_error(predictions, said, tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 4])
    signed(tmp_path / "others", [2, 3, 4, 5])
    task = judged("diversity:pairs=all,size=2@uneven")
    if predictions == "submission":
        with pytest.raises(InputError, match=said):
            scored(tmp_path, task, predictions=predictions)
        return
    result = scored(tmp_path, task, predictions=predictions)
    assert result.exit_code == 4
    assert said in result.scores[0].missing[0].reason


@pytest.mark.parametrize("metric", ["ape", "dtw"])
def test_key_points_in_different_layouts_are_the_clip_s_failure(metric, tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 5])
    (score,) = scored(tmp_path, judged(f"{metric}@shifty")).scores
    assert [clip.clip for clip in score.missing] == ["test-0004"]
    assert "the judge breaks its contract: its key points of the two sides are" in score.missing[0].reason


def own_copy(folder, words):
    """References that are signed by the seeds 1 to 4, with a word for each."""
    signed(folder, [1, 2, 3, 4])
    rows = "".join(f"{clip},{word}\n" for clip, word in zip(IDS["test"], words, strict=True))
    (folder / "clips.csv").write_text(f"id,text\n{rows}")
    return folder


def test_rows_are_grouped_by_the_labels_of_the_corpus_which_are_in_the_signature(tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 4])
    task = judged("multimodality:pairs=all,size=2@parrot")
    key = task.metrics[0].key
    results = [
        scored(tmp_path, task, out=f"run-{words}", references_dir=own_copy(tmp_path / "copy", words)) for words in ("aabb", "abab")
    ]
    assert results[0][key].value != results[1][key].value
    refs = {re.search(r"refs:(\w+)", result[key].signature)[1] for result in results}
    assert len(refs) == 2
    with pytest.raises(InputError, match=r"the corpus's answer for clip test-0001 changed since its record was made"):
        scored(tmp_path, task, out="run-aabb", references_dir=own_copy(tmp_path / "copy", "bbaa"))
    with pytest.raises(InputError, match=r"groups clips by the corpus's word, and clip test-0001 has none; add the column text"):
        scored(tmp_path, task, out="new", references_dir=own_copy(tmp_path / "copy", ["", "", "", ""]))


@pytest.mark.parametrize(("judge", "reason"), [("lying", "does not return label for each clip"), ("wrong", "breaks its contract")])
def test_a_judge_that_breaks_its_contract_measures_nothing(judge, reason, tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 4])
    result = scored(tmp_path, judged(f"accuracy@{judge}"))
    assert result.exit_code == 4
    assert reason in result[f"accuracy@{judge}"].missing[0].reason


@pytest.mark.parametrize(
    ("judge", "clips", "value", "refused"),
    [
        ("parrot", 6, 1.0, None),
        ("deaf", 6, None, "refused: the judge's ceiling is not significantly above chance here (0.166667 and 0.166667)"),
        ("parrot", 4, None, "refused: too few clips to show that the judge's ceiling is above chance here (1 and 0)"),
    ],
)
def test_on_a_whole_split_a_judge_has_to_surpass_chance(judge, clips, value, refused, tmp_path, monkeypatch, capsys):
    ids = [f"test-{number:04d}" for number in range(1, clips + 1)]
    monkeypatch.setitem(IDS, "test", ids)
    expected = {split: {"count": len(IDS[split]), "ids_sha256": ids_digest(IDS[split])} for split in ("test", "dev")}
    key = f"accuracy@{judge}"
    signed(tmp_path / "submission", range(1, clips + 1))
    result = scored(tmp_path, judged(key, clips=expected))
    assert result[key].value == value
    assert (result.exit_code == 0) is (refused is None)
    printing.warnings(result)
    said = capsys.readouterr().err
    if refused is None:
        assert "refused" not in said
        return
    assert result[key].note.startswith(refused)
    assert f"{key}: {refused}" in said
    assert result[key].judged.ceiling.clips == clips
    subset = scored(tmp_path, judged(key, clips=expected), out="subset", limit=3)[key]
    assert subset.value is not None, "a subset is not enough evidence to refuse a judge"


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [("signature", "another", False), ("batch", 3, True)],
)
def test_records_of_another_judge_are_not_reused(field, value, kept, tmp_path, monkeypatch):
    task = judged("accuracy@parrot")
    before = TaskRun.of(task).plan("score", None)
    monkeypatch.setattr("signbench.scoring.task_judges._ready", {})
    monkeypatch.setattr(Parrot, field, value if field == "batch" else lambda self: value)
    after = TaskRun.of(task).plan("score", None)
    assert (before.keys == after.keys) is kept


def test_a_run_s_folder_gives_its_plan_back(tmp_path):
    signed(tmp_path / "submission", [1, 2, 3, 4])
    task = judged("wer@parrot.gloss", "dtw")
    scored(tmp_path, task)
    description = RunFolder(tmp_path / "run").read()
    plan = RunPlan.from_run(description)
    assert [metric.canonical for metric in plan.metrics] == ["wer@parrot.gloss", "dtw"]
    assert plan.keys == TaskRun.of(task).plan("score", "x").keys
    assert [key.rpartition("|")[2] for key, _ in plan.recorded[2:]] == ["ceiling", "chance"]
    assert json.loads((tmp_path / "run" / "result.json").read_text())["scores"][1].get("judged", "absent") == "absent"


def test_the_corpus_s_answers_are_part_of_refs(tmp_path, monkeypatch):
    signed(tmp_path / "submission", [1, 2, 3, 4])
    task = judged("accuracy@parrot", "wer@parrot.gloss", "wer@parrot", "dtw")
    result = scored(tmp_path, task)
    refs = {key: re.search(r"refs:(\w+)", score.signature)[1] for key, score in zip(result.signatures, result.scores, strict=True)}
    assert len(set(refs.values())) == 3
    assert refs["wer@parrot"] == refs["accuracy@parrot"], "the word of the tiny corpus is its text"


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        ("ssim@parrot", "video", r"metric ssim compares nothing that a judge gives, and the judge parrot gives text, gloss"),
        ("accuracy@parrot.text", "pose", r"of the judge parrot it can compare label, not 'text'"),
        ("wer@parrot.text", "pose", r"on is 'parrot\.text'; its canonical name is 'parrot'"),
        ("wer@parrott", "pose", r"there is no judge parrott\. Did you mean parrot"),
        ("accuracy@nearest", "video", r"the judge nearest reads motion or pose, but the output is video"),
        ("accuracy@a|b.py:Mine", "pose", r"on is 'a\|b\.py:Mine'; a judge's name has no"),
        ("accuracy@a,b.py:Mine", "pose", r"on is 'a,b\.py:Mine'; a judge's name has no"),
        ("accuracy@a@b.py:Mine", "pose", r"on is 'a@b\.py:Mine'; a judge's name has no"),
        ("ssim@mine.py:Mine", "video", r"metric ssim compares nothing that a judge"),
    ],
)
def test_a_judge_that_does_not_fit_is_refused_in_the_task(key, kind, message):
    with pytest.raises(ValueError, match=message):
        judged(key, kind=kind)


def test_references_without_a_word_are_refused_before_the_work_starts(tmp_path):
    folder = signed(tmp_path / "references", [1, 2, 3, 4])
    (folder / "clips.csv").write_text("id,text\n" + "".join(f"{clip},\n" for clip in IDS["test"]))
    signed(tmp_path / "submission", [1, 2, 3, 4])
    with pytest.raises(
        InputError, match=r"accuracy@parrot compares with the corpus's word, and clip test-0001 has none; add the column"
    ):
        scored(tmp_path, judged("accuracy@parrot"), references_dir=folder)
    assert not (tmp_path / "run").exists()


def test_a_judge_is_prepared_once_in_a_process():
    task = judged("accuracy@parrot")
    assert judges_of(task, "test", ["parrot"])["parrot"] is judges_of(task, "test", ["parrot"])["parrot"]
