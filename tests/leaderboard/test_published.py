"""Numbers that papers printed: each is compared with the papers' own tables if their text is available."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from signbench.errors import InputError
from signbench.leaderboard.published import Published, published, read_published, tasks_with_published_rows
from signbench.metrics import registry
from signbench.tasks.loading import known, task
from tests.leaderboard.paper_tables import DASH, PAPERS, PaperTable, numbers, read_tables

UNMEASURED = {
    "lpips",
    "fid",
    "fvd",
    "bleu",
    "chrf",
    "rouge-l",
    "wer",
    "accuracy",
    "motion-fid",
    "diversity",
    "multimodality",
    "sus",
}
"""Names of metrics that need networks, texts or people."""

SLRTP = """
Table 1: RWTH-PHOENIX-Weather-2014T Test Set: SLP Challenge Results on the ph14t test set.

| Teams | BLEU-1 | BLEU-2 | BLEU-3 | BLEU-4 | CHRF | ROUGE | WER ↓ | DTW-MJE ↓ | Total Distance | Average Duration |
|---|---|---|---|---|---|---|---|---|---|---|
| Ground Truth | 34.40 | 22.04 | 16.09 | 12.78 | 34.59 | 35.20 | 85.77 | 0.0000 | 1.000 | 1.000 |
| Team 1 (USTC-MoE) | 34.85 | 21.96 | 15.65 | 12.06 | 36.83 | 36.59 | 93.49 | 0.0448 | 1.631 | 1.438 |
| Team 2 (hfut-lmc) | 16.96 | 6.56 | 3.38 | 2.05 | 25.88 | 19.77 | 147.85 | 0.0403 | 2.512 | 2.463 |
| Team 3 (Hacettepe) | 30.44 | 17.75 | 12.42 | 9.59 | 29.70 | 30.64 | 88.88 | 0.0423 | 0.798 | 1.026 |
| Progressive Transformer | 22.17 | 10.71 | 7.09 | 5.43 | 24.13 | 21.98 | 101.45 | 0.0418 | 0.257 | 0.999 |

Table 2: Hidden Test Set: SLP Challenge Results on the Hidden Test Set.

| Teams | BLEU-1 | BLEU-2 | BLEU-3 | BLEU-4 | CHRF | ROUGE | WER ↓ | DTW-MJE ↓ | Total Distance |
|---|---|---|---|---|---|---|---|---|---|
| Ground Truth | 37.94 | 19.87 | 10.67 | 5.90 | 30.64 | 38.60 | 101.25 | 0.0000 | 1.000 |
| Team 1 (USTC-MoE) | 31.40 | 17.09 | 9.43 | 5.86 | 31.73 | 33.75 | 109.38 | 0.0574 | 1.185 |
| Team 2 (hfut-lmc) | 30.54 | 16.22 | 9.33 | 5.66 | 30.17 | 32.92 | 107.93 | 0.0492 | 0.971 |
| Team 3 (Hacettepe) | 27.51 | 11.13 | 5.36 | 2.91 | 23.37 | 27.29 | 105.49 | 0.0531 | 0.761 |
| Progressive Transformer [cite] | 18.33 | 4.99 | 1.74 | 0.78 | 21.65 | 21.10 | 141.93 | 0.0467 | 0.322 |
"""
"""The numbers of README.md of walsharry/SLRTP-Sign-Production-Evaluation, revision bf4129e (SLP 2025 CVPR Challenge Scores)."""


@dataclass(frozen=True)
class Panel:
    """Columns of a printed table that belong together.

    Attributes:
        tasks: names of the tasks that a row belongs to, by the beginning of its label; ``""`` for all labels.
        split: the split of all its rows, or of each label.
        first: index of its first column of numbers.
        width: number of its columns.
        label: index of the column of labels.
        under: the heading of its columns, if it is needed to distinguish rows.
    """

    tasks: Mapping[str, tuple[str, ...]]
    split: str | Mapping[str, str] | None
    first: int
    width: int
    label: int = 0
    under: str | None = None


def panels_of_splits(name: str, width: int) -> list[Panel]:
    """A table with dev and test next to each other."""
    return [Panel({"": (name,)}, "dev", 1, width), Panel({"": (name,)}, "test", 1 + width, width)]


def motion(corpus: str) -> dict[str, tuple[str, ...]]:
    """Rows of SignAvatar's tables: those of raw poses belong to both tasks."""
    reconstruction, generation = f"{corpus}/reconstruction", f"{corpus}/generation"
    return {"Raw": (reconstruction, generation), "Rec": (reconstruction,), "Gen": (generation,)}


