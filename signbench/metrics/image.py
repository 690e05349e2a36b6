"""Metrics of single frames: the distance of each frame of the prediction from the same frame of the reference."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from signbench.arithmetic import logarithm
from signbench.errors import MediaError
from signbench.metrics.base import Direction, Limits, MeanOfClips, Parameter, Record, Recorder, View
from signbench.metrics.pairs import FramePair, Pair

_DECIBELS = 4.342944819032518
"""Decibels per factor of e: 10 / ln 10."""
_PSNR_CAP = 100.0
"""The cap of PSNR in decibels: identical frames would otherwise be infinitely good and make every mean infinite."""


class MeanOfFrames(MeanOfClips):
    """A metric whose clip value is the mean of the clip's frames, and whose score is the mean of its clips.

    A record holds ``sum`` (float64, 0-d), the sum of the frames' values, and ``frames`` (int64, 0-d), their number.

    Attributes:
        worst: the value of each frame of a missing production.
    """

    view: ClassVar[View] = "frames"
    pairs_frames: ClassVar[bool] = True
    worst: ClassVar[float]

    @property
    def unit(self) -> str:
        return "1"

    def clip_value(self, record: Record) -> float:
        return float(record["sum"]) / int(record["frames"])

    def missing(self) -> Record | None:
        return frame_record(self.worst, 1)


def frame_record(total: float, frames: int) -> Record:
    """The record of a clip whose frames' values add up to ``total``."""
    return {"sum": np.array(total, dtype=np.float64), "frames": np.array(frames, dtype=np.int64)}


class FrameRecorder(ABC):
    """Collects a clip's frames, and refuses those that cannot be compared.

    Values are added frame by frame in order, so the record does not depend on the chunk boundaries.

    Attributes:
        metric: canonical name of the metric, for messages.
        frames: number of frames so far.
        height: of a frame in pixels; 0 before the first chunk.
        width: of a frame in pixels; 0 before the first chunk.
    """

    def __init__(self, metric: str) -> None:
        self.metric = metric
        self.frames = 0
        self.height = 0
        self.width = 0

    @property
    def samples(self) -> int:
        """Number of samples in a frame: pixels times channels."""
        return self.height * self.width * 3

    def update(self, pair: Pair) -> None:
        if not isinstance(pair, FramePair):
            raise TypeError(f"metric {self.metric} compares frames, not {type(pair).__name__}")
        # The compiled kernels trust their input, so nothing invalid may reach them.
        for side, frames in (("prediction", pair.prediction), ("reference", pair.reference)):
            if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
                raise MediaError(
                    f"metric {self.metric} needs frames as uint8 (T, H, W, 3); the {side}'s are {frames.dtype} {frames.shape}."
                )
        if pair.prediction.shape != pair.reference.shape:
            raise MediaError(
                f"metric {self.metric} compares frames of equal size and number; the prediction has "
                f"{_shape(pair.prediction.shape)}, the reference {_shape(pair.reference.shape)}."
            )
        _, height, width, _ = pair.prediction.shape
        if self.frames == 0:
            self.height, self.width = height, width
            self.begin()
        elif (height, width) != (self.height, self.width):
            raise MediaError(
                f"metric {self.metric} needs frames of the same size; after {self.frames} frames it changes from "
                f"{self.width} x {self.height} to {width} x {height}."
            )
        self.take(pair)
        self.frames += pair.frames

    def begin(self) -> None:
        """Refuses the frame size of the first chunk if the metric cannot work with it."""

    @abstractmethod
    def take(self, pair: FramePair) -> None:
        """Adds the frames of a chunk whose two sides match."""

    def finish(self) -> Record:
        if self.frames == 0:
            raise MediaError(f"metric {self.metric} needs at least one frame; the clip has none.")
        return self.fold()

    @abstractmethod
    def fold(self) -> Record:
        """The record, after at least one frame."""


class L1(MeanOfFrames):
    """Mean absolute difference of the samples, on [0, 1].

    ``mean over pixels and channels of |prediction - reference| / 255``, per frame. Source: the reconstruction script of
    ``yoyo-nb/Thin-Plate-Spline-Motion-Model`` (``reconstruction.py``), whose convention PGMM's tables follow (arXiv 2409.16709,
    section 4.1).
    """

    name = "l1"
    limits: ClassVar[Limits] = (0.0, 1.0)
    direction: ClassVar[Direction] = "lower"
    summary = "Mean absolute difference of the frames' samples on [0, 1]."
    of_equal_sides = 0.0
    worst = 1.0

    def recorder(self) -> Recorder:
        return _L1Recorder(self.canonical)


