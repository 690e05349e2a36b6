"""The queue of a bot: one video at a time, in the order of the requests, with limits."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from signbench.bot.refusals import RefusedError

_logger = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


class BusyError(RefusedError):
    """The queue is full, or a chat has too many requests in it."""


@dataclass(frozen=True)
class Job:
    """A request in the queue.

    Attributes:
        number: how many requests the queue was given before it, ever.
        chat: who it is for.
        work: what is done in its turn.
    """

    number: int
    chat: int
    work: Work


class Jobs:
    """Requests that wait for their turn.

    Args:
        most: requests of all chats that wait or are being worked on.
        most_of_chat: the same for one chat.
    """

    def __init__(self, most: int = 20, most_of_chat: int = 2) -> None:
        self._most, self._most_of_chat = most, most_of_chat
        self._waiting: asyncio.Queue[Job] = asyncio.Queue()
        self._of_chat: Counter[int] = Counter()
        self._added, self._ended = 0, 0

    def add(self, chat: int, work: Work) -> Job:
        """Adds a request.

        Args:
            chat: who it is for.
            work: what is done in its turn; it says itself how it went.

        Raises:
            BusyError: there are too many.
        """
        before = self._of_chat.total()
        if self._of_chat[chat] >= self._most_of_chat:
            raise BusyError(f"You have {self._of_chat[chat]} words in the queue. Please wait for their videos.")
        if before >= self._most:
            raise BusyError(f"{before} words are waiting, and no more fit into the queue. Please try again in a few minutes.")
        self._of_chat[chat] += 1
        job = Job(self._added, chat, work)
        self._added += 1
        self._waiting.put_nowait(job)
        return job

    def before(self, job: Job) -> int:
        """How many requests are before one; 0 if it is being worked on, or has ended."""
        return max(0, job.number - self._ended)

    async def run(self) -> None:
        """Works on the requests one after the other, until it is cancelled; a failure ends only its own request."""
        while True:
            job = await self._waiting.get()
            try:
                await job.work()
            except Exception:
                _logger.exception("signbench: a request of the bot failed")
            finally:
                self._ended += 1
                self._of_chat[job.chat] -= 1
                if not self._of_chat[job.chat]:
                    del self._of_chat[job.chat]
                self._waiting.task_done()

    async def done(self) -> None:
        """Waits until no request is left."""
        await self._waiting.join()
