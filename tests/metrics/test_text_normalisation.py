"""The final full stop, Unicode words and code points."""

import pytest

from signbench.metrics.text_normalisation import characters, composed, unicode_words, with_final_period

FULL_WIDTH = "\uff0e"
HALF_WIDTH = "\uff61"


@pytest.mark.parametrize(
    ("text", "stripped", "appended"),
    [
        ("es regnet .", "es regnet", "es regnet ."),
        ("es regnet.", "es regnet", "es regnet ."),
        ("es regnet", "es regnet", "es regnet ."),
        (" es regnet  . \n", "es regnet", "es regnet ."),
        ("他四岁。", "他四岁", "他四岁 ."),
        (f"x{FULL_WIDTH}", "x", "x ."),
        (f"x{HALF_WIDTH}", "x", "x ."),
        ("wait...", "wait..", "wait.. ."),
        ("3.5", "3.5", "3.5 ."),
        ("ja!", "ja!", "ja! ."),
        (".", "", "."),
        ("", "", ""),
        ("  ", "  ", "  "),
    ],
)
def test_a_final_full_stop_is_kept_taken_away_or_put_there(text, stripped, appended):
    assert with_final_period(text, "keep") == text
    assert with_final_period(text, "strip") == stripped
    assert with_final_period(text, "append") == appended


@pytest.mark.parametrize("policy", ["strip", "append"])
@pytest.mark.parametrize("text", ["es regnet", "es regnet .", "es regnet.", "他四岁。"])
def test_settling_the_full_stop_twice_changes_nothing(text, policy):
    once = with_final_period(text, policy)
    assert with_final_period(once, policy) == once


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Guten Abend, liebe Zuschauer!", ["Guten", "Abend", "liebe", "Zuschauer"]),
        ("drei-vier Grad", ["drei", "vier", "Grad"]),
        ("Größe ß", ["Größe", "ß"]),
        ("завтра — дождь.", ["завтра", "дождь"]),
        ("नमस्ते, दुनिया", ["नमस्ते", "दुनिया"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("שלום, עולם", ["שלום", "עולם"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("他今年四岁。", ["他今年四岁"]),
        ("20 °C", ["20", "C"]),
        ("…", []),
    ],
)
def test_words_are_letters_digits_and_marks_of_any_script(text, words):
    assert unicode_words(text) == words


def test_characters_are_code_points_without_white_space():
    assert characters(" 他 四岁\u3000。\t") == ["他", "四", "岁", "。"]
    assert characters("👋🏽") == ["👋", "🏽"]
    assert characters(composed("u\u0308")) == ["ü"]
