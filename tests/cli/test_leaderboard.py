"""``signbench leaderboard`` as run by a user: from predictions to a verified row."""

from __future__ import annotations

import json

import pytest
import yaml

from signbench.media.video_writer import write_video
from tests.cli.program import signbench
from tests.clips import moving_square
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, IDS, WIDTH, fields

pytestmark = pytest.mark.end_to_end

TASK = "mine/text-to-video"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A current folder with a custom task, a copy of its references, and predictions."""
    current = tmp_path_factory.mktemp("current")
    (current / "tasks" / "mine").mkdir(parents=True)
    clips = {"test": {"count": len(IDS["test"]), "ids_sha256": None}}
    content = fields("video", name=TASK, corpus="elsewhere", splits=["test"], clips=clips)
    (current / "tasks" / f"{TASK}.yaml").write_text(yaml.safe_dump(content))
    for name, shift in (("copy", 0), ("submission", 1)):
        (current / name).mkdir()
        for clip in IDS["test"]:
            write_video(
                current / name / f"{clip}.mkv", iter(moving_square(FRAMES, HEIGHT, WIDTH, seed=int(clip[-4:]), shift=shift)), FPS
            )
    return current


OWN = ("--leaderboards", "leaderboards")
"""Without the rows that signbench ships, which have tests of their own."""


def test_from_predictions_to_a_verified_row(folder):
    scored = signbench("score", TASK, "--predictions", "submission", "--references", "copy", "--out", "run", folder=folder)
    assert scored.returncode == 0, scored.stderr
    assert f"leaderboard: {TASK} (test) has no measured row to compare this run with." in scored.stderr

    refused = signbench("leaderboard", "submit", "run", "--as", "mine", folder=folder)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "give --licence" in refused.stderr

    said = ["--as", "mine", "--licence", "CC0-1.0", "--contact", "me"]
    submitted = signbench("leaderboard", "submit", "run", *said, "--json", folder=folder)
    assert submitted.returncode == 0, submitted.stderr
    entry = json.loads(submitted.stdout)["entry"]
    assert entry == f"leaderboards/{TASK}/test/mine"

    checked = signbench("leaderboard", "check", "leaderboards", folder=folder)
    assert checked.returncode == 0, checked.stdout
    assert "only --predictions DIR proves" in checked.stderr

    proof = ["--predictions", "submission", "--references", "copy", "--verify", "--json"]
    verified = signbench("leaderboard", "check", entry, *proof, folder=folder)
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["problems"] == []

    shown = signbench("leaderboard", "show", TASK, "--json", folder=folder)
    (block,) = json.loads(shown.stdout)["blocks"]
    assert [(row["row"], row["kind"], row["own_copy"]) for row in block["rows"]] == [("mine", "verified", True)]
    for form, word in (
        ("csv", "mine,verified"),
        ("markdown", "| 1 | mine | verified |"),
        ("latex", r"\toprule"),
        ("table", "verified"),
    ):
        printed = signbench("leaderboard", "show", TASK, "--format", form, folder=folder)
        assert printed.returncode == 0, printed.stderr
        assert word in printed.stdout

    again = signbench("score", TASK, "--predictions", "submission", "--references", "copy", "--out", "run", "--json", folder=folder)
    assert f"leaderboard: measured in the same way as 1 row (mine) of {TASK} (test)." in again.stderr
    assert json.loads(again.stdout)["status"] == "complete"
    for row in (f"{TASK}/test/mine", entry):
        compared = signbench("compare", "run", row, "--json", folder=folder)
        assert compared.returncode == 0, compared.stderr
        (pair,) = json.loads(compared.stdout)["pairs"]
        assert pair["second"]["run"] == row
        assert {metric["difference"] for metric in pair["metrics"]} == {0.0}

    listed = signbench("leaderboard", "list", *OWN, "--json", folder=folder)
    assert {"task": TASK, "split": "test", "measured": 0, "verified": 1, "anchor": 0, "published": 0} in json.loads(listed.stdout)

    built = signbench("leaderboard", "build", *OWN, "--out", "site", folder=folder)
    assert built.stdout.strip() == "site/index.html"
    assert (folder / "site" / TASK / "test.html").is_file()

    path = folder / entry / "result.json"
    content = json.loads(path.read_text())
    content["scores"][0]["value"] = 0.0
    path.write_text(json.dumps(content))
    broken = signbench("leaderboard", "check", entry, "--json", folder=folder)
    assert broken.returncode == 2
    assert {problem["kind"] for problem in json.loads(broken.stdout)["problems"]} == {"digest", "score"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "nowhere"], "is not a folder"),
        (["check", "copy", "--verify"], "need --predictions"),
        (["submit", "copy"], "is not a run folder"),
        (["submit", "study", "--row", "a"], "a study needs --task and --row"),
        (["submit", "study", "--row", "a", "--task", TASK, "--as", "b"], "not with --as"),
        (["submit", "study", "--row", "nobody", "--task", TASK], "there is no row nobody"),
        (["show", "mine/nothing"], "Did you mean|Known"),
        (["show", "lsa64/reconstruction", "--split", "nothing"], "Did you mean|Known"),
    ],
)
def test_wrong_use_ends_with_a_sentence(folder, words, said):
    import re

    ended = signbench("leaderboard", *words, folder=folder)
    assert ended.returncode == 2
    assert re.search(said, ended.stderr)
    assert "Traceback" not in ended.stderr


def test_a_task_with_only_published_rows_is_reported(folder):
    shown = signbench("leaderboard", "show", "phoenix14t/reconstruction", folder=folder)
    assert shown.returncode == 0, shown.stderr
    assert "phoenix14t/reconstruction (test) has only published rows, which are not ranked" in shown.stderr
    assert "other splits with rows, for --split: dev (10 published)." in shown.stderr


def test_compare_explains_how_to_name_a_row(folder):
    assert "TASK/SPLIT/ROW" in signbench("compare", "--help", folder=folder).stdout.replace("\n", " ")
    ended = signbench("compare", "run", f"{TASK}/test/mnie", folder=folder)
    assert ended.returncode == 2
    assert "has no row mnie. Did you mean mine?" in ended.stderr
