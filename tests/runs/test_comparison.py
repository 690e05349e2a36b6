"""Comparisons of runs: what is compared, what is left out, what is refused."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from signbench.errors import IncompleteError, InputError, NotComparableError
from signbench.runs.comparison import Comparison, compare
from signbench.runs.comparison_tables import as_csv, as_markdown, cells, remarks
from signbench.runs.measured_run import measured_run
from signbench.runs.result import TaskSplit
from signbench.schemas import json_schema
from tests.ci.simulated_runs import TASK, normal, simulated, with_spread

CLIPS = 40


def only(comparison: Comparison, metric=None):
    (pair,) = comparison.pairs
    return pair.metrics[0] if metric is None else next(each for each in pair.metrics if each.metric == metric)


def pair_of(metric, first, second, **options):
    return compare([simulated({metric: first}, "a"), simulated({metric: second}, "b", **options)])


@pytest.mark.parametrize(("metric", "better"), [("l1", "first"), ("psnr", "second"), ("dtw", "first"), ("duration-ratio", "first")])
def test_a_difference_has_an_interval_a_test_and_a_winner(metric, better):
    base = normal(1, CLIPS, mean=1.0, spread=0.05)
    found = only(pair_of(metric, base, base + normal(2, CLIPS, mean=0.5, spread=0.1)))
    assert found.difference == pytest.approx(0.5, abs=0.1)
    assert found.interval is not None
    assert found.interval[0] < found.difference < found.interval[1]
    assert found.p == found.p_holm == pytest.approx(1 / 10_001)
    assert found.better == better
    assert (found.wins, found.ties, found.losses) == ((0, 0, CLIPS) if better == "first" else (CLIPS, 0, 0))
    assert found.clips == CLIPS
    assert found.left_out == ()


def test_values_over_all_clips_are_those_of_the_results():
    first, second = simulated({"l1": normal(1, CLIPS)}, "a"), simulated({"l1": normal(2, CLIPS)}, "b")
    found = only(compare([first, second]))
    assert (found.first, found.second) == (first.result["l1"].value, second.result["l1"].value)


def test_the_effect_is_given_for_means_of_clips_alone():
    values = {name: normal(3, CLIPS, mean=1.0) for name in ("l1", "dtw", "duration-ratio")}
    others = {name: row + 1 + normal(4, CLIPS, mean=0) for name, row in values.items()}
    comparison = compare([simulated(values, "a"), simulated(others, "b")])
    difference = others["l1"] - values["l1"]
    assert only(comparison, "l1").effect_size == pytest.approx(difference.mean() / difference.std(ddof=1))
    assert only(comparison, "dtw").effect_size is None
    assert only(comparison, "duration-ratio").effect_size is None


def test_the_ten_clips_that_moved_most_come_first():
    base = normal(5, CLIPS)
    moves = np.zeros(CLIPS)
    moves[:15] = np.arange(15) * np.where(np.arange(15) % 2, 1, -1)
    found = only(pair_of("l1", base, base + moves))
    assert [each.clip for each in found.moved] == [f"clip-{number:04d}" for number in range(14, 4, -1)]
    assert found.moved[0].difference == pytest.approx(-14)
    assert (found.wins, found.ties, found.losses) == (7, 26, 7)


def test_clips_that_did_not_move_are_not_listed():
    base = normal(5, CLIPS)
    assert only(pair_of("l1", base, base)).moved == ()


def test_p_values_are_corrected_over_all_metrics_of_all_pairs():
    base = {"l1": normal(6, CLIPS), "psnr": normal(7, CLIPS)}
    runs = [simulated({name: row + normal(seed, CLIPS, 0) for name, row in base.items()}, f"run {seed}") for seed in range(3)]
    comparison = compare(runs)
    found = [each for pair in comparison.pairs for each in pair.metrics]
    assert comparison.tests == len(found) == 4
    assert min(each.p_holm or 0 for each in found) == pytest.approx(min(1, 4 * min(each.p or 0 for each in found)))
    assert [pair.second.run for pair in comparison.pairs] == ["run 1", "run 2"]


def test_a_missing_production_costs_the_worst_value_where_the_metric_has_one():
    base = normal(8, CLIPS, mean=0.2, spread=0.05)
    found = only(pair_of("l1", base, base, lacking=(3, 5)))
    assert found.clips == CLIPS
    assert found.worst_value == (0, 2)
    assert found.difference == pytest.approx((2 - base[3] - base[5]) / CLIPS)
    assert [(each.clip, each.second, each.missing_in) for each in found.moved] == [
        (clip, 1.0, ("second",)) for clip in sorted(["clip-0003", "clip-0005"], key=lambda clip: base[int(clip[-4:])])
    ]


@pytest.mark.parametrize(("metric", "fault"), [("dtw", "prediction"), ("l1", "reference")])
def test_a_clip_without_a_worst_value_is_left_out_on_both_sides_and_counted(metric, fault):
    base = normal(9, CLIPS)
    found = only(pair_of(metric, base, base + 1, lacking=(3, 5), fault=fault))
    assert (found.clips, found.worst_value, found.left_out) == (CLIPS - 2, (0, 0), ("clip-0003", "clip-0005"))
    assert found.first == pytest.approx(np.delete(base, [3, 5]).mean())
    assert found.difference == pytest.approx(1)


def test_an_incomplete_run_is_compared_and_said_to_be_incomplete():
    base = normal(10, CLIPS)
    comparison = pair_of("l1", base, base, lacking=(1,))
    assert comparison.exit_code == 3
    assert comparison.pairs[0].notes == ("b is incomplete.",)
    assert pair_of("l1", base, base).exit_code == 0


def test_other_expected_clips_are_refused_with_the_list():
    first = simulated({"l1": normal(1, 3)}, "a")
    second = simulated({"l1": normal(1, 3)}, "b", clips=("clip-0000", "clip-0001", "other"))
    with pytest.raises(NotComparableError, match=re.escape("1 only in a (clip-0002), 1 only in b (other)")):
        compare([first, second])


def test_a_metric_that_was_measured_otherwise_is_listed_with_the_reason_and_the_others_are_compared():
    first = simulated({"l1": normal(1, CLIPS), "dtw": normal(2, CLIPS), "ssim": normal(3, CLIPS)}, "a")
    second = simulated({"l1": normal(1, CLIPS), "dtw": normal(2, CLIPS), "psnr": normal(3, CLIPS)}, "b", size=(16, 16))
    comparison = compare([first, second])
    (pair,) = comparison.pairs
    assert [each.metric for each in pair.metrics] == ["dtw"]
    reasons = {each.metric: each.reasons for each in pair.not_comparable}
    assert reasons["ssim"] == ("b did not measure it",)
    assert reasons["psnr"] == ("a did not measure it",)
    assert "the size that images were resized to: native against 16x16" in reasons["l1"]
    assert comparison.exit_code == 0


def test_other_references_make_nothing_comparable():
    base = normal(1, CLIPS)
    comparison = pair_of("l1", base, base, references="others")
    assert comparison.exit_code == 4
    assert comparison.pairs[0].not_comparable[0].reasons[0].startswith("the references themselves: ")


def test_records_of_another_revision_are_not_compared(monkeypatch):
    first, second = simulated({"l1": normal(1, CLIPS)}, "a"), simulated({"l1": normal(1, CLIPS)}, "b")
    monkeypatch.setattr(type(first.plan.metrics[0]), "revision", 99)
    (lacking,) = compare([first, second]).pairs[0].not_comparable
    assert lacking.reasons[0].startswith("the records of a were made by another revision of the metric")


def test_runs_of_other_tasks_are_compared_with_a_note():
    base = normal(1, CLIPS)
    found = pair_of("l1", base, base, task=TaskSplit(name="tiny/gloss-to-video", version=2, split="test"))
    (note,) = found.pairs[0].notes
    assert note.startswith(f"The runs are not of one task: {TASK.name} 1 (test) against tiny/gloss-to-video 2 (test).")


def test_anchors_and_subsets_are_noted():
    runs = [
        simulated({"l1": normal(1, 12)}, name, subset=12, card={"name": "truth", "version": "1", "sees": sees})
        for name, sees in (("a", "references"), ("b", "prompts"))
    ]
    assert compare(runs).pairs[0].notes == (
        "Only a subset of the clips; not for leaderboards or baselines.",
        "a is an anchor: its generator is shown the references.",
    )


def test_clips_of_a_signer_are_exchanged_together():
    signers = [f"signer {number % 8}" for number in range(CLIPS)]
    runs = [simulated({"l1": normal(seed, CLIPS)}, f"run {seed}", clusters=signers) for seed in (1, 2)]
    found = only(compare(runs))
    assert (found.test, found.interval_note) == ("cluster-randomisation", "cluster-bootstrap-t")


def test_a_distance_between_distributions_has_no_winning_clips(monkeypatch):
    with_spread(monkeypatch)
    found = only(pair_of("spread", normal(1, 200), normal(2, 200, spread=0.5)))
    assert (found.test, found.draws, found.wins, found.moved) == ("jackknife", None, None, ())
    assert found.reference_value == 1
    assert found.difference == pytest.approx(0.5, abs=0.15)
    assert found.p is not None
    assert found.p < 1e-5


def test_metrics_are_chosen_by_any_spelling_and_unknown_ones_are_answered():
    runs = [simulated({"l1": normal(1, 12), "dtw": normal(2, 12)}, name) for name in ("a", "b")]
    assert [each.metric for each in compare(runs, ["dtw:variant=slrtp"]).pairs[0].metrics] == ["dtw"]
    with pytest.raises(InputError, match=r"a did not measure dtv. Did you mean dtw\?"):
        compare(runs, ["dtv"])


@pytest.mark.parametrize(("labels", "said"), [(["a"], "at least two runs"), (["a", "a"], "named twice")])
def test_a_comparison_needs_two_different_runs(labels, said):
    with pytest.raises(InputError, match=said):
        compare([simulated({"l1": normal(1, 12)}, label) for label in labels])


@pytest.fixture
def comparison(monkeypatch):
    with_spread(monkeypatch)
    names = ("l1", "dtw", "duration-ratio", "spread")
    first = simulated({name: normal(1, CLIPS, 1.0) for name in names}, "a|<b>")
    return compare([first, simulated({name: normal(2, CLIPS, 1.0) for name in (*names, "psnr")}, "b", lacking=(2,))])


def test_the_document_keeps_to_its_shipped_schema(comparison):
    content = json.loads(json.dumps(comparison.as_json(), allow_nan=False))
    Draft202012Validator(json_schema("comparison")).validate(content)
    assert Comparison.model_validate(content) == comparison


def test_equal_runs_give_equal_documents():
    runs = [[simulated({"dtw": normal(seed, CLIPS)}, f"{seed}") for seed in (1, 2)] for _ in range(2)]
    assert compare(runs[0]).as_json() == compare(runs[1]).as_json()


def test_tables_show_every_metric_and_what_must_be_known_next_to_it(comparison):
    (pair,) = comparison.pairs
    rows = [cells(each, comparison.expected_clips) for each in pair.metrics]
    assert [row["metric"] for row in rows] == ["l1 ↓", "dtw ↓", "duration-ratio →", "spread →"]
    assert rows[0]["clips"] == "40"
    assert rows[1]["clips"] == "39 of 40"
    said = "\n".join(remarks(pair))
    assert "b is incomplete." in said
    assert "psnr is not compared: a|<b> did not measure it." in said
    assert "l1: clips without a production count as the worst value (0 in the first run, 1 in the second)." in said
    assert "dtw: 1 clips that one of the runs lacks are left out on both sides." in said
    assert "l1 moved most: " in said


def test_csv_has_a_row_for_every_metric_and_reason(comparison):
    rows = list(csv.DictReader(io.StringIO(as_csv(comparison))))
    assert [row["metric"] for row in rows] == ["l1", "dtw", "duration-ratio", "spread", "psnr"]
    assert float(rows[0]["difference"]) == only(comparison).difference
    assert rows[4]["not_comparable"] == "a|<b> did not measure it"


def test_markdown_shows_names_and_nothing_of_what_they_try(comparison):
    text = as_markdown(comparison)
    assert text.startswith("**a\\|&lt;b&gt;** against **b**\n")
    assert len({line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("|")}) == 1


def test_a_run_on_disk_is_compared_like_one_in_memory(tmp_path):
    values = normal(1, CLIPS), normal(2, CLIPS)
    memory = compare([simulated({"dtw": row}, name) for name, row in zip("ab", values, strict=True)])
    for name, row in zip("ab", values, strict=True):
        simulated({"dtw": row}, name, out=tmp_path / name)
    (tmp_path / "b" / "result.json").unlink()  # it can be derived again
    with measured_run(tmp_path / "a") as first, measured_run(tmp_path / "b") as second:
        assert compare([first, second]).pairs[0].metrics == memory.pairs[0].metrics


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"exit_code": None, "status": "running"}, IncompleteError, "has not finished"),
        ({"exit_code": 130, "status": "interrupted"}, IncompleteError, "it is interrupted"),
        ({"spec": {}}, InputError, "damaged or of another version"),
    ],
)
def test_something_other_than_a_finished_run_is_refused(tmp_path, change, error, said):
    simulated({"l1": normal(1, 12)}, out=tmp_path / "a")
    description = json.loads((tmp_path / "a" / "run.json").read_text())
    (tmp_path / "a" / "run.json").write_text(json.dumps({**description, **change}))
    with pytest.raises(error, match=said), measured_run(tmp_path / "a"):
        pass
    with pytest.raises(InputError, match="not a run folder"), measured_run(tmp_path / "nowhere"):
        pass
