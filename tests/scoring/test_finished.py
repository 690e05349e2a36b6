"""Calls from a script that torchrun starts: every process gets the run, or ends with the first one."""

from __future__ import annotations

import subprocess
import sys

import pytest

import signbench
from tests.cli.program import environment
from tests.patience import PATIENCE

SCRIPT = """
import os, sys, signbench

call, out, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
if call == "run":
    finished = signbench.run("synthsign/text-to-pose", "ground-truth", out=out, limit=limit)
elif call == "score":
    made = os.path.join(out, "predictions")
    finished = signbench.score("synthsign/text-to-pose", made, out=out + "-scored", limit=limit)
else:
    made = os.path.join(out, "predictions")
    finished = signbench.measure(made, made, metrics=["ape"], out=out + "-measured")
    sys.stdout.write(f"{finished['ape'].clips} \\n")
    sys.exit()
sys.stdout.write(f"{finished['ape:normalise=shoulders'].clips} {finished.folder}\\n")
"""


def launched(tmp_path, *words):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command = [*launcher, str(script), *map(str, words)]
    return subprocess.run(command, env=environment(), cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.end_to_end
def test_every_process_gets_the_run(tmp_path):
    out = tmp_path / "run"
    for call, folder in (("run", out), ("score", tmp_path / "run-scored"), ("measure", "")):
        ran = launched(tmp_path, call, out, 5)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.splitlines() == [f"5 {folder}"] * 2
    next((out / "predictions").glob("test-*")).unlink()
    ran = launched(tmp_path, "score", out, 4)  # which only the first process checks
    assert ran.returncode != 0
    assert "PredictionsError" in ran.stderr


@pytest.mark.end_to_end
def test_every_process_ends_if_the_first_finds_bad_input(tmp_path):
    ran = launched(tmp_path, "run", tmp_path / "run", 0)
    assert ran.returncode != 0
    assert "at least 1, not 0" in ran.stderr


def test_the_scores_of_a_run_go_by_the_names_of_its_metrics(tmp_path):
    result = signbench.measure(["a b"], ["a c"], metrics=["wer", "bleu:order=1"])
    finished = signbench.FinishedRun(folder=tmp_path, result=result)
    assert finished["bleu:order=1"].value == result["bleu:order=1"].value == 50
    with pytest.raises(KeyError, match="chrf was not measured"):
        finished["chrf"]
