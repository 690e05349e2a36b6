from __future__ import annotations

import pytest

from signbench.study.judging.letters import cleaned


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Идти!", "идти"),
        ("  иду \n домой ", "иду домой"),
        ("«Идти»...", "идти"),
        ("Ёлка", "елка"),
        ("е\u0308лка", "елка"),
        ("идти\u0301", "идти"),
        ("\ufeffидти\u200b", "идти"),
        ("и\u00adдти", "идти"),
        ("йога", "йога"),
        ("и\u0306ога", "йога"),
        ("🚶 идти 👍🏽", "идти"),
        ("идти🚶‍♀️домой", "идти домой"),
        ("по-русски", "по русски"),
        ("don’t walk", "dont walk"),
        ("DON'T walk", "dont walk"),
        ("ＷＡＬＫ", "walk"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("=1+1", "1 1"),
        ("7", "7"),
    ],
)
def test_differences_without_meaning_are_removed(typed, expected):
    assert cleaned(typed, "ru") == expected


@pytest.mark.parametrize("typed", ["", " ", "-", "—", "...", "?", "?!", "- -", "\u200b"])
def test_white_space_and_bare_punctuation_are_blank(typed):
    assert cleaned(typed, "ru") == ""


def test_an_answer_that_consists_of_emoji_is_not_blank():
    assert cleaned(" 🌲! ", "ru") == "🌲"


@pytest.mark.parametrize(
    ("typed", "language", "expected"),
    [
        ("кoт", "ru", "кот"),  # Latin o
        ("KОТ", "ru", "кот"),  # Latin K
        ("xодить", "ru", "ходить"),  # Latin x
        ("ёлkа", "ru", "елка"),  # Latin k
        ("\u00cbлка", "ru", "елка"),  # Latin E with diaeresis
        ("hеllo", "ru", "hello"),  # Cyrillic ie
        ("wаlk", "en", "walk"),  # Cyrillic a
        ("соp", "ru", "сор"),  # two Cyrillic letters and Latin p: the majority
        ("сop", "ru", "cop"),  # one Cyrillic letter: the majority
        ("оp", "ru", "ор"),  # a tie goes to the study's language
        ("оp", "en", "op"),
        ("cop", "ru", "cop"),  # a word of one alphabet is what it is
        ("сор", "en", "сор"),
        ("жwalk", "ru", "жwalk"),  # can be in neither alphabet
        ("iPhone телефон", "ru", "iphone телефон"),
    ],
)
def test_look_alike_letters_join_the_alphabet_of_their_word(typed, language, expected):
    assert cleaned(typed, language) == expected


@pytest.mark.parametrize(
    ("typed", "expected", "language"),
    [
        ("يَمْشِي", "يمشي", "ar"),
        ("مُعَلِّمٌ", "معلم", "ar"),
        ("كتـــاب", "كتاب", "ar"),
        ("ﻛﺘﺎﺏ", "كتاب", "ar"),  # presentation forms, as some programs export them
        ("شَجَرَة!", "شجرة", "ar"),
        ("שָׁלוֹם", "שלום", "he"),
        ("पानी", "पानी", "hi"),  # vowel signs that are letters stay
        ("走路。", "走路", "zh"),
        ("ＫＡＰＩ", "kapı", "tr"),
        ("KAPI", "kapı", "tr"),
        ("İNSAN", "insan", "tr"),
        ("KAPI", "kapi", "de"),
        ("STRASSE", "strasse", "de"),
        ("Straße", "strasse", "de"),
    ],
)
def test_vowel_signs_and_case_are_those_of_the_language(typed, expected, language):
    assert cleaned(typed, language) == expected
