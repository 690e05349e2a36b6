"""What the bot answers, and what it remembers; without Telegram."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from signbench.bot.chats import FAILED
from signbench.bot.conversation import MOST_PICTURE_BYTES, Conversation
from signbench.bot.jobs import Jobs
from tests.bot.chats import AVATARS, Chat, Speaker, collecting, fetched, picture, talk


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


def test_a_picture_that_cannot_be_fetched_is_answered(caplog):
    async def download():
        raise ConnectionError("the network is down")

    async def run():
        await Conversation(Speaker(), Jobs(), AVATARS).picture(chat, download)

    chat = Chat()
    asyncio.run(run())
    assert chat.sent == [FAILED]
    assert "the network is down" in caplog.text


def test_a_caption_is_the_word_after_the_picture():
    async def run():
        jobs = Jobs()
        conversation, worker = Conversation(speaker, jobs, AVATARS), asyncio.create_task(jobs.run())
        await conversation.picture(chat, fetched(picture()), "hello")
        await conversation.picture(chat, fetched(b"no picture"), "other")
        await jobs.done()
        worker.cancel()

    speaker, chat = Speaker(), Chat()
    asyncio.run(run())
    assert speaker.made == [("hello", 255)]
    assert chat.sent[0].startswith("This is your avatar now.")


def test_a_message_does_not_overtake_the_picture_before_it():
    async def run():
        jobs, arrived = Jobs(), asyncio.Event()
        conversation, worker = Conversation(speaker, jobs, AVATARS), asyncio.create_task(jobs.run())
        first = asyncio.create_task(conversation.picture(chats[1], fetched(picture(), arrived)))
        second = asyncio.create_task(conversation.text(chats[1], "mine"))
        await conversation.text(chats[2], "theirs")
        await jobs.done()
        assert chats[1].sent == []
        arrived.set()
        await asyncio.gather(first, second)
        await jobs.done()
        worker.cancel()

    speaker, chats = Speaker(), {1: Chat(1), 2: Chat(2)}
    asyncio.run(run())
    assert speaker.made == [("theirs", 1), ("mine", 255)]


def test_pictures_are_decoded_one_at_a_time_and_not_if_they_have_many_pixels(monkeypatch):
    def decode(content, what, most_pixels):
        with guard:
            assert not at_work
            at_work.append(1)
        time.sleep(0.02)
        at_work.pop()
        asked.append(most_pixels)
        return np.zeros((64, 64, 3), np.uint8)

    async def run():
        conversation = Conversation(Speaker(), Jobs(), AVATARS)
        await asyncio.gather(*(conversation.picture(chat, fetched(b"")) for chat in chats))

    guard, at_work, asked = threading.Lock(), [], []
    monkeypatch.setattr("signbench.bot.conversation.decoded_avatar", decode)
    chats = [Chat(number) for number in range(6)]
    asyncio.run(run())
    assert asked == [16_000_000] * 6
    assert all(chat.sent[0].startswith("This is your avatar now.") for chat in chats)


def test_only_the_latest_pictures_are_remembered_and_who_loses_one_is_informed(monkeypatch):
    monkeypatch.setattr("signbench.bot.people.MOST_PICTURES", 1)
    speaker = Speaker()
    messages = [picture(), (2, picture("black")), "one", "two", (2, "three"), (2, "/avatar ben"), picture(), (2, "four")]
    _, chats = talk(*messages, speaker=speaker, jobs=Jobs(9, 9))
    assert speaker.made == [("one", 1), ("two", 1), ("three", 0), ("four", 2)]
    assert sum("I no longer have your picture." in sent for sent in chats[1].sent) == 1
    assert not any("I no longer have your picture." in sent for sent in chats[2].sent)


def test_the_oldest_chats_are_forgotten_but_not_those_with_messages(monkeypatch):
    async def run():
        arrived = asyncio.Event()
        conversation = Conversation(speaker, jobs, AVATARS)
        worker = asyncio.create_task(jobs.run())
        await conversation.text(chats[1], "/avatar ben")
        waiting = asyncio.create_task(conversation.picture(chats[2], fetched(picture(), arrived)))
        for number in (3, 4, 5):
            await conversation.text(chats[number], "/help")
        following = asyncio.create_task(conversation.text(chats[2], "mine"))
        await conversation.text(chats[1], "forgotten")
        arrived.set()
        await asyncio.gather(waiting, following)
        await jobs.done()
        worker.cancel()

    monkeypatch.setattr("signbench.bot.people.MOST_CHATS", 2)
    speaker, jobs, chats = Speaker(), Jobs(), {number: Chat(number) for number in range(1, 6)}
    asyncio.run(run())
    assert speaker.made == [("forgotten", 1), ("mine", 255)]


@pytest.mark.parametrize("message", ["/" + "x" * 4095, "/avatar " + "x" * 4087, "/study " + "x" * 4088])
def test_a_long_message_is_quoted_only_in_part(message, begun):
    _, chats = talk(message, study=collecting(begun))
    assert len(chats[1].sent[0]) < 300 and "xxx" in chats[1].sent[0]


def test_many_avatars_are_listed_only_in_part():
    avatars = {f"{number:0200}": AVATARS["ada"] for number in range(300)}
    _, chats = talk("/avatar", "/avatar nobody", avatars=avatars)
    assert all(len(sent) < 4096 and "and 260 more" in sent for sent in chats[1].sent)
