from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from signbench.metrics.registry import known
from tests.cli.program import environment, signbench
from tests.clips import video_sides
from tests.patience import PATIENCE
from tests.study.judged import judged, scored

pytestmark = pytest.mark.end_to_end


def test_metrics_are_listed_and_shown():
    listed = json.loads(signbench("metrics", "list", "--json").stdout)
    assert [row["name"] for row in listed] == known()
    table = signbench("metrics", "list")
    assert all(name in table.stdout for name in known())
    shown = signbench("metrics", "show", "ssim")
    assert "window=gaussian of gaussian, uniform" in shown.stdout
    unknown = signbench("metrics", "show", "ssin")
    assert unknown.returncode == 2
    assert "ssim" in unknown.stderr


def test_the_doctor_finds_no_problem_with_this_installation():
    ran = signbench("doctor", "--json")
    assert ran.returncode == 0, ran.stdout
    assert json.loads(ran.stdout)["ok"] is True


def test_two_studies_of_different_signs_are_reported_as_not_comparable(tmp_path):
    for name, signs in (("easy", 3), ("same", 3), ("hard", 4)):
        result = scored(judged(np.full((2, signs), "correct"), signs=[f"sign{number}" for number in range(signs)]))
        (tmp_path / f"{name}.json").write_bytes(result.json_bytes())
    same = signbench("signature", "diff", "easy.json", "same.json", folder=tmp_path)
    assert (same.returncode, same.stdout) == (0, "sus: measured the same way\n")
    other = signbench("signature", "diff", "easy.json", "hard.json", folder=tmp_path)
    assert other.returncode == 4
    assert other.stdout.startswith(
        "sus: the number of clips that were shown: 3 against 4\nsus: the number of signs that were shown:"
    )


def test_signatures_of_two_runs_are_compared_in_sentences(tmp_path):
    references, predictions = video_sides(tmp_path, clips=3)
    for name, words in (("a", []), ("b", ["--size", "16"]), ("c", [])):
        assert signbench("measure", references, predictions, "-m", "l1", "--out", name, *words, folder=tmp_path).returncode == 0
    same = signbench("signature", "diff", "a", "c", folder=tmp_path)
    assert (same.returncode, same.stdout) == (0, "l1: measured the same way\n")
    other = signbench("signature", "diff", "a", "b", folder=tmp_path)
    assert other.returncode == 4
    assert "the size that images were resized to: native against 16x16" in other.stdout
    signature = json.loads((tmp_path / "a" / "result.json").read_text())["scores"][0]["signature"]
    assert signbench("signature", "diff", signature, "a", folder=tmp_path).returncode == 0
    assert signbench("signature", "diff", "nonsense", "a", folder=tmp_path).returncode == 2


def test_results_of_something_other_than_a_run_are_refused(tmp_path):
    ran = signbench("results", tmp_path)
    assert ran.returncode == 2
    assert "not a run folder" in ran.stderr


def test_a_damaged_result_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"run_version": 1, "exit_code": 0, "status": "complete"}')
    (tmp_path / "run" / "result.json").write_text("{}")
    ran = signbench("results", tmp_path / "run")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


def test_an_internal_error_ends_with_a_sentence_a_log_in_the_run_and_exit_70(tmp_path):
    references, predictions = video_sides(tmp_path, clips=2)
    broken = "import sys, signbench.metrics.image as image, signbench.cli.main as program\n"
    broken += "def fail(*_): raise ZeroDivisionError('a bug')\n"
    broken += "image.L1.clip_value = fail\nsys.argv = ['signbench', *sys.argv[1:]]\nprogram.main()"
    words = [sys.executable, "-c", broken, "measure", references, predictions, "-m", "l1", "--out", "run", "--workers", "1"]
    ran = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 70
    assert ran.stderr.splitlines() == [
        "signbench: internal error: ZeroDivisionError: a bug. The traceback is in run/error.log; please report it."
    ]
    assert "Traceback" in (tmp_path / "run" / "error.log").read_text()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["exit_code"] == 70


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["measure"], "signbench: Missing argument 'references'; see signbench measure --help."),
        (["meassure"], "signbench: No such command 'meassure'"),
        (["results", "x", "--format", "word"], "'table'"),
        (["measure", "a", "b", "--wrkers", "2"], "No such option"),
    ],
)
def test_wrong_words_are_reported_on_one_line_that_names_the_help(words, said):
    ran = signbench(*words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_synthsign_is_exported_and_scored(tmp_path):
    for take in (0, 1):
        words = ["corpora", "export", "synthsign", "--split", "test", "--limit", "2", "--take", take, "--out", f"take{take}"]
        words += ["--media", "video,pose"]
        assert signbench(*words, folder=tmp_path).returncode == 0
    words = ["-m", "ssim", "-m", "ape:normalise=shoulders", "-m", "dtw", "--frames", "resample", "--json"]
    ran = signbench("measure", "take0", "take1", *words, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    ssim, ape, dtw = json.loads(ran.stdout)["scores"]
    assert 0.5 < ssim["value"] < 1
    assert ape["value"] > 0
    assert dtw["value"] > 0
