"""The judge: text, likelihood and glosses of a video, by GFSLT."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.judges.base import Gives, JudgedClip, Likelihood, Observation
from signbench.judges.gfslt.checkpoints import PIECES
from signbench.judges.gfslt.config import CLOSING, GFSLTConfig
from signbench.judges.gfslt.tokenizer import LANGUAGES, SPECIALS, PieceTokenizer, SentencePieces, Tokenizer, WordTokenizer
from signbench.judges.network_judge import NetworkJudge, configured
from signbench.judges.translation import glosses_of, likelihood_of, translated
from signbench.networks.vocabulary import SILENCE, Vocabulary

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.judges.gfslt.network import GFSLT, Memory

WORDS, GLOSSES = "words.txt", "glosses.txt"
"""The files of the vocabularies of models that signbench trains, one word a line, special ones first."""

GLOSS_SPECIALS = 3
"""The blank, the unknown and the padding gloss."""

_OFFICIAL_SIDE = 256
"""Height and width to which the published code resizes frames, before it cuts out the middle."""

_PIECE = 64
"""Frames that the trunk reads at once."""


@dataclass(frozen=True)
class Decoding:
    """How sentences and glosses are read from the network.

    Attributes:
        beam: hypotheses of the search for the sentence.
        alpha: its length penalty, see :class:`signbench.networks.beam_search.Beam`.
        longest: most words of a sentence.
        power: of the number of words, by which scores are divided, as transformers do.
        early: end the search as early as transformers do unless set otherwise.
        gloss_beam: prefixes of the search for the glosses.
    """

    beam: int = 4
    alpha: float = 1.0
    longest: int = 30
    power: float = 0.0
    early: bool = False
    gloss_beam: int = 10

    @property
    def signature(self) -> str:
        """Its part of a judge's signature."""
        transformers = f"-power-{self.power:g}{'-early' if self.early else ''}"
        return f"beam-{self.beam}-alpha-{self.alpha:g}-longest-{self.longest}{transformers}-gloss-beam-{self.gloss_beam}"


class Translator:
    """A network with its vocabularies, as the judge and the training share it.

    Args:
        network: the network, in evaluation mode.
        config: its configuration.
        tokenizer: the vocabulary of the text.
        glosses: the vocabulary of the signing; without special ones if the network gives none.
        decoding: how answers are read from it.
    """

    def __init__(self, network: GFSLT, config: GFSLTConfig, tokenizer: Tokenizer, glosses: Vocabulary, decoding: Decoding) -> None:
        self.network = network
        self.config = config
        self.tokenizer = tokenizer
        self.glosses = glosses
        self.decoding = decoding

    def encode(self, clips: Sequence[NDArray[np.uint8]]) -> list[Memory]:
        """The encoded clips, one by one.

        Args:
            clips: uint8 ``(T, H, W, 3)`` RGB each; several clips share a padded batch behind the trunk.
        """
        import torch
        from torch.nn.utils.rnn import pad_sequence

        from signbench.judges.gfslt.network import Memory

        device = next(self.network.parameters()).device
        features = pad_sequence([self._features(clip) for clip in clips], batch_first=True)
        memory = self.network.encode_features(features, torch.tensor([len(clip) for clip in clips], device=device))
        encoded = []
        for index, count in enumerate(memory.mask.sum(dim=1).tolist()):
            glosses = None if memory.gloss_logits is None else memory.gloss_logits[index : index + 1, :count]
            encoded.append(Memory(memory.states[index : index + 1, :count], memory.mask[index : index + 1, :count], glosses))
        return encoded

    def text(self, memory: Memory) -> str:
        """The sentence of a clip."""
        from signbench.networks.beam_search import Beam

        chosen = self.decoding
        beam = Beam(chosen.beam, chosen.longest, chosen.alpha, chosen.power, chosen.early)
        return self.tokenizer.decode(self.network.translate(memory, beam)[0])

    def gloss(self, memory: Memory) -> tuple[str, ...]:
        """The glosses of a clip; none without a gloss head."""
        if memory.gloss_logits is None:
            return ()
        return tuple(self.glosses.decode(glosses_of(memory.gloss_logits[0], self.decoding.gloss_beam, GLOSS_SPECIALS)))

    def likelihood(self, memory: Memory, text: str) -> Likelihood:
        """How likely a text is, given a clip.

        Raises:
            InputError: the text has more words than the decoder can write.
        """
        import torch

        words = self.tokenizer.encode(text)[:-2]
        if len(words) >= self.config.positions:
            raise InputError(f"the text {text[:40]!r}... has {len(words)} words; the network reads {self.config.positions - 1}.")

        def decode(given: Tensor) -> Tensor:
            return self.network.decode(memory, given, torch.ones_like(given, dtype=torch.bool))

        return likelihood_of(decode, words, self.tokenizer.opening, CLOSING, memory.states.device)

    def _features(self, clip: NDArray[np.uint8]) -> Tensor:
        """The trunk's output for the frames of one clip, in pieces, so that long clips need no more memory."""
        import torch

        device = next(self.network.parameters()).device
        pieces = (torch.from_numpy(np.array(clip[start : start + _PIECE])) for start in range(0, len(clip), _PIECE))
        return torch.cat([self.network.backbone.conv_2d.resnet(pictures(piece.to(device), self.config)) for piece in pieces])


