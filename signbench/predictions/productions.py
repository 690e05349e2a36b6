"""Productions as files: written completely or not at all, checked against the task's requirements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip_ids import check_clip_id, clip_id
from signbench.errors import InputError
from signbench.media.modalities import Modality
from signbench.media.rates import same_rate
from signbench.predictions.manifest import Line, append
from signbench.predictions.prompts import Made, Production

if TYPE_CHECKING:
    from signbench.media.motion import Motion

MOST_SECONDS = 600.0
"""The maximum length of a production if the task grants none, so that an endless one stops."""


def production_path(folder: Path, clip: str, made: Made) -> Path:
    """The path of a clip's production.

    Args:
        folder: of predictions.
        clip: id of the clip.
        made: the task's requirements.

    Raises:
        InputError: the id could lead out of the folder, or would be read back as a different one.
    """
    check_clip_id(clip)
    file = f"{clip}{made.file_suffix}"
    if clip_id(file, suffix=True) != clip or any(part.startswith(".") for part in clip.split("/")):
        raise InputError(
            f"clip id {clip!r} cannot be used as a file name: ids are in NFC, without a leading split and without hidden folders."
        )
    return folder / file


def write_production(
    folder: Path,
    production: Production,
    made: Made,
    *,
    generator: str,
    version: str,
    seed: int,
    length: int | None = None,
    rank: int = 0,
) -> Line:
    """Writes a production and its line in the manifest: the file first, completely or not at all.

    Equal productions give equal bytes: FFV1 in Matroska for video, ``.pose`` or ``.npz`` for key points, ``.npz`` for rotations,
    which are read back exactly.

    Args:
        folder: of predictions; created if missing.
        production: from a generator; its frames are consumed one by one.
        made: the task's requirements.
        generator: name of the generator.
        version: version of the generator.
        seed: seed of the clip.
        length: the number of frames that the task grants, or None if any is allowed.
        rank: rank of this process among those that write into the folder.

    Raises:
        InputError: the production does not meet the task's requirements, or cannot be written; nothing is left behind.
    """
    path = production_path(folder, production.clip, made)
    _check(production, made)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be created: {error.strerror or error}; choose another folder.") from error
    if production.frames is not None:
        from signbench.media.video_writer import write_video

        frames = write_video(path, _checked_frames(production, made, length), made.fps)
    elif production.pose is not None:
        from signbench.media.pose_files import write_pose

        pose = production.pose
        _check_pose(pose, made, production.clip, length)
        write_pose(path, replace(pose, fps=made.fps))
        frames = pose.frames
    else:
        from signbench.media.motion import write_motion

        motion = _checked_motion(production, made, length)
        write_motion(path, replace(motion, fps=made.fps))
        frames = motion.frames
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    line = Line(
        clip=production.clip,
        file=path.relative_to(folder).as_posix(),
        sha256=digest,
        bytes=path.stat().st_size,
        frames=frames,
        seconds=round(frames / made.fps, 6),
        generator=generator,
        version=version,
        seed=seed,
        details=None if production.details is None else dict(production.details),
    )
    append(folder, line, rank)
    return line


_FITTING: dict[Modality, tuple[tuple[str, ...], str]] = {
    "video": (("frames",), "frames"),
    "pose": (("key points",), "key points"),
    "motion": (("rotations", "key points"), "rotations or joint positions"),
}
"""The forms of a production that fit a task, and their name in messages."""


def _check(production: Production, made: Made) -> None:
    """Checks that are possible before the first frame."""
    clip = production.clip
    forms = {"frames": production.frames, "key points": production.pose, "rotations": production.motion}
    given = [form for form, content in forms.items() if content is not None]
    if len(given) != 1:
        has = f"{', '.join(given[:-1])} and {given[-1]}" if given else "none of them"
        raise InputError(f"{clip}: a production must have either frames, key points or rotations, not {has}.")
    fitting, wanted = _FITTING[made.modality]
    if given[0] not in fitting:
        raise InputError(f"{clip}: the production has {given[0]}; the task requires {wanted}.")
    if not same_rate(production.fps, made.fps):
        raise InputError(f"{clip}: the production has {production.fps:g} frames per second; the task requires {made.fps:g}.")


def _checked_frames(production: Production, made: Made, length: int | None) -> Iterator[NDArray[np.uint8]]:
    """The frames of a production; raises if their size or number is not as required."""
    count, most = 0, _most_frames(made, length)
    for frame in production.frames or ():
        if made.size is not None and getattr(frame, "shape", (0, 0))[:2] != made.size:
            height, width = getattr(frame, "shape", (0, 0))[:2]
            raise InputError(
                f"{production.clip}: frame {count} is {width} x {height} pixels; the task requires {made.size[1]} x {made.size[0]}."
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


def _checked_motion(production: Production, made: Made, length: int | None) -> Motion:
    """The rotations of a production; raises if they are not as the task requires."""
    from signbench.media.motion import Motion

    motion, clip = production.motion, production.clip
    if not isinstance(motion, Motion):
        raise InputError(f"{clip}: the rotations are a {type(motion).__name__}; return a signbench.Motion.")
    _check_length(motion.frames, made, clip, length)
    if not made.takes_rotations:
        joints = f"{len(made.layout.joints)} joints of {made.layout.name}" if made.layout is not None else "positions"
        raise InputError(
            f"{clip}: the rotations are those of SMPL-X's 55 joints, for an .npz file; the task requires {joints} as "
            f"{made.file_suffix}. Return a signbench.Pose."
        )
    if motion.rotations.dtype != np.float32 or motion.translation.dtype != np.float32:
        raise InputError(
            f"{clip}: rotations and translation must be float32, not {motion.rotations.dtype} and {motion.translation.dtype}."
        )
    try:
        motion.check_finite()
    except InputError as error:
        raise InputError(f"{clip}: {error}") from None
    return motion


def _check_length(frames: int, made: Made, clip: str, length: int | None) -> None:
    """Checks the number of frames of key points or rotations."""
    if length is not None and frames != length:
        raise InputError(f"{clip}: the production has {frames} frames; the task grants {length}.")
    if frames > _most_frames(made, length):
        raise InputError(f"{clip}: {_too_long(made)}")


def _check_pose(pose: object, made: Made, clip: str, length: int | None) -> None:
    """Checks that key points are as the task requires."""
    from signbench.media.pose import Pose

    if not isinstance(pose, Pose):
        raise InputError(f"{clip}: the key points are a {type(pose).__name__}; return a signbench.Pose.")
    _check_length(pose.frames, made, clip, length)
    if made.layout is not None and pose.layout.joints != made.layout.joints:
        raise InputError(
            f"{clip}: the key points are in the layout {pose.layout.name} of {len(pose.layout.joints)} joints; the task "
            f"requires {made.layout.name} of {len(made.layout.joints)}."
        )
    if pose.points.dtype != np.float32 or pose.confidence.dtype != np.float32:
        raise InputError(f"{clip}: key points and confidence must be float32, not {pose.points.dtype} and {pose.confidence.dtype}.")
    try:
        pose.check_finite()
    except InputError as error:
        raise InputError(f"{clip}: {error}") from None
