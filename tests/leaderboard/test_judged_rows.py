"""Rows that are measured through a judge: the judge, its ceiling and its chance level, honest and forged."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from signbench.errors import InputError
from signbench.foreign.content import code_digest
from signbench.judges.base import Judge
from signbench.judges.registry import JUDGES
from signbench.leaderboard import checking, plan_checks
from signbench.leaderboard.checking import check, check_entry
from signbench.leaderboard.ranking import board
from signbench.leaderboard.tables import as_csv, as_latex, as_markdown, remarks
from signbench.metrics import registry
from signbench.metrics.pairs import LabelPair, LengthPair
from signbench.runs import levels as computed
from signbench.runs.fold import fold
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.outcomes import FAR, ClipOutcome, Failure, Input
from signbench.runs.plan import Measured, RunPlan
from signbench.runs.records import RecordFile
from signbench.runs.result import TaskSplit
from signbench.runs.store import RecordStore
from signbench.statistics.paired import paired
from signbench.tasks.schema import Task
from tests.ci.simulated_runs import CARD, normal, record_of
from tests.leaderboard.rows import CLIPS, TASK, digest, resealed, seen_as, submit, task_fields
from tests.leaderboard.test_forged_entries import of_metric, rewrite

KEY = "accuracy@oracle"


class Oracle(Judge):
    """A stand-in for a judge with made-up answers."""

    name, reads, gives, summary, licence = "oracle", ("frames",), ("label",), "For tests.", "CC0-1.0"
    has_network = False

    def signature(self):
        return "oracle/1"

    def observe(self, clips, wanted):
        raise AssertionError("the answers are made up")


class Learned(Oracle):
    """The same, learning from the train split."""

    name, learns = "learned", True

    def prepare(self, train, progress=None):
        Learned.prepared += 1


SIGNED = f"oracle/1+code-{code_digest(Oracle)}"


def fields_of(key):
    metric, _, on = key.partition("@")
    listed = [
        {"metric": metric, "on": on, "tier": "core", "headline": True},
        {"metric": "l1", "on": None, "tier": "core", "headline": False},
    ]
    return task_fields() | {"metrics": listed}


def write_judged_task(folder, key=KEY):
    path = folder / "tasks" / f"{TASK}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(fields_of(key)))


@pytest.fixture(autouse=True)
def judged_task(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in (Oracle, Learned):
        monkeypatch.setitem(JUDGES.built_in, kind.name, f"{__name__}:{kind.__name__}")
    monkeypatch.setattr(Learned, "prepared", 0, raising=False)
    monkeypatch.setattr("signbench.scoring.task_judges._ready", {})
    write_judged_task(tmp_path)
    return tmp_path


def word(index):
    return f"word {index % 10}"


def judged_run(name="model", hits=30, *, ceiling=38, chance=4, seed=1, references="the corpus", card=CARD, key=KEY, unjudged=()):
    """A run whose judge is right about ``hits`` of 40 productions, ``ceiling`` references, and ``chance`` dealt references."""
    task = Task.model_validate(fields_of(key))
    judge = SimpleNamespace(judge=JUDGES.create(key.partition("@")[2]))
    accuracy = registry.create(key)
    plan = RunPlan(
        references="references",
        predictions=f"predictions/{name}",
        measured=(
            Measured.of(accuracy, task.protocol(), judges={accuracy.judge: judge.judge}),
            Measured.of(registry.create("l1"), task.protocol()),
        ),
        protocol=task.protocol(),
        clips=CLIPS,
        subset=None,
        kind="run",
        task=TaskSplit(name=task.name, version=task.version, split="test"),
        generator={**card, "name": name},
        coverage_floor=task.coverage_floor,
        clusters=None,
        headlines=task.headlines,
    )
    rights = [set(np.random.default_rng(seed).permutation(len(CLIPS))[:hits]), None, set(range(ceiling)), set(range(chance))]
    values = abs(normal(seed + 7, len(CLIPS), 0.5, 0.05))
    file = RecordFile(None, write=True)
    for index, clip in enumerate(CLIPS):
        outcome = ClipOutcome(clip)
        outcome.inputs["reference.video"] = seen_as(f"{references} {clip}")
        outcome.inputs["reference.word"] = Input(size=6, modified=0, sha256=digest(word(index)))
        outcome.inputs["prediction.video"] = replace(seen_as(f"{name} {clip}"), departure=FAR)
        outcome.lengths["video"] = LengthPair(5, 5, 0.2, 0.2)
        for number, right in enumerate(rights):
            if right is None:
                outcome.records[number] = record_of(registry.create("l1"), values[index])
            elif number == 2 and index in unjudged:
                outcome.failures[number] = Failure(f"clip {clip}: no idea.", "prediction")
            else:
                said = word(index) if index in right else "another"
                outcome.records[number] = registry.create("accuracy").record([LabelPair(word(index), (said,))])
        file.add(outcome, [recorded for recorded, _ in plan.recorded])
    file.commit()
    store = RecordStore([file])
    return MeasuredRun(label=name, plan=plan, result=fold(plan, store), store=store, provenance="signbench:0")


def entry_of(tmp_path, name="model", hits=30, **options):
    return submit(judged_run(name, hits, **options), tmp_path / "leaderboards")


def reported(folder):
    return [f"{problem.kind}: {problem.what}" for problem in check_entry(folder)]


def lies_in_result(folder, change):
    path = folder / "result.json"
    content = json.loads(path.read_text())
    change(content["scores"][0])
    path.write_text(json.dumps(content))
    resealed(folder)


def test_an_honest_row_is_valid_and_is_shown_with_ceiling_and_chance(tmp_path):
    entry_of(tmp_path)
    folder = entry_of(tmp_path, "better", 36, seed=2)
    assert check(folder.parent).problems == ()
    (block,) = board(TASK).blocks
    column = block.columns[0]
    assert (column.ceiling.value, column.chance.value) == (0.95, 0.1)
    assert {row.row: row.cells[KEY].between for row in block.rows} == pytest.approx({"better": 0.8 / 0.85, "model": 0.65 / 0.85})
    said = f"{KEY}: the judge's ceiling is 0.9500 [0.8350, 0.9862], its chance level 0.1000 [0.0396, 0.2305]."
    assert said in remarks(block)
    assert f"% {said}" in as_latex(board(TASK)).splitlines()
    assert said.replace("@", r"\@").replace("[", r"\[").replace("]", r"\]") in as_markdown(board(TASK))
    assert ",0.95,0.1,0.9411764705882353," in as_csv(board(TASK)).replace("0.9411764705882354", "0.9411764705882353")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda score: score["judged"]["ceiling"].update(value=0.5),
            f"{KEY}: judged.ceiling.value is 0.5, but the records give 0.95",
        ),
        (lambda score: score["judged"]["ceiling"].update(interval=[0.9, 1.0]), f"{KEY}: judged.ceiling.interval"),
        (lambda score: score["judged"]["ceiling"].update(clips=39), f"{KEY}: judged.ceiling.clips is 39"),
        (lambda score: score["judged"]["chance"].update(value=0.7), f"{KEY}: judged.chance.value is 0.7, but the records give 0.1"),
        (lambda score: score["judged"].update(between=1.0), f"{KEY}: judged.between is 1, but the records give 0.764"),
        (lambda score: score.pop("judged"), f"{KEY}: judged is None, but the records give"),
        (
            lambda score: score.update(signature=score["signature"].replace("oracle/1", "oracle/2")),
            f"and the compared output: {SIGNED}+label against {SIGNED.replace('/1', '/2')}+label)",
        ),
    ],
)
def test_a_judge_s_fields_in_a_result_must_follow_from_the_records(change, said, tmp_path):
    folder = entry_of(tmp_path)
    lies_in_result(folder, change)
    assert any(said in line for line in reported(folder)), reported(folder)


def measured(about, **changes):
    about["run"]["measured"][0].update(changes)


def renamed(about, judge):
    """Replaces the judge in the plan and in the keys of its records."""
    measured(about, judge=about["run"]["measured"][0]["judge"].replace("oracle/1", judge))
    about["keys"].update({name: key.replace("oracle/1", judge) for name, key in about["keys"].items()})


def levels(rows, name):
    return of_metric(rows, f"{KEY}|{name}")


def without_rows(rows, name):
    rows[:] = [row for row in rows if row["metric"] != f"{KEY}|{name}"]


def of_another_word(rows, name):
    for row in of_metric(rows, name):
        row["record"] = {**row["record"], "label": np.frombuffer(b"word", np.uint8)}


LIES = {
    "another judge": (lambda rows, about: measured(about, judge="oracle/2+label"), "was measured by another revision of its code"),
    "another judge in all files": (
        lambda rows, about: renamed(about, "oracle/2"),
        f"{KEY} was measured through '{SIGNED.replace('/1', '/2')}+label', not through {SIGNED}+label",
    ),
    "no judge": (lambda rows, about: measured(about, judge=None), "was measured by another revision of its code"),
    "another answer of the judge": (
        lambda rows, about: measured(about, judge="oracle/1+text"),
        "cannot compare 'text', as the run says",
    ),
    "a judge of a metric that has none": (
        lambda rows, about: about["run"]["measured"][1].update(judge="oracle/1+label"),
        "was measured by another revision of its code",
    ),
    "the metric without its judge": (lambda rows, about: measured(about, metric="accuracy"), "its metrics are not those"),
    "code that the entry names": (
        lambda rows, about: measured(about, metric="accuracy@evil.py:Evil", judge="evil+label"),
        "its metrics are not those of its specification",
    ),
    "no records of the ceiling": (
        lambda rows, about: without_rows(rows, "ceiling"),
        "it has 120 rows for 40 clips and 4 metrics",
    ),
    "no key of the ceiling": (
        lambda rows, about: (without_rows(rows, "ceiling"), about["keys"].pop(f"{KEY}|ceiling")),
        "its metrics are not those of its specification",
    ),
    "a ceiling of more than everything": (
        lambda rows, about: [row["record"].update(hit=np.int64(3)) for row in levels(rows, "ceiling")],
        f"{KEY} has records that give scores outside 0 to 1",
    ),
    "a ceiling of nothing at all": (
        lambda rows, about: [row.update(record=None) for row in levels(rows, "ceiling")],
        f"core metrics of the task were not measured: {KEY}",
    ),
    "a chance level as high as the ceiling": (
        lambda rows, about: [row["record"].update(hit=np.int64(1)) for row in levels(rows, "chance")],
        f"core metrics of the task were not measured: {KEY}",
    ),
    "another word": (lambda rows, about: of_another_word(rows, KEY), "has records that have another word than the corpus"),
    "another word of the ceiling": (
        lambda rows, about: of_another_word(rows, f"{KEY}|ceiling"),
        "have another word than the corpus",
    ),
    "no word at all": (
        lambda rows, about: [row["inputs"].pop("reference.word") for row in rows],
        "has records that have another word than the corpus",
    ),
    "an invalid reason": (
        lambda rows, about: measured(about, unavailable="weights not present; signbench weights fetch i3d brings them"),
        "its metrics are not those of its specification",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_the_judge_is_reported(lie, tmp_path):
    folder = entry_of(tmp_path)
    assert reported(folder) == []
    (tmp_path / "evil.py").write_text("raise SystemExit('evil was imported')")
    change, said = LIES[lie]
    rewrite(folder, change)
    assert any(said in line for line in reported(folder)), reported(folder)


@pytest.mark.parametrize(("name", "forged"), [("ceiling", {"ceiling": 20}), ("chance", {"chance": 12})])
def test_levels_that_contradict_those_of_an_earlier_row_are_reported(name, forged, tmp_path, monkeypatch):
    """Records and result agree, so only other rows on the same references can show it."""
    honest = entry_of(tmp_path, "model")
    with pytest.raises(InputError, match=rf"its judge's {name} of {KEY} is .* on the same references; score .* of both again\.$"):
        entry_of(tmp_path, "liar", 20, seed=5, **forged)
    monkeypatch.setattr("signbench.leaderboard.submission._refuse_copies", lambda *args: None)
    forger = entry_of(tmp_path, "liar", 20, seed=5, **forged)
    assert reported(forger) == []
    said = [str(problem) for problem in check(forger).problems]
    assert len(said) == 1
    assert f"its judge's {name} of {KEY} is" in said[0]
    assert str(honest) in said[0]
    assert [row.row for row in board(TASK).blocks[0].rows] == ["liar"], "the first of two contradictory rows stays"


def test_a_ceiling_of_fewer_clips_is_contradicted_too(tmp_path):
    entry_of(tmp_path)
    run = judged_run("liar", 20, seed=5, unjudged=range(3))
    assert run.result[KEY].judged.ceiling.clips == 37
    assert run.result[KEY].judged.ceiling.value == pytest.approx(35 / 40)
    assert run.result[KEY].note.endswith("references that the judge could not judge, which count as wrong in its ceiling: 3")
    with pytest.raises(InputError, match=rf"its judge's ceiling of {KEY} is 0\.8750, but 0\.9500 in "):
        submit(run, tmp_path / "leaderboards")


def test_equal_ceilings_and_chance_levels_of_several_rows_are_tested_once(monkeypatch):
    made = []
    monkeypatch.setattr(computed, "_known", {})
    monkeypatch.setattr(computed, "paired", lambda *args, **options: made.append(args) or paired(*args, **options))
    alone = [judged_run(hits=hits, ceiling=ceiling).result[KEY] for hits, ceiling in ((30, 38), (20, 38), (20, 36))]
    assert len(made) == 2
    for score, (hits, ceiling) in zip(alone, ((30, 38), (20, 38), (20, 36)), strict=True):
        computed._known.clear()
        assert judged_run(hits=hits, ceiling=ceiling).result[KEY] == score


def test_levels_may_differ_on_other_files_of_the_same_references(tmp_path):
    """The words are the same, so the scores are comparable, but the references' files are not."""
    entry_of(tmp_path)
    folder = entry_of(tmp_path, "elsewhere", 36, seed=2, ceiling=30, references="another copy")
    assert check(folder).problems == ()
    blocks = board(TASK, metric=KEY).blocks
    assert {block.columns[0].ceiling.value for block in blocks} == {0.95, 0.75}, "l1 keeps them apart"


