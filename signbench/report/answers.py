"""What judges said of productions, word by word beside what the corpus says, and which labels a recogniser confuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from signbench.errors import SignbenchError
from signbench.extractors.cache import ObservationCache
from signbench.metrics.pairs import LabelPair, TextPair
from signbench.metrics.text_alignment import Alignment
from signbench.metrics.wer import Wer
from signbench.progress import Progress, silent
from signbench.report.asked import asked, wanted
from signbench.report.sources import Sources
from signbench.runs.measured_run import MeasuredRun
from signbench.scoring.judging import Answered, judges_at_hand, pair_of
from signbench.scoring.views import ClipViews

MOST_CONFUSED = 20
"""Rows of a table of confusions."""


@dataclass(frozen=True)
class Word:
    """One step of an alignment of an answer with the corpus.

    Attributes:
        operation: what was done to the reference.
        reference: its word, or an empty string for an insertion.
        said: the judge's word, or an empty string for a deletion.
    """

    operation: Literal["equal", "substitute", "delete", "insert"]
    reference: str
    said: str


@dataclass(frozen=True)
class Answer:
    """A judge's answer about a production.

    Attributes:
        judge: the judge and the kind of answer.
        words: the answer aligned with what the corpus says.
        errors: number of words that differ.
    """

    judge: str
    words: tuple[Word, ...]
    errors: int

    @property
    def verdict(self) -> str:
        """How good it is, in words."""
        if self.judge.endswith(", label"):
            return "not recognised" if self.errors else "recognised"
        return f"{self.errors} of {len(self.words)} differ"


@dataclass(frozen=True)
class Confused:
    """A label that was recognised as something else.

    Attributes:
        expected: the corpus's label.
        clips: number of clips with it.
        correct: number of them that were recognised.
        instead: what was recognised instead, with the number of clips, the most frequent first.
    """

    expected: str
    clips: int
    correct: int
    instead: tuple[tuple[str, int], ...]


@dataclass(kw_only=True)
class Answers:
    """The answers about one run's productions.

    Attributes:
        of_clip: clip id -> answers.
        confused: judge -> labels that it confuses, the most confused first.
        notes: why answers are missing, as sentences.
    """

    of_clip: dict[str, list[Answer]] = field(default_factory=dict)
    confused: dict[str, list[Confused]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def answers_of(
    run: MeasuredRun, sources: Sources, shown: Sequence[str], *, root: Path | None = None, progress: Progress = silent
) -> Answers:
    """The answers of a run's judges: texts and glosses of shown clips, and labels of all clips.

    Answers come from the cache of observations; those that are no longer there are asked for again. A judge that is not the
    one of the run, and one from another package, is not asked.

    Args:
        run: the run.
        sources: the clips behind it.
        shown: ids of the clips with a player.
        root: the folder of the corpus, if it lies on disk; None: the configured one.
        progress: called with the number of clips done.
    """
    use = asked(run, sources, "text", "gloss", "label", root=root)
    found = Answers(notes=use.notes)
    if not use.metrics:
        return found
    labels: dict[str, list[tuple[str, str]]] = {}
    cache = ObservationCache.from_environment()
    with judges_at_hand(use.judges):
        for number, clip in enumerate(run.plan.clips):
            progress("answers", number, len(run.plan.clips))
            reference, production = sources.references.get(clip), sources.predictions.get(clip)
            if reference is None or production is None:
                continue
            views, answered = ClipViews(reference, production, run.plan.protocol), Answered()
            for name, metric in use.metrics.items():
                if clip not in shown and metric.gives != "label":
                    continue
                try:
                    pair = pair_of(views, metric, wanted(use.metrics, metric), cache, answered)
                except SignbenchError:
                    continue  # such a clip is among those that could not be measured
                if isinstance(pair, LabelPair):
                    said = next(iter(pair.ranked), "")
                    labels.setdefault(name, []).append((pair.reference, said))
                    pair = TextPair(said, pair.reference)
                if isinstance(pair, TextPair) and clip in shown:
                    found.of_clip.setdefault(clip, []).append(aligned(name, pair))
    found.confused = {name: confusions(pairs) for name, pairs in labels.items()}
    return found


def aligned(name: str, pair: TextPair) -> Answer:
    """An answer aligned with what the corpus says, with the fewest changed words."""
    alignment = Wer().alignment(pair.prediction, pair.reference)
    words = tuple(_words(alignment))
    return Answer(name, words, sum(word.operation != "equal" for word in words))


def confusions(pairs: Sequence[tuple[str, str]]) -> list[Confused]:
    """Labels by how often they were recognised as something else, the most confused first; at most 20.

    Args:
        pairs: the corpus's and the recognised label of each clip; the latter may be empty.
    """
    by_label: dict[str, Counter[str]] = {}
    for expected, said in pairs:
        by_label.setdefault(expected, Counter())[said] += 1
    rows = []
    for expected, counts in by_label.items():
        instead = sorted(
            ((said, count) for said, count in counts.items() if said != expected), key=lambda item: (-item[1], item[0])
        )
        rows.append(Confused(expected, counts.total(), counts[expected], tuple(instead)))
    rows.sort(key=lambda row: (row.correct - row.clips, row.expected))
    return [row for row in rows if row.instead][:MOST_CONFUSED]


def _words(alignment: Alignment) -> list[Word]:
    words = []
    for chunk in alignment.chunks:
        references = alignment.reference[chunk.reference_start : chunk.reference_end]
        said = alignment.prediction[chunk.prediction_start : chunk.prediction_end]
        for index in range(max(len(references), len(said))):
            one = references[index] if index < len(references) else ""
            other = said[index] if index < len(said) else ""
            words.append(Word(chunk.operation, one, other))
    return words
