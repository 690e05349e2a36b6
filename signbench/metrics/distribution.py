"""Distances between the distributions of productions and references, in the features of a network."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, MediaError
from signbench.metrics.base import Direction, IntervalMethod, Limits, Metric, Parameter, Record, Recorder, Records, View, Weights
from signbench.metrics.frechet import frechet_scores
from signbench.metrics.kernel_distance import kernel_scores
from signbench.metrics.pairs import ObservationPair, Pair
from signbench.metrics.vectors import FeatureRecorder, ObservationRecorder, vector_counts

if TYPE_CHECKING:
    from signbench.extractors.base import Extractor
    from signbench.extractors.i3d import I3d

_WEIGHTS = Parameter(
    "weights",
    "official",
    "official: the network's published weights; random: seeded ones, for trial runs.",
    choices=("official", "random"),
)
_INCEPTION_VARIANT = Parameter(
    "variant",
    "torch-fidelity",
    "How frames are resized to 299 x 299 and scaled: like torch-fidelity, pytorch-fid or clean-fid.",
    choices=("torch-fidelity", "pytorch-fid", "clean"),
)


class DistributionDistance(Metric):
    """A distance between two sets of vectors, to which every clip contributes; a single clip has no value."""

    direction: ClassVar[Direction] = "lower"
    view: ClassVar[View] = "observations"
    pairs_frames: ClassVar[bool] = False
    interval_method: ClassVar[IntervalMethod] = "jackknife"

    @property
    def unit(self) -> str:
        return "1"

    def recorder(self) -> Recorder:
        return ObservationRecorder(self.canonical)

    def clip_value(self, record: Record) -> None:
        return None

    def samples(self, records: Records) -> tuple[int, int]:
        prediction, _ = vector_counts(records, "prediction", self.canonical)
        reference, _ = vector_counts(records, "reference", self.canonical)
        return prediction, reference


class FrechetDistance(DistributionDistance):
    """A squared Fréchet distance."""

    @property
    @abstractmethod
    def unbiased(self) -> bool:
        """Whether covariances are divided by the number of vectors minus 1, rather than by that number."""

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return frechet_scores(records, weights, self.canonical, unbiased=self.unbiased)

    def warnings(self, records: Records) -> tuple[str, ...]:
        return ("rank_deficient",) if self._rank_deficient(records) else ()

    def note(self, records: Records) -> str | None:
        count, width = self._fewest(records)
        if not 2 <= count <= width:
            return None
        return f"{count} vectors for {width} dimensions: the covariance lacks full rank, and the distance comes out too large"

    def _rank_deficient(self, records: Records) -> bool:
        count, width = self._fewest(records)
        return 0 < count <= width

    def _fewest(self, records: Records) -> tuple[int, int]:
        """Number of vectors of the smaller side, and their length."""
        prediction, width = vector_counts(records, "prediction", self.canonical)
        reference, _ = vector_counts(records, "reference", self.canonical)
        return min(prediction, reference), width


class Fid(FrechetDistance):
    """Fréchet inception distance: between the frames of all predictions and the frames of all references.

    The 2048 features are those of Inception's last pooling; covariances are divided by N - 1 in all three variants. Source:
    ``toshas/torch-fidelity`` (``metric_fid.py``), ``mseitzer/pytorch-fid`` (``fid_score.py``), ``GaParmar/clean-fid`` (``fid.py``).
    """

    name = "fid"
    parameters = (_INCEPTION_VARIANT, _WEIGHTS)
    limits: ClassVar[Limits] = (0.0, None)
    summary = "Fréchet inception distance between all predicted and all reference frames."
    unbiased = True

    @property
    def extractor(self) -> Extractor:
        from signbench.extractors.inception import Inception

        return Inception(variant=self["variant"], weights=self["weights"])


class Kid(DistributionDistance):
    """Kernel inception distance: squared maximum mean discrepancy of Inception's features under a polynomial kernel.

    The mean of the unbiased estimate over random subsets, which may be negative; gamma 1 / 2048 and coefficient 1. Source:
    Binkowski et al., "Demystifying MMD GANs" (ICLR 2018); ``toshas/torch-fidelity`` (``metric_kid.py``).
    """

    name = "kid"
    parameters = (
        _INCEPTION_VARIANT,
        Parameter("degree", 3, "Degree of the polynomial kernel."),
        Parameter("subsets", 100, "Number of subsets."),
        Parameter("size", 1000, "Frames of each side in a subset."),
        Parameter("seed", 0, "Seed of the draws."),
        _WEIGHTS,
    )
    summary = "Kernel inception distance between predicted and reference frames, over random subsets."

    def check(self) -> None:
        for name, fewest in (("degree", 1), ("subsets", 1), ("size", 2), ("seed", 0)):
            if self[name] < fewest:
                raise InputError(f"metric {self.name}: parameter {name} must be an integer of at least {fewest}, not {self[name]}.")

    @property
    def extractor(self) -> Extractor:
        from signbench.extractors.inception import Inception

        return Inception(variant=self["variant"], weights=self["weights"])

    def score(self, records: Records, weights: Weights) -> NDArray[np.float64]:
        return kernel_scores(
            records,
            weights,
            self.canonical,
            degree=self["degree"],
            subsets=self["subsets"],
            size=self["size"],
            seed=self["seed"],
        )


class Fvd(FrechetDistance):
    """Fréchet video distance: between the logits that I3D gives the predicted clips, and those of the references.

    One vector of 400 logits per clip. A clip whose reference is too short for the network is left out on both sides.
    Source: Unterthiner et al., "FVD: A new metric for video generation" (2019); the variants are those of ``universome/stylegan-v``
    (``frechet_video_distance.py``), ``JunyaoHu/common_metrics_on_video_quality`` (``calculate_fvd.py``) and
    ``songweige/content-debiased-fvd``, which divide covariances by N, N - 1 and N.
    """

    name = "fvd"
    parameters = (
        Parameter(
            "variant",
            "stylegan-v",
            "How frames are chosen, resized and scaled, and what the covariances are divided by.",
            choices=("stylegan-v", "common-metrics", "cd-fvd"),
        ),
        _WEIGHTS,
    )
    limits: ClassVar[Limits] = (0.0, None)
    needs_rate = True
    summary = "Fréchet video distance between predicted and reference clips."

    @property
    def unbiased(self) -> bool:
        return bool(self["variant"] == "common-metrics")

    @property
    def extractor(self) -> I3d:
        from signbench.extractors.i3d import I3d

        return I3d(variant=self["variant"], weights=self["weights"])

    def recorder(self) -> Recorder:
        return _ClipRecorder(self)

    def note(self, records: Records) -> str | None:
        short = sum(len(record["reference"]) == 0 for record in records)
        left_out = (
            f"clips left out on both sides, because their references have fewer than {self.extractor.fewest_frames} frames: {short}"
            if short
            else None
        )
        return "; ".join(filter(None, (left_out, super().note(records)))) or None


class _ClipRecorder(ObservationRecorder):
    """Keeps one row of each side, or none of either if the reference is too short."""

    def __init__(self, metric: Fvd) -> None:
        super().__init__(metric.canonical)
        self._fewest = metric.extractor.fewest_frames
        self._short = False

    def update(self, pair: Pair) -> None:
        if isinstance(pair, ObservationPair):
            self._short = len(pair.reference) == 0
            if len(pair.prediction) == 0 and not self._short:
                raise MediaError(
                    f"metric {self.metric} needs clips of at least {self._fewest} frames; the prediction has fewer, but its "
                    "reference does not."
                )
        super().update(pair)

    def finish(self) -> Record:
        none = np.empty((0, 0), np.float32)
        return {"prediction": none, "reference": none} if self._short else super().finish()


class MotionFid(FrechetDistance):
    """Fréchet distance between feature vectors of motions from an external recogniser, one for each clip.

    Covariances are divided by N - 1. Source: ``EricGuo5513/action-to-motion`` (``eval_scripts/final_evaluation.py``).
    """

    name = "motion-fid"
    view: ClassVar[View] = "features"
    limits: ClassVar[Limits] = (0.0, None)
    summary = "Fréchet distance between given feature vectors, one for each clip."
    unbiased = True

    def recorder(self) -> Recorder:
        return FeatureRecorder(self.canonical)
