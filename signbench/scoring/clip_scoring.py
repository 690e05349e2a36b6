"""One clip's work: read both sides once, show them to every metric, return the records."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from signbench.errors import SignbenchError, in_flags
from signbench.foreign.isolation import is_own, isolated_unless_own
from signbench.media.modalities import FileKind
from signbench.metrics.base import Metric, Recorder, View
from signbench.metrics.judged import JudgedMetric
from signbench.metrics.pairs import Pair, PosePair
from signbench.runs.outcomes import ClipOutcome, Failure, Input
from signbench.scoring.judging import media_kind, pair_of, truth_input
from signbench.scoring.likeness import SeenFrames, frames_departure, pose_content, pose_departure
from signbench.scoring.moving_images import Audience, audience_of, shown
from signbench.scoring.views import SIDES, ClipError, ClipViews, SideName

if TYPE_CHECKING:
    from signbench.extractors.cache import ObservationCache


def score_clip(views: ClipViews, metrics: Sequence[tuple[int, Metric]], device: str = "cpu") -> ClipOutcome:
    """Makes the records of one clip.

    Nothing that is wrong with the clip is raised: it becomes a failure of the metrics concerned.

    Args:
        views: the clip's two sides.
        metrics: the metrics to record, each with its place in the run.
        device: where networks count.
    """
    outcome = ClipOutcome(views.reference.id)
    for family in _FAMILIES:
        wanted = [(place, metric) for place, metric in metrics if metric.view in family]
        if not wanted:
            continue
        modality = views.modality(family[0])
        try:
            inputs: dict[str, Input] = {}
            try:
                _fill_inputs(views, modality, inputs)
            finally:  # a reference that was read belongs to the signature, whatever became of the prediction
                for name, file in inputs.items():
                    if (known := outcome.inputs.get(name)) is None or known.sha256 != file.sha256:
                        outcome.inputs[name] = file  # else it was described already
            if modality in ("video", "pose"):
                outcome.lengths[modality] = views.lengths(modality)
            if modality == "pose":
                outcome.layout = views.layout()
            _record(views, modality, wanted, outcome, device)
            _check_unchanged(views, modality, inputs)
        except ClipError as error:
            note_reference(views, modality, outcome)
            for place, _ in wanted:
                outcome.records.pop(place, None)
                outcome.failures.setdefault(place, Failure(in_flags(str(error)), error.fault))
        except MemoryError:
            for place, _ in wanted:
                outcome.records.pop(place, None)
                outcome.failures.setdefault(place, Failure(f"clip {outcome.clip}: {_NO_MEMORY}", "pair"))
    judged = [(place, metric) for place, metric in metrics if isinstance(metric, JudgedMetric)]
    if judged:
        _judge(views, judged, outcome)
    return outcome


def _judge(views: ClipViews, judged: Sequence[tuple[int, JudgedMetric]], outcome: ClipOutcome) -> None:
    """Makes the records of the metrics that are measured through judges."""
    kind = media_kind(views.reference)
    _note_judged_inputs(views, kind, [metric for _, metric in judged], outcome)
    recorders: dict[int, Recorder] = {}
    with _one_torch_thread_where_loaded():
        for place, metric in judged:
            together = [other for _, other in judged if (other.judge, other.role) == (metric.judge, metric.role)]
            wanted = tuple(dict.fromkeys(other.gives for other in together))
            with _keeping_failure(outcome, recorders, place, metric.inner):
                recorder = recorders[place] = metric.recorder()
                recorder.update(pair_of(views, metric, wanted, _cache()))
                record = recorder.finish()
                if not all(np.isfinite(array).all() for array in record.values()):
                    raise SignbenchError(f"clip {outcome.clip}: the metric came out as no finite number.")
                outcome.records[place] = record


def _note_judged_inputs(
    views: ClipViews, kind: Literal["video", "pose"], metrics: Sequence[JudgedMetric], outcome: ClipOutcome
) -> None:
    """Writes down what judged records are made from: the sides that can be read, and what the corpus says."""
    for side, clip in zip(SIDES, (views.reference, views.prediction), strict=True):
        name, recording = f"{side}.{kind}", clip.recording(kind)
        if name in outcome.inputs or recording is None:
            continue
        with suppress(SignbenchError, OSError):  # what cannot be read is the failure of the record that needs it
            file = Input.of(recording)
            outcome.inputs[name] = replace(file, pixels=views.pixels(side)) if kind == "video" else file
    if kind not in outcome.lengths and views.prediction.recording(kind) is not None:
        with suppress(SignbenchError):
            outcome.lengths[kind] = views.lengths(kind)
    note_reference(views, kind, outcome)
    for metric in metrics:
        if (said := truth_input(views.reference, metric)) is not None:
            outcome.inputs.setdefault(*said)


_NO_MEMORY = "there is not enough memory for it; try fewer workers, or a smaller size."


def note_reference(views: ClipViews, modality: FileKind, outcome: ClipOutcome) -> None:
    """Notes length and layout of a reference whose production is not there or cannot be read: they are signed all the same."""
    if modality not in ("video", "pose"):
        return
    with suppress(SignbenchError):  # a reference that cannot be read has neither
        if modality not in outcome.lengths:
            outcome.lengths[modality] = views.reference_length(modality)
        if modality == "pose" and outcome.layout is None:
            outcome.layout = views.layout()


_FAMILIES: tuple[tuple[View, ...], ...] = (
    ("frames", "observations"),
    ("pose",),
    ("lengths",),
    ("text",),
    ("features",),
    ("labels",),
)
"""Views that are made from one file together."""


def _record(views: ClipViews, modality: FileKind, wanted: Sequence[tuple[int, Metric]], outcome: ClipOutcome, device: str) -> None:
    recorders: dict[int, Recorder] = {}
    metrics = dict(wanted)
    for place, metric in wanted:
        with _keeping_failure(outcome, recorders, place, metric):
            recorders[place] = metric.recorder()
    seen = {side: SeenFrames() for side in SIDES}
    with closing(_shown(views, modality, wanted, device, seen)) as pairs:
        for places, pair in pairs:
            if isinstance(pair, PosePair):
                _describe_poses(outcome, pair)
            for place in places:
                if place not in recorders:
                    continue
                with _keeping_failure(outcome, recorders, place, metrics[place]):
                    if isinstance(pair, SignbenchError):
                        raise pair
                    recorders[place].update(pair)
    for place in list(recorders):
        with _keeping_failure(outcome, recorders, place, metrics[place]):
            record = recorders[place].finish()
            if not all(np.isfinite(array).all() for array in record.values()):
                raise SignbenchError(f"clip {outcome.clip}: the metric came out as no finite number.")
            outcome.records[place] = record
    _describe_frames(outcome, seen)


def _describe_poses(outcome: ClipOutcome, pair: PosePair) -> None:
    """Writes down what was seen of both sides' key points, and how far apart they are."""
    content: dict[SideName, str | None] = {"reference": pose_content(pair.reference), "prediction": pose_content(pair.prediction)}
    _describe(outcome, "pose", content, pose_departure(pair.reference, pair.prediction))


