"""What the bot answers; it knows nothing of the service that carries the messages."""

from __future__ import annotations

import asyncio
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from signbench.bot.jobs import BusyError, Jobs
from signbench.bot.study_answers import StudyAnswers
from signbench.errors import InputError
from signbench.generators.rusignbot.avatars import decoded_avatar
from signbench.generators.rusignbot.saying import Said, Speaker, checked

MOST_PICTURE_BYTES = 5_000_000
"""The largest picture that a user may send."""

_MOST_CHATS = 1000
"""How many chats' choices are remembered; the oldest are forgotten first."""

_FAILED = "That did not work, and it is not your fault. Please try again later."


class Chat(Protocol):
    """A chat with one person.

    Attributes:
        id: of the chat.
    """

    id: int

    async def say(self, text: str) -> None:
        """Sends a message."""

    async def show(self, video: Path, caption: str) -> None:
        """Sends a video."""


@dataclass
class _Person:
    """What is remembered of a chat, in memory only."""

    avatar: NDArray[np.uint8] | None = None
    participant: str | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Conversation:
    """Answers messages: a word with a video of its sign, a picture with a new avatar, and in a study the next video.

    Args:
        speaker: makes the videos.
        jobs: the queue, which the caller runs.
        avatars: name -> picture of those that everybody can choose; without any, the person in the recording is shown.
        study: a study whose answers are collected; None: none.

    Attributes:
        videos: how many were made.
        answers: how many answers of the study were recorded.
    """

    def __init__(
        self, speaker: Speaker, jobs: Jobs, avatars: Mapping[str, NDArray[np.uint8]], study: StudyAnswers | None = None
    ) -> None:
        self._speaker, self._jobs, self._avatars, self._study = speaker, jobs, dict(avatars), study
        self._people: OrderedDict[int, _Person] = OrderedDict()
        self.videos, self.answers = 0, 0

    async def text(self, chat: Chat, text: str) -> None:
        """Answers a text message."""
        person = self._person(chat)
        async with person.lock:
            command, _, rest = text.strip().partition(" ")
            # in a group, a command has the bot's name behind it
            command = command.partition("@")[0].lower()
            try:
                if command in ("/start", "/help"):
                    await chat.say(self._help())
                elif command == "/avatar":
                    await chat.say(self._choose(person, rest.strip()))
                elif command == "/study" and self._study is not None:
                    await self._begin(chat, person, rest.strip())
                elif command == "/stop" and person.participant is not None:
                    person.participant = None
                    await chat.say("The study waits for you. Words get videos again.")
                elif command.startswith("/"):
                    await chat.say(f"I do not know {command}. Write /help to see what I can do.")
                elif person.participant is not None and self._study is not None:
                    self._study.answer(person.participant, text)
                    self.answers += 1
                    await self._next(chat, person)
                else:
                    await self._request(chat, person, text)
            except (InputError, BusyError) as error:
                await chat.say(str(error))

    async def picture(self, chat: Chat, content: bytes) -> None:
        """Takes a picture as the person's own avatar; it is kept in memory only, until the bot ends."""
        person = self._person(chat)
        try:
            if len(content) > MOST_PICTURE_BYTES:
                raise InputError(f"The picture has more than {MOST_PICTURE_BYTES // 1_000_000} MB; please send a smaller one.")
            person.avatar = await asyncio.to_thread(decoded_avatar, content, "The picture")
        except InputError as error:
            await chat.say(str(error))
            return
        await chat.say("This is your avatar now. Write a word. /avatar lists the others.")

    def _person(self, chat: Chat) -> _Person:
        found = self._people.pop(chat.id, None) or _Person(avatar=next(iter(self._avatars.values()), None))
        self._people[chat.id] = found
        while len(self._people) > _MOST_CHATS:
            self._people.popitem(last=False)
        return found

    def _help(self) -> str:
        lines = [
            "Write a word in Russian or English, and I send a video of its sign.",
            "Send a picture of a person who faces the camera, and that person signs.",
            "/avatar lists the avatars.",
        ]
        if self._study is not None:
            lines.append("/study NAME shows you the videos of a study; answer each with the sign that you saw. /stop pauses it.")
        return "\n".join(lines)

    def _choose(self, person: _Person, name: str) -> str:
        if not name:
            listed = ", ".join(self._avatars) or "none but the person in the recording"
            return f"Avatars: {listed}. Choose one with /avatar NAME, or send a picture."
        if name not in self._avatars:
            raise InputError(f"There is no avatar {name}. There are: {', '.join(self._avatars) or 'none'}.")
        person.avatar = self._avatars[name]
        return f"{name} signs for you now. Write a word."

    async def _request(self, chat: Chat, person: _Person, text: str) -> None:
        word, avatar = checked(text), person.avatar

        async def work() -> None:
            await self._make(chat, word, avatar)

        before = self._jobs.add(chat.id, work)
        await chat.say(f"{before} before you in the queue." if before else "Making the video; this takes a while.")

    async def _make(self, chat: Chat, word: str, avatar: NDArray[np.uint8] | None) -> None:
        with tempfile.TemporaryDirectory() as folder:
            try:
                said: Said = await asyncio.to_thread(self._speaker.say, word, Path(folder) / "sign.mp4", avatar=avatar)
            except InputError as error:
                await chat.say(str(error))
                return
            except Exception:
                # the queue logs it
                await chat.say(_FAILED)
                raise
            self.videos += 1
            nearest = said.way in ("embedding", "characters")
            await chat.show(said.video, f"{word}: nearest known sign {said.gloss}" if nearest else said.gloss)

    async def _begin(self, chat: Chat, person: _Person, participant: str) -> None:
        if not participant:
            raise InputError("Write /study and the name that you were given.")
        taken = any(other.participant == participant for other in self._people.values() if other is not person)
        if taken:
            raise InputError(f"{participant} is answering in another chat. Please write the name that you were given.")
        if self._study is not None:
            self._study.video(participant)
        person.participant = participant
        await chat.say("Answer each video with the sign that you saw, in your own words. If you do not know it, write a dash: -")
        await self._next(chat, person)

    async def _next(self, chat: Chat, person: _Person) -> None:
        if self._study is None or person.participant is None:
            return
        found = self._study.video(person.participant)
        if found is None:
            person.participant = None
            await chat.say("That was the last video. Thank you!")
            return
        video, number, total = found
        await chat.show(video, f"Video {number} of {total}")
