"""Productions as files: written whole or not at all, checked against what the task wants, resumable."""

from __future__ import annotations

import errno
import hashlib
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip_ids import check_clip_id, clip_id
from signbench.errors import InputError, SignbenchError, listing
from signbench.foreign import supervision
from signbench.foreign.wall import mend_streams, wall
from signbench.generators.base import Card, Generator, Made, Production, Prompt, clip_seed
from signbench.generators.manifest import Failure, Line, append, productions_done
from signbench.generators.sampling import wanted_length
from signbench.media.rates import same_rate

__all__ = ["Outcome", "produce", "production_path", "productions_done", "write_production"]

_NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}

MOST_SECONDS = 600.0
"""How long a production may be where the task grants no length: an endless one stops there."""


@dataclass
class Outcome:
    """What came of generating.

    Attributes:
        made: lines of the productions that were written.
        kept: how many were there already.
        failed: clips that could not be made.
    """

    made: list[Line] = field(default_factory=list)
    kept: int = 0
    failed: list[Failure] = field(default_factory=list)


def production_path(folder: Path, clip: str, made: Made) -> Path:
    """Where the production of a clip lies.

    Args:
        folder: of predictions.
        clip: id of the clip.
        made: what the task wants.

    Raises:
        InputError: the id could lead out of the folder, or would be read back as another one.
    """
    check_clip_id(clip)
    file = f"{clip}{made.file_suffix}"
    if clip_id(file, suffix=True) != clip or any(part.startswith(".") for part in clip.split("/")):
        raise InputError(
            f"clip id {clip!r} cannot name a file that is found again: ids are in NFC, without a split in front and without "
            "hidden folders."
        )
    return folder / file


def write_production(
    folder: Path, production: Production, made: Made, *, card: Card, seed: int, length: int | None = None, rank: int = 0
) -> Line:
    """Writes a production and its line in the manifest: the file first, whole or not at all.

    Equal productions give equal bytes: FFV1 in Matroska for video, ``.pose`` or ``.npz`` for key points.

    Args:
        folder: of predictions; made where it is missing.
        production: what a generator made; its frames are taken one by one.
        made: what the task wants.
        card: of the generator.
        seed: of the clip.
        length: the number of frames that the task grants, or None where any is right.
        rank: of this process among those that write into the folder.

    Raises:
        InputError: the production is not what the task wants, or cannot be written; nothing is left behind then.
    """
    path = production_path(folder, production.clip, made)
    _check(production, made)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be made: {error.strerror or error}; give another folder.") from error
    if production.frames is not None:
        from signbench.media.video_writer import write_video

        frames = write_video(path, _checked_frames(production, made, length), made.fps)
    elif production.pose is not None:
        from signbench.media.pose_files import write_pose

        pose = production.pose
        _check_pose(pose, made, production.clip, length)
        write_pose(path, replace(pose, fps=made.fps))
        frames = pose.frames
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    line = Line(
        clip=production.clip,
        file=path.relative_to(folder).as_posix(),
        sha256=digest,
        bytes=path.stat().st_size,
        frames=frames,
        seconds=round(frames / made.fps, 6),
        generator=card.name,
        version=card.version,
        seed=seed,
    )
    append(folder, line, rank)
    return line


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
    anew: Collection[str] = (),
) -> Outcome:
    """Makes what is missing of a folder of predictions; call :func:`signbench.generators.manifest.merge` when all processes ended.

    A clip for which the generator raises, or makes what the task does not want, is a failure with its reason; the others go on.
    Failures are not done: the next call tries them again.

    Args:
        generator: prepared.
        clips: ids of this process's share, in any order.
        prompt: the prompt of a clip; called for those that are still to be made, a batch at a time.
        folder: of predictions.
        task: name of the task, for the seeds.
        seed: of the task, for the seeds.
        rank: of this process.
        progress: is told how many clips are done with, of how many.
        anew: clips that are made although a production is there.
        clip_seconds: how long the generator may take for one clip; longer is a failure. None: without an end.

    Raises:
        InputError: the folder holds another generator's productions or cannot be written, or the generator answers for a clip that
            it was not asked for.
    """
    done = productions_done(folder)
    strange = [
        line.clip for line in done.values() if (line.generator, line.version) != (generator.card.name, generator.card.version)
    ]
    if strange:
        other = done[strange[0]]
        raise InputError(
            f"{folder} holds productions of {other.generator} {other.version} ({listing(strange)}), not of {generator.card.name} "
            f"{generator.card.version}; give another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror or error}; give another folder.") from error
    pending = [clip for clip in clips if clip in anew or clip not in done or done[clip].seed != clip_seed(task, seed, clip)]
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
        # What came after a failure gets its own attempt, so that each failure is charged to the clip that it belongs to.
        for clip in left:
            work.attempt([clip])
        tried += len(batch)
        if progress is not None:
            progress(tried, len(clips))
    return outcome