STAGES = {f"{kind}_{split}": split for kind in ("Raw", "Rec", "Gen") for split in ("train", "test")}
PACKS = {
    "A pack of 20 words": "pack-20",
    "A pack of 30 words": "pack-30",
    "Mean for two packs": "pack-20+pack-30",
}
REPRESENTATIONS = {
    "Pose": ("phoenix14t-plus/text-to-pose",),
    "Hamer": ("phoenix14t-plus/text-to-hamer",),
    "Simplerx": ("phoenix14t-plus/text-to-smplx",),
    "Video": ("phoenix14t-plus/text-to-video",),
}
PANELS: dict[tuple[str, str], list[Panel]] = {
    ("RuSignBot", "Table 1"): [Panel({"": ("slovo/word-to-video",)}, "sample", 1, 3)],
    ("RuSignBot", "Table 2"): [Panel({"": ("slovo/word-to-video",)}, PACKS, 1, 3)],
    ("SignAligner", "Table 1"): [Panel(REPRESENTATIONS, None, 1, 5)],
    ("SignAligner", "Table 2"): panels_of_splits("phoenix14t-plus/text-to-video", 6),
    ("SignAligner", "Table 3"): [Panel({"": ("phoenix14t-plus/text-to-video",)}, "test", 1, 6)],
    ("SignAligner", "Table 4"): [Panel({"": ("phoenix14t-plus/text-to-pose",)}, None, 1, 4)],
    ("SignAligner", "Table 5"): [
        Panel({"": ("phoenix14t-plus/text-to-hamer",)}, None, 1, 5),
        Panel({"": ("phoenix14t-plus/text-to-smplx",)}, None, 6, 5),
    ],
    ("Pose-Guided", "Table 1"): [
        Panel({"": ("lsa64/reconstruction",)}, "test", 1, 5),
        Panel({"": ("wlasl2000/reconstruction",)}, "test", 6, 5),
    ],
    ("Pose-Guided", "Table 2"): panels_of_splits("phoenix14t/reconstruction", 6),
    ("Pose-Guided", "Table 3"): panels_of_splits("csl-daily/reconstruction", 6),
    ("Pose-Guided", "Table 4"): panels_of_splits("phoenix14t/reconstruction", 6),
    ("SignAvatar", "Table I"): [
        Panel(motion("asl3dword-30"), STAGES, 1, 4),
        Panel(motion("asl3dword"), STAGES, 6, 4, label=5),
    ],
    ("SignAvatar", "Table II"): [
        Panel(motion("asl3dword-30"), STAGES, 1, 2, under="w/o Quality Control"),
        Panel(motion("asl3dword-30"), STAGES, 3, 2, under="w/ Quality Control"),
    ],
    ("SLRTP2025", "Table 1"): [Panel({"": ("slrtp2025/text-to-pose",)}, "test", 1, 10)],
    ("SLRTP2025", "Table 2"): [Panel({"": ("slrtp2025/text-to-pose",)}, "hidden-test", 1, 9)],
}

RowName = tuple[str, str, str | None, str | None]
"""Task, label, heading and split of a row."""


def printed(table: PaperTable, panels: list[Panel]) -> dict[RowName, tuple[str, ...]]:
    """The cells of a printed table by task, label, heading and split."""
    found: dict[RowName, tuple[str, ...]] = {}
    for panel in panels:
        heading = panel.under
        for line in table.lines[table.lines.index(table.header) + 1 :]:
            label = line[panel.label]
            if not numbers(line):
                heading = label
                continue
            split = panel.split[label] if isinstance(panel.split, Mapping) else panel.split
            names = next(names for beginning, names in panel.tasks.items() if label.startswith(beginning))
            for name in names:
                assert (name, label, heading, split) not in found
                found[name, label, heading, split] = line[panel.first : panel.first + panel.width]
    return found


def ours(paper: str, table: str) -> list[Published]:
    """The parts of a printed table, of all tasks."""
    every = [part for name in tasks_with_published_rows() for part in published(name)]
    return [part for part in every if paper in part.source.citation and part.source.table == table]


@pytest.fixture(scope="session")
def printed_tables(request):
    """All tables of a paper; those of the challenge are the constant above."""

    def read(paper: str) -> dict[str, PaperTable]:
        if paper == "SLRTP2025":
            return read_tables(SLRTP)
        return read_tables((request.getfixturevalue("papers") / PAPERS[paper]).read_text("utf-8"))

    return read


@pytest.mark.parametrize("paper", [*PAPERS, "SLRTP2025"])
def test_exactly_the_tables_of_a_paper_are_published(paper, printed_tables):
    names = {part.source.table for name in tasks_with_published_rows() for part in published(name) if paper in part.source.citation}
    assert names == set(printed_tables(paper)) == {table for of, table in PANELS if of == paper}


