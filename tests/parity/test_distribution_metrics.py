"""fid, kid, fvd and motion-fid against SciPy, torch-fidelity, pytorch-fid, clean-fid and torchmetrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import scipy.linalg
import torch
from cleanfid.fid import frechet_distance as clean_fid_distance
from cleanfid.fid import kernel_distance as clean_fid_kernel_distance
from pytorch_fid.fid_score import calculate_frechet_distance
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.fid import FrechetInceptionDistance, _compute_fid
from torchmetrics.image.kid import KernelInceptionDistance, poly_mmd

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.extractors.base import Extractor, Observer, Rows
from signbench.metrics.distribution import Fid, Fvd, Kid
from signbench.metrics.frechet import frechet_distance, frechet_scores
from signbench.metrics.kernel_distance import kernel_scores
from signbench.metrics.pairs import ObservationPair
from signbench.runs.protocol import Protocol
from signbench.scoring.clip_scoring import score_clip
from signbench.scoring.views import ClipViews
from tests.extractors.official_files import I3D_TORCHSCRIPT, use_official


def feature_sets(count, width, *, other=None):
    """Two sets of non-negative features with correlated numbers and a spectrum that falls quickly, as networks' have."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(width, width)) * np.exp(-np.arange(width) / (width / 6))[:, None]
    sizes = (count, other or count)
    return tuple(
        np.maximum(random.normal(size=(size, width)) @ mixing + shift, 0) for size, shift in zip(sizes, (0.3, 0.0), strict=True)
    )


def moments(vectors):
    return vectors.mean(axis=0), np.cov(vectors, rowvar=False)


def ours(prediction, reference, *, unbiased=True):
    """The fold over clips of a few vectors each."""
    cuts = [np.array_split(side, 9) for side in (prediction, reference)]
    records = [{"prediction": made, "reference": real} for made, real in zip(*cuts, strict=True)]
    return float(frechet_scores(records, np.ones((1, 9), dtype=np.int64), "fid", unbiased=unbiased)[0])


def by_square_root(prediction, reference):
    """The formula with SciPy's root of the matrix."""
    (mean1, covariance1), (mean2, covariance2) = moments(prediction), moments(reference)
    root = scipy.linalg.sqrtm(covariance1 @ covariance2)
    return float(np.sum((mean1 - mean2) ** 2) + np.trace(covariance1 + covariance2 - 2 * np.real(root)))


def by_torch_fidelity(prediction, reference):
    statistics = [fid_features_to_statistics(torch.from_numpy(side)) for side in (prediction, reference)]
    return fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]


def by_pytorch_fid(prediction, reference):
    return float(calculate_frechet_distance(*moments(prediction), *moments(reference)))


def by_clean_fid(prediction, reference):
    return float(clean_fid_distance(*moments(prediction), *moments(reference)))


def by_torchmetrics(prediction, reference):
    arguments = [torch.from_numpy(part) for side in (prediction, reference) for part in moments(side)]
    return float(_compute_fid(*arguments))


@pytest.fixture
def square_root_without_display(monkeypatch):
    """pytorch-fid and clean-fid ask SciPy's root for no display, an option that SciPy 1.18 has no more."""
    root = scipy.linalg.sqrtm
    monkeypatch.setattr(scipy.linalg, "sqrtm", lambda matrix, disp=True: root(matrix) if disp else (root(matrix), 0.0))


OTHERS = [by_square_root, by_torch_fidelity, by_pytorch_fid, by_clean_fid, by_torchmetrics]


@pytest.mark.usefixtures("square_root_without_display")
@pytest.mark.parametrize("other", OTHERS, ids=lambda other: other.__name__)
@pytest.mark.parametrize(("count", "width"), [(300, 2), (300, 17), (2000, 96)])
def test_fid_is_that_of_the_others(other, count, width):
    prediction, reference = feature_sets(count, width, other=count + 50)
    assert ours(prediction, reference) == pytest.approx(other(prediction, reference), rel=1e-9)


@pytest.mark.parametrize("other", [by_torch_fidelity, by_torchmetrics], ids=lambda other: other.__name__)
def test_fid_of_fewer_vectors_than_dimensions_is_that_of_those_who_need_no_full_rank(other):
    """Theirs is off by the roots of rounding errors, about 1e-8 of the largest variance for each dimension."""
    prediction, reference = feature_sets(40, 64)
    assert ours(prediction, reference) == pytest.approx(other(prediction, reference), rel=1e-6)


def test_the_distance_of_moments_is_the_fold_of_vectors_also_without_full_rank():
    prediction, reference = feature_sets(40, 64)
    assert frechet_distance(*moments(prediction), *moments(reference)) == pytest.approx(ours(prediction, reference), rel=1e-9)


@pytest.mark.usefixtures("square_root_without_display")
def test_population_covariances_are_those_of_numpy():
    prediction, reference = feature_sets(300, 17)
    whole = [part for side in (prediction, reference) for part in (side.mean(axis=0), np.cov(side, rowvar=False, bias=True))]
    assert ours(prediction, reference, unbiased=False) == pytest.approx(float(calculate_frechet_distance(*whole)), rel=1e-9)


def kernel_score(prediction, reference, *, size, subsets=1, degree=3):
    records = [{"prediction": prediction.astype(np.float32), "reference": reference.astype(np.float32)}]
    ones = np.ones((1, 1), dtype=np.int64)
    return float(kernel_scores(records, ones, "kid", degree=degree, subsets=subsets, size=size, seed=0)[0])


