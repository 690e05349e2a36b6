"""Whom a bot talks with, in memory only."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from signbench.bot.chats import Chat

MOST_CHATS = 1000
"""How many chats' choices are remembered; the oldest are forgotten first, but no participant of a study."""

MOST_PICTURES = 50
"""How many chats' own pictures are remembered, of at most 3 MB each; the oldest are given up first."""


@dataclass(eq=False)
class Person:
    """What is remembered of a chat.

    Attributes:
        chat: the chat.
        avatar: who signs; None: the person in the recording.
        gave_up: the person's own picture was given up, which the person does not know yet.
        participant: the name in a study whose videos are shown; None: none.
        shown: number of the study's video that was sent last and has no answer yet; None: none.
    """

    chat: Chat
    avatar: NDArray[np.uint8] | None = None
    gave_up: bool = False
    participant: str | None = None
    shown: int | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    messages: int = 0


class People:
    """The chats that a bot remembers.

    Args:
        avatar: who signs for somebody who has not chosen.
    """

    def __init__(self, avatar: NDArray[np.uint8] | None = None) -> None:
        self._avatar = avatar
        self._people: OrderedDict[int, Person] = OrderedDict()
        self._pictures: OrderedDict[int, Person] = OrderedDict()

    @asynccontextmanager
    async def turn(self, chat: Chat) -> AsyncIterator[Person]:
        """The person of a chat, when the messages before this one are answered."""
        person = self._people.pop(chat.id, None) or Person(chat, self._avatar)
        self._people[chat.id] = person
        person.chat = chat
        # a person with messages is not forgotten, so that a chat never has two
        person.messages += 1
        self._forget()
        try:
            async with person.lock:
                yield person
        finally:
            person.messages -= 1

    def show_own(self, person: Person, picture: NDArray[np.uint8]) -> None:
        """Lets a picture that a person sent be who signs."""
        self._pictures.pop(person.chat.id, None)
        self._pictures[person.chat.id] = person
        person.avatar, person.gave_up = picture, False
        while len(self._pictures) > MOST_PICTURES:
            _, oldest = self._pictures.popitem(last=False)
            oldest.avatar, oldest.gave_up = self._avatar, True

    def show_shared(self, person: Person, picture: NDArray[np.uint8]) -> None:
        """Lets one of the bot's avatars be who signs."""
        self._pictures.pop(person.chat.id, None)
        person.avatar, person.gave_up = picture, False

    def answering(self, participant: str) -> list[Person]:
        """Those who answer for a participant of a study."""
        return [person for person in self._people.values() if person.participant == participant]

    def _forget(self) -> None:
        more = len(self._people) - MOST_CHATS
        if more <= 0:
            return
        idle = [number for number, person in self._people.items() if person.participant is None and not person.messages]
        for number in idle[:more]:
            del self._people[number]
            self._pictures.pop(number, None)
