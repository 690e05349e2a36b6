"""The judge: whole-body key points of each frame of a video."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.judges.base import Gives, JudgedClip, Observation
from signbench.judges.network_judge import NetworkJudge, configured
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.judges.pose_estimator.estimating import BATCH, estimated
from signbench.media.layouts import layout
from signbench.media.pose import Pose

if TYPE_CHECKING:
    from torch import nn


class PoseEstimator(NetworkJudge):
    """Finds whole-body key points in every frame by heat maps, so that metrics of key points can compare videos.

    Points are in pixels of the frames as they are shown to it: a network whose pictures are stretched is shown videos resized to
    its pictures, one whose pictures are padded sees them at their own size. A point with a confidence below the configuration's
    threshold is not seen.
    """

    name = "pose-estimator"
    reads = ("frames",)
    gives = ("pose",)
    batch = 1
    summary = "finds whole-body key points in every frame of a video, by heat maps"
    licence = "Apache-2.0"
    citation = "Sun, Xiao, Liu and Wang 2019: Deep High-Resolution Representation Learning for Human Pose Estimation"

    def __init__(self, *, model: str | None = None, device: str = "cpu", precision: Precision = "float32") -> None:
        super().__init__(model=model, device=device, precision=precision)
        self.config: PoseEstimatorConfig = configured(PoseEstimatorConfig, self.model.config(), self.model)
        self.size = self.config.size if self.config.fitted == "stretched" else None
        self.rate = self.config.rate
        self.layout = self.config.layout

    @property
    def decoding(self) -> str:
        return f"{self.config.decoding}-{BATCH}"

    def empty_network(self) -> nn.Module:
        return self.config.build()

    def answers(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        return [{"pose": self._pose(clip)} for clip in clips]

    def _pose(self, clip: JudgedClip) -> Pose:
        if clip.frames is None:
            raise InputError(f"clip {clip.id}: the judge {self.name} reads frames.")
        rows = estimated(self.network(), clip.frames, self.config)
        height, width = clip.frames.shape[1:3]
        return Pose(rows[..., :2].copy(), rows[..., 2].copy(), layout(self.config.layout), self.rate, picture=(width, height))
