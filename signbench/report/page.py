"""Writes the report of one or several runs: a page, its style sheet, two scripts, and the videos of the clips that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.errors import InputError
from signbench.pages import house
from signbench.progress import Progress, silent
from signbench.report import choice, words
from signbench.report.answers import Answers, answers_of
from signbench.report.folders import PAGE, SCRIPT, STYLE, TEMPLATES, check_vacant
from signbench.report.found_points import found_points
from signbench.report.people import People, people_of
from signbench.report.players import Player, players
from signbench.report.sources import Sources, sources_of
from signbench.runs import comparison_tables
from signbench.runs.comparison import Comparison, compare
from signbench.runs.measured_run import MeasuredRun, measured_run
from signbench.runs.tables import ARROWS, decimals_of, number, spanned
from signbench.whole_folders import whole_folder

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, eq=False, kw_only=True)
class Reported:
    """A run as the page shows it.

    Attributes:
        label: its name on the page, unique among the runs.
        run: the run.
        sources: the clips behind it.
        values: metric -> clip id -> the clip's own value, of metrics whose clips have one.
        choices: metric -> its worst, median and best clips.
    """

    label: str
    run: MeasuredRun
    sources: Sources
    values: dict[str, dict[str, float]]
    choices: dict[str, list[choice.Chosen]]


def write_report(
    runs: Sequence[Path],
    out: Path,
    *,
    study: Path | None = None,
    root: Path | None = None,
    references: Path | None = None,
    progress: Progress = silent,
) -> Path:
    """Writes a report that can be opened from the file system, without a server or network access.

    Args:
        runs: folders of finished runs; several must be about the same clips, and are compared with the first.
        out: the report's folder; an older report is renamed to ``<name>.old-N``.
        study: a study that showed productions of the first run: its folder, or the result that ``signbench study score --json``
            printed.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
        references: a folder with a copy of the data set; None: as the runs had it.
        progress: called with the number of compared metrics, and of clips whose videos are written.

    Returns:
        The page to open.

    Raises:
        InputError: jinja2 or plotly is not installed, a run or the study cannot be read, a run is named twice, the study showed
            other clips, or the folder cannot be written or holds something else.
        IncompleteError: a run has not finished.
        NotComparableError: the runs are not about the same clips.
    """
    occupied = check_vacant(out)
    if len({path.resolve() for path in runs}) < len(runs):
        raise InputError("a run is named twice; name each once.")
    with ExitStack() as stack:
        opened = [stack.enter_context(measured_run(path)) for path in runs]
        labels = labels_of(opened)
        opened = [replace(run, label=label) for run, label in zip(opened, labels, strict=True)]  # no path is shown
        compared = compare(opened, progress=progress) if len(opened) > 1 else None
        reported = [
            reported_run(label, run, sources_of(run, path, root=root, references=references))
            for label, run, path in zip(labels, opened, runs, strict=True)
        ]
        people = None if study is None else people_of(study, opened[0].plan.clips)
        clips = choice.shown_clips(opened[0], reported[0].choices, compared, [] if people is None else people.misunderstood)
        with whole_folder(out, move_aside=occupied) as made:
            found = [found_points(each.run, each.sources, clips, root=root, progress=progress) for each in reported]
            named = list(zip(opened, labels, strict=True))
            shown = players(named, [each.sources for each in reported], clips, made, progress, found=found)
            said = [answers_of(each.run, each.sources, clips, root=root, progress=progress) for each in reported]
            (made / PAGE).write_text(rendered(reported, compared, shown, said, people), encoding="utf-8")
            house.write_assets(
                made, style=(STYLE, [TEMPLATES / STYLE]), script=(SCRIPT, [TEMPLATES / "charts.js", TEMPLATES / "players.js"])
            )
    return out / PAGE


def rendered(
    reported: Sequence[Reported],
    compared: Comparison | None,
    shown: Sequence[Player],
    said: Sequence[Answers],
    people: People | None = None,
) -> str:
    """Renders the page; every value is escaped.

    Args:
        reported: the runs.
        compared: the comparison with the first run, if there are several.
        shown: the clips with a player.
        said: the judges' answers about each run's productions.
        people: a study of the first run's productions.
    """
    environment = report_environment()
    first = reported[0]
    anchors = {player.clip: f"clip-{player.number}" for player in shown}
    return environment.get_template("report.html").render(
        title=_title(first.run),
        reported=reported,
        parts=[_part(each, of_run) for each, of_run in zip(reported, said, strict=True)],
        compared=compared,
        pairs=[] if compared is None else [_pair(pair, compared.expected_clips) for pair in compared.pairs],
        task=None if first.sources.task is None else words.task_facts(first.sources.task),
        notes=_notes(reported, said),
        said=said,
        people=people,
        metrics=[first.run.metrics[name] for name in first.values],
        anchors=anchors,
        players=shown,
        player_data=[player.as_json() for player in shown],
        labels=[each.label for each in reported],
        answers={player.clip: [of_run.of_clip.get(player.clip, []) for of_run in said] for player in shown},
        clip_rows={player.clip: clip_rows(reported, player.clip) for player in shown},
        charts=charts(reported, anchors),
    )


def report_environment() -> Environment:
    """The templates of reports, with their filters."""
    environment = house.environment(TEMPLATES)
    environment.filters |= {"number": _number, "spanned": _spanned, "tenths": lambda value: f"{value:.1f}"}
    environment.globals |= {"arrows": ARROWS}
    return environment


def charts(reported: Sequence[Reported], anchors: dict[str, str]) -> dict[str, Any]:
    """The data of the page's charts: each clip's own values, its length and its signer.

    Args:
        reported: the runs.
        anchors: clip id -> id of its player on the page.
    """
    first = reported[0]
    clips = list(first.run.plan.clips)
    metrics = [
        {
            "key": name,
            "heading": words.heading(first.run.metrics[name]),
            "unit": first.run.metrics[name].score.unit,
            "values": [[each.values.get(name, {}).get(clip) for clip in clips] for each in reported],
        }
        for name in first.values
    ]
    known = first.sources.annotated
    return {
        "runs": [each.label for each in reported],
        "clips": clips,
        "anchors": [anchors.get(clip) for clip in clips],
        "signers": [known[clip].signer if clip in known else None for clip in clips],
        "seconds": [_seconds(first.run, clip) for clip in clips],
        "metrics": metrics,
    }


def reported_run(label: str, run: MeasuredRun, sources: Sources) -> Reported:
    """A run with the values of its clips.

    Args:
        label: its name on the page.
        run: the run.
        sources: the clips behind it.
    """
    values = {name: found for name, measured in run.metrics.items() if (found := choice.values_of(measured))}
    choices = {name: choice.chosen(run.metrics[name], of_clips) for name, of_clips in values.items()}
    return Reported(label=label, run=run, sources=sources, values=values, choices=choices)


def labels_of(runs: Sequence[MeasuredRun]) -> list[str]:
    """A short name for each run: its generator's, or that of its folder; with a number if two are the same."""
    names = [str(run.result.generator["name"]) if run.result.generator else Path(run.label).name for run in runs]
    if len(set(names)) < len(names):
        names = [Path(run.label).name for run in runs]
    return [f"{name} ({names[: index + 1].count(name)})" if names.count(name) > 1 else name for index, name in enumerate(names)]


