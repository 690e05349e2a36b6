"""A task on the command line: generators, submissions, several processes, kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from signbench.tasks.loading import task
from tests.cli.program import environment, signbench
from tests.patience import PATIENCE

pytestmark = pytest.mark.end_to_end

POSE = "synthsign/text-to-pose"
DTW_ONLY = "mine/text-to-pose"
"""The same task without judges, for tests that are about something else."""
CHECKPOINTED = """
from pathlib import Path
import numpy as np
from signbench import Pose
from signbench.generators.base import Card, Generator, Production

class Model(Generator):
    card = Card(name="model", version="1", modalities=("pose",), prompt_fields=("text",), licence="CC0-1.0")
    def __init__(self, checkpoint=None):
        self.shift = np.float32(Path(checkpoint).read_text()) if checkpoint else np.float32(0)
    def prepare(self, train):
        self.pose = next(iter(train)).media.pose(None)
    def generate(self, prompts, seeds):
        for prompt in prompts:
            points, confidence = (np.repeat(values[:1], 20, axis=0) for values in (self.pose.points, self.pose.confidence))
            pose = Pose(points + self.shift, confidence, self.pose.layout, prompt.fps)
            yield Production(prompt.clip, pose=pose, fps=prompt.fps)
"""


def ran_well(*words, folder=None):
    ran = signbench(*words, folder=folder)
    assert ran.returncode == 0, ran.stderr
    return ran


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three generators on the first clips of a task."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("ground-truth", "first-frame", "nearest"):
        ran_well("run", POSE, "--generator", name, "--limit", "6", "--out", folder / name)
    return folder


def test_a_generator_is_run_and_scored_and_its_predictions_can_be_submitted(runs, tmp_path):
    result = json.loads((runs / "nearest" / "result.json").read_text())
    assert (result["kind"], result["task"]["name"], result["generator"]["name"]) == ("run", POSE, "nearest")
    assert result["subset"] == {"limit": 6, "clips": None}
    ran = ran_well(
        "score",
        POSE,
        "--predictions",
        runs / "nearest" / "predictions",
        "--limit",
        "6",
        "--out",
        "again",
        "--json",
        folder=tmp_path,
    )
    scores = json.loads(ran.stdout)["scores"]
    assert scores == result["scores"]


def test_runs_are_shown_side_by_side_and_the_ceiling_is_an_anchor(runs):
    rows = json.loads(ran_well("results", *runs.iterdir(), "--json").stdout)["rows"]
    assert rows[0]["run"] == str(runs / "ground-truth")
    assert rows[0]["place"] == "anchor"
    table = ran_well("results", *runs.iterdir())
    assert "anchor" in table.stdout


@pytest.mark.parametrize("processes", [2, 3])
def test_several_processes_make_the_same_predictions_and_the_same_result(runs, tmp_path, processes):
    words = ["run", POSE, "--generator", "nearest", "--limit", "6", "--out", tmp_path / "run"]
    launched = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", "signbench"]
    ran = subprocess.run(
        [*launched, *map(str, words)], env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for part in ("result.json", "predictions/manifest.jsonl", "predictions/test-0001.pose", "predictions/test-0006.pose"):
        assert (tmp_path / "run" / part).read_bytes() == (runs / "nearest" / part).read_bytes()


def test_a_run_killed_while_generating_resumes_and_ends_with_the_same_bytes(runs, tmp_path):
    words = ["run", "synthsign/text-to-video", "--generator", "ground-truth", "--limit", "8", "--workers", "1"]
    whole = tmp_path / "whole"
    ran_well(*words, "--out", whole)
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-m", "signbench", *words, "--out", str(out)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    while not list(out.glob("predictions/*.mkv")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    made = len(list(out.glob("predictions/*.mkv")))
    assert 1 <= made < 8
    ran_well(*words, "--out", out)
    assert (out / "result.json").read_bytes() == (whole / "result.json").read_bytes()
    for path in sorted((whole / "predictions").iterdir()):
        assert (out / "predictions" / path.name).read_bytes() == path.read_bytes()


def test_a_custom_generator_is_named_by_its_file(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from signbench.generators.base import Card, Generator, Production\n"
        "class Mine(Generator):\n"
        "    card = Card(name='mine', version='1', modalities=('pose',), prompt_fields=('text',), licence='MIT')\n"
        "    def prepare(self, train):\n"
        "        self.pose = next(iter(train)).media.pose(None)\n"
        "    def generate(self, prompts, seeds):\n"
        "        for prompt in prompts:\n"
        "            yield Production(prompt.clip, pose=self.pose, fps=self.pose.fps)\n"
    )
    ran = ran_well("run", POSE, "--generator", "mine.py:Mine", "--limit", "3", "--json", folder=tmp_path)
    assert json.loads(ran.stdout)["generator"]["name"] == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", POSE, "--generator", "nearestt"], "nearest"),
        (["run", "synthsign/text-to-pos", "--generator", "noise"], "text-to-pose"),
        (["run", POSE, "--generator", "noise", "--split", "tset"], "test"),
        (["run", POSE, "--generator", "noise", "--limit", "0"], "--limit"),
        (["run", "synthsign/reconstruction", "--generator", "stitched", "--limit", "2"], "gloss"),
        (["score", POSE, "--predictions", "nowhere"], "nowhere"),
        (["score", POSE], "--predictions"),
    ],
)
def test_wrong_use_is_reported_in_a_sentence(tmp_path, words, said):
    ran = signbench(*words, folder=tmp_path)
    assert ran.returncode == 2, ran.stderr
    assert "Traceback" not in ran.stderr
    assert said in ran.stderr
    assert not (tmp_path / "runs").exists()


def test_a_bad_submission_is_refused_with_every_clip_named_and_a_missing_clip_can_be_allowed(runs, tmp_path):
    submission = tmp_path / "submission"
    shutil.copytree(runs / "nearest" / "predictions", submission)
    (submission / "manifest.jsonl").unlink()
    (submission / "test-0002.pose").write_bytes(b"")
    (submission / "test-0004.pose").unlink()
    words = ["score", POSE, "--predictions", submission, "--limit", "6", "--out", tmp_path / "run"]
    ran = signbench(*words)
    assert ran.returncode == 2
    assert "test-0002" in ran.stderr
    assert "test-0004" in ran.stderr
    listed = json.loads(signbench(*words, "--json").stdout)["problems"]
    assert [(item["kind"], item["clip"]) for item in listed] == [("missing", "test-0004"), ("unreadable", "test-0002")]
    assert not (tmp_path / "run").exists()
    shutil.copy(runs / "nearest" / "predictions" / "test-0002.pose", submission)
    ran = signbench(*words, "--allow-missing", "--json")
    assert ran.returncode == 3
    assert json.loads(ran.stdout)["scores"][0]["coverage"] == pytest.approx(5 / 6)


@pytest.mark.parametrize("change", [("seed: ", "seed: 1"), ("citation", "citation")], ids=["another-seed", "as-shipped"])
def test_a_task_of_the_current_folder_that_hides_another_one_is_reported_and_in_the_signature(change, runs, tmp_path):
    shipped = Path(__file__).parents[2] / "tasks" / f"{POSE}.yaml"
    own = tmp_path / "tasks" / f"{POSE}.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(shipped.read_text().replace(*change, 1))
    ran = ran_well("run", POSE, "--generator", "first-frame", "--limit", "6", "--json", folder=tmp_path)
    signatures = [score["signature"] for score in json.loads(ran.stdout)["scores"]]
    plain = [score["signature"] for score in json.loads((runs / "first-frame" / "result.json").read_text())["scores"]]
    hides = change[0] != change[1]
    assert ("replaces the shipped task synthsign/text-to-pose" in ran.stderr) is hides
    assert [text == other for text, other in zip(signatures, plain, strict=True)] == [not hides] * len(plain)
    assert all(("|task:" in text) is hides for text in signatures)


def test_the_gate_generates_the_clips_of_another_checkpoint(tmp_path):
    (tmp_path / "model.py").write_text(CHECKPOINTED)
    for name, shift in (("a", 0), ("b", 40)):
        (tmp_path / f"{name}.pt").write_text(str(shift))
    own = tmp_path / "tasks" / f"{DTW_ONLY}.yaml"
    own.parent.mkdir(parents=True)
    fields = task(POSE).model_dump(mode="json")
    own.write_text(yaml.safe_dump({**fields, "name": DTW_ONLY, "metrics": fields["metrics"][:1]}))
    words = ["--generator", "model.py:Model", "--checkpoint"]
    ran_well("run", DTW_ONLY, *words, "a.pt", "--out", "run", folder=tmp_path)
    ran_well("ci", "pin", "run", "--as", "main", folder=tmp_path)
    check = ["ci", "check", "--baseline", "main", "--task", DTW_ONLY, *words]
    assert signbench(*check, "a.pt", "--out", "run", folder=tmp_path).returncode == 0
    worse = signbench(*check, "b.pt", folder=tmp_path)
    assert worse.returncode == 1, worse.stderr
    refused = signbench(*check, "b.pt", "--out", "run", folder=tmp_path)
    assert refused.returncode == 2
    assert "checkpoint: SHA-256" in refused.stderr
