"""Response sheets and mappings for tests, in any format."""

from __future__ import annotations

import csv
import io

import yaml

WIDE = {
    "name": "trial",
    "sheets": [
        {
            "file": "pack.csv",
            "layout": "wide",
            "pack": "twenty",
            "rater": "Электронная почта",
            "time": "Отметка времени",
            "clips": {"Видео 1": {"clip": "c1", "sign": "идти"}, "Видео 2": {"clip": "c2", "sign": "ёлка"}},
        }
    ],
    "signs": {"идти": ["идти", "ходить"], "ёлка": ["ёлка"]},
}
"""A mapping of a sheet as Google Forms exports it."""

WIDE_HEADER = ["Отметка времени", "Электронная почта", "Видео 1", "Видео 2"]
WIDE_ROWS = [
    WIDE_HEADER,
    ["07.03.2026 14:05:33", "ivan@example.org", "Идти", "ёлка"],
    ["07.03.2026 14:25:00", "anna@example.org", "бежать", "Елка!"],
    ["07.03.2026 15:00:59", "oleg@example.org", "", "не знаю"],
]

LONG = {
    "name": "trial",
    "sheets": [
        {
            "file": "long.csv",
            "layout": "long",
            "pack": "thirty",
            "rater": "participant",
            "clip": "video",
            "sign": "sign",
            "answer": "answer",
            "order": "order",
            "time": "time",
            "group": "group",
        }
    ],
    "signs": {"walk": ["walk", "go"], "tree": ["tree"]},
}
"""A mapping of a sheet with one row per answer."""

LONG_HEADER = ["participant", "group", "video", "sign", "answer", "order", "time"]
LONG_ROWS = [
    LONG_HEADER,
    ["Zoe", "deaf", "c1", "walk", "go", "2", "2026-03-07T10:00:30"],
    ["Zoe", "deaf", "c2", "tree", "wood", "1", "2026-03-07T10:00:00"],
    ["Abe", "hearing", "c1", "walk", "Walk, go", "1", "2026-03-08T09:00:00"],
    ["Abe", "hearing", "c2", "tree", "tree", "2", "2026-03-08T09:01:12.5"],
]


def text_of(rows, delimiter=","):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def write_csv(path, rows, *, encoding="utf-8", delimiter=","):
    path.write_bytes(text_of(rows, delimiter).encode(encoding))
    return path


def write_xlsx(path, sheets):
    """A workbook from sheet -> rows of values of any kind."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def write_mapping(path, content):
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def changed(mapping, *, sheet=None, **fields):
    """A copy of a mapping with other fields, those of its first sheet under ``sheet``; None removes one."""
    first = {**mapping["sheets"][0], **(sheet or {})}
    first = {name: value for name, value in first.items() if value is not None}
    return {**mapping, "sheets": [first, *mapping["sheets"][1:]], **fields}