class _L1Recorder(FrameRecorder):
    def __init__(self, metric: str) -> None:
        super().__init__(metric)
        self._levels = 0

    def take(self, pair: FramePair) -> None:
        self._levels += sum(pair.absolute_error_sums)

    def fold(self) -> Record:
        return frame_record(self._levels / (255 * self.samples), self.frames)


class Psnr(MeanOfFrames):
    """Peak signal-to-noise ratio in decibels, per frame, capped at 100 dB.

    ``10 log10(1 / mse)`` with the mean squared error over pixels and channels on [0, 1]; a frame with an error below 1e-10 counts
    as 100 dB. Source of the cap: ``JunyaoHu/common_metrics_on_video_quality`` (``calculate_psnr.py``).
    """

    name = "psnr"
    limits: ClassVar[Limits] = (0.0, _PSNR_CAP)
    direction: ClassVar[Direction] = "higher"
    summary = "Peak signal-to-noise ratio per frame, capped at 100 dB."
    of_equal_sides = 100.0
    worst = 0.0

    @property
    def unit(self) -> str:
        return "dB"

    def recorder(self) -> Recorder:
        return _PsnrRecorder(self.canonical)


class _PsnrRecorder(FrameRecorder):
    def __init__(self, metric: str) -> None:
        super().__init__(metric)
        self._decibels = 0.0

    def take(self, pair: FramePair) -> None:
        largest = 255**2 * self.samples
        share = np.array(pair.squared_error_sums, dtype=np.float64) / largest
        decibels = np.where(share < 1e-10, _PSNR_CAP, -_DECIBELS * logarithm(np.maximum(share, 1e-10)))
        for value in decibels.tolist():
            self._decibels += value

    def fold(self) -> Record:
        return frame_record(self._decibels, self.frames)


class Ssim(MeanOfFrames):
    """Structural similarity: mean over channels and over the pixels whose window is entirely inside the frame.

    K1 = 0.01, K2 = 0.03, L = 1, in float64. Source: Wang, Bovik, Sheikh and Simoncelli (2004), equation 13; the two windows are
    those of ``skimage.metrics.structural_similarity`` with ``gaussian_weights=True, use_sample_covariance=False`` and with its
    defaults. Values are in [-1, 1]; identical frames score exactly 1.
    """

    name = "ssim"
    parameters = (
        Parameter(
            "window",
            "gaussian",
            "gaussian: 11 x 11, sigma 1.5, population covariance; uniform: 7 x 7, sample covariance.",
            choices=("gaussian", "uniform"),
        ),
    )
    limits: ClassVar[Limits] = (-1.0, 1.0)
    direction: ClassVar[Direction] = "higher"
    summary = "Structural similarity on RGB, over the valid region."
    of_equal_sides = 1.0
    worst = 0.0

    @property
    def window_size(self) -> int:
        """Side of the window in pixels, the minimum size of a frame."""
        return 11 if self["window"] == "gaussian" else 7

    def check_frames(self, height: int, width: int, frames: int) -> None:
        if min(height, width) < self.window_size:
            raise MediaError(
                f"metric {self.canonical} needs frames of at least {self.window_size} x {self.window_size} pixels, "
                f"these have {width} x {height}."
            )

    def recorder(self) -> Recorder:
        return _SsimRecorder(self)


class _SsimRecorder(FrameRecorder):
    def __init__(self, metric: Ssim) -> None:
        super().__init__(metric.canonical)
        self._check_frames = metric.check_frames
        self._window = metric["window"]
        self._similarity = 0.0

    def begin(self) -> None:
        self._check_frames(self.height, self.width, 1)

    def take(self, pair: FramePair) -> None:
        from signbench.metrics.structural_similarity import structural_similarities

        for value in structural_similarities(pair.prediction_rows, pair.reference_rows, self._window):
            self._similarity += float(value)

    def fold(self) -> Record:
        return frame_record(self._similarity, self.frames)


def _shape(shape: tuple[int, ...]) -> str:
    frames, height, width, _ = shape
    return f"{frames} of {width} x {height}"
