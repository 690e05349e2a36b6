"""Writes the static HTML report of a study: one page without scripts, with thumbnails of the videos if they are given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from signbench.errors import InputError
from signbench.progress import Progress, silent
from signbench.study.report import figures, score_tables
from signbench.study.report.thumbnails import FOLDER
from signbench.study.scores.correlation import RunValues, correlate, read_run_values
from signbench.study.scores.result import ClipScore, Confusion, Correlations, PackScore, SignScore, StudyResult
from signbench.whole_folders import whole_folder

PAGE = "index.html"
RESULT = "study-result.json"
TEMPLATES = Path(__file__).with_name("templates")
WRITTEN_BY = "Written by signbench."
_FORMER_SCRIPT = "plotly.min.js"


@dataclass(frozen=True)
class _PackPart:
    """The figure of one pack, and its values as a table."""

    score: PackScore
    figure: str
    rows: list[dict[str, str]]


@dataclass(frozen=True)
class _ConfusionPart:
    """What was understood instead of one sign."""

    score: SignScore
    instead: list[Confusion]


@dataclass(frozen=True)
class _MetricPart:
    """The scatter plot of one metric, and its coefficients as a table."""

    metric: str
    figure: str
    rows: list[dict[str, str]]


@dataclass(frozen=True)
class _Pictures:
    """The thumbnails of the videos.

    Attributes:
        of: clip id -> relative path.
        missing: one sentence for each clip without a thumbnail.
    """

    of: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def write_report(
    result: StudyResult, out: Path, *, run: Path | None = None, videos: Path | None = None, progress: Progress = silent
) -> Path:
    """Writes a report that can be opened from the file system, without a server, the network or scripts.

    Args:
        result: of the study.
        out: the report's folder; an older report is moved to ``<name>.old-N``.
        run: folder of a run that measured the same clips, for scatter plots, and for correlations unless the result has them.
        videos: folder with the study's videos, for thumbnails.
        progress: is called as thumbnails are made.

    Returns:
        The path of the page.

    Raises:
        InputError: jinja2 is not installed; the run or the videos cannot be used; ``out`` contains files that are not a report's.
        NotComparableError: the run has none of the study's clips.
    """
    if find_spec("jinja2") is None:
        raise InputError("a report requires jinja2; install signbench[report].")
    check_out(out)
    values = read_run_values(run) if run is not None else None
    correlations = result.correlations
    if values is not None and correlations is None:
        correlations = correlate(result.per_clip, values)
        result = result.model_copy(update={"correlations": correlations})
    with whole_folder(out, move_aside=True) as folder:
        pictures = _Pictures()
        if videos is not None:
            from signbench.study.report.thumbnails import write_thumbnails

            pictures = _Pictures(*write_thumbnails(videos, (clip.clip for clip in result.per_clip), folder, progress))
        (folder / PAGE).write_text(_page(result, correlations, values, pictures), encoding="utf-8")
        (folder / RESULT).write_bytes(result.json_bytes())
    return out / PAGE


def check_out(out: Path) -> None:
    """Checks that a folder is new, empty, or an older report, so that nothing else is moved aside.

    Args:
        out: folder of the report.

    Raises:
        InputError: it is a file or a link, or contains files that a report does not have.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out} is {'a link' if out.is_symlink() else 'a file'}; choose a new output folder.")
    if not out.is_dir() or not any(out.iterdir()):
        return
    own = {PAGE, RESULT, FOLDER, _FORMER_SCRIPT}
    others = [path.name for path in out.iterdir() if path.name not in own or path.is_symlink()]
    pictures = out / FOLDER
    if pictures.is_dir():
        others += [f"{FOLDER}/{path.name}" for path in pictures.iterdir() if not re.fullmatch(r"\d{4,}\.jpg", path.name)]
    if others:
        raise InputError(f"{out} contains {sorted(others)[0]}, which is not part of a report; choose a new output folder.")
    try:
        written = WRITTEN_BY in (out / PAGE).read_text(encoding="utf-8") and (out / RESULT).is_file()
    except (OSError, UnicodeDecodeError):
        written = False
    if not written:
        raise InputError(f"{out} does not contain a report of signbench; choose a new output folder.")


