from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest

from signbench.errors import InputError
from signbench.study.sheets import workbooks
from signbench.study.sheets.files import column_letter, read_file
from tests.study.response_sheets import WIDE_ROWS, text_of, write_csv, write_xlsx


def rows_of(path, **how):
    (sheet,) = read_file(path).sheets(**how)
    return sheet.rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_text_sheets_are_read_in_any_encoding_and_delimiter(tmp_path, encoding, delimiter):
    path = write_csv(tmp_path / "pack.csv", WIDE_ROWS, encoding=encoding, delimiter=delimiter)
    assert rows_of(path) == WIDE_ROWS


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_text_sheets_are_read_with_any_line_end(tmp_path, line_end):
    path = tmp_path / "pack.csv"
    path.write_bytes(text_of(WIDE_ROWS).replace("\n", line_end).encode())
    assert rows_of(path) == WIDE_ROWS


def test_delimiters_and_line_ends_within_quotation_marks_belong_to_the_answer(tmp_path):
    rows = [["a", "b"], ["идти, ходить; ехать", 'две\nстроки и "кавычки"']]
    assert rows_of(write_csv(tmp_path / "pack.csv", rows)) == rows


def test_answers_full_of_another_delimiter_do_not_win_over_the_header(tmp_path):
    rows = [["id", "v1"], *([f"p{number}", "идти, ходить, бежать"] for number in range(5))]
    assert rows_of(write_csv(tmp_path / "pack.csv", rows, delimiter=";")) == rows


def test_tab_separated_values_need_no_second_tab(tmp_path):
    path = tmp_path / "pack.tsv"
    path.write_text("id\tv1\np1\tидти, ходить; ехать\n", encoding="utf-8")
    assert rows_of(path) == [["id", "v1"], ["p1", "идти, ходить; ехать"]]


def test_a_line_that_declares_the_delimiter_is_not_a_row(tmp_path):
    path = tmp_path / "pack.csv"
    path.write_text("sep=;\nid;v1\np1;идти\n", encoding="utf-8")
    assert rows_of(path) == [["id", "v1"], ["p1", "идти"]]


def test_workbooks_are_read_as_typed(tmp_path):
    values = [
        "идти",
        7,
        7.0,
        2.5,
        True,
        None,
        "=1+1",
        datetime(2026, 3, 7, 14, 5),
        date(2026, 5, 1),
        time(1, 2, 3),
        timedelta(seconds=5),
    ]
    (sheet,) = read_file(write_xlsx(tmp_path / "pack.xlsx", {"Ответы": [["header"] * len(values), values]})).sheets()
    assert sheet.rows[1][:7] == ["идти", "7", "7", "2.5", "TRUE", "", "=1+1"]
    assert sheet.rows[1][7] == "2026-03-07T14:05:00"
    assert sheet.marks[2, 7] == "formula"
    assert sheet.marks[2, 9] == "date"
    assert sheet.label == "pack.xlsx, sheet 'Ответы'"


def test_empty_rows_of_a_workbook_keep_their_numbers(tmp_path):
    assert rows_of(write_xlsx(tmp_path / "pack.xlsx", {"a": [["id"], [None], ["p1"], [None]]})) == [["id"], [], ["p1"]]


def test_empty_sheets_are_left_out(tmp_path):
    found = read_file(write_xlsx(tmp_path / "pack.xlsx", {"a": [["id"], ["p1"]], "empty": []})).sheets()
    assert [sheet.sheet for sheet in found] == ["a"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", r"a\.csv is empty"),
        ("a.csv", b" \n\n", r"a\.csv is empty"),
        ("a.csv", b",,\n,,\n", r"a\.csv is empty"),
        ("a.csv", b"one\ntwo\n", "only one column with each of the delimiters"),
        ("a.csv", b'a,b\nc,"d\ne,f\n', r"row 2 \(ends in line 3\) cannot be read .* quotation mark"),
        ("a.csv", b'a,b\nc,"d"e\n', r"row 2 .* quotation mark"),
        ("a.ods", b"xyz", "is not named as a CSV, TSV or XLSX file"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", r"an old \.xls workbook or is protected by a password"),
        ("a.xlsx", b"no archive", r"a\.xlsx is not a readable XLSX workbook"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 60, r"a\.xlsx is not a readable XLSX workbook"),
    ],
)
def test_a_file_that_is_not_a_sheet_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_file(tmp_path / name).sheets()


