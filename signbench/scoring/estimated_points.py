"""Key points that a judge of videos finds, in place of the corpus's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import PoseArray
from signbench.errors import InputError
from signbench.judges import registry
from signbench.judges.asking import answers
from signbench.judges.base import Judge
from signbench.media.pose import Pose
from signbench.runs.protocol import Protocol
from signbench.scoring.judging import judged_clip


@dataclass(frozen=True)
class EstimatedPoints:
    """Replaces the key points of clips by those that a judge finds in their videos.

    Attributes:
        estimator: name of a judge that reads frames and gives key points.
        device: the device of its network.
    """

    estimator: str
    device: str = "cpu"

    def judge(self) -> Judge:
        """The estimator.

        Raises:
            InputError: there is no such judge, or it does not find key points in videos.
        """
        found = _loaded.get((self.estimator, self.device))
        if found is None:
            found = registry.create(self.estimator, device=self.device)
            if "frames" not in found.reads or "pose" not in found.gives:
                raise InputError(f"the judge {self.estimator} does not find key points in videos; use pose-estimator or dwpose.")
            _loaded[self.estimator, self.device] = found
        return found

    def __call__(self, clip: Clip) -> Clip:
        """A clip with the key points that are found in its video.

        Raises:
            InputError: the clip has no video.
        """
        if clip.video is None:
            raise InputError(f"clip {clip.id} has no video for the judge {self.estimator}.")
        judge = self.judge()
        shown = judged_clip(judge, clip, Protocol(), None)
        pose = cast("Pose", answers(judge, [shown], ["pose"])[0]["pose"])
        return replace(clip, pose=PoseArray(pose, f"{clip.id} by {self.estimator}"))


_loaded: dict[tuple[str, str], Judge] = {}
"""The estimators of this process."""
