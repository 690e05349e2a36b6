"""The moving images of a clip: decoded once, observed once, and paired by the run's rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray
from signbench.errors import MediaError
from signbench.extractors.base import Extractor
from signbench.metrics import registry
from signbench.metrics.base import Metric, Parameter
from signbench.runs.protocol import Protocol
from signbench.scoring.clip_scoring import score_clip
from signbench.scoring.views import ClipViews

LOOKED_AT: Counter[str] = Counter()
BATCH = 3


@dataclass(frozen=True)
class ChannelMeans(Extractor):
    """A network that can be checked on paper: a frame's mean in each channel, in batches of three."""

    name: ClassVar[str] = "channel-means"
    made_from: str = "all"

    @property
    def needs(self):
        return ()

    @property
    def preprocessing(self):
        return self.made_from

    def signature(self):
        return f"{self.name}/{self.revision}+{self.weights}+{self.preprocessing}+{self.precision}"

    def observer(self):
        return _Observer(self)


class _Observer:
    def __init__(self, extractor):
        self.extractor, self.waiting = extractor, []

    def _rows(self, frames):
        LOOKED_AT[self.extractor.signature()] += len(frames)
        return np.stack(frames).astype(np.float32).mean(axis=(1, 2))

    def update(self, frames):
        self.waiting += list(frames)
        while len(self.waiting) >= BATCH:
            yield self._rows(self.waiting[:BATCH])
            del self.waiting[:BATCH]

    def finish(self):
        if self.extractor.made_from == "nothing":
            raise MediaError("the network cannot look at this.")
        if self.waiting:
            yield self._rows(self.waiting)


class _Looking(Metric):
    """Keeps the frames that it is shown."""

    parameters = (Parameter("made", "all", "Which network."),)
    direction = "lower"
    view = "observations"
    summary = "For tests."

    @property
    def unit(self):
        return "1"

    @property
    def extractor(self):
        return ChannelMeans(made_from=self["made"])

    def recorder(self):
        return _Keeper()

    def clip_value(self, record):
        return None

    def score(self, records, weights):
        return np.zeros(len(weights))


class _Keeper:
    def __init__(self):
        self.pairs = []

    def update(self, pair):
        self.pairs.append(pair)

    def finish(self):
        return {
            "prediction": np.concatenate([pair.prediction for pair in self.pairs]),
            "reference": np.concatenate([pair.reference for pair in self.pairs]),
            "pieces": np.array([len(pair.reference) for pair in self.pairs]),
        }


class Paired(_Looking):
    name = "paired"
    pairs_frames = True


class Whole(_Looking):
    name = "whole"
    pairs_frames = False


class CountedArray(FrameArray):
    """Counts how often the file is decoded."""

    def chunks(self, probe, positions, size):
        LOOKED_AT[f"decoded {self.label}"] += 1
        return super().chunks(probe, positions, size)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_CACHE", str(tmp_path / "cache"))
    LOOKED_AT.clear()


def clip(label, frames, fps=None, seed=0, side=8):
    pixels = np.random.default_rng([seed, frames]).integers(0, 256, (frames, side, side, 3), np.uint8)
    return Clip("a", video=CountedArray(pixels, label, fps))


def means(one):
    return one.video.frames.astype(np.float32).mean(axis=(1, 2))


def looked(reference, prediction, metrics, **rules):
    return score_clip(ClipViews(reference, prediction, Protocol(**rules)), list(enumerate(metrics)))


def record(outcome, index=0):
    assert outcome.failures == {}
    return outcome.records[index]


@pytest.mark.parametrize("frames", [1, 2, 3, 15, 16, 17, 50])
def test_sides_of_one_length_are_paired_frame_by_frame(frames):
    reference, prediction = clip("r", frames), clip("p", frames, seed=1)
    found = record(looked(reference, prediction, [Paired()]))
    np.testing.assert_array_equal(found["reference"], means(reference))
    np.testing.assert_array_equal(found["prediction"], means(prediction))


