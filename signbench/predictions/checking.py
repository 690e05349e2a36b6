"""Checks a folder of predictions before any work starts, and reports all problems."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from signbench.corpora.clip import Side
from signbench.errors import InputError
from signbench.predictions.clip_checks import check_clip
from signbench.predictions.manifest import changed_productions, failures
from signbench.predictions.problems import Problem, ordered
from signbench.predictions.reading import Found, is_made, scan
from signbench.tasks.schema import Task

_WORDS = {"video": "video", "pose": "key points", "motion": "body-model motion"}


def check_predictions(
    task: Task, references: Side, predictions: Side, clips: Sequence[str], root: Path | None = None
) -> list[Problem]:
    """All problems with a side of predictions that can be found from names, headers and key points.

    Args:
        task: the task of the predictions.
        references: from :func:`signbench.tasks.references.task_references`.
        predictions: from :func:`signbench.predictions.reading.read_predictions`.
        clips: ids of the expected clips.
        root: the folder of the corpus, if it lies on disk; None: the configured one.

    Returns:
        The problems, those of the whole folder first, then by clip; empty if there are none. No problem is reported twice: a file
        with a wrong name is not also reported as a missing clip.
    """
    folder = Path(predictions.name) if predictions.location is not None else None
    found = scan(task, folder) if folder is not None else []
    names = _Names(task, predictions, tuple(clips), found, _splits(task, root), _failed(folder))
    problems = [*names.problems(), *_overwritten(folder, predictions, set(clips))]
    for clip in clips:
        if clip in predictions.clips and clip in references.clips:
            problems += check_clip(task, references.clips[clip], predictions.clips[clip])
    return ordered(problems)


def _splits(task: Task, root: Path | None) -> dict[str, frozenset[str]]:
    """Ids of all splits of the corpus, to recognise predictions of another one; empty if there is no reader."""
    from signbench.corpora import registry

    try:
        if root is None and not registry.readable(task.corpus):
            return {}
        corpus = registry.corpus(task.corpus) if root is None else registry.corpus(task.corpus, root)
        return {split: frozenset(corpus.ids(split)) for split in corpus.splits}
    except InputError:
        return {}


def _overwritten(folder: Path | None, predictions: Side, clips: Collection[str]) -> Iterator[Problem]:
    """Files whose SHA-256 differs from the one in the manifest."""
    if folder is None or not folder.is_dir():
        return
    here = [clip for clip in predictions.clips if clip in clips]
    for clip in changed_productions(folder, here, {}):
        what = "the file's SHA-256 is not the one in manifest.jsonl, so it was changed or truncated after it was written"
        yield Problem("changed", clip, str(folder), what, "generate it again, or correct the manifest")


def _failed(folder: Path | None) -> dict[str, str]:
    """Clips on which a generator of signbench failed, and why."""
    if folder is None or not folder.is_dir():
        return {}
    return {clip: failure.reason.rstrip(".") for clip, failure in failures(folder).items()}


class _Names:
    """Problems that follow from file names: missing clips, extra files, and what these were probably meant to be."""

    def __init__(
        self,
        task: Task,
        predictions: Side,
        clips: tuple[str, ...],
        found: Sequence[Found],
        splits: Mapping[str, Collection[str]],
        failed: Mapping[str, str],
    ) -> None:
        self.task = task
        self.found = found
        self.clips = clips
        self.splits = splits
        self.failed = failed
        self.wanted = _WORDS[task.made.modality]
        # Clips of the task that this run leaves out, as with --limit, are not extra.
        allowed = {clip for ids in splits.values() if set(clips) <= set(ids) for clip in ids}
        self.missing = [clip for clip in clips if clip not in predictions.clips]
        self.extra = [clip for clip in predictions.clips if clip not in allowed and clip not in set(clips)]
        self.paths = {item.clip: str(item.path) for item in reversed(found) if is_made(task, item)}

    def problems(self) -> Iterator[Problem]:
        """All problems, each file and clip explained once."""
        yield from self._unusable()
        yield from self._doubled()
        yield from self._folder_too_high()
        yield from self._of_another_split()
        yield from self._misnamed()
        yield from self._of_another_kind()
        for clip in self.extra:
            remedy = "remove it, or rename it to the id of its clip"
            yield Problem("extra", clip, self.paths.get(clip), "no clip of the task has this id", remedy)
        for clip in self.missing:
            reason = self.failed.get(clip)
            what = f"there is no {self.wanted} of it" + (f", as its generator failed ({reason})" if reason else "")
            yield Problem("missing", clip, None, what, f"make {clip}{self.task.made.file}")

    def _unusable(self) -> Iterator[Problem]:
        images = [item for item in self.found if item.kind == "image"]
        for item in self.found:
            if item.kind == "bad-name":
                yield Problem(
                    "bad-name", None, str(item.path), (item.problem or "its name is not a valid id").split("; ")[0], "rename it"
                )
            elif item.kind == "manifest":
                self._explain(item.clip)
                remedy = "correct the manifest, or name the files by clip id and remove it"
                yield Problem("manifest", item.clip or None, str(item.path), item.problem or "it cannot be used", remedy)
            elif item.kind == "archive":
                yield Problem("archive", None, str(item.path), "it is an archive", "unpack it here and remove it")
            elif item.kind == "container" and self.task.made.modality != "video":
                remedy = "pass that file itself as `predictions`, or write one file for each clip"
                yield Problem("container", None, str(item.path), "it holds many clips", remedy)
        if images and self.task.made.modality == "video":
            remedy = "put the frames of each clip into a separate folder, named by the clip's id"
            yield Problem("loose-images", None, str(images[0].path), f"{len(images)} images are next to the clips", remedy)

    def _doubled(self) -> Iterator[Problem]:
        first: dict[str, Path] = {}
        for item in self.found:
            if not is_made(self.task, item):
                continue
            if item.clip in first:
                what = f"it has the same clip id as {first[item.clip]}"
                yield Problem("duplicate", item.clip, str(item.path), what, "keep one of the two")
            else:
                first[item.clip] = item.path

    def _folder_too_high(self) -> Iterator[Problem]:
        """Clips that are all one folder too deep."""
        heads = Counter(clip.partition("/")[0] for clip in self.extra if clip.partition("/")[2] in self.missing)
        for head, _ in heads.most_common(1):
            inner = [clip for clip in self.extra if clip.partition("/")[0] == head and clip.partition("/")[2] in self.missing]
            for clip in inner:
                self._explain(clip, clip.partition("/")[2])
            what = f"{len(inner)} clips are in the folder {head}, so their ids start with {head}/"
            yield Problem("folder", None, None, what, f"pass that folder, `predictions='.../{head}'`")

    def _of_another_split(self) -> Iterator[Problem]:
        shares = {
            split: [clip for clip in self.extra if clip in ids]
            for split, ids in self.splits.items()
            if not set(self.clips) <= set(ids)
        }
        split = max(shares, key=lambda name: len(shares[name]), default=None)
        if split is None or len(shares[split]) < 2 or len(shares[split]) <= len(self.clips) - len(self.missing):
            return
        others = shares[split]
        for clip in others:
            self._explain(clip)
        remedy = f"score with `split='{split}'`" if split in self.task.splits else "submit predictions of the split that is scored"
        present = len(self.clips) - len(self.missing)
        if not present:
            self.missing = []
        scored = f"{present or 'none'} of the {len(self.clips)} that are scored"
        what = f"{len(others)} files are predictions of the split {split}, and {scored}"
        yield Problem("other-split", None, None, what, remedy)

    def _misnamed(self) -> Iterator[Problem]:
        """Names that differ from a missing clip's only in case, separators, leading zeros or a doubled suffix."""
        meant: dict[str, list[str]] = {}
        for clip in self.missing:
            meant.setdefault(_plain(clip), []).append(clip)
        for clip in list(self.extra):
            candidates = meant.get(_plain(clip), []) or meant.get(_plain(_without_suffix(clip)), [])
            candidates = [candidate for candidate in candidates if candidate in self.missing]
            if len(candidates) != 1:
                continue
            path = self.paths.get(clip)
            self._explain(clip, candidates[0])
            what = "no clip has this id, and ids must match exactly" + (", including case" if _cased(clip, candidates[0]) else "")
            yield Problem("misnamed", clip, path, what, f"did you mean {candidates[0]}? Rename the file")

    def _of_another_kind(self) -> Iterator[Problem]:
        """Files of a missing clip that do not have the required modality or file type."""
        submit = f"submit {self.wanted} as {self.task.made.file}"
        for item in self.found:
            if item.clip not in self.missing or is_made(self.task, item) or item.kind not in ("video", "pose", "other", "image"):
                continue
            if item.kind == "image" and self.task.made.modality == "video":
                continue
            self._explain(item.clip)
            if item.kind in ("video", "pose"):
                kind = "video" if item.kind == "video" else "a key-point file"
                yield Problem("wrong-modality", item.clip, str(item.path), f"it is {kind}, not {self.wanted}", submit)
            else:
                what = f"{item.path.suffix or 'a name without suffix'} is not a file type of {self.wanted}"
                yield Problem("wrong-suffix", item.clip, str(item.path), what, submit)

    def _explain(self, *clips: str) -> None:
        """Clips with a reported problem are not also reported as extra or missing."""
        for clip in clips:
            self.missing = [other for other in self.missing if other != clip]
            self.extra = [other for other in self.extra if other != clip]


def _plain(clip: str) -> str:
    """A name without common variations: case, separators, leading zeros."""
    words = re.findall(r"[^\W\d_]+|\d+", clip.casefold())
    return " ".join(word.lstrip("0") or "0" if word.isdigit() else word for word in words)


def _without_suffix(clip: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", clip)


def _cased(one: str, other: str) -> bool:
    return one != other and one.casefold() == other.casefold()
