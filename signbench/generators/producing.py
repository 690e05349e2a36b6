"""Runs a generator clip by clip; failures affect only their own clip, and the work can be resumed."""

from __future__ import annotations

import errno
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signbench.errors import InputError, SignbenchError, in_flags, listing
from signbench.foreign import supervision
from signbench.foreign.isolation import isolated, reopen_streams
from signbench.generators.base import Generator
from signbench.predictions.manifest import Failure, Line, append, productions_done
from signbench.predictions.productions import write_production
from signbench.predictions.prompts import Production, Prompt, clip_seed
from signbench.predictions.sampling import wanted_length

_NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@dataclass
class Outcome:
    """The outcome of generating.

    Attributes:
        made: manifest lines of the productions that were written.
        kept: number of productions that already existed.
        failed: clips that failed.
    """

    made: list[Line] = field(default_factory=list)
    kept: int = 0
    failed: list[Failure] = field(default_factory=list)


def produce(
    generator: Generator,
    clips: Sequence[str],
    prompt: Callable[[str], Prompt],
    *,
    folder: Path,
    task: str,
    seed: int,
    rank: int = 0,
    progress: Callable[[int, int], None] | None = None,
    clip_seconds: float | None = None,
    redo: Collection[str] = (),
) -> Outcome:
    """Generates the missing predictions of a folder.

    Call :func:`signbench.predictions.manifest.merge` when all processes have ended.

    A clip for which the generator raises an exception, or whose production does not meet the requirements, is a failure with its
    reason; the others continue. Failures are retried by the next call.

    Args:
        generator: prepared.
        clips: ids of this process's share, in any order.
        prompt: the prompt of a clip; called for the remaining ones, a batch at a time.
        folder: of predictions.
        task: name of the task, for the seeds.
        seed: of the task, for the seeds.
        rank: of this process.
        progress: called with the number of finished clips and the total.
        redo: clips that are generated even if a production exists.
        clip_seconds: time limit for one clip; exceeding it is a failure. None: no limit.

    Raises:
        InputError: the folder holds another generator's productions or cannot be written, or the generator returns a clip that was
            not requested.
    """
    done = productions_done(folder)
    unexpected = [
        line.clip for line in done.values() if (line.generator, line.version) != (generator.card.name, generator.card.version)
    ]
    if unexpected:
        other = done[unexpected[0]]
        raise InputError(
            f"{folder} holds productions of {other.generator} {other.version} ({listing(unexpected)}), not of "
            f"{generator.card.name} {generator.card.version}; choose another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be created: {error.strerror or error}; choose another folder.") from error
    pending = [clip for clip in clips if clip in redo or clip not in done or done[clip].seed != clip_seed(task, seed, clip)]
    outcome = Outcome(kept=len(clips) - len(pending))
    before = supervision.child()
    lost, suspects = (before.lost, before.suspects) if before is not None else ({}, set())
    work = _Work(generator, prompt, folder, task, seed, rank, outcome, clip_seconds)
    for clip in (clip for clip in pending if clip in lost):
        work.fail(clip, lost[clip])
    alone = [[clip] for clip in pending if clip in suspects and clip not in lost]
    others = [clip for clip in pending if clip not in suspects and clip not in lost]
    size = max(1, generator.batch)
    tried = outcome.kept + len(outcome.failed)
    for batch in [*alone, *(others[start : start + size] for start in range(0, len(others), size))]:
        left = work.attempt(batch)
        # The clips after a failure get their own attempt, so that each failure is assigned to the right clip.
        for clip in left:
            work.attempt([clip])
        tried += len(batch)
        if progress is not None:
            progress(tried, len(clips))
    return outcome


@dataclass
class _Work:
    """The generation in one process."""

    generator: Generator
    prompt: Callable[[str], Prompt]
    folder: Path
    task: str
    seed: int
    rank: int
    outcome: Outcome
    clip_seconds: float | None

    def attempt(self, clips: Sequence[str]) -> list[str]:
        """Generates some clips; a single one is done or failed afterwards; if there are several, the returned ones are neither."""
        prompts: dict[str, Prompt] = {}
        open_clips = list(clips)
        try:
            prompts = {clip: self.prompt(clip) for clip in clips}
            seeds = [clip_seed(self.task, self.seed, clip) for clip in clips]
            limit = None if self.clip_seconds is None else self.clip_seconds * len(clips)
            with supervision.doing("making clips", clips, limit), isolated(seconds=limit):
                for production in self.generator.generate(list(prompts.values()), seeds):
                    reopen_streams()
                    if not isinstance(production, Production):
                        raise _ContractError(f"it yields a {type(production).__name__}, not a Production")
                    if production.clip not in open_clips:
                        again = "twice" if production.clip in prompts else "unasked"
                        raise _ContractError(f"it makes the clip {production.clip} {again}")
                    self._write(production, prompts[production.clip])
                    open_clips.remove(production.clip)
        except _ContractError as error:
            raise InputError(f"generator {self.generator.card.name} breaks its contract: {error}.") from None
        except Exception as error:  # isolation turns everything else into an Exception
            if _is_about_the_place(error):
                raise
            if len(clips) == 1 and open_clips:
                self.fail(clips[0], _reason(error))
                return []
            return open_clips
        if len(clips) == 1 and open_clips:
            self.fail(clips[0], "the generator returned nothing for it.")
            return []
        return open_clips

    def _write(self, production: Production, prompt: Prompt) -> None:
        seed = clip_seed(self.task, self.seed, production.clip)
        length, card = wanted_length(prompt), self.generator.card
        line = write_production(
            self.folder,
            production,
            prompt.made,
            generator=card.name,
            version=card.version,
            seed=seed,
            length=length,
            rank=self.rank,
        )
        self.outcome.made.append(line)

    def fail(self, clip: str, reason: str) -> None:
        """Records a failed clip, with the reason."""
        failure = Failure(clip, reason)
        append(self.folder, failure, self.rank)
        self.outcome.failed.append(failure)


class _ContractError(Exception):
    """A generator returned something that was not requested."""


def _reason(error: Exception) -> str:
    """An error as one line of text without control characters; preceded by its type unless it is one of signbench's."""
    text = " ".join(str(error).split())
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cc")
    return in_flags(text) if isinstance(error, SignbenchError) else f"{type(error).__name__}{': ' if text else ''}{text}"


def _is_about_the_place(error: Exception) -> bool:
    """Whether the folder cannot be written, which is not the fault of a clip."""
    return isinstance(error, InputError) and getattr(error.__cause__, "errno", None) in _NO_PLACE
