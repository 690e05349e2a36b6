from __future__ import annotations

import csv
import io

import pytest

from signbench.errors import InputError
from signbench.study.judging.lexicon import Lexicon, read_lexicon
from signbench.study.judging.normalisation import judge
from signbench.study.judging.unmatched import COLUMNS, adjudication_csv, unmatched, write_adjudication
from tests.study.judging.test_normalisation import study
from tests.study.response_sheets import text_of, write_xlsx

TYPED = study(
    ("идти", "итди"),
    ("идти", "Итди!"),
    ("идти", "итди"),
    ("идти", "ёлка"),
    ("идти", "-"),
    ("идти", "идти"),
    ("ёлка", "елки"),
    ("ёлка", "=2*3"),
)


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_what_matched_nothing_is_listed_with_counts_examples_and_the_nearest_targets():
    found = unmatched(TYPED)
    assert [(item.sign, item.answer, item.count) for item in found] == [
        ("идти", "итди", 3),
        ("ёлка", "2 3", 1),
        ("ёлка", "елки", 1),
    ]
    assert found[0].examples == ("итди", "Итди!")
    assert found[0].nearest[0] == "идти"
    assert found[2].nearest[0] == "елка"


def test_the_file_has_an_empty_column_for_the_decision_and_no_formula():
    content = adjudication_csv(unmatched(TYPED))
    rows = rows_of(content)
    assert tuple(rows[0]) == COLUMNS
    assert {row["decision"] for row in rows} == {""}
    assert next(row for row in rows if row["answer"] == "2 3")["examples"] == "'=2*3"


def test_a_filled_file_is_a_lexicon_and_leaves_only_what_it_does_not_decide(tmp_path):
    rows = rows_of(adjudication_csv(unmatched(TYPED)))
    filled = [list({**row, "decision": {"итди": "yes", "2 3": "нет"}.get(row["answer"], "")}.values()) for row in rows]
    (tmp_path / "filled.csv").write_bytes(text_of([COLUMNS, *filled], ";").encode("cp1251"))
    lexicon = read_lexicon(tmp_path / "filled.csv")
    assert dict(lexicon.decisions) == {("идти", "итди"): "yes", ("ёлка", "2 3"): "no"}
    assert dict(lexicon.written) == {("ёлка", "2 3"): "нет"}
    assert [item.answer for item in unmatched(TYPED, lexicon)] == ["елки"]
    assert [row.outcome for row in judge(TYPED, lexicon)][:3] == ["correct"] * 3
    again = rows_of(adjudication_csv(unmatched(TYPED, lexicon), lexicon))
    assert [(row["answer"], row["decision"]) for row in again] == [("елки", ""), ("итди", "yes"), ("2 3", "no")]


def test_a_lexicon_may_be_a_workbook(tmp_path):
    rows = [["Sign", "Answer", "note", "Decision"], ["идти", "итди", None, "accept"], ["идти", "бег", "?", None]]
    assert dict(read_lexicon(write_xlsx(tmp_path / "l.xlsx", {"a": rows})).decisions) == {("идти", "итди"): "yes"}


@pytest.mark.parametrize(
    ("word", "decision"),
    [
        ("yes", "yes"),
        ("Accept", "yes"),
        ("да", "yes"),
        ("no", "no"),
        ("REJECT", "no"),
        ("нет", "no"),
        ("Nein", "no"),
        ("是", "yes"),
        ("ходить", "ходить"),
    ],
)
def test_a_decision_is_yes_no_or_a_lemma(tmp_path, word, decision):
    (tmp_path / "l.csv").write_text(f"sign,answer,decision\nидти,итди,{word}\n", encoding="utf-8")
    assert read_lexicon(tmp_path / "l.csv").decisions["идти", "итди"] == decision


def test_an_answer_that_was_escaped_against_formulas_is_matched(tmp_path):
    (tmp_path / "l.csv").write_text("sign,answer,decision\nидти,'+,yes\n", encoding="utf-8")
    assert dict(read_lexicon(tmp_path / "l.csv").decisions) == {("идти", "+"): "yes"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sign,answer\na,b\n", r"l\.csv, row 1 has no column 'decision'"),
        ("sign,sign,answer,decision\n", r"row 1 has 2 columns 'sign'"),
        ("sign,answer,decision\na,b,yes\na,b,no\n", r"l\.csv, rows 2 and 3 have different decisions on 'b' for the sign 'a'"),
        ("sign,answer,decision\n,b,yes\n", r"l\.csv, row 2, column A is empty, but the row has a decision"),
        ("sign,answer,decision\na,b,c,yes\n", r"l\.csv, row 2 has 4 cells, but the header has 3"),
    ],
)
def test_a_file_that_is_not_a_lexicon_is_refused(tmp_path, text, message):
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_lexicon(tmp_path / "l.csv")


def test_a_file_with_decisions_is_never_overwritten(tmp_path):
    path = tmp_path / "adjudicate.csv"
    write_adjudication(path, unmatched(TYPED))
    before = path.read_bytes()
    with pytest.raises(InputError, match="already exists and may contain decisions"):
        write_adjudication(path, unmatched(TYPED), Lexicon({}))
    assert path.read_bytes() == before
