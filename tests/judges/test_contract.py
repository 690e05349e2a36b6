"""What a judge must declare and return; a custom judge that does not is refused with a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from signbench.errors import InputError, MediaError, SignbenchError
from signbench.judges.asking import answers
from signbench.judges.base import Gives, Judge, JudgedClip, Likelihood
from signbench.judges.observations import encode
from signbench.judges.registry import JUDGES, judge_class
from signbench.media.layouts import layout
from signbench.media.pose import Pose

ENDS = layout("coco-wholebody-133").subset(("left_wrist", "right_wrist"))
CLIP = JudgedClip("clip-1", pose=Pose(np.ones((3, 2, 2), np.float32), np.ones((3, 2), np.float32), ENDS, 25.0))
EVERYTHING: tuple[Gives, ...] = ("text", "gloss", "label", "rows", "pose", "likelihood")


class Saying(Judge):
    """Returns the answers that it was created with."""

    name, reads, gives, summary, licence = "saying", ("pose",), EVERYTHING, "For tests.", "CC0-1.0"

    def __init__(self, said=None, signature="saying/1"):
        super().__init__()
        self.said, self.signature_text = said, signature

    def signature(self):
        return self.signature_text

    def observe(self, clips, wanted):
        return self.said(clips, wanted) if callable(self.said) else [dict.fromkeys(wanted, self.said) for _ in clips]


def pose(frames=3, value=1.0, confidence=1.0):
    return Pose(np.full((frames, 2, 2), value, np.float32), np.full((frames, 2), confidence, np.float32), ENDS, 25.0)


@pytest.mark.parametrize(
    ("gives", "said", "why"),
    [
        ("text", None, "a text .* str, not NoneType"),
        ("text", "half a letter \ud800", "'utf-8' codec can't encode"),
        ("gloss", ["HAUS"], "glosses and labels .* tuple of str, not \\['HAUS'\\]"),
        ("label", ("a", 1), "glosses and labels .* tuple of str"),
        ("rows", np.ones(3, np.float32), r"rows .* float32 \(n, D\)"),
        ("rows", np.ones((1, 3)), r"rows .* float32 \(n, D\)"),
        ("rows", np.full((1, 3), np.nan, np.float32), "its rows .* NaN"),
        ("rows", np.full((1, 3), -np.inf, np.float32), "its rows .* NaN"),
        ("pose", pose(frames=0), "its key points have no frame"),
        ("pose", replace(pose(), fps=0.0), "the frame rate of key points must be above 0, not 0.0"),
        ("pose", replace(pose(), fps=float("nan")), "the frame rate of key points must be above 0, not nan"),
        ("pose", CLIP, "key points .* Pose, not JudgedClip"),
        ("likelihood", -1.0, "a likelihood .* Likelihood, not float"),
        ("likelihood", Likelihood(float("nan"), 3), "the logarithm of a probability .* finite and at most 0, not nan"),
        ("likelihood", Likelihood(0.5, 3), "the logarithm of a probability .* finite and at most 0, not 0.5"),
        ("likelihood", Likelihood(-1.0, 0), "a text .* at least one token, not 0"),
    ],
)
def test_an_answer_of_another_type_is_the_clip_s_failure(gives, said, why):
    with pytest.raises(SignbenchError, match=rf"^clip clip-1: the judge saying breaks its contract: {why}.*\.$"):
        answers(Saying(said), [CLIP], [gives])


@pytest.mark.parametrize(
    ("said", "why"), [(pose(value=np.nan), "is seen .* but its coordinates are"), (pose(confidence=0.0), "no key point is seen")]
)
def test_key_points_without_a_number_or_without_a_person_are_the_clip_s_failure(said, why):
    with pytest.raises(MediaError, match=why):
        answers(Saying(said), [CLIP], ["pose"])


@pytest.mark.parametrize(
    "said",
    [
        lambda clips, wanted: None,
        lambda clips, wanted: 3,
        lambda clips, wanted: iter([{"label": ()}]),
        lambda clips, wanted: [],
        lambda clips, wanted: [None],
        lambda clips, wanted: [{"text": "x"}],
        lambda clips, wanted: [{"label": ()}, {"label": ()}],
    ],
)
def test_another_number_or_kind_of_answers_is_the_clip_s_failure(said):
    with pytest.raises(SignbenchError, match=r"^the judge saying does not .* label for (each|every) clip"):
        answers(Saying(said), [CLIP], ["label"])


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ("text", ""),
        ("text", "steering \x1b[2J\u202e\x00"),
        ("label", ()),
        ("gloss", ("",)),
        ("rows", np.zeros((0, 4), np.float32)),
        ("pose", pose(frames=1)),
        ("likelihood", Likelihood(0.0, 1)),
    ],
)
def test_unusual_but_valid_answers_are_accepted(gives, said):
    found = answers(Saying(said), [CLIP], [gives])[0][gives]
    assert encode(gives, found) == encode(gives, said)


def test_a_new_answer_equals_the_cached_one():
    """Otherwise a number would depend on whether its clip was judged before."""
    exact = Pose(np.full((3, 2, 2), 1 / 3), np.full((3, 2), 0.9), ENDS, 25, capped=4)
    found = answers(Saying(exact), [CLIP], ["pose"])[0]["pose"]
    assert (found.points.dtype, found.confidence.dtype, found.capped) == (np.float32, np.float32, 0)


def test_a_judge_that_changes_its_input_does_not_affect_others():
    def spoiling(clips, wanted):
        clips[0].pose.points[:] = 99
        clips[0].pose.confidence[:] = 0
        return [{"label": ()}]

    answers(Saying(spoiling), [CLIP], ["label"])
    assert (CLIP.pose.points == 1).all()
    assert (CLIP.pose.confidence == 1).all()


@pytest.mark.parametrize("text", ["a|b", "a:b", "a,b", "a b", "", "a\n", "\u00e4", None, 7.0, "x" * 10 + "|"])
def test_a_signature_that_would_break_those_of_metrics_is_refused(text):
    judge = Saying(signature=text)
    if text in (None, 7.0):
        assert judge.signed.startswith(f"{text}+code-"), "as text"
        return
    with pytest.raises(InputError, match=r"^the judge saying has the signature .*, and no space, vertical bar, colon or comma\.$"):
        _ = judge.signed


def test_a_signature_is_requested_once():
    judge = Saying()
    first = judge.signed
    judge.signature_text = "saying/2"
    assert judge.signed == first
    assert first.startswith("saying/1+code-")


@pytest.mark.parametrize(
    ("attribute", "value", "wanted"),
    [
        ("name", None, "a line of text"),
        ("name", "", "a line of text"),
        ("summary", "two\nlines", "a line of text"),
        ("licence", "\x1b[31m", "a line of text"),
        ("reads", "pose", "a tuple of some of frames, pose, motion"),
        ("reads", (), "a tuple of some of"),
        ("gives", ("label", "odour"), "a tuple of some of text, gloss, label, rows, pose, likelihood"),
        ("gives", None, "a tuple of some of"),
        ("revision", "1", "a whole number from 1"),
    ],
)
def test_a_class_without_a_description_is_refused(attribute, value, wanted, tmp_path):
    path = tmp_path / f"declares_{attribute}.py"
    path.write_text(
        f"from tests.judges.test_contract import Saying\nclass Mine(Saying):\n    pass\nsetattr(Mine, {attribute!r}, {value!r})\n"
    )
    with pytest.raises(InputError, match=rf"judge {path}:Mine: {attribute} is .*; it .* {wanted}"):
        judge_class(f"{path}:Mine")


@pytest.mark.parametrize("attribute", ["name", "reads", "gives", "summary", "licence"])
def test_a_class_with_a_missing_attribute_is_refused(attribute, tmp_path):
    said = {"name": "mine", "reads": ("pose",), "gives": ("label",), "summary": "x", "licence": "x"}
    lines = [f"    {name} = {value!r}" for name, value in said.items() if name != attribute]
    path = tmp_path / f"lacks_{attribute}.py"
    path.write_text("\n".join(["from signbench.judges.base import Judge", "class Mine(Judge):", *lines]))
    with pytest.raises(InputError, match=rf"{attribute} is None; it"):
        judge_class(f"{path}:Mine")


def test_an_incomplete_class_is_refused(tmp_path):
    path = tmp_path / "half.py"
    path.write_text(
        "from signbench.judges.base import Judge\nclass Half(Judge):\n"
        "    name, reads, gives, summary, licence = 'half', ('pose',), ('label',), 'x', 'x'\n"
    )
    with pytest.raises(InputError, match=r"is not whole: it lacks observe, signature|lacks observe, signature|abstract"):
        JUDGES.create(f"{path}:Half")