def _title(run: MeasuredRun) -> str:
    if run.result.task is None:
        return "Measured videos and key points"
    return f"{run.result.task.name} ({run.result.task.split})"


def _notes(reported: Sequence[Reported], said: Sequence[Answers]) -> list[str]:
    """What the reader should know before using the numbers."""
    notes: list[str] = []
    for each in reported:
        result = each.run.result
        if result.subset is not None:
            count = result.expected_clips
            notes.append(f"{each.label}: only {count} clips, a subset of the split; not for leaderboards or baselines.")
        if result.status != "complete":
            notes.append(f"{each.label} is incomplete: some clips could not be measured.")
        notes += each.sources.missing
    notes += [note for of_run in said for note in of_run.notes]
    return list(dict.fromkeys(notes))


def _part(each: Reported, said: Answers) -> dict[str, Any]:
    """The parts of the page about one run."""
    run = each.run
    metrics = list(each.values)
    shared, own = words.signature_facts(run)
    clips = run.plan.clips
    return {
        "label": each.label,
        "scores": run.result.scores,
        "judged": any(score.judged is not None for score in run.result.scores),
        "generator": words.generator_facts(run),
        "judges": words.judge_facts(run),
        "shared": shared,
        "own": own,
        "failures": words.failures(run),
        "metrics": [run.metrics[name] for name in metrics],
        "signers": words.groups(run, words.by_signer(each.sources, clips), metrics),
        "glosses": words.groups(run, words.by_gloss(each.sources, clips), metrics),
        "choices": each.choices,
        "confused": said.confused,
    }


def _pair(pair: Any, compared: int) -> dict[str, Any]:
    """A comparison of two runs as a table, and the clips that moved most."""
    return {
        "pair": pair,
        "rows": [comparison_tables.cells(metric, compared) for metric in pair.metrics],
        "moved": [(metric, metric.moved) for metric in pair.metrics if metric.moved],
    }


def clip_rows(reported: Sequence[Reported], clip: str) -> list[tuple[str, list[str]]]:
    """A clip's own values: for each metric those of all runs."""
    rows = []
    for name in reported[0].values:
        values = [each.values.get(name, {}).get(clip) for each in reported]
        rows.append((words.heading(reported[0].run.metrics[name]), [number(value, decimals_of(value)) for value in values]))
    return rows


def _seconds(run: MeasuredRun, clip: str) -> float | None:
    row = run.store.row(clip)
    lengths = [pair.reference_seconds for pair in row.lengths.values()] if row is not None else []
    return next((seconds for seconds in lengths if seconds is not None), None)


def _number(value: float | None) -> str:
    return number(value, decimals_of(value))


def _spanned(value: float | None, interval: tuple[float, float] | None) -> str:
    return spanned(value, interval)
