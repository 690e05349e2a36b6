"""Scores one clip: reads both sides once, passes them to every metric, and returns the records."""

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
from signbench.scoring.judging import Answered, media_kind, pair_of, truth_input
from signbench.scoring.likeness import SeenFrames, frames_departure, pose_content, pose_departure
from signbench.scoring.moving_images import Audience, audience_of, shown
from signbench.scoring.views import SIDES, ClipError, ClipViews, SideName

if TYPE_CHECKING:
    from signbench.extractors.cache import ObservationCache


def score_clip(views: ClipViews, metrics: Sequence[tuple[int, Metric]], device: str = "cpu") -> ClipOutcome:
    """Computes the records of one clip.

    Errors of the clip are not raised: they become failures of the affected metrics.

    Args:
        views: the clip's two sides.
        metrics: the metrics to record, each with its index in the run.
        device: the device of the networks.
    """
    outcome = ClipOutcome(views.reference.id)
    for family in _FAMILIES:
        wanted = [(index, metric) for index, metric in metrics if metric.view in family]
        if not wanted:
            continue
        modality = views.modality(family[0])
        try:
            inputs: dict[str, Input] = {}
            try:
                _fill_inputs(views, modality, inputs)
            finally:  # a reference that was read is part of the signature, even if the prediction fails
                for name, file in inputs.items():
                    if (known := outcome.inputs.get(name)) is None or known.sha256 != file.sha256:
                        outcome.inputs[name] = file  # otherwise it is described already
            if modality in ("video", "pose"):
                outcome.lengths[modality] = views.lengths(modality)
            if modality == "pose":
                outcome.layout = views.layout()
            _record(views, modality, wanted, outcome, device)
            _check_unchanged(views, modality, inputs)
        except ClipError as error:
            note_reference(views, modality, outcome)
            for index, _ in wanted:
                outcome.records.pop(index, None)
                outcome.failures.setdefault(index, Failure(in_flags(str(error)), error.fault))
        except MemoryError:
            for index, _ in wanted:
                outcome.records.pop(index, None)
                outcome.failures.setdefault(index, Failure(f"clip {outcome.clip}: {_NO_MEMORY}", "pair"))
    judged = [(index, metric) for index, metric in metrics if isinstance(metric, JudgedMetric)]
    if judged:
        _judge(views, judged, outcome)
    return outcome


def _judge(views: ClipViews, judged: Sequence[tuple[int, JudgedMetric]], outcome: ClipOutcome) -> None:
    """Computes the records of the metrics that use judges."""
    kind = media_kind(views.reference)
    _note_judged_inputs(views, kind, [metric for _, metric in judged], outcome)
    recorders: dict[int, Recorder] = {}
    answered = Answered()
    with _one_torch_thread_where_loaded():
        for index, metric in judged:
            together = [other for _, other in judged if (other.judge, other.role) == (metric.judge, metric.role)]
            wanted = tuple(dict.fromkeys(other.gives for other in together))
            with _keeping_failure(outcome, recorders, index, metric.inner):
                recorder = recorders[index] = metric.recorder()
                recorder.update(pair_of(views, metric, wanted, _cache(), answered))
                record = recorder.finish()
                if not all(np.isfinite(array).all() for array in record.values()):
                    raise SignbenchError(f"clip {outcome.clip}: the metric's value is not finite.")
                outcome.records[index] = record


def _note_judged_inputs(
    views: ClipViews, kind: Literal["video", "pose"], metrics: Sequence[JudgedMetric], outcome: ClipOutcome
) -> None:
    """Records the inputs of judged metrics: the readable sides and the corpus's answers."""
    for side, clip in zip(SIDES, (views.reference, views.prediction), strict=True):
        name, recording = f"{side}.{kind}", clip.recording(kind)
        if name in outcome.inputs or recording is None:
            continue
        with suppress(SignbenchError, OSError):  # a side that cannot be read fails the record that needs it
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
    """Records length and layout of a reference whose production is missing or unreadable: they are part of the signature anyway."""
    if modality not in ("video", "pose"):
        return
    with suppress(SignbenchError):  # an unreadable reference has neither
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
"""Views that are read from one file together."""


def _record(views: ClipViews, modality: FileKind, wanted: Sequence[tuple[int, Metric]], outcome: ClipOutcome, device: str) -> None:
    recorders: dict[int, Recorder] = {}
    metrics = dict(wanted)
    for index, metric in wanted:
        with _keeping_failure(outcome, recorders, index, metric):
            recorders[index] = metric.recorder()
    seen = {side: SeenFrames() for side in SIDES}
    with closing(_shown(views, modality, wanted, device, seen)) as pairs:
        for indices, pair in pairs:
            if isinstance(pair, PosePair):
                _describe_poses(outcome, pair)
            for index in indices:
                if index not in recorders:
                    continue
                with _keeping_failure(outcome, recorders, index, metrics[index]):
                    if isinstance(pair, SignbenchError):
                        raise pair
                    recorders[index].update(pair)
    for index in list(recorders):
        with _keeping_failure(outcome, recorders, index, metrics[index]):
            record = recorders[index].finish()
            if not all(np.isfinite(array).all() for array in record.values()):
                raise SignbenchError(f"clip {outcome.clip}: the metric's value is not finite.")
            outcome.records[index] = record
    _describe_frames(outcome, seen)


