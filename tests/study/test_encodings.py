from __future__ import annotations

import codecs

import pytest

from signbench.errors import InputError
from signbench.study.encodings import decoded

RUSSIAN = "участник;ответ\nИван;идти, ёлка\nАнна;бояться\n"
FRENCH = "participant;réponse\nZoé;marcher à pied\nAndré;être effrayé\n"
GERMAN = "Teilnehmer;Antwort\n1;für Bäume\n2;fröhlich\n"


@pytest.mark.parametrize(
    ("text", "encoding", "taken"),
    [
        (RUSSIAN, "utf-8", "utf-8"),
        (RUSSIAN, "utf-8-sig", "utf-8-sig"),
        (RUSSIAN, "utf-16", "utf-16"),
        (RUSSIAN, "utf-16-le", "utf-16-le"),
        (RUSSIAN, "utf-16-be", "utf-16-be"),
        (RUSSIAN, "utf-32", "utf-32"),
        (RUSSIAN, "cp1251", "cp1251"),
        (FRENCH, "latin-1", "cp1252"),
        (GERMAN, "cp1252", "cp1252"),
        ("a;b\n1;2\n", "ascii", "utf-8"),
    ],
)
def test_an_encoding_is_found_out_and_named(text, encoding, taken):
    assert decoded(text.encode(encoding), "sheet.csv") == (text, taken)


def test_a_mark_of_the_other_byte_order_is_understood():
    assert decoded(codecs.BOM_UTF16_BE + RUSSIAN.encode("utf-16-be"), "sheet.csv") == (RUSSIAN, "utf-16")


@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "mac-cyrillic", "iso8859-5"])
def test_other_cyrillic_encodings_are_read_where_they_are_declared(encoding):
    assert decoded(RUSSIAN.encode(encoding), "sheet.csv", encoding) == (RUSSIAN, encoding)


@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "iso8859-5", "mac-cyrillic"])
@pytest.mark.parametrize("text", [RUSSIAN, "кто;что\nон;мы идём\nты;вы\nя;моя ёлка\n"])
def test_other_cyrillic_encodings_are_not_taken_for_a_known_one(encoding, text):
    with pytest.raises(InputError, match=r"sheet\.csv is not UTF-8, and its bytes do not tell"):
        decoded(text.encode(encoding), "sheet.csv")


def test_quotation_marks_and_dashes_of_cp1251_do_no_harm():
    text = "№;ответ\n1;«идти»\n2;— ёлка…\n3;ДОМ\n"
    assert decoded(text.encode("cp1251"), "sheet.csv") == (text, "cp1251")


def test_mixed_encodings_are_refused_with_the_first_odd_line():
    content = RUSSIAN.encode() + "Пётр;кот\n".encode("cp1251")
    with pytest.raises(InputError, match=r"sheet\.csv, line 4 is not UTF-8, while 3 other lines are: mixed encodings"):
        decoded(content, "sheet.csv")


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (RUSSIAN.encode("cp1251"), "utf-8", r"sheet\.csv, line 1 is not utf-8 throughout"),
        (b"a;b\n\xff", "utf-8", r"line 2 is not utf-8"),
        (b"a;b\n1;2\n", "utf-9", "'utf-9' is no encoding"),
        (b"a;b\n1;2\n", "base64", "'base64' is no"),
        (b"a\0;b\n", None, "null bytes"),
        (b"a;b\n\0", "utf-8", "line 2 holds a null character"),
        (codecs.BOM_UTF16_LE + b"a", None, "not utf-16 throughout"),
    ],
)
def test_bytes_that_fit_no_encoding_are_refused(content, encoding, message):
    with pytest.raises(InputError, match=message):
        decoded(content, "sheet.csv", encoding)
