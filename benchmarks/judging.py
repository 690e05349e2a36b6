"""Scoring through judges: the overhead over reading and the bare networks, and what a second model costs."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.measurement import Row, command
from signbench.judges.base import Gives


@dataclass(frozen=True)
class _Case:
    """A judge and what it is asked.

    Attributes:
        judge: its name.
        task: the task whose clips it is shown.
        clips: their number.
        metrics: metrics through the judge.
        gives: what they need for each clip.
        chance: what the chance level needs again for each reference, because it depends on the text.
    """

    judge: str
    task: str
    clips: int
    metrics: tuple[str, ...]
    gives: tuple[Gives, ...]
    chance: tuple[Gives, ...] = ()

    @property
    def media(self) -> str:
        """The media of the clips."""
        return "video" if self.task.endswith("reconstruction") else "pose"


_BOTH: tuple[Gives, ...] = ("text", "likelihood")
_TRANSLATED: tuple[Any, ...] = ("synthsign/text-to-pose", 120, ("bleu:order=4", "likelihood"), _BOTH, ("likelihood",))
_CASES = (
    _Case("slt", *_TRANSLATED),
    _Case("nslt", *_TRANSLATED),
    _Case("corrnet", "synthsign/reconstruction", 16, ("wer",), ("gloss",)),
)


def rows(root: Path) -> list[Row]:
    """The overhead of scoring through each judge, and how many references a second model's run judges again.

    Times are those of the processor: everything runs in one thread.

    Args:
        root: folder of the clips.
    """
    found = []
    with tempfile.TemporaryDirectory() as cache, mock.patch.dict(os.environ, {"SIGNBENCH_CACHE": cache}):
        for case in _CASES:
            references, first = (_exported(root, case, take) for take in (0, 1))
            ratios = []
            for _ in range(3):
                shutil.rmtree(cache, ignore_errors=True)
                engine, bare = _scored(case, references, first), _bare(case, references, first)
                ratios.append((engine / bare, engine, bare))
            ratio, engine, bare = sorted(ratios)[1]
            what = f"scoring {case.media} through {case.judge} / reading once + the bare network ({case.clips} clips, one core)"
            found.append(Row(what, ratio, "x", "<= 1.15", f"{engine:.1f} s / {bare:.1f} s"))
        judged: list[str] = []
        seconds = _scored(case, references, _exported(root, case, 2), judged)
    again = len(judged) - case.clips
    what = "references that a second model's run judges again"
    return [*found, Row(what, float(again), "clips", "<= 0", f"{seconds:.1f} s, {len(judged)} clips judged")]


def _exported(root: Path, case: _Case, take: int) -> Path:
    """A performance of the test sentences, as files."""
    folder = root / f"{case.media}-{case.clips}-{take}"
    if not folder.is_dir():
        words = ["corpora", "export", "synthsign", "--split", "test", "--limit", str(case.clips), "--media", case.media]
        size = ["--size", "128"] if case.media == "video" else []
        command(*words, *size, "--take", str(take), "--table", "--out", folder)
    return folder


def _scored(case: _Case, references: Path, predictions: Path, judged: list[str] | None = None) -> float:
    """Seconds of scoring in one process; the clips that the judge is shown are added to a list."""
    import signbench
    from signbench.judges.registry import judge_class
    from signbench.tasks.loading import task

    whole = task(case.task)
    entry = whole.metrics[0]
    through = [
        entry.model_copy(update={"metric": metric, "on": case.judge, "headline": index == 0})
        for index, metric in enumerate(case.metrics)
    ]
    small = whole.model_copy(update={"metrics": tuple(through), "length": "resample"})
    kind: Any = judge_class(case.judge)
    plain = kind.answers

    def answers(judge: Any, clips: Any, wanted: Any) -> Any:
        if judged is not None:
            judged.extend(clip.id for clip in clips)
        return plain(judge, clips, wanted)

    with tempfile.TemporaryDirectory() as out, mock.patch.object(kind, "answers", answers):
        begun = time.process_time()
        signbench.score(small, predictions, references=references, out=Path(out) / "run", workers=1)
        return time.process_time() - begun


def _bare(case: _Case, references: Path, predictions: Path) -> float:
    """Seconds of loading the network, reading every file once, and of the passes that a result has.

    These are those of each file, and for each reference the likelihood of another clip's text, if the chance level needs it.
    """
    import torch

    from signbench.corpora.clip import Clip
    from signbench.corpora.recordings import PoseFile, VideoFile
    from signbench.judges.registry import create
    from signbench.media.video import VIDEO_SUFFIXES
    from signbench.runs.protocol import Protocol
    from signbench.scoring.judging import judged_clip

    torch.set_num_threads(1)  # as the engine does
    begun = time.process_time()
    judge: Any = create(case.judge)
    for folder in (references, predictions):
        for path in sorted(folder.iterdir()):
            if path.suffix not in (".pose", *VIDEO_SUFFIXES):
                continue
            clip = Clip(path.stem, pose=PoseFile(path)) if case.media == "pose" else Clip(path.stem, video=VideoFile(path))
            shown = judged_clip(judge, clip, Protocol(), "The bread is cold.")
            judge.observe([shown], case.gives)
            if folder == references and case.chance:
                judge.observe([shown], case.chance)
    return time.process_time() - begun
