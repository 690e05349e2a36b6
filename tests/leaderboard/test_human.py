"""The human column: counts for each sign, and nothing about single raters."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.leaderboard import tables
from signbench.leaderboard.checking import check_entry
from signbench.leaderboard.human import HumanScore, read_human
from signbench.leaderboard.ranking import board
from signbench.leaderboard.site import rendered
from signbench.leaderboard.submission import submit_study
from signbench.study.scores.signature import shown_part
from tests.leaderboard.rows import TASK, run_of, small_task, submit
from tests.study.judged import judged as as_judged
from tests.study.judged import scored

__all__ = ["small_task"]

COUNTS = [
    *(("a", f"house{number}", 8, 10) for number in range(6)),
    *(("a", f"tree{number}", 5, 10) for number in range(6)),
    *(("b", f"bird{number}", 9, 12) for number in range(6)),
]
SIGNS, PACKS = (0.8 + 0.5 + 0.75) / 3, ((0.8 + 0.5) / 2 + 0.75) / 2
CLIPS = [f"clip-{number:04}" for number in range(len(COUNTS))]


def signed(per_sign, judged="language:en"):
    shown = shown_part((row["pack"], row["sign"], clip) for row in per_sign for clip in row["clips"])
    return f"metric:sus|revision:2|{shown}|{judged}"


def counted(counts=COUNTS, clips=CLIPS):
    return [
        {"pack": pack, "sign": sign, "clips": [clip], "correct": correct, "answers": answers}
        for (pack, sign, correct, answers), clip in zip(counts, clips, strict=True)
    ]


def estimate(value=SIGNS, interval=(0.5, 0.8)):
    return {"value": value, "interval": interval, "interval_note": "bootstrap"}


def document(**changes):
    per_sign = changes.get("per_sign", counted())
    return {
        "study": "rusign",
        "raters": 22,
        "per_sign": per_sign,
        "mean_over_signs": estimate(),
        "mean_of_packs": estimate(PACKS),
        "signature": signed(per_sign),
        **changes,
    }


@pytest.fixture
def row(small_task):
    return submit(run_of("model"), small_task / "leaderboards")


def judged(row, **changes):
    (row / "study.json").write_bytes(HumanScore.model_validate(document(**changes)).json_bytes())


def test_sus_both_ways_follows_from_the_counts():
    assert HumanScore.model_validate(document()).derived() == pytest.approx((SIGNS, PACKS), rel=1e-15)


def test_a_row_with_a_study_is_valid_and_has_a_human_column(row):
    judged(row)
    assert check_entry(row) == []
    (block,) = board(TASK).blocks
    assert block.rows[0].human.answers == 192
    assert tables.table_of(block).texts()[0]["SUS ↑"] == "0.6833 [0.5000, 0.8000] (22 raters, 18 signs)"
    assert signed(counted()) in tables.remarks(block)


def test_studies_that_judged_differently_have_a_column_each(row, small_task):
    judged(row)
    other = submit(run_of("other", seed=3), small_task / "leaderboards")
    judged(other, signature=signed(counted(), "language:ru"))
    (block,) = board(TASK).blocks
    shown = {cells["row"]: (cells["SUS (1) ↑"], cells["SUS (2) ↑"]) for cells in tables.table_of(block).texts()}
    assert sorted(cell == "-" for cells in shown.values() for cell in cells) == [False, False, True, True]


def test_studies_of_easy_and_of_hard_signs_have_a_column_each_and_the_table_says_why(row, small_task):
    # these were once shown in one column
    for folder, correct, clips in ((row, 9, CLIPS), (submit(run_of("hard", seed=3), small_task / "leaderboards"), 3, CLIPS[::-1])):
        rows = counted([(pack, sign, correct, 10) for pack, sign, _, _ in COUNTS], clips)
        judged(
            folder,
            per_sign=rows,
            mean_over_signs=estimate(correct / 10, (correct / 10 - 0.1, correct / 10 + 0.09)),
            mean_of_packs=estimate(correct / 10, (correct / 10 - 0.1, correct / 10 + 0.09)),
        )
        assert check_entry(folder) == []
    (block,) = board(TASK).blocks
    shown = [(cells["SUS (1) ↑"], cells["SUS (2) ↑"]) for cells in tables.table_of(block).texts()]
    assert sorted(cell == "-" for cells in shown for cell in cells) == [False, False, True, True]
    assert tables.remarks(block)[-1].startswith(
        "SUS (2) ↑ cannot be compared with SUS (1) ↑: the clips, signs and packs that were shown: "
    )
    assert any("SUS (2) ↑ cannot be compared with SUS (1) ↑: the clips" in page for page in rendered([board(TASK)]).values())


ONE_RATER = [{"pack": "a", "sign": "s", "clips": ["clip-0001"], "correct": 80, "answers": 100}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mean_over_signs": estimate(0.9)}, "mean_over_signs is 0.9, but its counts give"),
        ({"mean_of_packs": estimate(0.9)}, "mean_of_packs is 0.9, but its counts give"),
        ({"mean_of_packs": estimate(None)}, "mean_of_packs is nothing, but its counts give"),
        ({"per_sign": [{**ONE_RATER[0], "correct": 3, "answers": 2}]}, "more correct answers than answers"),
        ({"raters": 1, "per_sign": ONE_RATER}, "100 answers to s are more than 1 raters can give to 1 clips"),
        ({"raters": 100, "per_sign": ONE_RATER}, "needs at least 10 signs, and has 1"),
        (
            {"raters": 9, "per_sign": counted([(pack, sign, 5, 9) for pack, sign, _, _ in COUNTS])},
            "needs at least 10 raters, and has 9",
        ),
        ({"mean_over_signs": estimate(SIGNS, None)}, "mean_over_signs has no interval"),
        ({"mean_over_signs": estimate(SIGNS, (5, -5))}, "from 5 to -5, is not one around 0.683333 within 0 to 1"),
        ({"mean_over_signs": estimate(SIGNS, (-0.1, 0.9))}, "from -0.1 to 0.9, is not one around"),
        ({"mean_over_signs": estimate(SIGNS, (0.7, 0.9))}, "from 0.7 to 0.9, is not one around"),
        ({"mean_over_signs": estimate(SIGNS, (SIGNS, SIGNS))}, "is not one around"),
        ({"mean_over_signs": estimate(SIGNS, (0.68, 0.69))}, "is 0.0100 wide, but the counts of the signs alone imply 0."),
        ({"per_sign": counted(clips=[*CLIPS[:-1], CLIPS[0]])}, "clip clip-0000 shows two signs"),
        ({"per_sign": counted(clips=[*CLIPS[:-1], "elsewhere"])}, "1 clips do not belong to the row, such as elsewhere"),
        ({"per_sign": [*counted(), counted()[0]]}, "a sign occurs twice in one pack"),
        ({"signature": signed(counted(clips=CLIPS[::-1]))}, "but the clips that were shown give"),
        ({"signature": signed(counted()[1:])}, "the signature has clips:17, but the clips that were shown give clips:18"),
        ({"signature": "whatever"}, "is not a signature"),
        ({"signature": signed(counted()).replace("revision:2", "revision:none")}, "does not belong to a study's score"),
    ],
)
def test_a_sus_that_does_not_follow_from_its_counts_is_found(row, changes, said):
    judged(row, **changes)
    assert any(said in problem.what for problem in check_entry(row) if problem.kind == "human")


def test_single_answers_and_raters_are_refused(row):
    content = {**document(), "per_rater": [{"rater": "r001"}]}
    (row / "study.json").write_text(json.dumps(content))
    assert [problem.kind for problem in check_entry(row)] == ["human"]
    with pytest.raises(InputError, match="is not the counts of a study, or is damaged"):
        read_human(row / "study.json")


@pytest.mark.parametrize(("version", "said"), [(1, "older signbench"), (3, "newer signbench")])
def test_a_score_of_another_version_is_refused(row, version, said):
    (row / "study.json").write_text(json.dumps({**document(), "human_version": version}))
    with pytest.raises(InputError, match=said):
        read_human(row / "study.json")


def study_result(clips=CLIPS, raters=22):
    """The result document of a study of 18 signs."""
    rows = as_judged(np.where(np.random.default_rng(0).random((raters, len(COUNTS))) < 0.7, "correct", "wrong"), "a")
    clip_of = dict(zip(sorted({row.answer.clip for row in rows}), clips, strict=True))
    rows = [
        replace(
            row, answer=replace(row.answer, clip=clip_of[row.answer.clip], rater=f"secret {row.answer.rater}"), understood="SECRET"
        )
        for row in rows
    ]
    return scored(rows, name="rusign")


def submitted(folder, result, *, row="model", replace=False):
    path = folder / "study-result.json"
    path.write_bytes(result.json_bytes())
    return submit_study(path, folder / "leaderboards", task=TASK, split=None, row=row, lexicon=None, replace=replace)


def test_a_study_is_added_to_its_row_as_counts(row, small_task):
    result = study_result()
    assert submitted(small_task, result) == (row, "submitted")
    assert check_entry(row) == []
    content = (row / "study.json").read_text()
    assert "secret" not in content.lower()
    assert read_human(row / "study.json").raters == 22
    assert submitted(small_task, result)[1] == "unchanged"


def test_a_study_is_refused_without_a_row_of_other_clips_or_over_another(row, small_task):
    with pytest.raises(InputError, match="there is no row nobody"):
        submitted(small_task, study_result(), row="nobody")
    with pytest.raises(InputError, match=r"18 clips that .* does not have, such as x00"):
        submitted(small_task, study_result([f"x{number:02}" for number in range(18)]))
    with pytest.raises(InputError, match="needs at least 10 raters, and has 9"):
        submitted(small_task, study_result(raters=9))
    result = study_result()
    other = result.model_copy(update={"name": "another study"})
    submitted(small_task, result)
    with pytest.raises(InputError, match="`replace=True`"):
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
