from __future__ import annotations

from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.study.judging.lexicon import Lexicon
from signbench.study.judging.normalisation import judge, signature
from signbench.study.settings import StudySettings
from signbench.study.sheets.answers import Answer, Study

SHEET = {"layout": "wide", "file": "a.csv", "pack": "p", "clips": {"V": {"clip": "c", "sign": "идти"}}}
SIGNS = {
    "идти": ["идти", "ходить", "идти пешком"],
    "ёлка": ["ёлка", "новогодняя ёлка"],
    "бояться": ["бояться"],
    "или": ["или"],
}


def study(*answers, **fields):
    """A study of (sign, typed text) pairs, each by a different rater."""
    settings = StudySettings.model_validate({"sheets": [SHEET], "signs": SIGNS, **fields})
    rows = tuple(
        Answer(rater=f"r{number:03d}", clip=f"clip of {sign}", sign=sign, pack="p", text=text)
        for number, (sign, text) in enumerate(answers, 1)
    )
    return Study(Path("study"), rows, settings)


def judged(sign, text, lexicon=None, **fields):
    (judgement,) = judge(study((sign, text), **fields), lexicon)
    return judgement.outcome, judgement.normalised, judgement.understood


@pytest.mark.parametrize(
    ("sign", "typed", "outcome", "normalised", "understood"),
    [
        ("идти", "идти", "correct", "идти", "идти"),
        ("идти", " ИДТИ!!! ", "correct", "идти", "идти"),
        ("идти", "идти 🚶", "correct", "идти", "идти"),
        ("идти", "xодить", "correct", "ходить", "идти"),  # Latin x
        ("идти", "Идти, ходить", "correct", "идти / ходить", "идти"),
        ("идти", "идти или ходить", "correct", "идти / ходить", "идти"),
        ("идти", "идти/ходить;", "correct", "идти / ходить", "идти"),
        ("идти", "идти, идти", "correct", "идти", "идти"),
        ("идти", "идти пешком", "correct", "идти пешком", "идти"),
        ("идти", "идти, пешком", "correct", "идти пешком", "идти"),  # the whole of it is an accepted answer
        ("ёлка", "елка", "correct", "елка", "ёлка"),
        ("ёлка", "Новогодняя елка", "correct", "новогодняя елка", "ёлка"),
        ("или", "или", "correct", "или", "или"),
        ("идти", "иду", "open", "иду", "иду"),  # inflected, and no lemmatiser was asked for
        ("идти", "итди", "open", "итди", "итди"),  # misspelt: never accepted for being similar
        ("идти", "идти домой", "open", "идти домой", "идти домой"),
        ("идти", "идти, бежать", "open", "бежать / идти", "бежать / идти"),
        ("идти", "бежать; идти", "open", "бежать / идти", "бежать / идти"),  # the order of several answers is no answer
        ("идти", "🌲", "open", "🌲", "🌲"),
        ("идти", "ёлка", "wrong", "елка", "ёлка"),  # another sign's answer is known to be wrong
        ("идти", "ёлка, бояться", "wrong", "бояться / елка", "бояться / ёлка"),
        ("идти", "идти или ёлка", "wrong", "елка / идти", "ёлка / идти"),
        ("идти", "", "blank", "", ""),
        ("идти", " — ", "blank", "", ""),
        ("идти", "-", "blank", "", ""),
        ("идти", "Не знаю...", "blank", "", ""),
        ("идти", "НЕ ПОНЯЛ(а)?", "blank", "", ""),
        ("идти", "I don’t know", "blank", "", ""),
        ("идти", "n/a", "blank", "", ""),
        ("идти", "не знаю, непонятно", "blank", "", ""),
        ("идти", "не знаю, идти", "open", "идти / не знаю", "идти / не знаю"),
    ],
)
def test_an_answer_is_judged(sign, typed, outcome, normalised, understood):
    assert judged(sign, typed) == (outcome, normalised, understood)


