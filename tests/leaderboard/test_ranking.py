"""Leaderboards: which rows form a block, and that ranks need significant differences."""

from __future__ import annotations

import pytest
import yaml

from signbench.errors import InputError
from signbench.leaderboard import ranking
from signbench.leaderboard.ranking import board, standings
from signbench.leaderboard.verification import SAME
from tests.ci.simulated_runs import CARD
from tests.leaderboard.rows import TASK, run_of, small_task, submit, write_task

__all__ = ["small_task"]

pytestmark = pytest.mark.usefixtures("small_task")

ANCHOR = {**CARD, "sees": "references"}

OURS = {"row": "Ours", "model": "Model", "under": None, "kind": "model", "note": None}
PUBLISHED = [
    {
        "task": TASK,
        "source": {"citation": "Nobody: Nothing", "arxiv": "2501.00001", "url": None, "table": "Table 1", "caption": "Numbers."},
        "columns": [
            {"header": "L1 ↓", "metric": "l1", "direction": "lower", "unit": "1", "measured": "Not stated."},
            {"header": "FVD", "metric": "fvd", "direction": "lower", "unit": None, "measured": "Not stated."},
        ],
        "rows": [
            {**OURS, "split": "test", "values": {"l1": "0.410", "fvd": "140.9"}},
            {**OURS, "split": "dev", "values": {"l1": "0.5", "fvd": None}},
        ],
        "notes": ["A note."],
    }
]


def publish(folder):
    path = folder / "leaderboards" / TASK / "published.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(PUBLISHED, allow_unicode=True), encoding="utf-8")


def boards_with(tmp_path, *runs):
    for run in runs:
        submit(run, tmp_path / "leaderboards")
    return board(TASK)


def ranks(block, metric="l1"):
    return {row.row: row.cells[metric].rank for row in block.rows}


def test_rows_that_do_not_differ_significantly_share_a_rank(tmp_path):
    found = boards_with(
        tmp_path, run_of("clearly best", 0.3), run_of("second", 0.500, seed=5), run_of("third", 0.502, seed=9), run_of("last", 0.8)
    )
    (block,) = found.blocks
    assert block.rows[0].row == "clearly best"
    assert ranks(block) == {"clearly best": 1, "second": 2, "third": 2, "last": 4}
    assert found.leading == "l1"
    assert "randomisation over clips, Holm over 6 pairs" in block.columns[0].ranked_by


def test_ranks_follow_each_metric_in_its_own_direction(tmp_path):
    found = boards_with(tmp_path, run_of("low", 0.3), run_of("high", 0.7))
    (block,) = found.blocks
    assert ranks(block, "l1") == {"low": 1, "high": 2}
    assert ranks(block, "ssim") == {"high": 1, "low": 2}
    assert ranks(block, "duration-ratio") == {"low": 2, "high": 1}  # 0.5 and 0.9 against 1


def test_equal_models_share_a_rank(tmp_path):
    runs = [run_of(f"model-{number}", 0.5, seed=11 * number) for number in range(6)]
    (block,) = boards_with(tmp_path, *runs).blocks
    assert set(ranks(block).values()) == {1}


def test_anchors_are_listed_separately_without_a_rank(tmp_path):
    (block,) = boards_with(tmp_path, run_of("model", 0.5), run_of("ceiling", 0.01, card=ANCHOR)).blocks
    assert [row.row for row in block.rows] == ["model"]
    assert [row.row for row in block.anchors] == ["ceiling"]
    assert block.anchors[0].cells["l1"].rank is None
    assert ranks(block) == {"model": 1}


def test_rows_that_were_measured_differently_form_another_block_with_the_reason(tmp_path):
    write_task(tmp_path, known=False)
    copies = [run_of(name, mean, card=None, own_copy=True) for name, mean in (("one", 0.5), ("two", 0.6))]
    found = boards_with(tmp_path, *copies, run_of("copy", 0.2, card=None, references="a copy", own_copy=True))
    first, second = found.blocks
    assert ranks(first) == {"one": 1, "two": 2}
    assert ranks(second) == {"copy": 1}
    assert first.reasons == ()
    assert len(second.reasons) == 1
    assert second.reasons[0].startswith("the references themselves: ")
    assert second.rows[0].own_copy


