"""Runs from the first check to the result: they resume if repeated, and do not depend on the number of workers and processes."""

from __future__ import annotations

import datetime
import os
import platform
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from signbench.corpora.clip import Clip, Side
from signbench.corpora.recordings import Recording
from signbench.documents import json_bytes
from signbench.errors import InputError, SignbenchError
from signbench.foreign import supervision
from signbench.media.modalities import FileKind
from signbench.metrics.base import EITHER_KIND, FILE_KIND_OF_VIEW, Metric
from signbench.metrics.judged import JudgedMetric
from signbench.progress import Progress
from signbench.runs import signature
from signbench.runs.fold import fold, per_clip_rows
from signbench.runs.folder import RUN_VERSION, RunFolder, spec_hash
from signbench.runs.lock import alone_in
from signbench.runs.outcomes import ClipOutcome, Failure, Input
from signbench.runs.plan import RunPlan, modality_of
from signbench.runs.records import RecordFile
from signbench.runs.result import Result
from signbench.runs.store import RecordStore
from signbench.runs.tables import per_clip_parquet
from signbench.scoring.clip_scoring import note_reference
from signbench.scoring.judging import truth_input
from signbench.scoring.matching import check_clips
from signbench.scoring.ranks import Ranks, error_of_others
from signbench.scoring.views import ClipViews
from signbench.scoring.workers import Job, effective_workers, score_clips
from signbench.whole_files import write_atomically

if TYPE_CHECKING:
    from signbench.corpora.recordings import VideoRecording
    from signbench.judges.base import Judge

_at_work: list[Path] = []


def folder_at_work() -> Path | None:
    """The folder of the run that was started last in this process, for the log of an internal error."""
    return _at_work[-1] if _at_work else None