def test_an_empty_workbook_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.xlsx contains only empty cells"):
        read_file(write_xlsx(tmp_path / "a.xlsx", {"Лист1": []})).sheets()


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_a_path_that_is_not_a_file_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"does not exist|is a folder"):
        read_file(tmp_path / name)


def archive(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in members.items():
            book.writestr(name, content)
    return stream.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 10**6)
    (tmp_path / "a.xlsx").write_bytes(archive(**{"[Content_Types].xml": "<a/>", "xl/sheet.xml": b"\0" * (10**6 + 1)}))
    with pytest.raises(InputError, match=r"a\.xlsx unpacks to .* at most 1 GB is read"):
        read_file(tmp_path / "a.xlsx").sheets()


def test_a_workbook_may_unpack_to_one_gigabyte():
    assert workbooks.MOST_UNPACKED == 2**30


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_xml_bomb_is_refused(tmp_path, encoding):
    laughs = '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;">]><worksheet>&lol1;</worksheet>'
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!-- {"x" * 100_000} -->{laughs}'.encode(encoding)
    (tmp_path / "a.xlsx").write_bytes(archive(**{"[Content_Types].xml": "<a/>", "xl/sheet.xml": bomb}))
    with pytest.raises(InputError, match=r"a\.xlsx: its part xl/sheet\.xml defines XML entities"):
        read_file(tmp_path / "a.xlsx").sheets()


def test_an_archive_that_is_not_a_workbook_is_refused(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(archive(**{"readme.txt": "hello"}))
    with pytest.raises(InputError, match=r"is an archive, but not an XLSX workbook"):
        read_file(tmp_path / "a.xlsx").sheets()


def test_a_damaged_workbook_is_refused(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(archive(**{"[Content_Types].xml": "<Types/>"}))
    with pytest.raises(InputError, match=r"a\.xlsx is a damaged workbook"):
        read_file(tmp_path / "a.xlsx").sheets()


def test_a_workbook_that_states_a_wrong_size_is_read_completely(tmp_path):
    path = write_xlsx(tmp_path / "a.xlsx", {"a": [["id", "v1"], ["p1", "идти"]]})
    with zipfile.ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    assert b'ref="A1:B2"' in sheet
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
    path.write_bytes(archive(**members))
    assert rows_of(path) == [["id", "v1"], ["p1", "идти"]]


def test_a_sheet_of_too_many_cells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "_MOST_CELLS", 5)
    with pytest.raises(InputError, match=r"sheet 'a' has more than 5 cells"):
        read_file(write_xlsx(tmp_path / "a.xlsx", {"a": [["id", "v1"], ["p1", "идти"]]})).sheets()


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_the_letters_of_spreadsheets(index, letters):
    assert column_letter(index) == letters


def computed(path, cells):
    """A workbook whose formulas have stored values, as spreadsheet programs write them: cell -> (formula, value as XML)."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for position, (formula, value) in cells.items():
        before = f'<c r="{position}"><f>{formula}</f><v></v></c>'.encode()
        before = before if before in parts[sheet] else f'<c r="{position}"><f>{formula}</f><v/></c>'.encode()
        assert before in parts[sheet], parts[sheet]
        kind, text = value
        parts[sheet] = parts[sheet].replace(before, f'<c r="{position}" t="{kind}"><f>{formula}</f><v>{text}</v></c>'.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_formula_is_replaced_by_its_stored_value_or_keeps_its_text_without_one(tmp_path):
    rows = [["id", "=B9", "c"], ["=ROW()-1", "=Sheet2!B2", "=-walk"], ["=ROW()-2", "=1+1", "=Sheet2!C9"]]
    path = write_xlsx(tmp_path / "a.xlsx", {"a": rows})
    values = {
        "B1": ("B9", ("str", "Video 1")),
        "A2": ("ROW()-1", ("n", "1")),
        "B2": ("Sheet2!B2", ("str", "идти")),
        "C2": ("-walk", ("e", "#NAME?")),
        "A3": ("ROW()-2", ("n", "2")),
        "C3": ("Sheet2!C9", ("str", "")),
    }
    (sheet,) = read_file(computed(path, values)).sheets()
    assert sheet.rows == [["id", "Video 1", "c"], ["1", "идти", "=-walk"], ["2", "=1+1", ""]]
    assert {position: mark for position, mark in sheet.marks.items() if mark == "formula"} == {(2, 3): "formula", (3, 2): "formula"}