class GFSLTJudge(NetworkJudge):
    """Translates videos into text, by frames, temporal convolutions and mBART (GFSLT-VLP, Zhou et al. 2023).

    Gives the sentence by beam search, the likelihood of the corpus's text, and the glosses if the network was trained with them,
    which published ones were not. Published models read frames at the video's own rate, resized to 256 px, of which the middle 224
    are used; the published code reads at most 300 frames, at random ones of a longer clip. Here clips are read up to the number of
    frames that the network can encode.
    """

    name = "gfslt"
    reads = ("frames",)
    gives = ("text", "gloss", "likelihood")
    batch = 8
    packages: ClassVar[Mapping[str, str]] = {"transformers": 'pip install "signbench[models]"'}
    summary = "translates videos into text: frames, temporal convolutions and mBART"
    licence = "Apache-2.0"
    citation = (
        "Zhou, Chen, Clapés, Wan, Liang, Escalera, Lei and Zhang 2023: Gloss-free Sign Language Translation: Improving from "
        "Visual-Language Pretraining"
    )

    def __init__(self, *, model: str | None = None, device: str = "cpu", precision: Precision = "float32") -> None:
        super().__init__(model=model, device=device, precision=precision)
        content = self.model.config()
        self.config: GFSLTConfig = configured(GFSLTConfig, content, self.model)
        # published models have no glosses and no such setting
        self.decode: Decoding = configured(Decoding, {"gloss_beam": Decoding.gloss_beam, **content}, self.model)
        self.longest = self.config.longest
        official = self.model.card.configuration == "official"
        self.rate = None if official else _rate(content, self.model.card.name)
        self.cut = official and self.config.size < _OFFICIAL_SIDE
        side = _OFFICIAL_SIDE if self.cut else self.config.size
        self.size = (side, side)

    @property
    def decoding(self) -> str:
        return self.decode.signature

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The vocabulary of the text.

        Raises:
            InputError: its file is missing, damaged, or does not fit the configuration.
        """
        found: Tokenizer
        if PIECES in self.model.card.files:
            pieces = SentencePieces.from_lines(self.model.lines(PIECES))
            number = self.config.language - len(SPECIALS) - len(pieces.pieces)
            if not 0 <= number < len(LANGUAGES):
                raise self._misfit(PIECES)
            found = PieceTokenizer(pieces, LANGUAGES[number])
        else:
            found = WordTokenizer.from_lines(self.model.lines(WORDS))
        if (len(found.words), found.opening) != (self.config.words, self.config.language):
            raise self._misfit(PIECES if PIECES in self.model.card.files else WORDS)
        return found

    @cached_property
    def glosses(self) -> Vocabulary:
        """The vocabulary of the signing.

        Raises:
            InputError: its file is missing, or does not fit the configuration.
        """
        found = Vocabulary(self.model.lines(GLOSSES) if self.config.glosses else (SILENCE,))
        if self.config.glosses and len(found) != self.config.glosses:
            raise self._misfit(GLOSSES)
        return found

    def _misfit(self, file: str) -> InputError:
        return InputError(f"{self.model.folder / file} does not fit the model's configuration; copy the whole folder again.")

    def empty_network(self) -> nn.Module:
        return self.config.build()

    def answers(self, clips: Sequence[JudgedClip], wanted: Collection[Gives]) -> list[Mapping[Gives, Observation]]:
        if "gloss" in wanted and not self.config.glosses:
            raise InputError(f"the model {self.model.card.name} has no glosses; compare its text.")
        translator = Translator(cast("GFSLT", self.network()), self.config, self.tokenizer, self.glosses, self.decode)
        return translated(translator, clips, translator.encode([self._frames(clip) for clip in clips]), wanted)

    def _frames(self, clip: JudgedClip) -> NDArray[np.uint8]:
        frames = cast("NDArray[np.uint8]", clip.frames)
        if not self.cut:
            return frames
        side = self.config.size
        top, left = ((whole - side) // 2 for whole in frames.shape[1:3])
        return frames[:, top : top + side, left : left + side]


def _rate(content: Mapping[str, Any], name: str) -> float:
    """The frames per second that a model was trained on."""
    rate = content.get("rate")
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not rate > 0:
        raise InputError(f"the config.json of the model {name} has no valid rate; copy the whole folder again.")
    return float(rate)


def pictures(frames: Tensor, config: GFSLTConfig) -> Tensor:
    """Frames as the trunk expects them.

    Args:
        frames: uint8 ``(..., H, W, 3)`` RGB.
        config: the network's configuration.

    Returns:
        float32 ``(..., 3, H, W)``.
    """
    from signbench.judges.gfslt.network import normalised

    return normalised(frames.movedim(-1, -3).float() / 255, config.levels)
