"""The whole model: PGMM, and TPSMM, which is the same without pose.

Names of weights are TPSMM's; those of PGMM's own parts are ``pose_net.*`` and ``inpainting_network.pose_fusion.*``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn

from signbench.generators.pgmm.dense_motion import DenseMotionNetwork, Motion
from signbench.generators.pgmm.inpainting import Decoded, InpaintingNetwork
from signbench.generators.pgmm.key_points import BackgroundPredictor, IdentityTransfer, KeyPointDetector
from signbench.generators.pgmm.pose_fusion import PoseNet

if TYPE_CHECKING:
    from signbench.generators.pgmm.config import PGMMConfig


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What the model makes of pairs of pictures.

    Attributes:
        picture: ``(N, 3, H, W)`` on [0, 1].
        motion: from source to driving pictures.
        decoded: the features of the decoder.
        source_points: key points of the source pictures, ``(N, 5 K, 2)``.
        driving_points: key points of the driving pictures.
        background: the background's motion, ``(N, 3, 3)``, or None.
        pose: pose features by set of the decoder.
    """

    picture: Tensor
    motion: Motion
    decoded: Decoded
    source_points: Tensor
    driving_points: Tensor
    background: Tensor | None
    pose: dict[int, Tensor]


class MotionModel(nn.Module):
    """Moves a source picture as in driving pictures."""

    def __init__(self, config: PGMMConfig) -> None:
        """Builds the network with random weights.

        Args:
            config: its sizes.

        Raises:
            InputError: the sizes do not fit each other.
        """
        super().__init__()
        config.check()
        self.config = config
        self.inpainting_network = InpaintingNetwork(config)
        self.dense_motion_network = DenseMotionNetwork(config)
        self.kp_detector = KeyPointDetector(config.transformations, config.point_widths)
        self.bg_predictor = BackgroundPredictor(config.background_widths) if config.background_widths else None
        self.avd_network = IdentityTransfer(config.transformations, *config.identity_width) if config.identity_width else None
        self.pose_net = PoseNet(config) if config.sees_pose else None

    def pose_features(self, maps: Tensor | None) -> dict[int, Tensor]:
        """Pose features by set of the decoder; none without maps, or in a model that sees no pose.

        Args:
            maps: ``(N, P, h, w)`` of the driving pictures.
        """
        return {} if self.pose_net is None or maps is None else self.pose_net(maps)

    def forward(
        self, source: Tensor, driving: Tensor, maps: Tensor | None = None, *, background: bool = True, dropout: float = 0.0
    ) -> Reconstruction:
        """Reconstructs driving pictures from source pictures of the same person.

        Args:
            source: ``(N, 3, H, W)`` on [0, 1].
            driving: ``(N, 3, H, W)`` on [0, 1].
            maps: heat maps of the driving pictures; None: no pose features.
            background: whether the background can move.
            dropout: probability of leaving out a spline.
        """
        source_points, driving_points = self.kp_detector(source), self.kp_detector(driving)
        moved = self.bg_predictor(source, driving) if background and self.bg_predictor is not None else None
        motion = self.dense_motion_network(source, source_points, driving_points, moved, dropout)
        pose = self.pose_features(maps)
        decoded = self.inpainting_network.decode(self.inpainting_network.encode(source), motion, pose)
        picture = self.inpainting_network.picture(source, decoded, motion)
        return Reconstruction(picture, motion, decoded, source_points, driving_points, moved, pose)
