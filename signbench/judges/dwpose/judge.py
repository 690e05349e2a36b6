"""The judge: DWPose's key points of one person in each frame of a video."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.judges.base import Gives, Judge, JudgedClip, Observation, Reads
from signbench.judges.dwpose.sessions import DETECTOR, ESTIMATOR, INSTALL, Network, loaded
from signbench.media.pose import Pose

SEEN = 0.3
"""DWPose hides points with a lower confidence, unless it is given another threshold."""

_networks: dict[tuple[str, str, str], tuple[Network, Network]] = {}
"""The networks of this process; they are not a part of a judge's state, which travels to other processes."""


class DWPose(Judge):
    """Finds whole-body key points of a person in every frame: YOLOX finds people, a distilled network their 133 points.

    Frames are shown at their own size and rate. Of several people, the surest of the detector is taken; without one, the whole
    frame is looked at. Points are in pixels of the frame, in OpenPose's order with a neck between the shoulders. A point with a
    confidence below the threshold, 0.3, is not seen.

    Source: Yang, Zeng, Yuan and Li, "Effective Whole-body Pose Estimation with Two-stages Distillation", ICCV workshops 2023;
    IDEA-Research/DWPose, ``ControlNet-v1-1-nightly/annotator/dwpose``.
    """

    name: str = "dwpose"
    revision: ClassVar[int] = 1
    reads: tuple[Reads, ...] = ("frames",)
    gives: ClassVar[tuple[Gives, ...]] = ("pose",)
    layout: str | None = "dwpose-134"
    batch: int = 1
    packages: ClassVar[Mapping[str, str]] = {"onnxruntime": INSTALL}
    summary: ClassVar[str] = "finds whole-body key points of a person in every frame of a real video"
    licence: ClassVar[str] = "Apache-2.0"
    citation: ClassVar[str] = "Yang, Zeng, Yuan and Li 2023: Effective Whole-body Pose Estimation with Two-stages Distillation"

    def __init__(self, *, device: str = "cpu", precision: Precision = "float32", threshold: float = SEEN) -> None:
        """Stores the options; nothing is loaded yet.

        Args:
            device: as for :class:`~signbench.judges.base.Judge`.
            precision: not used; the networks run in the precision of their files.
            threshold: points with a lower confidence are not seen; 0: all points with a confidence above 0 are.
        """
        super().__init__(device=device, precision="float32")  # that of the files, whatever other judges use
        self.threshold = threshold

    @property
    def needs(self) -> tuple[str, ...]:
        return DETECTOR, ESTIMATOR

    def release(self) -> None:
        """Frees the memory of its networks, which are loaded again when they are needed."""
        _networks.clear()

    def signature(self) -> str:
        from signbench.weights.store import signed_digest

        hidden = [] if self.threshold == SEEN else [f"threshold-{self.threshold:g}"]
        return "+".join([f"{self.name}/{self.revision}", *(signed_digest(name) for name in self.needs), *hidden, self.precision])

    def observe(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        return [{"pose": self._pose(clip)} for clip in clips]

    def _pose(self, clip: JudgedClip) -> Pose:
        from signbench.judges.dwpose.whole_body import MADE
        from signbench.media.layouts import layout

        if clip.frames is None:
            raise InputError(f"clip {clip.id}: the judge {self.name} reads frames.")
        detector, estimator = self._loaded()
        rows = np.stack([points(detector, estimator, frame)[0] for frame in clip.frames])
        seen = (rows[..., 2] >= self.threshold) & (rows[..., 2] > 0)
        height, width = clip.frames.shape[1:3]
        return Pose(
            np.where(seen[..., None], rows[..., :2], 0).astype(np.float32),
            np.where(seen, np.minimum(rows[..., 2], 1), 0).astype(np.float32),
            layout(MADE),
            clip.fps,
            picture=(width, height),
            capped=int((rows[..., 2] > 1).sum()),
        )

    def _loaded(self) -> tuple[Network, Network]:
        from signbench.weights.store import signed_digest

        key = (self.device, signed_digest(DETECTOR), signed_digest(ESTIMATOR))
        if key not in _networks:
            _networks.clear()
            _networks[key] = loaded(DETECTOR, self.device), loaded(ESTIMATOR, self.device)
        return _networks[key]


def points(detector: Network, estimator: Network, frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The key points of all people in a frame, as DWPose finds them: no point is hidden.

    Args:
        detector: YOLOX.
        estimator: the whole-body network.
        frame: uint8 ``(H, W, 3)`` RGB.

    Returns:
        float64 ``(P, 134, 3)`` in the layout ``dwpose-134``, the surest person first; at least one row, which is of the whole frame
        if nobody is found. x and y are in pixels, (0, 0) being the centre of the first pixel.
    """
    from signbench.judges.dwpose.detection import people
    from signbench.judges.dwpose.whole_body import person, with_neck

    height, width = frame.shape[:2]
    boxes = people(detector, frame)
    if len(boxes) == 0:
        boxes = np.array([[0, 0, width, height]], np.float32)
    return with_neck(np.stack([person(estimator, frame, box) for box in boxes]))
