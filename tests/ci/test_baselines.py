"""Baselines: what is pinned, what is refused, and that a pinned run compares like the run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from signbench import shipped
from signbench.ci.baselines import MOST_BYTES, Baseline, baseline, default_family, known, pin
from signbench.ci.configuration import Configuration
from signbench.ci.gate import check
from signbench.errors import IncompleteError, InputError
from signbench.runs import packed
from signbench.runs.comparison import compare
from signbench.runs.result import TaskSplit
from tests.ci.simulated_runs import normal, refused, simulated, with_spread

CLIPS = 40


def values(seed=1, names=("dtw", "l1", "duration-ratio")):
    return {name: normal(seed + index, CLIPS, 1.0) for index, name in enumerate(names)}


def test_a_pinned_run_is_compared_like_the_run_itself(tmp_path):
    run, other = simulated(values(1), "pinned"), simulated(values(9), "other")
    assert pin(run, "pinned", tmp_path, replace=False) == (tmp_path / "pinned", "pinned")
    found = baseline("pinned", tmp_path)
    assert found.run.result == run.result
    assert compare([found.run, other]) == compare([run, other])
    assert found.family == ("dtw", "l1", "duration-ratio")
    assert found.run.provenance == "here"


def test_a_baseline_holds_no_path_and_takes_little_room(tmp_path):
    folder, _ = pin(simulated(values()), "a", tmp_path, replace=False)
    assert sorted(path.name for path in folder.iterdir()) == ["baseline.json", "records.parquet", "result.json"]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20_000
    plan = baseline("a", tmp_path).run.plan
    assert (plan.references, plan.predictions) == (None, None)


@pytest.mark.parametrize("large", [True, False])
def test_a_distance_between_distributions_is_compared_the_same_whether_its_records_are_kept_or_not(tmp_path, monkeypatch, large):
    with_spread(monkeypatch)
    if large:
        monkeypatch.setattr(packed, "MOST_RECORD_BYTES", 10)
    run = simulated({"spread": normal(1, 200)}, "a")
    pin(run, "a", tmp_path, replace=False)
    found = baseline("a", tmp_path)
    assert (found.run.metrics["spread"].left_out is not None) == large
    assert (found.run.store.record("clip-0000", found.run.plan.keys[0]) is None) == large
    assert found.run.store.has("clip-0000", found.run.plan.keys[0])
    for other in (simulated({"spread": normal(2, 200, spread=spread)}, "b") for spread in (1.0, 0.5)):
        report = check(other, found, Configuration())
        expected = compare([run, other]).pairs[0].metrics[0]
        (checked,) = report.checks
        assert (checked.difference, checked.interval) == (expected.difference, expected.interval)
        assert checked.outcome == ("regressed" if other.result["spread"].value < 0.7 else "passed")


def test_what_was_missing_stays_missing(tmp_path):
    run = simulated({"l1": normal(1, CLIPS), "dtw": normal(2, CLIPS)}, "a", lacking=(3,), floor=0.9)
    pin(run, "a", tmp_path, replace=False)
    found = baseline("a", tmp_path)
    for metric, measured in found.run.metrics.items():
        assert (measured.recorded, measured.counted) == (run.metrics[metric].recorded, run.metrics[metric].counted)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"subset": 40}, InputError, "only a subset of the clips"),
        ({"lacking": (1,)}, IncompleteError, "is incomplete"),
    ],
)
def test_a_run_that_proves_too_little_is_not_pinned(tmp_path, changes, error, said):
    with pytest.raises(error, match=said):
        pin(simulated(values(), **changes), "a", tmp_path, replace=False)
    assert list(tmp_path.iterdir()) == []


def rewritten(run, **changes):
    """The same run with its first score changed."""
    first, *others = run.result.scores
    result = run.result.model_copy(update={"scores": (first.model_copy(update=changes), *others)})
    return replace(run, result=result)


def test_random_weights_are_not_pinned(tmp_path):
    run = simulated(values())
    signature = run.result.scores[0].signature.replace("reader:", "reader:i3d+random+")
    assert "random weights" in refused(lambda: pin(rewritten(run, signature=signature), "a", tmp_path, replace=False))


def test_a_score_that_does_not_follow_from_its_records_is_not_pinned(tmp_path):
    run = simulated(values())
    value = run.result.scores[0].value
    assert value is not None
    said = refused(lambda: pin(rewritten(run, value=value * 0.99), "a", tmp_path, replace=False))
    assert "does not follow from its records" in said
    pin(rewritten(run, value=value * (1 + 1e-12)), "a", tmp_path, replace=False)  # folded on another machine


def test_nothing_is_overwritten_silently(tmp_path):
    first, second, third = (simulated(values(seed), "run") for seed in (1, 20, 40))
    pin(first, "main", tmp_path, replace=False)
    assert pin(first, "main", tmp_path, replace=False)[1] == "unchanged"
    assert "`replace=True`" in refused(lambda: pin(second, "main", tmp_path, replace=False))
    assert pin(second, "main", tmp_path, replace=True) == (tmp_path / "main", "replaced")
    assert pin(third, "main", tmp_path, replace=True)[1] == "replaced"
    assert known(tmp_path) == ["main", "main.old-1", "main.old-2"]
    oldest, newest = baseline("main.old-1", tmp_path), baseline("main", tmp_path)
    assert (oldest.run.result, newest.run.result) == (first.result, third.result)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main", "main.old-1", "main.old-2"]


def test_other_files_are_left_alone(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "text").write_text("mine")
    assert "is not a baseline" in refused(lambda: pin(simulated(values()), "notes", tmp_path, replace=True))
    assert (tmp_path / "notes" / "text").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "/a", "../a", "a/../b", "a\\b", "a\nb", ".hidden", "a/.b", "a//b", "a/"])
def test_an_invalid_name_is_refused(tmp_path, name):
    said = refused(lambda: pin(simulated(values()), name, tmp_path / "baselines", replace=False))
    assert "is not a name for a baseline" in said
    assert not (tmp_path / "baselines").exists()


def opened(name, folder=None):
    return baseline(name, folder).name


def test_baselines_are_found_in_the_current_folder_and_unknown_ones_are_reported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pin(simulated(values()), "task/main", tmp_path / "baselines", replace=False)
    assert opened("task/main") == "task/main"
    assert "task/main" in known()
    assert "Did you mean task/main?" in refused(lambda: opened("task/mian"))
    assert "There are none yet" in refused(lambda: opened("a", tmp_path / "empty"))
    assert set(shipped.names("baselines")) >= {"task/main/baseline", "task/main/result"}


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("result.json", lambda text: text.replace(b'"value": ', b'"value": 1'), "result.json changed since it was pinned"),
        ("records.parquet", lambda data: data[:-1], "records.parquet changed since it was pinned"),
        ("baseline.json", lambda text: text[:100], "is not a baseline, or is damaged"),
        ("baseline.json", lambda text: b"[]", "is not a baseline, or is damaged"),
        ("baseline.json", lambda text: text.replace(b'"baseline_version": 3', b'"baseline_version": 4'), "newer signbench"),
        ("baseline.json", lambda text: text.replace(b'"baseline_version": 3', b'"baseline_version": 2'), "older signbench"),
        ("baseline.json", lambda text: text.replace(b'"family"', b'"famili"'), "damaged"),
    ],
)
def test_a_damaged_or_edited_baseline_is_refused(tmp_path, file, change, said):
    folder, _ = pin(simulated(values()), "a", tmp_path, replace=False)
    (folder / file).write_bytes(change((folder / file).read_bytes()))
    assert said in refused(lambda: opened("a", tmp_path))


def other(value):
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value} "
        case None:
            return "x"
        case [first, *others]:
            return others or [other(first)]
        case []:
            return ["x"]
        case dict() if value:
            name = next(iter(value))
            return {**value, name: other(value[name])}
    return {"x": 1}


FIELDS = ["family", "sha256"]


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_of_a_baseline_can_be_edited(tmp_path, monkeypatch, field):
    with_spread(monkeypatch)
    run = simulated({"l1": normal(1, CLIPS), "spread": normal(2, CLIPS)}, "a", lacking=(3,), floor=0.9)
    folder, _ = pin(run, "a", tmp_path, replace=False)
    content = json.loads((folder / "baseline.json").read_text())
    assert set(content) == {"baseline_version", *FIELDS}
    content[field] = other(content[field])
    (folder / "baseline.json").write_text(json.dumps(content))
    said = refused(lambda: opened("a", tmp_path))
    assert "baseline.json was edited since it was pinned; pin the run again" in said or "is not a baseline, or is damaged" in said


def test_dropping_a_metric_from_what_is_checked_is_refused(tmp_path):
    folder, _ = pin(simulated(values()), "a", tmp_path, replace=False)
    content = json.loads((folder / "baseline.json").read_text())
    content["family"] = content["family"][1:]
    (folder / "baseline.json").write_text(json.dumps(content))
    assert "was edited" in refused(lambda: opened("a", tmp_path))
    del content["sha256"]["baseline.json"]
    (folder / "baseline.json").write_text(json.dumps(content))
    assert "was edited" in refused(lambda: opened("a", tmp_path))


def test_another_layout_of_the_same_baseline_is_accepted(tmp_path):
    folder, _ = pin(simulated(values()), "a", tmp_path, replace=False)
    content = json.loads((folder / "baseline.json").read_text())
    (folder / "baseline.json").write_text(json.dumps(dict(reversed(content.items())), indent=4))
    assert opened("a", tmp_path) == "a"


def test_records_that_are_too_large_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("signbench.ci.baselines.MOST_BYTES", 1000)
    assert "pin a run with fewer metrics" in refused(lambda: pin(simulated(values()), "a", tmp_path, replace=False))
    assert MOST_BYTES == 8 << 20


@pytest.mark.parametrize(
    ("names", "headlines", "expected"),
    [
        (["dtw", "l1"], ["dtw"], ["dtw", "l1"]),
        (["dtw", "dtw:variant=pt", "l1"], ["dtw:variant=pt"], ["dtw:variant=pt", "l1"]),
        (["dtw", "dtw:variant=pt"], [], ["dtw"]),
        (["ssim", "ssim:window=uniform"], ["ssim", "ssim:window=uniform"], ["ssim"]),
    ],
)
def test_one_variant_of_each_metric_is_checked_and_the_headline_s_is_preferred(names, headlines, expected):
    run = simulated({name: normal(1, 12) for name in names}, headlines=headlines)
    assert default_family(run) == tuple(expected)


def test_extended_metrics_are_checked_where_they_are_headlines_alone(tmp_path, monkeypatch):
    from tests.tasks.tiny import fields

    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks" / "tiny").mkdir(parents=True)
    metrics = [
        {"metric": name, "on": None, "tier": tier, "headline": headline}
        for name, tier, headline in (("l1", "extended", True), ("psnr", "extended", False), ("ssim", "core", False))
    ]
    task = fields(metrics=metrics)
    (tmp_path / "tasks" / "tiny" / "text-to-video.yaml").write_text(json.dumps(task))
    run = simulated({name: np.linspace(0, 1, 12) for name in ("l1", "psnr", "ssim")}, headlines=["l1"])
    assert default_family(run) == ("l1", "ssim")
    elsewhere = simulated(
        {name: np.linspace(0, 1, 12) for name in ("l1", "psnr")}, task=TaskSplit(name="not/here", version=1, split="test")
    )
    assert default_family(elsewhere) == ("l1", "psnr")


def test_a_baseline_in_memory_equals_the_one_on_disk(tmp_path):
    run = simulated(values())
    pin(run, "a", tmp_path, replace=False)
    found = baseline("a", tmp_path)
    other = simulated(values(30), "b")
    assert check(other, found, Configuration()).checks == check(other, Baseline.of(run, "a"), Configuration()).checks
