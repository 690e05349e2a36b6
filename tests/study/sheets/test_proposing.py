from __future__ import annotations

import pytest
import yaml

from signbench.errors import InputError
from signbench.study.importing import import_study
from signbench.study.settings import read_settings
from signbench.study.sheets.files import read_file
from signbench.study.sheets.proposing import propose, write_proposal
from tests.study.response_sheets import LONG_ROWS, WIDE_ROWS, write_csv, write_xlsx
from tests.study.sheets.test_survey_forms import LIMESURVEY, QUALTRICS, SOSCI


def proposed(*paths, encoding=None):
    return yaml.safe_load(propose([read_file(path) for path in paths], encoding))


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


def test_an_existing_mapping_is_never_overwritten(tmp_path):
    (tmp_path / "study.yaml").write_text("mine")
    with pytest.raises(InputError, match="already exists; use it with `mapping="):
        write_proposal([read_file(write_csv(tmp_path / "pack.csv", WIDE_ROWS))], tmp_path / "study.yaml")
    assert (tmp_path / "study.yaml").read_text() == "mine"


FORMS = {
    "de": [
        "Zeitstempel",
        "E-Mail-Adresse",
        "Wie alt sind Sie?",
        "Sind Sie gehörlos oder hörend?",
        "Video 1",
        "Video 2",
        "Kommentare",
    ],
    "tr": ["Zaman damgası", "E-posta Adresi", "Yaşınız", "İşitme durumu", "Video 1", "Video 2", "Yorumlar"],
    "ru": ["Отметка времени", "Адрес электронной почты", "Возраст", "Статус слуха", "Видео 1", "Видео 2", "Комментарии"],
    "ar": ["طابع زمني", "عنوان البريد الإلكتروني", "العمر", "حالة السمع", "الفيديو الأول", "الفيديو الثاني", "ملاحظات"],
    "zh": ["时间戳记", "电子邮件地址", "年龄", "听力状况", "视频一", "视频二", "备注"],
    "fr": ["Horodateur", "Adresse e-mail", "Quel âge avez-vous ?", "Groupe", "Vidéo 1", "Vidéo 2", "Commentaires"],
    "en": ["Timestamp", "Email Address", "How old are you?", "Hearing status", "Video 1", "Video 2", "Any comments?"],
}


@pytest.mark.parametrize("language", FORMS)
def test_forms_are_known_in_many_languages(tmp_path, language):
    names = FORMS[language]
    rows = [names, ["", "a@x.org", "20", "g", "a", "b", "-"], ["", "b@x.org", "30", "h", "c", "d", ""]]
    mapping = proposed(write_csv(tmp_path / "form.csv", rows))
    (sheet,) = mapping["sheets"]
    assert mapping["language"] == language
    assert (sheet["time"], sheet["rater"], sheet["group"]) == (names[0], names[1], names[3])
    assert (list(sheet["clips"]), sheet["ignored"]) == (names[4:6], [names[2], names[6]])


@pytest.mark.parametrize(
    ("rows", "rater", "clips", "left_out"),
    [
        (
            QUALTRICS,
            "ResponseId",
            ["Q1", "Q2"],
            {"Status": ["Survey Preview"], "Finished": ["False"], "DistributionChannel": ["preview"]},
        ),
        (SOSCI, "CASE", ["A101_01", "A102_01"], {"MODE": ["pretest"], "FINISHED": ["0"], "Q_VIEWER": ["1"]}),
        (LIMESURVEY, "id", ["V1", "V2"], {"submitdate": [""]}),
    ],
)
def test_columns_of_survey_programs_are_not_clips_and_their_unfinished_rows_are_left_out(tmp_path, rows, rater, clips, left_out):
    (sheet,) = proposed(write_csv(tmp_path / "export.csv", rows))["sheets"]
    assert (sheet["rater"], list(sheet["clips"]), sheet["leave_out_rows"]) == (rater, clips, left_out)


