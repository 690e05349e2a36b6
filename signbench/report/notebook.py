"""Pieces of a report in a notebook: the player of one clip, and the distribution of a metric over clips."""

from __future__ import annotations

import base64
import html
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.errors import InputError, nearest
from signbench.pages import house
from signbench.report import words
from signbench.report.answers import answers_of
from signbench.report.choice import values_of
from signbench.report.folders import STYLE, TEMPLATES
from signbench.report.found_points import found_points
from signbench.report.page import Reported, clip_rows, labels_of, report_environment, reported_run
from signbench.report.players import Player, players
from signbench.report.sources import sources_of
from signbench.runs.measured_run import MeasuredRun, measured_run
from signbench.scoring.finished import FinishedRun

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Runs = FinishedRun | Path | str | Sequence[FinishedRun | Path | str]
"""A finished run or its folder, or several of them."""

_HEIGHT = 620


@dataclass(frozen=True)
class Shown:
    """A clip's player. A notebook shows it as the value of a cell.

    Attributes:
        page: a whole HTML document, which loads nothing.
    """

    page: str

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{html.escape(self.page)}" style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'


def show(runs: Runs, clip: str, *, root: Path | str | None = None) -> Shown:
    """A player of one clip with the productions of one or several runs, for a notebook.

    Args:
        runs: a finished run or its folder, or several of them.
        clip: id of the clip.
        root: the folder of the corpus, if it lies on disk; None: the configured one.

    Raises:
        InputError: jinja2 or plotly is not installed, a run cannot be read, or has no such clip.
        IncompleteError: a run has not finished.

    Example:
        >>> import signbench
        >>> run = signbench.run("synthsign/text-to-pose", "nearest", limit=4)  # doctest: +SKIP
        >>> signbench.show(run, "test-0001")  # doctest: +SKIP
    """
    house.check_installed("a player")
    folders = _folders(runs)
    corpus = None if root is None else Path(root)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as temporary:
        opened = [stack.enter_context(measured_run(folder)) for folder in folders]
        for run in opened:
            if clip not in run.plan.clips:
                raise InputError(f"{run.label} has no clip {clip}. {nearest(clip, list(run.plan.clips))}")
        labels = labels_of(opened)
        reported: list[Reported] = []
        for label, run, folder in zip(labels, opened, folders, strict=True):
            named = replace(run, label=label)
            reported.append(reported_run(label, named, sources_of(named, folder, root=corpus)))
        named_runs = [(each.run, each.label) for each in reported]
        found = [found_points(each.run, each.sources, [clip], root=corpus) for each in reported]
        (player,) = players(named_runs, [each.sources for each in reported], [clip], Path(temporary), found=found)
        answers = [answers_of(each.run, each.sources, [clip], root=corpus).of_clip.get(clip, []) for each in reported]
        notes = dict.fromkeys(note for each in reported for note in each.sources.missing)
        _inline(player, Path(temporary))
        script = (TEMPLATES / "players.js").read_text(encoding="utf-8")
        style = "\n".join(path.read_text(encoding="utf-8") for path in (*house.STYLE, TEMPLATES / STYLE))
        page = (
            report_environment()
            .get_template("clip.html")
            .render(
                player=player,
                player_data=player.as_json(),
                labels=labels,
                answers=answers,
                rows=clip_rows(reported, clip),
                notes=list(notes),
                style=style,
                script=script,
            )
        )
    return Shown(page)


def plot(runs: Runs, metric: str | None = None) -> Figure:
    """Each clip's own value of a metric as a figure of plotly, one box for each run.

    Args:
        runs: a finished run or its folder, or several of them.
        metric: its name in any spelling; None: the first one whose clips have a value of their own.

    Raises:
        InputError: plotly is not installed, a run cannot be read, or its clips have no value of that metric.
        IncompleteError: a run has not finished.

    Example:
        >>> import signbench
        >>> run = signbench.run("synthsign/text-to-pose", "nearest", limit=4)  # doctest: +SKIP
        >>> signbench.plot(run, "dtw").show()  # doctest: +SKIP
    """
    house.check_installed("a figure")
    from plotly.graph_objects import Box, Figure

    with ExitStack() as stack:
        opened = [stack.enter_context(measured_run(folder)) for folder in _folders(runs)]
        name = _metric(opened[0], metric)
        figure = Figure()
        for label, run in zip(labels_of(opened), opened, strict=True):
            if name not in run.metrics:
                raise InputError(f"{label} did not measure {name}; name a metric that all runs have.")
            values = values_of(run.metrics[name])
            figure.add_trace(
                Box(name=html.escape(label), y=list(values.values()), text=[html.escape(clip) for clip in values], boxpoints="all")
            )
        measured = opened[0].metrics[name]
        unit = "" if measured.score.unit == "1" else f" ({measured.score.unit})"
        figure.update_layout(yaxis_title=f"{words.heading(measured)}{unit}", showlegend=False)
    return figure


def _folders(runs: Runs) -> list[Path]:
    several = [runs] if isinstance(runs, FinishedRun | Path | str) else list(runs)
    if not several:
        raise InputError("there is no run; give a run or its folder.")
    return [run.folder if isinstance(run, FinishedRun) else Path(run) for run in several]


def _metric(run: MeasuredRun, wanted: str | None) -> str:
    """The canonical name of a metric whose clips have values."""
    if wanted is None:
        found = next((name for name, measured in run.metrics.items() if values_of(measured)), None)
        if found is None:
            raise InputError(f"no metric of {run.label} has values of single clips.")
        return found
    try:
        name = run.result[wanted].metric
    except KeyError as error:
        raise InputError(str(error.args[0])) from error
    if name not in run.metrics or not values_of(run.metrics[name]):
        raise InputError(f"{name} has no values of single clips in {run.label}; name another metric.")
    return name


def _inline(player: Player, folder: Path) -> None:
    """Puts the videos of a player into the page itself."""

    def inlined(path: str) -> str:
        return f"data:video/mp4;base64,{base64.b64encode((folder / path).read_bytes()).decode()}"

    player.points = None if player.points is None else inlined(player.points)
    player.panels = [
        replace(panel, file=panel.file and inlined(panel.file), points=panel.points and inlined(panel.points))
        for panel in player.panels
    ]
