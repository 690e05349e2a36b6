from __future__ import annotations

import codecs

import pytest

from signbench.errors import InputError
from signbench.study.sheets.encodings import decoded

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
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN, "cp1250", "cp1252"),  # the same bytes
        (GERMAN, "latin-1", "cp1252"),
        ("participant;réponse\nZoé;marché\n", "cp1252", "cp1252"),
        ("id;yanıt\n1;yürümek\n".replace("ı", "i"), "cp1254", "cp1252"),
        ("a;b\n1;2\n", "ascii", "utf-8"),
    ],
)
def test_an_encoding_is_detected_and_reported(text, encoding, taken):
    assert decoded(text.encode(encoding), "sheet.csv") == (text, taken)


def test_a_mark_of_the_other_byte_order_is_understood():
    assert decoded(codecs.BOM_UTF16_BE + RUSSIAN.encode("utf-16-be"), "sheet.csv") == (RUSSIAN, "utf-16")


@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "mac-cyrillic", "iso8859-5"])
def test_other_cyrillic_encodings_are_read_where_they_are_declared(encoding):
    assert decoded(RUSSIAN.encode(encoding), "sheet.csv", encoding) == (RUSSIAN, encoding)


@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "iso8859-5", "mac-cyrillic"])
@pytest.mark.parametrize("text", [RUSSIAN, "кто;что\nон;мы идём\nты;вы\nя;моя ёлка\n"])
def test_other_cyrillic_encodings_are_not_mistaken_for_a_known_one(encoding, text):
    with pytest.raises(InputError, match=r"sheet\.csv is not UTF-8, and its encoding cannot be detected"):
        decoded(text.encode(encoding), "sheet.csv")


POLISH = "uczestnik;odpowiedź\n1;iść\n2;książka\n"
CZECH = "účastník;odpověď\n1;dům\n2;jablečný\n"
TURKISH = "katılımcı;yanıt\n1;ağaç\n2;yürümek\n"
SPANISH = "participante;respuesta\n1;mañana\n2;corazón\n"
SWEDISH = "deltagare;svar\n1;gå\n2;träd\n"
HEBREW = "משתתף;תשובה\n1;הולך\n2;עץ\n"
GREEK = "άτομο;απάντηση\n1;περπατάω\n2;δέντρο\n"
ARABIC = "مشارك;جواب\n1;يمشي\n2;شجرة\n"
CHINESE = "编号;回答\n1;走路\n2;树木\n"
JAPANESE = "番号;回答\n1;歩く\n2;木\n"
KOREAN = "번호;답\n1;걷다\n2;나무\n"


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (FRENCH, "cp1252 mac_roman cp850"),
        (GERMAN, "mac_roman cp850 cp437"),
        ("id;antwort\n1;schön\n", "mac_roman"),
        (POLISH, "cp1250 mac_latin2 iso8859-2 cp852"),
        (CZECH, "cp1250 mac_latin2 iso8859-2"),
        (TURKISH, "cp1254 mac_turkish iso8859-9"),
        (SPANISH, "cp1252 mac_roman"),
        (SWEDISH, "cp1252 mac_roman"),
        (HEBREW, "cp1255"),
        (GREEK, "cp1253 mac_greek"),
        (ARABIC, "cp1256"),
        (CHINESE, "gb18030"),
        (JAPANESE, "shift_jis euc_jp"),
        (KOREAN, "cp949"),
        (20 * "идти;ходить\n" + "моя;ёлка\n", "mac-cyrillic"),  # it differs from cp1251 in few letters
    ],
)
def test_what_may_be_in_several_encodings_is_asked_about_and_never_guessed(text, encodings):
    for encoding in encodings.split():
        with pytest.raises(InputError, match=r"its encoding cannot be detected.* name the encoding .* `encoding`"):
            decoded(text.encode(encoding), "sheet.csv")
        assert decoded(text.encode(encoding), "sheet.csv", encoding) == (text, encoding)


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        (TURKISH, "cp1254", r"'katýlýmcý' \(cp1252\) or 'katılımcı' \(cp1254\)"),
        (CZECH, "cp1250", r"'úèastník' \(cp1252\) or 'účastník' \(cp1250\)"),
        ("id;antwort\n1;schön\n", "mac_roman", r"'schšn' \(cp1252\) or .*'schön' \(mac_roman\)"),
    ],
)
def test_a_word_shows_which_encoding_it_is(text, encoding, message):
    with pytest.raises(InputError, match=message):
        decoded(text.encode(encoding), "sheet.csv")


def test_quotation_marks_and_dashes_of_cp1251_do_not_prevent_detection():
    text = "№;ответ\n1;«идти»\n2;— ёлка…\n3;ДОМ\n"
    assert decoded(text.encode("cp1251"), "sheet.csv") == (text, "cp1251")


def test_mixed_encodings_are_refused_with_the_first_odd_line():
    content = RUSSIAN.encode() + "Пётр;кот\n".encode("cp1251")
    with pytest.raises(InputError, match=r"sheet\.csv, line 4 is not UTF-8, but 3 other lines are; the file mixes encodings"):
        decoded(content, "sheet.csv")


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (RUSSIAN.encode("cp1251"), "utf-8", r"sheet\.csv, line 1 cannot be decoded as utf-8"),
        (b"a;b\n\xff", "utf-8", r"line 2 cannot be decoded as utf-8"),
        (b"a;b\n1;2\n", "utf-9", "'utf-9' is not a known encoding"),
        (b"a;b\n1;2\n", "base64", "'base64' is not a"),
        (b"a\0;b\n", None, "null bytes"),
        (b"a;b\n\0", "utf-8", "line 2 contains a null character"),
        (codecs.BOM_UTF16_LE + b"a", None, "cannot be decoded as utf-16"),
    ],
)
def test_bytes_that_fit_no_encoding_are_refused(content, encoding, message):
    with pytest.raises(InputError, match=message):
        decoded(content, "sheet.csv", encoding)