@pytest.mark.parametrize("degree", [2, 3])
def test_kid_over_the_whole_set_is_that_of_the_others(degree):
    prediction, reference = (side.astype(np.float32).astype(np.float64) for side in feature_sets(120, 40))
    found = kernel_score(prediction, reference, size=120, degree=degree)
    sets = torch.from_numpy(prediction), torch.from_numpy(reference)
    options = {"kid_subsets": 1, "kid_subset_size": 120, "kid_kernel_poly_degree": degree, "rng_seed": 0, "verbose": False}
    theirs = kid_features_to_metric(*sets, **options)["kernel_inception_distance_mean"]
    assert found == pytest.approx(theirs, rel=1e-9)
    assert found == pytest.approx(float(poly_mmd(*sets, degree=degree)), rel=1e-9)
    if degree == 3:
        assert found == pytest.approx(
            clean_fid_kernel_distance(prediction, reference, num_subsets=1, max_subset_size=120), rel=1e-9
        )


def test_kid_over_random_subsets_estimates_what_that_of_torch_fidelity_does():
    """The draws differ, so the means of 400 subsets agree as far as their own spread lets them."""
    prediction, reference = (side.astype(np.float32).astype(np.float64) for side in feature_sets(500, 20))
    options = {"kid_subsets": 400, "kid_subset_size": 50, "rng_seed": 0, "verbose": False}
    theirs = kid_features_to_metric(torch.from_numpy(prediction), torch.from_numpy(reference), **options)
    error = theirs["kernel_inception_distance_std"] / np.sqrt(400)
    assert abs(kernel_score(prediction, reference, size=50, subsets=400) - theirs["kernel_inception_distance_mean"]) < 4 * error


class Seeded(torch.nn.Module):
    """A small network with seeded weights: images in, 12 features out."""

    num_features = 12

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layers = torch.nn.Sequential(
                torch.nn.Conv2d(3, 12, 5, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
            )

    @torch.no_grad()
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.layers(images.float() / 255)
        return features


@dataclass(frozen=True)
class SeededExtractor(Extractor):
    """The same network as an extractor."""

    name: ClassVar[str] = "seeded"

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def preprocessing(self) -> str:
        return "none"

    def observer(self) -> Observer:
        return SeededObserver()


class SeededObserver:
    """Passes frames on as they come."""

    def update(self, frames: np.ndarray) -> Iterator[Rows]:
        yield Seeded()(torch.from_numpy(frames.copy()).permute(0, 3, 1, 2)).numpy()

    def finish(self) -> Iterator[Rows]:
        yield from ()


class SeededFid(Fid):
    """fid through that network."""

    extractor = SeededExtractor(weights="random")


class SeededKid(Kid):
    """kid through that network."""

    extractor = SeededExtractor(weights="random")


def videos(clips=12):
    random = np.random.default_rng(0)
    return [
        [random.integers(0, brightest, (random.integers(3, 9), 20, 24, 3), dtype=np.uint8) for _ in range(clips)]
        for brightest in (256, 200)
    ]


def through_the_engine(metric, predictions, references):
    records = []
    for index, (made, real) in enumerate(zip(predictions, references, strict=True)):
        clips = [Clip(f"{index:03d}", video=FrameArray(frames, f"side {index}")) for frames in (real, made)]
        records.append(score_clip(ClipViews(clips[0], clips[1], Protocol()), [(0, metric)]).records[0])
    return float(metric.score(records, np.ones((1, len(records)), dtype=np.int64))[0])


def images(side):
    return torch.from_numpy(np.concatenate(side)).permute(0, 3, 1, 2)


def test_fid_of_videos_is_that_of_torchmetrics_over_all_their_frames_through_the_same_network():
    predictions, references = videos()
    theirs = FrechetInceptionDistance(feature=Seeded())
    theirs.update(images(references), real=True)
    theirs.update(images(predictions), real=False)
    assert through_the_engine(SeededFid(), predictions, references) == pytest.approx(float(theirs.compute()), rel=1e-6)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save")
def test_kid_of_videos_is_that_of_torchmetrics_over_all_their_frames_through_the_same_network():
    predictions, references = ([frames[:3] for frames in side] for side in videos())
    theirs = KernelInceptionDistance(feature=Seeded(), subsets=2, subset_size=36)
    theirs.update(images(references), real=True)
    theirs.update(images(predictions), real=False)
    found = through_the_engine(SeededKid(size=36, subsets=2), predictions, references)
    assert found == pytest.approx(float(theirs.compute()[0]), rel=1e-3)  # theirs is a difference of float32 means near 1


def fvd_of(variant, predictions, references):
    """fvd of arrays uint8 (clips, T, H, W, 3)."""
    metric = Fvd(variant=variant)
    records = []
    for made, real in zip(predictions, references, strict=True):
        sides = []
        for frames in (made, real):
            observer = metric.extractor.observer()
            sides.append(np.concatenate([*observer.update(frames), *observer.finish()]))
        records.append(metric.record([ObservationPair(*sides)]))
    return float(metric.score(records, np.ones((1, len(records)), dtype=np.int64))[0])


def test_fvd_of_black_against_white_is_the_published_number(monkeypatch):
    """Source: JunyaoHu/common_metrics_on_video_quality, README: zeros against ones, 8 clips of 30 frames of 64 x 64 pixels."""
    use_official(monkeypatch, I3D_TORCHSCRIPT)
    black = np.zeros((8, 30, 64, 64, 3), np.uint8)
    assert fvd_of("common-metrics", black, black + 255) == pytest.approx(151.25648, rel=1e-4)
