"""One table in every form, in which names that try to break it are cells like any other."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

import signbench
from signbench.markup import markdown_item, one_line
from signbench.spreadsheets import as_written
from signbench.tables import Cell, Column, Table

NAMES = {
    "a bar": "a|b",
    "a bar behind a backslash": "a\\|b",
    "backslashes": "a\\b\\\\",
    "a backslash at the end": "a\\",
    "ampersand and underscores": "a & b_c_d",
    "all that LaTeX reads": "#1 $x$ 50% {y} ~z^2",
    "a command of LaTeX": "\\input{/etc/passwd} \\end{tabular}",
    "an argument of LaTeX": "[1cm]",
    "an argument of LaTeX behind a mark": "\u202e[1cm]",
    "a star": "*",
    "markup of Markdown": "**a** _b_ ~~c~~ `d` [e](javascript:1) ![f](g)",
    "HTML": "<script>alert(1)</script> &lt;b&gt; <!-- c",
    "backticks": "``a`",
    "a rule of a table": "--- | :---:",
    "a heading": "# a",
    "an item": "- a",
    "a numbered item": "1. a",
    "lines": "a\nb\r\nc\u2028d\x85e",
    "another row": "a |\n| b | c |",
    "control characters": "a\x00b\x07c\x1b[31md\x1b]0;title\x07e\x7f",
    "right to left": "a\u202eb\u2067c\u200fd",
    "letters from right to left": "שלום",
    "a joiner": "می\u200cروم",
    "markup of the terminal": "[bold red]a[/bold red] [link=https://example.org]b[/link] :smile:",
    "an unclosed tag of the terminal": "[/a] a\\[b]",
    "a formula": "=1+1",
    "a formula at another separator": "a;=1+1",
    "a quotation mark": 'a"b',
    "spaces": "  a  ",
    "nothing": "",
    "wide letters": "手話 👋🏽",
}
BLOCKS = ("table_open", "list_item_open", "heading_open", "html_block", "fence", "code_block", "hr")
COMMANDS = {
    *("textbf", "textbackslash", "textbar", "textasciitilde", "textasciicircum", "textless", "textgreater"),
    *("textasciigrave", "downarrow"),
}
every_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


def table_of(name: str) -> Table:
    """A name as a row, as code, and as the head of a column of numbers."""
    head = f"{name} ↓"
    rows: list[dict[str, Any]] = [
        {"run": name, "metric": name, head: Cell(1.23456, "1.2346", "[1, 2]", best=True)},
        {"run": "plain", "metric": "dtw", head: Cell(None, "-")},
    ]
    return Table.of(rows, numeric=[head], code=["metric"])


def visible(text: str) -> str:
    """A text as rendered on a page."""
    return " ".join(one_line(text).split())


@every_name
def test_csv_preserves_every_name(name):
    text = table_of(name).csv()
    header, first, second = csv.reader(io.StringIO(text, newline=""))
    assert [as_written(cell) for cell in header] == ["run", "metric", f"{name} ↓"]
    assert [as_written(cell) for cell in first] == [name, name, "1.23456"]
    assert second == ["plain", "dtw", ""]
    assert text.endswith("\r\n")


@every_name
def test_json_preserves_every_name(name):
    assert json.loads(table_of(name).json()) == [
        {"run": name, "metric": name, f"{name} ↓": 1.23456},
        {"run": "plain", "metric": "dtw", f"{name} ↓": None},
    ]


@every_name
def test_markdown_renders_every_name_as_the_text_of_its_cell(name):
    library: Any = pytest.importorskip("markdown_it")
    reader = library.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = reader.parse("\n".join([*table_of(name).markdown(), "", markdown_item(name)]))
    cells = [shown_by(found) for opened, found in pairwise(tokens) if opened.type in ("th_open", "td_open")]
    shown = [visible("".join(texts)) for texts, _ in cells]
    assert shown == ["run", "metric", visible(f"{name} ↓"), visible(name), visible(name), "1.2346 [1, 2]", "plain", "dtw", "-"]
    assert set().union(*(kinds for index, (_, kinds) in enumerate(cells) if index not in (4, 7))) == {"text"}
    assert cells[4][1] == ({"code"} if name else set())
    blocks = [token.type for token in tokens if token.type in BLOCKS]
    assert blocks == ["table_open", "list_item_open"]


def shown_by(token: Any) -> tuple[list[str], set[str]]:
    """The texts of a cell, and their kinds."""
    kinds = {"text": "text", "text_special": "text", "code_inline": "code"}
    return [child.content for child in token.children], {kinds.get(child.type, child.type) for child in token.children}


@every_name
def test_latex_has_a_row_for_each_row_and_a_cell_for_each_column(name):
    lines = table_of(name).latex()
    assert lines[:2] == [r"\begin{tabular}{llr}", r"\toprule"]
    assert [lines[3], *lines[-2:]] == [r"\midrule", r"\bottomrule", r"\end{tabular}"]
    rows = [lines[2], *lines[4:-2]]
    assert len(rows) == 3
    for row in rows:
        assert row.endswith(r" \\")
        assert not row.lstrip().startswith(("[", "*"))
        inside = row.removesuffix(r" \\")
        assert len(re.findall(r"(?<!\\)&", inside)) == 2
        assert depth(inside) == 0
        assert not re.search(r"(?<!\\)[#%_^~]", inside)
        assert set(re.findall(r"\\([A-Za-z]+)", inside)) <= COMMANDS
        assert inside.isprintable() or "\u200c" in inside
    assert rows[1].endswith(r"& \textbf{1.2346} [1, 2] \\")


def depth(text: str) -> int:
    """The number of braces that are open at the end; an unmatched closing brace is an error."""
    level = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        level += 1 if brace == "{" else -1
        assert level >= 0
    return level


@every_name
def test_a_terminal_shows_every_name_on_its_line(name):
    text = table_of(name).text(width=400)
    lines = text.splitlines()
    assert len(lines) == 6
    assert len({cell_len(line) for line in lines}) == 1
    assert visible(lines[1]) == visible(f"run metric {name} ↓")
    assert visible(lines[3]) == visible(f"{name} {name} 1.2346 [1, 2]")
    assert all(letter.isprintable() or letter in "\n\u200c\u200d" for letter in text)


@pytest.mark.parametrize("columns", [4, 30])
@pytest.mark.parametrize("width", [20, 80, 200])
def test_no_number_is_broken_or_cut_however_narrow_the_line(columns, width):
    numbers = {f"metric-{index}": f"{index}.{index:05d} [1.00000, 2.00000]" for index in range(columns)}
    text = Table.of([{"run": "a long name of a run " * 20, **numbers}], numeric=list(numbers)).text(width)
    assert all(number in text for number in numbers.values())


@pytest.mark.parametrize("width", [12, 40, 80])
def test_a_narrow_terminal_wraps_cells_and_drops_nothing(width):
    from rich.console import Console

    table = Table.of([{"run": "abcdefghij", "value": "0123456789.0123456789"}], right=["value"])
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(table.drawn(width))
    lines = stream.getvalue().splitlines()
    below = lines[1 + next(number for number, line in enumerate(lines) if "─" in line) :]
    assert sorted("".join(below).replace(" ", "")) == sorted("abcdefghij0123456789.0123456789")
    assert max(map(len, below)) <= width


def test_numbers_are_right_aligned_in_latex_and_on_request_in_a_terminal():
    table = Table.of([{"a": "x", "b": 1, "c": 2.5}, {"a": "longer", "b": 100, "c": 10}], numeric=["b"], right=["c"])
    assert table.columns == (Column("a"), Column("b", numeric=True), Column("c", numeric=True, align="right"))
    assert table.latex()[0] == r"\begin{tabular}{lrr}"
    assert [line.strip() for line in table.text().splitlines()[3:5]] == ["x        1     2.5", "longer   100    10"]


def test_a_table_without_rows_has_a_header_in_csv_and_is_left_out_elsewhere():
    assert Table.of([], ["a", "b"]).csv() == "a,b\r\n"
    assert Table.of([]).markdown() == []
    assert Table.of([], ["a"]).latex() == []
    assert json.loads(Table.of([]).json()) == []


def test_missing_cells_are_empty_and_empty_columns_are_left_out():
    table = Table.of([{"a": 1}, {"b": 2, "c": 3}], ["a", "b"])
    assert table.texts() == [{"a": "1", "b": ""}, {"a": "", "b": "2"}]
    assert table.records() == [{"a": 1, "b": None}, {"a": None, "b": 2}]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="row 1 has 1 cells for 2 columns"):
        Table((Column("a"), Column("b")), ((Cell(1), Cell(2)), (Cell(3),)))


@pytest.mark.parametrize(("ruled", "rules"), [(None, [3]), (1, [3, 5]), (2, [3])])
def test_a_second_rule_is_printed_only_above_rows(ruled, rules):
    lines = Table.of([{"a": "ranked"}, {"a": "anchor"}], ruled=ruled).latex()
    assert [index for index, line in enumerate(lines) if line == r"\midrule"] == rules


@pytest.mark.parametrize(
    ("written", "homes"),
    [
        (r"rich\.table", ["tables.py"]),
        (r"tabular|toprule", ["tables.py"]),
        (r"[|\"] ?:?---", ["tables.py"]),
        # clips.csv is data, which is read back unchanged
        (r"csv\.writer|DictWriter", ["corpora/clip_table.py", "spreadsheets.py"]),
    ],
)
def test_tables_are_written_in_one_module(written, homes):
    root = Path(signbench.__file__).parent
    found = [path for path in root.rglob("*.py") if re.search(written, path.read_text(encoding="utf-8"))]
    assert sorted(path.relative_to(root).as_posix() for path in found) == homes
