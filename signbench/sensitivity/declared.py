"""The declared sensitivity of each metric to each degradation.

These are promises: tests verify them on SynthSign, and on real signing if it is available. A cell that is not declared worse or
blind promises nothing, and gives a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signbench.sensitivity.degradations import DegradedModality

Word = Literal["worse", "blind", "other"]

UNCHANGED = 1e-9
"""The default tolerance for metrics that are declared blind, in the unit of the score."""


@dataclass(frozen=True)
class Expectation:
    """The declaration for one metric and one degradation.

    Attributes:
        word: ``worse``: each strength scores worse than the one before it, and the first worse than a perfect copy; ``blind``: no
            strength changes the score by more than the tolerance; ``other``: it may change, without a promise.
        why: the reason, for every cell except ``worse``.
        tolerance: for blind cells, in the metric's unit.
    """

    word: Word
    why: str = ""
    tolerance: float = UNCHANGED


_WORSE = Expectation("worse")

# --- video -----------------------------------------------------------------------------------------------------------

_SEES_ALL_VIDEO = dict.fromkeys(("blur", "compression", "noise", "frame drop", "temporal jitter"), _WORSE)

_HALF_RANGE = "a pixel counts only beyond half of the range, which hardly any reaches"
_HALF_LEVEL = "a pixel counts from half a level on, so the weakest strength already touches nearly all"
_NEARER = "and another frame can be nearer to the midpoint of the neighbours than the true one"
_TCD_UNIT = {
    "blur": Expectation("other", f"{_HALF_RANGE}; a little blur takes even these away, and scores better than a perfect copy"),
    "compression": Expectation("other", f"{_HALF_RANGE}; their number goes up or down"),
    "noise": Expectation("other", f"{_HALF_RANGE}; only noise of a quarter of the range shows"),
    "frame drop": Expectation("other", f"{_HALF_RANGE}, {_NEARER}"),
    "temporal jitter": Expectation("other", f"{_HALF_RANGE}, {_NEARER}"),
}
_TCD_BYTE = {
    **_SEES_ALL_VIDEO,
    "compression": Expectation("other", f"{_HALF_LEVEL}; stronger ones go up or down"),
    "noise": Expectation("other", f"{_HALF_LEVEL}; what follows is saturated"),
}

# --- key points ------------------------------------------------------------------------------------------------------

_SEES_ALL_KEY_POINTS = dict.fromkeys(("joint noise", "hand swap", "hidden hand", "frame drop", "temporal jitter", "slower"), _WORSE)

_RESAMPLED = (
    "frames are paired by resampling, which undoes slowness; what is left is the smoothing of two interpolations, "
    "and less of it the slower the clip"
)
_PER_PAIR = (
    "the mean is taken over aligned pairs of frames, so that lasting longer costs nothing; what is left is the distance of the "
    "frames between two of the reference's"
)
_ARMS_ONLY = "it looks at the wrists of the arms, which stay"
_LENGTH_ONLY = "it looks at nothing but the number of frames"

DECLARED: dict[DegradedModality, dict[str, dict[str, Expectation]]] = {
    "video": {
        "l1": _SEES_ALL_VIDEO,
        "psnr": _SEES_ALL_VIDEO,
        "ssim": _SEES_ALL_VIDEO,
        "ssim:window=uniform": _SEES_ALL_VIDEO,
        "tcd": _TCD_UNIT,
        "tcd:range=byte": _TCD_BYTE,
    },
    "key points": {
        "ape": {**_SEES_ALL_KEY_POINTS, "slower": Expectation("other", _RESAMPLED)},
        "ape:normalise=shoulders": {**_SEES_ALL_KEY_POINTS, "slower": Expectation("blind", _RESAMPLED, tolerance=0.01)},
        "pck": {
            **_SEES_ALL_KEY_POINTS,
            "joint noise": Expectation(
                "other", "noise counts only beyond a fifth of a shoulder width, which little noise never reaches"
            ),
            "slower": Expectation("other", _RESAMPLED),
        },
        "nape": {
            **_SEES_ALL_KEY_POINTS,
            "hidden hand": Expectation(
                "other",
                "a point that the prediction lacks costs nothing; only where the hidden hand was the leftmost or topmost point of "
                "the clip, all others are shifted",
            ),
        },
        "dtw": {**_SEES_ALL_KEY_POINTS, "slower": Expectation("other", _PER_PAIR)},
        "dtw:variant=slrtp-fastdtw": {**_SEES_ALL_KEY_POINTS, "slower": Expectation("other", _PER_PAIR)},
        "dtw:variant=pt": _SEES_ALL_KEY_POINTS,
        "dtw:variant=ham2pose": _SEES_ALL_KEY_POINTS,
        "dtw:variant=dtwp": _SEES_ALL_KEY_POINTS,
        "dtw:variant=ndtwp": _SEES_ALL_KEY_POINTS,
        "total-distance": {
            "joint noise": _WORSE,
            "hand swap": Expectation("blind", _ARMS_ONLY),
            "hidden hand": Expectation("blind", _ARMS_ONLY),
            "frame drop": _WORSE,
            "temporal jitter": _WORSE,
            "slower": Expectation(
                "blind", "the same path is travelled, but for corners that are cut between frames", tolerance=0.05
            ),
        },
        "duration-ratio": {
            **dict.fromkeys(
                ("joint noise", "hand swap", "hidden hand", "frame drop", "temporal jitter"), Expectation("blind", _LENGTH_ONLY)
            ),
            "slower": _WORSE,
        },
    },
}
"""Modality -> metric, by its canonical name -> degradation -> declaration."""

# --- through judges --------------------------------------------------------------------------------------------------

_UNDERSTOOD = {
    "joint noise": Expectation("other", "the judge was trained on noise and forgives it; strong noise costs a few words"),
    "hand swap": _WORSE,
    "hidden hand": Expectation(
        "other", "the judge reads on from the frames that it sees; only a hand that is never seen costs words"
    ),
    "frame drop": Expectation("other", "the judge smooths over frames, and hardly notices those that stand still"),
    "temporal jitter": Expectation("other", "the judge smooths over frames; only the strongest costs words"),
    "slower": Expectation("other", "a little slower is understood as well; slower than what the judge was trained on is misread"),
}

_FLOOR = "BLEU-4 is 0 as soon as no four words in a row are right"
_RECOGNISED = {
    "blur": Expectation("other", "the judge was trained on blur and forgives it; only the strongest costs many glosses"),
    "compression": Expectation("other", "the judge was trained on compressed video; strong compression costs a few glosses"),
    "noise": Expectation("other", "the judge was trained on noise; only the strongest costs many glosses"),
    "frame drop": Expectation("other", "the judge pools over frames, and hardly notices those that stand still"),
    "temporal jitter": Expectation("other", "the judge pools over frames"),
}
_WITHIN = "a point counts only beyond a fifth of a shoulder width, which few reach in a clear picture"
_FOUND = {
    **dict.fromkeys(("blur", "compression", "noise"), Expectation("other", _WITHIN)),
    "frame drop": _WORSE,
    "temporal jitter": _WORSE,
}

_TRANSLATED = {
    **_RECOGNISED,
    "compression": Expectation("other", "the judge was trained on compressed video; strong compression costs words before glosses"),
    "frame drop": Expectation("other", "the judge pools over frames; its sentences change, but not always for the worse"),
    "temporal jitter": Expectation("other", "the judge pools over frames; its sentences change, but not always for the worse"),
}

JUDGED: dict[DegradedModality, dict[str, dict[str, Expectation]]] = {
    "video": {
        "wer@corrnet": _RECOGNISED,
        **dict.fromkeys(("bleu@gfslt", "rouge-l@gfslt", "chrf@gfslt", "wer@gfslt.gloss", "likelihood@gfslt"), _TRANSLATED),
        "ape@pose-estimator": _SEES_ALL_VIDEO,
        "pck@pose-estimator": _FOUND,
    },
    "key points": {
        **dict.fromkeys(("bleu@slt", "rouge-l@slt", "chrf@slt", "wer@slt.gloss", "likelihood@slt"), _UNDERSTOOD),
        "bleu@nslt": {**_UNDERSTOOD, "hand swap": Expectation("other", _FLOOR)},
        **dict.fromkeys(("rouge-l@nslt", "chrf@nslt", "likelihood@nslt"), _UNDERSTOOD),
    },
}
"""The same of metrics through judges, which are compared with a corpus's answers: they are measured on SynthSign only, through the
judges whose packages are installed."""
