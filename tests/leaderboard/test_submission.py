"""Submitting a run: what is written, and what is refused."""

from __future__ import annotations

import json

import pytest

from signbench.errors import IncompleteError, InputError
from signbench.leaderboard.checking import check_entry
from signbench.leaderboard.entries import MOST_BYTES, entry_locations, folder_name, read_entry, row_name
from signbench.leaderboard.submission import submit_run
from signbench.runs import packed
from signbench.runs.comparison import compare
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.packed import MOST_RECORD_BYTES
from signbench.runs.records import pack
from tests.ci.simulated_runs import CARD, clip_ids, with_spread
from tests.leaderboard.rows import CLIPS, METRICS, digest, run_of, small_task, submit, write_task

__all__ = ["small_task"]

ANCHOR = {**CARD, "sees": "references"}
pytestmark = pytest.mark.usefixtures("small_task")


def test_an_entry_is_three_small_files_below_task_and_split(tmp_path):
    folder = submit(run_of("model"), tmp_path / "leaderboards")
    assert folder == tmp_path / "leaderboards" / "tiny" / "text-to-video" / "test" / "model"
    assert sorted(path.name for path in folder.iterdir()) == ["entry.yaml", "records.parquet", "result.json"]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 40_000 < MOST_BYTES
    assert check_entry(folder) == []
    assert [location.folder for location in entry_locations(tmp_path / "leaderboards")] == [folder]
    assert ("tiny/text-to-video", "test") in [(location.task, location.split) for location in entry_locations()]


def test_an_entry_is_compared_like_its_run(tmp_path):
    first, second = run_of("first", 0.5), run_of("second", 0.52, seed=2)
    entry = read_entry(submit(second, tmp_path))
    assert entry.run.result == second.result
    assert compare([first, entry.run]) == compare([first, second])
    assert entry.card.kind == "measured"
    assert entry.records.predictions() == {clip: digest(f"bytes of second {clip}") for clip in second.plan.clips}


def test_an_entry_contains_no_path_of_the_machine(tmp_path):
    folder = submit(run_of("model"), tmp_path)
    for path in folder.iterdir():
        assert b"predictions/model" not in path.read_bytes()


def test_equal_runs_give_equal_entries(tmp_path):
    one, other = (submit(run_of("model"), tmp_path / name) for name in ("a", "b"))
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes()


def test_a_metric_with_large_records_stores_its_scores_without_each_group_of_clips(tmp_path, monkeypatch):
    with_spread(monkeypatch)
    metrics = ("l1", "spread")
    write_task(tmp_path, metrics=metrics)

    def large(record):
        return pack(record) + (b"\0" * (MOST_RECORD_BYTES + 1) if "value" in record else b"")

    monkeypatch.setattr(packed, "pack", large)
    run = run_of("model", 0.5, metrics=metrics, spread=0.1)
    folder = submit(run, tmp_path / "leaderboards")
    entry = read_entry(folder)
    assert list(entry.records.left_out) == ["spread"]
    assert entry.records.left_out["spread"].scores.shape == (21,)
    assert entry.run.metrics["spread"].recorded == set(run.plan.clips)
    assert check_entry(folder) == []
    result = json.loads((folder / "result.json").read_text())
    result["scores"][1]["interval"][0] -= 0.1
    (folder / "result.json").write_text(json.dumps(result))
    assert any("spread: interval[0] is" in problem.what for problem in check_entry(folder))


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"subset": 40}, InputError, "only a subset of the clips"),
        ({"lacking": (1,)}, IncompleteError, "is incomplete"),
        ({"version": 2}, InputError, "was measured on version 2 .* at version 1"),
        ({"clips": clip_ids(20)}, InputError, "20 clips are not those of the task"),
        (
            {"card": None, "productions": {clip: f"the corpus {clip}" for clip in CLIPS[:3]}},
            InputError,
            "3 of its 40 productions show the reference",
        ),
    ],
)
def test_a_run_that_does_not_fit_a_leaderboard_is_refused(tmp_path, changes, error, said):
    with pytest.raises(error, match=said):
        submit(run_of("model", **changes), tmp_path / "leaderboards")
    assert not (tmp_path / "leaderboards").exists()


def changed(run, **changes):
    first, *others = run.result.scores
    result = run.result.model_copy(update={"scores": (first.model_copy(update=changes), *others)})
    return MeasuredRun(label=run.label, plan=run.plan, result=result, store=run.store, provenance=run.provenance)


def test_random_weights_are_refused(tmp_path):
    run = run_of("model")
    signature = run.result.scores[0].signature.replace("reader:", "reader:i3d+random+")
    with pytest.raises(InputError, match="random weights"):
        submit(changed(run, signature=signature), tmp_path)


