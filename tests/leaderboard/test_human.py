"""The human column: counts for each sign, and nothing of the people."""

from __future__ import annotations

import json

import pytest

from signbench.errors import InputError
from signbench.leaderboard import tables
from signbench.leaderboard.checking import check_entry
from signbench.leaderboard.human import HumanScore, read_human
from signbench.leaderboard.ranking import board
from signbench.leaderboard.submission import submit_study
from tests.leaderboard.rows import TASK, run_of, small_task, submit

__all__ = ["small_task"]

COUNTS = [("a", "house", 8, 10), ("a", "tree", 5, 10), ("b", "bird", 9, 12), ("b", "blank", 0, 0)]
SIGNS, PACKS = (0.8 + 0.5 + 0.75) / 3, ((0.8 + 0.5) / 2 + 0.75) / 2


def document(**changes):
    return {
        "study": "rusign",
        "raters": 22,
        "clips": 4,
        "per_sign": [
            {"pack": pack, "sign": sign, "correct": correct, "answers": answers} for pack, sign, correct, answers in COUNTS
        ],
        "mean_over_signs": {"value": SIGNS, "interval": (0.6, 0.8), "interval_note": "bootstrap"},
        "mean_of_packs": {"value": PACKS, "interval": None, "interval_note": "two packs"},
        "signature": "metric:sus|revision:1|judge:exact",
        **changes,
    }


@pytest.fixture
def row(small_task):
    return submit(run_of("model"), small_task / "leaderboards")


def judged(row, **changes):
    (row / "study.json").write_bytes(HumanScore.model_validate(document(**changes)).json_bytes())


def test_sus_both_ways_follows_from_the_counts():
    assert HumanScore.model_validate(document()).derived() == pytest.approx((SIGNS, PACKS), rel=1e-15)


def test_a_row_with_a_study_is_in_order_and_has_a_human_column(row):
    judged(row)
    assert check_entry(row) == []
    (block,) = board(TASK).blocks
    assert block.rows[0].human.answers == 32
    assert tables.rows(block)[0]["SUS ↑"] == "0.6833 [0.6000, 0.8000]"
    assert "metric:sus|revision:1|judge:exact" in tables.remarks(block)


def test_studies_that_judged_otherwise_have_a_column_each(row, small_task):
    judged(row)
    other = submit(run_of("other", seed=3), small_task / "leaderboards")
    judged(other, signature="metric:sus|revision:1|judge:lemma")
    (block,) = board(TASK).blocks
    shown = {cells["row"]: (cells["SUS (1) ↑"], cells["SUS (2) ↑"]) for cells in tables.rows(block)}
    assert sorted(cell == "-" for cells in shown.values() for cell in cells) == [False, False, True, True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mean_over_signs": {"value": 0.9, "interval": None, "interval_note": ""}}, "mean_over_signs is 0.9, but its counts give"),
        ({"mean_of_packs": {"value": 0.9, "interval": None, "interval_note": ""}}, "mean_of_packs is 0.9, but its counts give"),
        ({"per_sign": [{"pack": "a", "sign": "s", "correct": 3, "answers": 2}]}, "more correct answers than answers"),
    ],
)
def test_a_sus_that_its_counts_do_not_give_is_found(row, changes, said):
    judged(row, **changes)
    assert any(said in problem.what for problem in check_entry(row))


def test_answers_and_raters_are_no_part_of_it(row):
    content = {**document(), "per_rater": [{"rater": "r001"}]}
    (row / "study.json").write_text(json.dumps(content))
    assert [problem.kind for problem in check_entry(row)] == ["human"]
    with pytest.raises(InputError, match="does not hold a study's counts"):
        read_human(row / "study.json")


def study_result(clips):
    """The result of a study, by its own document."""
    result = pytest.importorskip("signbench.study.result", reason="studies are not a part of this installation")
    counts = [result.Counts(answers=answers, correct=correct, open=0, blank=0, left_out=0) for _, _, correct, answers in COUNTS]
    estimate = result.Estimate(value=SIGNS, interval=(0.6, 0.8), interval_note="bootstrap")
    return result.StudyResult(
        name="rusign",
        raters=22,
        signs=4,
        counts=result.Counts(answers=32, correct=22, open=0, blank=0, left_out=0),
        mean_over_signs=estimate,
        mean_of_packs=estimate.model_copy(update={"value": PACKS}),
        if_open_were_correct=SIGNS,
        packs=(),
        per_sign=tuple(
            result.SignScore(pack=pack, sign=sign, clips=(clip,), counts=count, accuracy=None, interval=None)
            for (pack, sign, _, _), clip, count in zip(COUNTS, clips, counts, strict=True)
        ),
        per_clip=tuple(result.ClipScore(clip=clip, pack="a", sign="house", answers=10, correct=8, accuracy=0.8) for clip in clips),
        confusions=(result.Confusion(pack="a", sign="tree", understood="SECRET ANSWER", answers=1, outcome="wrong"),),
        per_rater=(
            result.RaterScore(
                pack="a", rater="r-secret", group=None, answers=10, correct=8, accuracy=0.8, deviation=0.0, outlier=False
            ),
        ),
        outlier_rule="none",
        agreement=(),
        groups=(),
        group_comparisons=(),
        signature="metric:sus|revision:1|judge:exact",
    )


def submitted(folder, result, *, row="model", replace=False):
    path = folder / "study-result.json"
    path.write_bytes(result.json_bytes())
    return submit_study(path, folder / "leaderboards", task=TASK, split=None, row=row, lexicon=None, replace=replace)


def test_a_study_is_added_to_its_row_as_counts(row, small_task):
    result = study_result([f"clip-000{number}" for number in range(4)])
    assert submitted(small_task, result) == (row, "submitted")
    assert check_entry(row) == []
    content = (row / "study.json").read_text()
    assert "SECRET" not in content and "r-secret" not in content
    assert read_human(row / "study.json").raters == 22
    assert submitted(small_task, result)[1] == "unchanged"


def test_a_study_is_refused_without_a_row_of_other_clips_or_over_another(row, small_task):
    with pytest.raises(InputError, match="there is no row nobody"):
        submitted(small_task, study_result(list("abcd")), row="nobody")
    with pytest.raises(InputError, match=r"4 clips that .* does not have, such as a"):
        submitted(small_task, study_result(list("abcd")))
    result = study_result([f"clip-000{number}" for number in range(4)])
    other = result.model_copy(update={"raters": 23})
    submitted(small_task, result)
    with pytest.raises(InputError, match="--replace"):
        submitted(small_task, other)
    assert submitted(small_task, other, replace=True)[1] == "replaced"
    assert (row.with_name("model.old-1") / "study.json").is_file()
    assert check_entry(row) == []


def test_a_study_stays_with_the_row_while_its_predictions_are_the_same(row, small_task):
    judged(row)
    submit(run_of("model"), small_task / "leaderboards", replace=True, contact="somebody else")
    assert (row / "study.json").is_file()
    submit(run_of("model", productions={"clip-0000": "another"}), small_task / "leaderboards", replace=True)
    assert not (row / "study.json").exists()
