"""Forged entries: a field is false, every digest is correct, and the check reports what is wrong.

Who forges an entry can make its files agree with one another, so each lie is written to all files that could contradict it.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml

from signbench.errors import InputError
from signbench.leaderboard.checking import check_entry
from signbench.leaderboard.entries import predictions_digest, read_records
from signbench.metrics import registry
from signbench.runs import packed
from signbench.runs.fold import fold
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.packed import MOST_RECORD_BYTES
from signbench.runs.plan import Measured
from signbench.runs.records import pack, unpack
from tests.ci.simulated_runs import CARD, Spread, with_spread
from tests.leaderboard.rows import CLIPS, METRICS, resealed, rewritten, run_of, small_task, submit, write_task

__all__ = ["small_task"]

pytestmark = pytest.mark.usefixtures("small_task")


@pytest.fixture
def entry(tmp_path):
    return submit(run_of("model"), tmp_path / "leaderboards")


def reported(folder):
    return [f"{problem.kind}: {problem.what}" for problem in check_entry(folder)]


def says(folder, said):
    assert any(said in line for line in reported(folder)), reported(folder)


def rewrite(folder, change):
    """Changes the records of an entry: its rows (clip, metric, record ...) and its metadata."""
    import pyarrow as arrow
    from pyarrow import parquet

    path = folder / "records.parquet"
    found = parquet.read_table(path)
    rows = found.to_pylist()
    about = json.loads(found.schema.metadata[b"signbench"])
    for row in rows:
        row["inputs"] = json.loads(row["inputs"])
        row["lengths"] = json.loads(row["lengths"])
        row["record"] = unpack(row["record"]) if row["record"] else row["record"]
    change(rows, about)
    columns = {name: [] for name in found.schema.names}
    for row in rows:
        row["inputs"], row["lengths"] = json.dumps(row["inputs"]), json.dumps(row["lengths"])
        row["record"] = pack(row["record"]) if row["record"] else row["record"]
        for name, column in columns.items():
            column.append(row[name])
    made = arrow.table({name: arrow.array(values, found.schema.field(name).type) for name, values in columns.items()})
    metadata = {b"signbench": json.dumps(about).encode()}
    parquet.write_table(made.replace_schema_metadata(metadata), path)
    _folded_again(folder)


def _folded_again(folder):
    """Recomputes result, card and digests from the records, as somebody would who forges them all."""
    from signbench.errors import SignbenchError

    path = folder / "result.json"
    try:
        records = read_records(folder)
        kept = json.loads(path.read_text())
        if not records.left_out:
            kept = json.loads(json.dumps(fold(records.plan, records.store).as_json()))
        path.write_text(json.dumps(kept))
        rewritten(folder, predictions_sha256=predictions_digest(records.predictions()))
    except (SignbenchError, LookupError, TypeError, ValueError, AttributeError):
        pass  # such records cannot be folded
    resealed(folder)


def of_metric(rows, name):
    return [row for row in rows if row["metric"] == name]


def in_records(name, field, value):
    """One field of every record of a metric: a number, or a function of the old number."""

    def change(rows, about):
        for row in of_metric(rows, name):
            old = row["record"][field]
            new = value(old) if callable(value) else value
            row["record"] = {**row["record"], field: old.dtype.type(new) if old.ndim == 0 else new}

    return change


def in_inputs(file, field, value):
    def change(rows, about):
        for row in rows:
            row["inputs"][file][field] = value(row) if callable(value) else value

    return change


def in_spec(**changes):
    def change(rows, about):
        about["run"]["spec"] |= changes

    return change


def in_measured(metric, **changes):
    def change(rows, about):
        for item in about["run"]["measured"]:
            if item["metric"] == metric:
                item.update(changes)

    return change


def renamed(rows, about, old, new):
    about["run"]["clips"] = [clip.replace(old, new) for clip in about["run"]["clips"]]
    for row in rows:
        row["clip"] = row["clip"].replace(old, new)


def without(field):
    def change(rows, about):
        for row in of_metric(rows, "l1"):
            row["record"] = {name: value for name, value in row["record"].items() if name != field}

    return change


LIES = {
    # scores that no clip can have
    "a negative l1": (in_records("l1", "sum", lambda value: -value), "l1 has records that contain numbers below 0"),
    "negative on both sides": (
        lambda rows, about: [in_records("l1", name, lambda value: -value)(rows, about) for name in ("sum", "frames")],
        "l1 has records that contain numbers below 0",
    ),
    "an SSIM of 1.45": (in_records("ssim", "sum", 1.45), "ssim has records that give scores outside"),
    "an l1 above 1": (in_records("l1", "sum", 50.0), "l1 has records that give scores outside 0 to 1"),
    "an infinite number": (in_records("l1", "sum", float("inf")), "l1 has records that"),
    "a ratio that the lengths do not give": (in_records("duration-ratio", "ratio", 1.0), "are not the ratio of the clip's lengths"),
    "another field": (in_records("l1", "sum", lambda value: value) and without("frames"), "l1 has records that"),
    "a perfect score of every clip": (
        lambda rows, about: [in_records("l1", "sum", 0.0)(rows, about), in_records("ssim", "sum", 1.0)(rows, about)],
        "40 of its 40 productions show the reference",
    ),
    # what was compared with what
    "the reference's own bytes": (
        in_inputs("prediction.video", "sha256", lambda row: row["inputs"]["reference.video"]["sha256"]),
        "40 of its 40 productions show the reference",
    ),
    "the reference in another file": (
        in_inputs("prediction.video", "content", lambda row: row["inputs"]["reference.video"]["content"]),
        "40 of its 40 productions show the reference",
    ),
    "the reference with a little noise": (in_inputs("prediction.video", "departure", 0.001), "40 of its 40 productions show"),
    "nothing about what was seen": (
        in_inputs("prediction.video", "content", None),
        "lacks digests of what was seen of 40 measured clips",
    ),
    "nothing about the reference": (
        in_inputs("reference.video", "content", None),
        "lacks digests of what was seen of 40 measured clips",
    ),
    "a digest that is none": (in_inputs("prediction.video", "sha256", "abc"), "has no digest"),
    "a content that is none": (in_inputs("prediction.video", "content", "<b>"), "is not a digest"),
    "a departure beyond all": (in_inputs("prediction.video", "departure", 7.0), "the departure of the prediction.video"),
    "a negative departure": (in_inputs("prediction.video", "departure", -1.0), "the departure of the prediction.video"),
    "pixels of no family": (in_inputs("reference.video", "pixels", "rgb|refs:0"), "the pixels of the reference.video"),
    "a side that is none": (
        lambda rows, about: [row["inputs"].update({"elsewhere.video": row["inputs"]["prediction.video"]}) for row in rows],
        "which is not a side of a clip",
    ),
    "no prediction at all": (
        lambda rows, about: [row["inputs"].pop("prediction.video") for row in rows],
        "lacks digests of what was seen",
    ),
    "a clip of no frames": (lambda rows, about: [row["lengths"]["video"].update(prediction=0) for row in rows], "lengths (0, 5)"),
    "a clip of endless seconds": (
        lambda rows, about: [row["lengths"]["video"].update(prediction_seconds=float("inf")) for row in rows],
        "a clip lasts",
    ),
    "a layout that is none": (lambda rows, about: [row.update(layout="one-point/9d") for row in rows], "the key-point layout"),
    # who measured what, and how
    "another kind of run": (in_spec(kind="measure"), "is of kind measure, but its run has a generator"),
    "made by nobody": (in_spec(generator=None), "is of kind run, but its run has no generator"),
    "another floor": (in_spec(coverage_floor=0.5), "was not measured with the task's protocol"),
    "clusters that the task has not": (in_spec(clusters=["a", "b"] * 20), "does not cluster clips as the task says"),
    "other headlines": (in_spec(headlines=["ssim"]), "l1 is not marked as a headline, unlike in the task"),
    "an own copy of known clips": (in_spec(own_copy=True), "it says references: own copy, but the task fixes the clips"),
    "a subset": (in_spec(subset={"limit": 40, "clips": None}), "only a subset"),
    "another task": (in_spec(task={"name": "tiny/other", "version": 1, "split": "test"}), "do not have the same task"),
    "another version": (in_spec(task={"name": "tiny/text-to-video", "version": 9, "split": "test"}), "do not have the same task"),
    "another split": (in_spec(task={"name": "tiny/text-to-video", "version": 1, "split": "dev"}), "do not have the same task"),
    "a generator that saw the references": (
        in_spec(generator={**CARD, "name": "model", "sees": "references"}),
        "it is an anchor, not a measured row",
    ),
    "a metric of lower rank": (in_measured("ssim", tier="extended"), "calls ssim extended, but it is core in the task"),
    "a metric under a label": (in_measured("ssim", label="BLEU"), "calls ssim BLEU"),
    "a network that the metric has not": (in_measured("ssim", extractor="inception/1+abc"), "measured by another revision"),
    "a metric that could not be measured": (
        in_measured("ssim", unavailable="weights not present; signbench weights fetch nothing brings them"),
        "its metrics are not those of its specification",
    ),
    # texts
    "a direction mark in a clip's id": (lambda rows, about: renamed(rows, about, "clip-0000", "clip-0000\u202e"), "U+202E"),
    "markup in what made it": (
        in_spec(generator={**CARD, "name": "model", "version": "<script>"}),
        "text that a browser treats as markup",
    ),
    "an invisible letter in what made it": (in_spec(generator={**CARD, "name": "model\u3164"}), "U+3164"),
    "markup in the versions": (lambda rows, about: about.update(provenance="<img src=x onerror=alert(1)>"), "markup"),
    # the form
    "an older form": (lambda rows, about: about.update(records_version=1), "older signbench"),
    "a newer form": (lambda rows, about: about.update(records_version=99), "newer signbench"),
    "a metric with no records and no scores": (lambda rows, about: about["left_out"].update(l1={"scores": None}), "records"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_reported(entry, lie):
    assert reported(entry) == []
    change, said = LIES[lie]
    rewrite(entry, change)
    says(entry, said)


CARD_LIES = {
    "a Cyrillic letter": ({"row": "m\u043edel"}, "is written in Cyrillic and Latin letters"),
    "a Greek letter": ({"row": "m\u03bfdel"}, "is written in Greek and Latin letters"),
    "a letter that nobody sees": ({"row": "model\u3164x"}, "U+3164"),
    "a joiner of no width": ({"row": "mo\u200bdel"}, "field row is"),
    "a direction mark": ({"row": "model\u202e"}, "field row is"),
    "a variation selector": ({"contact": "nobody\ufe0f"}, "U+FE0F"),
    "letters of another shape": ({"row": "\uff4dodel"}, "compatibility forms of letters"),
    "direction marks elsewhere": ({"citation": "Somebody \u2067Something"}, "field citation is"),
    "Cyrillic letters elsewhere": ({"contact": "me@\u0435xample.org"}, "field contact is"),
    "markup in the version": ({"signbench": "0.1 <b>"}, "field signbench"),
    "a version that is none": ({"verified_with": "nobody", "kind": "verified"}, "field verified_with"),
    "markup in what made it": ({"generator": {**CARD, "name": "<b>model</b>"}}, "field generator"),
    "direction marks in what made it": ({"generator": {**CARD, "version": "1\u202e"}}, "field generator"),
    "a list with markup in what made it": ({"generator": {**CARD, "modalities": ["<i>"]}}, "field generator"),
    "an address in other letters": ({"url": "https://ex\u0430mple.org"}, "field url"),
    "an address with markup": ({"url": "https://example.org/<b>"}, "field url"),
    "a report of another kind": ({"report": "file:///report/index.html"}, "field report"),
}


@pytest.mark.parametrize("lie", CARD_LIES)
def test_a_card_with_misleading_texts_is_refused(entry, lie):
    changes, said = CARD_LIES[lie]
    rewritten(entry, **changes)
    says(entry, said)


RESULT_LIES = {
    "direction": "higher",
    "unit": "light years",
    "clips": 41,
    "coverage": 0.99,
    "std": 0.0,
    "reference_value": 0.4,
    "seen": 1.0,
    "duration_ratio": 1.0,
    "samples": [3, 3],
    "warnings": ["fine"],
    "note": "the best of all",
    "interval": [5.0, -5.0],
    "interval_note": "trust me",
    "label": "BLEU-4",
    "headline": False,
    "unavailable": True,
    "missing": [{"clip": "clip-0000", "reason": "rain", "counted_as": "left out"}],
    "pixels": "rgb",
}


@pytest.mark.parametrize("field", RESULT_LIES)
@pytest.mark.parametrize("kept", ["records", "folds"])
def test_each_field_of_a_score_follows_from_registry_task_and_records(tmp_path, monkeypatch, field, kept):
    """Also for a metric whose records are not stored."""
    folder = of_folds(tmp_path, monkeypatch) if kept == "folds" else submit(run_of("model"), tmp_path / "leaderboards")
    index = 1 if kept == "folds" else 0
    path = folder / "result.json"
    content = json.loads(path.read_text())
    lie = not content["scores"][index][field] if field == "headline" else RESULT_LIES[field]
    assert content["scores"][index][field] != lie
    content["scores"][index][field] = lie
    path.write_text(json.dumps(content))
    resealed(folder)
    assert reported(folder) != []


@pytest.mark.parametrize(
    "field", ["kind", "status", "coverage_floor", "own_copy", "expected_clips", "protocol", "generator", "task"]
)
def test_each_field_next_to_the_scores_is_checked_too(entry, field):
    path = entry / "result.json"
    content = json.loads(path.read_text())
    lies = {
        "kind": "score",
        "status": "incomplete",
        "coverage_floor": 0.5,
        "own_copy": True,
        "expected_clips": 39,
        "protocol": {**content["protocol"], "fps": 12.0},
        "generator": {**content["generator"], "version": "2"},
        "task": {**content["task"], "version": 2},
    }
    content[field] = lies[field]
    path.write_text(json.dumps(content))
    resealed(entry)
    assert reported(entry) != []


def of_folds(tmp_path, monkeypatch):
    """An entry with a metric whose records are too large to be stored."""
    with_spread(monkeypatch)
    metrics = ("l1", "spread")
    write_task(tmp_path, metrics=metrics)

    def large(record):
        return pack(record) + (b"\0" * (MOST_RECORD_BYTES + 1) if "value" in record else b"")

    monkeypatch.setattr(packed, "pack", large)
    return submit(run_of("model", 0.5, metrics=metrics, spread=0.1), tmp_path / "leaderboards")


FOLD_LIES = {
    "a metric whose records are small": (
        lambda about: about["left_out"].update(l1={"scores": [1.0] * 21, "references": None}),
        "has no records of l1, whose records are small",
    ),
    "too few groups": (lambda about: about["left_out"]["spread"].update(scores=[1.0] * 5), "without each of 20 groups"),
    "no references": (lambda about: about["left_out"]["spread"].update(references=None), "wrong reference values of spread"),
    "another score": (lambda about: about["left_out"]["spread"]["scores"].__setitem__(0, 1.0), "spread: value is"),
    "groups that hardly differ": (
        lambda about: about["left_out"]["spread"].update(scores=[about["left_out"]["spread"]["scores"][0]] * 21),
        "spread: interval is",
    ),
    "another reference value": (
        lambda about: about["left_out"]["spread"].update(references=[0.1] * 21),
        "spread: reference_value is",
    ),
    "no number": (lambda about: about["left_out"]["spread"]["scores"].__setitem__(3, None), "without each of 20 groups"),
}


@pytest.mark.parametrize("lie", FOLD_LIES)
def test_scores_without_groups_of_clips_are_checked_too(tmp_path, monkeypatch, lie):
    entry = of_folds(tmp_path, monkeypatch)
    assert reported(entry) == []
    change, said = FOLD_LIES[lie]
    rewrite(entry, lambda rows, about: change(about))
    says(entry, said)


def test_only_some_metrics_may_lack_records(tmp_path, monkeypatch):
    """The record of every clip is dropped, and the score becomes 1 light year, higher being better."""
    metrics = ("l1", "ssim")
    write_task(tmp_path, metrics=metrics)
    folder = submit(run_of("model", metrics=metrics), tmp_path / "leaderboards")

    def forged(rows, about):
        about["left_out"]["l1"] = {"scores": [1.0] * 21, "references": None}
        for row in of_metric(rows, "l1"):
            row["record"] = b""

    rewrite(folder, forged)
    path = folder / "result.json"
    content = json.loads(path.read_text())
    content["scores"][0].update(value=1.0, direction="higher", unit="light years", interval=None, interval_note=None)
    path.write_text(json.dumps(content))
    resealed(folder)
    says(folder, "has no records of l1, whose records are small")


def test_a_distance_below_its_limit_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(Spread, "limits", (0.2, None))
    says(of_folds_unchecked(tmp_path, monkeypatch), "spread has scores outside 0.2 to any")


def of_folds_unchecked(tmp_path, monkeypatch):
    monkeypatch.setattr("signbench.leaderboard.submission.check_entry", lambda folder: [])
    return of_folds(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("extractor", "said"),
    [
        ("fid/9+abc+none+float32", "was measured through"),
        (None, "was measured through 'None'"),
        ("inception-v3/1+random+x+float32", "was measured through"),
    ],
)
def test_a_network_must_be_that_of_registry_and_task(small_task, extractor, said):
    from signbench.leaderboard.plan_checks import plan_problems
    from signbench.tasks.schema import Task
    from tests.leaderboard.rows import task_fields

    write_task(small_task, extended=("fid",))
    run = run_of("model")
    fid = Measured(metric=registry.create("fid"), extractor=extractor, tier="extended")
    plan = replace(run.plan, measured=(*run.plan.measured, fid))
    records = packed.PackedRun(plan=plan, store=run.store, left_out={}, foreign=(), provenance="")
    task = Task.model_validate(task_fields(extended=("fid",)))
    assert any(said in problem.what for problem in plan_problems(small_task, records, task))
    right = registry.create("fid").extractor.registered_signature()
    plan = replace(run.plan, measured=(*run.plan.measured, replace(fid, extractor=right)))
    assert list(plan_problems(small_task, replace(records, plan=plan), task)) == []


@pytest.mark.parametrize(("share", "refused"), [(2, False), (3, True)])
def test_a_few_productions_may_show_their_reference_by_chance(tmp_path, share, refused):
    run = run_of("model", productions={clip: f"the corpus {clip}" for clip in CLIPS[:share]})
    if refused:
        with pytest.raises(InputError, match="3 of its 40 productions show the reference"):
            submit(run, tmp_path / "leaderboards")
    else:
        assert reported(submit(run, tmp_path / "leaderboards")) == []


def test_productions_that_show_another_clip_s_reference_are_accepted(tmp_path):
    shifted = dict(zip(CLIPS, (*CLIPS[1:], CLIPS[0]), strict=True))
    run = run_of("model", productions={clip: f"the corpus {other}" for clip, other in shifted.items()})
    assert reported(submit(run, tmp_path / "leaderboards")) == []


def test_a_false_ground_truth_is_found(tmp_path):
    anchor = {**CARD, "sees": "references"}
    run = run_of("ground-truth", card=anchor)
    with pytest.raises(InputError, match="says that it is the ground truth, but 40 of its productions are not the references"):
        submit(run, tmp_path / "leaderboards")
    honest = run_of("ground-truth", card=anchor, productions={clip: f"the corpus {clip}" for clip in CLIPS})
    assert reported(submit(honest, tmp_path / "leaderboards")) == []


def test_a_production_may_come_close_if_the_task_gives_the_motion(tmp_path):
    close = run_of("model", departures=dict.fromkeys(CLIPS, 0.02))
    with pytest.raises(InputError, match="40 of its 40 productions show the reference"):
        submit(close, tmp_path / "leaderboards")
    write_task(tmp_path, given=["driving_video", "source_image"])
    assert reported(submit(close, tmp_path / "leaderboards")) == []


def test_the_forged_fields_are_those_of_an_honest_entry(entry):
    content = yaml.safe_load((entry / "entry.yaml").read_text())
    assert content["row"] == "model"
    assert tuple(score["metric"] for score in json.loads((entry / "result.json").read_text())["scores"]) == METRICS
    assert isinstance(run_of("model"), MeasuredRun)