@pytest.mark.parametrize(
    ("typed", "outcome", "normalised"),
    [
        ("иду", "correct", "идти"),
        ("шли", "correct", "идти"),
        ("ходит", "correct", "ходить"),
        ("Идёт или ходит", "correct", "идти / ходить"),
        ("иду пешком", "correct", "идти пешком"),
        ("ёлки", "wrong", "елка"),
        ("итду", "open", None),
    ],
)
def test_a_lemmatiser_reduces_inflected_answers_to_accepted_ones(typed, outcome, normalised):
    pytest.importorskip("pymorphy3")
    found = judged("идти", typed, lemmatiser="pymorphy3")
    assert found[0] == outcome
    assert normalised is None or found[1] == normalised


def test_another_language_has_another_lemmatiser():
    pytest.importorskip("simplemma")
    fields = {"signs": {"идти": ["gehen"]}, "lemmatiser": "simplemma", "language": "de"}
    assert judged("идти", "gingen", **fields) == ("correct", "gehen", "идти")
    with pytest.raises(InputError, match="simplemma does not support the language 'xx'"):
        judged("идти", "gingen", **{**fields, "language": "xx"})


def test_a_language_that_pymorphy_does_not_support_is_refused():
    with pytest.raises(InputError, match=r"pymorphy3 supports Russian \(ru\) and Ukrainian \(uk\), not 'de'"):
        judged("идти", "иду", lemmatiser="pymorphy3", language="de")


@pytest.mark.parametrize("package", ["pymorphy3", "simplemma"])
def test_a_lemmatiser_that_is_not_installed_is_named_with_its_extra(monkeypatch, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(InputError, match=rf"{package} .*signbench\[study\]"):
        judged("идти", "иду", lemmatiser=package)


DICTIONARY = {"шёл": "идти", "прогулка пешком": "ходить", "трусливый": "бояться", "go": "walk", "walking": "walk"}


@pytest.mark.parametrize(
    ("sign", "typed", "outcome", "normalised"),
    [
        ("идти", "шел", "correct", "идти"),
        ("идти", "Прогулка пешком!", "correct", "ходить"),
        ("идти", "шёл, прогулка пешком", "correct", "идти / ходить"),
        ("бояться", "трусливый", "correct", "бояться"),
        ("идти", "трусливый", "wrong", "бояться"),
        ("walk", "go", "correct", "walk"),
        ("walk", "Walking or go", "correct", "walk"),
        ("идти", "прогулка", "open", "прогулка"),
    ],
)
def test_the_studys_dictionary_maps_variants_to_lemmas(sign, typed, outcome, normalised):
    found = judged(sign, typed, dictionary=DICTIONARY, signs={**SIGNS, "walk": ["walk"]})
    assert found[:2] == (outcome, normalised)


def test_the_dictionary_is_looked_up_before_and_after_the_lemmatiser():
    pytest.importorskip("pymorphy3")
    fields = {"lemmatiser": "pymorphy3", "dictionary": {"шагать": "идти", "стали": "ёлка"}}
    assert judged("идти", "шагал", **fields)[0] == "correct"
    assert judged("ёлка", "стали", **fields)[0] == "correct"  # as typed, although its first lemma is another word


@pytest.mark.parametrize(
    ("dictionary", "message"),
    [
        ({"а": "б", "б": "в"}, "maps 'а' to 'б', and 'б' to 'в'"),
        ({"Ёж": "зверь", "еж": "птица"}, "maps 'еж' to 'зверь' and to 'птица'"),
        ({"-": "идти"}, "'-': 'идти' contains no word"),
    ],
)
def test_a_contradictory_dictionary_is_refused(dictionary, message):
    with pytest.raises(InputError, match=message):
        judged("идти", "идти", dictionary=dictionary)


def test_an_accepted_answer_without_a_word_is_refused():
    with pytest.raises(InputError, match="sign идти accepts '---', which contains no word"):
        judged("идти", "идти", signs={"идти": ["---"]})


def test_parts_that_are_accepted_count_although_their_whole_is_another_signs_answer():
    signs = {"идти": ["быть", "тут"], "ёлка": ["быть тут"]}
    assert judged("идти", "быть, тут", signs=signs) == ("correct", "быть / тут", "идти")
    assert judged("идти", "быть тут", signs=signs) == ("wrong", "быть тут", "ёлка")


def test_blank_answers_can_be_chosen():
    assert judged("идти", "ХЗ", blank_answers=["хз"])[0] == "blank"
    assert judged("идти", "не знаю", blank_answers=["хз"])[0] == "open"


def test_an_accepted_answer_comes_before_blank():
    assert judged("не знать", "не знаю", signs={"не знать": ["не знаю"]})[0] == "correct"


def lexicon(**decisions):
    return Lexicon({("идти", answer.replace("_", " ")): decision for answer, decision in decisions.items()})


@pytest.mark.parametrize(
    ("typed", "decision", "outcome", "understood"),
    [
        ("итди", "yes", "correct", "идти"),
        ("итди", "no", "wrong", "итди"),
        ("итди", "ходить", "correct", "идти"),  # a lemma that the sign accepts
        ("итди", "Ёлка", "wrong", "ёлка"),  # a lemma of another sign
        ("итди", "бояться", "wrong", "бояться"),
        ("ёлка", "yes", "correct", "идти"),  # a person comes before the key
        ("идти", "no", "wrong", "идти"),
    ],
)
def test_a_person_decides(typed, decision, outcome, understood):
    found = judged("идти", typed, lexicon(**{typed: decision}))
    assert (found[0], found[2]) == (outcome, understood)


def test_a_decision_holds_for_every_spelling_of_one_normal_form():
    for written in ("итди", "Итди!", "иTди"):
        assert judged("идти", "ИТДИ...", Lexicon({("идти", written): "yes"}))[0] == "correct"


def test_a_decision_holds_for_its_sign_alone():
    assert judged("ёлка", "итди", lexicon(итди="yes"))[0] == "open"


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        (
            {("идти", "итди"): "ходеть"},
            "the decision 'ходеть' on 'итди' .* is neither yes, no nor a lemma .* Did you mean ходить",
        ),
        ({("идт", "итди"): "yes"}, "this study has no sign 'идт'. Did you mean идти"),
        ({("идти", "Итди!"): "yes", ("идти", "ИТДИ"): "no"}, "have different decisions"),
    ],
)
def test_a_lexicon_that_does_not_fit_is_refused(decisions, message):
    with pytest.raises(InputError, match=message):
        judged("идти", "итди", Lexicon(decisions))


