"""The bot on Telegram, against a stand-in of the Bot API on the loopback address."""

from __future__ import annotations

import asyncio
import io
import sys
import threading

import pytest
from PIL import Image

from signbench.bot.conversation import Conversation
from signbench.bot.jobs import Jobs
from signbench.bot.telegram import SERVER, TOKEN, served, token
from signbench.errors import InputError
from signbench.study.planning.packs import SHEET_COLUMNS
from signbench.study.sheets.workbooks import workbook_rows
from tests.bot.chats import AVATARS, SlowSpeaker, Speaker, collecting
from tests.bot.service import NAME, Service, message


def test_without_a_token_the_error_says_where_to_get_one(monkeypatch):
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(InputError, match=f"{TOKEN} is not set; get a token"):
        token()


def test_without_aiogram_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiogram", None)
    jobs = Jobs()
    with pytest.raises(InputError, match=r"needs aiogram; install signbench\[rusignbot\]"):
        asyncio.run(served(Conversation(Speaker(), jobs, {}), jobs, NAME, None))


@pytest.fixture
def service():
    running = []

    def start(updates, files=None, refusal=None):
        made = Service(updates, files, refusal)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        running.append(made)
        return made

    yield start
    for each in running:
        each.shutdown()
        each.server_close()


def run(service, speaker, wanted, study=None, between=600, finished=True):
    """Runs the bot until so many messages were sent and, if ``finished``, no video is open; and ends it."""
    jobs = Jobs()

    async def both():
        conversation = Conversation(speaker, jobs, AVATARS, study, between)
        bot = asyncio.create_task(served(conversation, jobs, NAME, service.address))
        for _ in range(2400):
            if len(service.sent) >= wanted or bot.done():
                break
            await asyncio.sleep(0.05)
        if finished:
            # the service has a video before the bot knows that it was sent
            await asyncio.wait_for(jobs.done(), 120)
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


@pytest.mark.parametrize("stated", [{}, {"file_size": 300}])
def test_a_picture_that_is_larger_than_stated_is_not_fetched_to_its_end(service, stated):
    needs_aiogram()
    document = {"file_id": "huge", "file_unique_id": "huge", **stated}
    api = service([message(1, document=document)], {"huge": bytes(50_000_000)})
    ((_, text),) = run(api, Speaker(), 1)
    assert "more than 5 MB" in text


def test_a_caption_is_the_word_after_its_picture(service):
    needs_aiogram()
    stream, speaker = io.BytesIO(), Speaker()
    Image.new("RGB", (80, 80), (9, 9, 9)).save(stream, "PNG")
    document = {"file_id": "me", "file_unique_id": "me", "file_size": 300}
    api = service([message(1, document=document, caption="hello")], {"me": stream.getvalue()})
    assert run(api, speaker, 3)[-1] == ("sendVideo", "HELLO")
    assert speaker.made == [("hello", 9)]


FILE = {"file_id": "f", "file_unique_id": "f"}


@pytest.mark.parametrize(
    "content",
    [
        {"voice": {**FILE, "duration": 1}},
        {"sticker": {**FILE, "type": "regular", "width": 9, "height": 9, "is_animated": False, "is_video": False}},
        {"video": {**FILE, "duration": 1, "width": 9, "height": 9}},
        {"location": {"latitude": 1.0, "longitude": 1.0}},
    ],
)
def test_other_messages_are_answered_with_the_help(service, content):
    needs_aiogram()
    ((method, text),) = run(service([message(1, **content)]), Speaker(), 1)
    assert method == "sendMessage" and text.startswith("I understand only words and pictures.\nWrite a word in Russian or English")


def test_reports_of_the_service_are_not_answered(service):
    needs_aiogram()
    joined = [{"id": 5, "is_bot": False, "first_name": "Ada"}]
    sent = run(service([message(1, new_chat_members=joined), message(2, text="/sing")]), Speaker(), 1)
    assert [text.split(".")[0] for _, text in sent] == ["I do not know /sing"]


def test_the_message_on_progress_is_changed(service):
    needs_aiogram()
    api = service([message(1, text="hello")])
    sent = run(api, SlowSpeaker(), 2, between=0.05, finished=False)
    assert sent[0] == ("sendMessage", "Making the video; this takes a while.")
    assert sent[1][0] == "editMessageText" and sent[1][1].startswith("Making the video: denoising, ")
    assert api.sent[1][1]["message_id"] == "9"


def test_when_the_bot_ends_who_waits_is_informed(service):
    needs_aiogram()
    api, speaker = service([message(1, text="one"), message(2, text="two")]), SlowSpeaker()
    sent = run(api, speaker, 2, finished=False)
    assert speaker.ended.is_set()
    # all are informed at once, in any order
    assert sorted(text for _, text in sent if "has no video" in text) == [
        f"The bot is being ended, and {word} has no video. Please write it again later." for word in ("one", "two")
    ]


def test_a_study_is_answered(service, begun):
    needs_aiogram()
    name = collecting(begun).participants[0]
    api = service([message(1, text=f"/study {name}"), 2, message(2, text="a dog"), 3, message(3, text="=cat")])
    sent = run(api, Speaker(), 4, collecting(begun))
    assert [text for method, text in sent if method == "sendVideo"] == [f"Video {number} of 3" for number in (1, 2, 3)]
    sheet = workbook_rows((begun.parent / "sheets" / f"{name}.xlsx").read_bytes(), "sheet")["pack-1"][0]
    assert [row[SHEET_COLUMNS.index("answer") :][:1] for row in sheet[1:]] == [["a dog"], ["=cat"], []]
    shown = next(fields for method, fields in api.sent if method == "sendVideo")
    first = collecting(begun)
    assert first.video(name)[1] == 3
    assert (begun / "videos" / f"{sheet[1][SHEET_COLUMNS.index('video')]}.mp4").read_bytes() in shown.values()


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((401, b'{"ok": false, "error_code": 401, "description": "Unauthorized"}'), "does not accept the value of"),
        ((404, b'{"ok": false, "error_code": 404, "description": "Not Found"}'), "does not accept the value of"),
        ((502, b'{"ok": false, "error_code": 502, "description": "Bad Gateway"}'), "does not answer as a Bot API server"),
        ((200, b"<html>"), "does not answer as a Bot API server"),
    ],
)
def test_a_service_that_refuses_the_bot_is_an_input_error(service, refusal, words):
    needs_aiogram()
    refused(service([], refusal=refusal).address, words)


def refused(server, words):
    jobs, ready = Jobs(), []
    with pytest.raises(InputError, match=words) as error:
        asyncio.run(served(Conversation(Speaker(), jobs, {}), jobs, NAME, server, lambda: ready.append(1)))
    assert ready == []
    assert "for-tests" not in str(error.value)


def test_a_service_that_cannot_be_reached_is_an_input_error(service):
    needs_aiogram()
    api = service([])
    api.shutdown()
    api.server_close()
    refused(api.address, f"cannot be reached; check the network, and the address in {SERVER}")


@pytest.mark.parametrize("server", ["foo", "ftp://host", "http://", "http://host:port", "http://[host", "http://host:99999"])
def test_an_address_that_is_none_is_refused(server):
    needs_aiogram()
    refused(server, f"the value of {SERVER} is not an address that begins with http:// or https://")


def test_something_that_is_no_token_is_refused():
    needs_aiogram()
    jobs = Jobs()
    with pytest.raises(InputError, match=f"the value of {TOKEN} is not a token"):
        asyncio.run(served(Conversation(Speaker(), jobs, {}), jobs, "no token", None))
    assert SERVER
