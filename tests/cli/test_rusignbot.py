"""``signbench rusignbot say`` and ``serve``."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

import pytest
from PIL import Image

from signbench.bot.telegram import SERVER, TOKEN
from signbench.cli.main import main
from signbench.corpora.synthsign import SynthSign
from signbench.media.video import probe_video
from tests.bot.chats import SlowSpeaker, Speaker, collecting, small_study
from tests.bot.service import NAME, Service, message


@pytest.fixture
def signbench(monkeypatch, capsys, tmp_path):
    """Runs ``signbench WORDS`` in this process and a temporary folder: exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


class FewSigns(SynthSign):
    """Five clips of each split."""

    def ids(self, split):
        return super().ids(split)[:5]


def test_a_word_is_said(signbench, monkeypatch, tmp_path):
    pytest.importorskip("diffusers")
    pytest.importorskip("transformers")
    from tests.generators.mimicmotion.models import written_generator

    monkeypatch.setattr("signbench.corpora.registry.corpus", lambda name, root: FewSigns())
    model = written_generator(tmp_path / "tiny").folder
    Image.fromarray(next(iter(SynthSign().frames("word-train-0001")))).resize((96, 64)).save(tmp_path / "me.png")
    options = ("--checkpoint", model, "--generator", "rusignbot:steps=1", "--avatar", "me.png", "--out", "said.mkv")
    code, out, err = signbench("rusignbot", "say", "anything", *options, "--json")
    assert code == 0, err
    said, probe = json.loads(out), probe_video(tmp_path / "said.mkv")
    assert (probe.frames, probe.height, probe.width) == (said["frames"], 64, 96)
    assert said["video"] == "said.mkv" and said["way"] == "characters"
    assert f"'anything' is no gloss of synthsign; {said['gloss']} is the nearest one." in err
    code, out, err = signbench("rusignbot", "say", "anything", *options)
    assert (code, out) == (2, "")
    assert "said.mkv exists; choose another --out." in err


@pytest.mark.parametrize(
    "words",
    [
        ("rusignbot", "say", "hello", "--out", "said.mp4"),
        ("study", "new", "--videos", "clips", "--packs", "2", "--raters", "1", "--out", "begun"),
        ("train", "mimicmotion-base", "--out", "trained"),
    ],
)
def test_a_seed_has_at_most_64_bits(signbench, words):
    code, out, err = signbench(*words, "--seed", 2**64)
    assert (code, out) == (2, "")
    assert "Invalid value for '--seed'" in err


@pytest.fixture
def serving(signbench, monkeypatch):
    """Runs ``signbench rusignbot serve WORDS`` against a service, until the bot has sent so much."""
    running = []

    def run(service, wanted, *words, speaker=None):
        def interrupt():
            for _ in range(2400):
                if len(service.sent) >= wanted or ended.is_set():
                    break
                time.sleep(0.05)
            # the bot also gets the service's last answer
            if not ended.wait(0.5):
                os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=service.serve_forever, daemon=True).start()
        running.append(service)
        monkeypatch.setenv(TOKEN, NAME)
        monkeypatch.setenv(SERVER, service.address)
        monkeypatch.setattr("signbench.cli.rusignbot._speaker", lambda *_: speaker or Speaker())
        ended = threading.Event()
        sender = threading.Thread(target=interrupt)
        sender.start()
        try:
            return signbench("rusignbot", "serve", *words)
        finally:
            ended.set()
            sender.join()

    yield run
    for service in running:
        service.shutdown()
        service.server_close()


def needs_aiogram():
    pytest.importorskip("aiogram", reason="aiogram is not installed; pip install signbench[rusignbot] brings it")


def test_the_bot_serves_words_until_it_is_interrupted_and_prints_how_many(serving):
    needs_aiogram()
    code, out, err = serving(Service([message(1, text="hello")]), 2)
    assert (code, out) == (130, "videos: 1, answers: 0\n")
    assert "the bot answers now; interrupt it to end it" in err


def test_an_avatar_that_shows_nobody_is_refused_before_the_bot_answers(serving, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("ada", "wall"):
        Image.new("RGB", (96, 64), "white").save(folder / f"{name}.png")
    speaker = Speaker(unfit="wall")
    code, _, err = serving(Service([]), 1, "--avatars", folder, speaker=speaker)
    assert code == 2
    assert "the avatar wall: the source picture shows nobody" in err
    assert speaker.checked == ["the avatar ada", "the avatar wall"]
    assert "answers now" not in err


def test_a_signal_ends_the_video_at_work_and_informs_who_waits(serving):
    needs_aiogram()
    service, speaker = Service([message(1, text="hello")]), SlowSpeaker()
    code, out, _ = serving(service, 1, speaker=speaker)
    assert (code, out) == (130, "videos: 0, answers: 0\n")
    assert speaker.ended.is_set()
    assert service.sent[-1][1]["text"] == "The bot is being ended, and hello has no video. Please write it again later."


def test_the_bot_collects_the_answers_of_a_study(serving, tmp_path):
    needs_aiogram()
    begun = small_study(tmp_path)
    name = collecting(begun).participants[0]
    service = Service([message(1, text=f"/study {name}"), 2, message(2, text="a dog")])
    code, out, _ = serving(service, 3, "--study", begun, "--out", tmp_path / "sheets", "--json")
    assert code == 130
    assert json.loads(out) == {"videos": 0, "answers": 1}
    assert collecting(begun).video(name)[1] == 2


@pytest.mark.parametrize("words", [("--study", "begun"), ("--out", "sheets")])
def test_a_study_needs_a_folder_for_its_sheets(signbench, monkeypatch, words):
    monkeypatch.setenv(TOKEN, NAME)
    code, out, err = signbench("rusignbot", "serve", *words)
    assert (code, out) == (2, "")
    assert "give both --study and --out." in err


def test_without_a_token_the_error_says_where_to_get_one(signbench, monkeypatch):
    monkeypatch.delenv(TOKEN, raising=False)
    code, _, err = signbench("rusignbot", "serve")
    assert code == 2
    assert f"{TOKEN} is not set" in err


def test_a_token_that_is_not_accepted_is_bad_input_and_the_bot_does_not_claim_to_answer(serving):
    needs_aiogram()
    refusal = (401, b'{"ok": false, "error_code": 401, "description": "Unauthorized"}')
    code, _, err = serving(Service([], refusal=refusal), 1)
    assert code == 2
    assert f"Telegram does not accept the value of {TOKEN}" in err
    assert "answers now" not in err and "for-tests" not in err
