"""Metrics through judges on the command line: listed, measured, compared, checked by the gate, submitted and shown."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.program import environment, signbench
from tests.patience import PATIENCE

pytestmark = pytest.mark.end_to_end

TASK = "synthsign/word-generation"
KEY = "accuracy@nearest"
SPLIT = ["--split", "word30-test"]
FEW = [*SPLIT, "--limit", "5"]
LEVELS = f"{KEY}: the judge's ceiling is 1.0000 [0.9690, 1.0000], its chance level 0.0167 [0.0046, 0.0587]"


def ran_well(*words, folder=None):
    ran = signbench(*words, folder=folder)
    assert ran.returncode == 0, ran.stderr
    return ran


def of_judge(rows):
    """The one of some scores, rows or columns that is of the metric through the judge."""
    (found,) = [row for row in rows if row["metric"] == KEY]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A current folder with complete runs of two generators, and a run of a few clips."""
    current = tmp_path_factory.mktemp("judged")
    for name in ("nearest", "mean-pose"):
        ran_well("run", TASK, *SPLIT, "--generator", name, "--out", name, folder=current)
    ran_well("run", TASK, *FEW, "--generator", "stitched", "--out", "few", folder=current)
    return current


def test_judges_are_listed_and_shown():
    listed = json.loads(ran_well("judges", "list", "--json").stdout)
    assert {"name": "nearest", "reads": ["motion", "pose"], "gives": ["label", "rows"], "learns": True}.items() <= listed[0].items()
    table = ran_well("judges", "list").stdout
    assert all(word in table for word in ("nearest", "motion or pose", "label, rows", "needs no training"))
    shown = ran_well("judges", "show", "nearest").stdout
    assert "goes with: motion-fid, accuracy, diversity, multimodality, retrieval" in shown
    assert "learns: it looks at the train split before it answers" in shown
    assert json.loads(ran_well("judges", "show", "nearest", "--json").stdout)["metrics"][1] == "accuracy"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["judges", "show", "nearst"], "there is no judge nearst. Did you mean nearest"),
        (["measure", ".", ".", "-m", KEY], f"metric {KEY} is measured through a judge, which needs a task with its corpus; use"),
        (
            ["measure", ".", ".", "-m", "accuracy@"],
            "metric accuracy@ names no judge; write accuracy@JUDGE, see signbench judges list.",
        ),
        (["measure", ".", ".", "-m", "accuracy@nearst"], "there is no judge nearst. Did you mean nearest"),
        (
            ["measure", ".", ".", "-m", "bleu@nearest"],
            "metric bleu compares text or gloss, and the judge nearest gives label, rows;",
        ),
        (
            ["measure", ".", ".", "-m", "ssim@nearest"],
            "metric ssim compares nothing that a judge gives, and the judge nearest gives",
        ),
        (["measure", ".", ".", "-m", "accuracy@nearest.rows"], "of the judge nearest it can compare label, not 'rows'."),
        (["measure", ".", ".", "-m", "accuracy@evil.py:Judge"], "is measured through a judge, which needs a task with its corpus;"),
    ],
)
def test_impossible_requests_are_refused_in_one_sentence(words, said, tmp_path):
    (tmp_path / "evil.py").write_text("open('imported', 'w')")
    ran = signbench(*words, folder=tmp_path)
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (2, "", 1)
    assert said in ran.stderr
    assert not (tmp_path / "imported").exists()