def _describe_frames(outcome: ClipOutcome, seen: Mapping[SideName, SeenFrames]) -> None:
    """The same of both sides' images, as far as anybody looked at the pixels."""
    content = {side: frames.content for side, frames in seen.items()}
    if any(content.values()):
        _describe(outcome, "video", content, frames_departure(seen["reference"].cells, seen["prediction"].cells))


def _describe(outcome: ClipOutcome, modality: FileKind, content: Mapping[SideName, str | None], departure: float | None) -> None:
    for side, digest in content.items():
        place = f"{side}.{modality}"
        outcome.inputs[place] = replace(
            outcome.inputs[place], content=digest, departure=departure if side == "prediction" else None
        )


@contextmanager
def _keeping_failure(outcome: ClipOutcome, recorders: dict[int, Recorder], place: int, metric: Metric) -> Iterator[None]:
    """A metric that cannot measure this clip leaves the others alone; one of another package, whatever it raises."""
    try:
        with isolated_unless_own(metric):
            yield
    except SignbenchError as error:
        text = in_flags(str(error))
        reason = text if f"clip {outcome.clip}" in text else f"clip {outcome.clip}: {text}"
        outcome.failures[place] = Failure(reason, getattr(error, "fault", "pair"))
        recorders.pop(place, None)
    except MemoryError:
        outcome.failures[place] = Failure(f"clip {outcome.clip}: {_NO_MEMORY}", "pair")
        recorders.pop(place, None)
    except Exception as error:
        if is_own(metric):
            raise
        text = " ".join(str(error).split())
        outcome.failures[place] = Failure(f"clip {outcome.clip}: {metric.name}: {type(error).__name__}: {text}", "pair")
        recorders.pop(place, None)


