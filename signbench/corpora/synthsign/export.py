"""Writes clips of SynthSign as media files into a folder, which can then be measured like any other."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from signbench.corpora import clip_table
from signbench.corpora.clip_table import ListedClip, write_clip_table
from signbench.corpora.synthsign.corpus import SynthSign
from signbench.corpora.synthsign.performances import SIZES
from signbench.corpora.synthsign.rendering import REVISION
from signbench.documents import parse_json
from signbench.errors import InputError, listing, nearest

_LEDGER = ".synthsign.jsonl"
# The name of a file that is being written, and those used by the writers of key points and of video.
_UNFINISHED = re.compile(r"\.partial-.+|\.\.partial-.+\.\d+\.part|\.[0-9a-f]{16}\.part")
_SUFFIXES = {
    "video": ".mkv",
    "pose": ".pose",
    "motion": ".npz",
    "rendering:pose": ".mkv",
    "rendering:hamer": ".mkv",
    "rendering:smplx": ".mkv",
    "rendering:cross-person": ".mkv",
}
_RENDERINGS = {
    "video": "video",
    "rendering:pose": "pose",
    "rendering:hamer": "hamer",
    "rendering:smplx": "smplx",
    "rendering:cross-person": "cross-person",
}
MEDIA = tuple(_SUFFIXES)
"""What can be exported: video, key points, body-model rotations, and videos of the rendered forms."""


def export(
    corpus: SynthSign,
    split: str,
    out: Path,
    *,
    size: int = 128,
    limit: int | None = None,
    take: int = 0,
    media: Sequence[str] = ("video", "pose"),
    table: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Writes the clips of a split as ``out/<id>.mkv`` (lossless), ``out/<id>.pose``, ``out/<id>.npz`` (rotations).

    If two kinds would give two videos or two sets of key points for one clip, each kind gets its own folder, such as
    ``out/video/<id>.mkv`` and ``out/rendering-pose/<id>.mkv``, so that each folder can be a side of a measurement.

    Files appear complete or not at all, and the hidden file ``.synthsign.jsonl`` records their digests: repeating the call resumes
    where it stopped and writes nothing twice. A file that the export did not write, or that has changed since, is never
    overwritten.

    Args:
        corpus: the corpus.
        split: such as ``train``, ``dev``, ``test`` or ``word-test``.
        out: folder, created if necessary.
        size: height and width of the video in pixels, 64 to 576.
        limit: maximum number of clips, at least 1.
        take: number of the performance; 0 is the reference, the others are different performances of the same sentences by the same
            signers.
        media: some of :data:`MEDIA`.
        table: also write ``clips.csv`` with ``id,file,text,gloss,signer,fps``; omit it if the folder may only hold media.
        progress: called with the number of clips done and of all clips, once at the start and after each clip.

    Returns:
        The ids of the clips, including those that were written before.

    Raises:
        InputError: an unknown split or kind of media, a number out of range, a folder that cannot be written, or a file in the way.
    """
    for kind in media:
        if kind not in _SUFFIXES:
            raise InputError(f"SynthSign exports no {kind}. {nearest(kind, _SUFFIXES)}")
    if not media:
        raise InputError(f"nothing to export: name some of {', '.join(MEDIA)}.")
    if size not in SIZES:
        raise InputError(f"SynthSign is rendered at {SIZES[0]} to {SIZES[-1]} px per side, not at {size}.")
    if take < 0 or (limit is not None and limit < 1):
        raise InputError(f"a take must be at least 0 and a limit at least 1, not {take} and {limit}.")
    clips = corpus.ids(split)[:limit]
    media = list(dict.fromkeys(media))
    videos = [kind for kind in media if kind in _RENDERINGS]
    # a folder may hold one video and one set of key points per clip
    apart = len(videos) > 1 or len(media) - len(videos) > 1
    folders = {kind: f"{kind.replace(':', '-')}/" if apart else "" for kind in media}

    def name_of(clip: str, kind: str) -> str:
        return f"{folders[kind]}{clip}{_SUFFIXES[kind]}"

    made = f"synthsign {corpus.version}, seed {corpus.seed}, take {take}"
    recipes = {
        kind: f"{made}, {_RENDERINGS[kind]}, {size} px, renderer {REVISION}" if kind in _RENDERINGS else made for kind in media
    }
    files = {name_of(clip, kind): recipes[kind] for clip in clips for kind in media}
    if table:
        files[clip_table.NAME] = f"{made}, {split}, {len(clips)} clips of {'+'.join(media)}"
    folder = _Folder(Path(out))
    folder.prepare(files)

    def write(clip: str, kind: str, path: Path) -> None:
        if kind in _RENDERINGS:
            from signbench.media.video_writer import write_video

            write_video(path, corpus.frames(clip, take, size, _RENDERINGS[kind]), corpus.fps)
        elif kind == "motion":
            from signbench.media.motion import write_motion

            write_motion(path, corpus.motion(clip, take))
        else:
            from signbench.media.pose_files import write_pose

            write_pose(path, corpus.pose(clip, take))

    if progress is not None:
        progress(0, len(clips))
    for done, clip in enumerate(clips, start=1):
        for kind in media:
            name = name_of(clip, kind)
            folder.write(name, files[name], partial(write, clip, kind))
        if progress is not None:
            progress(done, len(clips))
    if table:
        named = {clip: name_of(clip, media[0]) for clip in clips}
        folder.write(clip_table.NAME, files[clip_table.NAME], partial(_write_table, corpus, named))
    return clips


