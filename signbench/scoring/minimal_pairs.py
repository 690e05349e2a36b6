"""How often a judge decides for the right sign of SynthSign's minimal pairs, by the parameter in which the two signs differ."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

from signbench.corpora.clip import Clip
from signbench.corpora.corpus import Corpus
from signbench.corpora.synthsign.lexicon import PARAMETERS, minimal_pairs
from signbench.corpora.synthsign.vocabulary import entries
from signbench.judges.base import Gives, Observation
from signbench.metrics.wer import Wer
from signbench.scoring.evaluated import MinimalPairs
from signbench.scoring.judging import truth

Said = Mapping[str, Mapping[Gives, Observation]]
"""The answers about each clip, by kind; none if the judge cannot judge it."""

_KINDS: tuple[Gives, ...] = ("label", "gloss", "text")


def minimal_pairs_of(corpus: Corpus, clips: Mapping[str, Clip], wanted: Sequence[Gives], said: Said) -> tuple[MinimalPairs, ...]:
    """The decisions within SynthSign's minimal pairs, by parameter.

    Args:
        corpus: the corpus; of another one than SynthSign no pairs are known.
        clips: the clips, by id.
        wanted: the kinds of answer that the judge gives; of label, gloss and text the first is used.
        said: its answers about them.
    """
    kinds = [gives for gives in _KINDS if gives in wanted]
    if corpus.name != "synthsign" or not kinds:
        return ()
    decided = {"label": _labels, "gloss": _glosses, "text": _texts}[kinds[0]](clips, said)
    rows = []
    for parameter in PARAMETERS:
        pairs = [(one, other) for one, other, differing in minimal_pairs() if differing == parameter]
        counts = [(f"{one}/{other}", decided[one, other]) for one, other in pairs if (one, other) in decided]
        if counts:
            rows.append(
                MinimalPairs(
                    parameter=parameter,
                    gives=kinds[0],
                    pairs=tuple(name for name, _ in counts),
                    decisions=sum(len(outcomes) for _, outcomes in counts),
                    right=sum(sum(outcomes) for _, outcomes in counts),
                )
            )
    return tuple(rows)


def _labels(clips: Mapping[str, Clip], said: Said) -> dict[tuple[str, str], list[bool]]:
    """For each minimal pair, whether the judge found the clip's own sign more likely than the other one."""
    words = {clip.gloss[0]: truth(clip, "word") for clip in clips.values() if clip.gloss and len(clip.gloss) == 1}
    decided: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for name, clip in clips.items():
        labels = list(cast("tuple[str, ...]", said[name].get("label", ())))
        rank = {label: number for number, label in enumerate(labels)}
        for one, other, _ in minimal_pairs():
            if not clip.gloss or clip.gloss[0] not in (one, other):
                continue
            wrong = words.get(other if clip.gloss[0] == one else one)
            own = rank.get(truth(clip, "word") or "", len(labels))
            decided[one, other].append(own < rank.get(wrong or "", len(labels)))
    return decided


def _glosses(clips: Mapping[str, Clip], said: Said) -> dict[tuple[str, str], list[bool]]:
    """For each minimal pair, whether an occurrence of one of its signs was not recognised as the other one."""
    instead: list[tuple[str, str]] = []
    for name, clip in clips.items():
        recognised = " ".join(cast("tuple[str, ...]", said[name].get("gloss", ())))
        aligned = Wer().alignment(recognised, truth(clip, "gloss") or "")
        for chunk in aligned.chunks:
            true = aligned.reference[chunk.reference_start : chunk.reference_end]
            others = aligned.prediction[chunk.prediction_start : chunk.prediction_end]
            instead += [(gloss, others[index] if len(others) == len(true) else "") for index, gloss in enumerate(true)]
    decided: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one, other, _ in minimal_pairs():
        for gloss, found in instead:
            if gloss in (one, other):
                decided[one, other].append(found != (other if gloss == one else one))
    return decided


def _texts(clips: Mapping[str, Clip], said: Said) -> dict[tuple[str, str], list[bool]]:
    """For each minimal pair, whether a sentence with one of its signs has not the words of the other one instead.

    Sentences with both signs, and words that both signs share, decide nothing.
    """
    decided: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for one, other, _ in minimal_pairs():
        for name, clip in clips.items():
            signed = clip.gloss or ()
            if (one in signed) == (other in signed):
                continue
            own, wrong = (one, other) if one in signed else (other, one)
            words, text = _words(clip.text or ""), _words(str(said[name].get("text", "")))
            wanted, unwanted = _forms(own) - _forms(wrong), _forms(wrong) - _forms(own)
            if any(_within(form, words) for form in unwanted):  # another sign of the sentence has that word
                continue
            instead = any(_within(form, text) for form in unwanted) and not any(_within(form, text) for form in wanted)
            decided[one, other].append(not instead)
    return decided


def _words(text: str) -> str:
    """The words in lower case, with a space on each side of every one."""
    found = re.findall(r"[\w-]+", text.lower())
    return f" {' '.join(found)} "


def _forms(gloss: str) -> set[str]:
    return {word.lower() for word in entries()[gloss].words}


def _within(form: str, words: str) -> bool:
    return f" {form} " in words