@pytest.mark.parametrize(("paper", "name"), PANELS)
def test_exactly_the_numbers_of_a_printed_table_are_published(paper, name, printed_tables):
    table = printed_tables(paper)[name]
    wanted = printed(table, PANELS[paper, name])
    found = {
        (part.task, row.row, row.under, row.split): tuple(row.values[column.metric] or DASH for column in part.columns)
        for part in ours(paper, name)
        for row in part.rows
    }
    assert found == wanted
    shared = sum(numbers(cells) for name, cells in wanted.items() if name[1].startswith("Raw") and name[0].endswith("generation"))
    assert sum(numbers(cells) for cells in found.values()) - shared == table.count


@pytest.mark.parametrize(("paper", "name"), PANELS)
def test_the_headers_and_the_caption_are_those_of_the_printed_table(paper, name, printed_tables):
    table, panels = printed_tables(paper)[name], PANELS[paper, name]
    labels = {panel.label for panel in panels}
    above = [cell for index, cell in enumerate(table.header) if index not in labels and cell]
    of_task = {part.task: [column.header for column in part.columns if column.header is not None] for part in ours(paper, name)}
    for choice in range(max(len(names) for panel in panels for names in panel.tasks.values())):
        named = [next(iter(panel.tasks.values())) for panel in panels]
        assert [header for names in named for header in of_task[names[min(choice, len(names) - 1)]]] == above
    assert {part.source.caption for part in ours(paper, name)} == {table.caption}


@pytest.mark.parametrize("name", tasks_with_published_rows())
def test_a_published_row_belongs_to_a_task_and_mostly_to_one_of_its_splits(name):
    assert name in known()
    unscored = {row.split for part in published(name) for row in part.rows} - {None, *task(name).splits}
    assert unscored <= {"train", "hidden-test", "pack-20+pack-30"}


@pytest.mark.parametrize("name", tasks_with_published_rows())
def test_a_column_is_measured_by_a_metric_in_its_direction(name):
    for column in (column for part in published(name) for column in part.columns):
        metric, _, judge = column.key.partition("@")
        short = metric.partition(":")[0]
        assert short in registry.known() or short in UNMEASURED
        if short in registry.known() and not judge:
            assert column.direction == registry.create(metric).direction
        arrows = {"↑": "higher", "↓": "lower", "→": "reference"}
        assert column.direction == arrows.get((column.header or "")[-1:], column.direction)


def test_the_decimals_and_the_spread_of_a_number_are_kept():
    first, second = published("slovo/word-to-video")
    assert str(first.rows[0].value("ape")) == "0.4723"
    assert str(first.rows[0].spread("ape")) == "0.07"
    assert first.rows[0].spread("ssim") is None
    assert str(published("wlasl2000/reconstruction")[0].rows[1].value("l1")) == "0.0110"
    assert [row.model for row in second.rows] == ["RuSignBot"] * 3
    assert second.rows[0].label == "A pack of 20 words (RuSignBot)"
    dash = next(row for row in published("phoenix14t-plus/text-to-pose")[1].rows if row.row == "DET")
    assert dash.value("wer@nslt-phoenix14t-plus") is None
    keys = [column.key for column in published("phoenix14t-plus/text-to-pose")[1].columns]
    assert keys[2:] == ["rouge-l@nslt-phoenix14t-plus", "wer@nslt-phoenix14t-plus"]


@pytest.mark.parametrize("name", tasks_with_published_rows())
def test_a_printed_column_that_the_task_measures_has_the_key_of_its_metric(name):
    measured = {item.key for item in task(name).metrics}
    printed = {column.key for part in published(name) for column in part.columns}
    assert printed - measured <= ({"ape", "sus"} if name == "slovo/word-to-video" else set())


def test_a_task_without_a_published_table_has_none():
    assert published("synthsign/text-to-pose") == published("lsa64/cross-person") == ()


def test_an_unknown_task_is_answered_with_the_closest_name():
    with pytest.raises(InputError, match=r"there is no task lsa46/reconstruction\. Did you mean lsa64/reconstruction"):
        published("lsa46/reconstruction")


# What a file may contain.

