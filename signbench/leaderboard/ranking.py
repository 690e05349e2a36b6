"""Which rows of a leaderboard may stand together, and who is better than whom beyond chance.

Rows share a *block* only where the task's version and the measure parts of the signatures agree; another block says in words how
it was measured otherwise. Within a block, and for each metric, every two rows are held against each other by the paired test of
``signbench compare`` on the records that the entries keep, and the p-values are corrected by Holm's method over all pairs of the
block. A row's rank is 1 + the number of rows that are significantly better (corrected p of at most 0.05). So rows that chance may
have ordered share a rank. Anchors and published rows have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from signbench.errors import InputError, nearest
from signbench.leaderboard.board import Block, Board, Cell, Column, HumanCell, Row
from signbench.leaderboard.entries import Entry, Place, places, read_entry
from signbench.leaderboard.published import Published, published, tasks_with_published_rows
from signbench.runs import signature
from signbench.runs.result import Score
from signbench.runs.side_by_side import distance
from signbench.statistics.multiplicity import holm
from signbench.statistics.paired import Folds, Paired, Units, leave_out_folds, paired, paired_jackknife
from signbench.tasks.schema import Task

ALPHA = 0.05
"""How likely one false difference among all pairs of a block may be, metric by metric."""


@dataclass(frozen=True)
class Standing:
    """What there is to rank for one split of a task.

    Attributes:
        task: the task.
        split: of the task.
        places: where its entries lie.
        published: what papers printed, with the rows of this split.
    """

    task: Task
    split: str
    places: tuple[Place, ...]
    published: tuple[Published, ...]


def standings(leaderboards: Path | None = None) -> list[Standing]:
    """Every task and split that has a row, in order.

    Args:
        leaderboards: a folder of leaderboards; None: those of the current folder, then those that signbench brings along.

    Raises:
        InputError: the folder does not exist, or holds entries of a task that is not known.
    """
    from signbench.tasks.loading import task

    entries = places(leaderboards)
    names = sorted({place.task for place in entries} | set(tasks_with_published_rows()))
    found = [standing for name in names for standing in _standings(task(name), entries)]
    return [standing for standing in found if standing.places or standing.published]


def board(task_name: str, split: str | None = None, *, metric: str | None = None, leaderboards: Path | None = None) -> Board:
    """The leaderboard of a task.

    Args:
        task_name: name of the task.
        split: of the task; None: its default.
        metric: only this metric, in any spelling; None: all, ordered by the first headline.
        leaderboards: a folder of leaderboards; None: those of the current folder, then those that signbench brings along.

    Raises:
        InputError: no such task, split or metric, or an entry that cannot be read.
    """
    from signbench.tasks.loading import task

    found = task(task_name)
    split = found.split(split)
    here = next(standing for standing in _standings(found, places(leaderboards)) if standing.split == split)
    return ranked(here, metric)


def ranked(standing: Standing, metric: str | None = None) -> Board:
    """The leaderboard of one split of a task.

    Args:
        standing: what there is to rank.
        metric: only this metric, in any spelling; None: all, ordered by the first headline.

    Raises:
        InputError: no such metric, or an entry that cannot be read.
    """
    entries = [read_entry(place.folder) for place in standing.places]
    tables = standing.published
    wanted = _metrics(standing.task, entries, tables, metric)
    blocks = [_block(group, wanted) for group in _groups(entries, standing.task.version)]
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
    )


def _standings(task: Task, entries: Sequence[Place]) -> list[Standing]:
    """Every split of a task, with rows or without."""
    tables = published(task.name)
    return [
        Standing(
            task,
            split,
            tuple(place for place in entries if (place.task, place.split) == (task.name, split)),
            tuple(part for table in tables for part in _of_split(table, task, split)),
        )
        for split in task.splits
    ]


def _metrics(task: Task, entries: Sequence[Entry], tables: Sequence[Published], wanted: str | None) -> list[str]:
    """Keys of the columns, headlines first."""
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

    name, at, judge = metric.partition("@")
    try:
        return f"{registry.create(name).canonical}{at}{judge}"
    except InputError:
        return metric


def _of_split(table: Published, task: Task, split: str) -> list[Published]:
    """The part of a published table that belongs on a split's page; rows of splits that the task lacks go to its default one."""
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


def _signatures(entry: Entry) -> dict[str, str]:
    return {score.metric: score.signature for score in entry.result.scores if score.value is not None and score.signature}


