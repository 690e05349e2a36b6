"""What a metric is shown: the two sides of one clip, side by side."""

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

    All metrics of a run are handed the same object, so that what several need (the difference, the frames as floats) is made
    once. Chunks follow one another in time without gap or overlap.

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
        """The prediction as contiguous rows of samples, uint8 ``(n, H, W * 3)``; a copy only where it is not contiguous."""
        return _rows(self.prediction)

    @cached_property
    def reference_rows(self) -> NDArray[np.uint8]:
        """The reference as contiguous rows of samples, uint8 ``(n, H, W * 3)``; a copy only where it is not contiguous."""
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

        # On bytes OpenCV adds integers, so these are exact and the same on any machine; no NumPy expression comes near its speed.
        return [round(cv2.norm(*frames, kind)) for frames in zip(self.prediction_rows, self.reference_rows, strict=True)]


@dataclass(frozen=True, eq=False)
class PosePair:
    """The key points of one clip, both sides in the reference's layout.

    Attributes:
        prediction: as it was handed in (after conversion of the frame rate), any length.
        reference: any length.
        paired_prediction: the prediction with exactly as many frames as ``paired_reference``, by the run's frames rule.
        paired_reference: the reference, cut to the common prefix where the rule is ``truncate``.
    """

    prediction: Pose
    reference: Pose
    paired_prediction: Pose
    paired_reference: Pose


@dataclass(frozen=True)
class LengthPair:
    """How long the two sides of one clip are.

    Attributes:
        prediction: number of frames; 0 where there is no production that can be read.
        reference: number of frames.
        prediction_seconds: duration, or None where the rate is not known.
        reference_seconds: duration, or None where the rate is not known.
    """

    prediction: int
    reference: int
    prediction_seconds: float | None
    reference_seconds: float | None

    @property
    def ratio(self) -> float:
        """Duration of the prediction over that of the reference; in frames where a rate is not known."""
        if self.prediction_seconds is not None and self.reference_seconds:
            return self.prediction_seconds / self.reference_seconds
        return self.prediction / self.reference


@dataclass(frozen=True, eq=False)
class ObservationPair:
    """What a network made of the two sides of one clip.

    A metric that pairs frames is handed chunk after chunk, row t of one side beside row t of the other; all others get the whole
    clip as one pair, with as many rows on each side as that side has.

    Attributes:
        prediction: float32 ``(n, D)``, a row for each frame, or for each clip where the network sees the clip as one.
        reference: float32 ``(m, D)``; ``m == n`` for metrics that pair frames.
    """

    prediction: NDArray[np.float32]
    reference: NDArray[np.float32]


@dataclass(frozen=True)
class TextPair:
    """The text, or the glosses, of one clip.

    Attributes:
        prediction: the hypothesis, as it was handed in; may be empty.
        reference: as the corpus has it; may be empty.
    """

    prediction: str
    reference: str


@dataclass(frozen=True, eq=False)
class FeaturePair:
    """Feature vectors of one clip that somebody else computed.

    Attributes:
        prediction: float32 or float64 ``(D,)``.
        reference: ``(D,)``.
        label: the class of the clip, such as its gloss, where the reference says it.
    """

    prediction: NDArray[np.floating[Any]]
    reference: NDArray[np.floating[Any]]
    label: str | None = None


@dataclass(frozen=True, eq=False)
class LabelPair:
    """What a recogniser said of one clip, and what it is.

    Attributes:
        reference: the true label.
        ranked: labels from the most to the least likely; one only where no logits were given, none where nothing was recognised.
    """

    reference: str
    ranked: tuple[str, ...]


@dataclass(frozen=True)
class LikelihoodPair:
    """How likely the corpus's text is, given what was shown.

    Attributes:
        log_probability: natural logarithm, summed over the tokens.
        tokens: how many there are.
    """

    log_probability: float
    tokens: int


Pair = FramePair | PosePair | LengthPair | ObservationPair | TextPair | FeaturePair | LabelPair | LikelihoodPair


def _rows(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    count, height, width, channels = frames.shape
    return np.ascontiguousarray(frames).reshape(count, height, width * channels)