@dataclass(frozen=True, eq=False, kw_only=True)
class Work:
    """A comparison that is ready to be run.

    Attributes:
        plan: the plan of the run.
        references: the references.
        predictions: the predictions.
        workers: processes for the clips, or None for one per core.
        progress: receives the progress.
        absent: the known reasons for which expected clips have no production.
        device: the device of the networks; not part of the signature.
        judges: prepared judges by name.
        dealt: for each clip, the clip whose reference is assigned to it for the chance level of judges.
    """

    plan: RunPlan
    references: Side
    predictions: Side
    workers: int | None
    progress: Progress
    absent: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    judges: Mapping[str, Judge] = field(default_factory=dict)
    dealt: Mapping[str, str] = field(default_factory=dict)

    def views(self, clip: str) -> ClipViews:
        """A clip's two sides; a missing prediction is a clip without media."""
        other = self.references.clips.get(self.dealt.get(clip, ""))
        return ClipViews(self.references.clips[clip], self.predictions.clips.get(clip, Clip(clip)), self.plan.protocol, other)

    def todo(self, store: RecordStore) -> dict[str, list[int]]:
        """Clips that still need work, each with the indices of the missing metrics."""
        lacking = {
            clip: [index for index, (key, _) in enumerate(self.plan.recorded) if key and not store.has(clip, key)]
            for clip in self.plan.clips
        }
        return {clip: indices for clip, indices in lacking.items() if indices}

    def check(self, todo: dict[str, list[int]]) -> None:
        """Finds errors in the headers; see :func:`~signbench.scoring.matching.check_clips`."""
        metrics = self.plan.metrics
        check_clips(
            [
                (self.views(clip), [metrics[index] for index in indices if index < len(self.plan.measured)])
                for clip, indices in todo.items()
                if clip in self.predictions.clips
            ],
            lambda done, total: self.progress("checking", done, total),
            self.judges,
        )

    def score(self, todo: dict[str, list[int]], into: RecordFile) -> None:
        """Scores clips and appends their records; an expected clip without a production is a failure of the prediction side."""
        recorded = self.plan.recorded
        keys = [key for key, _ in recorded]

        def jobs() -> Iterator[Job]:
            for clip, indices in made.items():
                yield self.views(clip), [(index, recorded[index][1]) for index in indices], self.device

        made = dict(todo)
        for clip in sorted(clip for clip in todo if clip not in self.predictions.clips):
            scores = [index for index in todo[clip] if index < len(self.plan.measured)]
            into.add(self._without_production(clip, scores), keys)
            made[clip] = [index for index in todo[clip] if index not in scores]
        made = {clip: indices for clip, indices in made.items() if indices}
        total = len(made)
        workers = effective_workers(self.workers, total)
        one_owner = self.device != "cpu" and self._has_network
        for done, outcome in enumerate(score_clips(jobs(), workers, self.judges, one_owner=one_owner)):
            into.add(self._without_paths(outcome), keys)
            self.progress("scoring", done + 1, total)

    @property
    def _has_network(self) -> bool:
        """Whether any metric or judge uses a network."""
        return any(metric.extractor is not None for metric in self.plan.metrics) or any(
            judge.has_network for judge in self.judges.values()
        )

    def _without_production(self, clip: str, indices: Sequence[int]) -> ClipOutcome:
        """The outcome of an expected clip without a production; its reference is part of ``refs`` anyway."""
        reason = self.absent.get(clip, "there is no production of it.")
        outcome = ClipOutcome(clip)
        reference = self.references.clips[clip]
        for index in indices:
            metric = self.plan.metrics[index]
            view = metric.view
            modalities: tuple[FileKind, ...] = ("video", "pose") if view in EITHER_KIND else (FILE_KIND_OF_VIEW[view],)
            if isinstance(metric, JudgedMetric) and (said := truth_input(reference, metric)) is not None:
                outcome.inputs.setdefault(*said)
            for modality in modalities:
                recording = reference.recording(modality)
                if recording is not None:
                    file = replace(Input.of(recording), pixels=self._pixels(recording))
                    outcome.inputs.setdefault(f"reference.{modality}", file)
                    note_reference(ClipViews(reference, Clip(clip), self.plan.protocol), modality, outcome)
            outcome.failures[index] = Failure(f"clip {clip}: {reason}", "prediction")
        return outcome

    def _pixels(self, recording: Recording) -> str | None:
        """The family of a reference's pixels; None if it is not a video or cannot be read."""
        if not hasattr(recording, "chunks"):
            return None
        try:
            return cast("VideoRecording", recording).probe(self.plan.protocol.source_fps).pixels
        except (SignbenchError, OSError):
            return None

    def _without_paths(self, outcome: ClipOutcome) -> ClipOutcome:
        """Makes paths in reasons relative to their side, so that equal work gives equal bytes in any folder."""
        for index, failure in outcome.failures.items():
            reason = failure.reason
            for side in (self.references, self.predictions):
                reason = reason.replace(f"{side.name.rstrip(os.sep)}{os.sep}", "")
            outcome.failures[index] = Failure(reason, failure.fault)
        return outcome


def run_in_memory(work: Work) -> Result:
    """Runs without a folder and keeps only the result."""
    with RecordFile(None, write=True) as records:
        store = RecordStore([records])
        todo = work.todo(store)
        work.check(todo)
        work.score(todo, records)
        return fold(work.plan, RecordStore([records]))


def run_in_folder(work: Work, folder: RunFolder, *, fresh: bool) -> Result | None:
    """Runs in a folder, and resumes an earlier run there.

    Args:
        work: the comparison.
        folder: the run's folder.
        fresh: move an existing run aside first.

    Returns:
        The result; None on every rank except the first.

    Raises:
        InputError: an error found before anything was written, or the folder can no longer be written.
        SignbenchError: a worker process was killed.
    """
    ranks = Ranks.from_environment()
    fresh = fresh and not supervision.is_again()  # the run in the folder was started by an earlier child of this command
    if not ranks.first:
        _follow(work, folder, ranks)
        return None
    begun = time.monotonic()
    with ExitStack() as stack, supervision.doing(supervision.SCORING):
        with ranks.reporting_errors():
            todo, started = _prepare(work, folder, fresh=fresh)
            stack.enter_context(alone_in(folder, fresh=fresh))
            description = _describe(work.plan, folder, ranks, started)
        ranks.agree({"launch": description["launch"], "todo": todo})
        supervision.at_work(folder.path, description["launch"], ranks.rank)
        with keeping_status(folder, description):
            mine = ranks.share(list(todo))
            if mine:
                with RecordFile(folder.records(ranks.rank), write=True) as records:
                    work.score({clip: todo[clip] for clip in mine}, records)
            ranks.wait_for_others(folder, description["launch"])
            result = finish(work.plan, folder)
        _write_status(folder, description, result.status, result.exit_code, begun)
    return result