GOOD: dict[str, Any] = {
    "task": "tiny/video",
    "source": {"citation": "Nobody: Nothing", "arxiv": "2401.00001", "url": None, "table": "Table 1", "caption": "Numbers"},
    "columns": [
        {"header": "SSIM ↑", "metric": "ssim", "direction": "higher", "unit": "1", "measured": "Nothing is stated."},
        {"header": None, "metric": "bleu:order=1@nslt", "direction": "higher", "unit": "%", "measured": "Nothing is stated."},
    ],
    "rows": [
        {
            "row": "Ours",
            "model": "Nothing",
            "under": None,
            "split": "test",
            "kind": "model",
            "note": None,
            "values": {"ssim": "0.830", "bleu:order=1@nslt": None},
        }
    ],
    "notes": [],
}


def written(folder: Path, content: object) -> Path:
    path = folder / "published.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "utf-8")
    return path


def test_a_good_file_is_read(tmp_path):
    (part,) = read_published(written(tmp_path, [GOOD]))
    assert (part.rows[0].label, str(part.rows[0].value("ssim"))) == ("Ours (Nothing)", "0.830")


def spoiled(*path, value=None, drop=False):
    content = copy.deepcopy([GOOD])
    at = content
    for step in path[:-1]:
        at = at[step]
    if drop:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"is not a list of tables; write them, each beginning with '- task: \.\.\.'"),
        ([], r"is not a list of tables"),
        (["text"], r"field \[0\] cannot be 'text'"),
        (spoiled(0, "source", "table", drop=True), r"field \[0\]\.source\.table is missing; write the table, such as Table 2\."),
        (spoiled(0, "colour", value=1), r"field \[0\]\.colour is not one of a published table\. Did you mean columns"),
        (spoiled(0, "rows", 0, "splits", value="a"), r"field \[0\]\.rows\[0\]\.splits is not one of .*Did you mean split"),
        (
            spoiled(0, "rows", 0, "values", "ssim", value=0.83),
            r'field \[0\]\.rows\[0\]\.values\.ssim cannot be 0\.83; write each number as printed, in quotes, such as "0\.830"',
        ),
        (spoiled(0, "rows", 0, "values", "ssim", value="83 %"), r"values\.ssim is '83 %'; write each number as printed"),
        (
            spoiled(0, "rows", 0, "kind", value="anchor"),
            r"kind cannot be 'anchor'; write one of model, ablation, ground-truth, raw",
        ),
        (
            spoiled(0, "rows", 0, "values", "ssim", drop=True),
            r"Ours \(Nothing\) of the split test has no value of ssim; write the",
        ),
        (
            spoiled(0, "rows", 0, "values", "psnr", value="1"),
            r"has a value of psnr, which is not a column; write one of ssim, bleu",
        ),
        (
            spoiled(0, "rows", value=[*GOOD["rows"], *copy.deepcopy(GOOD["rows"])]),
            r"rows: Ours \(Nothing\) occurs twice for the split test; write it once",
        ),
        (spoiled(0, "columns", 1, "metric", value="ssim"), r"columns: ssim occurs twice; write each metric once"),
        (spoiled(0, "columns", 0, "metric", value="ssim:windw=uniform"), r"metric is 'ssim:windw=uniform': .*Did you mean window"),
        (spoiled(0, "columns", 0, "metric", value="bleu@Judge 1"), r"whose judge is not a name such as gfslt; write a metric"),
        (spoiled(0, "columns", 0, "metric", value="Blue Score"), r"'Blue Score' is not the name of a metric; write a metric"),
        (spoiled(0, "columns", 0, "direction", value="up"), r"direction cannot be 'up'; write one of higher, lower, reference"),
        (spoiled(0, "source", "arxiv", value=None), r"\.source has neither arxiv nor url; write one of the two"),
        (spoiled(0, "source", "arxiv", value=2409.1), r"arxiv cannot be 2409\.1; write the number of the preprint in quotes"),
        (spoiled(0, "source", "url", value="javascript:alert(1)"), r"url cannot be 'javascript:alert\(1\)'; write an address that"),
        (spoiled(0, "notes", value=["a\nb"]), r"notes\[0\] is 'a\\nb'; write a list of sentences"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_field_and_what_to_write(content, message, tmp_path):
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=message) as raised:
        read_published(path)
    assert str(raised.value).startswith(str(path))


def test_a_table_of_another_task_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "leaderboards/lsa64/reconstruction"
    folder.mkdir(parents=True)
    written(folder, [GOOD])
    with pytest.raises(InputError, match=r"field \[0\]\.task is 'tiny/video'; write lsa64/reconstruction, the task of the file"):
        published("lsa64/reconstruction")


def test_a_file_of_the_current_folder_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "leaderboards/lsa64/reconstruction"
    folder.mkdir(parents=True)
    written(folder, [{**GOOD, "task": "lsa64/reconstruction"}])
    assert [part.source.caption for part in published("lsa64/reconstruction")] == ["Numbers"]
