"""The judge: labels and features of isolated signs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.judges import key_point_rows
from signbench.judges.base import Gives, JudgedClip, Observation, Reads
from signbench.judges.network_judge import NetworkJudge, configured, padded
from signbench.judges.stgcn import rows
from signbench.judges.stgcn.config import STGCNConfig
from signbench.media.motion import Motion
from signbench.media.pose import Pose

if TYPE_CHECKING:
    from torch import Tensor, nn

SIGNS = "signs.txt"
"""The file with the names of the classes, one a line."""


class STGCNJudge(NetworkJudge):
    """Recognises isolated signs by graph convolutions over a skeleton (ST-GCN, Yan, Xiong and Lin 2018).

    Reads 6D rotations of SMPL-X's joints without the eyes (``motion``) or whole-body key points (``pose``): an instance reads what
    its model was trained on. Gives all signs from the most to the least likely, and the pooled features of the last block as one
    row, for Fréchet distances, diversity, multimodality and retrieval.
    """

    name = "stgcn"
    reads: tuple[Reads, ...] = ("motion", "pose")
    gives = ("label", "rows")
    batch = 32
    summary = "recognises an isolated sign from its motion: graph convolutions over a skeleton"
    licence = "Apache-2.0"
    citation = "Yan, Xiong and Lin 2018: Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action Recognition"

    def __init__(self, *, model: str | None = None, device: str = "cpu", precision: Precision = "float32") -> None:
        super().__init__(model=model, device=device, precision=precision)
        self.config: STGCNConfig = configured(STGCNConfig, self.model.config(), self.model)
        self.rate = rows.RATE
        self.reads = ("motion",)
        if self.config.skeleton == key_point_rows.LAYOUT:
            self.reads, self.layout = ("pose",), key_point_rows.LAYOUT

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.model.lines(SIGNS)

    def empty_network(self) -> nn.Module:
        return self.config.build()

    def answers(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        batch, mask = padded([self._rows(clip) for clip in clips], self.device)
        logits, features = cast("tuple[Tensor, Tensor]", self.network()(batch, mask))
        found: list[Mapping[Gives, Observation]] = []
        for scores, row in zip(logits.float().cpu().numpy(), features.float().cpu().numpy(), strict=True):
            made: dict[Gives, Observation] = {}
            if "label" in wanted:
                made["label"] = ranked(scores, self.signs)
            if "rows" in wanted:
                made["rows"] = np.ascontiguousarray(row[None], np.float32)
            found.append(made)
        return found

    def _rows(self, clip: JudgedClip) -> NDArray[np.float32]:
        if "pose" in self.reads:
            pose = cast("Pose", clip.pose)
            if pose is None:
                raise InputError(f"clip {clip.id}: the judge {self.name} reads key points.")
            return rows.point_rows(np.concatenate([pose.points[..., :2], pose.confidence[..., None]], axis=-1))
        if clip.motion is None:
            raise InputError(f"clip {clip.id}: the judge {self.name} reads rotations, and the clip has none.")
        motion: Motion = clip.motion
        return rows.rotation_rows(motion.rotations)


def ranked(scores: NDArray[np.float32], signs: Sequence[str]) -> tuple[str, ...]:
    """The signs from the highest to the lowest score; of equal scores the earlier sign comes first.

    Args:
        scores: float ``(signs,)``.
        signs: their names.
    """
    return tuple(signs[index] for index in np.argsort(-scores, kind="stable"))
