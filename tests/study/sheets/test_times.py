from __future__ import annotations

import pytest

from signbench.errors import InputError
from signbench.study.sheets.times import seconds


def where(index):
    return f"sheet.csv, row {index + 2}, column A"


@pytest.mark.parametrize(
    ("texts", "apart"),
    [
        (["2026-03-07T14:05:33", "2026-03-07T14:06:03"], 30),
        (["2026-03-07 14:05:33Z", "2026-03-07 17:06:03+03:00"], 30),
        (["07.03.2026 14:05:33", "07.03.2026 14:06:03"], 30),
        (["25.03.2026 14:05", "25.03.2026 14:06"], 60),
        (["3/25/2026 14:05:33", "3/26/2026 14:05:33"], 86400),
        (["25/03/2026 14:05:33", "26/03/2026 14:05:33"], 86400),
        (["2026/03/07 2:05:33 PM GMT+3", "2026/03/07 2:06:03 PM GMT+3"], 30),
        (["2026/03/07 11:59:59 ДП GMT+3", "2026/03/07 12:00:29 ПП GMT+3"], 30),
        (["2026/03/07 2:05:33 p.m. GMT-5:30", "2026/03/07 2:06:03 p. m. GMT-5:30"], 30),
        (["2026/03/07 11:59:59 上午 GMT+8", "2026/03/07 12:00:29 下午 GMT+8"], 30),
        (["2026/03/07 11:59:59 오전 GMT+9", "2026/03/07 12:00:29 오후 GMT+9"], 30),
        (["2026/03/07 11:59:59 ص GMT+3", "2026/03/07 12:00:29 م GMT+3"], 30),
        (["12.5", "42.5"], 30),
        (["12,5", "42,5"], 30),
        (["1772000000000", "1772000030000"], 30),
        (["0:00:05", "0:00:35.0"], 30),
    ],
)
def test_times_of_one_form_are_read_as_seconds(texts, apart):
    (first, second), _ = seconds(texts, where)
    assert second - first == pytest.approx(apart)


def test_points_in_time_are_distinguished_from_durations():
    assert seconds(["2026-03-07T14:05:33"], where)[1] is True
    assert seconds(["12.5"], where)[1] is False


def test_empty_cells_have_no_time():
    assert seconds(["", "5", " "], where)[0] == [None, 5.0, None]


def test_day_and_month_that_cannot_be_distinguished_are_refused():
    with pytest.raises(InputError, match=r"row 2, column A: the times can be read with the day first .* time_format"):
        seconds(["3/4/2026 10:00:00", "4/5/2026 10:00:00"], where)


def test_a_declared_format_is_used():
    first, second = seconds(["3/4/2026 10:00:00", "4/4/2026 10:00:00"], where, "%d/%m/%Y %H:%M:%S")[0]
    assert second - first == 86400


@pytest.mark.parametrize("declared", [None, "%d.%m.%Y"])
def test_an_unknown_format_is_refused_with_the_cell(declared):
    with pytest.raises(InputError, match=r"row 3, column A is a time (in an unknown format|that does not match)"):
        seconds(["07.03.2026 10:00:00" if declared is None else "07.03.2026", "last Tuesday"], where, declared)
