"""The references of a task: the corpus's own clips, or a user's copy of the data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from signbench.corpora import clip_table
from signbench.corpora.clip import Clip, Side
from signbench.corpora.clip_table import ClipTable, read_clip_table
from signbench.corpora.corpus import Corpus
from signbench.corpora.declared_rates import PoseAtRate, VideoAtRate
from signbench.corpora.on_disk import CorpusOnDisk
from signbench.corpora.recordings import PoseFile, PoseRecording, VideoFile, VideoRecording
from signbench.errors import InputError, listing, nearest
from signbench.runs.result import Subset
from signbench.tasks.schema import ReferenceKind, Task, ids_digest


@dataclass(frozen=True, eq=False)
class TaskReferences:
    """The references of a task's split.

    Attributes:
        side: clips with only the compared modality: images as ``video``, key points and motion as ``pose``.
        clips: ids of the expected clips, in order.
        subset: these clips, if they are not the task's own; else None.
        own_copy: whether they come from a user's folder, and the task cannot verify that its ids are right.
        source: of a data set on disk, its reader and what its texts and glosses are, in words; else None.
    """

    side: Side
    clips: tuple[str, ...]
    subset: Subset | None = None
    own_copy: bool = False
    source: str | None = None

    def check_present(self, clips: Sequence[str], kind: ReferenceKind) -> None:
        """Refuses expected clips without the media that the task compares.

        Args:
            clips: ids of the clips that will be scored.
            kind: of media.

        Raises:
            InputError: the message names them.
        """
        _whole(self.side, clips, kind)


def open_corpus(task: Task, root: Path | None = None) -> Corpus:
    """The task's corpus.

    Args:
        task: the task.
        root: the corpus's folder; None: the configured one.

    Raises:
        InputError: signbench has no reader for it, its folder is not known, or it lacks one of the task's splits.
    """
    from signbench.corpora import registry

    if task.corpus not in registry.known() and (root is None or not registry.is_described(task.corpus, root)):
        raise InputError(
            f"the task {task.name} needs the corpus {task.corpus}, for which signbench has no reader; pass your own copy with "
            "`references=DIR` to signbench score."
        )
    if root is None and not registry.readable(task.corpus):
        raise InputError(
            f"the task {task.name} needs the corpus {task.corpus}, which is not here: name its folder with `root=DIR` "
            f"(signbench corpora show {task.corpus} says where a person gets it), or score with `references=DIR`."
        )
    corpus = registry.corpus(task.corpus) if root is None else registry.corpus(task.corpus, root)
    for split in task.splits:
        if split not in corpus.splits:
            raise InputError(
                f"the task {task.name} names the split {split}, which {task.corpus} {corpus.version} lacks. "
                f"{nearest(split, corpus.splits)}"
            )
    return corpus


def expected_ids(task: Task, split: str, corpus: Corpus | None = None) -> tuple[str, ...]:
    """Ids of the clips that a split of the task expects, in order of id.

    Args:
        task: the task.
        split: one of its splits.
        corpus: the task's corpus, if it is already open. It must be the one that the task was written for; a data set on disk is
            the user's own copy, which may differ.

    Raises:
        InputError: the task is not scored on that split, or the corpus is not the one that the task was written for.
    """
    split = task.split(split)
    corpus = corpus or open_corpus(task)
    ids = tuple(sorted(corpus.ids(split)))
    wanted = task.clips[split]
    if isinstance(corpus, CorpusOnDisk):
        return ids
    if wanted.count not in (None, len(ids)) or wanted.ids_sha256 not in (None, ids_digest(ids)):
        counted = f"{wanted.count} clips" if len(ids) != wanted.count else "other clip ids"
        raise InputError(
            f"the corpus changed: {task.corpus} {corpus.version} has {len(ids)} clips in {split}, but version {task.version} of "
            f"the task {task.name} was written for {counted}; use the signbench that this task came with, or write a new version "
            f"of it with signbench tasks freeze {task.name}."
        )
    return ids


def task_references(task: Task, split: str, references_dir: Path | None = None, *, corpus: Corpus | None = None) -> TaskReferences:
    """The references of a task's split; reads only names and annotations.

    A clip of a data set on disk may lack its media: :meth:`TaskReferences.check_present` refuses those that are to be scored.

    Args:
        task: the task.
        split: one of its splits.
        references_dir: a folder with media and optionally ``clips.csv`` (columns ``id,file,text,gloss,signer,fps``, of which only
            ``id`` is required; ``file`` defaults to the file with that id); None: the corpus itself.
        corpus: the task's corpus, if it is already open.

    Raises:
        InputError: there is no such split or no reader for the corpus, the corpus has changed, a folder or table does not match, or
            clips lack the modality that the task compares.
    """
    split = task.split(split)
    if references_dir is not None:
        return _from_folder(task, split, references_dir, corpus)
    corpus = corpus or open_corpus(task)
    ids = expected_ids(task, split, corpus)
    name = f"{task.corpus} {corpus.version} {split}"
    side = Side(name, {clip: only(corpus.clip(clip), task.references) for clip in ids})
    if isinstance(corpus, CorpusOnDisk):
        wanted = task.clips[split]
        whole = wanted.count in (None, len(ids)) and wanted.ids_sha256 in (None, ids_digest(ids))
        said = "; ".join([f"{corpus.name} {corpus.version}", *(f"{key}: {value}" for key, value in corpus.sources().items())])
        return TaskReferences(side, ids, None if whole else Subset(clips=ids), wanted.ids_sha256 is None, said)
    return TaskReferences(_whole(side, ids, task.references), ids)


def only(clip: Clip, kind: ReferenceKind) -> Clip:
    """A clip with only the media of one kind, in the field that metrics use: ``video`` or ``pose``."""
    bare = replace(clip, video=None, pose=None, renderings={}, motion=None)
    if kind == "video":
        return replace(bare, video=clip.video)
    if kind == "pose":
        return replace(bare, pose=clip.pose)
    if kind == "motion":
        return replace(bare, pose=clip.motion)
    return replace(bare, video=clip.renderings.get(kind.removeprefix("rendering:")))


def _whole(side: Side, ids: Sequence[str], kind: ReferenceKind) -> Side:
    lacking = [name for name in ids if side.clips[name].video is None and side.clips[name].pose is None]
    if lacking:
        raise InputError(
            f"{len(lacking)} references of {side.name} have no {kind}: {listing(lacking)}; add their files, or name the others "
            "with `clips`."
        )
    return side


def _from_folder(task: Task, split: str, folder: Path, corpus: Corpus | None) -> TaskReferences:
    table = folder / clip_table.NAME
    if table.is_file():
        clips = {clip.id: clip for clip in _table_clips(task, read_clip_table(table))}
        side = Side(str(folder), dict(sorted(clips.items())), str(folder.resolve()))
    else:
        side = _plain(task, folder)
        side = replace(side, clips={name: _single(clip, task) for name, clip in side.clips.items()})
    ids = tuple(sorted(_whole(side, list(side.clips), task.references).clips))
    wanted = task.clips[split]
    from signbench.corpora import registry

    corpus = corpus or (open_corpus(task) if registry.readable(task.corpus) else None)
    if corpus is not None and not isinstance(corpus, CorpusOnDisk):
        same = ids == expected_ids(task, split, corpus)
    elif wanted.ids_sha256 is not None:
        same = ids_digest(ids) == wanted.ids_sha256
    else:
        same = wanted.count in (None, len(ids))
    return TaskReferences(side, ids, None if same else Subset(clips=ids), wanted.ids_sha256 is None)


def _plain(task: Task, folder: Path) -> Side:
    from signbench.media.layouts import layout
    from signbench.sides.folder import read_side

    return read_side(folder, layout(task.made.joints) if task.made.joints else None)


def _single(clip: Clip, task: Task) -> Clip:
    """A clip with the one kind of media that the task compares; without a frame rate it has the task's, like predictions."""
    video, pose = (clip.video, None) if task.made.modality == "video" else (None, clip.pose)
    if task.made.fps is not None:
        video = VideoAtRate(video, task.made.fps) if video is not None else None
        pose = PoseAtRate(pose, task.made.fps) if pose is not None else None
    return replace(clip, video=video, pose=pose)


