"""Writes the report of trainings: curves of losses and of the validation, from what ``signbench train`` leaves in its folder."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from signbench.errors import InputError
from signbench.metrics.registry import create
from signbench.pages import house
from signbench.report.folders import PAGE, SCRIPT, STYLE, TEMPLATES, check_vacant
from signbench.report.training_samples import Sample, read_samples
from signbench.report.words import Fact
from signbench.runs.tables import ARROWS, decimals_of, number
from signbench.training.recipe import Recipe, read_recipe
from signbench.weights.reference_models import CARD, Card, read_model
from signbench.whole_folders import whole_folder

CURVE, RECIPE = "curve.csv", "recipe.yaml"
_ALWAYS = ("phase", "epoch", "steps", "rate")
_DEV = "dev "


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training as the page shows it.

    Attributes:
        label: its name on the page.
        recipe: its recipe.
        card: the model's card; None as long as the training has not finished.
        rows: lines of the curve: column -> text, in the order of the steps.
    """

    label: str
    recipe: Recipe
    card: Card | None
    rows: list[dict[str, str]]

    @property
    def losses(self) -> list[str]:
        """Names of the losses."""
        return [name for name in self.rows[0] if name not in _ALWAYS and not name.startswith(_DEV)]

    @property
    def validated(self) -> list[str]:
        """Names of the metrics on dev that were computed at least once, the one that selects the weights first."""
        names = [name.removeprefix(_DEV) for name in self.rows[0] if name.startswith(_DEV)]
        kept = [name for name in names if any(value is not None for _, value in self.points(_DEV + name))]
        return sorted(kept, key=lambda name: name.partition(".")[0] != self.recipe.select.metric)

    def points(self, column: str) -> list[tuple[int, float | None]]:
        """Steps and values of a column; None if it has none."""
        return [(int(row["steps"]), _value(row[column])) for row in self.rows]


def is_training(folder: Path) -> bool:
    """Whether a folder is one that ``signbench train`` writes, finished or not."""
    return (folder / CURVE).is_file() and (folder / RECIPE).is_file()


def read_training(folder: Path) -> Training:
    """A training's folder, finished or not.

    Raises:
        InputError: it is not one, or a file in it is damaged.
    """
    if not is_training(folder):
        raise InputError(f"{folder} is not a training: it lacks {CURVE} or {RECIPE}; give a folder that signbench train wrote.")
    recipe = read_recipe(folder / RECIPE)
    card = read_model(folder).card if (folder / CARD).is_file() else None
    try:
        with (folder / CURVE).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            int(row["steps"])
            for name, text in row.items():
                if name not in ("phase", "epoch", "steps"):
                    _value(text)
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{folder / CURVE} is damaged ({error}); repeat the training's command to write it again.") from error
    if not rows:
        raise InputError(f"{folder} has not finished its first epoch; write the report later.")
    return Training(label=folder.resolve().name, recipe=recipe, card=card, rows=rows)


def write_training_report(folders: Sequence[Path], out: Path) -> Path:
    """Writes a report of trainings that can be opened from the file system.

    Args:
        folders: folders that ``signbench train`` wrote, of finished or running trainings.
        out: the report's folder; an older report is renamed to ``<name>.old-N``.

    Returns:
        The page to open.

    Raises:
        InputError: jinja2 or plotly is not installed, a folder is not a training or is named twice, or ``out`` holds something
            else.
    """
    occupied = check_vacant(out)
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise InputError("a training is named twice; name each once.")
    trainings = _distinct([read_training(folder) for folder in folders])
    with whole_folder(out, move_aside=occupied) as made:
        samples = [read_samples(folder, made, f"sample-{number}") for number, folder in enumerate(folders, start=1)]
        (made / PAGE).write_text(rendered(trainings, samples), encoding="utf-8")
        house.write_assets(made, style=(STYLE, [TEMPLATES / STYLE]), script=(SCRIPT, [TEMPLATES / "curves.js"]))
    return out / PAGE