def test_the_help_of_judges_imports_no_library():
    program = (
        "import sys; sys.argv = ['signbench', 'judges', '--help']\n"
        "from signbench.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(sorted({'numpy', 'torch', 'scipy', 'numba'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"


def test_a_score_is_shown_with_its_ceiling_its_chance_level_and_its_position_between_them(folder):
    result = json.loads(ran_well("results", "mean-pose", "--json", folder=folder).stdout)
    score = of_judge(result["scores"])
    assert (score["headline"], score["clips"]) == (False, 120)
    judged = score["judged"]
    assert (judged["ceiling"]["value"], judged["chance"]["value"]) == (1.0, pytest.approx(2 / 120))
    assert judged["between"] == pytest.approx((score["value"] - 2 / 120) / (1 - 2 / 120))
    assert "|judge:nearest/1+train-480-" in score["signature"]
    table = ran_well("results", "mean-pose", folder=folder).stdout
    for word in ("ceiling", "chance", "between", "1.0000 [0.9690, 1.0000]", "0.0167 [0.0046, 0.0587]", "0.02"):
        assert word in table
    row = of_judge(csv.DictReader(io.StringIO(ran_well("results", "mean-pose", "--format", "csv", folder=folder).stdout)))
    assert (row["ceiling"], row["chance_low"], row["between"]) == (
        "1.0",
        repr(judged["chance"]["interval"][0]),
        repr(judged["between"]),
    )
    assert (
        r"| 1.0000 \[0.9690, 1.0000\] | 0.0167 \[" in ran_well("results", "mean-pose", "--format", "markdown", folder=folder).stdout
    )
    assert "& 1.0000 [0.9690, 1.0000] & 0.0167 [" in ran_well("results", "mean-pose", "--format", "latex", folder=folder).stdout


def on_a_terminal(columns, *words, folder):
    """The output of a terminal with a number of columns, without colours."""
    ours, theirs = os.openpty()
    named = {**environment(), "COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "signbench", *words], cwd=folder, env=named, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal is closed when the program ends
        while part := os.read(ours, 1 << 16):
            shown += part
    os.close(ours)
    assert process.wait() == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).splitlines()


def test_a_narrow_terminal_breaks_no_number_and_has_the_judge_s_levels_in_a_sentence(folder):
    narrow = on_a_terminal(80, "results", "mean-pose", folder=folder)
    assert f"{LEVELS}; the score lies at 0.02 of the way from chance to ceiling." in narrow
    assert not any("ceiling" in line for line in narrow[:4])
    assert any("0.0333   [0.0130, 0.0826]" in line for line in narrow)
    wide = on_a_terminal(200, "results", "mean-pose", folder=folder)
    assert any("ceiling" in line and "between" in line for line in wide[:4])
    assert not any("of the way" in line for line in wide)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("table", f"{LEVELS}."),
        ("markdown", "- " + f"{LEVELS}.".replace("@", r"\@").replace("[", r"\[").replace("]", r"\]")),
        ("latex", f"% {LEVELS}."),
        ("csv", ",ceiling,ceiling_low,ceiling_high,chance,chance_low,chance_high,between,"),
        ("json", '"accuracy@nearest between": "0.02"'),
    ],
)
def test_several_runs_share_a_table_and_the_judge_s_levels_are_below_it(form, said, folder):
    assert said in ran_well("results", "nearest", "mean-pose", "--format", form, folder=folder).stdout


def test_only_the_wanted_metrics_are_shown(folder):
    (score,) = json.loads(ran_well("results", "mean-pose", "-m", KEY, "--json", folder=folder).stdout)["scores"]
    assert score["metric"] == KEY
    rows = csv.DictReader(
        io.StringIO(ran_well("results", "nearest", "mean-pose", "-m", KEY, "-m", "ape", "--format", "csv", folder=folder).stdout)
    )
    assert [row["metric"] for row in rows] == [KEY, "ape", KEY, "ape"]
    ran = signbench("results", "nearest", "mean-pose", "-m", "accuracy@nearst", folder=folder)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"signbench: accuracy@nearst was not measured. Did you mean {KEY}, accuracy@stgcn?\n"


def test_a_comparison_reports_the_levels_of_both_runs(folder):
    ran = ran_well("compare", "nearest", "mean-pose", folder=folder)
    assert f"{LEVELS}; the runs lie at 1.00 and 0.02 of the way from chance to ceiling." in ran.stdout
    (pair,) = json.loads(ran_well("compare", "nearest", "mean-pose", "--json", folder=folder).stdout)["pairs"]
    metric = of_judge(pair["metrics"])
    assert [judged["between"] for judged in metric["judged"]] == pytest.approx([1.0, 1 / 59])
    assert metric["losses"] == 116


