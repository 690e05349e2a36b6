"""What the bot answers; it knows nothing of the service that carries the messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import numpy as np
from numpy.typing import NDArray

from signbench.bot.chats import Chat, say_if_possible
from signbench.bot.jobs import Jobs
from signbench.bot.people import People, Person
from signbench.bot.refusals import RefusedError, cut
from signbench.bot.requests import BETWEEN_CHANGES, Requests
from signbench.bot.study_answers import StudyAnswers
from signbench.errors import InputError, listing
from signbench.generators.rusignbot.avatars import decoded_avatar
from signbench.generators.rusignbot.saying import Speaker, checked

_logger = logging.getLogger(__name__)

MOST_PICTURE_BYTES = 5_000_000
"""The largest picture that a user may send."""

TOO_LARGE = f"The picture has more than {MOST_PICTURE_BYTES // 1_000_000} MB; please send a smaller one."

_MOST_PIXELS = 16_000_000
"""The same in pixels: a small file can have many, and takes up to 10 bytes of memory for each."""

_TASK = "Answer each video with the sign that you saw, in your own words. If you do not know it, write a dash: -"
_MOST_DOWNLOADS = 4
_MOST_LISTED = 40


class Conversation:
    """Answers messages: a word with a video of its sign, a picture with a new avatar, and in a study the next video.

    A chat's messages are answered in their order.

    Args:
        speaker: makes the videos.
        jobs: the queue, which the caller runs.
        avatars: name -> picture of those that everybody can choose; without any, the person in the recording is shown.
        study: a study whose answers are collected; None: none.
        between: seconds between two changes of the message on how far a request is.

    Attributes:
        answers: how many answers of the study were recorded.
    """

    def __init__(
        self,
        speaker: Speaker,
        jobs: Jobs,
        avatars: Mapping[str, NDArray[np.uint8]],
        study: StudyAnswers | None = None,
        between: float = BETWEEN_CHANGES,
    ) -> None:
        self._avatars, self._study = dict(avatars), study
        self._requests = Requests(speaker, jobs, between)
        self._people = People(next(iter(self._avatars.values()), None))
        self._downloads, self._decoding = asyncio.Semaphore(_MOST_DOWNLOADS), asyncio.Lock()
        self.answers = 0

    @property
    def videos(self) -> int:
        """How many videos were made and sent."""
        return self._requests.made

    async def text(self, chat: Chat, text: str) -> None:
        """Answers a text message."""
        async with self._turn(chat) as person:
            await self._answer(person, text)

    async def picture(self, chat: Chat, download: Callable[[], Awaitable[bytes]], caption: str = "") -> None:
        """Takes a picture as the person's own avatar; it is kept in memory only, until the bot ends.

        Args:
            chat: who sent it.
            download: fetches the file; what it raises as :class:`RefusedError` is answered.
            caption: a text below it, which is answered like a message after the picture.
        """
        async with self._turn(chat) as person:
            async with self._downloads:
                content = await download()
                if len(content) > MOST_PICTURE_BYTES:
                    raise RefusedError(TOO_LARGE)
                with _refusing():
                    # a decoded picture is large, so only one is decoded at a time
                    async with self._decoding:
                        picture = await asyncio.to_thread(decoded_avatar, content, "The picture", _MOST_PIXELS)
            self._people.show_own(person, picture)
            await chat.say("This is your avatar now. Write a word. /avatar lists the others.")
            if caption.strip():
                await self._answer(person, caption)

    async def other(self, chat: Chat) -> None:
        """Answers a message that is neither a text nor a picture."""
        async with self._turn(chat):
            await chat.say(f"I understand only words and pictures.\n{self._help()}")

    async def close(self) -> None:
        """Informs those whose videos are not made; the queue must have been stopped."""
        await self._requests.close()

    @asynccontextmanager
    async def _turn(self, chat: Chat) -> AsyncIterator[Person]:
        """The person of a chat in their turn; whatever happens in it, the person is answered, and the bot continues."""
        async with self._people.turn(chat) as person:
            try:
                yield person
            except RefusedError as error:
                await chat.say(str(error))
            except Exception:
                _logger.exception("signbench: a message to the bot could not be answered")
                await say_if_possible(chat)

    async def _answer(self, person: Person, text: str) -> None:
        command, _, rest = text.strip().partition(" ")
        # in a group, a command has the bot's name behind it
        command = command.partition("@")[0].lower()
        if command in ("/start", "/help"):
            await person.chat.say(self._help())
        elif command == "/avatar":
            await person.chat.say(self._choose(person, rest.strip()))
        elif command == "/study" and self._study is not None:
            await self._begin(person, self._study, rest.strip())
        elif command == "/stop" and person.participant is not None:
            person.participant = person.shown = None
            await person.chat.say("The study waits for you. Words get videos again.")
        elif command.startswith("/"):
            raise RefusedError(f"I do not know {cut(command)}. Write /help to see what I can do.")
        elif person.participant is not None and self._study is not None:
            await self._record(person, self._study, person.participant, text)
        else:
            await self._request(person, text)

    def _help(self) -> str:
        lines = [
            "Write a word in Russian or English, and I send a video of its sign.",
            "Send a picture of a person who faces the camera, and that person signs.",
            "/avatar lists the avatars.",
        ]
        if self._study is not None:
            lines.append("/study NAME shows you the videos of a study; answer each with the sign that you saw. /stop pauses it.")
        return "\n".join(lines)

    def _choose(self, person: Person, name: str) -> str:
        names = listing([cut(each) for each in self._avatars], _MOST_LISTED)
        if not name:
            return f"Avatars: {names or 'none but the person in the recording'}. Choose one with /avatar NAME, or send a picture."
        if name not in self._avatars:
            raise RefusedError(f"There is no avatar {cut(name)}. There are: {names or 'none'}.")
        self._people.show_shared(person, self._avatars[name])
        return f"{cut(name)} signs for you now. Write a word."

    async def _request(self, person: Person, text: str) -> None:
        with _refusing():
            word = checked(text)
        if person.gave_up:
            person.gave_up = False
            await person.chat.say("I no longer have your picture. Send it again if that person is to sign.")
        await self._requests.add(person.chat, word, person.avatar)

    async def _begin(self, person: Person, study: StudyAnswers, participant: str) -> None:
        if not participant:
            raise RefusedError("Write /study and the name that you were given.")
        study.video(participant)
        others = [other for other in self._people.answering(participant) if other is not person]
        for other in others:
            other.participant = other.shown = None
        person.participant, person.shown = participant, None
        for other in others:
            await say_if_possible(other.chat, f"{participant} is answering in another chat now. Words get videos here again.")
        if others:
            await person.chat.say(f"{participant} is answering here now, and no longer in the other chat.")
        await person.chat.say(_TASK)
        await self._next(person, study, participant)

    async def _record(self, person: Person, study: StudyAnswers, participant: str, text: str) -> None:
        """Records an answer to the video that the person was really shown."""
        found = study.video(participant)
        if found is not None and found[1] == person.shown:
            study.answer(participant, text)
            self.answers += 1
        elif found is not None:
            await person.chat.say("You have not seen this video yet, so your message is not recorded as its answer.")
        await self._next(person, study, participant)

    async def _next(self, person: Person, study: StudyAnswers, participant: str) -> None:
        if person.participant != participant:
            # meanwhile the participant moved to another chat
            return
        person.shown = None
        found = study.video(participant)
        if found is None:
            person.participant = None
            await person.chat.say("That was the last video. Thank you!")
            return
        video, number, total = found
        try:
            await person.chat.show(video, f"Video {number} of {total}")
        except Exception:
            _logger.exception("signbench: a video of the study could not be sent")
            await say_if_possible(person.chat, f"Video {number} could not be sent. Write any message to get it.")
            return
        if person.participant == participant:
            person.shown = number


@contextmanager
def _refusing() -> Iterator[None]:
    """Errors about what a user sent are answered."""
    try:
        yield
    except InputError as error:
        raise RefusedError(str(error)) from error
