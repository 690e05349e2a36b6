"""Scoring through a judge: its overhead over decoding and the bare network, and what a second model costs."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.measurement import Row, command
from signbench.judges.base import Gives

_CLIPS = 120
_TASK = "synthsign/text-to-pose"
_JUDGES = ("slt", "nslt")
_GIVES: tuple[Gives, ...] = ("text", "likelihood")
_CHANCE: tuple[Gives, ...] = ("likelihood",)


def rows(root: Path) -> list[Row]:
    """The overhead of BLEU and likelihood through each translator, and how many references a second model's run judges again.

    Times are those of the processor: everything runs in one thread.

    Args:
        root: folder of the clips.
    """
    references, first, second = (_exported(root / name, take) for name, take in (("references", 0), ("first", 1), ("second", 2)))
    overheads = []
    with tempfile.TemporaryDirectory() as cache, mock.patch.dict(os.environ, {"SIGNBENCH_CACHE": cache}):
        for judge in _JUDGES:
            ratios = []
            for _ in range(3):
                shutil.rmtree(cache, ignore_errors=True)
                engine, bare = _scored(judge, references, first), _bare(judge, references, first)
                ratios.append((engine / bare, engine, bare))
            ratio, engine, bare = sorted(ratios)[1]
            what = f"scoring through {judge} / reading once + the bare network ({_CLIPS} references and productions, one core)"
            overheads.append(Row(what, ratio, "x", "<= 1.15", f"{engine:.1f} s / {bare:.1f} s"))
        judged: list[str] = []
        second_seconds = _scored(judge, references, second, judged)
    again = len(judged) - _CLIPS
    return [
        *overheads,
        Row(
            "references that a second model's run judges again",
            float(again),
            "clips",
            "<= 0",
            f"{second_seconds:.1f} s, {len(judged)} clips judged",
        ),
    ]


def _exported(folder: Path, take: int) -> Path:
    """Key points of a performance of the test sentences, as files."""
    if not folder.is_dir():
        words = ["corpora", "export", "synthsign", "--split", "test", "--limit", str(_CLIPS), "--media", "pose"]
        command(*words, "--take", str(take), "--table", "--out", folder)
    return folder


def _scored(name: str, references: Path, predictions: Path, judged: list[str] | None = None) -> float:
    """Seconds of scoring in one process; the clips that the judge is shown are added to a list."""
    import signbench
    from signbench.judges.registry import judge_class
    from signbench.tasks.loading import task

    whole = task(_TASK)
    entry = whole.metrics[0]
    through = [
        entry.model_copy(update={"metric": metric, "on": name, "headline": index == 0})
        for index, metric in enumerate(("bleu:order=4", "likelihood"))
    ]
    small = whole.model_copy(update={"metrics": tuple(through)})
    kind: Any = judge_class(name)
    plain = kind.answers

    def answers(judge: Any, clips: Any, wanted: Any) -> Any:
        if judged is not None:
            judged.extend(clip.id for clip in clips)
        return plain(judge, clips, wanted)

    with tempfile.TemporaryDirectory() as out, mock.patch.object(kind, "answers", answers):
        begun = time.process_time()
        signbench.score(small, predictions, references=references, out=Path(out) / "run")
        return time.process_time() - begun


def _bare(name: str, references: Path, predictions: Path) -> float:
    """Seconds of loading the network, reading every file once, and of the passes that a result has.

    These are text and likelihood for each file, and for each reference the likelihood of another clip's text: the chance level.
    """
    import torch

    from signbench.corpora.recordings import PoseFile
    from signbench.judges.base import JudgedClip
    from signbench.judges.registry import create
    from signbench.media.layouts import layout
    from signbench.media.pose import in_layout

    torch.set_num_threads(1)  # as the engine does
    begun = time.process_time()
    judge: Any = create(name)
    for folder in (references, predictions):
        for path in sorted(folder.glob("*.pose")):
            pose = in_layout(PoseFile(path).pose(None), layout(judge.layout or ""))
            clip = JudgedClip(path.stem, pose=pose, text="The bread is cold.")
            judge.observe([clip], _GIVES)
            if folder == references:
                judge.observe([clip], _CHANCE)
    return time.process_time() - begun
