"""Finding rows: which splits have rows, which row a name means, and which rows a result can be compared with."""

from __future__ import annotations

import pytest
import yaml

from signbench.errors import InputError
from signbench.leaderboard.finding import board_with_rows, comparable_rows, run_or_row
from signbench.runs import packed
from signbench.runs.comparison import compare
from signbench.runs.packed import MOST_RECORD_BYTES
from signbench.runs.records import pack
from tests.ci.simulated_runs import with_spread
from tests.leaderboard.rows import TASK, run_of, small_task, submit, write_task
from tests.leaderboard.test_ranking import ANCHOR, publish

__all__ = ["small_task"]

pytestmark = pytest.mark.usefixtures("small_task")


@pytest.fixture
def rows(small_task):
    """Three rows and an anchor."""
    for run in (run_of("low", 0.3), run_of("my model 2", 0.5, seed=3), run_of("high", 0.7), run_of("ceiling", 0.01, card=ANCHOR)):
        submit(run, small_task / "leaderboards")
    return small_task


def test_the_default_split_is_shown_if_it_has_rows(rows):
    found, sentences = board_with_rows(TASK)
    assert (found.split, sentences) == ("test", [])


def test_a_split_with_rows_is_shown_if_the_default_split_has_none(small_task):
    write_task(small_task)
    path = small_task / "tasks" / f"{TASK}.yaml"
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**content, "splits": ["dev", "test"]}))
    submit(run_of(), small_task / "leaderboards")
    found, sentences = board_with_rows(TASK)
    assert (found.split, [row.row for row in found.blocks[0].rows]) == ("test", ["model"])
    assert sentences == ["the default split dev has no row; this is test."]
    found, sentences = board_with_rows(TASK, "dev")
    assert (found.split, found.blocks) == ("dev", ())
    assert sentences == ["other splits with rows, for `split`: test (1 measured)."]


def test_a_task_with_published_rows_alone_says_so(small_task):
    publish(small_task)
    found, sentences = board_with_rows(TASK)
    assert (found.split, found.blocks, len(found.published)) == ("test", (), 1)
    assert sentences[0] == "other splits with rows, for `split`: dev (1 published)."
    assert sentences[1].startswith(f"{TASK} (test) has only published rows")


def test_a_task_without_any_row_is_shown_empty(small_task):
    found, sentences = board_with_rows(TASK)
    assert (found.split, found.blocks, found.published, sentences) == ("test", (), (), [])


def test_a_result_is_reported_with_the_rows_that_it_can_be_compared_with(rows, tmp_path):
    said = comparable_rows(run_of("new", 0.4, seed=8).result, tmp_path / "a run")
    assert said[0] == f"measured in the same way as 3 rows (high, low, my model 2) and 1 anchor (ceiling) of {TASK} (test)."
    assert said[1] == f"to compare: signbench compare '{tmp_path}/a run' {TASK}/test/high"
    assert said[2] == f"to submit: signbench leaderboard submit '{tmp_path}/a run'"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"references": "another copy"}, "no row of tiny/text-to-video (test) was measured in the same way; the closest, "),
        ({"split": "dev"}, "tiny/text-to-video (dev) has no measured row to compare this run with."),
        ({"lacking": (0,)}, "an incomplete run cannot be compared with the rows"),
    ],
)
def test_a_result_is_reported_with_why_it_cannot_be_compared_with_any_row(rows, tmp_path, changes, said):
    assert comparable_rows(run_of("new", 0.4, **changes).result, tmp_path)[0].startswith(said)


def test_published_rows_are_not_comparable(small_task, tmp_path):
    publish(small_task)
    (first, _) = comparable_rows(run_of().result, tmp_path)
    assert first == f"{TASK} (test) has no measured row to compare this run with; its 1 published ones are not ranked."


def test_rows_that_the_check_refuses_are_not_comparable(rows, tmp_path):
    path = rows / "leaderboards" / TASK / "test" / "low" / "result.json"
    path.write_text(path.read_text().replace('"value": 0.3', '"value": 0.1'))
    assert "(high, my model 2)" in comparable_rows(run_of("new", 0.4, seed=8).result, tmp_path)[0]


def test_nothing_is_reported_for_a_subset(rows, tmp_path):
    assert comparable_rows(run_of(subset=3).result, tmp_path) == []


@pytest.mark.parametrize("name", [f"{TASK}/test/my model 2", f"{TASK}/test/my-model-2", f"leaderboards/{TASK}/test/my-model-2"])
def test_a_run_is_compared_with_a_row_before_it_is_submitted(rows, name):
    run = run_of("new", 0.4, seed=8)
    with run_or_row(name) as row:
        found = compare([run, row])
    (pair,) = found.pairs
    assert pair.second.run == name
    assert [metric.metric for metric in pair.metrics] == ["l1", "ssim", "duration-ratio"]
    assert pair.metrics[0].better == "first"
    assert pair.metrics[0].p_holm < 0.05
    assert pair.not_comparable == ()
    assert pair.metrics[0] == compare([run, run_of("my model 2", 0.5, seed=3)]).pairs[0].metrics[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "nowhere is neither a run folder nor a row of a leaderboard; a row is named as TASK/SPLIT/ROW"),
        (f"{TASK}/test/hihg", r"has no row hihg. Did you mean high"),
        (TASK, f"such as {TASK}/test/ceiling"),
    ],
)
def test_an_unknown_name_is_refused_with_how_to_name_a_row(rows, name, said):
    with pytest.raises(InputError, match=said), run_or_row(name):
        pass


def test_a_row_that_its_check_refuses_is_not_compared(rows):
    path = rows / "leaderboards" / TASK / "test" / "low" / "result.json"
    path.write_text(path.read_text().replace('"value": 0.3', '"value": 0.1'))
    with (
        pytest.raises(InputError, match="this entry cannot be compared, because it fails its check"),
        run_or_row(f"{TASK}/test/low"),
    ):
        pass


def test_a_metric_without_stored_records_is_compared_by_its_scores_without_groups_of_clips(small_task, monkeypatch):
    with_spread(monkeypatch)
    metrics = ("l1", "spread")
    write_task(small_task, metrics=metrics)
    row = run_of("model", 0.5, metrics=metrics, spread=0.1)
    new = run_of("new", 0.4, metrics=metrics, spread=0.2, seed=8)
    kept = compare([new, row]).pairs[0]

    def large(record):
        return pack(record) + (b"\0" * (MOST_RECORD_BYTES + 1) if "value" in record else b"")

    monkeypatch.setattr(packed, "pack", large)
    submit(row, small_task / "leaderboards")
    with run_or_row(f"{TASK}/test/model") as found:
        assert set(found.left_out) == {"spread"}
        pair = compare([new, found]).pairs[0]
        turned = compare([found, new]).pairs[0]
    assert pair.not_comparable == ()
    assert pair.metrics == kept.metrics
    assert turned.metrics[1].difference == -kept.metrics[1].difference
    assert turned.metrics[1].reference_value == kept.metrics[1].reference_value
