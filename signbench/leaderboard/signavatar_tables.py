"""Tables I and II of SignAvatar's paper, row for row, next to the same rows of the shipped models on SynthSign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signbench.leaderboard.beside_papers import ABSENT, with_interval
from signbench.leaderboard.published import Row, published
from signbench.scoring.evaluated_generators import EVALUATION, GeneratorEvaluation, Group
from signbench.weights.reference_models import find_model, has_model, recipe_of

_GROUPS: Mapping[str, Group] = {"Raw": "raw", "Rec": "reconstructed", "Gen": "generated"}
_COLUMNS = {"accuracy": "Acc.", "motion-fid": "FID", "diversity": "Div.", "multimodality": "Multi."}
_JUDGE = "stgcn-asl3dword"


@dataclass(frozen=True)
class _Half:
    """A part of a table: the task with the printed rows, and the model that stands for each heading above them."""

    title: str
    table: str
    task: str
    models: Mapping[str, str]
    metrics: tuple[str, ...]


_CURRICULUM = ("w/o Curriculum Learning", "w/ Curriculum Learning")
_QUALITY = ("w/o Quality Control", "w/ Quality Control")
HALVES = (
    _Half(
        "Table I, 30 words",
        "Table I",
        "asl3dword-30",
        dict(zip(_CURRICULUM, ("signavatar-30-no-curriculum", "signavatar-30"), strict=True)),
        tuple(_COLUMNS),
    ),
    _Half(
        "Table I, all words",
        "Table I",
        "asl3dword",
        dict(zip(_CURRICULUM, ("signavatar-no-curriculum", "signavatar"), strict=True)),
        tuple(_COLUMNS),
    ),
    _Half(
        "Table II, 30 words",
        "Table II",
        "asl3dword-30",
        dict(zip(_QUALITY, ("signavatar-30-uncut", "signavatar-30"), strict=True)),
        ("accuracy", "motion-fid"),
    ),
)
"""The parts of the two tables. The rows of raw poses that have no heading are those of the model with curriculum learning."""


def signavatar_tables() -> dict[str, list[dict[str, str]]]:
    """The rows of the tables, by title; a row has texts by column.

    The columns of the paper have its numbers on ASL3DWord, through its authors' ST-GCN; those of signbench have the shipped models'
    on SynthSign, through the shipped ST-GCN, with 95 % intervals. They are not comparable: only the differences between rows are.

    Raises:
        InputError: an evaluation is damaged.
    """
    tables: dict[str, list[dict[str, str]]] = {}
    for half in HALVES:
        rows = tables[half.title] = []
        for row in _printed(half):
            name, _, split = row.row.partition("_")
            model = half.models[row.under or list(half.models)[-1]]
            evaluation = _evaluation(model)
            own = None if evaluation is None else evaluation.group(_GROUPS[name], test=split == "test")
            line = {"row": f"{row.row}{f', {row.under}' if row.under else ''}"}
            line |= {f"{_COLUMNS[metric]} (paper)": row.values[f"{metric}@{_JUDGE}"] or "" for metric in half.metrics}
            scores = {metric: None if own is None else own.score(metric) for metric in half.metrics}
            line |= {
                _COLUMNS[metric]: ABSENT if score is None else with_interval(score.value, score.interval, 3)
                for metric, score in scores.items()
            }
            line["model"] = model
            rows.append(line)
    return tables


def _printed(half: _Half) -> list[Row]:
    """The rows of a part of a table: raw poses first, then each heading's reconstructions and generations."""
    found = [
        row
        for task in (f"{half.task}/reconstruction", f"{half.task}/generation")
        for one in published(task)
        if one.source.table == half.table
        for row in one.rows
    ]
    headings: list[str | None] = [None, *half.models]
    unique = {(row.under, row.row): row for row in found}
    order = [f"{group}_{split}" for group in _GROUPS for split in ("train", "test")]
    return sorted(unique.values(), key=lambda row: (headings.index(row.under), order.index(row.row)))


def _evaluation(model: str) -> GeneratorEvaluation | None:
    """The evaluation in a model's folder, which need not hold the weights; None if there is none."""
    folder = find_model(model).folder if has_model(model) else recipe_of(model).parent
    path = folder / EVALUATION
    return GeneratorEvaluation.read(path) if path.is_file() else None