def _distinct(trainings: Sequence[Training]) -> list[Training]:
    """The trainings, with a number after a label that an earlier one has."""
    labels = [each.label for each in trainings]
    numbers = [labels[: index + 1].count(label) for index, label in enumerate(labels)]
    return [
        each if number_of == 1 else replace(each, label=f"{each.label} ({number_of})")
        for each, number_of in zip(trainings, numbers, strict=True)
    ]


def rendered(trainings: Sequence[Training], samples: Sequence[Sequence[Sample]]) -> str:
    """Renders the page; every value is escaped.

    Args:
        trainings: the trainings.
        samples: of each training, what it answered over time; their pictures are beside the page.
    """
    parts = [
        {"label": each.label, "facts": facts(each), "validation": _validation(each), "samples": own}
        for each, own in zip(trainings, samples, strict=True)
    ]
    return (
        house.environment(TEMPLATES)
        .get_template("training.html")
        .render(
            title="Training of " + ", ".join(dict.fromkeys(each.recipe.model for each in trainings)),
            trainings=trainings,
            parts=parts,
            curves=[_curves(each) for each in trainings],
        )
    )


def facts(training: Training) -> list[Fact]:
    """What was trained, on what, and how far."""
    recipe, card, last = training.recipe, training.card, training.rows[-1]
    select = recipe.select
    best = _best(training)
    found = [
        Fact("model", f"{recipe.model}, configuration {recipe.configuration}: {recipe.summary}"),
        Fact("trained on", f"{recipe.corpus}, {' and '.join(recipe.train)}; weights selected on {recipe.dev}"),
        Fact("progress", f"{int(last['steps']):,} steps, epoch {last['epoch']} of the phase {last['phase']}"),
        Fact("selected by", f"{select.metric} of the {select.gives} {ARROWS[select.direction]}"),
    ]
    if best is not None:
        found.append(Fact("best on dev", f"{_spoken(best[1])} after {best[0]:,} steps"))
    if card is None:
        found.append(Fact("state", "not finished"))
    else:
        found.append(Fact("parameters", f"{card.parameters:,}"))
        if card.training is not None:
            found.append(Fact("took", f"{card.training.hours:g} h on {card.training.device}"))
    return found


def _best(training: Training) -> tuple[int, float] | None:
    """Steps and value of the best validation by the metric that selects the weights."""
    select = training.recipe.select
    names = [name for name in training.rows[0] if name == f"{_DEV}{select.metric}.{select.gives}"]
    points = [(steps, value) for name in names for steps, value in training.points(name) if value is not None]
    if not points:
        return None
    sign = -1 if select.direction == "higher" else 1
    return min(points, key=lambda point: sign * point[1])


def _validation(training: Training) -> dict[str, Any] | None:
    """The table of validations."""
    names = training.validated
    if not names:
        return None
    rows = [row for row in training.rows if any(_value(row[_DEV + name]) is not None for name in names)]
    return {
        "head": ["phase", "epoch", "steps", *(f"{name} {_arrow(name)}".strip() for name in names)],
        "rows": [
            [row["phase"], row["epoch"], f"{int(row['steps']):,}", *(_spoken(_value(row[_DEV + name])) for name in names)]
            for row in rows
        ],
    }


def _curves(training: Training) -> dict[str, Any]:
    """The data of a training's charts."""
    return {
        "label": training.label,
        "rate": training.points("rate"),
        "losses": [{"name": name, "points": training.points(name)} for name in training.losses],
        "dev": [{"name": f"{name} {_arrow(name)}".strip(), "points": training.points(_DEV + name)} for name in training.validated],
        "phases": [
            {"name": row["phase"], "steps": int(before["steps"])}
            for before, row in zip(training.rows, training.rows[1:], strict=False)
            if row["phase"] != before["phase"]
        ],
    }


def _arrow(name: str) -> str:
    """The arrow of a metric's direction; empty for a custom metric."""
    metric = name.partition(".")[0]
    try:
        return ARROWS[create(metric).direction]
    except InputError:
        return ""


def _value(text: str | None) -> float | None:
    """A number of the curve; None if there is none, or if it is not finite.

    Raises:
        ValueError: it is not a number.
    """
    if text is None or text == "":
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _spoken(value: float | None) -> str:
    return number(value, decimals_of(value))
