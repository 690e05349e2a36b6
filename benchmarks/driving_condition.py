"""Whether RuSignBot's productions follow what drives them: the signing of another word, and the paths of the wrists.

signbench run synthsign/word-to-video --generator rusignbot --out runs/own
signbench run synthsign/word-to-video --generator benchmarks.driving_condition:AnotherWord --out runs/another
signbench compare runs/own runs/another
python -m benchmarks.driving_condition runs/own runs/another
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurement import Row, table
from signbench.corpora.recordings import VideoFile
from signbench.corpora.synthsign import SynthSign
from signbench.generators.rusignbot.generator import RuSignBotGenerator
from signbench.generators.rusignbot.matching import gloss_of
from signbench.generators.rusignbot.words import Found
from signbench.generators.training import TrainClip, TrainView
from signbench.judges.base import JudgedClip
from signbench.judges.registry import create
from signbench.media.pose import Pose
from signbench.predictions.sampling import at_positions

_WANTED = 0.9
_MOVES = 0.3


class AnotherWord(RuSignBotGenerator):
    """RuSignBot with the right person and the wrong signing: that of the gloss half the lexicon away in alphabetical order.

    Args:
        checkpoint: as for ``rusignbot``.
        options: as for ``rusignbot``.
    """

    def __init__(self, checkpoint: str | Path | None = None, **options: Any) -> None:
        super().__init__(checkpoint, **options)
        self.card = replace(self.card, name=self.card.name.replace("rusignbot", "another-word"))

    def prepare(self, train: TrainView) -> None:
        super().prepare(train)
        self._glosses = sorted({gloss_of(clip) for clip in train.words()})

    def found(self, text: str) -> tuple[Found, TrainClip]:
        found, _ = super().found(text)
        other = (self._glosses.index(found.gloss) + len(self._glosses) // 2) % len(self._glosses)
        return found, super().found(self._glosses[other])[1]


def likenesses(run: Path) -> NDArray[np.float64]:
    """Correlations of the wrists' paths in a run's productions with those in the clips that drove them.

    A path is a wrist's distance from the middle of the shoulders, across or down, in shoulder widths. Paths that cover less than
    0.3 of them in the driving clip are left out.

    Args:
        run: the folder of a run of ``rusignbot`` on SynthSign.

    Returns:
        One value for each path.
    """
    corpus, judge = SynthSign(), create("pose-estimator")
    found = []
    for line in (run / "predictions" / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        recording = VideoFile(run / "predictions" / said["file"])
        probe = recording.probe(None)
        frames = np.stack(list(at_positions(recording, probe, np.arange(probe.frames), (128, 128))))
        seen = judge.observe([JudgedClip(said["id"], frames=frames)], ["pose"])[0]["pose"]
        driving = corpus.pose(said["details"]["clip"])
        if not isinstance(seen, Pose):
            raise TypeError(f"the pose estimator gives {type(seen).__name__}, not key points")
        length = min(seen.frames, driving.frames)
        for side in ("left", "right"):
            paths = zip(_path(seen.first(length), side), _path(driving.first(length), side), strict=True)
            found += [np.corrcoef(made, wanted)[0, 1] for made, wanted in paths if np.ptp(wanted) > _MOVES]
    return np.array(found)


def _path(pose: Pose, side: str) -> NDArray[np.float64]:
    """A wrist's path, ``(2, T)``."""
    wrist, left, right = pose.select((f"{side}_wrist", "left_shoulder", "right_shoulder")).points[..., :2].transpose(1, 0, 2)
    path: NDArray[np.float64] = (wrist - (left + right) / 2).T / np.linalg.norm(left - right, axis=-1).mean()
    return path


def rows(runs: list[Path]) -> list[Row]:
    """The mean correlation of each run, and the share of its paths at 0.9 or more."""
    made = []
    for run in runs:
        alike = likenesses(run)
        share = f"{(alike >= _WANTED).mean():.1%} of {len(alike)} paths at {_WANTED} or more"
        made.append(
            Row(f"wrists of {run.name} and of the driving clips, mean correlation", float(alike.mean()), "", f">= {_WANTED}", share)
        )
    return made


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("name the folders of runs of rusignbot on synthsign/word-to-video.")
    print(table(rows([Path(name) for name in sys.argv[1:]])))