def test_the_gate_fails_a_run_that_is_understood_less(folder):
    assert ran_well("ci", "pin", "nearest", "--as", "words", folder=folder).stdout.startswith("pinned: words")
    same = ran_well("ci", "check", "nearest", "--baseline", "words", folder=folder)
    assert f"{KEY}: passed: no difference." in same.stdout + same.stderr
    worse = signbench("ci", "check", "mean-pose", "--baseline", "words", "--json", folder=folder)
    assert worse.returncode == 1
    check = of_judge(json.loads(worse.stdout)["checks"])
    assert (check["outcome"], check["judged"]["ceiling"]["value"]) == ("regressed", 1.0)
    written = signbench("ci", "check", "mean-pose", "--baseline", "words", "--markdown", "report.md", folder=folder)
    assert "the score lies at 0.02 of the way from chance to ceiling." in written.stdout + written.stderr
    (folder / "gate.yaml").write_text(f"metrics:\n  {KEY}: {{absolute: 1.0}}\n")
    excused = signbench("ci", "check", "mean-pose", "--baseline", "words", "--config", "gate.yaml", "--json", folder=folder)
    assert [check["outcome"] for check in json.loads(excused.stdout)["checks"]] == ["passed"]


def test_rows_are_submitted_checked_shown_built_and_verified(folder):
    for name in ("nearest", "mean-pose"):
        ran_well("leaderboard", "submit", name, "--contact", "me", "--leaderboards", "boards", folder=folder)
    assert ran_well("leaderboard", "check", "boards", folder=folder).stdout.startswith("in order: ")
    show = ["leaderboard", "show", TASK, *SPLIT, "--leaderboards", "boards"]
    assert f"{LEVELS}." in ran_well(*show, folder=folder).stdout
    (block,) = json.loads(ran_well(*show, "--json", folder=folder).stdout)["blocks"]
    assert of_judge(block["columns"])["ceiling"]["value"] == 1.0
    assert [(row["row"], round(row["cells"][KEY]["between"], 2)) for row in block["rows"]] == [
        ("nearest", 1.0),
        ("mean-pose", 0.02),
    ]
    ran_well("leaderboard", "build", "--leaderboards", "boards", "--out", "site", folder=folder)
    page = (folder / "site" / TASK / "word30-test.html").read_text()
    assert "chance 0.0167, ceiling 1.0000" in " ".join(re.sub("<[^>]+>", "", page).split())
    entry = f"boards/{TASK}/word30-test/mean-pose"
    ran_well("leaderboard", "check", entry, "--predictions", "mean-pose/predictions", "--verify", folder=folder)
    assert "kind: verified" in (folder / entry / "entry.yaml").read_text()
    forged = folder / entry / "result.json"
    forged.write_text(forged.read_text().replace('"between": 0.01', '"between": 0.91'))
    broken = signbench("leaderboard", "check", entry, folder=folder)
    assert broken.returncode == 2
    assert f"{KEY}: judged.between is 0.91" in broken.stdout