@pytest.mark.parametrize(("frames", "pieces"), [(2, [2]), (6, [3, 3]), (17, [3, 3, 3, 3, 3, 2])])
def test_rows_of_a_network_are_paired_in_their_batches_without_concatenation(frames, pieces):
    found = record(looked(clip("r", frames), clip("p", frames, seed=1), [Paired()]))
    assert found["pieces"].tolist() == pieces


@pytest.mark.parametrize(("lengths", "common"), [((50, 20), 20), ((20, 50), 20), ((1, 9), 1), ((33, 32), 32)])
def test_truncated_sides_are_paired_up_to_the_shorter_end_and_shown_completely_to_others(lengths, common):
    reference, prediction = clip("r", lengths[0]), clip("p", lengths[1], seed=1)
    outcome = looked(reference, prediction, [Paired(), Whole()], frames="truncate")
    np.testing.assert_array_equal(record(outcome)["reference"], means(reference)[:common])
    np.testing.assert_array_equal(record(outcome)["prediction"], means(prediction)[:common])
    np.testing.assert_array_equal(record(outcome, 1)["reference"], means(reference))
    np.testing.assert_array_equal(record(outcome, 1)["prediction"], means(prediction))


@pytest.mark.parametrize("lengths", [(10, 40), (40, 10), (17, 18), (5, 1), (1, 5)])
def test_resampled_predictions_are_paired_with_the_nearest_frame(lengths):
    reference, prediction = clip("r", lengths[0]), clip("p", lengths[1], seed=1)
    views = ClipViews(reference, prediction, Protocol(frames="resample"))
    _, partners = views.pairing()
    outcome = score_clip(views, [(0, Paired()), (1, Whole())])
    np.testing.assert_array_equal(record(outcome)["prediction"], means(prediction)[partners])
    np.testing.assert_array_equal(record(outcome)["reference"], means(reference))
    np.testing.assert_array_equal(record(outcome, 1)["prediction"], means(prediction))


def test_pixels_and_networks_share_one_decoding_and_metrics_share_one_network():
    reference, prediction = clip("r", 20), clip("p", 20, seed=1)
    metrics = [Paired(), Whole(), registry.create("l1"), registry.create("psnr"), registry.create("tcd")]
    outcome = looked(reference, prediction, metrics)
    assert set(outcome.records) == set(range(5))
    assert LOOKED_AT["decoded r"] == LOOKED_AT["decoded p"] == 1
    assert LOOKED_AT[ChannelMeans().signature()] == 40


def test_a_second_model_neither_decodes_the_references_nor_passes_them_through_the_network():
    reference = clip("r", 20)
    first = looked(reference, clip("p", 20, seed=1), [Paired(), Whole()])
    LOOKED_AT.clear()
    second = looked(reference, clip("q", 20, seed=2), [Paired(), Whole()])
    np.testing.assert_array_equal(record(first, 1)["reference"], record(second, 1)["reference"])
    np.testing.assert_array_equal(record(second)["reference"], means(reference))
    assert LOOKED_AT["decoded r"] == 0
    assert LOOKED_AT[ChannelMeans().signature()] == 20


def test_a_second_model_with_another_length_finds_the_complete_reference():
    reference = clip("r", 20)
    looked(reference, clip("p", 7, seed=1), [Paired()], frames="truncate")
    LOOKED_AT.clear()
    second = looked(reference, clip("q", 20, seed=2), [Whole()])
    np.testing.assert_array_equal(record(second)["reference"], means(reference))
    assert LOOKED_AT["decoded r"] == 0


def test_if_pixels_are_compared_the_reference_is_decoded_but_not_observed_again():
    reference = clip("r", 20)
    looked(reference, clip("p", 20, seed=1), [Whole()])
    LOOKED_AT.clear()
    looked(reference, clip("q", 20, seed=2), [Whole(), registry.create("l1")])
    assert LOOKED_AT["decoded r"] == 1
    assert LOOKED_AT[ChannelMeans().signature()] == 20


