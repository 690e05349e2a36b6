"""Runs of a task: submitted predictions, or a generator that makes them first."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from signbench.corpora.clip import Side
from signbench.corpora.corpus import Corpus
from signbench.errors import InputError, listing, nearest
from signbench.extractors.base import settled_device
from signbench.foreign import supervision
from signbench.foreign.isolation import guarded
from signbench.media.modalities import FileKind
from signbench.metrics import registry as metrics
from signbench.predictions.checking import check_predictions
from signbench.predictions.problems import refuse
from signbench.predictions.reading import read_predictions
from signbench.progress import Progress, silent
from signbench.runs.folder import RunFolder
from signbench.runs.plan import Measured, RunPlan
from signbench.runs.result import Result, Subset, TaskSplit
from signbench.scoring.engine import Work, begin, keeping_status, known_predictions, run_in_folder
from signbench.scoring.ranks import Ranks
from signbench.scoring.task_judges import check_named, dealt_clips, judges_of
from signbench.tasks.references import TaskReferences, open_corpus, task_references
from signbench.tasks.schema import Task

if TYPE_CHECKING:
    from signbench.generators.base import Generator
    from signbench.judges.base import Judge
    from signbench.predictions.prompts import Prompt

_log = logging.getLogger(__name__)
PREDICTIONS = "predictions"
CLIP_SECONDS = 3600.0
"""Default time limit of a generator for one clip."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TaskRun:
    """A task's split that will be scored.

    Attributes:
        task: the task.
        split: one of its splits.
        references: the references.
        clips: ids of the expected clips, in order.
        subset: the subset that the run is limited to, or None.
        workers: processes for the clips, or None for one per core.
        progress: receives the progress.
        require_all: whether missing weights of extended metrics stop the run.
        device: the device of networks.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
        corpus: the corpus, if the references are its clips.
    """

    task: Task
    split: str
    references: TaskReferences
    clips: tuple[str, ...]
    subset: Subset | None
    workers: int | None
    progress: Progress
    require_all: bool = False
    device: str = "cpu"
    root: Path | None = None
    corpus: Corpus | None = None

    @classmethod
    def of(
        cls,
        task: Task,
        split: str | None = None,
        *,
        references_dir: Path | None = None,
        limit: int | None = None,
        clips: Iterable[str] | None = None,
        workers: int | None = 1,
        progress: Progress = silent,
        require_all: bool = False,
        device: str = "cpu",
        judges: str | Collection[str] = (),
        root: Path | None = None,
    ) -> TaskRun:
        """Finds the expected clips of a task's split; reads names only.

        Args:
            task: the task.
            split: one of its splits; None: the default.
            references_dir: a folder with a copy of the data set; None: signbench's own reader.
            limit: score only the first clips, this many; the result states it.
            clips: score only these clips; the result states it.
            workers: number of processes, which does not affect the result.
            progress: receives the progress.
            require_all: stop if weights of extended metrics are missing, instead of leaving those metrics out.
            device: the device of networks.
            judges: the custom judges named by the task that may run.
            root: the folder of the corpus, if it lies on disk; None: the configured one.

        Raises:
            InputError: a split or clip does not exist, no clip is left, references are missing, or a custom judge is not named.
        """
        check_named(task, judges)
        split = task.split(split)
        if task.samples_per_clip != 1:
            raise InputError(
                f"the task {task.name} needs {task.samples_per_clip} samples per clip, but only 1 is supported so far."
            )
        corpus = open_corpus(task, root) if references_dir is None else None
        references = task_references(task, split, references_dir, corpus=corpus)
        expected, subset = references.clips, references.subset
        if clips is not None:
            wanted = set(clips)
            if not wanted:
                raise InputError("`clips` is empty; name some ids, or leave it out.")
            unknown = sorted(wanted - set(expected))
            if unknown:
                raise InputError(f"`clips`: the task has no clip {listing(unknown)}. {nearest(unknown[0], expected)}")
            if wanted != set(expected):
                expected = tuple(sorted(wanted))
                subset = Subset(clips=expected)
        if limit is not None:
            if limit < 1:
                raise InputError(f"`limit` must be at least 1, not {limit}.")
            if limit < len(expected):
                expected, subset = expected[:limit], Subset(limit=limit)
        references.check_present(expected, task.references)
        device = settled_device(device)
        return cls(
            task=task,
            split=split,
            references=references,
            clips=expected,
            subset=subset,
            workers=workers,
            progress=progress,
            require_all=require_all,
            device=device,
            root=root,
            corpus=corpus,
        )

    def plan(
        self,
        kind: Literal["score", "run"],
        predictions: str | None,
        generator: Generator | None = None,
        content: Mapping[str, str] | None = None,
    ) -> RunPlan:
        """The plan of a run.

        Args:
            kind: whether predictions are submitted or generated.
            predictions: the folder of the predictions.
            generator: the generator, or None.
            content: the contents that identify the generator.
        """
        from signbench.tasks.loading import is_shipped

        clusters = None
        if self.task.cluster == "signer":
            signers = [self.references.side.clips[clip].signer for clip in self.clips]
            if None in signers:
                raise InputError(
                    f"the task {self.task.name} clusters by signer, but the signer of {self.clips[signers.index(None)]} is not "
                    "known; add the column signer to clips.csv."
                )
            clusters = tuple(str(signer) for signer in signers)
        return RunPlan(
            references=self.references.side.location or self.references.side.name,
            predictions=predictions,
            measured=self._measured(),
            protocol=self.task.protocol(),
            clips=self.clips,
            subset=self.subset,
            kind=kind,
            task=TaskSplit(name=self.task.name, version=self.task.version, split=self.split),
            generator=generator.card.as_json() if generator is not None else None,
            coverage_floor=self.task.coverage_floor,
            clusters=clusters,
            headlines=self.task.headlines,
            own_copy=self.references.own_copy,
            own_task=None if is_shipped(self.task) else self.task.digest()[:12],
            content={"task": self.task.digest(), **self._source, **(content or {})},
        )

    @property
    def _source(self) -> dict[str, str]:
        return {} if self.references.source is None else {"corpus": self.references.source}

    @cached_property
    def judges(self) -> dict[str, Judge]:
        """The task's judges, prepared, which may take a while."""
        names = [item.judge for item in self.task.metrics if item.judge is not None]
        return judges_of(self.task, self.split, names, device=self.device, progress=self.progress, root=self.root)

    def _measured(self) -> tuple[Measured, ...]:
        """The task's metrics; extended ones may lack their weights, unless all are required."""
        judges, protocol = self.judges, self.task.protocol()
        found = tuple(
            Measured.of(metrics.create(item.key), protocol, tier="core" if self.require_all else item.tier, judges=judges)
            for item in self.task.metrics
        )
        return tuple(replace(item, tier=given.tier) for item, given in zip(found, self.task.metrics, strict=True))

    def work(self, plan: RunPlan, predictions: Side, absent: Mapping[str, str]) -> Work:
        """The comparison of predictions with the task's references, ready to be run."""
        dealt = dealt_clips(self.task.name, self.task.seed, tuple(sorted(self.references.clips))) if self.judges else {}
        return Work(
            plan=plan,
            references=self.references.side,
            predictions=predictions,
            workers=self.workers,
            progress=self.progress,
            absent=absent,
            device=self.device,
            judges=self.judges,
            dealt=dealt,
        )


