"""The judge: text, glosses and likelihood by a sign language transformer on key points."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.judges import key_point_rows
from signbench.judges.base import Gives, JudgedClip, Observation
from signbench.judges.network_judge import NetworkJudge, configured, padded
from signbench.judges.slt.config import SLTConfig
from signbench.judges.translation import Decoding, glosses_of, likelihood_of, translated
from signbench.media.pose import Pose
from signbench.networks.sentences import text_of, words_of
from signbench.networks.vocabulary import CLOSING, OPENING, SILENCE, Vocabulary

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.judges.slt.network import SLT, Memory

WORDS, GLOSSES = "words.txt", "glosses.txt"
"""The files of the vocabularies, one word a line, special ones first."""

POSITIONS = ".pe.pe"
"""The end of the names of the tables of sines, which each network has, and files need not."""

GLOSS_SPECIALS = 3
"""The blank, the unknown and the padding gloss."""


@dataclass(frozen=True)
class Reading:
    """What an SLT reads.

    Attributes:
        rows: ``parts``: :mod:`signbench.judges.key_point_rows`; ``flat``: the coordinates of all points, frame by frame, as the
            published evaluators read them.
        layout: the layout of the key points.
        rate: frames per second of the key points.
    """

    rows: Literal["parts", "flat"] = "parts"
    layout: str = key_point_rows.LAYOUT
    rate: float = key_point_rows.RATE

    def of(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows of a clip.

        Args:
            points: float32 ``(T, J, 2 or 3)`` and the confidence as the last number.
        """
        if self.rows == "parts":
            return key_point_rows.rows(points[..., [0, 1, -1]])
        seen = points[..., -1:] > 0
        return np.where(seen, points[..., :-1], 0).reshape(len(points), -1).astype(np.float32)


class Translator:
    """A network with its vocabularies, as the judge and the training share it.

    Args:
        network: the network.
        words: of the text.
        glosses: of the signing; empty if the network gives none.
        decoding: how answers are read from it.
    """

    def __init__(self, network: SLT, words: Vocabulary, glosses: Vocabulary, decoding: Decoding) -> None:
        self.network = network
        self.words = words
        self.glosses = glosses
        self.decoding = decoding

    def encode(self, rows: Sequence[NDArray[np.float32]]) -> list[Memory]:
        """The encoded clips, one by one.

        Args:
            rows: of each clip; several clips share a padded batch.
        """
        from signbench.judges.slt.network import Memory

        batch, mask = padded(rows, next(self.network.parameters()).device)
        memory = self.network.encode(batch, mask)
        return [
            Memory(
                memory.states[one : one + 1, :count], memory.mask[one : one + 1, :count], memory.gloss_logits[one : one + 1, :count]
            )
            for one, count in enumerate(mask.sum(dim=1).tolist())
        ]

    def text(self, memory: Memory) -> str:
        """The sentence of a clip."""
        import torch

        from signbench.networks.beam_search import Beam, beam_search

        opening, closing = self.words.indices[OPENING], self.words.indices[CLOSING]

        def step(state: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
            words = torch.cat([state, last.to(state.device)[:, None]], dim=1)
            return self._decoded(memory, words)[:, -1], words

        def choose(state: Tensor, index: Tensor) -> Tensor:
            return state[index]

        device = memory.states.device
        beam = Beam(self.decoding.beam, self.decoding.longest, self.decoding.alpha)
        found = beam_search(step, choose, torch.zeros((1, 0), dtype=torch.long, device=device), beam, opening, closing)
        return text_of(self.words.decode(found))

    def gloss(self, memory: Memory) -> tuple[str, ...]:
        """The glosses of a clip."""
        found = glosses_of(memory.gloss_logits[0], self.decoding.gloss_beam, GLOSS_SPECIALS)
        return tuple(self.glosses.decode(found))

    def likelihood(self, memory: Memory, text: str) -> Any:
        """How likely a text is, given a clip."""
        opening, closing = self.words.indices[OPENING], self.words.indices[CLOSING]
        words = self.words.encode(words_of(text))
        return likelihood_of(lambda given: self._decoded(memory, given), words, opening, closing, memory.states.device)

    def _decoded(self, memory: Memory, words: Tensor) -> Tensor:
        import torch

        from signbench.judges.slt.network import Memory

        count = len(words)
        shared = Memory(
            memory.states.expand(count, -1, -1), memory.mask.expand(count, -1), memory.gloss_logits.expand(count, -1, -1)
        )
        return self.network.decode(shared, words, torch.ones_like(words, dtype=torch.bool))


class SLTJudge(NetworkJudge):
    """Translates key points into text by a sign language transformer (Camgoz, Koller, Hadfield and Bowden 2020, neccam/slt).

    This is what the SLRTP 2025 challenge and most papers mean by back-translation. Gives the sentence by beam search, the glosses
    by a search over prefixes of the CTC output, and the likelihood of the corpus's text.
    """

    name = "slt"
    reads = ("pose",)
    gives = ("text", "gloss", "likelihood")
    batch = 16
    summary = "translates key points into text and glosses: the sign language transformer"
    licence = "Apache-2.0"
    citation = "Camgoz, Koller, Hadfield and Bowden 2020: Sign Language Transformers: Joint End-to-end Recognition and Translation"

    def __init__(self, *, model: str | None = None, device: str = "cpu", precision: Precision = "float32") -> None:
        super().__init__(model=model, device=device, precision=precision)
        content = self.model.config()
        self.config: SLTConfig = configured(SLTConfig, content, self.model)
        self.decode: Decoding = configured(Decoding, content, self.model)
        self.reading: Reading = configured(Reading, content, self.model)
        self.rate, self.layout = self.reading.rate, self.reading.layout

    @property
    def decoding(self) -> str:
        return self.decode.signature

    @cached_property
    def vocabularies(self) -> tuple[Vocabulary, Vocabulary]:
        """The words, and the glosses."""
        glosses = self.model.lines(GLOSSES) if self.config.glosses else (SILENCE,)
        return Vocabulary(self.model.lines(WORDS)), Vocabulary(glosses)

    computed = (POSITIONS,)

    def empty_network(self) -> nn.Module:
        return self.config.build()

    def answers(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        if "gloss" in wanted and not self.config.glosses:
            raise InputError(f"the model {self.model.card.name} has no glosses; compare its text.")
        translator = Translator(cast("SLT", self.network()), *self.vocabularies, self.decode)
        return translated(translator, clips, translator.encode([self._rows(clip) for clip in clips]), wanted)

    def _rows(self, clip: JudgedClip) -> NDArray[np.float32]:
        pose = cast("Pose", clip.pose)
        rows = self.reading.of(np.concatenate([pose.points, pose.confidence[..., None]], axis=-1))
        if rows.shape[1] != self.config.inputs:
            raise InputError(
                f"clip {clip.id} has {rows.shape[1]} numbers in a frame, and the model {self.model.card.name} reads "
                f"{self.config.inputs}; convert the key points to {self.layout} with the right dimensions."
            )
        return rows
