"""Answers of a study that the bot collects."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from signbench.bot.chats import FAILED
from signbench.bot.study_answers import StudyAnswers
from signbench.errors import InputError
from signbench.study.importing import import_study
from signbench.study.planning.packs import new_study
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import read_study
from tests.bot.chats import Chat, Speaker, collecting, talk


def test_a_study_is_answered_in_the_participant_s_order_and_imported(begun, tmp_path):
    first, second = collecting(begun).participants
    messages = [
        f"/study {first}",
        "a dog",
        "=cat",
        "-",
        (2, f"/study {second}"),
        (2, "дерево"),
        (2, "?"),
        (2, "it's a cat, or dog"),
    ]
    conversation, chats = talk(*messages, study=collecting(begun))
    assert conversation.answers == 6
    assert [sent[1] for sent in chats[1].sent if isinstance(sent, tuple)] == [f"Video {n} of 3" for n in (1, 2, 3)]
    assert chats[1].sent[-1] == "That was the last video. Thank you!"
    done = import_study(sorted((tmp_path / "sheets").iterdir()), read_settings(begun / "study.yaml"), tmp_path / "imported")
    assert done.counts["answers"] == 6 and done.counts["raters"] == 2
    texts = {answer.text for answer in read_study(tmp_path / "imported").answers}
    assert texts == {"a dog", "=cat", "-", "дерево", "?", "it's a cat, or dog"}


def test_the_videos_are_those_of_the_sheet_in_its_order(begun):
    name = collecting(begun).participants[0]
    answers, shown = collecting(begun), []
    while (found := answers.video(name)) is not None:
        shown.append(found[0].stem)
        answers.answer(name, "x")
    rows = [line.split(",") for line in (begun / "pack-1.csv").read_text("utf-8-sig").splitlines()[1:]]
    assert shown == [row[3] for row in sorted(rows, key=lambda row: int(row[2])) if row[0] == name]


def test_a_stopped_bot_continues_where_it_was(begun):
    name = collecting(begun).participants[0]
    talk(f"/study {name}", "one", study=collecting(begun))
    _, chats = talk(f"/study {name}", "two", "three", study=collecting(begun))
    assert ("Video 2 of 3") in [sent[1] for sent in chats[1].sent if isinstance(sent, tuple)]
    with pytest.raises(InputError, match="You have answered all videos"):
        collecting(begun).answer(name, "four")


def test_a_study_can_be_paused_for_words(begun):
    name, speaker = collecting(begun).participants[0], Speaker()
    study = collecting(begun)
    talk(f"/study {name}", "/stop", "hello", speaker=speaker, study=study)
    assert speaker.made == [("hello", 1)]
    assert study.video(name)[1] == 1


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        (["/study"], "Write /study and the name"),
        (["/study nobody"], "There is no participant nobody."),
        (["/study {first}", " "], "An answer has at least one letter."),
        (["/study {first}", "a" * 1001], "Your answer has 1001 letters"),
        (["/study {first}", "bad\x0bletter"], "a character that cannot be recorded"),
        (["/study {first}", "bad\ufffeletter"], "a character that cannot be recorded"),
        (["/study {first}", (2, "/study {first}"), "a dog"], "{first} is answering in another chat now."),
    ],
)
def test_what_is_not_an_answer_is_not_recorded(begun, messages, answer):
    first = collecting(begun).participants[0]
    filled = [(m[0], m[1].format(first=first)) if isinstance(m, tuple) else m.format(first=first) for m in messages]
    conversation, chats = talk(*filled, study=collecting(begun))
    assert conversation.answers == 0
    assert any(answer.format(first=first) in sent for chat in chats.values() for sent in chat.sent if isinstance(sent, str))


def test_after_a_character_that_cannot_be_recorded_the_answers_continue(begun):
    name, study = collecting(begun).participants[0], collecting(begun)
    conversation, _ = talk(f"/study {name}", "bad\x0bletter", "one", "two", study=study)
    assert conversation.answers == 2
    assert study.video(name)[1] == collecting(begun).video(name)[1] == 3


def test_an_answer_that_cannot_be_written_is_not_recorded_and_can_be_sent_again(begun, monkeypatch, caplog):
    name, study = collecting(begun).participants[0], collecting(begun)

    def full(sheets):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("signbench.bot.study_answers.workbook_bytes", full)
        with pytest.raises(InputError, match=r"\.xlsx cannot be written: No space left on device"):
            study.answer(name, "one")
    assert study.video(name)[1] == 1
    with monkeypatch.context() as patch:
        patch.setattr("signbench.bot.study_answers.workbook_bytes", full)
        conversation, chats = talk(f"/study {name}", "one", study=study)
    assert conversation.answers == 0
    assert chats[1].sent[-1] == FAILED and "sheets" not in str(chats[1].sent)
    assert "No space left on device" in caplog.text
    conversation, _ = talk(f"/study {name}", "one", study=study)
    assert conversation.answers == 1


def test_a_message_is_no_answer_to_a_video_that_was_not_sent(begun, caplog):
    name, study = collecting(begun).participants[0], collecting(begun)
    chats = {1: Chat(1, lost=2)}
    conversation, _ = talk(f"/study {name}", "what?", "and now?", "a dog", study=study, chats=chats)
    assert chats[1].shown == ["Video 1 of 3", "Video 2 of 3"]
    assert sum("Video 1 could not be sent." in sent for sent in chats[1].sent) == 2
    assert sum("is not recorded" in sent for sent in chats[1].sent) == 2
    assert conversation.answers == 1
    assert "the network is down" in caplog.text


def test_a_participant_can_move_to_another_chat(begun):
    name, study = collecting(begun).participants[0], collecting(begun)
    speaker = Speaker()
    messages = [f"/study {name}", "one", (2, f"/study {name}"), "hello", (2, "two")]
    conversation, chats = talk(*messages, study=study, speaker=speaker)
    assert conversation.answers == 2
    assert chats[2].shown == ["Video 2 of 3", "Video 3 of 3"]
    assert f"{name} is answering here now, and no longer in the other chat." in chats[2].sent
    assert speaker.made == [("hello", 1)]


def test_a_participant_is_not_forgotten_for_other_chats(begun, monkeypatch):
    monkeypatch.setattr("signbench.bot.people.MOST_CHATS", 1)
    name = collecting(begun).participants[0]
    chats = {number: Chat(number) for number in range(1, 5)}
    messages = [f"/study {name}", (2, "/help"), (3, "/help"), (4, "/help"), "a dog"]
    conversation, _ = talk(*messages, study=collecting(begun), chats=chats)
    assert conversation.answers == 1


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "a\\b", ""])
def test_a_participant_whose_name_leads_to_another_folder_is_refused(begun, name):
    sheet = begun / "pack-1.csv"
    first = collecting(begun).participants[0]
    sheet.write_text(sheet.read_text("utf-8-sig").replace(first, name), "utf-8-sig")
    with pytest.raises(InputError, match=r"pack-1\.csv has the participant .*, which cannot name a file"):
        collecting(begun)


def test_without_openpyxl_the_error_comes_before_the_first_answer(begun, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"need openpyxl; install signbench\[rusignbot\]"):
        collecting(begun)


def test_the_extra_of_the_bot_brings_all_that_it_needs():
    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {line for line in extras["study"] if line.startswith("openpyxl")} < set(extras["rusignbot"])


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no sheets pack-"):
        StudyAnswers(tmp_path, tmp_path / "out")


def test_a_missing_video_is_named(begun):
    (begun / "videos" / "v001.mp4").unlink()
    with pytest.raises(InputError, match="has no v001"):
        collecting(begun)


def test_sheets_of_another_study_are_not_continued(begun, tmp_path):
    talk(f"/study {collecting(begun).participants[0]}", "one", study=collecting(begun))
    new_study(begun.parent / "clips", tmp_path / "other", sizes=(2,), raters=2, seed=5)
    with pytest.raises(InputError, match="has other videos"):
        StudyAnswers(tmp_path / "other", tmp_path / "sheets")
