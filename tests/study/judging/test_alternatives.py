from __future__ import annotations

import pytest

from signbench.study.judging.alternatives import alternatives


@pytest.mark.parametrize(
    ("typed", "expected", "language"),
    [
        ("идти, ходить", ["идти", "ходить"], "ru"),
        ("идти или ходить", ["идти", "ходить"], "ru"),
        ("идти и\u0301ли ходить", ["идти", "ходить"], "ru"),
        ("идти ИЛИ ходить/бежать; ехать", ["идти", "ходить", "бежать", "ехать"], "ru"),
        ("идти\nходить\r\nбежать", ["идти", "ходить", "бежать"], "ru"),
        ("walk or go", ["walk", "go"], "ru"),
        ("gehen oder laufen", ["gehen", "laufen"], "de"),
        ("gehen oder laufen", ["gehen", "laufen"], "en"),
        ("走、跑，跳；坐", ["走", "跑", "跳", "坐"], "zh"),
        ("走或者跑", ["走", "跑"], "zh"),
        ("或许", ["或许"], "zh"),
        ("歩く、または走る", ["歩く", "走る"], "ja"),
        ("يمشي، يركض؛ يقفز", ["يمشي", "يركض", "يقفز"], "ar"),
        ("يمشي أو يركض", ["يمشي", "يركض"], "ar"),
        ("marcher ou aller", ["marcher", "aller"], "fr"),
        ("l'or", ["l'or"], "fr"),
        ("or", ["or"], "fr"),  # gold
        ("caminar o ir", ["caminar", "ir"], "es"),
        ("caminar o ir", ["caminar o ir"], "de"),  # a letter alone is a word in some languages only
        ("yürümek ya  da gitmek", ["yürümek", "gitmek"], "tr"),
        ("іти або йти", ["іти", "йти"], "uk"),
        ("iść lub chodzić", ["iść", "chodzić"], "pl"),
        ("идти,", ["идти"], "ru"),
        ("портили", ["портили"], "ru"),  # the word for "or" within another
        ("order", ["order"], "en"),
        ("Moder", ["Moder"], "de"),
        ("идти ходить", ["идти ходить"], "ru"),
        ("", [], "ru"),
    ],
)
def test_several_answers_in_a_cell_are_split(typed, expected, language):
    assert [part.strip() for part in alternatives(typed, language)] == expected
