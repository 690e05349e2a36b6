"""The two ways of cleaning glosses for the PHOENIX-2014 and PHOENIX-2014-T recognition tables.

Source of both: ``neccam/slt``, ``signjoey/phoenix_utils/phoenix_cleanup.py``, which follows the shell script that comes with
PHOENIX-2014 (``hulianyuyy/CorrNet``, ``evaluation/slr_eval/preprocess.sh``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

_Rule = tuple[re.Pattern[str], str]


def _rules(*rules: tuple[str, str]) -> tuple[_Rule, ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rules)


# Letters of a spelled word, "A B C", become one gloss, "A+B+C". One pass joins every second pair, so there are several.
_SPELLED = (
    (r"^([A-Z]) ([A-Z][+ ])", r"\1+\2"),
    (r"[ +]([A-Z]) ([A-Z]) ", r" \1+\2 "),
    *[(r"([ +][A-Z]) ([A-Z][ +])", r"\1+\2")] * 3,
    (r"([ +]SCH) ([A-Z][ +])", r"\1+\2"),
    (r"([ +]NN) ([A-Z][ +])", r"\1+\2"),
    (r"([ +][A-Z]) (NN[ +])", r"\1+\2"),
    (r"([ +][A-Z]) ([A-Z])$", r"\1+\2"),
)

# An immediately repeated gloss counts once, also after a "+". Each pass halves a run.
_REPEATED = (
    (r" +", " "),
    *[(r"(?<![\w-])(\b[A-Z]+(?![\w-])) \1(?![\w-])", r"\1")] * 4,
    (r" +", " "),
)

_PHOENIX14 = _rules(
    *[(prefix, "") for prefix in ("loc-", "cl-", "qu-", "poss-", "lh-")],
    ("S0NNE", "SONNE"),
    ("HABEN2", "HABEN"),
    *[(mark, "") for mark in ("__EMOTION__", "__PU__", "__LEFTHAND__")],
    (r"\S*__EPENTHESIS__\S*", ""),  # the shell script, which has one gloss per line, omits the line
    ("WIE AUSSEHEN", "WIE-AUSSEHEN"),
    ("ZEIGEN ", "ZEIGEN-BILDSCHIRM "),
    ("ZEIGEN$", "ZEIGEN-BILDSCHIRM"),
    *_SPELLED,
    ("([A-Z][A-Z])RAUM", r"\1"),
    ("-PLUSPLUS", ""),
    *_REPEATED,
)

_PHOENIX14T = _rules(
    *[(mark, "") for mark in ("__LEFTHAND__", "__EPENTHESIS__", "__EMOTION__")],
    (r"\b__[^_ ]*__\b", ""),
    (r"\bloc-([^ ]*)\b", r"\1"),
    (r"\bcl-([^ ]*)\b", r"\1"),
    (r"\b([^ ]*)-PLUSPLUS\b", r"\1"),
    (r"\b([A-Z][A-Z]*)RAUM\b", r"\1"),
    ("WIE AUSSEHEN", "WIE-AUSSEHEN"),
    *_SPELLED,
    *_REPEATED,
)


def phoenix14(glosses: str) -> str:
    """Cleans glosses as for the tables of PHOENIX-2014; ``clean_phoenix_2014`` in the source.

    Args:
        glosses: of one clip, separated by single spaces. For a single gloss, the result may be empty.
    """
    return _cleaned(glosses, _PHOENIX14)


def phoenix14t(glosses: str) -> str:
    """Cleans glosses as for the tables of PHOENIX-2014-T; ``clean_phoenix_2014_trans`` in the source.

    Args:
        glosses: of one clip, separated by single spaces.
    """
    return _cleaned(glosses, _PHOENIX14T)


def without_repeats(glosses: Sequence[str]) -> list[str]:
    """The glosses with runs of the same gloss reduced to one."""
    return [gloss for gloss, _ in groupby(glosses)]


def _cleaned(glosses: str, rules: Sequence[_Rule]) -> str:
    text = glosses.strip()
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return " ".join(without_repeats(text.split()))
