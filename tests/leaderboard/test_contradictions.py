"""The notes on published tables that contradict themselves, checked with the printed numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from signbench.leaderboard.published import Row, published, tasks_with_published_rows
from signbench.tasks.loading import known, task
from tests.leaderboard.paper_tables import PAPERS


def rows_of(name: str, table: str) -> dict[tuple[str, str | None], Row]:
    """Rows of one table by label and split."""
    (part,) = (part for part in published(name) if part.source.table == table)
    return {(row.row, row.split): row for row in part.rows}


def notes_of(name: str, table: str) -> str:
    """All notes on a table."""
    (part,) = (part for part in published(name) if part.source.table == table)
    return "\n".join([*part.notes, *(row.note for row in part.rows if row.note is not None)])


def test_rusignbots_mean_psnr_is_not_the_mean_of_its_packs():
    rows, notes = rows_of("slovo/word-to-video", "Table 2"), notes_of("slovo/word-to-video", "Table 2")
    small, large = (rows[f"A pack of {count} words", f"pack-{count}"] for count in (20, 30))
    mean = rows["Mean for two packs", "pack-20+pack-30"]

    def means(metric):
        return (small.value(metric) + large.value(metric)) / 2, (20 * small.value(metric) + 30 * large.value(metric)) / 50

    assert means("psnr") == (Decimal("21.507"), Decimal("21.655"))
    assert mean.value("psnr") not in means("psnr")
    assert means("sus") == (Decimal("0.7565"), Decimal("0.7742"))
    assert mean.value("sus") == means("sus")[0]
    assert means("ssim") == (mean.value("ssim"), Decimal("0.811"))
    assert all(number in notes for number in ("21.507", "21.655", "0.774", "0.811"))
    sample = rows_of("slovo/word-to-video", "Table 1")
    base, adapted = sample["Original MimicMotion", "sample"], sample["SLG MimicMotion (Ours)", "sample"]
    assert base.value("ape") - adapted.value("ape") == Decimal("0.0156")


def test_no_column_of_signaligner_has_the_gain_that_its_text_claims():
    rows = rows_of("phoenix14t-plus/text-to-video", "Table 2")

    def gain(metric, split):
        return rows["SignAligner (Ours)", split].value(metric) - rows["PTSLP + RealisDance †", split].value(metric)

    metrics = list(rows["SignAligner (Ours)", "dev"].values)
    assert gain("bleu:order=1@gfslt-phoenix14t-plus", "dev") == Decimal("10.78")
    rouge = "rouge-l@gfslt-phoenix14t-plus"
    assert (gain(rouge, "dev"), gain(rouge, "test")) == (Decimal("11.93"), Decimal("12.05"))
    assert Decimal("11.83") not in {gain(metric, split) for metric in metrics for split in ("dev", "test")}


def test_signaligners_ablation_ends_with_the_test_row_of_its_main_table():
    name = "phoenix14t-plus/text-to-video"
    full, main = rows_of(name, "Table 3")["Full (Ours)", "test"], rows_of(name, "Table 2")["SignAligner (Ours)", "test"]
    assert full.values == main.values


def test_the_column_that_pgmms_third_table_lost_is_tcd():
    (part,) = published("csl-daily/reconstruction")
    assert [column.metric for column in part.columns if column.header is None] == ["tcd"]
    assert all(0 < row.value("tcd") < 1 < row.value("wer:variant=corrnet@corrnet-csl-daily") for row in part.rows)
    assert "TCD" in part.notes[0]


def test_the_paper_s_model_is_not_the_best_on_wlasl_in_all_metrics():
    rows = rows_of("wlasl2000/reconstruction", "Table 1")
    best = {metric: min(rows, key=lambda name: rows[name].value(metric))[0] for metric in ("l1", "lpips", "fvd", "tcd")}
    assert best == {"l1": "Ours", "lpips": "TPSMM", "fvd": "Ours", "tcd": "TPSMM"}
    assert rows["MRAA", "test"].value("tcd") < rows["Ours", "test"].value("tcd")


def test_pgmms_ablation_has_a_repeated_number_and_two_that_are_ten_times_too_large():
    rows = rows_of("phoenix14t/reconstruction", "Table 4")
    added, aligned = rows["+pose", "test"], rows["+PFM, L_align", "test"]
    assert [metric for metric in added.values if added.values[metric] == aligned.values[metric]] == ["fvd"]
    others = [row.value("lpips") for (label, _), row in rows.items() if label != "+pose"]
    assert all(8 < rows["+pose", split].value("lpips") / other < 12 for split in ("dev", "test") for other in others)
    glosses = "wer:cleaning=phoenix14t,variant=corrnet@corrnet-phoenix14t"
    for split, metrics in (("dev", {"l1", "tcd"}), ("test", {"l1", "tcd", "fvd", glosses})):
        full = rows["Full Model", split]
        rivals = [row for (label, of), row in rows.items() if of == split and label != "Full Model"]
        lower = [metric for metric in full.values if metric != "ssim"]
        assert {metric for metric in lower if min(row.value(metric) for row in rivals) < full.value(metric)} == metrics
    main = rows_of("phoenix14t/reconstruction", "Table 2")
    assert all(rows["baseline", split].values == main["TPSMM", split].values for split in ("dev", "test"))
    assert all(rows["Full Model", split].values == main["Ours", split].values for split in ("dev", "test"))


def test_signavatars_second_table_repeats_the_subset_of_its_first():
    for stage, kinds in (("reconstruction", ("Raw", "Rec")), ("generation", ("Raw", "Gen"))):
        first, second = published(f"asl3dword-30/{stage}")
        kept = {(row.row, row.split): row for row in first.rows if row.under in (None, "w/ Curriculum Learning")}
        for row in second.rows:
            assert row.row.startswith(kinds)
            if row.under == "w/ Quality Control":
                assert row.values.items() <= kept[row.row, row.split].values.items()


def test_without_quality_control_only_generated_test_motion_is_recognised_better():
    def accuracy(stage, row):
        (part,) = (part for part in published(f"asl3dword-30/{stage}") if part.source.table == "Table II")
        return next(found for found in part.rows if found.row == row and found.under == "w/o Quality Control").value(
            part.columns[0].metric
        )

    assert accuracy("generation", "Gen_test") > accuracy("reconstruction", "Rec_test")
    assert accuracy("generation", "Gen_train") < accuracy("reconstruction", "Rec_train")


def test_signavatars_raw_multimodality_is_also_in_a_row_of_generated_motion():
    rows = {(row.row, row.under): row for row in published("asl3dword/generation")[0].rows}
    copied = rows["Gen_test", "w/o Curriculum Learning"]
    assert copied.values["multimodality@stgcn-asl3dword"] == rows["Raw_test", None].values["multimodality@stgcn-asl3dword"]
    assert copied.note is not None


@pytest.mark.parametrize(
    ("paper", "sentences", "sum_of", "claimed"),
    [
        ("Pose-Guided", ["8,247 sentences", "7,096 training", "519 development", "642 testing"], 7096 + 519 + 642, 8247),
        (
            "SignAvatar",
            ["less than 18 video samples", "103 gloss words", "1208 samples for training", "339 samples"],
            1208 + 339,
            103 * 18,
        ),
    ],
)
def test_counts_that_do_not_add_up_are_in_the_paper(paper, sentences, sum_of, claimed, papers):
    text = " ".join((papers / PAPERS[paper]).read_text("utf-8").split())
    assert [sentence for sentence in sentences if sentence not in text] == []
    assert sum_of != claimed
    everything = "\n".join(note for name in tasks_with_published_rows() for part in published(name) for note in part.notes)
    assert f"{sum_of:,}" in everything and f"{claimed:,}" in everything


def test_signavatars_division_into_splits_is_not_the_stated_one():
    train, test = 1208, 339
    assert round(100 * train / (train + test)) == 78
    for stage in ("generation", "reconstruction"):
        assert "78:22" in notes_of(f"asl3dword/{stage}", "Table I")


def test_signaligner_announces_wer_and_prints_it_in_one_table():
    printed = {
        part.source.table
        for name in tasks_with_published_rows()
        if name.startswith("phoenix14t-plus/")
        for part in published(name)
        if any(column.metric.startswith("wer") for column in part.columns)
    }
    assert printed == {"Table 4"}
    for name, table in (("text-to-video", "Table 2"), ("text-to-video", "Table 3"), ("text-to-hamer", "Table 5")):
        assert "only Table 4 prints it" in notes_of(f"phoenix14t-plus/{name}", table)
    assert "takes a sequence of glosses" in notes_of("phoenix14t-plus/text-to-pose", "Table 4")


def test_signaligner_says_so_itself(papers):
    text = (papers / PAPERS["SignAligner"]).read_text("utf-8")
    assert "*Word Error Rate* (WER)" in text
    assert "GlossEncoder" in text and "gloss vocabulary" in text


def test_the_count_of_wlasl_is_the_one_of_its_own_readme():
    assert "as the data set's own readme does" in notes_of("wlasl2000/reconstruction", "Table 1")


def test_every_task_of_signaligner_names_all_its_authors():
    citations = [paper.citation for name in known() if (paper := task(name).paper) is not None and "SignAligner" in paper.citation]
    assert len(citations) == 8
    assert {citation.partition(":")[0] for citation in citations} == {"Wang, Tang, Cheng, Li, Wang and Hong"}


def test_the_challenges_winner_beats_the_ground_truth_where_the_note_says():
    for table, split, metrics in (
        ("Table 1", "test", {"bleu:order=1@slt-slrtp2025", "chrf@slt-slrtp2025", "rouge-l@slt-slrtp2025"}),
        ("Table 2", "hidden-test", {"chrf@slt-slrtp2025"}),
    ):
        rows = rows_of("slrtp2025/text-to-pose", table)
        truth, winner = rows["Ground Truth", split], rows["Team 1 (USTC-MoE)", split]
        judged = [metric for metric in truth.values if metric.endswith("@slt-slrtp2025") and not metric.startswith("wer")]
        assert {metric for metric in judged if winner.value(metric) > truth.value(metric)} == metrics
