from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import environment, signbench

pytestmark = pytest.mark.end_to_end


def shell(command, folder, **variables):
    """Runs a shell command in which ``signbench`` starts the program."""
    return subprocess.run(
        ["bash", "-c", command.replace("signbench", f"{sys.executable} -m signbench")],
        cwd=folder,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("signbench metrics list >&-", 2, "standard output is closed"),
        ("signbench metrics list > /dev/full", 2, "standard output cannot be written (No space left on device)"),
        ("signbench --help > /dev/full", 2, "standard output cannot be written"),
        ("signbench metrics show bogus > /dev/full", 2, "bogus"),
        ("signbench metrics list --json 2>&- | grep -c dtw > /dev/null", 0, ""),
        ("signbench metrics list <&- > /dev/null", 0, ""),
        ("set -o pipefail; signbench metrics list | head -1 > /dev/null", 0, ""),
        ("set -o pipefail; signbench metrics show bogus | true", 2, "bogus"),
    ],
)
def test_closed_full_and_abandoned_streams_end_with_a_sentence_and_the_right_code(command, code, message, tmp_path):
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    ran = shell(command, tmp_path)
    assert ran.returncode == code, ran.stderr
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1251"])
def test_letters_that_an_encoding_lacks_are_escaped_and_json_stays_json(encoding, tmp_path):
    ran = shell("signbench metrics show dtw --json && signbench metrics list", tmp_path, PYTHONIOENCODING=encoding)
    assert ran.returncode == 0, ran.stderr
    ran = shell("signbench leaderboard show slovo/word-to-video --json", tmp_path, PYTHONIOENCODING=encoding)
    assert ran.returncode == 0, ran.stderr
    whole = signbench("leaderboard", "show", "slovo/word-to-video", "--json").stdout
    assert json.loads(ran.stdout) == json.loads(whole)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"RANK": "abc"}, "RANK='abc'"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE='two'"),
        ({"RANK": "5"}, "which is not possible"),
        ({"RANK": "-1", "WORLD_SIZE": "2"}, "which is not possible"),
        ({"WORLD_SIZE": "2"}, "no MASTER_ADDR and MASTER_PORT"),
        ({"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "x"}, "no MASTER_ADDR and MASTER_PORT"),
    ],
)
def test_an_environment_without_a_valid_rank_is_refused(variables, message, tmp_path):
    ran = shell("signbench run synthsign/text-to-pose --generator mean-pose --limit 1", tmp_path, **variables)
    assert (ran.returncode, message in ran.stderr) == (2, True), ran.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--clips", ""], "names no clip"),
        (["--clips", " , "], "names no clip"),
        (["--clips", "@empty.txt"], "names no clip"),
        (["--clips", "@nothing.txt"], "No such file"),
        (["--limit", "1", "--out", "x" * 300], "File name too long"),
    ],
)
def test_words_that_name_nothing_valid_are_wrong_use(words, message, tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n", "utf-8")
    ran = signbench("run", "synthsign/text-to-pose", "--generator", "mean-pose", *words, folder=tmp_path)
    assert (ran.returncode, message in ran.stderr) == (2, True), ran.stderr


def test_a_file_among_the_tasks_that_is_not_a_task_is_reported_and_left_out(tmp_path):
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "foreign.yaml").write_text("steps:\n- build\n", "utf-8")
    ran = signbench("tasks", "list", "--json", folder=tmp_path)
    assert ran.returncode == 0
    assert "left out: " in ran.stderr and "foreign.yaml" in ran.stderr
    assert "synthsign/text-to-pose" in [row["name"] for row in json.loads(ran.stdout)]


def test_the_log_of_an_internal_error_never_follows_a_link(tmp_path):
    secret = tmp_path / "precious.txt"
    secret.write_text("precious", "utf-8")
    (tmp_path / "error.log").symlink_to(secret)
    code = (
        "import sys; sys.argv = ['signbench', 'metrics', 'list']\n"
        "import signbench.cli.main as program, signbench.metrics.registry as registry\n"
        "registry.known = None\n"
        "program.main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env={**environment(), "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 70
    assert secret.read_text("utf-8") == "precious"
    log = ran.stderr.partition("The traceback is in ")[2].partition(";")[0]
    assert "Traceback" in Path(log).read_text("utf-8")