def test_a_judge_that_learns_is_prepared_to_check_rows_but_not_to_show_them(tmp_path, monkeypatch):
    monkeypatch.setattr("signbench.corpora.registry.known", lambda: ["tiny"])
    made = []

    def prepared(task, split, names, **options):
        made.append(split)
        return {name: JUDGES.create(name) for name in names}

    monkeypatch.setattr("signbench.scoring.task_judges.judges_of", prepared)
    monkeypatch.setattr(plan_checks, "_clusters", lambda task, clips, said: said)
    key = "accuracy@learned"
    write_judged_task(tmp_path, key)
    folder = entry_of(tmp_path, key=key)
    made.clear()
    monkeypatch.setattr(plan_checks, "own_folder", lambda name: tmp_path / "nowhere")
    checking.valid_entries([folder])
    assert made == ["test"], "no shipped row says what the judge is"
    monkeypatch.setattr(plan_checks, "own_folder", lambda name: tmp_path / name)
    made.clear()
    assert checking.valid_entries([folder])[1] == []
    assert made == []
    assert check_entry(folder) == []
    assert made == ["test"]
    rewrite(folder, lambda rows, about: renamed(about, "oracle/7"))
    assert any(line.startswith(f"signature: {key} was measured through 'oracle/7+") for line in reported(folder))