def _describe_poses(outcome: ClipOutcome, pair: PosePair) -> None:
    """Records the digests of both sides' key points and the distance between them."""
    content: dict[SideName, str | None] = {"reference": pose_content(pair.reference), "prediction": pose_content(pair.prediction)}
    _describe(outcome, "pose", content, pose_departure(pair.reference, pair.prediction))


def _describe_frames(outcome: ClipOutcome, seen: Mapping[SideName, SeenFrames]) -> None:
    """Records the same of both sides' images, if a metric needed the pixels."""
    content = {side: frames.content for side, frames in seen.items()}
    if any(content.values()):
        _describe(outcome, "video", content, frames_departure(seen["reference"].cells, seen["prediction"].cells))


def _describe(outcome: ClipOutcome, modality: FileKind, content: Mapping[SideName, str | None], departure: float | None) -> None:
    for side, digest in content.items():
        name = f"{side}.{modality}"
        outcome.inputs[name] = replace(outcome.inputs[name], content=digest, departure=departure if side == "prediction" else None)


@contextmanager
def _keeping_failure(outcome: ClipOutcome, recorders: dict[int, Recorder], index: int, metric: Metric) -> Iterator[None]:
    """Records the error of a metric, or any exception of a custom one, as a failure; other metrics continue."""
    try:
        with isolated_unless_own(metric):
            yield
    except SignbenchError as error:
        text = in_flags(str(error))
        reason = text if f"clip {outcome.clip}" in text else f"clip {outcome.clip}: {text}"
        outcome.failures[index] = Failure(reason, getattr(error, "fault", "pair"))
        recorders.pop(index, None)
    except MemoryError:
        outcome.failures[index] = Failure(f"clip {outcome.clip}: {_NO_MEMORY}", "pair")
        recorders.pop(index, None)
    except Exception as error:
        if is_own(metric):
            raise
        text = " ".join(str(error).split())
        outcome.failures[index] = Failure(f"clip {outcome.clip}: {metric.name}: {type(error).__name__}: {text}", "pair")
        recorders.pop(index, None)


def _shown(
    views: ClipViews,
    modality: FileKind,
    wanted: Sequence[tuple[int, Metric]],
    device: str,
    seen: Mapping[SideName, SeenFrames],
) -> Generator[tuple[Sequence[int], Pair | SignbenchError], None, None]:
    """The views of a clip, chunk by chunk, each with the indices of the metrics that it is for."""
    all_indices = [index for index, _ in wanted]
    view = wanted[0][1].view
    if view in ("frames", "observations"):
        audiences: dict[Audience, list[int]] = {}
        for index, metric in wanted:
            audiences.setdefault(audience_of(metric, views, device), []).append(index)
        networks = any(audience.extractor is not None for audience in audiences)
        with ExitStack() as stack:
            if networks:
                stack.enter_context(_one_torch_thread())
            cache = _cache() if networks else None
            for audience, piece in stack.enter_context(closing(shown(views, list(audiences), cache, seen))):
                yield audiences[audience], piece
    elif view == "lengths":
        yield all_indices, views.lengths("pose" if modality == "pose" else "video")
    elif view == "pose":
        yield all_indices, views.pose_pair(any(metric.pairs_frames for _, metric in wanted))
    elif view == "text":
        yield all_indices, views.text_pair()
    elif view == "features":
        yield all_indices, views.feature_pair()
    else:
        yield all_indices, views.label_pair()


def _cache() -> ObservationCache:
    return _cache_of(os.environ.get("SIGNBENCH_CACHE"), os.environ.get("SIGNBENCH_CACHE_LIMIT"))


@lru_cache(maxsize=4)
def _cache_of(*_: str | None) -> ObservationCache:
    """One object for all clips, so that it counts its bytes and warns once."""
    from signbench.extractors.cache import ObservationCache

    return ObservationCache.from_environment()


@contextmanager
def _one_torch_thread_where_loaded() -> Iterator[None]:
    """The same for judges, some of which do not need torch: it is not imported here if nothing has imported it."""
    if "torch" not in sys.modules:
        yield
        return
    with _one_torch_thread():
        yield


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Limits networks to one thread, because sums depend on the number of threads; restores the caller's setting afterwards."""
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
