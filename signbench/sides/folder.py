"""A folder or a container of media as one side of a comparison."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from signbench.corpora.clip import Clip, Side
from signbench.corpora.clip_ids import clip_id
from signbench.corpora.recordings import PoseFile, VideoFile
from signbench.errors import InputError, NotComparableError
from signbench.media import pose_files, video
from signbench.media.layouts import Layout


def read_side(path: Path, layout: Layout | None = None) -> Side:
    """Finds the clips of a folder or container; reads only names.

    Args:
        path: a folder, or a container of many clips (an SLRTP ``.pt`` dictionary, a ``.skels`` file).
        layout: the key points' layout, for formats without one.

    Raises:
        InputError: it does not exist, is not a folder or container, or has a bad or duplicate id.
        NotComparableError: it holds no video or pose file.
    """
    try:
        if path.is_dir():
            if video.is_video(path) or pose_files.is_pose(path):
                raise InputError(f"{path} holds the frames of one clip; pass the folder with the clips, {path.parent}.")
            found = list(_walk(path, path, {path.resolve()}, layout))
        elif path.is_file() and pose_files.is_pose(path) and pose_files.is_container(path):
            found = [(clip_id(member, suffix=False), PoseFile(path, member, layout)) for member in pose_files.container_ids(path)]
        elif path.exists():
            raise InputError(f"{path} is a single file; pass the folder with the clips, or a container of many.")
        else:
            raise InputError(f"{path} does not exist.")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    videos: dict[str, VideoFile] = {}
    poses: dict[str, PoseFile] = {}
    for name, recording in found:
        kind: dict[str, VideoFile] | dict[str, PoseFile] = videos if isinstance(recording, VideoFile) else poses
        if name in kind:
            raise InputError(f"{path}: {kind[name].label} and {recording.label} both have the clip id {name}; keep one.")
        if isinstance(recording, VideoFile):
            videos[name] = recording
        else:
            poses[name] = recording
    if not found:
        raise NotComparableError(f"{path} holds no video and no key-point file; nothing can be measured.")
    clips = {name: Clip(name, video=videos.get(name), pose=poses.get(name)) for name in sorted({*videos, *poses})}
    return Side(str(path), clips, os.path.realpath(path))


def _walk(root: Path, folder: Path, above: set[Path], layout: Layout | None) -> Iterator[tuple[str, VideoFile | PoseFile]]:
    for child in sorted(folder.iterdir()):
        if child.name.startswith("."):
            continue
        relative = child.relative_to(root).as_posix()
        if child.is_dir():
            real = child.resolve()
            if video.is_video(child):
                yield clip_id(relative, suffix=False), VideoFile(child)
            elif pose_files.is_pose(child):
                yield clip_id(relative, suffix=False), PoseFile(child, None, layout)
            elif real not in above:
                yield from _walk(root, child, above | {real}, layout)
        elif video.is_video(child):
            yield clip_id(relative, suffix=True), VideoFile(child)
        elif pose_files.is_pose(child):
            if pose_files.is_container(child):
                raise InputError(f"{child} holds many clips; pass that file itself as a side, not its folder.")
            yield clip_id(relative, suffix=True), PoseFile(child, None, layout)