def test_rows_of_an_older_task_version_are_left_out_with_the_reason(tmp_path):
    submit(run_of("old", 0.2), tmp_path / "leaderboards")
    write_task(tmp_path, version=2)
    submit(run_of("new", 0.5, version=2), tmp_path / "leaderboards")
    found = board(TASK)
    assert [[row.row for row in block.rows] for block in found.blocks] == [["new"]]
    (sentence,) = found.refused
    assert "it was measured on version 1 of tiny/text-to-video, which is at version 2; score the predictions again." in sentence


def test_a_row_without_a_metric_that_was_added_later_stays_in_the_block(tmp_path):
    write_task(tmp_path, metrics=("l1",))
    submit(run_of("early", 0.5, metrics=("l1",)), tmp_path / "leaderboards")
    write_task(tmp_path, metrics=("l1",), extended=("ssim",))
    run = run_of("late", 0.6, metrics=("l1", "ssim"), tiers=("core", "extended"))
    (block,) = boards_with(tmp_path, run).blocks
    assert ranks(block) == {"early": 1, "late": 2}
    assert [column.metric for column in block.columns] == ["l1", "ssim"]
    assert "ssim" not in next(row for row in block.rows if row.row == "early").cells


def test_records_of_another_revision_are_left_out_with_the_reason(tmp_path, monkeypatch):
    submit(run_of("one", 0.5), tmp_path / "leaderboards")
    from signbench.metrics.image import L1

    monkeypatch.setattr(L1, "revision", 99)
    found = board(TASK)
    assert found.blocks == ()
    assert any("l1 was measured by another revision of its code" in sentence for sentence in found.refused)


def test_published_rows_are_listed_separately_and_by_split(tmp_path):
    publish(tmp_path)
    found = boards_with(tmp_path, run_of("model", 0.5))
    assert [[row.label for row in table.rows] for table in found.published] == [["Ours (Model)"]]
    assert found.published[0].rows[0].split == "test"
    assert [row.split for row in board(TASK, "dev").published[0].rows] == ["dev"]
    here = [standing for standing in standings() if standing.task.name == TASK]
    assert [(standing.split, len(standing.published), len(standing.locations)) for standing in here] == [
        ("test", 1, 1),
        ("dev", 1, 0),
    ]


def test_one_metric_can_be_selected_in_any_spelling(tmp_path):
    publish(tmp_path)
    submit(run_of("low", 0.3), tmp_path / "leaderboards")
    submit(run_of("high", 0.7), tmp_path / "leaderboards")
    found = board(TASK, metric="ssim:window=gaussian")
    (block,) = found.blocks
    assert [column.metric for column in block.columns] == ["ssim"]
    assert [row.row for row in block.rows] == ["high", "low"]
    assert found.published == ()
    only = board(TASK, metric="fvd")
    assert only.blocks == ()
    assert list(only.published[0].rows[0].values) == ["fvd"]
    with pytest.raises(InputError, match=r"has no metric lpsi\. Known|has no metric lpsi\. Did you mean"):
        board(TASK, metric="lpsi")


@pytest.mark.parametrize(
    ("task", "split", "said"), [("tiny/text-to-vdeo", None, "Did you mean"), (TASK, "tset", "Did you mean test")]
)
def test_unknown_names_are_answered_with_the_closest(task, split, said):
    with pytest.raises(InputError, match=said):
        board(task, split)


def test_a_task_without_rows_has_an_empty_board():
    found = board(TASK)
    assert (found.blocks, found.published, found.leading) == ((), (), None)


def test_a_board_is_plain_json(tmp_path):
    publish(tmp_path)
    found = boards_with(tmp_path, run_of("model", 0.5))
    document = found.as_json()
    assert document["blocks"][0]["rows"][0]["cells"]["l1"]["rank"] == 1
    assert document["published"][0]["rows"][0]["values"]["l1"] == "0.410"
    assert ranking.ALPHA > SAME