@contextmanager
def keeping_status(folder: RunFolder, description: dict[str, Any]) -> Iterator[None]:
    """Writes to ``run.json`` how a run ended, if it ends early.

    Args:
        folder: the run's folder.
        description: the contents of ``run.json``.
    """
    begun = time.monotonic()
    try:
        yield
    except KeyboardInterrupt:
        other = error_of_others(folder, description["launch"], description["processes"])
        if other is not None:  # torchrun ends all ranks when one has ended
            _write_status(folder, description, "failed", other.exit_code, begun)
            raise other from None
        _write_status(folder, description, "interrupted", 130, begun)
        raise
    except SignbenchError as error:
        _write_status(folder, description, "failed", error.exit_code, begun)
        raise
    except Exception:
        _write_status(folder, description, "failed", 70, begun)
        raise


def finish(plan: RunPlan, folder: RunFolder) -> Result:
    """Folds the records of a folder and writes ``result.json`` and ``per_clip.parquet``."""
    with ExitStack() as stack:
        files = [stack.enter_context(RecordFile(path, write=False)) for path in folder.all_records()]
        store = RecordStore(files)
        result = fold(plan, store)
        content = json_bytes(result.as_json())
        if folder.result_json.exists() and folder.per_clip.exists() and folder.result_json.read_bytes() == content:
            return result
        write_atomically(folder.per_clip, per_clip_parquet(*per_clip_rows(plan, store)))
        write_atomically(folder.result_json, content)
    return result


def _prepare(work: Work, folder: RunFolder, *, fresh: bool) -> tuple[dict[str, list[int]], str]:
    """Checks everything that can be checked before scoring; returns the remaining work and the time when the run was started."""
    spec = work.plan.spec()
    is_resumed = folder.claim(spec, fresh=fresh)
    started = _now()
    if is_resumed:
        known = folder.read()
        started = known.get("started", started)
        clips = known.get("clips", [])
        if clips != list(work.plan.clips):
            raise InputError(
                f"the clips changed since {folder.path} was started ({len(clips)} then, {len(work.plan.clips)} now); "
                "choose another `out`, or use `fresh=True` to move it aside."
            )
        with ExitStack() as stack:
            store = RecordStore([stack.enter_context(RecordFile(path, write=False)) for path in folder.all_records()])
            _check_inputs(work, store)
            todo = work.todo(store)
    else:
        with RecordFile(None, write=True) as nothing:
            todo = work.todo(RecordStore([nothing]))
    work.check(todo)
    return todo, started


@contextmanager
def begin(plan: RunPlan, folder: RunFolder, ranks: Ranks, *, fresh: bool) -> Iterator[dict[str, Any]]:
    """Claims a folder for a run whose predictions are not generated yet, locks it and writes ``run.json``.

    Args:
        plan: the plan of the run.
        folder: the run's folder.
        ranks: this process's rank.
        fresh: move an existing run aside first.

    Yields:
        The contents of ``run.json``.

    Raises:
        InputError: the folder holds another run, another command is working there, or it cannot be written.
    """
    is_resumed = folder.claim(plan.spec(), fresh=fresh)
    started = folder.read().get("started", _now()) if is_resumed else _now()
    with alone_in(folder, fresh=fresh):
        own = supervision.child()
        yield _describe(plan, folder, ranks, started, launch=own.launch if own is not None else None)


def _describe(plan: RunPlan, folder: RunFolder, ranks: Ranks, started: str, launch: str | None = None) -> dict[str, Any]:
    """Writes ``run.json`` before the work starts; refuses a folder that another command has claimed in the meantime."""
    spec = plan.spec()
    folder.claim(spec, fresh=False)
    _at_work.append(folder.path)
    description = {
        "run_version": RUN_VERSION,
        "spec_sha256": spec_hash(spec),
        "spec": spec,
        "measured": [item.as_json() for item in plan.measured],
        "clips": list(plan.clips),
        "launch": launch or uuid.uuid4().hex,
        "status": "running",
        "exit_code": None,
        "started": started,
        "processes": ranks.world,
        "provenance": signature.provenance_part(),
        "environment": {"platform": platform.platform(), "machine": platform.machine(), "host": platform.node()},
    }
    write_atomically(folder.run_json, json_bytes(description))
    return description


