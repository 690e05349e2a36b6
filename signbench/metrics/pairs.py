"""The input of metrics: the two sides of one clip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.media.pose import Pose


@dataclass(frozen=True, eq=False)
class FramePair:
    """A chunk of frames of one clip, prediction and reference aligned frame by frame.

    All metrics of a run receive the same object, so that shared intermediate results (the difference, the frames as floats) are
    computed once. Chunks follow each other in time without gap or overlap.

    Attributes:
        prediction: uint8 ``(n, H, W, 3)`` RGB.
        reference: uint8 ``(n, H, W, 3)`` RGB.
    """

    prediction: NDArray[np.uint8]
    reference: NDArray[np.uint8]

    @property
    def frames(self) -> int:
        """Number of frames n in this chunk."""
        return int(self.prediction.shape[0])

    @cached_property
    def prediction_rows(self) -> NDArray[np.uint8]:
        """The prediction as contiguous rows of samples, uint8 ``(n, H, W * 3)``; a copy only if it is not contiguous."""
        return _rows(self.prediction)

    @cached_property
    def reference_rows(self) -> NDArray[np.uint8]:
        """The reference as contiguous rows of samples, uint8 ``(n, H, W * 3)``; a copy only if it is not contiguous."""
        return _rows(self.reference)

    @cached_property
    def absolute_error_sums(self) -> list[int]:
        """Each frame's exact sum of ``|prediction - reference|`` over pixels and channels, in levels of 0..255."""
        import cv2

        return self._norms(cv2.NORM_L1)

    @cached_property
    def squared_error_sums(self) -> list[int]:
        """Each frame's exact sum of ``(prediction - reference)²`` over pixels and channels, in levels of 0..255."""
        import cv2

        return self._norms(cv2.NORM_L2SQR)

    def _norms(self, kind: int) -> list[int]:
        import cv2

        # On bytes OpenCV adds integers, so these are exact and the same on any machine; no NumPy expression is nearly as fast.
        return [round(cv2.norm(*frames, kind)) for frames in zip(self.prediction_rows, self.reference_rows, strict=True)]


@dataclass(frozen=True, eq=False)
class PosePair:
    """The key points of one clip, both sides in the reference's layout.

    Attributes:
        prediction: as submitted (after conversion of the frame rate), any length.
        reference: any length.
        paired_prediction: the prediction with exactly as many frames as ``paired_reference``, by the run's frames rule.
        paired_reference: the reference, cut to the common prefix if the rule is ``truncate``.
    """

    prediction: Pose
    reference: Pose
    paired_prediction: Pose
    paired_reference: Pose


@dataclass(frozen=True)
class LengthPair:
    """The lengths of the two sides of one clip.

    Attributes:
        prediction: number of frames; 0 if there is no readable production.
        reference: number of frames.
        prediction_seconds: duration, or None if the rate is unknown.
        reference_seconds: duration, or None if the rate is unknown.
    """

    prediction: int
    reference: int
    prediction_seconds: float | None
    reference_seconds: float | None

    @property
    def ratio(self) -> float:
        """Duration of the prediction over that of the reference; in frames if a rate is unknown."""
        if self.prediction_seconds is not None and self.reference_seconds:
            return self.prediction_seconds / self.reference_seconds
        return self.prediction / self.reference


@dataclass(frozen=True, eq=False)
class ObservationPair:
    """The output of a network for the two sides of one clip.

    A metric that pairs frames receives chunk after chunk, with row t of one side paired with row t of the other; all others get the
    whole clip as one pair, with all rows of each side.

    Attributes:
        prediction: float32 ``(n, D)``, a row for each frame, or one for the clip if the network processes the clip as a whole.
        reference: float32 ``(m, D)``; ``m == n`` for metrics that pair frames.
    """

    prediction: NDArray[np.float32]
    reference: NDArray[np.float32]


@dataclass(frozen=True)
class TextPair:
    """The text, or the glosses, of one clip.

    Attributes:
        prediction: the hypothesis, as submitted; may be empty.
        reference: the corpus's text; may be empty.
    """

    prediction: str
    reference: str


@dataclass(frozen=True, eq=False)
class FeaturePair:
    """Feature vectors of one clip, computed by an external network.

    Attributes:
        prediction: float32 or float64 ``(D,)``.
        reference: ``(D,)``.
        label: the class of the clip, such as its gloss, if the reference states it.
    """

    prediction: NDArray[np.floating[Any]]
    reference: NDArray[np.floating[Any]]
    label: str | None = None


@dataclass(frozen=True, eq=False)
class LabelPair:
    """The answer of a recogniser for one clip, and the true label.

    Attributes:
        reference: the true label.
        ranked: labels from the most to the least likely; only one if there were no logits, none if nothing was recognised.
    """

    reference: str
    ranked: tuple[str, ...]


@dataclass(frozen=True)
class LikelihoodPair:
    """The likelihood of the corpus's text, given what was shown.

    Attributes:
        log_probability: natural logarithm, summed over the tokens.
        tokens: their number.
    """

    log_probability: float
    tokens: int


Pair = FramePair | PosePair | LengthPair | ObservationPair | TextPair | FeaturePair | LabelPair | LikelihoodPair


def _rows(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    count, height, width, channels = frames.shape
    return np.ascontiguousarray(frames).reshape(count, height, width * channels)
