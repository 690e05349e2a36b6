from __future__ import annotations

import pytest
import yaml

from signbench.errors import InputError
from signbench.study.importing import import_study
from signbench.study.proposing import propose, write_proposal
from signbench.study.settings import read_settings
from signbench.study.sheets import read_file
from tests.study.response_sheets import LONG_ROWS, WIDE_ROWS, write_csv, write_xlsx


def proposed(*paths):
    return yaml.safe_load(propose([read_file(path) for path in paths]))


@pytest.mark.parametrize(
    ("time", "rater"),
    [
        ("Timestamp", "Email Address"),
        ("Отметка времени", "Адрес электронной почты"),
        ("Zeitstempel", "E-Mail-Adresse"),
        ("Отметка времени", "Ваше имя"),
    ],
)
def test_a_form_with_localised_headers_is_proposed_as_wide(tmp_path, time, rater):
    rows = [[time, rater, "Видео 1", "Видео 2", "Ваш возраст"], ["", "p", "a", "b", "20"]]
    mapping = proposed(write_csv(tmp_path / "pack20.csv", rows))
    assert mapping["sheets"] == [
        {
            "file": "pack20.csv",
            "layout": "wide",
            "pack": "pack20",
            "rater": rater,
            "time": time,
            "clips": {name: {"clip": name, "sign": name} for name in ("Видео 1", "Видео 2")},
            "ignored": ["Ваш возраст"],
        }
    ]
    assert mapping["signs"] == {"Видео 1": [], "Видео 2": []}


def test_a_proposal_for_a_long_sheet_with_signs_can_be_used_as_it_is(tmp_path):
    path = write_csv(tmp_path / "long.csv", LONG_ROWS)
    write_proposal([read_file(path)], tmp_path / "study.yaml")
    settings = read_settings(tmp_path / "study.yaml")
    assert settings.signs == {"tree": ("tree",), "walk": ("walk",)}
    assert import_study([path], settings, tmp_path / "study").counts["answers"] == 4


def test_a_proposal_for_a_wide_sheet_asks_for_accepted_answers(tmp_path):
    write_proposal([read_file(write_csv(tmp_path / "pack.csv", WIDE_ROWS))], tmp_path / "study.yaml")
    with pytest.raises(InputError, match=r"field signs\.Видео 1 is empty; write each sign with the list of its accepted answers"):
        read_settings(tmp_path / "study.yaml")


def test_a_long_sheet_without_signs_lists_its_clips(tmp_path):
    rows = [["Участник", "Видео", "Ответ"], ["p1", "c1", "a"], ["p1", "c2", "b"]]
    (sheet,) = proposed(write_csv(tmp_path / "long.csv", rows))["sheets"]
    assert (sheet["layout"], sheet["rater"], sheet["clip"], sheet["answer"]) == ("long", "Участник", "Видео", "Ответ")
    assert sheet["clips"] == {"c1": {"clip": "c1", "sign": "c1"}, "c2": {"clip": "c2", "sign": "c2"}}


def test_columns_of_one_name_are_proposed_by_their_letters(tmp_path):
    rows = [["Timestamp", "Что это?", "Что это?"], ["", "a", "b"]]
    (sheet,) = proposed(write_csv(tmp_path / "pack.csv", rows))["sheets"]
    assert list(sheet["clips"]) == ["column B", "column C"]


def test_each_sheet_of_a_workbook_is_a_pack(tmp_path):
    book = write_xlsx(tmp_path / "packs.xlsx", {"20 слов": WIDE_ROWS, "30 слов": WIDE_ROWS})
    assert [(sheet["sheet"], sheet["pack"]) for sheet in proposed(book)["sheets"]] == [
        ("20 слов", "20 слов"),
        ("30 слов", "30 слов"),
    ]


def test_a_mapping_that_is_there_is_never_overwritten(tmp_path):
    (tmp_path / "study.yaml").write_text("mine")
    with pytest.raises(InputError, match="is there already; use it with --mapping"):
        write_proposal([read_file(write_csv(tmp_path / "pack.csv", WIDE_ROWS))], tmp_path / "study.yaml")
    assert (tmp_path / "study.yaml").read_text() == "mine"
