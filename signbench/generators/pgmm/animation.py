"""Moves one source picture as in a driving video, part by part, so that memory does not grow with the video's length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from signbench.errors import InputError
from signbench.generators.pgmm.network import MotionModel
from signbench.media.video import resize_frames

if TYPE_CHECKING:
    from signbench.generators.pgmm.pose_maps import PoseMaps

Mode = Literal["standard", "relative", "avd"]

CHUNK = 16
"""Driving frames that are computed together."""


class Animation:
    """A source picture that is about to move; what depends on it alone is computed once."""

    def __init__(
        self,
        model: MotionModel,
        estimator: PoseMaps | None,
        source: NDArray[np.uint8],
        size: tuple[int, int] | None = None,
        *,
        mode: Mode = "standard",
        background: bool = False,
    ) -> None:
        """Encodes the source.

        Args:
            model: in evaluation mode.
            estimator: of the driving pictures' heat maps, for a model that sees poses.
            source: uint8 ``(H, W, 3)`` RGB; it is resized, without regard to its shape, to the model's square pictures.
            size: height and width of the frames that are made; None: the source's. If they are larger than the model's pictures,
                what is visible in the source is taken from the source at that size.
            mode: ``standard`` driving key points as they are; ``relative`` their displacement from the first driving frame, scaled
                by the root of the ratio of the convex hulls' areas and added to the source's; ``avd`` a network's, with the build
                of the source.
            background: whether the background's motion is predicted, as TPSMM does when it reconstructs the same video.

        Raises:
            InputError: the model has no network for ``avd`` or the background, or moves key points but not heat maps.
        """
        if mode != "standard" and model.pose_net is not None:
            raise InputError(f"mode={mode} moves key points, but not the pose maps that this model sees too; use mode=standard.")
        if mode == "avd" and model.avd_network is None:
            raise InputError("mode=avd needs a checkpoint with an avd_network; use mode=relative or mode=standard.")
        if background and model.bg_predictor is None:
            raise InputError("background=true needs a model with a bg_predictor.")
        self._model, self._estimator, self._mode, self._background = model, estimator, mode, background
        self._device = next(model.parameters()).device
        side = model.config.size
        height, width = size or source.shape[:2]
        self._size = (int(height), int(width))
        # a smaller frame is reduced from the model's own size
        self._drawn = self._size if min(self._size) >= side else (side, side)
        self._source = self._pictures(resize_frames(source[None], (side, side)))
        self._shown = self._source if self._drawn == (side, side) else self._pictures(resize_frames(source[None], self._drawn))
        self._points: Tensor = model.kp_detector(self._source)
        self._features = model.inpainting_network.encode(self._source)
        self._first: Tensor | None = None
        self._scale = 1.0

    def _pictures(self, frames: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(frames)).to(self._device).permute(0, 3, 1, 2).float().contiguous() / 255

    def frames(self, driving: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The next frames.

        Args:
            driving: uint8 ``(n, S, S, 3)`` RGB, of the model's size, the ones after those of the previous call.

        Returns:
            uint8 ``(n, H, W, 3)``.
        """
        model, pictures = self._model, self._pictures(driving)
        points = self._moved(model.kp_detector(pictures))
        moved = None
        if self._background and model.bg_predictor is not None:
            moved = model.bg_predictor(self._source.expand(len(pictures), -1, -1, -1), pictures)
        motion = model.dense_motion_network(self._source, self._points, points, moved)
        pose = model.pose_features(None if self._estimator is None else self._estimator(pictures))
        decoded = model.inpainting_network.decode(self._features, motion, pose)
        made = model.inpainting_network.picture(self._shown, decoded, motion)
        levels: NDArray[np.uint8] = (made * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
        return levels if self._drawn == self._size else resize_frames(levels, self._size)

    def _moved(self, points: Tensor) -> Tensor:
        """The key points that the source moves to, ``(n, P, 2)``."""
        if self._mode == "avd" and self._model.avd_network is not None:
            moved: Tensor = self._model.avd_network(self._points.expand(len(points), -1, -1), points)
            return moved
        if self._mode == "relative":
            if self._first is None:
                self._first = points[:1]
                self._scale = (hull_area(self._points[0]) / hull_area(points[0])) ** 0.5
            return self._points + self._scale * (points - self._first)
        return points


def hull_area(points: Tensor) -> float:
    """The area of the convex hull of points ``(P, 2)``."""
    from scipy.spatial import ConvexHull

    return float(ConvexHull(points.detach().cpu().numpy()).volume)
