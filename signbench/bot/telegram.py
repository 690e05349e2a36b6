"""The bot on Telegram, through aiogram: messages in, texts and videos back."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from signbench import interruption
from signbench.bot.chats import Notice
from signbench.bot.conversation import MOST_PICTURE_BYTES, TOO_LARGE, Conversation
from signbench.bot.jobs import Jobs
from signbench.bot.refusals import RefusedError
from signbench.errors import InputError

TOKEN, SERVER = "SIGNBENCH_TELEGRAM_TOKEN", "SIGNBENCH_TELEGRAM_SERVER"
"""Environment variables: the bot's token, and the address of a Bot API server other than Telegram's own."""


_OTHER_KINDS = frozenset(
    {
        *("animation", "audio", "contact", "dice", "live_photo", "location", "paid_media", "poll", "sticker", "story"),
        *("venue", "video", "video_note", "voice"),
    }
)
"""Messages that people write, besides texts and pictures; reports of the service such as new members are not answered."""


def token() -> str:
    """The bot's token from the environment.

    Raises:
        InputError: it is not set.
    """
    found = os.environ.get(TOKEN, "").strip()
    if not found:
        raise InputError(f"{TOKEN} is not set; get a token from @BotFather in Telegram, and set it.")
    return found


def serve(conversation: Conversation, jobs: Jobs, ready: Callable[[], None]) -> None:
    """Answers messages until the process is interrupted.

    The video that is being made then ends at its next step, and everybody who waits for a video is informed.

    Args:
        conversation: what is answered.
        jobs: its queue.
        ready: called when the service has accepted the token.

    Raises:
        InputError: aiogram is not installed, there is no valid token, or the service cannot be reached.
        KeyboardInterrupt: the process was interrupted.
    """
    asyncio.run(_until_interrupted(served(conversation, jobs, token(), os.environ.get(SERVER) or None, ready)))


async def _until_interrupted(work: Coroutine[Any, Any, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)

    def end() -> None:
        # wakes the loop, which waits for messages
        loop.call_soon_threadsafe(task.cancel)

    with interruption.handed_to(end):
        try:
            await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def served(
    conversation: Conversation, jobs: Jobs, token: str, server: str | None, ready: Callable[[], None] = lambda: None
) -> None:
    """Answers messages until it is cancelled.

    Args:
        conversation: what is answered.
        jobs: its queue.
        token: of the bot.
        server: address of a Bot API server; None: Telegram's own.
        ready: called when the service has accepted the token.

    Raises:
        InputError: aiogram is not installed, the token or the address is not one, or the service does not accept the token or
            cannot be reached.
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
    except exceptions.TokenValidationError:
        raise InputError(f"the value of {TOKEN} is not a token of Telegram; copy it from @BotFather again.") from None
    dispatcher = aiogram.Dispatcher()
    _register(dispatcher, aiogram.F, bot, conversation)
    try:
        await _check(bot)
        ready()
        worker = asyncio.create_task(jobs.run())
        try:
            await dispatcher.start_polling(bot, allowed_updates=["message"], handle_signals=False, close_bot_session=False)
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
            await conversation.close()
    finally:
        await bot.session.close()


async def _check(bot: Any) -> None:
    """Asks the service who the bot is.

    Raises:
        InputError: it does not accept the token, cannot be reached, or is no Bot API server; without the address that was asked,
            which has the token in it.
    """
    errors: Any = import_module("aiogram.exceptions")
    try:
        await bot.me()
    except (errors.TelegramUnauthorizedError, errors.TelegramNotFound):
        raise InputError(f"Telegram does not accept the value of {TOKEN}; copy it from @BotFather again.") from None
    except errors.TelegramNetworkError:
        raise InputError(f"Telegram cannot be reached; check the network, and the address in {SERVER} if it is set.") from None
    except errors.AiogramError as error:
        found = type(error).__name__
        raise InputError(f"Telegram does not answer as a Bot API server ({found}); check {SERVER}, or try again later.") from None


def _session_of(sessions: Any, servers: Any, server: str) -> Any:
    try:
        parts = urlsplit(server)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise InputError(f"the value of {SERVER} is not an address that begins with http:// or https://; correct it, or unset it.")
    return sessions.AiohttpSession(api=servers.TelegramAPIServer.from_base(server))


class _Limited(io.BytesIO):
    """A file that is not fetched further than a picture may be large, whatever size was stated."""

    def write(self, content: Any, /) -> int:
        if self.tell() + len(content) > MOST_PICTURE_BYTES:
            raise RefusedError(TOO_LARGE)
        return super().write(content)


def _register(dispatcher: Any, fields: Any, bot: Any, conversation: Conversation) -> None:
    async def picture(message: Any, file: Any) -> None:
        async def download() -> bytes:
            if (file.file_size or 0) > MOST_PICTURE_BYTES:
                raise RefusedError(TOO_LARGE)
            content = _Limited()
            await bot.download(file, destination=content)
            return content.getvalue()

        await conversation.picture(_TelegramChat(bot, message.chat.id), download, message.caption or "")

    async def of_photo(message: Any) -> None:
        # the last one is the largest
        await picture(message, message.photo[-1])

    async def of_document(message: Any) -> None:
        await picture(message, message.document)

    async def of_text(message: Any) -> None:
        await conversation.text(_TelegramChat(bot, message.chat.id), message.text)

    async def of_another_kind(message: Any) -> None:
        await conversation.other(_TelegramChat(bot, message.chat.id))

    dispatcher.message.register(of_photo, fields.photo)
    dispatcher.message.register(of_document, fields.document)
    dispatcher.message.register(of_text, fields.text)
    dispatcher.message.register(of_another_kind, fields.content_type.in_(_OTHER_KINDS))


class _TelegramChat:
    """A chat of Telegram."""

    def __init__(self, bot: Any, chat: int) -> None:
        self.id = chat
        self._bot = bot

    async def say(self, text: str) -> None:
        await self._bot.send_message(self.id, text)

    async def note(self, text: str) -> Notice:
        sent = await self._bot.send_message(self.id, text)
        return _TelegramNotice(self._bot, self.id, sent.message_id)

    async def show(self, video: Path, caption: str) -> None:
        kinds: Any = import_module("aiogram.types")
        await self._bot.send_video(self.id, kinds.FSInputFile(video), caption=caption)


class _TelegramNotice:
    """A message that the bot sent."""

    def __init__(self, bot: Any, chat: int, message: int) -> None:
        self._bot, self._chat, self._message = bot, chat, message

    async def change(self, text: str) -> None:
        await self._bot.edit_message_text(text, chat_id=self._chat, message_id=self._message)
