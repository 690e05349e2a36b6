"""Tables 1 to 5 of SignAligner's paper next to the rows of the leaderboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signbench.generators.registry import GENERATORS
from signbench.leaderboard.beside_papers import printed_rows
from signbench.leaderboard.signaligner_tables import PARTS, signaligner_tables
from signbench.weights.reference_models import recipe_of

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
TASK, VIDEO = "synthsign/text-to-pose/test", "synthsign/text-to-video/test"


@pytest.fixture(scope="module")
def tables():
    return signaligner_tables()


def row(tables, table, name):
    lines = [line for title, rows in tables.items() if title.startswith(f"SignAligner, {table}") for line in rows]
    (found,) = [line for line in lines if line["row"] == name]
    return found


def score(generator, metric, digits=2, task=TASK):
    result = json.loads((LEADERBOARDS / task / generator / "result.json").read_text())
    (found,) = [one for one in result["scores"] if one["metric"] == metric]
    low, high = found["interval"]
    return f"{found['value']:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


@pytest.mark.parametrize(
    ("table", "name", "column", "expected"),
    [
        ("Table 1", "Pose", "BLEU-4 (paper)", "12.50"),
        ("Table 1", "Hamer", "BLEU-4 (paper)", "13.24"),
        ("Table 1", "Simplerx", "BLEU-4 (paper)", "11.84"),
        ("Table 1", "Video", "BLEU-4 (paper)", "17.42"),
        ("Table 2", "SignAligner (Ours), test", "FID (paper)", "26.26"),
        ("Table 2", "CogvideoX, dev", "PSNR (paper)", "3.82"),
        ("Table 3", "w/o co-gen, test", "BLEU-1 (paper)", "14.50"),
        ("Table 4", "PTSLP", "BLEU-4 (paper)", "4.31"),
        ("Table 4", "Ours", "ROUGE (paper)", "25.21"),
        ("Table 4", "PTSLP", "WER (paper)", "96.50"),
        ("Table 3", "w/o OCC, test", "FID (paper)", "37.23"),
        ("Table 5: text to hamer", "Ours", "FID (paper)", "4.43"),
        ("Table 5: text to smplx", "PTSLP", "SSIM (paper)", "0.79"),
    ],
)
def test_rows_have_the_papers_numbers(tables, table, name, column, expected):
    assert row(tables, table, name)[column] == expected


def test_ceilings_and_our_own_rows_have_scores_with_intervals(tables):
    assert row(tables, "Table 1", "Pose")["BLEU-4"] == score("ground-truth", "bleu@nslt")
    assert row(tables, "Table 1", "Pose")["BLEU-2"] == score("ground-truth", "bleu:order=2@nslt")
    found = row(tables, "Table 4", "Ours")
    assert found["BLEU-1"] == score("signaligner", "bleu:order=1@nslt")
    assert found["ROUGE"] == score("signaligner", "rouge-l@nslt")
    assert row(tables, "Table 4", "PTSLP")["WER"] == score("progressive-transformers", "wer@slt.gloss")
    found = row(tables, "Table 2", "SignAligner (Ours), test")
    for name, column, digits in (("ssim", "SSIM", 3), ("psnr", "PSNR", 2), ("bleu@gfslt", "BLEU-4", 2)):
        assert found[column] == score("signaligner-stage=video", name, digits, VIDEO)
    assert found["FID"] == "not measured"
    assert row(tables, "Table 4", "GEN-OBT")["generator"] == ""


@pytest.mark.parametrize(
    ("name", "generator"),
    [("w/o co-gen", "stage=video-co_gen=false"), ("w/o OCC", "stage=video-occ=false"), ("Full (Ours)", "stage=video")],
)
def test_ablations_have_the_scores_of_their_videos(tables, name, generator):
    found = row(tables, "Table 3", f"{name}, test")
    for column, metric in (("BLEU-1", "bleu:order=1@gfslt"), ("ROUGE", "rouge-l@gfslt")):
        assert found[column] == score(f"signaligner-{generator}", metric, task=VIDEO)


@pytest.mark.parametrize(
    ("table", "name", "stage"),
    [
        ("Table 2", "PTSLP + RealisDance †, test", "video"),
        ("Table 5: text to hamer", "PTSLP", "hamer"),
        ("Table 5: text to smplx", "PTSLP", "smplx"),
    ],
)
def test_progressive_transformers_has_the_scores_of_its_hands_bodies_and_videos(tables, table, name, stage):
    task = f"synthsign/text-to-{stage}/test"
    found = row(tables, table, name)
    for column, metric, digits in (("BLEU-1", "bleu:order=1@gfslt", 2), ("ROUGE", "rouge-l@gfslt", 2), ("SSIM", "ssim", 3)):
        assert found[column] == score(f"progressive-transformers-stage={stage}", metric, digits, task)


def test_every_row_of_the_paper_is_shown_once(tables):
    counts = {title.partition(":")[0].removeprefix("SignAligner, "): 0 for title in tables}
    for title, lines in tables.items():
        counts[title.partition(":")[0].removeprefix("SignAligner, ")] += len(lines)
    assert counts == {"Table 1": 4, "Table 2": 6, "Table 3": 3, "Table 4": 8, "Table 5": 6}


def test_the_generators_of_the_rows_can_be_trained():
    for part in PARTS:
        assert set(part.generators) <= {line.row for line in printed_rows(f"phoenix14t-plus/{part.printed}", part.table)}
        for generator in part.generators.values():
            assert GENERATORS.is_built_in(generator)
    ablations = "signaligner", "signaligner-no-occ", "signaligner-no-co-gen"
    for model in (*ablations, "progressive-transformers", "progressive-transformers-three-streams"):
        assert recipe_of(model).is_file()
