"""Chats and speakers that need neither a service nor networks."""

from __future__ import annotations

import asyncio
import io
import threading

import numpy as np
from PIL import Image

from signbench.bot.conversation import Conversation
from signbench.bot.jobs import Jobs
from signbench.bot.study_answers import StudyAnswers
from signbench.generators.mimicmotion.alignment import UnfitPictureError
from signbench.generators.rusignbot.saying import Said
from signbench.media.video_writer import write_video
from signbench.study.planning.packs import new_study

AVATARS = {"ada": np.full((64, 64, 3), 1, np.uint8), "ben": np.full((64, 64, 3), 2, np.uint8)}


class Chat:
    """A chat that keeps what it is sent; the first ``lost`` videos, and all texts with the word in ``refused``, cannot be sent."""

    def __init__(self, number=1, lost=0, refused=None):
        self.id = number
        self.sent, self.changes = [], []
        self._lost, self._refused = lost, refused

    async def say(self, text):
        if self._refused is not None and self._refused in text:
            raise ConnectionError("the network is down")
        self.sent.append(text)

    async def note(self, text):
        await self.say(text)
        return self

    async def change(self, text):
        self.changes.append(text)

    async def show(self, video, caption):
        assert video.is_file()
        if self._lost:
            self._lost -= 1
            raise ConnectionError("the network is down")
        self.sent.append((video.name, caption))

    @property
    def shown(self):
        return [sent[1] for sent in self.sent if isinstance(sent, tuple)]


class Speaker:
    """Stands for the networks: notes what it is to make, and writes a small file."""

    def __init__(self, way="gloss", error=None, unfit=None):
        self.made, self.checked = [], []
        self._way, self._error, self._unfit = way, error, unfit

    def check_avatar(self, avatar, name):
        self.checked.append(name)
        if self._unfit is not None and self._unfit in name:
            raise UnfitPictureError(f"{name}: the source picture shows nobody")

    def say(self, text, out, *, avatar=None, progress=None):
        self.made.append((text, None if avatar is None else int(avatar[0, 0, 0])))
        if self._error is not None:
            raise self._error
        out.write_bytes(b"video")
        return Said(out, 1, 12.5, text.upper(), self._way, 1.0, "clip")


def fetched(content, after=None):
    """What downloads a picture, after an event if one is named."""

    async def download():
        if after is not None:
            await after.wait()
        return content

    return download


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
                await conversation.picture(chats[number], fetched(content))
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


class SlowSpeaker(Speaker):
    """Reports progress until it is ended, or a test lets it finish."""

    def __init__(self):
        super().__init__()
        self.finish, self.ended = threading.Event(), threading.Event()

    def say(self, text, out, *, avatar=None, progress=None):
        try:
            for step in range(3000):
                progress("denoising", min(step, 7), 25)
                if self.finish.wait(0.01):
                    break
        except Exception:
            self.ended.set()
            raise
        return super().say(text, out, avatar=avatar)


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def small_study(folder):
    """Begins a study of three videos for two participants."""
    clips = folder / "clips"
    clips.mkdir()
    for number, sign in enumerate(("dog", "cat", "tree")):
        write_video(clips / f"{sign}.mp4", [np.full((32, 32, 3), 60 * number, np.uint8)] * 5, 25, lossless=False)
    new_study(clips, folder / "study", sizes=(3,), raters=2, seed=1)
    return folder / "study"


def collecting(begun):
    return StudyAnswers(begun, begun.parent / "sheets")
