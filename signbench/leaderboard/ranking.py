"""Groups the rows of a leaderboard into blocks, and ranks them by significance.

Only entries that pass their check are shown. Rows share a *block* only if the measure parts of their signatures agree; every other
block says how it was measured differently. The first block is the one whose references are those of signbench's own anchors, if
there is one.

Within a block, and for each metric, all pairs of rows are compared by the paired test of ``signbench compare`` on the entries'
records, and the p-values are corrected by Holm's method over all pairs of the block. A row's rank is 1 + the number of rows that
are significantly better (corrected p of at most 0.05), so rows that do not differ significantly share a rank. Rows that hardly
differ from clip to clip count as one row in all of this. Anchors and published rows have no rank.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

from signbench.errors import InputError, SignbenchError, nearest
from signbench.leaderboard.board import Block, Board, Cell, Column, HumanCell, Row
from signbench.leaderboard.checking import valid_entries
from signbench.leaderboard.duplicates import groups
from signbench.leaderboard.entries import RESULT, Entry, EntryLocation, entry_locations, read_entry_result
from signbench.leaderboard.published import Published, published, tasks_with_published_rows
from signbench.runs import signature
from signbench.runs.paired_metrics import paired_metric
from signbench.runs.result import Level, Result, Score
from signbench.runs.side_by_side import distance
from signbench.runs.tables import number
from signbench.shipped import own_folder
from signbench.statistics.multiplicity import holm
from signbench.tasks.schema import Task

ALPHA = 0.05
"""The family-wise error rate over all pairs of a block, for each metric."""


@dataclass(frozen=True)
class Standing:
    """The entries and published tables of one split of a task.

    Attributes:
        task: the task.
        split: split of the task.
        locations: its entries' folders.
        published: the published tables, with only the rows of this split.
    """

    task: Task
    split: str
    locations: tuple[EntryLocation, ...]
    published: tuple[Published, ...]


def standings(leaderboards: Path | None = None) -> list[Standing]:
    """Every task and split that has a row, sorted by task.

    Args:
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.

    Raises:
        InputError: the folder does not exist.
    """
    from signbench.tasks.loading import known, task

    entries = entry_locations(leaderboards)
    names = sorted(({location.task for location in entries} & set(known())) | set(tasks_with_published_rows()))
    found = [standing for name in names for standing in _standings(task(name), entries)]
    return [standing for standing in found if standing.locations or standing.published]


def without_board(leaderboards: Path | None = None) -> list[str]:
    """Entries that belong to no leaderboard because their task or split does not exist, one sentence each.

    Args:
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.

    Raises:
        InputError: the folder does not exist.
    """
    from signbench.tasks.loading import known, task

    names = set(known())
    return [
        f"{location.folder}: there is no task {location.task} with a split {location.split}; move the folder, or remove it."
        for location in entry_locations(leaderboards)
        if location.task not in names or location.split not in task(location.task).splits
    ]


def board(task_name: str, split: str | None = None, *, metric: str | None = None, leaderboards: Path | None = None) -> Board:
    """Ranks the rows of a task.

    Args:
        task_name: name of the task.
        split: split of the task; None: its default.
        metric: only this metric, in any spelling; None: all, ordered by the first headline.
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.

    Raises:
        InputError: no such task, split or metric.
    """
    from signbench.tasks.loading import task

    found = task(task_name)
    split = found.split(split)
    here = next(standing for standing in of_splits(found, leaderboards) if standing.split == split)
    return ranked(here, metric)


def of_splits(task: Task, leaderboards: Path | None = None) -> list[Standing]:
    """The entries and published tables of every split of a task, including splits without rows.

    Args:
        task: the task.
        leaderboards: a folder of leaderboards; None: those of the current folder, then those shipped with signbench.

    Raises:
        InputError: the folder does not exist.
    """
    return _standings(task, entry_locations(leaderboards))


def ranked(standing: Standing, metric: str | None = None) -> Board:
    """Ranks the rows of one split of a task.

    Args:
        standing: the entries and published tables.
        metric: only this metric, in any spelling; None: all, ordered by the first headline.

    Raises:
        InputError: no such metric.
    """
    entries, problems = valid_entries([location.folder for location in standing.locations])
    tables = standing.published
    wanted = _metrics(standing.task, entries, tables, metric)
    blocks = [_block(group, wanted) for group in _groups(entries, _own_references(standing.task.name, standing.split))]
    blocks = [block.model_copy(update={"reasons": _reasons(blocks[0], block)}) for block in blocks]
    if metric is not None:
        blocks = [block for block in blocks if block.columns]
        tables = tuple(_only(table, wanted[0]) for table in tables if wanted[0] in [column.key for column in table.columns])
    return Board(
        task=standing.task.name,
        task_version=standing.task.version,
        split=standing.split,
        leading=blocks[0].columns[0].metric if blocks else None,
        blocks=tuple(blocks),
        published=tables,
        refused=tuple(map(str, problems)),
    )


def _standings(task: Task, entries: Sequence[EntryLocation]) -> list[Standing]:
    tables = published(task.name)
    return [
        Standing(
            task,
            split,
            tuple(location for location in entries if (location.task, location.split) == (task.name, split)),
            tuple(part for table in tables for part in _of_split(table, task, split)),
        )
        for split in task.splits
    ]


def _metrics(task: Task, entries: Sequence[Entry], tables: Sequence[Published], wanted: str | None) -> list[str]:
    """The columns' keys, headlines first."""
    scored = {score.metric for entry in entries for score in entry.result.scores if score.value is not None}
    keys = sorted((item.key for item in task.metrics), key=lambda key: key not in task.headlines)
    keys += sorted(scored - set(keys))
    if wanted is None:
        return keys
    known = [*keys, *(column.key for table in tables for column in table.columns)]
    key = next((spelling for spelling in (wanted, _spelled(wanted)) if spelling in known), None)
    if key is None:
        raise InputError(f"the leaderboard of {task.name} has no metric {wanted}. {nearest(wanted, known)}")
    return [key]


