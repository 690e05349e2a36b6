"""A study next to a run: what people understood of its productions."""

from __future__ import annotations

import pytest

from signbench.errors import InputError
from signbench.report.page import write_report
from signbench.report.people import people_of
from signbench.study.judging.normalisation import Judgement
from signbench.study.scoring import score_judgements
from signbench.study.sheets.answers import Answer
from tests.browser import Opened
from tests.report.small_runs import measured

CLIPS = {"a": "tree", "b": "sun", "c": "<i>sea</i>"}
ANSWERS = {
    "a": ["tree", "tree", "tree", "tree"],
    "b": ["moon", "moon", "sun", ""],
    "c": ["<i>sea</i>", "<b>bold</b>", "<i>sea</i>", "<i>sea</i>"],
}


@pytest.fixture
def study(tmp_path):
    """The result of a study of four raters."""
    judgements = []
    for clip, sign in CLIPS.items():
        for number, text in enumerate(ANSWERS[clip]):
            answer = Answer(rater=f"r{number}", clip=clip, sign=sign, pack="pack", text=text)
            outcome = "correct" if text == sign else "wrong" if text else "blank"
            judgements.append(Judgement(answer, text, outcome, text))
    result = score_judgements(judgements, name="small", count_blank=True, signed="variant:test")
    path = tmp_path / "study-result.json"
    path.write_bytes(result.json_bytes())
    return path


def test_the_least_understood_clip_is_first_and_says_what_was_understood_instead(study):
    people = people_of(study, ["a", "b", "c", "d"])
    assert [(each.clip, each.sign, each.correct, each.answers) for each in people.clips] == [
        ("b", "sun", 1, 4),
        ("c", "<i>sea</i>", 3, 4),
        ("a", "tree", 4, 4),
    ]
    assert people.clips[0].instead == (("moon", 2), ("", 1))
    assert people.misunderstood == ["b", "c"]
    assert [each.clip for each in people_of(study, ["a"]).clips] == ["a"]


def test_a_study_of_other_clips_is_refused(study, tmp_path):
    with pytest.raises(InputError, match=r"showed none of the run's clips, but a; name the clips"):
        people_of(study, ["x"])
    with pytest.raises(InputError):
        people_of(tmp_path / "none", ["a"])


def test_misunderstood_clips_have_players_and_a_table(study, browser, tmp_path):
    run = measured(tmp_path / "measured", tuple(CLIPS))
    opened = Opened(browser, write_report([run], tmp_path / "report", study=study))
    assert opened.page.locator(".player > h3").all_inner_texts()[:2] == ["b", "c"]
    rows = opened.page.locator("#people ~ .scroll").first.locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[:3] for row in rows] == [["b", "sun", "1 of 4"], ["c", "<i>sea</i>", "3 of 4"], ["a", "tree", "4 of 4"]]
    assert "moon × 2" in rows[0]
    assert "(no answer)" in rows[0]
    assert "<b>bold</b>" in rows[1]
    assert "66.7 %" in opened.page.locator("#people + p").inner_text()
    assert opened.said == []
