"""Runs that were killed, and runs on several processes, end with the same bytes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.cli.program import environment, signbench
from tests.clips import pose_sides, video_sides
from tests.patience import PATIENCE

pytestmark = pytest.mark.end_to_end

WORDS = ["-m", "l1", "-m", "ssim", "-m", "tcd"]


def recorded(run):
    """The number of committed records on disk."""
    count = 0
    for path in run.glob("records-*.sqlite"):
        try:
            connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
            count += connection.execute("SELECT count(*) FROM records").fetchone()[0]
            connection.close()
        except sqlite3.Error:
            continue
    return count


def until_recorded(run, had=0, process=None):
    """Waits until there are more records on disk than before, or the process has ended."""
    deadline = time.monotonic() + PATIENCE
    while recorded(run) <= had and time.monotonic() < deadline and (process is None or process.poll() is None):
        time.sleep(0.02)


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    return video_sides(tmp_path_factory.mktemp("clips"), clips=60, frames=40, height=64, width=96)


@pytest.fixture(scope="module")
def expected(sides, tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "run"
    assert signbench("measure", *sides, *WORDS, "--out", out, "--workers", "1").returncode == 0
    return (out / "result.json").read_bytes()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_killed_at_any_point_resumes_and_ends_with_the_same_bytes(sides, expected, tmp_path, workers):
    out = tmp_path / "run"
    words = [sys.executable, "-m", "signbench", "measure", *map(str, sides), *WORDS, "--out", str(out), "--workers", workers]
    had, kills = 0, 0
    for _ in range(4):
        process = subprocess.Popen(
            words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        until_recorded(out, had, process)
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        kills += 1
        had = recorded(out)
    assert kills >= 1
    assert had >= 1
    assert not (out / "result.json").exists()
    unfinished = signbench("results", out)
    assert unfinished.returncode == 3
    resumed = signbench(*words[3:])
    assert resumed.returncode == 0, resumed.stderr
    assert (out / "result.json").read_bytes() == expected


def test_workers_end_when_their_parent_is_killed(sides, tmp_path):
    import psutil

    words = [
        sys.executable,
        "-m",
        "signbench",
        "measure",
        *map(str, sides),
        *WORDS,
        "--out",
        str(tmp_path / "run"),
        "--workers",
        "2",
    ]
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    children = []
    until_recorded(tmp_path / "run")
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert alive == []


# Background jobs of a shell, such as these tests, inherit that Ctrl-C is ignored.
HEEDING_CTRL_C = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP):  # a shell or nohup may have made this process ignore them
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_ctrl_c_ends_with_130_and_the_run_resumes_afterwards(sides, expected, tmp_path):
    out = tmp_path / "run"
    words = [sys.executable, "-m", "signbench", "measure", *map(str, sides), *WORDS, "--out", str(out), "--workers", "2"]
    started = [sys.executable, "-c", HEEDING_CTRL_C, *words]
    process = subprocess.Popen(started, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until_recorded(out)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert json.loads((out / "run.json").read_text())["status"] == "interrupted"
    assert signbench(*words[3:]).returncode == 0
    assert (out / "result.json").read_bytes() == expected


def launched(processes, *words):
    """Runs ``signbench WORDS`` under torchrun."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            f"--nproc-per-node={processes}",
            "-m",
            "signbench",
            *map(str, words),
        ],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_result_is_byte_identical_under_torchrun(sides, expected, tmp_path, processes):
    out = tmp_path / "run"
    ran = launched(processes, "measure", *sides, *WORDS, "--out", out, "--json")
    assert ran.returncode == 0, ran.stderr
    assert len(json.loads(ran.stdout)["scores"]) == 3
    assert (out / "result.json").read_bytes() == expected
    assert len(list(out.glob("records-*.sqlite"))) == processes
    assert list(out.glob("*.end")) == []


def test_a_killed_run_resumes_with_another_number_of_processes(sides, expected, tmp_path):
    out = tmp_path / "run"
    words = [sys.executable, "-m", "signbench", "measure", *map(str, sides), *WORDS, "--out", str(out), "--workers", "1"]
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until_recorded(out)
    process.kill()
    process.wait()
    assert not (out / "result.json").exists()
    assert launched(2, "measure", *sides, *WORDS, "--out", out).returncode == 0
    assert (out / "result.json").read_bytes() == expected


def test_an_error_found_before_the_work_starts_ends_every_process_with_one_message(tmp_path):
    references, predictions = pose_sides(tmp_path, clips=3)
    (predictions / "clip_001.pose").write_bytes(b"")
    ran = launched(2, "measure", references, predictions, "-m", "ape", "--out", tmp_path / "run")
    assert ran.returncode == 1
    assert ran.stderr.count("signbench: ") == 1
    assert "clip_001.pose" in ran.stderr
    assert not (tmp_path / "run").exists()


def test_two_commands_on_one_run_do_not_overwrite_each_other(sides, expected, tmp_path):
    out = tmp_path / "run"
    words = [sys.executable, "-m", "signbench", "measure", *map(str, sides), *WORDS, "--out", str(out), "--workers", "1"]
    first = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until_recorded(out)
    second = signbench(*words[3:])
    assert second.returncode in (0, 2)
    assert "Traceback" not in second.stderr
    first.communicate(timeout=PATIENCE)
    assert first.returncode == 0
    assert (out / "result.json").read_bytes() == expected
