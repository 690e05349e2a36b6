"""The signature of a study's score: what was shown, how it was judged, and what each key of it means in words."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable


def shown_part(shown: Iterable[tuple[str, str, str]]) -> str:
    """What the raters saw, as a part of a signature: numbers of clips, signs and packs, and a digest of which.

    It is for a study what ``refs`` is for a metric: scores over other signs stand in no common column. What packs are called does
    not matter, only which clips were together.

    Args:
        shown: pack, sign and clip of each answer, in any order and any number of times.
    """
    of_pack: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for pack, sign, clip in shown:
        of_pack[pack].add((sign, clip))
    packs = sorted(sorted(pairs) for pairs in of_pack.values())
    clips = {clip for pairs in packs for _, clip in pairs}
    signs = sum(len({sign for sign, _ in pairs}) for pairs in packs)
    digest = hashlib.sha256(repr(packs).encode()).hexdigest()[:12]
    return f"clips:{len(clips)}|signs:{signs}|packs:{len(packs)}|shown:{digest}"
