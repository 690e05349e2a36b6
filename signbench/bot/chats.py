"""What a bot needs of the service that carries its messages."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

_logger = logging.getLogger(__name__)

FAILED = "That did not work, and it is not your fault. Please try again later."


class Notice(Protocol):
    """A message that was sent and can be changed."""

    async def change(self, text: str) -> None:
        """Replaces its text."""


class Chat(Protocol):
    """A chat with one person.

    Attributes:
        id: of the chat.
    """

    id: int

    async def say(self, text: str) -> None:
        """Sends a message."""

    async def note(self, text: str) -> Notice:
        """Sends a message that can be changed later."""

    async def show(self, video: Path, caption: str) -> None:
        """Sends a video."""


async def say_if_possible(chat: Chat, text: str = FAILED) -> None:
    """Sends a message about something that failed; if that fails too, it is logged."""
    try:
        await chat.say(text)
    except Exception:
        _logger.exception("signbench: a message of the bot could not be sent")
