"""A folder of predictions: which file belongs to which clip.

``docs/predictions.md`` describes the format of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from signbench.corpora.clip import Clip, Side
from signbench.corpora.clip_ids import clip_id
from signbench.corpora.declared_rates import PoseAtRate, VideoAtRate
from signbench.corpora.recordings import PoseFile, PoseRecording, VideoFile, VideoRecording
from signbench.documents import parse_json
from signbench.errors import InputError, SignbenchError
from signbench.media.frame_folders import IMAGE_SUFFIXES, is_ignored
from signbench.tasks.references import inside
from signbench.tasks.schema import SUFFIXES, Task

MANIFEST = "manifest.jsonl"
"""Next to the media, one JSON object per line, with at least ``id`` and ``file``; only needed if files have other names."""

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")

FoundKind = Literal["video", "pose", "container", "archive", "image", "other", "bad-name", "manifest"]


@dataclass(frozen=True)
class Found:
    """An item in a folder of predictions.

    Attributes:
        kind: its kind by its suffix; ``bad-name`` if its name is not a valid id, ``manifest`` if the manifest is wrong about it.
        clip: the id from its name, or an empty string.
        path: its path.
        problem: why it cannot be used, or None.
        member: its key in a container of many clips, or None.
    """

    kind: FoundKind
    clip: str
    path: Path
    problem: str | None = None
    member: str | None = None


def read_predictions(task: Task, folder: Path) -> Side:
    """The clips of a folder of predictions, named by clip id; reads names only.

    Only files of the task's modality are used, the first one if several have the same id;
    :func:`~signbench.predictions.checking.check_predictions` reports other problems with the folder. A file without a frame rate
    has the task's.

    Args:
        task: the task of the predictions.
        folder: media named by clip id, possibly below folders such as ``test/``. A ``manifest.jsonl`` may map other names. For key
        points also a container of many clips.

    Raises:
        InputError: it does not exist, or is an archive, a single file, or the frames of a single clip.
    """
    folder = Path(folder)
    clips: dict[str, Clip] = {}
    for found in scan(task, folder):
        if found.clip in clips or not is_made(task, found):
            continue
        if task.made.modality == "video":
            clips[found.clip] = Clip(found.clip, video=_video(task, found.path), fps=task.made.fps)
        else:
            clips[found.clip] = Clip(found.clip, pose=_pose(task, found), fps=task.made.fps)
    return Side(str(folder), dict(sorted(clips.items())), os.path.realpath(folder))


def is_made(task: Task, found: Found) -> bool:
    """Whether an item has the modality that the task requires."""
    if task.made.modality == "motion":
        return found.kind == "pose" and found.path.suffix.lower() in SUFFIXES["motion"]
    return found.kind == task.made.modality


def scan(task: Task, folder: Path) -> list[Found]:
    """All items in a folder of predictions, by name; those in the manifest come first.

    Raises:
        InputError: it does not exist, or is an archive, a single file, or the frames of a single clip.
    """
    from signbench.media import pose_files, video

    try:
        if folder.is_dir():
            if video.is_video(folder) or pose_files.is_pose(folder):
                raise InputError(f"{folder} holds the frames of one clip; pass the folder that holds a folder for each clip.")
            listed = list(_manifest(folder))
            named = {found.path for found in listed}
            return [*listed, *(found for found in _walk(folder, folder, {folder.resolve()}) if found.path not in named)]
        if folder.is_file() and folder.suffix.lower() in ARCHIVES:
            raise InputError(f"{folder} is an archive; unpack it and pass the folder with the files.")
        if folder.is_file() and pose_files.is_pose(folder) and pose_files.is_container(folder):
            return [
                Found("pose", clip_id(member, suffix=False), folder, None, member) for member in pose_files.container_ids(folder)
            ]
        if folder.exists():
            raise InputError(f"{folder} is a single file; pass the folder that holds one file for each clip.")
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from error
    raise InputError(f"{folder} does not exist; pass the folder with the predictions.")


def _walk(root: Path, folder: Path, above: set[Path]) -> Iterator[Found]:
    from signbench.media import pose_files, video

    for child in sorted(folder.iterdir()):
        if is_ignored(child.name) or (folder == root and child.name == MANIFEST):
            continue
        relative = child.relative_to(root).as_posix()
        is_clip = video.is_video(child) or pose_files.is_pose(child)
        if child.is_dir() and not is_clip:
            real = child.resolve()
            if real not in above:
                yield from _walk(root, child, above | {real})
            continue
        try:
            name = clip_id(relative, suffix=not child.is_dir())
        except InputError as error:
            yield Found("bad-name", "", child, str(error).rstrip("."))
            continue
        yield _named(name, child)


def _named(name: str, path: Path) -> Found:
    from signbench.media import pose_files, video

    suffix = path.suffix.lower()
    if video.is_video(path) or (path.is_symlink() and suffix in video.VIDEO_SUFFIXES):
        return Found("video", name, path)
    if pose_files.is_pose(path):
        try:
            return Found("container" if path.is_file() and pose_files.is_container(path) else "pose", name, path)
        except SignbenchError:  # damaged, which the check of its clip reports
            return Found("pose", name, path)
    if suffix in ARCHIVES:
        return Found("archive", name, path)
    return Found("image" if suffix in IMAGE_SUFFIXES else "other", name, path)


def _manifest(folder: Path) -> Iterator[Found]:
    """The files in a manifest; an unusable line is returned as a problem."""
    path = folder / MANIFEST
    if not path.is_file():
        return
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        yield Found("manifest", "", path, "it is not readable as UTF-8 text")
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name = ""
        try:
            entry = parse_json(line)
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                yield Found("manifest", "", path, f"line {number} is not a JSON object with an id")
                continue
            name = clip_id(entry["id"], suffix=False)
            file = entry.get("file")
            if file is None:  # the generator failed on it, so it is missing
                continue
            if not isinstance(file, str):
                yield Found("manifest", name, path, f"line {number} has a file that is not a string")
                continue
            yield _named(name, inside(folder, file, f"{path}, line {number}"))
        except ValueError:
            yield Found("manifest", "", path, f"line {number} is not JSON")
        except InputError as error:
            yield Found("manifest", name, path, f"line {number}: {_cause(error, path)}")


def _cause(error: InputError, path: Path) -> str:
    """The error, without its location, which is reported separately, and without advice."""
    text = str(error)
    if text.startswith(f"{path}, line "):
        text = text.partition(": ")[2]
    return text.split("; ")[0].rstrip(".")


def _video(task: Task, path: Path) -> VideoRecording:
    return VideoFile(path) if task.made.fps is None else VideoAtRate(VideoFile(path), task.made.fps)


def _pose(task: Task, found: Found) -> PoseRecording:
    from signbench.media.layouts import layout

    recording = PoseFile(found.path, found.member, layout(task.made.joints) if task.made.joints else None)
    return recording if task.made.fps is None else PoseAtRate(recording, task.made.fps)