def _shown(
    views: ClipViews,
    modality: FileKind,
    wanted: Sequence[tuple[int, Metric]],
    device: str,
    seen: Mapping[SideName, SeenFrames],
) -> Generator[tuple[Sequence[int], Pair | SignbenchError], None, None]:
    """What there is to see of a clip, piece by piece, each with the places of the metrics that see it."""
    everyone = [place for place, _ in wanted]
    view = wanted[0][1].view
    if view in ("frames", "observations"):
        audiences: dict[Audience, list[int]] = {}
        for place, metric in wanted:
            audiences.setdefault(audience_of(metric, views, device), []).append(place)
        networks = any(audience.extractor is not None for audience in audiences)
        with ExitStack() as stack:
            if networks:
                stack.enter_context(_one_torch_thread())
            cache = _cache() if networks else None
            for audience, piece in stack.enter_context(closing(shown(views, list(audiences), cache, seen))):
                yield audiences[audience], piece
    elif view == "lengths":
        yield everyone, views.lengths("pose" if modality == "pose" else "video")
    elif view == "pose":
        yield everyone, views.pose_pair(any(metric.pairs_frames for _, metric in wanted))
    elif view == "text":
        yield everyone, views.text_pair()
    elif view == "features":
        yield everyone, views.feature_pair()
    else:
        yield everyone, views.label_pair()


def _cache() -> ObservationCache:
    return _cache_of(os.environ.get("SIGNBENCH_CACHE"), os.environ.get("SIGNBENCH_CACHE_LIMIT"))


@lru_cache(maxsize=4)
def _cache_of(*_: str | None) -> ObservationCache:
    """One object for all clips, so that it counts its bytes, and says what troubles it, once."""
    from signbench.extractors.cache import ObservationCache

    return ObservationCache.from_environment()


@contextmanager
def _one_torch_thread_where_loaded() -> Iterator[None]:
    """The same for judges, of which some do without torch: where nothing has loaded it, it is not loaded here."""
    if "torch" not in sys.modules:
        yield
        return
    with _one_torch_thread():
        yield


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Networks on one thread, because sums come out otherwise with another number of them; the caller's setting afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _fill_inputs(views: ClipViews, modality: FileKind, inputs: dict[str, Input]) -> None:
    for side, recording in views.recordings(modality).items():
        try:
            inputs[f"{side}.{modality}"] = file = Input.of(recording)
            if modality == "video":
                inputs[f"{side}.{modality}"] = replace(file, pixels=views.pixels(side))
        except OSError as error:
            raise ClipError(f"clip {views.reference.id}: {recording.label} cannot be read: {error.strerror}.", side) from error


def _check_unchanged(views: ClipViews, modality: FileKind, inputs: dict[str, Input]) -> None:
    for side, recording in views.recordings(modality).items():
        known = inputs[f"{side}.{modality}"]
        if recording.stamp() != known.stamp:
            raise ClipError(f"clip {views.reference.id}: {recording.label} changed while it was being read.", "pair")
