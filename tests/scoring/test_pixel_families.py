"""The stored pixel formats, in the signature and next to the score."""

from __future__ import annotations

import numpy as np
import pytest

from signbench import measure
from signbench.corpora.clip import Clip
from signbench.corpora.recordings import VideoFile
from signbench.media.video_writer import write_video
from signbench.metrics import registry
from signbench.runs.protocol import Protocol
from signbench.scoring.clip_scoring import score_clip
from signbench.scoring.views import ClipViews
from tests.media.encoding import bar_frame

FRAMES = np.stack([bar_frame(index) for index in range(6)])


def folder(root, **clips):
    """A side with clips in H.264 or lossless RGB, according to ``clip=suffix``."""
    root.mkdir()
    for clip, suffix in clips.items():
        write_video(root / f"{clip}.{suffix}", FRAMES, 25, lossless=suffix == "mkv")
    return root


def pixels_signed(score):
    return dict(part.split(":", 1) for part in score.signature.split("|"))["pixels"]


def test_the_references_format_is_in_the_signature_and_the_predictions_format_next_to_the_score(tmp_path):
    score = measure(folder(tmp_path / "r", a="mp4", b="mkv"), folder(tmp_path / "p", a="mkv", b="mkv"), ["l1"])["l1"]
    assert pixels_signed(score) == "rgb+yuv420p-bt709-limited"
    assert score.pixels == "rgb"


def test_predictions_in_another_format_are_in_the_same_column(tmp_path):
    references = folder(tmp_path / "r", a="mp4")
    lossless = measure(references, folder(tmp_path / "p1", a="mkv"), ["l1"])["l1"]
    lossy = measure(references, folder(tmp_path / "p2", a="mp4"), ["l1"])["l1"]
    assert lossless.signature == lossy.signature
    assert (lossless.pixels, lossy.pixels) == ("rgb", "yuv420p-bt709-limited")
    assert lossy.value == 0


@pytest.mark.parametrize("content", [None, b"no video"], ids=["absent", "unreadable"])
def test_a_failed_prediction_does_not_change_the_signature(tmp_path, content):
    references, broken = folder(tmp_path / "r", a="mp4"), tmp_path / "broken.mp4"
    if content is not None:
        broken.write_bytes(content)
    sides = Clip("a", video=VideoFile(references / "a.mp4")), Clip("a", video=VideoFile(broken))
    outcome = score_clip(ClipViews(*sides, Protocol()), [(0, registry.create("l1"))])
    assert outcome.records == {}
    assert outcome.inputs["reference.video"].pixels == "yuv420p-bt709-limited"
