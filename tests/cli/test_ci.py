"""``signbench ci`` as run by a build."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from signbench.ci.baselines import known
from tests.ci.simulated_runs import normal, simulated
from tests.cli.program import environment, signbench
from tests.patience import PATIENCE

pytestmark = pytest.mark.end_to_end

TASK = "synthsign/text-to-pose"


@pytest.fixture
def folder(tmp_path):
    """A run, a worse and a better one, an incomplete one and a subset."""
    base = normal(1, 40)
    for name, values, options in (
        ("base", base, {}),
        ("worse", base + normal(2, 40, 1.0, 0.2), {}),
        ("better", base - normal(2, 40, 1.0, 0.2), {}),
        ("torn", base, {"lacking": (3,)}),
        ("part", base, {"subset": 40}),
        ("others", base, {"references": "others"}),
    ):
        simulated({"dtw": values}, out=tmp_path / name, **options)
    return tmp_path


def test_a_run_is_pinned_and_worse_ones_fail(folder):
    pinned = signbench("ci", "pin", "base", "--as", "task/main", folder=folder)
    assert (pinned.returncode, pinned.stderr) == (0, "")
    assert pinned.stdout.startswith("pinned: task/main in baselines/task/main (")
    for run, code, verdict in (
        ("base", 0, "passed"),
        ("worse", 1, "regressed"),
        ("better", 0, "improved"),
        ("torn", 3, "incomplete"),
        ("part", 4, "not comparable"),
        ("others", 4, "not comparable"),
    ):
        ran = signbench("ci", "check", run, "--baseline", "task/main", "--json", folder=folder)
        found = json.loads(ran.stdout)
        assert (ran.returncode, found["exit_code"], found["verdict"]) == (code, code, verdict)
    assert (
        "signbench ci pin better --as task/main --replace"
        in signbench("ci", "check", "better", "--baseline", "task/main", folder=folder).stderr
    )


def test_all_reports_are_written_at_once(folder):
    signbench("ci", "pin", "base", "--as", "main", "--baselines", "kept", folder=folder)
    (folder / "signbench-ci.yaml").write_text("metrics:\n  dtw: {relative: 0.02}\n")
    words = ["check", "worse", "--baseline", "main", "--baselines", "kept", "--config", "signbench-ci.yaml"]
    words += ["--junit", "report.xml", "--markdown", "summary.md", "--github"]
    summary = folder / "step.md"
    ran = subprocess.run(
        [sys.executable, "-m", "signbench", "ci", *words],
        cwd=folder,
        env={**environment(), "GITHUB_STEP_SUMMARY": str(summary)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert "\n::error title=dtw%3A regressed::worse by " in ran.stdout
    assert '<failure message="worse by ' in (folder / "report.xml").read_text()
    assert summary.read_text().strip() == (folder / "summary.md").read_text().strip()
    as_json = subprocess.run(
        [sys.executable, "-m", "signbench", "ci", *words, "--json"],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    (checked,) = json.loads(as_json.stdout)["checks"]
    assert checked["tolerance"] == pytest.approx(0.02 * checked["baseline"])
    assert as_json.stderr.startswith("::error title=dtw%3A regressed::")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["pin", "part", "--as", "a"], 2, "only a subset of the clips"),
        (["pin", "torn", "--as", "a"], 3, "incomplete"),
        (["pin", "base", "--as", "../a"], 2, "is not a name for a baseline"),
        (["pin", "worse", "--as", "main"], 2, "--replace"),
        (["pin", "base"], 2, "--as"),
        (["check", "base"], 2, "--baseline"),
        (["check", "--baseline", "main"], 2, "name the folder of a run, or use --task and --generator"),
        (["check", "base", "--baseline", "mian"], 2, "Did you mean main?"),
        (["check", "base", "--baseline", "main", "--task", TASK], 2, "--task cannot be used together with a RUN"),
        (["check", "base", "--baseline", "main", "--checkpoint", "x"], 2, "--checkpoint cannot be used together with a RUN"),
        (["check", "base", "--baseline", "main", "--config", "nowhere.yaml"], 2, "nowhere.yaml"),
        (["check", "--baseline", "main", "--task", TASK, "--generator", "nosie"], 2, "noise"),
        (["check", "--baseline", "main", "--task", TASK, "--generator", "noise"], 4, "the task differs"),
    ],
)
def test_wrong_use_is_reported_in_a_sentence(folder, words, code, said):
    signbench("ci", "pin", "base", "--as", "main", folder=folder)
    ran = signbench("ci", *words, folder=folder)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (folder / "runs").exists()


def test_an_existing_baseline_is_moved_aside_and_an_equal_one_is_kept(folder):
    for words, done in ((["base"], "pinned"), (["base"], "unchanged"), (["better", "--replace"], "replaced")):
        found = json.loads(signbench("ci", "pin", *words, "--as", "main", "--json", folder=folder).stdout)
        assert found["outcome"] == done
    assert known(folder / "baselines") == ["main", "main.old-1"]


@pytest.mark.parametrize("generator", ["mean-pose", "nearest"])
def test_signbench_s_own_generators_are_as_good_as_they_were(tmp_path, generator):
    words = ["check", "--task", TASK, "--generator", generator, "--baseline", f"{TASK}/{generator}", "--json"]
    ran = signbench("ci", *words, folder=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout)
    assert found["verdict"] == "passed"
    assert {check["metric"] for check in found["checks"]} >= {"dtw", "ape:normalise=shoulders"}
    assert all(abs(check["difference"]) <= 1e-6 * max(1, abs(check["baseline"])) for check in found["checks"])
