"""The training of a trunk: key points of single frames, which a corpus that is rendered has for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.judges import key_point_rows
from signbench.judges.frame_trunk.config import FrameTrunkConfig
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, settings_of
from signbench.training.clip_arrays import ClipArrays
from signbench.training.frame_degradations import FrameDegradations
from signbench.training.frames import FrameSource

if TYPE_CHECKING:
    from torch import Tensor, nn


RENDERINGS = "renderings"
"""The phase that also shows renderings; the others show videos."""

HANDS = "hamer"
"""The rendering in which only the hands are visible."""

_FIRST_OF_HANDS = 91


@dataclass(frozen=True)
class Settings:
    """Settings of the data and losses.

    Attributes:
        takes: performances of each train clip; 0 is the reference.
        renderings: further renderings of the reference, which the phase ``renderings`` shows besides the videos.
        frames: frames of a clip that share a batch; they are degraded alike.
        hands: weight of the points of each hand relative to its wrist.
        face: weight of the points of the face relative to its middle.
        compressed: share of the degraded clips that are compressed.
    """

    takes: int = 2
    renderings: tuple[str, ...] = ()
    frames: int = 4
    hands: float = 4.0
    face: float = 4.0
    compressed: float = 0.3


class FrameTrunkTraining(TrainingData):
    """Single frames of sentences, degraded at random, with the positions of their key points."""

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        self.degradations = FrameDegradations(codec="jpeg", compressed=self.settings.compressed)
        self.index = key_point_rows.chosen_joints()
        size = self.config().size
        shown = [("video", take) for take in range(self.settings.takes)] + [(name, 0) for name in self.settings.renderings]
        sources = [
            FrameSource(self.corpus, split, (size, size), take=take, rendering=name)
            for name, take in shown
            for split in self.recipe.train
        ]
        self.hands_only = [source.rendering == HANDS for source in sources]
        self.frames: list[ClipArrays[np.uint8]] = [source.frames(progress=report, workers=self.workers) for source in sources]
        self.points: list[ClipArrays[np.float32]] = [source.key_points(progress=report) for source in sources]
        self.clips = [(source, clip) for source, frames in enumerate(self.frames) for clip in range(len(frames))]
        self.videos = sum(len(frames) for frames in self.frames[: self.settings.takes * len(self.recipe.train)])
        self.dev = []
        names = ("video", *self.settings.renderings)
        seen = [FrameSource(self.corpus, self.recipe.dev, (size, size), rendering=name) for name in names]
        arrays = [(source.frames(progress=report, workers=self.workers), source.key_points(progress=report)) for source in seen]
        for number, clip in enumerate(self.dev_ids()):
            # each clip as a video or in one of the renderings, in turn
            frames, points = arrays[number % len(names)]
            at = frames.ids.index(clip)
            known = np.array(points[at][::8])
            if names[number % len(names)] == HANDS:
                known[:, [index for index in self.index if index < _FIRST_OF_HANDS]] = 0
            self.dev.append((clip, np.array(frames[at][::8]), known))

    def config(self) -> FrameTrunkConfig:
        make = FrameTrunkConfig.small if self.recipe.configuration == "small" else FrameTrunkConfig.paper
        return changed(make(len(key_point_rows.chosen_joints())), self.recipe.network, "network")

    def build(self) -> nn.Module:
        import torch

        return super().build().to(memory_format=torch.channels_last)

    def examples(self, phase: str) -> int:
        return len(self.clips) if phase == RENDERINGS else self.videos

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        pictures: list[NDArray[np.uint8]] = []
        points: list[Any] = []
        for index in indices.tolist():
            source, clip = self.clips[index]
            frames = self.frames[source][clip]
            chosen = np.sort(random.integers(0, len(frames), self.settings.frames))
            shown, known = self.degradations.with_points(
                np.ascontiguousarray(frames[chosen]), np.array(self.points[source][clip][chosen]), random
            )
            if self.hands_only[source] and known is not None:
                known[:, [index for index in self.index if index < _FIRST_OF_HANDS]] = 0
            pictures.append(shown)
            points.append(known)
        return {
            "frames": torch.from_numpy(np.concatenate(pictures)),
            "points": torch.from_numpy(np.concatenate(points)[:, self.index]),
        }

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        size = batch["frames"].shape[1]
        found = network(pictures(batch["frames"]))
        wanted = batch["points"][..., :2] / size - 0.5
        seen = batch["points"][..., 2] > 0
        _, left, right, face = key_point_rows.chosen_parts()
        losses = {"points": 10 * _distance(found, wanted, seen)}
        for name, part, anchor, weight in (
            ("left", left, left[:1], self.settings.hands),
            ("right", right, right[:1], self.settings.hands),
            ("face", face, face, self.settings.face),
        ):
            relative = [positions[:, part] - positions[:, anchor].mean(dim=1, keepdim=True) for positions in (found, wanted)]
            whole = seen[:, part] & seen[:, anchor].all(dim=1, keepdim=True)
            losses[name] = 10 * weight * _distance(relative[0], relative[1], whole)
        return losses

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        import torch

        device = next(network.parameters()).device
        known = layout(key_point_rows.LAYOUT)
        form = known.subset([known.joints[index] for index in self.index])
        for name, frames, points in self.dev:
            size = frames.shape[1]
            found = network(pictures(torch.from_numpy(np.array(frames)).to(device))).cpu().numpy()
            wanted = np.array(points[:, self.index])
            sure = np.ones(found.shape[:2], np.float32)
            said = Pose(((found + 0.5) * size).astype(np.float32), sure, form, 12.5)
            yield Answer(name, {"pose": said}, {"pose": Pose(wanted[..., :2], wanted[..., 2], form, 12.5)})

    def saved_config(self) -> Mapping[str, Any]:
        joints = layout(key_point_rows.LAYOUT).joints
        return {**super().saved_config(), "joints": [joints[index] for index in self.index]}


def pictures(frames: Tensor) -> Tensor:
    """Frames as the trunk expects them: on [-1, 1].

    Args:
        frames: uint8 ``(N, H, W, 3)``.

    Returns:
        float32 ``(N, 3, H, W)``, in the memory format ``channels_last``.
    """
    return frames.permute(0, 3, 1, 2).float() / 127.5 - 1


def _distance(found: Tensor, wanted: Tensor, seen: Tensor) -> Tensor:
    """The mean of a smoothed absolute error over seen points."""
    import torch

    error = torch.nn.functional.smooth_l1_loss(found, wanted, reduction="none", beta=0.01).sum(dim=-1)
    mean: Tensor = (error * seen).sum() / seen.sum().clamp(min=1)
    return mean