@pytest.mark.parametrize(
    "cells",
    [
        ["a@example.org", "b@example.org"],
        ["192.168.0.1", "10.0.0.7"],
        ["2001:db8::1", ""],
        ["2026-03-07 10:00:00", "2026-03-08T11:00"],
        ["07.03.2026", "3/8/2026 10:00"],
        ["https://example.org/a", ""],
        ["52.51630", "-13.37770"],
        ["R_1abcDEF23456789", "R_2abcDEF23456789"],
    ],
)
def test_a_column_of_addresses_dates_or_coordinates_is_not_a_clip_whatever_its_name(tmp_path, cells):
    rows = [["Name", "Extra", "V1"], *([f"p{number}", cell, "walk"] for number, cell in enumerate(cells))]
    (sheet,) = proposed(write_csv(tmp_path / "form.csv", rows))["sheets"]
    assert (list(sheet["clips"]), sheet["ignored"]) == (["V1"], ["Extra"])


def test_answers_that_are_numbers_are_answers(tmp_path):
    rows = [["Name", "V1", "V2"], ["p", "5", "10"], ["q", "6", ""]]
    (sheet,) = proposed(write_csv(tmp_path / "form.csv", rows))["sheets"]
    assert list(sheet["clips"]) == ["V1", "V2"]


def test_raters_are_identified_by_a_column_without_empty_cells(tmp_path):
    rows = [["Email Address", "Participant ID", "V1"], ["", "1", "a"], ["a@x.org", "2", "b"]]
    (sheet,) = proposed(write_csv(tmp_path / "form.csv", rows))["sheets"]
    assert (sheet["rater"], sheet["ignored"]) == ("Participant ID", ["Email Address"])


def test_an_encoding_that_was_named_is_in_the_proposal(tmp_path):
    path = write_csv(tmp_path / "form.csv", [["Zaman damgası", "Video 1"], ["", "ağaç"]], encoding="cp1254", delimiter=";")
    with pytest.raises(InputError, match="`encoding` if there is no mapping yet"):
        proposed(path)
    (sheet,) = proposed(path, encoding="cp1254")["sheets"]
    assert (sheet["encoding"], list(sheet["clips"])) == ("cp1254", ["Video 1"])


def test_copies_that_participants_filled_in_one_by_one_are_proposed_as_one_sheet(tmp_path):
    paths = []
    for number in range(3):
        rows = [["participant", "video", "answer"], *([f"p{number}", f"v{clip}", f"answer {number}"] for clip in range(2))]
        paths.append(write_csv(tmp_path / f"pack-1 (p{number}).csv", rows))
    mapping = proposed(*paths)
    (sheet,) = mapping["sheets"]
    assert (sheet["file"], sheet["pack"], list(sheet["clips"])) == ("pack-1 (p*).csv", "pack-1", ["v0", "v1"])


def test_forms_of_one_row_each_are_copies_and_forms_of_many_rows_are_not(tmp_path):
    header = ["Name", "Video 1"]
    one = [write_xlsx(tmp_path / f"{name}.xlsx", {"a": [header, [name, "walk"]]}) for name in ("anna", "bert")]
    assert [sheet["file"] for sheet in proposed(*one)["sheets"]] == ["*.xlsx"]
    many = [write_csv(tmp_path / f"{pack}.csv", [header, ["p", pack], ["q", pack]]) for pack in ("pack20", "pack30")]
    assert [sheet["file"] for sheet in proposed(*many)["sheets"]] == ["pack20.csv", "pack30.csv"]


def test_copies_of_two_packs_are_two_sheets(tmp_path):
    paths = [
        write_csv(
            tmp_path / f"{pack}-{who}.csv", [["participant", "video", "answer"], [who, f"{pack}1", who], [who, f"{pack}2", who]]
        )
        for pack in "ab"
        for who in "pq"
    ]
    assert [(sheet["file"], sheet["pack"]) for sheet in proposed(*paths)["sheets"]] == [("a-*.csv", "a"), ("b-*.csv", "b")]


def test_a_sheet_of_a_workbook_without_rows_is_proposed_as_left_out(tmp_path):
    book = write_xlsx(tmp_path / "a.xlsx", {"Hinweise": [["Bitte ausfüllen"]], "Antworten": [["Name", "Video 1"], ["p", "gehen"]]})
    layouts = {sheet["sheet"]: sheet["layout"] for sheet in proposed(book)["sheets"]}
    assert layouts == {"Hinweise": "ignored", "Antworten": "wide"}
