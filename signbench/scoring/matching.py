"""Matches the clips of both sides by id, and checks them before the work starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from signbench.corpora.clip import Side
from signbench.errors import InputError, SignbenchError, listing, nearest
from signbench.media.modalities import FILE_KIND_WORDS, FileKind
from signbench.metrics.base import FILE_KIND_OF_VIEW, Metric
from signbench.metrics.judged import JudgedMetric
from signbench.runs.result import Subset
from signbench.scoring.judging import Judges
from signbench.scoring.judging import check as check_judged
from signbench.scoring.views import ClipViews


def expected_clips(
    references: Side, predictions: Side, metrics: Sequence[Metric], *, limit: int | None, clips: Iterable[str] | None
) -> tuple[tuple[str, ...], Subset | None]:
    """The clips of a run, in order of id.

    Args:
        references: the references.
        predictions: the predictions.
        metrics: the metrics, which determine the files that each side needs.
        limit: the first clips only, this many.
        clips: only these.

    Returns:
        The ids, and the subset that the run is limited to, or None.

    Raises:
        InputError: an id is missing on one side, a clip lacks a file that a metric needs, or no clip is left.
    """
    wanted = set(clips) if clips is not None else None
    if wanted is not None and not wanted:
        raise InputError("`clips` is empty; name some ids, or leave it out.")
    needed: set[FileKind] = set()
    for metric in metrics:
        if metric.view == "lengths":
            both = _with(references, "pose") and _with(predictions, "pose")
            needed.add("pose" if both else "video")
        else:
            needed.add(FILE_KIND_OF_VIEW[metric.view])
    expected: set[str] = set()
    for modality in sorted(needed):
        sides = {"references": _with(references, modality), "predictions": _with(predictions, modality)}
        for side, ids in sides.items():
            if not ids:
                location = references.name if side == "references" else predictions.name
                raise InputError(
                    f"the {side} {location} hold no {FILE_KIND_WORDS[modality]}, which "
                    f"{listing([metric.canonical for metric in metrics if _needs(metric, modality)])} measures; "
                    "choose other metrics, or another folder."
                )
        if wanted is not None:
            for side, ids in sides.items():
                unknown = sorted(wanted - ids)
                if unknown:
                    raise InputError(
                        f"`clips`: the {side} have no {FILE_KIND_WORDS[modality]} of {listing(unknown)}. {nearest(unknown[0], ids)}"
                    )
            expected |= wanted
            continue
        _check_partners(sides, references, predictions, modality)
        expected |= sides["references"]
    for modality in sorted(needed):
        lacking = sorted(expected - _with(references, modality))
        if lacking:
            raise InputError(f"{len(lacking)} clips have no {FILE_KIND_WORDS[modality]}, which a metric needs: {listing(lacking)}.")
    ordered = sorted(expected)
    if limit is not None:
        if limit < 1:
            raise InputError(f"`limit` must be at least 1, not {limit}.")
        if limit < len(ordered):
            return tuple(ordered[:limit]), Subset(limit=limit)
    if wanted is not None and wanted != _with(references, sorted(needed)[0]):
        return tuple(ordered), Subset(clips=tuple(ordered))
    return tuple(ordered), None


def _needs(metric: Metric, modality: FileKind) -> bool:
    return metric.view == "lengths" or FILE_KIND_OF_VIEW[metric.view] == modality


def _with(side: Side, modality: FileKind) -> set[str]:
    return {name for name, clip in side.clips.items() if clip.recording(modality) is not None}


def _check_partners(sides: dict[str, set[str]], references: Side, predictions: Side, modality: FileKind) -> None:
    alone = sorted(sides["references"] - sides["predictions"])
    extra = sorted(sides["predictions"] - sides["references"])
    parts = []
    if alone:
        parts.append(f"{len(alone)} references have no prediction ({listing(alone)})")
    if extra:
        parts.append(f"{len(extra)} predictions have no reference ({listing(extra)})")
    if parts and modality == "text":
        parts.insert(0, f"{len(sides['references'])} texts against {len(sides['predictions'])}")
    if parts:
        remedy = "use the same names on both sides, or choose with `clips`."
        if modality == "labels" and alone and not extra:
            remedy = "add rows with an empty prediction for them, which count as wrong."
        raise InputError(
            f"{FILE_KIND_WORDS[modality]} of {references.name} and {predictions.name}: {' and '.join(parts)}; {remedy}"
        )


def check_clips(
    todo: Sequence[tuple[ClipViews, Sequence[Metric]]],
    progress: Callable[[int, int], None],
    judges: Judges,
) -> None:
    """Finds errors in the headers of the clips, before anything is written.

    Args:
        todo: clips that still need work, each with its metrics.
        progress: called with the numbers of checked and of all clips.
        judges: the judges of the run.

    Raises:
        InputError: a clip has an error; the message names the first, and how many others have one.
    """
    first: SignbenchError | None = None
    others: list[str] = []
    for done, (views, metrics) in enumerate(todo):
        progress(done, len(todo))
        try:
            views.check(metrics)
            check_judged(views, [metric for metric in metrics if isinstance(metric, JudgedMetric)], judges)
        except SignbenchError as error:
            if first is None:
                first = error
            else:
                others.append(views.reference.id)
    progress(len(todo), len(todo))
    if first is not None:
        more = f" (and {len(others)} more clips: {listing(others)})" if others else ""
        raise InputError(f"{first}{more}") from first
