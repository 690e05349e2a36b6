"""The bot on Telegram, through aiogram: messages in, texts and videos back."""

from __future__ import annotations

import asyncio
import io
import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from signbench.bot.conversation import MOST_PICTURE_BYTES, Conversation
from signbench.bot.jobs import Jobs
from signbench.errors import InputError

TOKEN, SERVER = "SIGNBENCH_TELEGRAM_TOKEN", "SIGNBENCH_TELEGRAM_SERVER"
"""Environment variables: the bot's token, and the address of a Bot API server other than Telegram's own."""


def token() -> str:
    """The bot's token from the environment.

    Raises:
        InputError: it is not set.
    """
    found = os.environ.get(TOKEN, "").strip()
    if not found:
        raise InputError(f"{TOKEN} is not set; get a token from @BotFather in Telegram, and set it.")
    return found


def serve(conversation: Conversation, jobs: Jobs) -> None:
    """Answers messages until the process is interrupted.

    Args:
        conversation: what is answered.
        jobs: its queue.

    Raises:
        InputError: aiogram is not installed, or there is no valid token.
    """
    asyncio.run(served(conversation, jobs, token(), os.environ.get(SERVER) or None))


async def served(conversation: Conversation, jobs: Jobs, token: str, server: str | None) -> None:
    """Answers messages until it is cancelled.

    Args:
        conversation: what is answered.
        jobs: its queue.
        token: of the bot.
        server: address of a Bot API server; None: Telegram's own.

    Raises:
        InputError: aiogram is not installed, or the token is not one.
    """
    try:
        aiogram: Any = import_module("aiogram")
        sessions: Any = import_module("aiogram.client.session.aiohttp")
        servers: Any = import_module("aiogram.client.telegram")
        exceptions: Any = import_module("aiogram.utils.token")
    except ImportError as error:
        raise InputError("the Telegram bot needs aiogram; install signbench[rusignbot].") from error
    session = sessions.AiohttpSession() if server is None else _session_of(sessions, servers, server)
    try:
        bot = aiogram.Bot(token, session=session)
    except exceptions.TokenValidationError as error:
        raise InputError(f"the value of {TOKEN} is not a token of Telegram; copy it from @BotFather again.") from error
    dispatcher = aiogram.Dispatcher()
    _register(dispatcher, aiogram.F, bot, conversation)
    worker = asyncio.create_task(jobs.run())
    try:
        await dispatcher.start_polling(bot, allowed_updates=["message"], handle_signals=False)
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await bot.session.close()


def _session_of(sessions: Any, servers: Any, server: str) -> Any:
    return sessions.AiohttpSession(api=servers.TelegramAPIServer.from_base(server))


def _register(dispatcher: Any, fields: Any, bot: Any, conversation: Conversation) -> None:
    async def picture(message: Any, file: Any) -> None:
        chat = _TelegramChat(bot, message.chat.id)
        if (file.file_size or 0) > MOST_PICTURE_BYTES:
            await conversation.picture(chat, bytes(MOST_PICTURE_BYTES + 1))
            return
        content = io.BytesIO()
        await bot.download(file, destination=content)
        await conversation.picture(chat, content.getvalue())

    async def of_photo(message: Any) -> None:
        # the last one is the largest
        await picture(message, message.photo[-1])

    async def of_document(message: Any) -> None:
        await picture(message, message.document)

    async def of_text(message: Any) -> None:
        await conversation.text(_TelegramChat(bot, message.chat.id), message.text)

    dispatcher.message.register(of_photo, fields.photo)
    dispatcher.message.register(of_document, fields.document)
    dispatcher.message.register(of_text, fields.text)


class _TelegramChat:
    """A chat of Telegram."""

    def __init__(self, bot: Any, chat: int) -> None:
        self.id = chat
        self._bot = bot

    async def say(self, text: str) -> None:
        await self._bot.send_message(self.id, text)

    async def show(self, video: Path, caption: str) -> None:
        kinds: Any = import_module("aiogram.types")
        await self._bot.send_video(self.id, kinds.FSInputFile(video), caption=caption)
