"""The document of a judge's evaluation: its scores on references, clean and degraded, in the folder of its model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form
from signbench.judges import registry
from signbench.runs.result import Level

EVALUATION = "evaluation.json"
"""The file of a model's folder that holds its evaluation."""


class EvaluatedScore(Document):
    """One metric of a judge's answers under one condition."""

    metric: str
    """Canonical name."""
    gives: str
    """The kind of answer that it compares."""
    value: float | None
    """Null if it is undefined."""
    interval: tuple[float, float] | None
    """95 % interval over clips, or null."""
    chance: Level
    """The same metric if the judge is shown the clip that is dealt to each one, as by the anchor ``shuffled``."""
    unit: str
    """``1`` for a pure number."""
    direction: Literal["higher", "lower", "reference"]
    """Which way is better."""
    clips: int
    """Number of clips that the judge answered."""


class EvaluatedCondition(Document):
    """All metrics under one condition."""

    name: str
    """Such as ``noise 4 px``."""
    description: str
    """What was done to the references."""
    scores: tuple[EvaluatedScore, ...]
    """Its metrics."""


class MinimalPairs(Document):
    """How well a judge distinguishes signs that differ in one parameter only, on clean references."""

    parameter: str
    """The parameter in which the signs differ, such as ``mouth``."""
    gives: str
    """``label``: the more likely one of the two signs counts; ``gloss``: a sign is wrong if it was recognised as the other one;
    ``text``: if the text has words of the other one instead."""
    pairs: tuple[str, ...]
    """The pairs that occur, each as ``ONE/OTHER``."""
    decisions: int
    """Occurrences of one of these signs."""
    right: int
    """Those on which the judge did not decide for the other sign of the pair."""


class JudgeEvaluation(VersionedDocument):
    """A judge's scores on a corpus's references, clean and degraded."""

    form = Form("an evaluation of a judge", "evaluation_version", 1, again="run signbench judges evaluate again")

    evaluation_version: Literal[1] = 1
    """Version of this document."""
    judge: str
    """Name of the judge."""
    signature: str
    """The judge's signature: its name and revision, digests of its files, decoding and precision."""
    corpus: str
    """Name and version of the corpus."""
    split: str
    """Its split."""
    shown: str
    """What the judge is shown: ``pose``, ``motion``, ``video``, or another rendering of the corpus."""
    limit: int | None
    """If not null, only the first clips of the split, this many."""
    clips: int
    """Number of clips."""
    conditions: tuple[EvaluatedCondition, ...]
    """The conditions, the clean one first."""
    minimal_pairs: tuple[MinimalPairs, ...] = ()
    """By parameter; empty if the corpus has no such pairs, or the judge gives neither labels nor glosses."""

    def condition(self, name: str) -> EvaluatedCondition:
        """A condition by its name.

        Raises:
            KeyError: there is none.
        """
        return {condition.name: condition for condition in self.conditions}[name]


def stored_evaluation(name: str) -> JudgeEvaluation | None:
    """The evaluation in the folder of a judge's model; None if there is none.

    Raises:
        InputError: it is damaged.
    """
    from signbench.weights.reference_models import find_model, has_model

    if not registry.is_folder(name) and not has_model(name):
        return None
    path = find_model(name).folder / EVALUATION
    return JudgeEvaluation.read(path) if path.is_file() else None


def write_evaluation(evaluation: JudgeEvaluation, path: Path) -> None:
    """Writes an evaluation, complete or not at all.

    Raises:
        InputError: it cannot be written.
    """
    from signbench.whole_files import write_atomically

    write_atomically(path, evaluation.json_bytes())
