"""A study whose answers a bot can collect."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.media.video_writer import write_video
from signbench.study.planning.packs import new_study


@pytest.fixture
def begun(tmp_path):
    """A study of three videos for two participants."""
    clips = tmp_path / "clips"
    clips.mkdir()
    for number, sign in enumerate(("dog", "cat", "tree")):
        write_video(clips / f"{sign}.mp4", [np.full((32, 32, 3), 60 * number, np.uint8)] * 5, 25, lossless=False)
    new_study(clips, tmp_path / "study", sizes=(3,), raters=2, seed=1)
    return tmp_path / "study"