def test_judgements_are_in_the_order_of_the_table():
    found = judge(study(("идти", "идти"), ("ёлка", "идти"), ("идти", "?")))
    assert [(row.answer.sign, row.outcome) for row in found] == [("идти", "correct"), ("ёлка", "wrong"), ("идти", "blank")]


PLAIN = signature(study())


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "en"},
        {"lemmatiser": "simplemma"},
        {"signs": {**SIGNS, "идти": ["идти"]}},
        {"dictionary": {"шёл": "идти"}},
        {"blank": "leave-out"},
        {"blank_answers": ["хз"]},
        {"resubmissions": "last"},
    ],
)
def test_every_choice_is_in_the_signature(fields):
    pytest.importorskip("simplemma")
    assert signature(study(**fields)) != PLAIN


def test_the_lexicon_is_in_the_signature_by_its_decisions():
    assert signature(study(), Lexicon({})) == PLAIN
    assert signature(study(), lexicon(итди="yes")) != PLAIN
    assert signature(study(), lexicon(а="yes", б="no")) == signature(study(), lexicon(б="no", а="yes"))
    assert signature(study(), lexicon(итди="yes")) != signature(study(), lexicon(итди="no"))


def test_the_lemmatiser_is_signed_with_its_version():
    from importlib.metadata import version

    pytest.importorskip("pymorphy3")
    words = dict(pair.split(":") for pair in signature(study(lemmatiser="pymorphy3")).split("|"))
    assert words["lemmatiser"] == f"pymorphy3-{version('pymorphy3')}+{version('pymorphy3-dicts-ru')}"
    assert words["normalisation"] == "2"


