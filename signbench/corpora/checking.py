"""Whether a data set on disk is whole: what is present, missing, surplus or unreadable, split by split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path, PurePath
from typing import Any

from signbench.corpora.intact import defect, names_in
from signbench.errors import InputError, listing
from signbench.whole_files import write_atomically


@dataclass(frozen=True, eq=False)
class MediaFiles:
    """Where the media of one kind lie: in one folder, a file or a folder of frames for each clip.

    Attributes:
        kind: such as ``video``.
        folder: the folder.
        names: clip id -> name in the folder, without a suffix.
        suffixes: of the files, in lower case; empty: folders of frames.
        required: whether the data set has them for every clip; if not, they count only if the folder exists.
        frames: clip id -> number of frames, if the data set states it.
        inner: name of the folder with the frames in a clip's own folder, or None.
        images: whether folders hold images; if not, they only must not be empty.
    """

    kind: str
    folder: Path
    names: Mapping[str, str]
    _: KW_ONLY
    suffixes: tuple[str, ...] = ()
    required: bool = True
    frames: Mapping[str, int] = field(default_factory=dict)
    inner: str | None = None
    images: bool = True

    def lying(self) -> dict[str, Path]:
        """The media in the folder: name without suffix -> path. Reads the folder's names, and nothing else."""
        if not self.suffixes:
            return {name: self.folder / name for name in names_in(self.folder)}
        fitting = [PurePath(name) for name in names_in(self.folder)]
        return {name.stem: self.folder / name for name in fitting if name.suffix.lower() in self.suffixes}


@dataclass(frozen=True)
class Found:
    """What was found of one kind of media in one split.

    Attributes:
        kind: such as ``video``.
        present: number of clips that have it, whole.
        missing: ids of clips without it.
        unreadable: ids of clips whose media are damaged, each with the reason.
    """

    kind: str
    present: int
    missing: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        damaged = [{"clip": clip, "reason": reason} for clip, reason in self.unreadable]
        return {"kind": self.kind, "present": self.present, "missing": list(self.missing), "unreadable": damaged}


@dataclass(frozen=True)
class SplitReport:
    """The state of one split.

    Attributes:
        split: its name.
        expected: number of clips that the data set has in it, or None if that varies.
        listed: number of clips in the annotations, or None if those are unusable.
        found: by kind of media.
        error: why the annotations are unusable, or None.
    """

    split: str
    expected: int | None
    listed: int | None
    found: tuple[Found, ...] = ()
    error: str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is missing or unreadable."""
        complete = self.expected in (None, self.listed) and self.error is None
        return complete and not any(kind.missing or kind.unreadable for kind in self.found)

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "split": self.split,
            "whole": self.whole,
            "expected": self.expected,
            "listed": self.listed,
            "error": self.error,
            "media": [kind.as_json() for kind in self.found],
        }

    def sentences(self) -> Iterator[str]:
        """The state in lines for people."""
        if self.error is not None:
            yield f"{self.split}: unusable: {self.error}"
            return
        of = "" if self.expected in (None, self.listed) else f" of {self.expected:,} that the data set has"
        yield f"{self.split}: {self.listed:,} clips listed{of}"
        for kind in self.found:
            yield f"  {kind.kind}: {kind.present:,} present, {len(kind.missing):,} missing, {len(kind.unreadable):,} unreadable"
            if kind.missing:
                yield f"    missing: {listing(kind.missing)}"
            for clip, reason in kind.unreadable[:_SHOWN]:
                yield f"    unreadable: {clip} {reason}"
            if len(kind.unreadable) > _SHOWN:
                yield f"    unreadable: {len(kind.unreadable) - _SHOWN} more"


_SHOWN = 5


@dataclass(frozen=True)
class CorpusReport:
    """The state of a data set on disk.

    Attributes:
        name: of the corpus.
        root: its folder.
        splits: the state of each split.
        surplus: folder -> names in it that belong to no clip of the data set.
        notes: what was noticed, and does no harm.
    """

    name: str
    root: Path
    splits: tuple[SplitReport, ...]
    surplus: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every split is; surplus files do no harm."""
        return all(split.whole for split in self.splits)

    def as_json(self) -> dict[str, Any]:
        """Plain values for JSON, with every id."""
        return {
            "name": self.name,
            "root": str(self.root),
            "whole": self.whole,
            "splits": [split.as_json() for split in self.splits],
            "surplus": {folder: list(names) for folder, names in self.surplus.items()},
            "notes": list(self.notes),
        }

    def sentences(self) -> Iterator[str]:
        """The state in lines for people; long lists are cut."""
        for split in self.splits:
            yield from split.sentences()
        for folder, names in self.surplus.items():
            yield f"surplus in {folder}: {listing(names)}"
        for note in self.notes:
            yield f"note: {note}"
        yield f"{self.name} in {self.root} is {'whole' if self.whole else 'not whole'}"


def write_whole(folder: Path, report: CorpusReport, ids: Mapping[str, Sequence[str]]) -> None:
    """Writes the ids of each split's whole clips into ``SPLIT.txt``, a line each, for ``--clips @FILE``.

    Args:
        folder: created if necessary.
        report: the state of the data set.
        ids: split -> all of its clips.

    Raises:
        InputError: a file is in the way, or the folder cannot be written.
    """
    for split in report.splits:
        if split.split not in ids or not split.found:
            continue
        first = split.found[0]  # what the data set has for every clip
        lacking = {*first.missing, *(clip for clip, _ in first.unreadable)}
        path = folder / f"{split.split}.txt"
        if path.exists():
            raise InputError(f"{path} exists; choose another `out`, since nothing is overwritten.")
        write_atomically(path, "".join(f"{clip}\n" for clip in ids[split.split] if clip not in lacking).encode())


def look(files: MediaFiles, seen: Callable[[int], None]) -> Found | None:
    """What is there of one kind of media.

    Args:
        files: where they lie.
        seen: called with the number of clips that were looked at, now and then.

    Returns:
        The state, or None if such media are not required and there is no folder of them.
    """
    if not files.required and not files.folder.is_dir():
        return None
    lying, missing, damaged = files.lying(), [], []
    for count, (clip, name) in enumerate(files.names.items(), start=1):
        path = lying.get(name)
        if path is None:
            missing.append(clip)
        elif (why := _defect(files, clip, path)) is not None:
            damaged.append((clip, why))
        if count % 100 == 0:
            seen(count)
    return Found(files.kind, len(files.names) - len(missing) - len(damaged), tuple(missing), tuple(damaged))


def _defect(files: MediaFiles, clip: str, path: Path) -> str | None:
    if not files.suffixes and not files.images:
        names = names_in(path)
        return defect(path / names[-1]) if names else "is an empty folder"
    return defect(path / files.inner if files.inner else path, files.frames.get(clip))


def surplus_of(all_files: Sequence[MediaFiles], root: Path) -> dict[str, tuple[str, ...]]:
    """What lies in folders of media and belongs to no clip: folder, relative to the root -> names."""
    wanted: dict[Path, set[str]] = {}
    for files in all_files:
        wanted.setdefault(files.folder, set()).update(files.names.values())
    found = {}
    for files in {files.folder: files for files in all_files}.values():
        more = [path.name for name, path in files.lying().items() if name not in wanted[files.folder]]
        if more:
            where = files.folder.relative_to(root) if files.folder.is_relative_to(root) else files.folder
            found[str(where)] = tuple(more)
    return found
