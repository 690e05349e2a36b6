"""A result as tables: short numbers, and labels that break nothing."""

from __future__ import annotations

import csv
import io
import re

import pytest

from signbench.runs.result import Result, Score
from signbench.runs.tables import as_csv, as_latex, as_markdown, number, spanned, table_of

LARGE = 12546123456789012345678901234567890123.0
HOSTILE = "a|b_<i> 50% `c`\nd"


def result(**changes):
    fields = {"metric": "dtw", "value": 1.5, "interval": (1.0, 2.0), "unit": "1", "direction": "lower", "clips": 3, "coverage": 1.0}
    score = Score(**{**fields, "signature": "metric:dtw|revision:2", **changes})
    return Result(status="complete", expected_clips=3, protocol={}, scores=(score,))


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (None, 4, "-"),
        (0.0, 4, "0.0000"),
        (1.23456, 4, "1.2346"),
        (0.00001, 4, "1.00e-05"),
        (28.947, 3, "28.947"),
        (9999999.0, 2, "9999999.00"),
        (1e7, 2, "1.0000e+07"),
        (-2.5e9, 2, "-2.5000e+09"),
        (LARGE, 2, "1.2546e+37"),
    ],
)
def test_a_number_is_as_short_as_it_can_be_read(value, decimals, shown):
    assert number(value, decimals) == shown


def test_a_large_score_is_short_in_every_table_and_exact_in_csv():
    of = result(value=LARGE, interval=(LARGE / 2, 2 * LARGE), std=LARGE)
    (shown,) = table_of(of).texts()
    assert shown["value"] == "1.2546e+37"
    assert shown["95 % interval"] == "[6.2731e+36, 2.5092e+37]"
    assert shown["beside it"] == "std 1.2546e+37"
    assert spanned(LARGE, None) == "1.2546e+37"
    for text in (as_markdown(of), as_latex(of)):
        assert not re.search(r"\d{10}", text)
    (row,) = csv.DictReader(io.StringIO(as_csv(of)))
    assert float(row["value"]) == LARGE


def test_a_hostile_label_breaks_neither_markdown_nor_latex():
    of = result(label=HOSTILE, std=0.5)
    table = [line for line in as_markdown(of).splitlines() if line.startswith("|")]
    assert len(table) == 3
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    assert "<i>" not in as_markdown(of)
    (row,) = (line for line in as_latex(of).splitlines() if "50" in line)
    assert row.startswith(r"a\textbar{}b\_\textless{}i\textgreater{} 50\% \textasciigrave{}c\textasciigrave{} d $\downarrow$ & ")
    assert row.endswith(r"& 1.5000 $\pm$ 0.5000 & [1.0000, 2.0000] & 3 \\")
