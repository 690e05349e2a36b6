"""Sizes of a pose-guided motion model, and every choice that its paper leaves open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from signbench.errors import InputError

Fusion = Literal["none", "sum", "attention"]
PoseScales = Literal["up-from-deepest", "up-from-below", "down-from-picture"]

BODY = (0, 5, 6, 7, 8, 9, 10)
FACE = (1, 2, 31, 71, 77, 85, 89)
LEFT_HAND = (91, 93, 95, 96, 99, 100, 103, 104, 107, 108, 111)
RIGHT_HAND = (112, 114, 116, 117, 120, 121, 124, 125, 128, 129, 132)

POINTS = tuple(sorted((*BODY, *FACE, *LEFT_HAND, *RIGHT_HAND)))
"""36 of COCO-WholeBody's 133 points: the 33 of SAM-SLR's heat maps, the eyes, and the chin's."""


@dataclass(frozen=True)
class PGMMConfig:
    """The architecture of PGMM, or of TPSMM, which has no pose maps.

    Attributes:
        size: height and width of the pictures in pixels.
        transformations: K, number of thin-plate transformations, each with five key points.
        width: channels of the first convolution of the inpainting network; each halving doubles them.
        most_width: most channels of the inpainting network.
        halvings: how often the inpainting network halves the picture.
        motion_width: as ``width``, of the dense motion network.
        most_motion_width: as ``most_width``, of the dense motion network.
        motion_blocks: halvings of the dense motion network's hourglass.
        motion_scale: the size of the pictures of the dense motion network, as a share; a half or a quarter.
        point_widths: widths of the stages of the ResNet that finds key points.
        background_widths: widths of the stages of the ResNet that finds the background's motion; empty: there is none.
        mask: how a mask comes from the convolution: ``sigmoid`` of one channel, or ``softmax`` of two, of which one is kept.
        mask_kernel: size of that convolution: 3 in PGMM, 7 in TPSMM.
        final_blend: whether the warped source picture is blended with the network's picture at the end, as in TPSMM.
        fusion: how pose features join: ``none``, ``sum``, or ``attention``, PGMM's pose fusion module.
        pose_scales: sizes of the pose features: ``up-from-deepest``: maps at the deepest size, then doubled three times;
            ``up-from-below``: the same, from half of that size; ``down-from-picture``: maps at the picture's size, then halved
            three times.
        pose_points: indices of the estimator's heat maps that are used.
        pose_estimator: name of the reference model that makes the heat maps; it is frozen.
        pose_size: height and width of the pictures that the estimator is shown.
        identity_width: bottlenecks of the network for the mode ``avd``, for the source's and the driving key points; empty: none.
    """

    size: int
    transformations: int
    width: int
    most_width: int
    halvings: int
    motion_width: int
    most_motion_width: int
    motion_blocks: int
    motion_scale: float
    point_widths: tuple[int, ...]
    background_widths: tuple[int, ...]
    mask: Literal["sigmoid", "softmax"]
    mask_kernel: int
    final_blend: bool
    fusion: Fusion
    pose_scales: PoseScales
    pose_points: tuple[int, ...]
    pose_estimator: str
    pose_size: int
    identity_width: tuple[int, ...]

    @classmethod
    def paper(cls) -> PGMMConfig:
        """The paper's network for pictures of 128 x 128, with HRNet's heat maps of pictures of 256 x 256."""
        return cls(
            size=128,
            transformations=20,
            width=64,
            most_width=512,
            halvings=3,
            motion_width=64,
            most_motion_width=1024,
            motion_blocks=5,
            motion_scale=0.25,
            point_widths=(64, 128, 256, 512),
            background_widths=(64, 128, 256, 512),
            mask="sigmoid",
            mask_kernel=3,
            final_blend=True,
            fusion="attention",
            pose_scales="up-from-deepest",
            pose_points=POINTS,
            pose_estimator="pose-estimator-wholebody",
            pose_size=256,
            identity_width=(),
        )

    @classmethod
    def small(cls) -> PGMMConfig:
        """A network for pictures of 64 x 64 that trains on one core, for a camera that does not move.

        Its pose features begin at the picture's size, since a heat map of 32 x 32 that is reduced to the deepest size loses where
        its peak is.
        """
        return replace(
            cls.paper(),
            size=64,
            transformations=8,
            width=8,
            most_width=64,
            motion_width=8,
            most_motion_width=64,
            motion_blocks=4,
            point_widths=(16, 32, 64, 128),
            background_widths=(),
            pose_scales="down-from-picture",
            pose_estimator="pose-estimator",
            pose_size=128,
        )

    def as_tpsmm(self) -> PGMMConfig:
        """The same network without pose, with TPSMM's masks."""
        return replace(self, fusion="none", mask="sigmoid", mask_kernel=7, pose_points=(), pose_estimator="", pose_size=0)

    @property
    def sees_pose(self) -> bool:
        """Whether the network is given heat maps."""
        return self.fusion != "none"

    @property
    def fused_sets(self) -> tuple[int, ...]:
        """Numbers of the decoder's sets that pose features join; set 0 is the deepest, the last one has the picture's size."""
        if not self.sees_pose:
            return ()
        first = 1 if self.pose_scales == "up-from-deepest" else 0
        return tuple(range(first, first + self.halvings))

    def channels(self, number: int) -> int:
        """Channels at the output of the coarse motion module of a set."""
        widths: list[int] = [min(self.most_width, self.width << halving) for halving in range(self.halvings + 1)][::-1]
        return widths[number] if number in (0, self.halvings) else 2 * widths[number]

    def check(self) -> None:
        """Checks that the numbers fit each other.

        Raises:
            InputError: they do not.
        """
        if self.motion_scale not in (0.5, 0.25):
            raise InputError(f"the dense motion network's pictures are a half or a quarter of the size, not {self.motion_scale}.")
        side = round(self.size * self.motion_scale)
        if self.size % 2**self.halvings or side % 2**self.motion_blocks or side < 2**self.motion_blocks:
            raise InputError(
                f"pictures of {self.size} px cannot be halved {self.halvings} times, and {side} px {self.motion_blocks} times; "
                "choose fewer halvings or motion_blocks."
            )
        if self.halvings < round(1 / self.motion_scale) // 2:
            raise InputError(f"{self.halvings} halvings are too few for motion_scale={self.motion_scale}.")
        if self.sees_pose and not self.pose_points:
            raise InputError("a network that sees poses needs pose_points.")