def _groups(entries: Iterable[Entry], version: int) -> list[list[Entry]]:
    """Entries that agree in task version and in every signature that they share, the first block first."""
    groups: list[tuple[int, dict[str, str], list[Entry]]] = []
    for entry in sorted(entries, key=lambda entry: (-len(_signatures(entry)), entry.card.row)):
        own = _signatures(entry)
        for at_version, signatures, members in groups:
            shared = [metric for metric in own if metric in signatures]
            agrees = all(not signature.differences(own[metric], signatures[metric]) for metric in shared)
            if at_version == entry.card.task_version and shared and agrees:
                signatures.update(own)
                members.append(entry)
                break
        else:
            groups.append((entry.card.task_version, own, [entry]))
    groups.sort(key=lambda group: (group[0] != version, -group[0], -len(group[2]), group[2][0].card.row))
    return [members for _, _, members in groups]


def _reasons(first: Block, block: Block) -> tuple[str, ...]:
    if block is first:
        return ()
    reasons = []
    if block.task_version != first.task_version:
        reasons.append(f"the version of the task: {block.task_version} against {first.task_version}")
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
            )
        )
    names = [column.metric for column in columns]
    rows = [_row(entry, names, ranks) for entry in entries]
    leading = names[0] if names else None

    def place(row: Row, entry: Entry) -> tuple[bool, int, float, str]:
        score = _score(entry, leading) if leading is not None else None
        rank = row.cells[leading].rank if leading is not None and score is not None else None
        return score is None, rank or 0, distance(score) if score is not None else 0.0, row.row

    ordered = [row for row, _ in sorted(zip(rows, entries, strict=True), key=lambda pair: place(*pair))]
    return Block(
        task_version=entries[0].card.task_version,
        reasons=(),
        columns=tuple(columns),
        rows=tuple(row for row in ordered if row.kind != "anchor"),
        anchors=tuple(row for row in ordered if row.kind == "anchor"),
    )


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
        own_copy=card.references == "own copy",
        predictions_sha256=card.predictions_sha256,
        signbench=card.signbench,
    )


def _ranks(rivals: Sequence[Entry], metric: str) -> tuple[dict[str, int], str]:
    """Each row's rank by one metric, and how the ranks came about."""
    pairs = list(combinations(rivals, 2))
    if not pairs:
        return {entry.card.row: 1 for entry in rivals}, "a single row" if rivals else "no row to rank"
    if any(metric in entry.records.foreign for entry in rivals):
        distances = {entry.card.row: _distance(entry, metric) for entry in rivals}
        ranks = {row: 1 + sum(other < own for other in distances.values()) for row, own in distances.items()}
        return ranks, "value alone, because the records are of another revision than this installation has"
    tests = [_test(first, second, metric, len(pairs)) for first, second in pairs]
    corrected = holm([found.p.two_sided if found.p is not None else None for found in tests])
    better: dict[str, int] = {entry.card.row: 0 for entry in rivals}
    for (first, second), found, p in zip(pairs, tests, corrected, strict=True):
        if p is not None and p <= ALPHA and found.worsening:
            better[(second if found.worsening > 0 else first).card.row] += 1
    reasons = sorted({found.reason for found in tests if found.reason is not None})
    untested = f"; not tested where there are {', '.join(reasons)}" if reasons else ""
    methods = " and ".join(sorted({found.method for found in tests}))
    how = f"paired {methods} over clips, Holm over {len(pairs)} pair{'' if len(pairs) == 1 else 's'}, {ALPHA:g}{untested}"
    return {row: 1 + count for row, count in better.items()}, how


def _distance(entry: Entry, metric: str) -> float:
    score = _score(entry, metric)
    return distance(score) if score is not None else float("inf")


def _test(first: Entry, second: Entry, metric: str, tests: int) -> Paired:
    """One metric of two rows, on the clips that count in both."""
    ours, theirs = first.run.metrics[metric], second.run.metrics[metric]
    clips = [clip for clip in first.run.plan.clips if clip in ours.counted and clip in theirs.counted]
    clusters = first.run.clusters(clips)
    sides = (first, second)
    if all(metric not in entry.records.left_out for entry in sides):
        return paired(ours.metric, ours.records(clips), theirs.records(clips), clusters, tests=tests)
    units = Units.of(len(clips), clusters)
    folds = [_folds(entry, metric, clips, units) for entry in sides]
    return paired_jackknife(ours.metric.direction, folds[0], folds[1], units)


def _folds(entry: Entry, metric: str, clips: Sequence[str], units: Units) -> Folds:
    """A row's scores without each group of clips: kept ones, where they are of just these clips, or made of the records."""
    measured = entry.run.metrics[metric]
    kept = entry.records.left_out.get(metric)
    if kept is None:
        return leave_out_folds(measured.metric, measured.records(clips), units)
    if len(measured.counted) == len(clips):
        return kept
    import numpy as np

    undefined = np.full_like(kept.scores, np.nan)
    return Folds(undefined, None if kept.references is None else undefined)
