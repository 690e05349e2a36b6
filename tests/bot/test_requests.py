"""The queue of the bot, messages on progress, and how a request ends."""

from __future__ import annotations

import asyncio
import logging
import tempfile

import pytest

from signbench.bot.chats import FAILED
from signbench.bot.conversation import Conversation
from signbench.bot.jobs import BusyError, Jobs
from signbench.errors import InputError
from signbench.generators.mimicmotion.alignment import UnfitPictureError
from signbench.generators.rusignbot.words import UnknownWordError
from tests.bot.chats import AVATARS, Chat, SlowSpeaker, Speaker, talk, until


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
            assert jobs.before(jobs.add(1, work)) == 0
            with pytest.raises(BusyError):
                jobs.add(1, work)
            await jobs.done()
        worker.cancel()
        return done

    assert asyncio.run(run()) == [1, 1, 1]


@pytest.mark.parametrize("error", [RuntimeError("secret detail"), InputError("install secret detail in a folder.")])
def test_a_failure_of_the_bot_is_logged_and_ends_only_its_own_request(caplog, error):
    speaker = Speaker(error=error)
    with caplog.at_level(logging.ERROR):
        conversation, chats = talk("one", (2, "two"), speaker=speaker)
    for chat in chats.values():
        assert chat.sent[-1].startswith("That did not work") and "secret" not in str(chat.sent)
    assert speaker.made == [("one", 1), ("two", 1)]
    assert "secret detail" in caplog.text
    assert conversation.videos == 0


def test_a_video_that_cannot_be_sent_is_answered_and_not_counted(caplog):
    chats = {1: Chat(1, lost=1)}
    conversation, _ = talk("one", "two", chats=chats, jobs=Jobs(9, 9))
    assert chats[1].sent[-2:] == [FAILED, ("sign.mp4", "TWO")]
    assert conversation.videos == 1
    assert "the network is down" in caplog.text


def test_a_chat_that_cannot_be_written_to_does_not_hold_up_the_others(caplog):
    chats = {1: Chat(1, lost=9, refused=""), 2: Chat(2)}
    conversation, _ = talk("one", (2, "two"), chats=chats)
    assert chats[2].shown == ["TWO"]
    assert conversation.videos == 1


def test_who_waits_sees_how_far_the_queue_and_the_video_are():
    async def run():
        jobs = Jobs()
        conversation = Conversation(speaker, jobs, AVATARS, between=0.02)
        worker = asyncio.create_task(jobs.run())
        await conversation.text(chats[1], "one")
        await conversation.text(chats[2], "two")
        await until(lambda: "Making the video: denoising, 7 of 25." in chats[1].changes)
        await asyncio.sleep(0.1)
        assert chats[2].changes == []
        speaker.finish.set()
        await jobs.done()
        first = list(chats[1].changes)
        await asyncio.sleep(0.1)
        worker.cancel()
        return first

    speaker, chats = SlowSpeaker(), {1: Chat(1), 2: Chat(2)}
    first = asyncio.run(run())
    assert chats[2].sent[0] == "1 before you in the queue."
    assert chats[1].changes == first  # nothing is changed after the video
    assert len(first) == len(set(first))  # nor without need
    assert [chat.shown for chat in chats.values()] == [["ONE"], ["TWO"]]


def test_a_message_on_progress_that_cannot_be_changed_costs_nobody_the_video(caplog):
    async def change(text):
        raise ConnectionError("the network is down")

    async def run():
        jobs = Jobs()
        conversation = Conversation(speaker, jobs, AVATARS, between=0.02)
        worker = asyncio.create_task(jobs.run())
        await conversation.text(chat, "one")
        await until(lambda: "the network is down" in caplog.text)
        speaker.finish.set()
        await jobs.done()
        worker.cancel()

    speaker, chat = SlowSpeaker(), Chat()
    chat.change = change
    asyncio.run(run())
    assert chat.shown == ["ONE"]


def test_a_word_that_is_like_no_gloss_is_answered_as_such(caplog):
    _, chats = talk("house", speaker=Speaker(error=UnknownWordError("'house' is no gloss; name embedding=NAME.")))
    assert chats[1].sent[-1] == "I know no sign for house, and none that is written like it."
    assert "failed" not in caplog.text


def test_an_avatar_that_shows_nobody_is_said_to_be_the_reason(caplog):
    _, chats = talk("house", speaker=Speaker(error=UnfitPictureError("the source picture shows nobody who can be moved.")))
    assert chats[1].sent[-1].startswith("I cannot find a person in this avatar who could sign.")
    assert "/avatar" in chats[1].sent[-1]
    assert "failed" not in caplog.text


def test_a_recording_that_shows_nobody_concerns_the_one_who_runs_the_bot(caplog):
    error = UnfitPictureError("the source picture shows nobody who can be moved.")
    _, chats = talk("house", speaker=Speaker(error=error), avatars={})
    assert chats[1].sent[-1] == FAILED
    assert "shows nobody" in caplog.text


def test_when_the_bot_ends_the_video_at_work_ends_and_all_who_wait_are_informed(tmp_path, monkeypatch):
    async def run():
        jobs = Jobs()
        conversation = Conversation(speaker, jobs, AVATARS)
        worker = asyncio.create_task(jobs.run())
        await conversation.text(chats[1], "one")
        await conversation.text(chats[2], "two")
        await asyncio.sleep(0.05)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await conversation.close()
        return conversation

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    speaker, chats = SlowSpeaker(), {1: Chat(1), 2: Chat(2)}
    assert asyncio.run(run()).videos == 0
    assert speaker.ended.is_set()
    assert [chat.sent[-1] for chat in chats.values()] == [
        f"The bot is being ended, and {word} has no video. Please write it again later." for word in ("one", "two")
    ]
    assert list(tmp_path.iterdir()) == []
