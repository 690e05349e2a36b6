"""A word's way from the queue to its video, with a message on how far it is."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.bot.chats import FAILED, Chat, Notice, say_if_possible
from signbench.bot.jobs import Job, Jobs
from signbench.bot.refusals import cut
from signbench.generators.mimicmotion.alignment import UnfitPictureError
from signbench.generators.rusignbot.saying import Said, Speaker
from signbench.generators.rusignbot.words import UnknownWordError

_logger = logging.getLogger(__name__)

BETWEEN_CHANGES = 20.0
"""Seconds between two changes of the message on how far a request is; services limit how often a bot may write."""

_UNFIT = (
    "I cannot find a person in this avatar who could sign. Send a picture in which head and shoulders face the camera, and write "
    "the word again. /avatar lists the other avatars."
)
_FAREWELL = 5.0
"""Seconds within which people whose videos are not made are informed when the bot ends."""


class _EndedError(Exception):
    """The bot ends while a video is made."""


@dataclass(eq=False)
class _Request:
    chat: Chat
    word: str
    avatar: NDArray[np.uint8] | None
    phase: str = ""
    job: Job | None = None
    watch: asyncio.Task[None] | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def progress(self, phase: str, done: int, total: int) -> None:
        """Notes how far the video is; called in the thread that makes it."""
        if self.ended.is_set():
            raise _EndedError
        self.phase = f"{phase}, {done} of {total}" if done < total else phase


class Requests:
    """Words whose videos are made one after the other.

    Args:
        speaker: makes the videos.
        jobs: the queue, which the caller runs.
        between: seconds between two changes of the message on how far a request is.

    Attributes:
        made: how many videos were made and sent.
    """

    def __init__(self, speaker: Speaker, jobs: Jobs, between: float = BETWEEN_CHANGES) -> None:
        self._speaker, self._jobs, self._between = speaker, jobs, between
        self._open: list[_Request] = []
        self.made = 0

    async def add(self, chat: Chat, word: str, avatar: NDArray[np.uint8] | None) -> None:
        """Adds a word to the queue, and sends a message on how far it is, which is changed until the video is sent.

        Raises:
            BusyError: there are too many.
        """
        request = _Request(chat, word, avatar)

        async def work() -> None:
            await self._make(request)

        request.job = self._jobs.add(chat.id, work)
        self._open.append(request)
        text = self._state(request)
        try:
            notice = await chat.note(text)
        except Exception:
            _logger.exception("signbench: a message of the bot could not be sent")
            return
        if request in self._open:
            request.watch = asyncio.create_task(self._keep(notice, request, text))

    async def close(self) -> None:
        """Informs those whose videos are not made; the queue must have been stopped."""
        left = list(self._open)
        for request in left:
            self._end(request)
        farewells = [asyncio.create_task(say_if_possible(request.chat, _farewell(request.word))) for request in left]
        if farewells:
            _, late = await asyncio.wait(farewells, timeout=_FAREWELL)
            for farewell in late:
                farewell.cancel()

    def _state(self, request: _Request) -> str:
        before = 0 if request.job is None else self._jobs.before(request.job)
        if before:
            return f"{before} before you in the queue."
        return f"Making the video: {request.phase}." if request.phase else "Making the video; this takes a while."

    async def _keep(self, notice: Notice, request: _Request, shown: str) -> None:
        """Keeps a message up to date until it is cancelled."""
        while True:
            await asyncio.sleep(self._between)
            if (text := self._state(request)) == shown:
                continue
            shown = text
            try:
                await notice.change(text)
            except Exception:
                _logger.exception("signbench: a message of the bot could not be changed")

    def _end(self, request: _Request) -> None:
        self._open.remove(request)
        if request.watch is not None:
            request.watch.cancel()

    async def _make(self, request: _Request) -> None:
        try:
            with tempfile.TemporaryDirectory() as folder:
                said = await self._said(request, Path(folder) / "sign.mp4")
                nearest = said.way in ("embedding", "characters")
                gloss = cut(said.gloss, 200)
                await request.chat.show(said.video, f"{request.word}: nearest known sign {gloss}" if nearest else gloss)
        except Exception as error:
            self._end(request)
            reason = _reason(request, error)
            await say_if_possible(request.chat, reason or FAILED)
            if reason is None:
                # the queue logs it
                raise
            return
        self._end(request)
        self.made += 1

    async def _said(self, request: _Request, out: Path) -> Said:
        """Makes a video; if this is cancelled, the work ends at its next step, before the folder is removed."""
        making = asyncio.create_task(
            asyncio.to_thread(self._speaker.say, request.word, out, avatar=request.avatar, progress=request.progress)
        )
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            request.ended.set()
            await asyncio.wait([making])
            raise


def _reason(request: _Request, error: Exception) -> str | None:
    """Why there is no video, if the user can change that; None: it concerns the one who runs the bot."""
    if isinstance(error, UnknownWordError):
        return f"I know no sign for {cut(request.word)}, and none that is written like it."
    if isinstance(error, UnfitPictureError) and request.avatar is not None:
        return _UNFIT
    return None


def _farewell(word: str) -> str:
    return f"The bot is being ended, and {word} has no video. Please write it again later."
