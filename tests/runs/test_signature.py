from __future__ import annotations

import pytest

from signbench.errors import InputError
from signbench.metrics import registry
from signbench.runs import signature
from signbench.runs.protocol import Protocol


def signed(name="ssim", protocol=None, **changes):
    given = {"readers": "video-2", "layout": None, "pixels": "yuv420p-bt709-limited", "clips": 16, "refs": "0123456789ab"}
    given |= {"subset": None, **changes}
    return signature.measure_part(registry.create(name), protocol or Protocol(), **given)


def test_a_signature_lists_every_parameter_also_the_defaults():
    assert signed("tcd") == (
        "metric:tcd|parameters:range=unit,reduce=mean,threshold=0.5|revision:1|reader:video-2|pixels:yuv420p-bt709-limited"
        "|size:native|fps:native|frames:equal|clips:16|refs:0123456789ab"
    )


def test_two_spellings_of_one_measure_have_one_signature():
    assert signed("ssim") == signed("ssim:window=gaussian")
    spellings = [
        signed(name, readers="pose-1", layout="mediapipe-178/3d", pixels=None)
        for name in ("dtw:variant=ndtwp", "dtw:fill=1,variant=ndtwp", "dtw:variant=ndtwp,fill=1.0")
    ]
    assert len(set(spellings)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "ssim:window=uniform"}, "the parameter window: gaussian against uniform"),
        ({"clips": 15}, "the number of expected clips: 16 against 15"),
        ({"refs": "ba9876543210"}, "the references themselves: 0123456789ab against ba9876543210"),
        ({"protocol": Protocol(size=(64, 96))}, "the size that images were resized to: native against 96x64"),
        ({"protocol": Protocol(fps=12.5)}, "the frame rate that both sides were converted to: native against 12.5"),
        ({"protocol": Protocol(frames="resample")}, "the rule for sides with different lengths: equal against resample"),
        ({"readers": "video-1"}, "the reader of media files and its revision: video-2 against video-1"),
        (
            {"pixels": "rgb+yuv420p-bt601-limited"},
            "the references' pixel formats: yuv420p-bt709-limited against rgb+yuv420p-bt601-limited",
        ),
        ({"subset": "limit=3"}, "the subset of clips: not stated against limit=3"),
    ],
)
def test_a_difference_is_said_in_words(changes, words):
    assert words in signature.differences(signed(), signed(**changes))


def test_the_short_form_and_the_provenance_do_not_make_a_difference():
    long = signed()
    assert signature.differences(long, signature.short(long)) == []
    assert signature.differences(f"{long}||{signature.provenance_part()}", long) == []


@pytest.mark.parametrize("text", ["", "ssim", "metric:ssim|metric:ssim", "metric:ssim|colour:red", "a|b"])
def test_what_is_not_a_signature_is_refused(text):
    with pytest.raises(InputError):
        signature.parse(text)


def test_the_references_digest_does_not_depend_on_order_and_changes_with_any_line():
    one = signature.references_digest({"a": "11", "b": "22"})
    assert one == signature.references_digest({"b": "22", "a": "11"})
    assert len(one) == 12
    assert len({one, signature.references_digest({"a": "11", "b": "23"}), signature.references_digest({"a": "11"})}) == 3
