"""LPIPS: how different two frames look to an image classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from signbench.errors import MediaError
from signbench.metrics.base import Direction, Limits, Parameter, Record, Recorder, View
from signbench.metrics.image import MeanOfFrames, frame_record
from signbench.metrics.pairs import ObservationPair, Pair

if TYPE_CHECKING:
    from signbench.extractors.base import Extractor


class Lpips(MeanOfFrames):
    """Learned perceptual image patch similarity, version 0.1, per frame.

    The weighted squared distance of two frames' activations, each divided by its norm over the channels, mean over pixels, sum
    over layers. Source: Zhang, Isola, Efros, Shechtman and Wang, "The unreasonable effectiveness of deep features as a perceptual
    metric" (CVPR 2018), equation 1; the ``lpips`` package (``lpips/lpips.py``), whose linear layers these are.

    The extractor arranges and weights the activations so that a frame's value is the squared Euclidean distance of two rows, which
    is computed here in 64 bits. There is no worst value: LPIPS has no bound that a production could be charged with.
    """

    name = "lpips"
    parameters = (
        Parameter("net", "alex", "The trunk: AlexNet, VGG-16 or SqueezeNet 1.1.", choices=("alex", "vgg", "squeeze")),
        Parameter(
            "weights",
            "official",
            "official: torchvision's weights of the trunk; random: seeded ones, for trial runs.",
            choices=("official", "random"),
        ),
    )
    limits: ClassVar[Limits] = (0.0, None)
    direction: ClassVar[Direction] = "lower"
    view: ClassVar[View] = "observations"
    summary = "Distance of the frames in the features of an image classifier."
    of_equal_sides = 0.0

    @property
    def extractor(self) -> Extractor:
        from signbench.extractors.perceptual import Perceptual

        return Perceptual(net=self["net"], weights=self["weights"])

    def check_frames(self, height: int, width: int, frames: int) -> None:
        self.extractor.check_frames(height, width, frames)

    def recorder(self) -> Recorder:
        return _LpipsRecorder(self.canonical)

    def missing(self) -> Record | None:
        return None


class _LpipsRecorder:
    """Sums squared distances frame by frame, independently of chunk boundaries."""

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._sum = 0.0
        self._frames = 0

    def update(self, pair: Pair) -> None:
        if not isinstance(pair, ObservationPair):
            raise TypeError(f"metric {self._metric} compares rows of a network, not {type(pair).__name__}")
        if pair.prediction.shape != pair.reference.shape:
            raise MediaError(
                f"metric {self._metric} compares frames of equal size and number; the rows of the prediction are "
                f"{pair.prediction.shape}, those of the reference {pair.reference.shape}."
            )
        for prediction, reference in zip(pair.prediction, pair.reference, strict=True):
            difference = np.subtract(prediction, reference, dtype=np.float64)
            self._sum += float(np.square(difference, out=difference).sum())
            self._frames += 1

    def finish(self) -> Record:
        if self._frames == 0:
            raise MediaError(f"metric {self._metric} needs at least one frame; the clip has none.")
        return frame_record(self._sum, self._frames)
