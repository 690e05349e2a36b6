from __future__ import annotations

import re
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.study.settings import LongSheet, StudySettings, WideSheet, read_settings, settings_yaml
from tests.study.response_sheets import LONG, WIDE, changed, write_mapping


def test_settings_survive_being_written(tmp_path):
    settings = read_settings(write_mapping(tmp_path / "study.yaml", WIDE))
    (tmp_path / "again.yaml").write_text(settings_yaml(settings), encoding="utf-8")
    assert read_settings(tmp_path / "again.yaml") == settings


def test_names_that_yaml_takes_for_other_things_stay_names(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        "sheets:\n- {file: a.csv, layout: wide, pack: 20, rater: null,\n"
        "   clips: {1: {clip: 007, sign: no}, on: {clip: 1_0, sign: yes}}}\n"
        "signs: {no: [off], yes: [2026-03-07]}\n",
        encoding="utf-8",
    )
    settings = read_settings(path)
    (sheet,) = settings.sheets
    assert (sheet.pack, sheet.rater) == ("20", None)
    assert [(name, shown.clip, shown.sign) for name, shown in sheet.clips.items()] == [("1", "007", "no"), ("on", "1_0", "yes")]
    assert settings.signs == {"no": ("off",), "yes": ("2026-03-07",)}
    assert settings_yaml(settings) == settings_yaml(read_settings(path))


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (changed(WIDE, signs={"идти": []}), r"field signs\.идти is empty; write each sign with the list"),
        (changed(WIDE, signs=None), r"field signs is empty; write each sign"),
        ({"sheets": WIDE["sheets"]}, "field signs is missing; write each sign"),
        (changed(WIDE, sheet={"layout": "width"}), r"field sheets\.1\.layout is missing or unknown; write wide, long or ignored"),
        (changed(WIDE, sheet={"layout": None}), r"field sheets\.1\.layout is missing or unknown"),
        (changed(WIDE, sheet={"packs": "a"}), r"field sheets\.1\.packs is unknown\. Did you mean pack"),
        (
            changed(WIDE, sheet={"clips": {"V": {"sign": "идти"}}}),
            r"field sheets\.1\.clips\.V\.clip is missing; write the clip's id",
        ),
        (changed(WIDE, sheet={"header_row": 0}), r"field sheets\.1\.header_row cannot be '0'; write the number of the row"),
        (changed(WIDE, sheet={"header_row": 3, "first_row": 3}), r"field sheets\.1: first_row must be larger than header_row"),
        (changed(WIDE, sheet={"delimiter": ";;"}), r"field sheets\.1\.delimiter cannot be ';;'; write the one character"),
        (changed(WIDE, language="de-DE"), "field language cannot be 'de-DE'; write the language of the answers by its code"),
        (
            changed(WIDE, sheet={"rater_ids": "file"}),
            r"field sheets\.1\.rater_ids cannot be 'file'; write study \(one id is one person",
        ),
        (
            changed(WIDE, sheet={"leave_out_rows": ["x"]}),
            r"field sheets\.1\.leave_out_rows cannot be .*; write columns with the values",
        ),
        (changed(WIDE, unanswered="wrong"), "field unanswered cannot be 'wrong'; write blank"),
        (changed(WIDE, blank="right"), "field blank cannot be 'right'; write wrong or leave-out"),
        (changed(WIDE, resubmission="first"), r"field resubmission is unknown\. Did you mean resubmissions"),
        (changed(LONG, sheet={"sign": None}), r"field sheets\.1: set either sign \(a column\) or clips .*, not both"),
        (
            changed(LONG, sheet={"rater": None}),
            r"field sheets\.1\.rater is missing; write the column that identifies participants",
        ),
        (changed(WIDE, sheets=[]), "field sheets is empty; write a list of sheets"),
    ],
)
def test_a_wrong_field_is_named_with_what_to_write(tmp_path, mapping, message):
    with pytest.raises(InputError, match=message):
        read_settings(write_mapping(tmp_path / "study.yaml", mapping))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("signs: {a: [b]}\nsigns: {a: [c]}\n", r"study\.yaml, line 2: duplicate field signs; keep one"),
        ("signs: {no: [b], no: [c]}\n", r"line 1: duplicate field no"),
        ("- a\n- b\n", "is not a mapping file"),
        ("signs: [a\n", r"line \d is not YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "is not YAML"),
        ("[a, b]: c\n", "the name of a field is a word"),
    ],
)
def test_a_file_that_is_not_a_mapping_is_refused(tmp_path, text, message):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_settings(path)


PAGE = Path(__file__).parents[2] / "docs" / "study.md"


def test_the_mapping_in_the_documentation_is_valid(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "study.yaml").write_text(example, encoding="utf-8")
    settings = read_settings(tmp_path / "study.yaml")
    assert [sheet.layout for sheet in settings.sheets] == ["wide", "long"]


@pytest.mark.parametrize("model", [StudySettings, WideSheet, LongSheet])
def test_every_field_of_the_mapping_is_documented(model):
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in model.model_fields if not re.search(rf"\b{name}\b", page)] == []


def test_a_missing_mapping_file_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"study\.yaml does not exist; run signbench study import without --mapping"):
        read_settings(tmp_path / "study.yaml")