def test_a_signature_depends_on_nothing_but_its_choices():
    assert signature(study(("идти", "идти"), name="another")) == PLAIN


DE = {
    "language": "de",
    "lemmatiser": "simplemma",
    "signs": {"HAUS": ["Haus"], "BAUM": ["Baum"], "FUSS": ["Fuß"], "GEHEN": ["gehen"]},
}


@pytest.mark.parametrize(
    ("sign", "typed"),
    [
        ("HAUS", "Häuser"),
        ("HAUS", "häuser"),
        ("HAUS", "HÄUSER"),
        ("BAUM", "Bäume"),
        ("BAUM", "bäume"),  # a form of a verb too, which no sign is
        ("BAUM", "BÄUME"),
        ("BAUM", "baum"),
        ("FUSS", "Füße"),
        ("FUSS", "FUSS"),  # which the lemmatiser takes for a form of a verb
        ("FUSS", "Fuss"),
        ("GEHEN", "ging"),
        ("GEHEN", "Ging"),
        ("GEHEN", "GINGEN"),
        ("HAUS", "Haus oder Häuser"),
    ],
)
def test_german_nouns_are_lemmatised_with_their_capitals(sign, typed):
    pytest.importorskip("simplemma")
    assert judged(sign, typed, **DE)[0] == "correct"


MEETING = {
    "lemmas": ({"ЧЕЛОВЕК": ["человек"], "ЛЮДИ": ["люди"]}, {"lemmatiser": "pymorphy3"}, "человек"),
    "lemmas of comparatives": ({"БОЛЬШОЙ": ["большой"], "БОЛЬШЕ": ["больше"]}, {"lemmatiser": "pymorphy3"}, "большой"),
    "lemmas in English": ({"MAN": ["man"], "MEN": ["men"]}, {"lemmatiser": "simplemma", "language": "en"}, "man"),
    "the dictionary": ({"ЧЕЛОВЕК": ["человек"], "ЛЮДИ": ["люди"]}, {"dictionary": {"люди": "человек"}}, "человек"),
    "spelling": ({"ВСЕ": ["все"], "ВСЁ": ["всё"]}, {}, "все"),
}


@pytest.mark.parametrize("case", MEETING)
def test_signs_that_would_accept_each_others_answers_are_refused_by_name(case):
    signs, fields, form = MEETING[case]
    pytest.importorskip(fields.get("lemmatiser", "re"))
    first, second = sorted(signs)
    with pytest.raises(
        InputError, match=rf"the signs {first} \('.*'\) and {second} .* because the lemmatiser, .* gives both the form '{form}'"
    ):
        judged(first, "x", signs=signs, **fields)
    both = sorted({answer for answers in signs.values() for answer in answers})
    assert judged(first, both[0], signs=dict.fromkeys(signs, both), **fields)[0] == "correct"  # where somebody wrote it down


