"""What the bot answers, its queue, and its limits; without Telegram."""

from __future__ import annotations

import asyncio
import io
import logging

import numpy as np
import pytest
from PIL import Image

from signbench.bot.conversation import MOST_PICTURE_BYTES, Conversation
from signbench.bot.jobs import BusyError, Jobs
from signbench.bot.study_answers import StudyAnswers
from signbench.errors import InputError
from signbench.generators.rusignbot.saying import Said
from signbench.media.video_writer import write_video
from signbench.study.importing import import_study
from signbench.study.planning.packs import new_study
from signbench.study.settings import read_settings
from signbench.study.sheets.answers import read_study

AVATARS = {"ada": np.full((64, 64, 3), 1, np.uint8), "ben": np.full((64, 64, 3), 2, np.uint8)}


class Chat:
    """A chat that keeps what it is sent."""

    def __init__(self, number=1):
        self.id = number
        self.sent = []

    async def say(self, text):
        self.sent.append(text)

    async def show(self, video, caption):
        assert video.is_file()
        self.sent.append((video.name, caption))


class Speaker:
    """Stands for the networks: notes what it is to make, and writes a small file."""

    def __init__(self, way="gloss", error=None):
        self.made = []
        self._way, self._error = way, error

    def say(self, text, out, *, avatar=None):
        self.made.append((text, None if avatar is None else int(avatar[0, 0, 0])))
        if self._error is not None:
            raise self._error
        out.write_bytes(b"video")
        return Said(out, 1, 12.5, text.upper(), self._way, 1.0, "clip")


def talk(*messages, speaker=None, study=None, avatars=AVATARS, chats=None, jobs=None):
    """Sends messages in order, each ``text`` or ``(chat, text or picture)``, and waits for all videos; returns the chats."""
    speaker, jobs = speaker or Speaker(), jobs or Jobs()
    chats = chats or {1: Chat(1), 2: Chat(2)}

    async def run():
        conversation = Conversation(speaker, jobs, avatars, study)
        worker = asyncio.create_task(jobs.run())
        for message in messages:
            number, content = message if isinstance(message, tuple) else (1, message)
            if isinstance(content, bytes):
                await conversation.picture(chats[number], content)
            else:
                await conversation.text(chats[number], content)
        await jobs.done()
        worker.cancel()
        return conversation

    return asyncio.run(run()), chats


def picture(colour="white", size=(80, 80), form="PNG"):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, form)
    return stream.getvalue()


def test_a_word_gets_its_video():
    conversation, chats = talk("  hello ")
    assert chats[1].sent == ["Making the video; this takes a while.", ("sign.mp4", "HELLO")]
    assert conversation.videos == 1


def test_a_word_that_is_not_known_is_answered_with_what_was_found_instead():
    _, chats = talk("hello", speaker=Speaker("embedding"))
    assert chats[1].sent[-1] == ("sign.mp4", "hello: nearest known sign HELLO")


def test_the_first_avatar_signs_until_another_is_chosen_or_sent():
    speaker = Speaker()
    talk("one", "/avatar ben", "two", picture(), "three", "/avatar ada", (2, "four"), speaker=speaker, jobs=Jobs(9, 9))
    assert speaker.made == [("one", 1), ("two", 2), ("three", 255), ("four", 1)]


def test_without_avatars_the_person_in_the_recording_signs():
    speaker = Speaker()
    _, chats = talk("one", "/avatar", speaker=speaker, avatars={})
    assert speaker.made == [("one", None)]
    assert any("the person in the recording" in sent for sent in chats[1].sent)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("/start", "Write a word in Russian or English"),
        ("/help@rusignbot", "Write a word in Russian or English"),
        ("/avatar", "Avatars: ada, ben."),
        ("/avatar cem", "There is no avatar cem. There are: ada, ben."),
        ("/study p1", "I do not know /study"),
        ("/sing", "I do not know /sing. Write /help"),
        ("   ", "there is no word to sign"),
        ("a" * 61, "has 61 letters"),
        (b"no picture", "The picture is not a picture that can be read"),
        (picture(size=(20, 20)), "both sides need at least 64"),
        (bytes(MOST_PICTURE_BYTES + 1), "more than 5 MB"),
    ],
)
def test_what_is_not_a_word_is_answered_and_makes_no_video(message, answer):
    speaker = Speaker()
    _, chats = talk(message, speaker=speaker)
    assert len(chats[1].sent) == 1 and answer in chats[1].sent[0]
    assert speaker.made == []


def test_a_chat_may_have_two_words_in_the_queue_and_the_queue_has_an_end():
    speaker = Speaker()
    _, chats = talk("one", "two", "three", (2, "four"), speaker=speaker, jobs=Jobs(most=2))
    assert speaker.made == [("one", 1), ("two", 1)]
    assert "You have 2 words in the queue. Please wait for their videos." in chats[1].sent
    assert chats[2].sent == ["2 words are waiting, and no more fit into the queue. Please try again in a few minutes."]


def test_who_waits_sees_how_many_are_before():
    _, chats = talk("one", (2, "two"))
    assert chats[2].sent == ["1 before you in the queue.", ("sign.mp4", "TWO")]


def test_after_a_video_the_chat_may_ask_again():
    jobs = Jobs(1, 1)

    async def run():
        worker = asyncio.create_task(jobs.run())
        done = []

        async def work():
            done.append(1)

        for _ in range(3):
            assert jobs.add(1, work) == 0
            with pytest.raises(BusyError):
                jobs.add(1, work)
            await jobs.done()
        worker.cancel()
        return done

    assert asyncio.run(run()) == [1, 1, 1]


def test_a_word_that_cannot_be_signed_is_answered_with_the_reason():
    _, chats = talk("one", speaker=Speaker(error=InputError("the corpus lacks it.")))
    assert chats[1].sent[-1] == "the corpus lacks it."


def test_a_failure_of_the_bot_is_logged_and_ends_only_its_own_request(caplog):
    speaker = Speaker(error=RuntimeError("secret detail"))
    with caplog.at_level(logging.ERROR):
        _, chats = talk("one", (2, "two"), speaker=speaker)
    for chat in chats.values():
        assert chat.sent[-1].startswith("That did not work") and "secret" not in chat.sent[-1]
    assert speaker.made == [("one", 1), ("two", 1)]
    assert "secret detail" in caplog.text


@pytest.fixture
def begun(tmp_path):
    """A study of three videos for two participants."""
    clips = tmp_path / "clips"
    clips.mkdir()
    for number, sign in enumerate(("dog", "cat", "tree")):
        write_video(clips / f"{sign}.mp4", [np.full((32, 32, 3), 60 * number, np.uint8)] * 5, 25, lossless=False)
    new_study(clips, tmp_path / "study", sizes=(3,), raters=2, seed=1)
    return tmp_path / "study"


def collecting(begun):
    return StudyAnswers(begun, begun.parent / "sheets")


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
        (["/study {first}", (2, "/study {first}")], "is answering in another chat"),
    ],
)
def test_what_is_not_an_answer_is_not_recorded(begun, messages, answer):
    first = collecting(begun).participants[0]
    filled = [(m[0], m[1].format(first=first)) if isinstance(m, tuple) else m.format(first=first) for m in messages]
    conversation, chats = talk(*filled, study=collecting(begun))
    assert conversation.answers == 0
    assert any(answer in sent for chat in chats.values() for sent in chat.sent if isinstance(sent, str))


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