def test_workers_processes_and_a_kill_give_the_same_bytes(folder, tmp_path):
    words = ["run", TASK, *FEW, "--generator", "stitched"]
    expected = (folder / "few" / "result.json").read_bytes()
    ran_well(*words, "--workers", "2", "--out", tmp_path / "two")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "signbench"]
    launched = subprocess.run(
        [*launcher, *words, "--out", str(tmp_path / "ranks")],
        env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert launched.returncode == 0, launched.stderr
    killed = [*words, "--workers", "1", "--out", str(tmp_path / "killed")]
    process = subprocess.Popen(
        [sys.executable, "-m", "signbench", *killed], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + PATIENCE
    while not list((tmp_path / "killed").glob("records-*.sqlite")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    ran_well(*killed)
    for run in ("two", "ranks", "killed"):
        assert (tmp_path / run / "result.json").read_bytes() == expected


@pytest.fixture
def copy(tmp_path):
    """A copy of a few references with a table of the words, and predictions from another performance."""
    for name, more in (("copy", ["--table"]), ("submission", ["--take", "1"])):
        ran_well("corpora", "export", "synthsign", *FEW, "--media", "motion", "--out", name, *more, folder=tmp_path)
    return tmp_path


def test_a_copy_of_the_references_is_judged_by_its_table(copy):
    words = ["score", TASK, *SPLIT, "--predictions", "submission", "--references", "copy", "--out", "run", "--json"]
    found = json.loads(ran_well(*words, folder=copy).stdout)
    score = of_judge(found["scores"])
    assert (score["clips"], score["judged"]["ceiling"]["clips"], score["judged"]["chance"]["clips"]) == (5, 5, 5)
    assert found["subset"]["clips"] is not None
    table = copy / "copy" / "clips.csv"
    rows = list(csv.DictReader(table.read_text().splitlines()))

    rewrite(table, [{**row, "text": "other"} if row is rows[0] else row for row in rows])
    changed = signbench(*words, folder=copy)
    assert (changed.returncode, changed.stdout) == (2, "")
    assert re.search(rf"corpus.* clip {rows[0]['id']} changed since its record was made; .*--out", changed.stderr)

    rewrite(table, [{name: value for name, value in row.items() if name != "text"} for row in rows])
    ran = ran_well(*words, "--out", "glosses", folder=copy)
    by_gloss = of_judge(json.loads(ran.stdout)["scores"])
    assert by_gloss["signature"] != score["signature"]
    assert (by_gloss["value"], by_gloss["judged"]["ceiling"]["value"]) == (0, 0), (
        "where there is no text, the only gloss is the word"
    )
    assert f"{KEY}: clips whose label the recogniser does not know, which count as wrong: 5" in ran.stderr


def rewrite(table, rows):
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_missing_prediction_counts_as_wrong_and_does_not_affect_the_ceiling(copy):
    (copy / "submission" / "word-test-0003.npz").unlink()
    words = ["score", TASK, *SPLIT, "--predictions", "submission", "--references", "copy", "--out", "run", "--json"]
    assert signbench(*words, folder=copy).returncode == 2
    ran = signbench(*words, "--allow-missing", folder=copy)
    assert ran.returncode == 3, ran.stderr
    score = of_judge(json.loads(ran.stdout)["scores"])
    assert (score["coverage"], score["judged"]["ceiling"]["clips"]) == (0.8, 5)
    assert [clip["counted_as"] for clip in score["missing"]] == ["worst value"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("id,text\n{ids}", "compares with the corpus's word, and clip word-test-0001 has none; add the column text to clips.csv."),
        (
            "id,signer\n{ids}",
            "compares with the corpus's word, and clip word-test-0001 has none; add the column text to clips.csv.",
        ),
    ],
)
def test_references_without_a_word_are_refused_before_the_work_starts(table, said, copy):
    ids = sorted(path.stem for path in (copy / "copy").glob("*.npz"))
    (copy / "copy" / "clips.csv").write_text(table.format(ids="".join(f"{clip},\n" for clip in ids)))
    ran = signbench("score", TASK, *SPLIT, "--predictions", "submission", "--references", "copy", "--out", "run", folder=copy)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert not (copy / "run").exists()


def test_the_cache_shows_verifies_and_clears_a_judge_s_answers(tmp_path, monkeypatch, folder):
    shutil.copytree(os.environ["SIGNBENCH_CACHE"], tmp_path / "cache")
    monkeypatch.setenv("SIGNBENCH_CACHE", str(tmp_path / "cache"))
    shown = json.loads(ran_well("cache", "show", "--json").stdout)["extractors"]
    # Other tests of this file share the cache, so that it may hold the answers of other judges too.
    names = [row["extractor"] for row in shown if row["extractor"].startswith("judge nearest")]
    assert names[0] == "judge nearest/1"
    assert names[1].startswith("judge nearest/1+train-480-")
    assert ran_well("cache", "verify").stdout.startswith(f"{sum(row['entries'] for row in shown)} entries, 0 damaged")
    kept = next(path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size > 200)
    kept.write_bytes(kept.read_bytes()[:-40] + b"\0" * 40)
    assert signbench("cache", "verify", "--remove").stderr.count("is damaged") == 1
    ran_well("cache", "clear", "--extractor", "nearest", "--yes")
    left = json.loads(ran_well("cache", "show", "--json").stdout)["extractors"]
    assert not [row for row in left if row["extractor"].startswith("judge nearest")], "entries of other judges remain"
