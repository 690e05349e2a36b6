from __future__ import annotations

import time

import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import VideoFile
from signbench.errors import MediaError
from signbench.metrics import registry
from signbench.runs.protocol import Protocol
from signbench.scoring.clip_scoring import score_clip
from signbench.scoring.decoding import decoded_ahead
from signbench.scoring.views import ClipViews
from tests.clips import video_sides
from tests.patience import PATIENCE


def test_a_prediction_that_vanished_is_at_fault_and_the_reference_is_still_in_the_signature(tmp_path):
    references, predictions = video_sides(tmp_path, clips=1)
    sides = [Clip("a", video=VideoFile(folder / "clip_000.mkv")) for folder in (references, predictions)]
    (predictions / "clip_000.mkv").unlink()
    outcome = score_clip(ClipViews(*sides, Protocol()), [(0, registry.create("l1"))])
    assert outcome.records == {}
    assert outcome.failures[0].fault == "prediction"
    assert set(outcome.inputs) == {"reference.video"}


def test_an_error_while_decoding_ahead_reaches_the_consumer_after_the_frames_before_it():
    def items():
        yield "first"
        yield "second"
        raise MediaError("torn")

    taken = []
    with pytest.raises(MediaError, match="torn"), decoded_ahead(items()) as ahead:
        taken.extend(ahead)
    with decoded_ahead(items()) as ahead:
        assert next(ahead) == "first"


def test_a_consumer_that_stops_early_closes_its_source():
    closed = []

    def items():
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    with decoded_ahead(items()) as ahead:
        assert [next(ahead), next(ahead)] == [0, 1]
    deadline = time.monotonic() + PATIENCE
    while not closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert closed == [True]
