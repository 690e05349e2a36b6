"""The bot on Telegram, against a stand-in of the Bot API on the loopback address."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from PIL import Image

from signbench.bot.conversation import Conversation
from signbench.bot.jobs import Jobs
from signbench.bot.telegram import SERVER, TOKEN, served, token
from signbench.errors import InputError
from tests.bot.chats import AVATARS, Speaker

NAME = "123456:for-tests"


def test_without_a_token_the_error_says_where_to_get_one(monkeypatch):
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(InputError, match=f"{TOKEN} is not set; get a token"):
        token()


def test_without_aiogram_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiogram", None)
    jobs = Jobs()
    with pytest.raises(InputError, match=r"needs aiogram; install signbench\[rusignbot\]"):
        asyncio.run(served(Conversation(Speaker(), jobs, {}), jobs, NAME, None))


class Service(ThreadingHTTPServer):
    """Hands out updates once, and keeps what is sent."""

    daemon_threads = True

    def __init__(self, updates, files):
        super().__init__(("127.0.0.1", 0), _Requests)
        self.updates, self.files, self.sent = list(updates), files, []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._reply(self.server.files[self.path.rpartition("/")[2]])

    def do_POST(self):
        method, fields = self.path.rpartition("/")[2], self._fields()
        if method == "getMe":
            result = {"id": 1, "is_bot": True, "first_name": "bot", "username": "rusignbot"}
        elif method == "getUpdates":
            result, self.server.updates = self.server.updates, []
        elif method == "getFile":
            result = {"file_id": fields["file_id"], "file_unique_id": "u", "file_path": f"photos/{fields['file_id']}"}
        else:
            self.server.sent.append((method, fields))
            result = {"message_id": 9, "date": 1, "chat": {"id": int(fields["chat_id"]), "type": "private"}}
        self._reply(json.dumps({"ok": True, "result": result}).encode(), "application/json")

    def _fields(self):
        body, kind = self.rfile.read(int(self.headers.get("Content-Length", 0))), self.headers.get("Content-Type", "")
        if not body and self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        if kind.startswith("multipart/"):
            message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
            return {
                part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                if part.get_filename()
                else part.get_payload(decode=True).decode()
                for part in message.iter_parts()
            }
        return json.loads(body or b"{}") if kind.startswith("application/json") else dict(parse_qsl(body.decode()))

    def _chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, body, kind="application/octet-stream"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def message(number, **content):
    return {"update_id": number, "message": {"message_id": number, "date": 1, "chat": {"id": 7, "type": "private"}, **content}}


@pytest.fixture
def service():
    running = []

    def start(updates, files=None):
        made = Service(updates, files or {})
        threading.Thread(target=made.serve_forever, daemon=True).start()
        running.append(made)
        return made

    yield start
    for each in running:
        each.shutdown()
        each.server_close()


def run(service, speaker, wanted):
    """Runs the bot until so many messages were sent."""
    jobs = Jobs()

    async def both():
        bot = asyncio.create_task(served(Conversation(speaker, jobs, AVATARS), jobs, NAME, service.address))
        for _ in range(600):
            if len(service.sent) >= wanted or bot.done():
                break
            await asyncio.sleep(0.05)
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)

    asyncio.run(both())
    return [(method, fields.get("text") or fields.get("caption")) for method, fields in service.sent]


def needs_aiogram():
    pytest.importorskip("aiogram", reason="aiogram is not installed; pip install signbench[rusignbot] brings it")


def test_a_word_gets_a_video(service):
    needs_aiogram()
    api = service([message(1, text="hello")])
    sent = run(api, Speaker(), 2)
    assert sent == [("sendMessage", "Making the video; this takes a while."), ("sendVideo", "HELLO")]
    assert api.sent[1][1]["chat_id"] == "7"
    assert b"video" in api.sent[1][1].values()


def test_a_picture_becomes_the_avatar(service):
    needs_aiogram()
    stream = io.BytesIO()
    Image.new("RGB", (80, 80), (9, 9, 9)).save(stream, "PNG")
    sizes = [{"file_id": name, "file_unique_id": name, "width": 80, "height": 80, "file_size": 300} for name in ("small", "large")]
    api = service([message(1, photo=sizes)], {"large": stream.getvalue()})
    assert run(api, Speaker(), 1) == [("sendMessage", "This is your avatar now. Write a word. /avatar lists the others.")]


def test_a_large_picture_is_refused_before_it_is_fetched(service):
    needs_aiogram()
    document = {"file_id": "huge", "file_unique_id": "huge", "file_size": 50_000_000}
    api = service([message(1, document=document)])
    ((_, text),) = run(api, Speaker(), 1)
    assert "more than 5 MB" in text


def test_something_that_is_no_token_is_refused():
    needs_aiogram()
    jobs = Jobs()
    with pytest.raises(InputError, match=f"the value of {TOKEN} is not a token"):
        asyncio.run(served(Conversation(Speaker(), jobs, {}), jobs, "no token", None))
    assert SERVER
