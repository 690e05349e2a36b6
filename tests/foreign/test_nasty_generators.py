"""Generators that end the program, print, change the process or find no end, as a user would run them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.program import environment, signbench
from tests.scoring.test_resuming import HEEDING_CTRL_C

pytestmark = pytest.mark.end_to_end

NASTY = """
import os, sys, time
import numpy as np
from signbench import Pose
from signbench.generators.base import Card, Generator, Production

def nasty(where):
    if where == {where!r} and os.environ.get("RANK", "0") == {rank!r}:
        {what}

nasty("import")

class Model(Generator):
    card = Card(name="nasty", version="1", modalities=("pose",), prompt_fields=("text",), licence="CC0-1.0")
    def __init__(self):
        nasty("init")
    def prepare(self, train):
        nasty("prepare")
        self.pose = next(iter(train)).media.pose(None)
    def generate(self, prompts, seeds):
        for prompt in prompts:
            if prompt.clip == "test-0002":
                nasty("clip")
            nasty("every clip")
            points, confidence = (np.repeat(values[:1], 20, axis=0) for values in (self.pose.points, self.pose.confidence))
            pose = Pose(points, confidence, self.pose.layout, prompt.fps)
            yield Production(prompt.clip, pose=pose, fps=prompt.fps)
"""
RUN = ["run", "synthsign/text-to-pose", "--limit", "3", "--generator", "nasty.py:Model", "--workers", "1", "--out", "run", "--json"]
MUCH = (
    'print(1); os.system("echo child"); os.chdir("/"); os.close(1); os.environ["SIGNBENCH_CACHE"] = "/nowhere"; '
    "import atexit, signal; atexit.register(os._exit, 0); signal.signal(signal.SIGINT, signal.SIG_IGN); sys.stdout = None"
)


def write(folder, where="nowhere", what="pass", rank="0"):
    (folder / "nasty.py").write_text(NASTY.format(where=where, what=what, rank=rank))


def status(folder):
    description = json.loads((folder / "run" / "run.json").read_text())
    return description["status"], description["exit_code"]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    write(folder)
    ran = signbench(*RUN, folder=folder)
    assert ran.returncode == 0, ran.stderr
    return (folder / "run" / "result.json").read_bytes()


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("import", "sys.exit(0)"),
        ("import", "os._exit(0)"),
        ("init", 'raise SystemExit("bye")'),
        ("prepare", "sys.exit(0)"),
        ("prepare", "os._exit(0)"),
    ],
)
def test_a_generator_that_ends_the_program_before_its_first_clip_is_bad_input(where, what, tmp_path):
    write(tmp_path, where, what)
    ran = signbench(*RUN, folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "ended (exit status 0)" in ran.stderr if "_exit" in what else "it tried to end the program" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists() or status(tmp_path) == ("failed", 2)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("sys.exit(0)", "it tried to end the program: sys.exit(0)"),
        ("os._exit(0)", "its process ended (exit status 0)."),
        ("os.kill(os.getpid(), 9)", "its process ended (SIGKILL, out of memory?)."),
        ("import ctypes; ctypes.string_at(0)", "its process ended (SIGSEGV)."),
        ("raise KeyboardInterrupt", "it raised KeyboardInterrupt"),
        ("while True: pass", "it did not finish within 6 seconds"),
    ],
)
def test_a_clip_at_which_it_ends_the_program_or_finds_no_end_is_a_failure_and_the_others_continue(what, said, tmp_path):
    write(tmp_path, "clip", what)
    ran = signbench(*RUN, "--clip-seconds", "2" if "while" in what else "600", folder=tmp_path)
    assert ran.returncode == 3, ran.stderr
    missing = json.loads(ran.stdout)["scores"][0]["missing"]
    assert [clip["clip"] for clip in missing] == ["test-0002"]
    assert said.replace("6", "2") in missing[0]["reason"] if "while" in what else said in missing[0]["reason"]
    assert status(tmp_path) == ("incomplete", 3)


@pytest.mark.parametrize("where", ["import", "init", "every clip"])
def test_what_it_prints_and_changes_stays_out_of_the_result(where, expected, tmp_path):
    write(tmp_path, where, MUCH)
    ran = signbench(*RUN, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["status"] == "complete"
    assert "child" in ran.stderr
    assert len(list((tmp_path / "run" / "predictions").glob("*.pose"))) == 3
    scores = [json.loads(text)["scores"] for text in (expected, (tmp_path / "run" / "result.json").read_bytes())]
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("where", "what", "code"),
    [("prepare", "sys.exit(0)", 2), ("prepare", "os._exit(0)", None), ("clip", "os._exit(0)", 3)],
)
def test_of_several_processes_none_waits_for_one_that_the_generator_ended(where, what, code, tmp_path):
    write(tmp_path, where, what, rank="1")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "signbench"]
    ran = subprocess.run(
        [*launcher, *RUN], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 1
    assert "signbench, rank 1: " in ran.stderr
    if code is not None:
        assert status(tmp_path)[1] == code
    assert (tmp_path / "run" / "result.json").exists() is (code == 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_generating_as_an_interruption(number, tmp_path):
    write(tmp_path, "clip", "open('here', 'w').close() or time.sleep(600)")
    words = [sys.executable, "-c", HEEDING_CTRL_C, sys.executable, "-m", "signbench", *RUN]
    process = subprocess.Popen(words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "here").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(number)
    out, said = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert said == "signbench: interrupted; rerun the command to resume.\n"
    assert status(tmp_path) == ("interrupted", 130)


def test_the_child_ends_when_its_parent_is_killed(tmp_path):
    import psutil

    write(tmp_path, "clip", "open('here', 'w').close() or time.sleep(600)")
    process = subprocess.Popen(
        [sys.executable, "-m", "signbench", *RUN], cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL
    )
    while not (tmp_path / "here").exists() and process.poll() is None:
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert (len(children) > 0, alive) == (True, [])