@dataclass
class _Work:
    """One process's generating."""

    generator: Generator
    prompt: Callable[[str], Prompt]
    folder: Path
    task: str
    seed: int
    rank: int
    outcome: Outcome
    clip_seconds: float | None

    def attempt(self, clips: Sequence[str]) -> list[str]:
        """Makes some clips; a single one is done or failed afterwards, of several the ones returned are neither."""
        prompts: dict[str, Prompt] = {}
        open_clips = list(clips)
        try:
            prompts = {clip: self.prompt(clip) for clip in clips}
            seeds = [clip_seed(self.task, self.seed, clip) for clip in clips]
            limit = None if self.clip_seconds is None else self.clip_seconds * len(clips)
            with supervision.doing("making clips", clips, limit), wall(seconds=limit):
                for production in self.generator.generate(list(prompts.values()), seeds):
                    mend_streams()
                    if not isinstance(production, Production):
                        raise _ContractError(f"it yields a {type(production).__name__}, not a Production")
                    if production.clip not in open_clips:
                        again = "twice" if production.clip in prompts else "unasked"
                        raise _ContractError(f"it makes the clip {production.clip} {again}")
                    self._write(production, prompts[production.clip])
                    open_clips.remove(production.clip)
        except _ContractError as error:
            raise InputError(f"generator {self.generator.card.name} breaks its contract: {error}.") from None
        except Exception as error:  # what is no Exception, the wall has made one
            if _is_about_the_place(error):
                raise
            if len(clips) == 1 and open_clips:
                self.fail(clips[0], _reason(error))
                return []
            return open_clips
        if len(clips) == 1 and open_clips:
            self.fail(clips[0], "the generator made nothing for it.")
            return []
        return open_clips

    def _write(self, production: Production, prompt: Prompt) -> None:
        seed = clip_seed(self.task, self.seed, production.clip)
        length = wanted_length(prompt)
        line = write_production(
            self.folder, production, prompt.made, card=self.generator.card, seed=seed, length=length, rank=self.rank
        )
        self.outcome.made.append(line)

    def fail(self, clip: str, reason: str) -> None:
        """Notes a clip that cannot be made, with the reason."""
        failure = Failure(clip, reason)
        append(self.folder, failure, self.rank)
        self.outcome.failed.append(failure)


class _ContractError(Exception):
    """A generator answers for what it was not asked."""


def _reason(error: Exception) -> str:
    """An error as one line of text without control characters; the kind in front where it is none of ours."""
    text = " ".join(str(error).split())
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cc")
    return text if isinstance(error, SignbenchError) else f"{type(error).__name__}{': ' if text else ''}{text}"


def _is_about_the_place(error: Exception) -> bool:
    """Whether the folder cannot be written, which is no clip's fault."""
    return isinstance(error, InputError) and getattr(error.__cause__, "errno", None) in _NO_PLACE


def _check(production: Production, made: Made) -> None:
    """What can be seen before the first frame is taken."""
    clip = production.clip
    wanted, given = ("frames", "key points") if made.modality == "video" else ("key points", "frames")
    has_frames, has_pose = production.frames is not None, production.pose is not None
    if has_frames == has_pose:
        raise InputError(f"{clip}: a production has either frames or key points, not {'both' if has_pose else 'neither'}.")
    if has_frames != (made.modality == "video"):
        raise InputError(f"{clip}: the production has {given}; the task wants {wanted}.")
    if not same_rate(production.fps, made.fps):
        raise InputError(f"{clip}: the production has {production.fps:g} frames per second; the task wants {made.fps:g}.")


def _checked_frames(production: Production, made: Made, length: int | None) -> Iterator[NDArray[np.uint8]]:
    """The frames of a production; raises where their size or number is not what the task wants."""
    count, most = 0, _most_frames(made, length)
    for frame in production.frames or ():
        if made.size is not None and getattr(frame, "shape", (0, 0))[:2] != made.size:
            height, width = getattr(frame, "shape", (0, 0))[:2]
            raise InputError(
                f"{production.clip}: frame {count} is {width} x {height} pixels; the task wants {made.size[1]} x {made.size[0]}."
            )
        count += 1
        if count > most:
            raise InputError(f"{production.clip}: {_too_long(made)}")
        if length is not None and count > length:
            raise InputError(f"{production.clip}: the production has more than the {length} frames that the task grants.")
        yield frame
    if length is not None and count != length:
        raise InputError(f"{production.clip}: the production has {count} frames; the task grants {length}.")


def _most_frames(made: Made, length: int | None) -> int:
    return max(length or 0, int(MOST_SECONDS * made.fps))


def _too_long(made: Made) -> str:
    return f"the production has more than {int(MOST_SECONDS * made.fps):,} frames, {MOST_SECONDS / 60:g} minutes; make it shorter."


def _check_pose(pose: object, made: Made, clip: str, length: int | None) -> None:
    """Whether key points are what the task wants."""
    from signbench.media.pose import Pose

    if not isinstance(pose, Pose):
        raise InputError(f"{clip}: the key points are a {type(pose).__name__}; make a signbench.Pose.")
    if length is not None and pose.frames != length:
        raise InputError(f"{clip}: the production has {pose.frames} frames; the task grants {length}.")
    if pose.frames > _most_frames(made, length):
        raise InputError(f"{clip}: {_too_long(made)}")
    if made.layout is not None and pose.layout.joints != made.layout.joints:
        raise InputError(
            f"{clip}: the key points are in the layout {pose.layout.name} of {len(pose.layout.joints)} joints; the task wants "
            f"{made.layout.name} of {len(made.layout.joints)}."
        )
    if pose.points.dtype != np.float32 or pose.confidence.dtype != np.float32:
        raise InputError(f"{clip}: key points and confidence are float32, not {pose.points.dtype} and {pose.confidence.dtype}.")
    try:
        pose.check_finite()
    except InputError as error:
        raise InputError(f"{clip}: {error}") from None