CHANGES = {
    "the weights": ({"weights": "random"}, {}),
    "the precision": ({"precision": "bf16"}, {}),
    "the preprocessing": ({"made_from": "half"}, {}),
    "the size": ({}, {"size": (4, 4)}),
    "the frame rate": ({}, {"fps": 5.0, "source_fps": 10.0}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_settings_are_observed_again(change, monkeypatch):
    extractor, rules = CHANGES[change]
    reference, prediction = clip("r", 20, fps=10.0), clip("p", 20, fps=10.0, seed=1)
    looked(reference, prediction, [Whole()])
    if "precision" in extractor:
        rules = {"precision": extractor["precision"]}
    else:
        monkeypatch.setattr(Whole, "extractor", ChannelMeans(**extractor))
    LOOKED_AT.clear()
    looked(reference, prediction, [Whole()], **rules)
    assert LOOKED_AT["decoded r"] == 1, change


def test_another_revision_of_the_network_or_of_the_reader_observes_again(monkeypatch):
    reference, prediction = clip("r", 20), clip("p", 20, seed=1)
    looked(reference, prediction, [Whole()])
    for target, value in (("test_extractor", 2), ("signbench.scoring.moving_images.READER_REVISION", 99)):
        LOOKED_AT.clear()
        with monkeypatch.context() as patched:
            if target == "test_extractor":
                patched.setattr(ChannelMeans, "revision", value)
            else:
                patched.setattr(target, value)
            looked(reference, prediction, [Whole()])
        assert LOOKED_AT["decoded r"] == 1, target


def test_a_network_that_fails_affects_its_own_metrics_only_and_leaves_nothing_behind(tmp_path):
    reference, prediction = clip("r", 7), clip("p", 7, seed=1)
    outcome = looked(reference, prediction, [Whole(made="nothing"), Whole(), registry.create("l1")])
    assert set(outcome.records) == {1, 2}
    assert "cannot look at this" in outcome.failures[0].reason
    assert outcome.failures[0].fault == "reference"
    assert len(list((tmp_path / "cache").glob("*.observation"))) == 2


@pytest.mark.parametrize(("lengths", "rows"), [((4, 9), (0, 9)), ((9, 4), (9, 0)), ((4, 4), (0, 0)), ((5, 5), (5, 5))])
def test_a_side_that_is_too_short_for_the_network_gives_no_row_and_is_not_observed(lengths, rows, monkeypatch):
    monkeypatch.setattr(ChannelMeans, "fewest_frames", 5)
    outcome = looked(clip("r", lengths[0]), clip("p", lengths[1], seed=1), [Whole()])
    assert (len(record(outcome)["reference"]), len(record(outcome)["prediction"])) == rows
    assert LOOKED_AT[ChannelMeans().signature()] == sum(rows)


def test_observations_of_a_file_that_changed_meanwhile_are_not_kept(tmp_path, monkeypatch):
    stamps = iter(range(100))
    monkeypatch.setattr(CountedArray, "stamp", lambda self: (next(stamps), 0, 0))
    outcome = looked(clip("r", 7), clip("p", 7, seed=1), [Whole()])
    assert "changed while it was being read" in outcome.failures[0].reason
    assert list((tmp_path / "cache").glob("*.observation")) == []


@pytest.mark.parametrize("metric", [Whole(), Paired()], ids=["whole", "paired"])
def test_sides_of_different_size_are_refused_unless_they_are_resized(metric):
    sides = clip("r", 5, side=8), clip("p", 5, seed=1, side=6)
    with pytest.raises(Exception, match="`size`"):
        ClipViews(*sides, Protocol()).check([metric])
    ClipViews(*sides, Protocol(size=(8, 8))).check([metric])


def test_networks_use_one_thread_and_the_caller_s_number_of_threads_is_restored(monkeypatch):
    import torch

    seen = []
    monkeypatch.setattr(_Observer, "finish", lambda self: iter(seen.append(torch.get_num_threads()) or ()))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        looked(clip("r", 6), clip("p", 6, seed=1), [Whole()])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}
