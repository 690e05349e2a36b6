"""The part of a study's signature that identifies the clips, signs and packs that were shown."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable


def shown_part(shown: Iterable[tuple[str, str, str]]) -> str:
    """The numbers of clips, signs and packs that were shown, and a digest of them, as a part of a signature.

    It is to a study what ``refs`` is to a metric: scores over different signs do not share a column. The names of packs do not
    matter, only which clips were in one pack.

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
