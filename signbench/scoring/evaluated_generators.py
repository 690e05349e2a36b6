"""The document of a generator's evaluation: raw, reconstructed and generated motion of train and test, as one judge sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form

EVALUATION = "generator-evaluation.json"
"""The file of a model's folder that holds its evaluation."""

Group = Literal["raw", "reconstructed", "generated"]
"""The corpus's own motion, motion decoded from its encoding, and motion made from words."""


class GroupScore(Document):
    """One metric of a group."""

    metric: str
    """Canonical name."""
    value: float | None
    """Null if it is undefined."""
    interval: tuple[float, float] | None
    """95 % interval over clips, or null."""


class EvaluatedGroup(Document):
    """All metrics of one group of clips."""

    group: Group
    """What the motion is."""
    split: str
    """The split of the corpus; distances are those from its raw motion."""
    clips: int
    """Number of clips."""
    scores: tuple[GroupScore, ...]
    """Its metrics."""

    def score(self, metric: str) -> GroupScore:
        """A metric by its name.

        Raises:
            KeyError: there is none.
        """
        return {score.metric.partition(":")[0]: score for score in self.scores}[metric]


class GeneratorEvaluation(VersionedDocument):
    """Raw, reconstructed and generated motion of a corpus's train and test words, measured through one judge."""

    form = Form("an evaluation of a generator", "evaluation_version", 1, again="run signbench generators evaluate again")

    evaluation_version: Literal[1] = 1
    """Version of this document."""
    generator: str
    """Name of the generator."""
    checkpoint: str | None
    """SHA-256 of its weights, as on its card."""
    judge: str
    """The judge's signature."""
    corpus: str
    """Name and version of the corpus."""
    limit: int | None
    """If not null, at most so many clips of each split, evenly spaced."""
    groups: tuple[EvaluatedGroup, ...]
    """Raw, reconstructed and generated motion, of train and then of test."""

    def group(self, group: Group, *, test: bool) -> EvaluatedGroup:
        """A group by what it is.

        Args:
            group: what the motion is.
            test: of test, or of train.

        Raises:
            KeyError: there is none.
        """
        return {(one.group, one.split.endswith("test")): one for one in self.groups}[group, test]


def write_evaluation(evaluation: GeneratorEvaluation, path: Path) -> None:
    """Writes an evaluation, complete or not at all.

    Raises:
        InputError: it cannot be written.
    """
    from signbench.whole_files import write_atomically

    write_atomically(path, evaluation.json_bytes())