def test_a_score_that_does_not_follow_from_its_records_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"l1: value is 0.1, but the records give 0\.\d+; submit the run again"):
        submit(changed(run_of("model"), value=0.1), tmp_path)


def test_a_run_without_a_task_is_refused(tmp_path):
    run = run_of("model")
    result = run.result.model_copy(update={"task": None})
    with pytest.raises(InputError, match="is not the run of a task"):
        submit(MeasuredRun(label=run.label, plan=run.plan, result=result, store=run.store), tmp_path)


def test_a_generator_that_sees_the_references_becomes_an_anchor(tmp_path):
    assert read_entry(submit(run_of("ceiling", card=ANCHOR), tmp_path)).card.kind == "anchor"


def test_the_submitter_s_own_copy_of_the_references_is_marked(tmp_path):
    write_task(tmp_path, known=False)
    assert read_entry(submit(run_of("model", card=None, own_copy=True), tmp_path)).card.references == "own copy"


def test_an_entry_needs_a_licence_and_a_contact(tmp_path):
    with pytest.raises(InputError, match="give `contact`"):
        submit(run_of("model"), tmp_path, contact=None)
    with pytest.raises(InputError, match="give `licence`"):
        submit(run_of("model"), tmp_path, licence=None)
    with pytest.raises(InputError, match="field url cannot be 'javascript:alert"):
        submit(run_of("model"), tmp_path, url="javascript:alert(1)")
    with pytest.raises(InputError, match=r"field report cannot be 'report/index\.html'"):
        submit(run_of("model"), tmp_path, report="report/index.html")
    card = {**CARD, "licence": "CC-BY-4.0", "citation": "Somebody: Something"}
    entry = read_entry(submit(run_of("model", card=card), tmp_path, licence=None))
    assert (entry.card.licence, entry.card.citation) == ("CC-BY-4.0", "Somebody: Something")


def test_nothing_is_overwritten_silently(tmp_path):
    boards = tmp_path / "leaderboards"
    folder = submit(run_of("model"), boards)
    given = {"name": None, "licence": "CC0-1.0", "contact": "nobody", "citation": None, "url": None}
    assert submit_run(run_of("model"), boards, replace=False, **given)[1] == "unchanged"
    with pytest.raises(InputError, match="`replace=True` to move it aside"):
        submit(run_of("model", seed=5), boards)
    assert submit_run(run_of("model", seed=5), boards, replace=True, **given)[1] == "replaced"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model", "model.old-1"]
    assert len(entry_locations(boards)) == 1
    assert check_entry(folder) == []


def test_a_leaderboard_has_the_same_predictions_and_the_same_name_only_once(tmp_path):
    submit(run_of("model"), tmp_path, row="First")
    with pytest.raises(InputError, match="has the same predictions"):
        submit(run_of("model"), tmp_path, row="Second")
    with pytest.raises(InputError, match="has a name that looks like this one, First"):
        submit(run_of("other"), tmp_path, row="first")


@pytest.mark.parametrize(
    "name", ["", " a", "../up", "a/b", "a\\b", "<b>x</b>", "a\nb", "a\x1b[31m", "x.old-1", ".hidden", "a&b", "y" * 81]
)
def test_an_invalid_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="a name has at most 80 characters"):
        row_name(name)
    with pytest.raises(InputError, match="field row"):
        submit(run_of("model"), tmp_path / "leaderboards", row=name)
    assert not (tmp_path / "leaderboards").exists()


@pytest.mark.parametrize(("name", "folder"), [("stitched:blend=0.4", "stitched-blend=0.4"), ("Модель 2 (база)", "Модель-2-база")])
def test_a_name_becomes_a_safe_folder_name(name, folder):
    assert folder_name(row_name(name)) == folder


def test_a_damaged_entry_does_not_prevent_another_submission(tmp_path):
    broken = submit(run_of("broken"), tmp_path)
    (broken / "entry.yaml").write_bytes(b"row: [")
    assert submit(run_of("valid", 0.4, seed=3), tmp_path).is_dir()


def test_records_and_productions_of_another_row_are_refused(tmp_path):
    submit(run_of("first"), tmp_path)
    with pytest.raises(InputError, match="has the same records"):
        submit(run_of("second"), tmp_path)
    shown = {clip: f"first {clip}" for clip in CLIPS[:25]}
    with pytest.raises(InputError, match="has 25 of the same 40 productions"):
        submit(run_of("third", 0.4, seed=3, productions=shown), tmp_path)


def test_all_metrics_of_the_task_are_in_the_records(tmp_path):
    entry = read_entry(submit(run_of("model"), tmp_path))
    assert tuple(entry.run.metrics) == METRICS
