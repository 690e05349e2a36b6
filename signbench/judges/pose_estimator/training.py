"""The training of the pose estimator: heat maps and confidences of single frames, degraded at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.judges.pose_estimator.estimating import estimated, normalised
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, settings_of
from signbench.training.clip_arrays import ClipArrays
from signbench.training.frame_degradations import FrameDegradations
from signbench.training.frames import FrameSource

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Settings:
    """Settings of the data and losses.

    Attributes:
        rate: frames per second of the train clips that are used.
        dev_rate: frames per second of the dev clips.
        renderings: the videos of each clip that are used: ``video``, or other renderings of the same motion.
        sigma: of the heat maps' Gaussians, in cells.
        coordinate: weight of the soft-argmax's error.
        confidence: weight of the cross-entropy of the confidences.
        hidden: a point whose confidence in the corpus is at most this is not compared on dev.
        degraded: share of the frames that are degraded.
        mirrored: share of the frames that are mirrored.
        shift: largest displacement, as a share of the picture.
        scale: largest enlargement and reduction.
        turn: largest rotation, in degrees.
        blurred: share of the degraded frames that are blurred.
        compressed: share of the degraded frames that are compressed.
        codec: ``jpeg`` or ``h264``, which is slower.
    """

    rate: float = 6.25
    dev_rate: float = 2.5
    renderings: tuple[str, ...] = ("video",)
    sigma: float = 1.0
    coordinate: float = 1.0
    confidence: float = 1.0
    hidden: float = 0.31
    degraded: float = 0.8
    mirrored: float = 0.0
    shift: float = 0.06
    scale: float = 0.08
    turn: float = 4.0
    blurred: float = 0.3
    compressed: float = 0.4
    codec: Literal["h264", "jpeg"] = "jpeg"


class PoseEstimatorTraining(TrainingData):
    """Single frames of a corpus with its own key points as targets."""

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        given = self.settings
        self.degradations = FrameDegradations(
            share=given.degraded,
            mirrored=given.mirrored,
            shift=given.shift,
            scale=given.scale,
            turn=given.turn,
            blurred=given.blurred,
            compressed=given.compressed,
            codec=given.codec,
        )
        size = self.config().size
        self.parts: list[tuple[ClipArrays[np.uint8], ClipArrays[np.float32]]] = []
        for split in self.recipe.train:
            for rendering in given.renderings:
                source = FrameSource(self.corpus, split, size, given.rate, rendering=rendering)
                self.parts.append((source.frames(progress=report, workers=self.workers), source.key_points(progress=report)))
        self.starts = np.cumsum([0, *(len(frames.rows) for frames, _ in self.parts)])
        dev = FrameSource(self.corpus, self.recipe.dev, size, given.dev_rate)
        self.dev = dev.frames(progress=report, workers=self.workers), dev.key_points(progress=report)
        joints = self.config().joints
        if self.dev[1].rows.shape[1] != joints:
            raise InputError(f"{self.corpus.name} has {self.dev[1].rows.shape[1]} key points, and the network {joints}.")

    def config(self) -> PoseEstimatorConfig:
        made = PoseEstimatorConfig.small() if self.recipe.configuration == "small" else PoseEstimatorConfig.paper()
        return changed(made, self.recipe.network, "network")

    def examples(self, phase: str) -> int:
        return int(self.starts[-1])

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        pictures, points = [], []
        for index in indices.tolist():
            part = int(np.searchsorted(self.starts, index, side="right")) - 1
            frames, targets = self.parts[part]
            row = slice(index - self.starts[part], index - self.starts[part] + 1)
            picture, moved = self.degradations.with_points(frames.rows[row], targets.rows[row], random)
            pictures.append(picture)
            points.append(moved)
        joined = np.concatenate([rows for rows in points if rows is not None])
        return {"pictures": torch.from_numpy(np.concatenate(pictures)), "points": torch.from_numpy(joined)}

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        import torch

        from signbench.judges.pose_estimator.heat_maps import gaussian_losses, gaussian_maps

        config, given = self.config(), self.settings
        height, width = config.size
        points: Tensor = batch["points"]
        positions, sure = points[..., :2], points[..., 2]
        limit = torch.tensor([width, height], dtype=points.dtype, device=points.device)
        # a degradation may have moved a point out of the picture
        inside = ((positions > -0.5) & (positions < limit - 0.5)).all(dim=2).to(points.dtype)
        sure = sure * inside
        cells = config.grid.cells(positions)
        output = network(normalised(batch["pictures"], config))
        if not isinstance(output, tuple):
            wanted = gaussian_maps(cells, output.shape[2], output.shape[3], 2 * given.sigma)
            error = ((output - wanted) ** 2).mean((2, 3)) * (sure > 0)
            return {"maps": error.sum() / (sure > 0).sum().clamp(min=1)}
        entropy, distance = gaussian_losses(output[0], cells, given.sigma)
        # hidden points are known to the corpus, but are a guess for the network
        weight = sure / sure.sum().clamp(min=1e-6)
        seen = torch.nn.functional.binary_cross_entropy_with_logits(output[1], sure)
        return {
            "maps": (entropy * weight).sum(),
            "coordinates": given.coordinate * (distance * weight).sum(),
            "confidence": given.confidence * seen,
        }

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        config, known = self.config(), layout(self.config().layout)
        frames, points = self.dev
        wanted = set(self.dev_ids())
        for index, name in enumerate(frames.ids):
            if name not in wanted:
                continue
            found, true = estimated(network, frames[index], config), points[index]
            shown = (true[..., 2] > self.settings.hidden).astype(np.float32)
            said, expected = (
                Pose(np.ascontiguousarray(rows[..., :2]), confidence, known, self.settings.dev_rate)
                for rows, confidence in ((found, np.maximum(found[..., 2], 1e-6)), (true, shown))
            )
            yield Answer(name, {"pose": said}, {"pose": expected})