def test_a_word_that_the_dictionary_keeps_is_not_lemmatised():
    pytest.importorskip("pymorphy3")
    fields = {"signs": MEETING["lemmas"][0], "lemmatiser": "pymorphy3", "dictionary": {"люди": "люди", "людей": "люди"}}
    assert judged("ЛЮДИ", "Люди!", **fields)[:2] == ("correct", "люди")
    assert judged("ЛЮДИ", "людей", **fields)[:2] == ("correct", "люди")
    assert judged("ЧЕЛОВЕК", "люди", **fields)[::2] == ("wrong", "ЛЮДИ")
    assert judged("ЧЕЛОВЕК", "человека", **fields)[0] == "correct"


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        *(("weiß nicht", "de"), ("Weiss ich nicht!", "de"), ("Keine Ahnung.", "de"), ("K.A.", "de"), ("WEISS NICHT", "de")),
        *(("不知道", "zh"), ("我不知道。", "zh"), ("لا أعرف", "ar"), ("لا أَعْرِف", "ar"), ("مش عارف", "ar"), ("لا اعرف", "ar")),
        *(
            ("не знаю", "ru"),
            ("Не понял(а)", "ru"),
            ("no sé", "es"),
            ("No se", "es"),
            ("je ne sais pas", "fr"),
            ("Je sais pas", "fr"),
        ),
        *(("BİLMİYORUM", "tr"), ("anlamadım", "tr"), ("не знаю / не понял", "ru"), ("non lo so", "it"), ("わからない", "ja")),
        *(
            ("모르겠어요", "ko"),
            ("nie wiem", "pl"),
            ("nevím", "cs"),
            ("weet ik niet", "nl"),
            ("vet inte", "sv"),
            ("לא יודעת", "he"),
        ),
        *(
            ("I don\u2019t know", "en"),
            ("idk", "en"),
            ("não sei", "pt"),
            ("не розумію", "uk"),
            ("δεν ξέρω", "el"),
            ("पता नहीं", "hi"),
        ),
    ],
)
def test_dont_know_is_recognised_in_many_languages(typed, language):
    assert judged("идти", typed, language=language)[0] == "blank"
    assert judged("идти", typed, language="en" if language != "tr" else "tr")[0] == "blank"  # raters may write in another language


def written(word, decision="no"):
    return Lexicon({("идти", "итди"): decision}, {("идти", "итди"): word})


@pytest.mark.parametrize(("sign", "word"), [("NO", "NO"), ("нет", "нет"), ("НЕТ", "нет"), ("WRONG", "wrong")])
def test_a_word_that_may_be_a_decision_or_a_sign_is_asked_about(sign, word):
    signs = {**SIGNS, sign: [sign.lower()]}
    with pytest.raises(
        InputError, match=rf"the decision '{word}' on 'итди' .* may mean 'no' or a sign; write 'no' in small letters"
    ):
        judged("идти", "итди", written(word), signs=signs)
    assert judged("идти", "итди", written(word))[0] == "wrong"  # where no sign is called so


@pytest.mark.parametrize(
    ("decision", "outcome", "understood"), [("no", "wrong", "нипочём"), ("sign: no", "correct", "no"), ("yes", "correct", "no")]
)
def test_no_is_a_decision_although_a_sign_is_called_so(decision, outcome, understood):
    signs = {"no": ["no"], "yes": ["yes"]}
    found = judged("no", "нипочём", Lexicon({("no", "нипочем"): decision}), signs=signs)
    assert (found[0], found[2]) == (outcome, "нипочем" if understood == "нипочём" else understood)


@pytest.mark.parametrize("spelled", ["Итди!", "иTди", " итди "])
def test_contradictory_decisions_are_refused_even_if_one_is_on_the_normal_form(spelled):
    decisions = {("идти", "итди"): "yes", ("идти", spelled): "no"}
    for order in (decisions, dict(reversed(decisions.items()))):
        with pytest.raises(
            InputError, match=r"two spellings of 'итди', for the sign 'идти', have different decisions \(.*: (yes|no), "
        ):
            judged("идти", "итди", Lexicon(order))


def test_decisions_about_two_forms_do_not_contradict_even_if_one_normalises_to_the_other():
    pytest.importorskip("pymorphy3")
    found = judge(
        study(("ёлка", "сталь"), ("ёлка", "стала"), lemmatiser="pymorphy3"),
        Lexicon({("ёлка", "сталь"): "yes", ("ёлка", "стать"): "no"}),
    )
    assert [row.outcome for row in found] == ["correct", "wrong"]


def test_a_german_word_whose_case_distinguishes_two_signs_is_the_sign_it_is_written_as():
    pytest.importorskip("simplemma")
    fields = {**DE, "signs": {"REISE": ["Reise"], "REISEN": ["reisen"]}}
    assert judged("REISE", "Reise", **fields)[0] == "correct"
    assert judged("REISEN", "reiste", **fields)[0] == "correct"
    assert judged("REISEN", "Reise", **fields)[::2] == ("wrong", "REISE")
