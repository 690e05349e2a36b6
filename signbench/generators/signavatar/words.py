"""The n-grams of a word, as the small network's word encoder reads them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from signbench.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_SIZES = range(3, 7)


def buckets_of(word: str, buckets: int) -> list[int]:
    """The buckets of a word's n-grams.

    A word in lower case between ``<`` and ``>`` has its n-grams of 3 to 6 letters and itself as parts (Bojanowski et al. 2017,
    section 3.2); a part's bucket is its 32-bit FNV-1a hash modulo the number of buckets.

    Args:
        word: the word.
        buckets: their number.

    Raises:
        InputError: the word is empty.
    """
    spelt = unicodedata.normalize("NFC", word).casefold().strip()
    if not spelt:
        raise InputError("a word is empty; a generator needs one to sign.")
    bounded = f"<{spelt}>"
    parts = {bounded[start : start + size] for size in _SIZES for start in range(len(bounded) - size + 1)}
    return [_hash(part) % buckets for part in sorted(parts | {bounded})]


def word_parts(words: Sequence[str], buckets: int, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Words as a batch for :class:`~signbench.generators.signavatar.network.WordEncoder`.

    Args:
        words: the words.
        buckets: number of buckets.
        device: of the result.

    Returns:
        int64 ``(N, L)``, and a bool mask ``(N, L)``.
    """
    import torch

    found = [buckets_of(word, buckets) for word in words]
    parts = torch.zeros(len(found), max(map(len, found)), dtype=torch.int64)
    mask = torch.zeros_like(parts, dtype=torch.bool)
    for index, one in enumerate(found):
        parts[index, : len(one)] = torch.tensor(one)
        mask[index, : len(one)] = True
    return parts.to(device), mask.to(device)


def _hash(text: str) -> int:
    found = 2166136261
    for byte in text.encode():
        found = (found ^ byte) * 16777619 % 2**32
    return found
