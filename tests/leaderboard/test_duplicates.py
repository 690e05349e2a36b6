"""Duplicate rows, and that they do not affect the ranks of others."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from signbench.leaderboard import ranking
from signbench.leaderboard.checking import check, check_entry
from signbench.leaderboard.duplicates import NEAR, apart, groups
from signbench.leaderboard.entries import read_entry
from signbench.leaderboard.plain_text import fault, mixed_alphabets, skeleton
from signbench.leaderboard.ranking import board
from signbench.metrics import registry
from tests.ci.simulated_runs import CARD
from tests.leaderboard.rows import CLIPS, TASK, digest, resealed, rewritten, run_of, small_task, submit, write_task
from tests.leaderboard.test_forged_entries import rewrite

__all__ = ["small_task"]

pytestmark = pytest.mark.usefixtures("small_task")


def ranks(block, metric="l1"):
    return {row.row: row.cells[metric].rank for row in block.rows}


def copied(entry, name, *, noise=0.0, seed=0, references=None):
    """A copy of an entry under another name, with new digests, and with noise in its records."""
    copy = entry.with_name(name)
    shutil.copytree(entry, copy)
    rewritten(copy, row=name)
    generator = np.random.default_rng(seed)

    def change(rows, about):
        ratios = {}
        for row in rows:
            row["inputs"]["prediction.video"] |= {name_: digest(f"{name} {name_} {row['clip']}") for name_ in ("sha256", "content")}
            if references is not None:
                row["inputs"]["reference.video"]["sha256"] = digest(f"{references} {row['clip']}")
            field = "ratio" if row["metric"] == "duration-ratio" else "sum"
            value = abs(row["record"][field] * (1 + noise * generator.normal()))
            row["record"] = {**row["record"], field: np.float64(value)}
            if field == "ratio":
                ratios[row["clip"]] = float(value)
        for row in rows:
            row["lengths"]["video"]["prediction_seconds"] = 0.2 * ratios[row["clip"]]

    rewrite(copy, change)
    return copy


def test_a_copy_of_a_row_s_records_is_refused_even_with_other_digests(tmp_path):
    entry = submit(run_of("model"), tmp_path / "leaderboards")
    copy = copied(entry, "other")
    assert check_entry(copy) == []
    said = [problem.what for problem in check(copy).problems]
    assert said == [f"{entry} has the same records"]
    found = board(TASK)
    assert [row.row for row in found.blocks[0].rows] == ["model"]
    assert any("has the same records" in sentence for sentence in found.refused)


def test_noisy_copies_do_not_push_an_honest_row_down(tmp_path):
    """Eight copies of the best row, with other digests and 0.1 % of noise in their scores."""
    boards = tmp_path / "leaderboards"
    for name, mean, seed in (("best", 0.30, 1), ("second", 0.40, 2), ("third", 0.50, 3), ("honest", 0.60, 4)):
        submit(run_of(name, mean, seed=seed), boards)
    before = board(TASK)
    assert ranks(before.blocks[0])["honest"] == 4
    best = boards / TASK / "test" / "best"
    for number in range(8):
        assert check_entry(copied(best, f"copy-{number}", noise=1e-3, seed=number)) == []
    after = board(TASK)
    assert after.refused == ()
    assert len(after.blocks[0].rows) == 12
    assert ranks(after.blocks[0])["honest"] == 4
    assert {ranks(after.blocks[0])[name] for name in ("best", *(f"copy-{number}" for number in range(8)))} == {1}
    assert "Holm over 6 pairs" in after.blocks[0].columns[0].ranked_by
    assert "9 rows that hardly differ count as 1" in after.blocks[0].columns[0].ranked_by


def test_honest_rows_are_far_apart(tmp_path):
    entries = [read_entry(submit(run_of(f"row-{seed}", 0.5, seed=seed), tmp_path / "leaderboards")) for seed in (1, 7, 13)]
    assert min(apart(entries[0], other) for other in entries[1:]) > 2 * NEAR
    assert [len(group) for group in groups(entries)] == [1, 1, 1]


def test_rows_of_made_up_references_do_not_become_the_first_block(tmp_path, monkeypatch):
    """One honest row with the known references, and seven rows with made-up ones."""
    boards = tmp_path / "leaderboards"
    honest = submit(run_of("honest", 0.6), boards)
    for number in range(7):
        submit(run_of(f"liar-{number}", 0.2 + number / 100, seed=number + 2, references="made up"), boards)
    refs = {score.signature.rpartition("refs:")[2] for score in read_entry(honest).result.scores}
    assert [row.row for row in board(TASK).blocks[0].rows] != ["honest"]
    monkeypatch.setattr(ranking, "_own_references", lambda task, split: frozenset(refs))
    found = board(TASK)
    assert [row.row for row in found.blocks[0].rows] == ["honest"]
    assert len(found.blocks[1].rows) == 7


def test_copies_do_not_make_a_block_the_first(tmp_path):
    """If the references are unknown, copies count once, and a verified row counts more than any number of others."""
    write_task(tmp_path, known=False)
    boards = tmp_path / "leaderboards"
    own = {"card": None, "own_copy": True}
    for name, mean, seed in (("one", 0.5, 1), ("two", 0.6, 2)):
        submit(run_of(name, mean, seed=seed, **own), boards)
    liar = submit(run_of("liar", 0.2, references="made up", **own), boards)
    for number in range(4):
        copied(liar, f"liar-{number}", noise=1e-3, seed=number)
    assert {row.row for row in board(TASK).blocks[0].rows} == {"one", "two"}
    for number in range(3):
        submit(run_of(f"other-{number}", 0.3, seed=20 + number, references="made up", **own), boards)
    assert {row.row for row in board(TASK).blocks[0].rows} != {"one", "two"}
    rewritten(boards / TASK / "test" / "one", kind="verified", verified_with="1")
    assert {row.row for row in board(TASK).blocks[0].rows} == {"one", "two"}


def test_the_references_of_the_shipped_rows_are_known():
    assert ranking._own_references("synthsign/text-to-pose", "test")
    assert ranking._own_references("tiny/nothing", "test") == frozenset()


def test_productions_that_another_row_shows_too_are_refused_in_any_container(tmp_path):
    boards = tmp_path / "leaderboards"
    first = submit(run_of("first"), boards)
    shown = {clip: f"first {clip}" for clip in CLIPS[:21]}
    second = boards / TASK / "test" / "second"
    shutil.copytree(submit(run_of("second", 0.4, seed=3, productions=shown), tmp_path / "elsewhere"), second)
    assert [problem.what for problem in check(second).problems] == [f"{first} has 21 of the same 40 productions"]

    def elsewhere(rows, about):
        for row in rows:
            row["inputs"]["prediction.video"]["sha256"] = digest(f"another container {row['clip']}")

    rewrite(second, elsewhere)
    assert [problem.what for problem in check(second).problems] == [f"{first} has 21 of the same 40 productions in another form"]


def test_two_retrieval_generators_may_find_the_same_clips(tmp_path):
    boards = tmp_path / "leaderboards"
    submit(run_of("first"), boards)
    shown = {clip: f"first {clip}" for clip in CLIPS[:20]}
    assert check(submit(run_of("second", 0.4, seed=3, productions=shown), boards)).problems == ()


def test_a_forged_anchor_drives_no_row_off_the_board(tmp_path):
    boards = tmp_path / "leaderboards"
    submit(run_of("model"), boards)
    shown = {clip: f"model {clip}" for clip in CLIPS}
    forged = submit(run_of("aaa", 0.6, seed=5, card={**CARD, "sees": "references"}, productions=shown), tmp_path / "elsewhere")
    shutil.copytree(forged, boards / TASK / "test" / "aaa")
    (block,) = board(TASK).blocks
    assert [row.row for row in block.rows] == ["model"]


def test_of_two_equal_rows_the_verified_one_stays(tmp_path):
    entry = submit(run_of("zebra"), tmp_path / "leaderboards")
    copied(entry, "ant")
    assert [row.row for row in board(TASK).blocks[0].rows] == ["ant"]
    rewritten(entry, kind="verified", verified_with="1")
    assert [row.row for row in board(TASK).blocks[0].rows] == ["zebra"]


@pytest.mark.parametrize("name", ["Model", "mode1", "MODEL", "rnodel", "\u043c\u043e\u0501\u0435\u04cf"])
def test_a_leaderboard_has_only_one_of_two_names_that_look_alike(tmp_path, name):
    boards = tmp_path / "leaderboards"
    submit(run_of("model"), boards)
    entry = submit(run_of("x", 0.3, seed=8), tmp_path / "elsewhere", row=name)
    moved = boards / TASK / "test" / entry.name
    if moved.exists():
        pytest.skip("the file system does not distinguish the names")
    shutil.copytree(entry, moved)
    (said,) = (problem.what for problem in check(moved).problems if problem.kind == "duplicate")
    assert said == f"{boards / TASK / 'test' / 'model'} has a name that looks like this one, model"


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("copy", "\u0441\u043e\u0440\u0443", True),
        ("PGMM", "\u0420GMM", True),
        ("model 1", "model-l", True),
        ("naïve", "naive", True),
        ("model", "models", False),
        ("stitched", "nearest", False),
        ("模型", "模形", False),
    ],
)
def test_names_that_look_alike_have_the_same_skeleton(first, second, alike):
    assert (skeleton(first) == skeleton(second)) is alike


@pytest.mark.parametrize("text", ["Модель 2", "GFSLT模型", "Ω-Net", "手话 model", "שלום", "weiß", "SignBot v2.1 (large)"])
def test_names_in_one_script_are_accepted(text):
    assert (fault(text), mixed_alphabets(text)) == (None, None)


def test_an_entry_with_a_damaged_record_is_refused_with_a_reason(tmp_path):
    boards = tmp_path / "leaderboards"
    submit(run_of("valid"), boards)
    broken = submit(run_of("broken", 0.4, seed=3), boards)
    content = bytearray((broken / "records.parquet").read_bytes())
    content[len(content) // 3] ^= 0xFF
    (broken / "records.parquet").write_bytes(content)
    resealed(broken)
    other = submit(run_of("empty", 0.4, seed=5), boards)
    (other / "records.parquet").write_bytes(b"")
    resealed(other)
    found = board(TASK)
    assert [row.row for row in found.blocks[0].rows] == ["valid"]
    assert {sentence.partition(":")[0] for sentence in found.refused} == {str(broken), str(other)}


def test_every_metric_whose_best_score_only_equal_sides_reach_declares_it():
    wanted = {"l1": 0, "psnr": 100, "ssim": 1, "lpips": 0, "dtw": 0, "ape": 0, "nape": 0}
    assert {name: registry.create(name).of_equal_sides for name in wanted} == wanted
    assert registry.create("duration-ratio").of_equal_sides is None
