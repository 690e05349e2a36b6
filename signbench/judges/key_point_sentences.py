"""What trainings of translators of key points share: degraded sentences in several performances, and losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.judges.key_point_rows import LAYOUT, RATE, rows
from signbench.judges.network_judge import padded
from signbench.judges.translation import Decoding
from signbench.networks.vocabulary import CLOSING, OPENING, PADDING
from signbench.training.base import Batch, Report, TrainingData, settings_of
from signbench.training.clip_arrays import ClipArrays
from signbench.training.key_points import prepared
from signbench.training.pose_degradations import PoseDegradations
from signbench.training.sentences import Sentences, targets

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Settings:
    """Settings of the data and losses.

    Attributes:
        takes: performances of each train clip; 0 is the reference.
        noise: largest standard deviation of the points' noise, in shoulder widths.
        noisy: share of clips with noise.
        recognition: weight of CTC.
        translation: weight of the cross-entropy.
        label_smoothing: probability that targets give to other words.
        beam: hypotheses of the search for the sentence.
        alpha: its length penalty.
        longest: most words of a sentence.
    """

    takes: int = 3
    noise: float = 0.035
    noisy: float = 0.6
    recognition: float = 1.0
    translation: float = 1.0
    label_smoothing: float = 0.1
    beam: int = 4
    alpha: float = 1.0
    longest: int = 30


class KeyPointSentences(TrainingData):
    """Key points of sentences in several performances, degraded at random."""

    settings_kind: type[Settings] = Settings

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(self.settings_kind, self.recipe.data, "data")
        self.degradations = PoseDegradations(noise=self.settings.noise, noisy=self.settings.noisy)
        self.clips: list[ClipArrays[np.float32]] = []
        ids: list[str] = []
        for take in range(self.settings.takes):
            for split in self.recipe.train:
                self.clips.append(prepared(self.corpus, split, "pose", rate=RATE, take=take, points=LAYOUT, report=report))
                ids += self.clips[-1].ids
        self.sentences = Sentences.of(self.corpus, ids)
        self.words, self.glosses = self.sentences.vocabularies()
        self.positions = [(clips, index) for clips in self.clips for index in range(len(clips))]
        dev = prepared(self.corpus, self.recipe.dev, "pose", rate=RATE, points=LAYOUT, report=report)
        self.dev = {name: dev[dev.ids.index(name)] for name in self.dev_ids()}
        self.dev_sentences = Sentences.of(self.corpus, self.dev_ids())

    def examples(self, phase: str) -> int:
        return len(self.positions)

    def lengths(self, phase: str) -> NDArray[np.int64]:
        return np.concatenate([clips.lengths() for clips in self.clips])

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        made = []
        for index in indices.tolist():
            clips, number = self.positions[index]
            made.append(rows(self.degradations.apply(clips[number], random)))
        padded_rows, mask = padded(made, "cpu")
        sentences = [self.words.encode(self.sentences.words[index]) for index in indices.tolist()]
        given, wanted, known = targets(
            sentences, self.words.indices[OPENING], self.words.indices[CLOSING], self.words.indices[PADDING]
        )
        glosses = [self.glosses.encode(self.sentences.glosses[index]) for index in indices.tolist()]
        return {
            "rows": padded_rows,
            "mask": mask,
            "given": given,
            "wanted": wanted,
            "known": known,
            "glosses": torch.tensor([gloss for sentence in glosses for gloss in sentence]),
            "gloss_counts": torch.tensor([len(sentence) for sentence in glosses]),
        }

    def dev_rows(self) -> Iterator[tuple[int, str, NDArray[np.float32]]]:
        """The number, the id and the rows of each dev clip."""
        for number, (name, points) in enumerate(self.dev.items()):
            yield number, name, rows(points)

    @property
    def decoding(self) -> Decoding:
        """How answers are read from the network."""
        return Decoding(self.settings.beam, self.settings.alpha, self.settings.longest)


def gloss_loss(logits: Tensor, lengths: Tensor, glosses: Tensor, counts: Tensor) -> Tensor:
    """CTC, as in signjoey: the mean over clips of the loss per gloss; clips that are too short for their glosses count 0.

    Args:
        logits: ``(N, T, glosses)``; class 0 is the blank.
        lengths: int ``(N,)``, frames of each clip.
        glosses: int, those of all clips, one after the other.
        counts: int ``(N,)``, glosses of each clip.
    """
    import torch

    scores = torch.log_softmax(logits.float(), dim=2).transpose(0, 1)
    return torch.nn.functional.ctc_loss(scores, glosses, lengths, counts, blank=0, zero_infinity=True)


def word_loss(logits: Tensor, wanted: Tensor, padding: int, smoothing: float) -> Tensor:
    """Cross-entropy over the words of a batch, with label smoothing.

    Args:
        logits: ``(N, L, words)``.
        wanted: int ``(N, L)``.
        padding: the word that does not count.
        smoothing: probability that targets give to other words.
    """
    import torch

    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), wanted.flatten(), ignore_index=padding, label_smoothing=smoothing
    )
