"""Makes the key points that a data set on disk lacks, once, beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from signbench.corpora.on_disk import MADE_BY, CorpusOnDisk, prepared_file
from signbench.corpora.recordings import PoseRecording
from signbench.documents import json_bytes, parse_json
from signbench.errors import InputError, SignbenchError
from signbench.media.pose_files import write_pose
from signbench.progress import Progress, silent
from signbench.scoring.estimated_points import EstimatedPoints
from signbench.scoring.ranks import Ranks
from signbench.whole_files import write_atomically


@dataclass(frozen=True)
class Prepared:
    """What was done with a split.

    Attributes:
        split: its name.
        made: number of clips whose key points were made now.
        there: number of clips whose key points were there before.
        failed: clip -> why it has none, such as a missing or unreadable video.
    """

    split: str
    made: int
    there: int
    failed: dict[str, str]


def prepare_points(
    corpus: CorpusOnDisk,
    out: Path,
    estimator: str,
    *,
    splits: tuple[str, ...] | None = None,
    limit: int | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> list[Prepared]:
    """Writes the key points of clips that have none as ``OUT/SPLIT/ID.npz``, found in their videos by a judge.

    Files appear complete or not at all, and those that are there are kept: repeating the call resumes. Several processes of
    torchrun share the clips; each one counts its own.

    Args:
        corpus: the data set.
        out: the folder of key points, outside the data set or in it.
        estimator: name of a judge that reads frames and gives key points.
        splits: some of the splits that have media of their own; None: all of them.
        limit: only the first clips of each split, this many.
        device: the device of the judge's network.
        progress: called with the split, and the numbers of finished and of all its clips.

    Raises:
        InputError: there is no such split or judge, the folder holds key points by another judge, or it cannot be written.
    """
    if limit is not None and limit < 1:
        raise InputError(f"`limit` must be at least 1, not {limit}.")
    own = tuple(split for split in corpus.splits if split not in corpus.subsets)
    for split in splits or ():
        if split not in own:
            raise InputError(f"the media of {corpus.name} are in the splits {', '.join(own)}, not in {split}.")
    estimated = EstimatedPoints(estimator, device)
    _sign(out, estimated.judge().signed)
    return [_prepared(corpus, split, out, estimated, limit, progress) for split in splits or own]


def _prepared(
    corpus: CorpusOnDisk, split: str, out: Path, estimated: EstimatedPoints, limit: int | None, progress: Progress
) -> Prepared:
    clips = Ranks.from_environment().share(corpus.ids(split)[:limit])
    made = there = 0
    failed: dict[str, str] = {}
    for done, name in enumerate(clips, start=1):
        clip, path = corpus.clip(name), prepared_file(out, split, name)
        if clip.pose is not None or path.exists():
            there += 1
        else:
            try:
                pose: PoseRecording | None = estimated(clip).pose
                if pose is None:
                    raise InputError(f"clip {name} has no key points.")
                path.parent.mkdir(parents=True, exist_ok=True)
                write_pose(path, pose.pose(None))
                made += 1
            except SignbenchError as error:
                failed[name] = str(error)
        progress(f"preparing {split}", done, len(clips))
    return Prepared(split, made, there, failed)


def _sign(out: Path, signature: str) -> None:
    """Notes who makes the key points of a folder.

    Raises:
        InputError: it holds those of another judge, or of nobody known.
    """
    path = out / MADE_BY
    if path.is_file():
        try:
            by = parse_json(path.read_bytes())["judge"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is damaged; choose another `out`.") from error
        if by != signature:
            raise InputError(f"{out} holds key points by {by}, not by {signature}; choose another `out`.")
    elif out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out} holds other files; choose another `out`.")
    else:
        write_atomically(path, json_bytes({"judge": signature}))
