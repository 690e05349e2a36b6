"""One clip's work: read both sides once, show them to every metric, return the records."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from signbench.errors import SignbenchError
from signbench.metrics.base import Metric, Record, Recorder, View
from signbench.metrics.pairs import FramePair, LengthPair, Pair
from signbench.scoring.views import ClipError, ClipViews

Item = TypeVar("Item")


@dataclass(frozen=True)
class Input:
    """A file that a record was made from.

    Attributes:
        size: bytes.
        modified: nanoseconds since the epoch.
        sha256: of its bytes, hexadecimal.
    """

    size: int
    modified: int
    sha256: str


@dataclass(frozen=True)
class Failure:
    """Why a clip has no record.

    Attributes:
        reason: one sentence.
        fault: ``reference``, ``prediction`` or ``pair``.
    """

    reason: str
    fault: str


@dataclass
class ClipOutcome:
    """What came of one clip.

    Attributes:
        clip: its id.
        inputs: ``reference.video`` and so on -> the file.
        lengths: modality -> how long both sides are.
        layout: the references' key-point layout, where key points were read.
        records: metric's place in the run -> record.
        failures: metric's place in the run -> why there is no record.
    """

    clip: str
    inputs: dict[str, Input] = field(default_factory=dict)
    lengths: dict[str, LengthPair] = field(default_factory=dict)
    layout: str | None = None
    records: dict[int, Record] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)


def score_clip(views: ClipViews, metrics: Sequence[tuple[int, Metric]]) -> ClipOutcome:
    """Makes the records of one clip.

    Nothing that is wrong with the clip is raised: it becomes a failure of the metrics concerned.

    Args:
        views: the clip's two sides.
        metrics: the metrics to record, each with its place in the run.
    """
    outcome = ClipOutcome(views.reference.id)
    for view in ("frames", "pose", "lengths"):
        wanted = [(place, metric) for place, metric in metrics if metric.view == view]
        if not wanted:
            continue
        try:
            modality = views.modality(view)
            inputs: dict[str, Input] = {}
            try:
                _fill_inputs(views, view, inputs)
            finally:  # a reference that was read belongs to the signature, whatever became of the prediction
                outcome.inputs.update(inputs)
            outcome.lengths[modality] = views.lengths(modality)
            if modality == "pose":
                outcome.layout = views.layout()
            _record(views, view, wanted, outcome)
            _check_unchanged(views, view, inputs)
        except ClipError as error:
            for place, _ in wanted:
                outcome.records.pop(place, None)
                outcome.failures.setdefault(place, Failure(str(error), error.fault))
    return outcome


def _record(views: ClipViews, view: View, wanted: Sequence[tuple[int, Metric]], outcome: ClipOutcome) -> None:
    recorders = {place: metric.recorder() for place, metric in wanted}
    with _pairs(views, view, any(metric.pairs_frames for _, metric in wanted)) as pairs:
        for pair in pairs:
            for place in list(recorders):
                with _keeping_failure(outcome, recorders, place):
                    recorders[place].update(pair)
    for place in list(recorders):
        with _keeping_failure(outcome, recorders, place):
            record = recorders[place].finish()
            if not all(np.isfinite(array).all() for array in record.values()):
                raise SignbenchError(f"clip {outcome.clip}: the metric came out as no finite number.")
            outcome.records[place] = record


@contextmanager
def _keeping_failure(outcome: ClipOutcome, recorders: dict[int, Recorder], place: int) -> Iterator[None]:
    """A metric that cannot measure this clip leaves the others alone."""
    try:
        yield
    except SignbenchError as error:
        text = str(error)
        reason = text if f"clip {outcome.clip}" in text else f"clip {outcome.clip}: {text}"
        outcome.failures[place] = Failure(reason, getattr(error, "fault", "pair"))
        del recorders[place]


@contextmanager
def _pairs(views: ClipViews, view: View, paired: bool) -> Iterator[Iterator[Pair]]:
    if view == "frames":
        with decoded_ahead(views.frame_pairs()) as frame_pairs:
            yield frame_pairs
    elif view == "pose":
        yield iter([views.pose_pair(paired)])
    else:
        yield iter([views.lengths(views.modality("lengths"))])


def _fill_inputs(views: ClipViews, view: View, inputs: dict[str, Input]) -> None:
    modality = views.modality(view)
    for side, recording in views.recordings(view).items():
        try:
            size, modified = recording.stamp()
            inputs[f"{side}.{modality}"] = Input(size, modified, recording.digest())
        except OSError as error:
            raise ClipError(f"clip {views.reference.id}: {recording.label} cannot be read: {error.strerror}.", side) from error


def _check_unchanged(views: ClipViews, view: View, inputs: dict[str, Input]) -> None:
    for side, recording in views.recordings(view).items():
        known = inputs[f"{side}.{views.modality(view)}"]
        if recording.stamp() != (known.size, known.modified):
            raise ClipError(f"clip {views.reference.id}: {recording.label} changed while it was being read.", "pair")


@contextmanager
def decoded_ahead(items: Iterator[FramePair], ahead: int = 2) -> Iterator[Iterator[FramePair]]:
    """Runs an iterator in a thread of its own, a few items ahead of its consumer.

    Decoding releases the interpreter's lock, so it goes on while the metrics count.

    Args:
        items: what to run ahead; closed when the context ends, also early.
        ahead: how many items may wait.
    """
    waiting: queue.Queue[FramePair | BaseException | None] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def fill() -> None:
        last: BaseException | None = None
        try:
            for item in items:
                while not stopped.is_set():
                    try:
                        waiting.put(item, timeout=0.1)
                        break
                    except queue.Full:
                        continue
                if stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
            last = error
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            while not stopped.is_set():
                try:
                    waiting.put(last, timeout=0.1)
                    break
                except queue.Full:
                    continue

    def drain() -> Iterator[FramePair]:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=fill, name="decoding", daemon=True)
    thread.start()
    try:
        yield drain()
    finally:
        stopped.set()
        thread.join()