def _table_clips(task: Task, table: ClipTable) -> Iterator[Clip]:
    folder = table.path.parent
    by_id = _plain(task, folder).clips if any(row.file is None for row in table.rows.values()) else {}
    for name, row in table.rows.items():
        found = by_id.get(name, Clip(name)) if row.file is None else _from_file(name, row.file, task, folder, table.where(name))
        found = _single(found, task)
        yield replace(
            found,
            video=_video_at(found.video, row.fps, table.path),
            pose=_pose_at(found.pose, row.fps, table.path),
            text=row.text,
            gloss=tuple((row.gloss or "").split()),
            signer=row.signer,
            fps=row.fps,
        )


def _from_file(name: str, file: str, task: Task, folder: Path, where: str) -> Clip:
    from signbench.media import pose_files, video
    from signbench.media.layouts import layout

    path = inside(folder, file, where)
    if video.is_video(path):
        return Clip(name, video=VideoFile(path))
    if pose_files.is_pose(path):
        return Clip(name, pose=PoseFile(path, None, layout(task.made.joints) if task.made.joints else None))
    raise InputError(f"{where}: {file} is neither video nor key points; name a file of {task.made.modality}.")


def inside(folder: Path, file: str, where: str) -> Path:
    """The path of a file named in a table, below its folder.

    Raises:
        InputError: it is outside the folder, or does not exist.
    """
    relative = PurePosixPath(file)
    if relative.is_absolute() or ".." in relative.parts or "\\" in file or not file.isprintable():
        raise InputError(f"{where}: {file!r} is outside the folder; name a file below {folder}.")
    path = folder / relative
    if not path.exists():
        raise InputError(f"{where}: {file} is not in {folder}; correct the name or add the file.")
    return path


def _video_at(recording: VideoRecording | None, fps: float | None, table: Path) -> VideoRecording | None:
    return recording if recording is None or fps is None else VideoAtRate(recording, fps, table)


def _pose_at(recording: PoseRecording | None, fps: float | None, table: Path) -> PoseRecording | None:
    return recording if recording is None or fps is None else PoseAtRate(recording, fps, table)