class _Folder:
    """A folder that knows which of its files the export wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.present: set[str] = set()

    def prepare(self, files: dict[str, str]) -> None:
        """Finds out which files already exist, and checks that nothing is in the way of the others.

        Args:
            files: name -> recipe.

        Raises:
            InputError: a file is in the way; nothing has been written yet.
        """
        known: dict[str, tuple[str, str]] = {}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            ledger = self.path / _LEDGER
            for line in ledger.read_text("utf-8").splitlines() if ledger.exists() else ():
                try:
                    entry = parse_json(line)
                    known[entry["file"]] = (entry["recipe"], entry["sha256"])
                except (ValueError, TypeError, KeyError):
                    # the line that was being written when the last export was killed
                    continue
            digests = {name: _digest(self.path / name) for name in files if (self.path / name).exists()}
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror}); choose another folder.") from error
        unknown = [name for name, digest in digests.items() if known.get(name, ("", ""))[1] != digest]
        if unknown:
            raise InputError(
                f"{self.path} holds {listing(unknown)}, which the export did not write or which has changed; choose another folder."
            )
        other = [name for name in digests if known[name][0] != files[name]]
        if other:
            raise InputError(f"{self.path} holds {listing(other)} of another export ({known[other[0]][0]}); choose another folder.")
        self.present = set(digests)
        self._sweep(files)

    def _sweep(self, files: dict[str, str]) -> None:
        """Removes unfinished files of a killed export."""
        for folder in {(self.path / name).parent for name in files}:
            for path in folder.glob(".*"):
                if _UNFINISHED.fullmatch(path.name) and path.is_file():
                    path.unlink(missing_ok=True)

    def write(self, name: str, recipe: str, writer: Callable[[Path], None]) -> None:
        """Writes a file unless it exists; it appears under its name when it is complete and recorded in the ledger."""
        if name in self.present:
            return
        final = self.path / name
        unfinished = final.with_name(f".partial-{final.name}")
        try:
            final.parent.mkdir(exist_ok=True)
            writer(unfinished)
            entry = json.dumps({"file": name, "recipe": recipe, "sha256": _digest(unfinished)})
            with (self.path / _LEDGER).open("a", encoding="utf-8") as ledger:
                # a killed export may have left an incomplete line
                ledger.write(f"\n{entry}\n")
            unfinished.replace(final)
        except OSError as error:
            raise InputError(f"{final}: cannot be written ({error.strerror}); those before it are complete.") from error
        finally:
            unfinished.unlink(missing_ok=True)


def _write_table(corpus: SynthSign, files: dict[str, str], path: Path) -> None:
    said = {clip: corpus.sentence(clip) for clip in files}
    rows = {
        clip: ListedClip(
            file=files[clip], text=sentence.text, gloss=" ".join(sentence.gloss), signer=sentence.signer, fps=corpus.fps
        )
        for clip, sentence in said.items()
    }
    write_clip_table(path, rows)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
