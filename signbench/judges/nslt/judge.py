"""The judge: text and likelihood by recurrent networks with attention."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.judges import key_point_rows
from signbench.judges.base import Gives, JudgedClip, Observation
from signbench.judges.network_judge import NetworkJudge, configured, padded
from signbench.judges.nslt.config import NSLTConfig
from signbench.judges.translation import Decoding, likelihood_of, translated
from signbench.networks.sentences import text_of, words_of
from signbench.networks.vocabulary import CLOSING, OPENING, Vocabulary

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.judges.nslt.network import NSLT, Memory, Reading

WORDS = "words.txt"
"""The file of the vocabulary, one word a line: unknown, padding, opening and closing word first."""


class Translator:
    """A network with its vocabulary, as the judge and the training share it.

    Args:
        network: the network.
        words: of the text.
        decoding: how sentences are read from it.
    """

    def __init__(self, network: NSLT, words: Vocabulary, decoding: Decoding) -> None:
        self.network = network
        self.words = words
        self.decoding = decoding

    def encode(self, rows: Sequence[NDArray[np.float32]]) -> list[Memory]:
        """The encoded clips, one by one.

        Args:
            rows: of each clip; several clips share a padded batch.
        """
        batch, mask = padded(rows, next(self.network.parameters()).device)
        memory = self.network.encode(batch, mask)
        counts = mask.sum(dim=1).tolist()
        return [
            replace(
                memory,
                states=memory.states[one : one + 1, :count],
                mask=memory.mask[one : one + 1, :count],
                last=memory.last[:, one : one + 1],
            )
            for one, count in enumerate(counts)
        ]

    def text(self, memory: Memory) -> str:
        """The sentence of a clip."""
        from signbench.networks.beam_search import Beam, beam_search

        def step(state: Reading, last: Tensor) -> tuple[Tensor, Reading]:
            return self.network.step(self._shared(memory, len(last)), state, last.to(memory.states.device))

        def choose(state: Reading, index: Tensor) -> Reading:
            return replace(state, hidden=state.hidden[:, index], attention=state.attention[index])

        beam = Beam(self.decoding.beam, self.decoding.longest, self.decoding.alpha)
        opening, closing = self.words.indices[OPENING], self.words.indices[CLOSING]
        return text_of(self.words.decode(beam_search(step, choose, self.network.begin(memory), beam, opening, closing)))

    def gloss(self, memory: Memory) -> tuple[str, ...]:
        """Refused: the network has no glosses.

        Raises:
            InputError: always.
        """
        raise InputError("nslt gives no glosses; compare its text.")

    def likelihood(self, memory: Memory, text: str) -> Any:
        """How likely a text is, given a clip."""
        opening, closing = self.words.indices[OPENING], self.words.indices[CLOSING]
        words = self.words.encode(words_of(text))
        return likelihood_of(lambda given: self.network.decode(memory, given), words, opening, closing, memory.states.device)

    @staticmethod
    def _shared(memory: Memory, count: int) -> Memory:
        return replace(memory, states=memory.states.expand(count, -1, -1), mask=memory.mask.expand(count, -1))


class NSLTJudge(NetworkJudge):
    """Translates key points into text by recurrent networks with attention (Camgoz et al. 2018, neccam/nslt).

    In its paper configuration it reads frames through an AlexNet. Gives the sentence by beam search, and the likelihood of the
    corpus's text.
    """

    name = "nslt"
    reads = ("pose", "frames")
    gives = ("text", "likelihood")
    batch = 16
    summary = "translates key points or frames into text: recurrent networks with attention"
    licence = "Apache-2.0"
    citation = "Camgoz, Hadfield, Koller, Ney and Bowden 2018: Neural Sign Language Translation"

    def __init__(self, *, model: str | None = None, device: str = "cpu", precision: Precision = "float32") -> None:
        super().__init__(model=model, device=device, precision=precision)
        content = self.model.config()
        self.config: NSLTConfig = configured(NSLTConfig, content, self.model)
        self.decode: Decoding = configured(Decoding, content, self.model)
        self.rate = key_point_rows.RATE
        if self.config.reads == "pose":
            self.layout = key_point_rows.LAYOUT
        else:
            from signbench.judges.nslt.alexnet import SIDE

            self.size, self.longest = (SIDE, SIDE), 300

    @property
    def decoding(self) -> str:
        return self.decode.signature

    @cached_property
    def words(self) -> Vocabulary:
        """The words of the texts."""
        return Vocabulary(self.model.lines(WORDS))

    def empty_network(self) -> nn.Module:
        return self.config.build()

    def answers(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        translator = Translator(cast("NSLT", self.network()), self.words, self.decode)
        return translated(translator, clips, translator.encode([self._rows(clip) for clip in clips]), wanted)

    def _rows(self, clip: JudgedClip) -> NDArray[np.float32]:
        if clip.pose is not None:
            return key_point_rows.rows(np.concatenate([clip.pose.points[..., :2], clip.pose.confidence[..., None]], axis=-1))
        return pictures(cast("NDArray[np.uint8]", clip.frames))


def pictures(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Frames as AlexNet reads them: BGR minus ImageNet's mean colour.

    Args:
        frames: uint8 ``(T, 227, 227, 3)`` RGB.

    Returns:
        float32 ``(T, 3, 227, 227)``.
    """
    mean = np.array([104.006987, 116.668767, 122.678914], np.float32)
    return np.ascontiguousarray((frames[..., ::-1].astype(np.float32) - mean).transpose(0, 3, 1, 2))