def score_predictions(
    run: TaskRun, predictions: Path, out: Path | None, *, fresh: bool, allow_missing: bool
) -> tuple[RunFolder, Result] | None:
    """Scores a folder of submitted predictions.

    Args:
        run: the task's split.
        predictions: a folder of files named by clip id.
        out: folder of the run; None: ``runs/<task>-<predictions>-<hash>``.
        fresh: move an existing run aside.
        allow_missing: score an incomplete run if clips lack a file, instead of stopping.

    Returns:
        The run and its result; None on every rank except the first.

    Raises:
        InputError: the predictions do not fit the task; the message lists all problems, before the work starts.
    """
    side = read_predictions(run.task, predictions)
    ranks = Ranks.from_environment()
    if ranks.first:
        with ranks.reporting_errors():
            problems = check_predictions(run.task, run.references.side, side, run.clips, run.root)
            refuse(problems, str(predictions), allow_missing=allow_missing)
    plan = run.plan("score", side.location or str(predictions))
    folder = RunFolder(out if out is not None else plan.default_folder())
    result = run_in_folder(run.work(plan, side, {}), folder, fresh=fresh)
    return None if result is None else (folder, result)


@dataclass(frozen=True, eq=False)
class Generation:
    """A generator that will make a task's clips.

    Attributes:
        run: the task's split.
        generator: the generator, not yet prepared.
        content: the contents that identify it, see :func:`signbench.generators.registry.content`; None: its source files.
        clip_seconds: its time limit for one clip, or None.
    """

    run: TaskRun
    generator: Generator
    _: KW_ONLY
    content: Mapping[str, str] | None = None
    clip_seconds: float | None = CLIP_SECONDS

    @cached_property
    def corpus(self) -> Corpus:
        """The task's corpus, the source of prompts and training clips."""
        return self.run.corpus or open_corpus(self.run.task, self.run.root)

    def check(self) -> None:
        """Checks that the generator fits the task.

        Raises:
            InputError: it makes another modality, or needs inputs that the task does not provide.
        """
        from signbench.generators.base import check_fit
        from signbench.predictions.prompts import Made

        check_fit(self.generator.card, Made.of_task(self.run.task.made, self._fps), granted(self.run.task))

    def plan(self) -> RunPlan:
        """The plan for scoring the generated clips."""
        from signbench.foreign.content import content_of

        content = self.content if self.content is not None else content_of(type(self.generator))
        return self.run.plan("run", PREDICTIONS, self.generator, content)

    @property
    def _fps(self) -> float | None:
        return self.corpus.clip(self.run.clips[0]).fps

    def make(self, folder: Path, share: list[str], rank: int) -> None:
        """Generates this process's share of the clips; existing ones are kept.

        Args:
            folder: the folder of predictions.
            share: the ids of the clips.
            rank: the rank of this process.
        """
        from signbench.generators.base import Anchor
        from signbench.generators.producing import produce
        from signbench.generators.training import References, TrainView, prompt_of
        from signbench.predictions.manifest import productions_done
        from signbench.predictions.prompts import Made, clip_seed
        from signbench.predictions.source_images import source_video

        task = self.run.task
        made = Made.of_task(task.made, self._fps)
        done = productions_done(folder)
        changed = self._changed(folder, share)
        if not changed and all(clip in done and done[clip].seed == clip_seed(task.name, task.seed, clip) for clip in share):
            return
        if isinstance(self.generator, Anchor):
            ids = self.corpus.ids(self.run.split)
            seen = References(self.corpus, ids, references=task.references, task=task.name, seed=task.seed)
            anchor = self.generator
            guarded(lambda: anchor.see(seen), f"generator {anchor.card.name} cannot take the references")
        train = TrainView.of_task(self.corpus, made, split=self.run.split, references=task.references)
        with supervision.doing("preparing it"):
            guarded(lambda: self.generator.prepare(train), f"generator {self.generator.card.name} cannot be prepared")

        def prompt(clip: str) -> Prompt:
            source = source_video(task, self.corpus, clip, train.split)
            return prompt_of(self.corpus.clip(clip), made, granted(task), references=task.references, source=source)

        produce(
            self.generator,
            share,
            prompt,
            folder=folder.absolute(),  # a generator may change the working directory
            task=task.name,
            seed=task.seed,
            rank=rank,
            clip_seconds=self.clip_seconds,
            redo=changed,
            progress=lambda count, total: self.run.progress("generating", count, total),
        )

    def _changed(self, folder: Path, share: Sequence[str]) -> list[str]:
        """Clips whose files no longer match the manifest, which are generated again."""
        from signbench.predictions.manifest import changed_productions

        if not folder.is_dir():
            return []
        side = read_predictions(self.run.task, folder)
        modality: FileKind = "video" if self.run.task.made.modality == "video" else "pose"
        changed = changed_productions(folder, share, known_predictions(RunFolder(folder.parent), side, modality))
        if changed:
            _log.warning(
                "signbench: %d productions in %s no longer match their SHA-256 in the manifest and are generated again: %s.",
                len(changed),
                folder,
                listing(changed),
            )
        return changed


