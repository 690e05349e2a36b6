"""Custom judges of a task: who allows their code to run, and how they can affect a run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from signbench.tasks.loading import task
from tests.cli import program
from tests.cli.program import environment, signbench
from tests.patience import PATIENCE

pytestmark = pytest.mark.end_to_end

TASK = "mine/words"
JUDGE = "nasty.py:Model"
KEY = f"accuracy@{JUDGE}"
NASTY = """
import os, sys, time
from signbench.judges.base import Judge

def nasty(where):
    if where == {where!r} and os.environ.get("RANK", "0") == {rank!r}:
        {what}

open("imported", "a").close()
nasty("import")

class Model(Judge):
    name, summary, licence, gives, learns, seconds = "nasty", "For tests.", "CC0-1.0", ("label",), True, 3.0
    reads = ("motion", "pose")
    def __init__(self, **options):
        super().__init__(**options)
        nasty("init")
    def prepare(self, train, progress=None):
        nasty("prepare")
    def signature(self):
        nasty("signature")
        return "nasty/1"
    def observe(self, clips, wanted):
        if clips[0].id == "word-test-0003":
            nasty("clip")
        return [{{"label": ("help", "other")}} for clip in clips]
"""
RUN = ["run", TASK, "--split", "word30-test", "--limit", "3", "--generator", "nearest", "--out", "run", "--json"]
TRUSTED = [*RUN, "--judge", JUDGE, "--workers", "1"]
MUCH = (
    'print(1); os.system("echo child"); os.chdir("/"); os.close(1); os.environ["SIGNBENCH_CACHE"] = "/nowhere"; '
    "import atexit, signal; atexit.register(os._exit, 0); signal.signal(signal.SIGINT, signal.SIG_IGN); sys.stdout = None"
)


def write(folder, where="nowhere", what="pass", rank="0"):
    """A task of words with a custom judge."""
    (folder / "nasty.py").write_text(NASTY.format(where=where, what=what, rank=rank))
    fields = task("synthsign/word-generation").model_dump(mode="json") | {
        "name": TASK,
        "metrics": [
            {"metric": "accuracy", "on": JUDGE, "tier": "core", "headline": True},
            {"metric": "ape", "on": None, "tier": "core", "headline": False},
        ],
    }
    (folder / "tasks" / "mine").mkdir(parents=True, exist_ok=True)
    (folder / "tasks" / f"{TASK}.yaml").write_text(json.dumps(fields))


def status(folder):
    description = json.loads((folder / "run" / "run.json").read_text())
    return description["status"], description["exit_code"]


def score_of(ran):
    return json.loads(ran.stdout)["scores"][0]


@pytest.fixture(autouse=True)
def _each_its_own_cache(monkeypatch, tmp_path):
    """Disables the cache, from which earlier answers of a judge would be read."""
    monkeypatch.setenv("SIGNBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    write(folder)
    ran = signbench(*TRUSTED, folder=folder)
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["tasks", "list"],
        ["tasks", "show", TASK],
        ["results", "{run}"],
        ["compare", "{run}", "{run}/../again"],
        ["signature", "diff", "{run}", "{run}/../again"],
        ["leaderboard", "list", "--leaderboards", "."],
        ["leaderboard", "show", TASK],
        RUN,
    ],
)
def test_reading_a_task_or_a_run_does_not_import_the_code_that_it_names(words, expected, tmp_path):
    write(tmp_path)
    again = expected / "again"
    if not again.exists():
        assert signbench(*TRUSTED[:-1], "1", "--out", "again", folder=expected).returncode == 0
    ran = signbench(*(word.format(run=expected / "run") for word in words), folder=tmp_path)
    assert not (tmp_path / "imported").exists(), ran.stderr
    if words is RUN:
        assert (ran.returncode, f"--judge {JUDGE}" in ran.stderr) == (2, True)
    else:
        assert ran.returncode in (0, 4), ran.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["run", "synthsign/word-generation", "--generator", "nearest", "--judge", JUDGE],
            "synthsign/word-generation",
        ),
        (["run", TASK, "--generator", "nearest", "--judge", "nast.py:Model"], f"--judge {JUDGE}"),
        (["run", TASK, "--generator", "nearest", "--judge", JUDGE, "--judge", "x:Y"], "x:Y"),
        (["leaderboard", "check", ".", "--judge", JUDGE], "--judge need --predictions DIR"),
    ],
)
def test_a_judge_that_the_task_does_not_name_is_refused(words, said, tmp_path):
    write(tmp_path)
    ran = signbench(*words, folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("import", "sys.exit(0)"),
        ("import", "os._exit(0)"),
        ("init", 'raise SystemExit("bye")'),
        ("prepare", "sys.exit(0)"),
        ("prepare", "os._exit(0)"),
        ("prepare", "raise ValueError('no')"),
        ("signature", "return 'a|b'"),
        ("signature", "raise ValueError('no')"),
    ],
)
def test_a_judge_that_fails_before_its_first_clip_is_bad_input(where, what, tmp_path):
    write(tmp_path, where, what)
    if what.startswith("return"):
        source = (tmp_path / "nasty.py").read_text()
        (tmp_path / "nasty.py").write_text(
            source.replace('return "nasty/1"', what).replace(f"        {what}\n\nopen", "        pass\n\nopen")
        )
    ran = signbench(*TRUSTED, folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(ran.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("sys.exit(0)", "it tried to end the program: sys.exit(0)"),
        ("os._exit(0)", "its process ended (exit status 0)."),
        ("import ctypes; ctypes.string_at(0)", "its process ended (SIGSEGV)."),
        ("raise ValueError('no idea')", "ValueError: no idea."),
        ("while True: pass", "it did not finish within 3 seconds"),
    ],
)
def test_a_clip_at_which_it_fails_is_a_failure_and_its_reference_lowers_the_ceiling(what, said, tmp_path):
    write(tmp_path, "clip", what)
    ran = signbench(*TRUSTED, "--fresh", folder=tmp_path)
    assert ran.returncode == 3, ran.stderr
    score = score_of(ran)
    assert [(clip["clip"], clip["counted_as"]) for clip in score["missing"]] == [("word-test-0003", "worst value")]
    assert said in score["missing"][0]["reason"]
    assert score["judged"]["ceiling"]["clips"] == 2
    assert "references that the judge could not judge, which count as wrong in its ceiling: 1" in score["note"]
    assert status(tmp_path) == ("incomplete", 3)
    assert json.loads(ran.stdout)["scores"][1]["coverage"] == 1


def test_the_message_about_a_killed_worker_names_the_judge_that_may_have_ended_it(tmp_path):
    write(tmp_path, "clip", "os._exit(0)")
    ran = signbench(*TRUSTED[:-1], "2", folder=tmp_path)
    assert ran.returncode == 70
    assert f"a worker process ended (out of memory, or by {JUDGE}?)." in ran.stderr
    assert "--workers 1, which names the clip" in ran.stderr


@pytest.mark.parametrize("where", ["import", "init", "prepare", "signature", "clip"])
def test_its_output_and_side_effects_do_not_reach_the_result(where, expected, tmp_path):
    write(tmp_path, where, MUCH)
    ran = signbench(*TRUSTED, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "child" in ran.stderr
    scores = [json.loads(text)["scores"] for text in ((expected / "run" / "result.json").read_text(), ran.stdout)]
    for score in (score for scored in scores for score in scored):
        score.pop("signature")
    assert scores[0] == scores[1]


def test_workers_with_a_trained_judge_give_the_same_result(expected, tmp_path):
    write(tmp_path)
    ran = signbench(*TRUSTED[:-1], "2", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "run" / "result.json").read_bytes() == (expected / "run" / "result.json").read_bytes()


def test_a_judge_that_cannot_be_sent_to_workers_is_refused_and_works_in_one_process(expected, tmp_path):
    write(tmp_path, "init", "self = sys._getframe(1).f_locals['self']; self.lock = __import__('threading').Lock()")
    ran = signbench(*TRUSTED[:-1], "2", folder=tmp_path)
    assert ran.returncode == 2
    assert re.search(rf"judge {JUDGE} cannot be .* to worker processes; .*--workers 1.*cannot pickle", ran.stderr)
    assert signbench(*TRUSTED, folder=tmp_path).returncode == 0


def test_another_version_of_its_file_is_another_judge(tmp_path):
    write(tmp_path)
    first = signbench(*TRUSTED, folder=tmp_path)
    (tmp_path / "nasty.py").write_text((tmp_path / "nasty.py").read_text().replace('"help"', '"mother"'))
    refused = signbench(*TRUSTED, folder=tmp_path)
    assert refused.returncode == 2
    assert "run holds a run with a different specification (records: nasty/1+code-" in refused.stderr
    second = signbench(*TRUSTED, "--out", "other", folder=tmp_path)
    signatures = [score_of(ran)["signature"] for ran in (first, second)]
    assert signatures[0] != signatures[1]
    differ = signbench("signature", "diff", "run", "other", folder=tmp_path)
    assert differ.returncode == 4
    assert f"{KEY}: the judge, its weights or training data, and the compared output: nasty/1+code-" in differ.stdout
    assert signbench("compare", "run", "other", "--json", folder=tmp_path).returncode == 0


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Two judges of an installed package, one of which pretends to be signbench's."""
    write(tmp_path, "clip", "os._exit(0)")
    site = tmp_path / "site"
    (site / "others-1.dist-info").mkdir(parents=True)
    (site / "others-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    points = "[signbench.judges]\nnearest = nasty:Model\noracle = nasty:Model\nbroken = nasty:Nothing\n"
    (site / "others-1.dist-info" / "entry_points.txt").write_text(points)
    (tmp_path / "nasty.py").rename(site / "nasty.py")
    fields = json.loads((tmp_path / "tasks" / f"{TASK}.yaml").read_text())
    fields["metrics"][0]["on"] = "oracle"
    (tmp_path / "tasks" / f"{TASK}.yaml").write_text(json.dumps(fields))
    before = program.environment
    paths = f"{site}{os.pathsep}{before()['PYTHONPATH']}"
    monkeypatch.setattr(program, "environment", lambda: {**before(), "PYTHONPATH": paths})
    return tmp_path


def test_an_installed_judge_is_listed_and_supervised_and_hides_no_built_in_one(installed):
    listed = {row["name"]: row for row in json.loads(signbench("judges", "list", "--json", folder=installed).stdout)}
    assert [name for name in listed if name in ("nearest", "broken", "oracle")] == ["nearest", "broken", "oracle"]
    assert (listed["nearest"]["licence"], listed["oracle"]["licence"]) == ("Apache-2.0", "CC0-1.0")
    assert "cannot be imported: AttributeError" in listed["broken"]["error"]
    assert "it looks at the train split" in signbench("judges", "show", "nearest", folder=installed).stdout
    ran = signbench(*RUN, "--workers", "1", folder=installed)
    assert ran.returncode == 3, ran.stderr
    assert "clip word-test-0003 (" in ran.stderr
    assert "its process ended (exit status 0); continuing with the others." in ran.stderr
    score = score_of(ran)
    assert (score["metric"], score["clips"]) == ("accuracy@oracle", 2)
    assert "|judge:nasty/1+code-" in score["signature"]


@pytest.mark.parametrize("rank", ["0", "1"])
def test_no_process_waits_for_another_one_that_the_judge_ended(rank, tmp_path):
    write(tmp_path, "prepare", "os._exit(0)", rank=rank)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "signbench"]
    ran = subprocess.run(
        [*launcher, *TRUSTED], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 1
    assert "while preparing the judge nasty.py:Model" in ran.stderr
    assert not (tmp_path / "run" / "result.json").exists()


def test_an_interruption_while_it_judges_is_reported_as_one(tmp_path):
    write(tmp_path, "clip", "open('here', 'w').close() or time.sleep(600)")
    source = (tmp_path / "nasty.py").read_text()
    (tmp_path / "nasty.py").write_text(source.replace("3.0", "900.0"))
    process = subprocess.Popen(
        [sys.executable, "-m", "signbench", *TRUSTED],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "here").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    out, said = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, ""), said
    assert said == "signbench: interrupted; rerun the command to resume.\n"
    assert status(tmp_path) == ("interrupted", 130)


def test_python_names_the_judge_in_a_parameter(tmp_path, monkeypatch):
    import signbench as package

    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    asked = {"split": "word30-test", "limit": 3, "out": Path("run")}
    with pytest.raises(package.InputError, match=r"`judges='nasty\.py:Model'`"):
        package.run(TASK, "nearest", **asked)
    for judges in (JUDGE, [JUDGE]):
        assert package.run(TASK, "nearest", judges=judges, **asked)[KEY].coverage == 1