def _page(result: StudyResult, correlations: Correlations | None, values: RunValues | None, pictures: _Pictures) -> str:
    """The page's HTML; every value is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["score"] = score_tables.four_decimals
    environment.filters["span"] = score_tables.span
    gallery = _gallery(result.per_clip, pictures)
    links = {clip["clip"]: clip["anchor"] for clip in gallery}
    return environment.get_template("study.html").render(
        result=result,
        numbers=score_tables.NUMBERS,
        remarks=score_tables.remarks(result),
        overview=score_tables.overview(result),
        packs=[_pack_part(result, pack, f"figure-pack-{number}") for number, pack in enumerate(result.packs)],
        metrics=_metric_parts(result.per_clip, correlations, values, links),
        legend=figures.legend(result.per_clip),
        correlations=correlations,
        correlation_rows=score_tables.correlation_rows(correlations.rows) if correlations is not None else [],
        correlation_remarks=score_tables.correlation_remarks(correlations) if correlations is not None else [],
        metric_signatures=score_tables.metric_signatures(correlations.rows) if correlations is not None else [],
        confusions=_confusion_parts(result),
        raters=score_tables.rater_rows(result),
        agreement=score_tables.agreement_rows(result),
        groups=score_tables.group_rows(result),
        fatigue=score_tables.fatigue_rows(result),
        speed=score_tables.speed_rows(result),
        gallery=gallery,
        pictures=pictures,
        result_file=RESULT,
        written_by=WRITTEN_BY,
    )


def _pack_part(result: StudyResult, pack: PackScore, name: str) -> _PackPart:
    rows = {
        row.sign: shown for row, shown in zip(result.per_sign, score_tables.sign_rows(result), strict=True) if row.pack == pack.pack
    }
    ordered = reversed(figures.in_order([row for row in result.per_sign if row.pack == pack.pack]))
    without_pack = [{name: cell for name, cell in rows[row.sign].items() if name != "pack"} for row in ordered]
    return _PackPart(pack, figures.pack_figure(result, pack, name=name), without_pack)


def _confusion_parts(result: StudyResult) -> list[_ConfusionPart]:
    """The signs that were not always understood, in the order of the result."""
    instead: dict[tuple[str, str], list[Confusion]] = {}
    for row in result.confusions:
        instead.setdefault((row.pack, row.sign), []).append(row)
    signs = [(score, instead.get((score.pack, score.sign))) for score in result.per_sign]
    return [_ConfusionPart(score, found) for score, found in signs if found]


def _metric_parts(
    clips: Sequence[ClipScore], correlations: Correlations | None, values: RunValues | None, links: Mapping[str, str]
) -> list[_MetricPart]:
    """One part for each metric that has values; an empty list without a run."""
    if correlations is None or values is None:
        return []
    parts = []
    for number, metric in enumerate(dict.fromkeys(row.metric for row in correlations.rows)):
        of_clip = values.metrics[metric]
        rows = [row for row in correlations.rows if row.metric == metric]
        shown = [{name: cell for name, cell in row.items() if name != "metric"} for row in score_tables.correlation_rows(rows)]
        parts.append(
            _MetricPart(metric, figures.scatter_figure(metric, clips, of_clip, links=links, name=f"figure-metric-{number}"), shown)
        )
    return parts


def _gallery(clips: Sequence[ClipScore], pictures: _Pictures) -> list[dict[str, str]]:
    """The clips that have a thumbnail, the worst understood first."""
    shown = sorted((clip for clip in clips if clip.clip in pictures.of), key=lambda clip: (clip.accuracy or 0.0, clip.clip))
    return [
        {
            "anchor": f"clip-{number}",
            "clip": clip.clip,
            "sign": clip.sign,
            "picture": pictures.of[clip.clip],
            "accuracy": score_tables.four_decimals(clip.accuracy),
            "correct": f"{clip.correct} of {clip.answers}",
        }
        for number, clip in enumerate(shown, start=1)
    ]