def granted(task: Task) -> tuple[str, ...]:
    """The prompt fields that a task fills; an image of another signer is passed in the same field as one of the signer."""
    return tuple("source_image" if name == "other_source_image" else name for name in task.given)


def run_generator(generation: Generation, out: Path | None, *, fresh: bool) -> tuple[RunFolder, Result] | None:
    """Generates a task's clips, then scores them; resumes where an earlier call stopped.

    Args:
        generation: the generator and the task's split.
        out: folder of the run; None: ``runs/<task>-<generator>-<hash>``.
        fresh: move an existing run aside.

    Returns:
        The run and its result; None on every rank except the first.

    Raises:
        InputError: the generator does not fit the task, or the folder cannot be written.
    """
    from signbench.predictions.manifest import merge

    run, ranks = generation.run, Ranks.from_environment()
    plan = generation.plan()
    folder = RunFolder(out if out is not None else plan.default_folder())
    predictions = folder.path / PREDICTIONS
    if ranks.first:
        with ExitStack() as stack:
            with ranks.reporting_errors():
                generation.check()
                again = supervision.is_again()
                description = stack.enter_context(begin(plan, folder, ranks, fresh=fresh and not again))
            ranks.agree({"launch": description["launch"]})
            supervision.at_work(folder.path, description["launch"], ranks.rank)
            with ranks.reporting_errors(), keeping_status(folder, description):
                generation.make(predictions, ranks.share(list(run.clips)), ranks.rank)
                ranks.wait_for_others(folder, description["launch"])
                merge(predictions)
            ranks.agree({"generated": True})
            result = run_in_folder(_made_work(generation, plan, predictions), folder, fresh=False)
        return None if result is None else (folder, result)
    message = ranks.agree(None)
    if "error" in message:
        return None
    launch = message["launch"]
    supervision.at_work(folder.path, launch, ranks.rank)
    with ranks.marking_end(folder, launch):
        generation.make(predictions, ranks.share(list(run.clips)), ranks.rank)
    if "error" not in ranks.agree(None, ended=lambda: folder.has_ended(launch)):
        run_in_folder(_made_work(generation, plan, predictions), folder, fresh=False)
    return None


def _made_work(generation: Generation, plan: RunPlan, predictions: Path) -> Work:
    from signbench.predictions.manifest import failures

    run = generation.run
    side = read_predictions(run.task, predictions)
    absent = {clip: f"the generator failed on it: {failure.reason}" for clip, failure in failures(predictions).items()}
    return run.work(plan, side, absent)