def _follow(work: Work, folder: RunFolder, ranks: Ranks) -> None:
    """Scores this rank's share of the clips, on every rank except the first."""
    message = ranks.agree(None)
    if "error" in message:
        return
    supervision.at_work(folder.path, message["launch"], ranks.rank)
    with ranks.marking_end(folder, message["launch"]), supervision.doing(supervision.SCORING):
        todo: dict[str, list[int]] = message["todo"]
        mine = ranks.share(list(todo))
        if mine:
            with RecordFile(folder.records(ranks.rank), write=True) as records:
                work.score({clip: todo[clip] for clip in mine}, records)


def _check_inputs(work: Work, store: RecordStore) -> None:
    """Refuses to resume if a file changed since its record was made.

    A file with the same size, times and inode is assumed unchanged; otherwise its digest decides.

    Raises:
        InputError: a file changed; the message names the first.
    """
    for clip in work.plan.clips:
        seen: set[tuple[str, Input]] = set()
        for metric, key in zip(work.plan.metrics, work.plan.keys, strict=True):
            row = store.row(clip, key) if key and store.has(clip, key) else None
            if row is None:
                continue
            modality = modality_of(metric, row.lengths)
            if isinstance(metric, JudgedMetric) and (said := truth_input(work.references.clips[clip], metric)) is not None:
                kept = row.inputs.get(said[0])
                if kept is None or kept.sha256 != said[1].sha256:
                    raise InputError(
                        f"the corpus's answer for clip {clip} changed since its record was made; choose another `out`, or use "
                        "`fresh=True` to move this run aside."
                    )
            for side in (work.references, work.predictions):
                name = f"{'reference' if side is work.references else 'prediction'}.{modality}"
                known = row.inputs.get(name)
                if known is None or (name, known) in seen:  # judged metrics do not always read the reference
                    continue
                seen.add((name, known))
                there = side.clips.get(clip)
                recording = None if there is None else there.recording(modality)
                if recording is None or _changed(recording, known):
                    label = recording.label if recording is not None else f"the {modality} of clip {clip} in {side.name}"
                    raise InputError(
                        f"{label} changed since its record was made; choose another `out`, or use `fresh=True` to move this run "
                        "aside."
                    )


def known_predictions(folder: RunFolder, predictions: Side, modality: FileKind) -> dict[str, str]:
    """The recorded SHA-256 of those predictions whose size, times and inode are unchanged.

    Args:
        folder: the run's folder.
        predictions: the predictions as they are now.
        modality: the modality of the files.
    """
    found: dict[str, str] = {}
    with ExitStack() as stack:
        store = RecordStore([stack.enter_context(RecordFile(path, write=False)) for path in folder.all_records()])
        for clip, there in predictions.clips.items():
            row, recording = store.row(clip), there.recording(modality)
            known = row.inputs.get(f"prediction.{modality}") if row is not None else None
            if known is not None and recording is not None and recording.stamp() == known.stamp:
                found[clip] = known.sha256
    return found


def _changed(recording: Recording, known: Input) -> bool:
    return recording.stamp() != known.stamp and recording.digest() != known.sha256  # the stamp may be that of a table beside it too


def _write_status(folder: RunFolder, description: dict[str, Any], status: str, exit_code: int, begun: float) -> None:
    description |= {"status": status, "exit_code": exit_code, "ended": _now(), "seconds": round(time.monotonic() - begun, 3)}
    write_atomically(folder.run_json, json_bytes(description))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def metric_list(names: list[str]) -> tuple[Metric, ...]:
    """The metrics with the given names, each once, in order.

    Raises:
        InputError: no metric is named, or a name is unknown.
    """
    from signbench.metrics import registry

    if not names:
        raise InputError(f"no metric is named; use `metrics=NAME`. Known: {', '.join(registry.known())}.")
    metrics = {metric.canonical: metric for metric in map(registry.create, names)}
    return tuple(metrics.values())