def _spelled(metric: str) -> str:
    from signbench.metrics import registry

    try:
        return registry.canonical(metric)
    except InputError:
        return metric


def _of_split(table: Published, task: Task, split: str) -> list[Published]:
    """The part of a published table for a split's page; rows of splits that the task lacks go to its default split."""
    rows = tuple(
        row
        for row in table.rows
        if row.split == split or row.split is None or (row.split not in task.splits and split == task.default_split)
    )
    return [table.model_copy(update={"rows": rows})] if rows else []


def _only(table: Published, key: str) -> Published:
    columns = tuple(column for column in table.columns if column.key == key)
    kept = {column.metric for column in columns}
    rows = tuple(
        row.model_copy(update={"values": {name: value for name, value in row.values.items() if name in kept}}) for row in table.rows
    )
    return table.model_copy(update={"columns": columns, "rows": rows})


def measures(result: Result) -> dict[str, str]:
    """The signature of each metric that has a value."""
    return {score.metric: score.signature for score in result.scores if score.value is not None and score.signature}


def same_measure(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Whether two results belong in one block: they share a metric, and measured every shared metric in the same way.

    Args:
        ours: metric -> signature.
        theirs: the same for another result, or for a block.
    """
    shared = [metric for metric in ours if metric in theirs]
    return bool(shared) and all(not signature.differences(ours[metric], theirs[metric]) for metric in shared)


def _own_references(task: str, split: str) -> frozenset[str]:
    """Digests of the references of the rows that signbench ships for a task and split."""
    folder = own_folder("leaderboards").joinpath(*task.split("/"), split)
    found: set[str] = set()
    for path in sorted(folder.glob(f"*/{RESULT}")):
        with contextlib.suppress(SignbenchError):
            found |= _references(read_entry_result(path.parent))
    return frozenset(found)


def _references(result: Result) -> set[str]:
    """Digests of a result's references, from its signatures."""
    return {signature.parse(score.signature).get("refs", "") for score in result.scores if score.signature}


def _groups(entries: Iterable[Entry], references: Collection[str]) -> list[list[Entry]]:
    """Groups entries that agree in every signature that they share.

    Blocks whose references are signbench's own come first, then those with verified rows, then those with more distinct rows.
    """
    blocks: list[tuple[dict[str, str], list[Entry]]] = []
    for entry in sorted(entries, key=lambda entry: (-len(measures(entry.result)), entry.card.row)):
        own = measures(entry.result)
        for signatures, members in blocks:
            if same_measure(own, signatures):
                signatures.update(own)
                members.append(entry)
                break
        else:
            blocks.append((own, [entry]))

    def order(block: tuple[dict[str, str], list[Entry]]) -> tuple[bool, bool, int, int, str]:
        signatures, members = block
        known = any(_references(entry.result) & set(references) for entry in members)
        verified = any(entry.card.kind == "verified" for entry in members)
        ranked = [entry for entry in members if entry.card.kind != "anchor"]
        return not known, not verified, -len(groups(ranked)), -len(signatures), min(entry.card.row for entry in members)

    return [members for _, members in sorted(blocks, key=order)]


def _reasons(first: Block, block: Block) -> tuple[str, ...]:
    if block is first:
        return ()
    reasons: list[str] = []
    of_sentence: dict[str, list[str]] = {}
    theirs = {column.metric: column.signature for column in first.columns}
    for column in block.columns:
        if column.metric in theirs:
            for sentence in signature.differences(column.signature, theirs[column.metric]):
                of_sentence.setdefault(sentence, []).append(column.metric)
    shared = [column.metric for column in block.columns if column.metric in theirs]
    for sentence, metrics in of_sentence.items():
        reasons.append(sentence if metrics == shared else f"{sentence} ({', '.join(metrics)})")
    return tuple(reasons) or ("they have no metric in common",)


def _block(entries: Sequence[Entry], wanted: Sequence[str]) -> Block:
    ranked = [entry for entry in entries if entry.card.kind != "anchor"]
    columns, ranks = [], {}
    for metric in wanted:
        scores = [score for entry in entries if (score := _score(entry, metric)) is not None]
        if not scores:
            continue
        rivals = [entry for entry in ranked if _score(entry, metric) is not None]
        ranks[metric], how = _ranks(rivals, metric)
        columns.append(
            Column(
                metric=metric,
                headline=scores[0].headline,
                unit=scores[0].unit,
                direction=scores[0].direction,
                signature=scores[0].signature or "",
                ranked_by=how,
                ceiling=_level(scores, "ceiling"),
                chance=_level(scores, "chance"),
            )
        )
    names = [column.metric for column in columns]
    rows = [_row(entry, names, ranks) for entry in entries]
    leading = names[0] if names else None

    def position(row: Row, entry: Entry) -> tuple[bool, int, float, str]:
        score = _score(entry, leading) if leading is not None else None
        rank = row.cells[leading].rank if leading is not None and score is not None else None
        return score is None, rank or 0, distance(score) if score is not None else 0.0, row.row

    ordered = [row for row, _ in sorted(zip(rows, entries, strict=True), key=lambda pair: position(*pair))]
    return Block(
        task_version=entries[0].card.task_version,
        reasons=(),
        columns=tuple(columns),
        rows=tuple(row for row in ordered if row.kind != "anchor"),
        anchors=tuple(row for row in ordered if row.kind == "anchor"),
    )


def _level(scores: Sequence[Score], name: Literal["ceiling", "chance"]) -> Level | None:
    """A judge's level that all rows of a column share; None if they used different files of the same references."""
    levels = [None if score.judged is None else getattr(score.judged, name) for score in scores]
    texts = {None if level is None else number(level.value, 4) for level in levels}
    return levels[0] if len(texts) == 1 else None


def _score(entry: Entry, metric: str) -> Score | None:
    return next((score for score in entry.result.scores if score.metric == metric and score.value is not None), None)


def _row(entry: Entry, metrics: Sequence[str], ranks: Mapping[str, Mapping[str, int]]) -> Row:
    card, human = entry.card, entry.human
    cells = {}
    for metric in metrics:
        score = _score(entry, metric)
        if score is not None and score.value is not None:
            cells[metric] = Cell(
                value=score.value,
                interval=score.interval,
                interval_note=score.interval_note,
                rank=ranks[metric].get(card.row),
                reference_value=score.reference_value,
                seen=score.seen,
                duration_ratio=score.duration_ratio,
                clips=score.clips,
                coverage=score.coverage,
                between=None if score.judged is None else score.judged.between,
            )
    judged = None
    if human is not None:
        judged = HumanCell(
            mean_over_signs=human.mean_over_signs,
            mean_of_packs=human.mean_of_packs,
            raters=human.raters,
            signs=human.signs,
            answers=sum(row.answers for row in human.per_sign),
            signature=human.signature,
        )
    made_by = entry.result.generator
    return Row(
        row=card.row,
        kind=card.kind,
        cells=cells,
        human=judged,
        generator=None if made_by is None else f"{made_by.get('name')} {made_by.get('version')}",
        licence=card.licence,
        contact=card.contact,
        citation=card.citation,
        url=card.url,
        report=card.report,
        own_copy=card.references == "own copy",
        predictions_sha256=card.predictions_sha256,
        signbench=card.signbench,
    )


def _ranks(rivals: Sequence[Entry], metric: str) -> tuple[dict[str, int], str]:
    """Each row's rank by one metric, and how the ranks were determined."""
    together = groups(rivals)
    pairs = list(combinations([group[0] for group in together], 2))
    alike = [len(group) for group in together if len(group) > 1]
    one = f"; {sum(alike)} rows that hardly differ count as {len(alike)}" if alike else ""
    if not pairs:
        return {entry.card.row: 1 for entry in rivals}, f"a single row{one}" if rivals else "no row to rank"
    tests = [paired_metric(first.run, second.run, metric, tests=len(pairs))[1] for first, second in pairs]
    corrected = holm([found.p.two_sided if found.p is not None else None for found in tests])
    better: dict[str, int] = {group[0].card.row: 0 for group in together}
    for (first, second), found, p in zip(pairs, tests, corrected, strict=True):
        if p is not None and p <= ALPHA and found.worsening:
            better[(second if found.worsening > 0 else first).card.row] += 1
    reasons = sorted({found.reason for found in tests if found.reason is not None})
    untested = f"; not tested where there are {', '.join(reasons)}" if reasons else ""
    methods = " and ".join(sorted({found.method for found in tests}))
    how = f"paired {methods} over clips, Holm over {len(pairs)} pair{'' if len(pairs) == 1 else 's'}, {ALPHA:g}{untested}{one}"
    return {entry.card.row: 1 + better[group[0].card.row] for group in together for entry in group}, how