def test_a_judge_that_cannot_be_prepared_is_reported(tmp_path, monkeypatch):
    folder = entry_of(tmp_path)

    def broken(*args, **options):
        raise InputError("it broke.")

    monkeypatch.setattr("signbench.scoring.task_judges.judges_of", broken)
    assert reported(folder) == [f"signature: {KEY} cannot be compared with the task's judge (it broke)"]


@pytest.mark.parametrize(
    ("reason", "accepted"),
    [
        ("weights not present; signbench weights add FILE --as slt-slrtp2025 --model slt brings them", True),
        ("weights not present; signbench train slt-slrtp2025 --out reference_models/slt-slrtp2025 brings them", True),
        ("weights not present; signbench train RECIPE.yaml --out reference_models/slt-slrtp2025 brings them", True),
        ("weights not present; signbench train RECIPE.yaml --out reference_models/slt brings them", False),
        ("weights not present; signbench train slt --out reference_models/slt-slrtp2025 brings them", False),
        ("weights not present; signbench train slt --out reference_models/slt brings them", False),
        ("weights not present; signbench train slt-slrtp2025 --out reference_models/slt brings them", False),
        ("weights not present; signbench weights fetch i3d brings them", False),
        ('transformers is not installed; pip install "signbench[models]" brings it', False),
        ("no time", False),
    ],
)
def test_a_judge_s_metric_may_only_be_left_out_for_lack_of_its_own_weights(reason, accepted):
    assert plan_checks.is_reason(reason, registry.create("bleu@slt-slrtp2025")) is accepted


@pytest.mark.parametrize(
    ("reason", "accepted"),
    [
        ('transformers is not installed; pip install "signbench[models]" brings it', True),
        ("transformers is not installed; pip install transformers brings it", False),
        ('torch is not installed; pip install "signbench[models]" brings it', False),
    ],
)
def test_or_for_lack_of_a_package_that_it_needs(reason, accepted):
    assert plan_checks.is_reason(reason, registry.create("bleu@gfslt")) is accepted
    assert plan_checks.is_reason(reason, registry.create("bleu@gfslt-phoenix14t-plus")) is accepted
