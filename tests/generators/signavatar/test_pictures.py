"""The pictures of the documentation."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from signbench.corpora.synthsign import SynthSign
from signbench.corpora.synthsign.signers import SIGNERS
from signbench.corpora.synthsign.skeleton import skeleton_of
from signbench.errors import InputError
from signbench.generators.signavatar import pictures
from tests.generators.signavatar.tiny import write_tiny

CORPUS = SynthSign()


def test_the_body_of_a_clip_s_rotations_is_that_of_the_clip():
    own = CORPUS.body("word-test-0005")
    made = skeleton_of(own.rotations, own.translation, SIGNERS[CORPUS.sentence("word-test-0005").signer])
    np.testing.assert_array_equal(made.hands, own.hands)
    np.testing.assert_array_equal(made.elbows, own.elbows)


def test_a_word_that_no_clip_has_is_refused():
    with pytest.raises(InputError, match="the split word-test has no word xylophone"):
        pictures.motions(None, CORPUS, "xylophone")


def test_both_pictures_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "SHOWN", ("house", "mother"))
    monkeypatch.setattr(pictures, "_MOVING", 1)
    model = write_tiny(tmp_path / "tiny")
    pictures.write_pictures(tmp_path, f"{model.folder}")
    still, moving = (Image.open(tmp_path / f"signavatar.{kind}") for kind in ("png", "gif"))
    assert still.size == (4 * 5 * 96 + 3 * 4, 2 * 96)
    clip = next(clip for clip in CORPUS.ids("word-test") if CORPUS.sentence(clip).text == "house")
    assert (moving.size, moving.n_frames) == ((4 * 112, 112), CORPUS.length(clip))
