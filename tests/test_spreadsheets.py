from __future__ import annotations

import csv
import io

import pytest

from signbench.spreadsheets import as_written, csv_bytes, csv_text, inert

RUN = {
    "=1+1": "'=1+1",
    "+7": "'+7",
    "-": "'-",
    "@SUM(A1)": "'@SUM(A1)",
    "\tx": "'\tx",
    "\u3000=1": "\u3000'=1",
    "\uff1d1": "'\uff1d1",  # as East Asian spreadsheets interpret it
    "walk;=1+1": "walk;'=1+1",
    'walk; "=1+1': "walk; \"'=1+1",
    "walk\t@x": "walk\t'@x",
    "walk|+7": "walk|'+7",
    "walk\n=1": "walk\n'=1",
    "a;=1;=2": "a;'=1;'=2",
    "'=1": "''=1",
}
NOT_RUN = ["walk", "walk, =1", "'quoted", "-0.5", "-3", "a-b", "a; b", "1=1", "bleu:order=4|refs:ab12"]


@pytest.mark.parametrize("typed", RUN)
def test_a_formula_gets_an_apostrophe_in_front_with_any_separator(typed):
    assert inert(typed) == RUN[typed]


@pytest.mark.parametrize("typed", NOT_RUN)
def test_other_texts_stay_unchanged(typed):
    assert inert(typed) == typed


@pytest.mark.parametrize("typed", [*RUN, *NOT_RUN])
def test_the_apostrophe_can_be_removed_again(typed):
    assert as_written(str(inert(typed))) == typed


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_starts_a_formula_whatever_the_separator(delimiter):
    content = csv_bytes([[typed, None, 0.5] for typed in RUN], ["=a", "b;@c", "d"]).decode("utf-8-sig")
    cells = [cell.strip(' "\u3000') for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter) for cell in row]
    assert [cell for cell in cells if cell[:1] in tuple("=+-@\uff1d") and cell] == []


def test_a_cell_of_only_line_breaks_is_processed_quickly():
    assert inert("\n" * 100_000 + "a") == "\n" * 100_000 + "a"


def test_numbers_stay_numbers():
    assert csv_text([[-0.5, 3, None]], ["a", "b", "c"]) == "a,b,c\r\n-0.5,3,\r\n"
