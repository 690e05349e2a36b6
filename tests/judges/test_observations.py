from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import MediaError
from signbench.judges.base import GIVES, Likelihood
from signbench.judges.observations import decode, encode
from signbench.media.layouts import layout
from signbench.media.pose import Pose

POINTS = np.random.Generator(np.random.PCG64(3)).normal(size=(4, 133, 3)).astype(np.float32)
POSE = Pose(
    POINTS, np.linspace(0, 1, 4 * 133, dtype=np.float32).reshape(4, 133), layout("coco-wholebody-133"), 12.5, picture=(64, 48)
)


@pytest.mark.parametrize("text", ["", "ein Satz", "日本 \u202e\n\x00"])
def test_a_text_is_restored(text):
    assert decode("text", encode("text", text)) == text


@pytest.mark.parametrize("gives", ["gloss", "label"])
@pytest.mark.parametrize("words", [(), ("HAUS",), ("WIE-GEHT", "ÄRGER", "")])
def test_words_are_restored(gives, words):
    assert decode(gives, encode(gives, words)) == words


@pytest.mark.parametrize("shape", [(1, 5), (0, 4), (3, 0), (7, 2)])
def test_rows_are_restored_bit_for_bit_and_are_writable(shape):
    rows = np.random.Generator(np.random.PCG64(1)).normal(size=shape).astype(np.float32)
    found = decode("rows", encode("rows", rows))
    assert found.dtype == np.float32
    assert np.array_equal(found, rows)
    found += 1


@pytest.mark.parametrize("pose", [POSE, Pose(POINTS[..., :2], POSE.confidence, POSE.layout, None)])
def test_key_points_are_restored_with_layout_rate_and_picture(pose):
    found = decode("pose", encode("pose", pose))
    assert np.array_equal(found.points, pose.points)
    assert np.array_equal(found.confidence, pose.confidence)
    assert (found.layout, found.fps, found.picture) == (pose.layout, pose.fps, pose.picture)


def test_a_likelihood_is_restored_exactly():
    said = Likelihood(-0.1 - 0.2, 17)
    assert decode("likelihood", encode("likelihood", said)) == said


@pytest.mark.parametrize("gives", GIVES)
def test_another_type_is_refused(gives):
    with pytest.raises(TypeError):
        encode(gives, 7)


@pytest.mark.parametrize("gives", GIVES)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff" * 9, b'{"a": 1}', b"3"])
def test_damaged_bytes_are_refused_with_what_to_do(gives, content):
    with pytest.raises(MediaError, match=r"a cached observation of the kind .* cannot be read .*; run signbench cache clear"):
        decode(gives, content)
