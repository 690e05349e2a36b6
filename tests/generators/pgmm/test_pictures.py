"""The pictures of the documentation."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from signbench.errors import InputError
from signbench.generators.pgmm import pictures
from signbench.generators.registry import create
from signbench.media.video import probe_video


def test_each_clip_has_its_source_held_its_driving_video_and_each_production():
    rows = pictures.columns([create("first-frame")], 2)
    assert len(rows) == 2
    for source, driving, production in rows:
        assert source.shape == driving.shape == production.shape
        assert (source == source[:1]).all()
        assert np.array_equal(production, source)
        assert not (driving == driving[:1]).all()
    (own, driving, _), (other, *_) = rows
    assert np.array_equal(own[0], driving[0])
    assert np.abs(other[0].astype(int) - rows[1][1][0]).mean() > 10, "another signer, in front of another wall"


def test_a_generator_without_video_is_refused():
    class Silent:
        card = create("first-frame").card

        def generate(self, prompts, seeds):
            from signbench.generators.base import Production

            yield Production(prompts[0].clip, fps=25.0)

    with pytest.raises(InputError, match="the generator first-frame makes no video"):
        pictures.columns([Silent()], 2)


def test_both_pictures_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "ROWS", 2)
    pictures.write_pictures(tmp_path, ["first-frame"])
    assert Image.open(tmp_path / "pgmm.png").size == (7 * 128 + 2 * 4, 2 * 128)
    assert (probe_video(tmp_path / "pgmm.mp4").width, probe_video(tmp_path / "pgmm.mp4").height) == (3 * 128, 128)
