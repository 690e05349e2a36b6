"""Sizes of a GFSLT and of its visual-language pre-training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from signbench.judges.gfslt.network import GFSLT
    from signbench.judges.gfslt.pretraining import TextDecoder, VisualLanguageModel

Step = Literal["K5", "K3", "P2"]
"""A step of the temporal convolutions: kernel of 5 or 3 frames without padding, or pooling of 2."""


@dataclass(frozen=True)
class GFSLTConfig:
    """A GFSLT's architecture.

    Attributes:
        words: size of the vocabulary, in the layout of :mod:`signbench.judges.gfslt.tokenizer`.
        language: index of the language code, which opens every sentence.
        glosses: size of the gloss vocabulary, including CTC's blank; 0: no gloss head, as in the paper.
        widths: widths of the four stages of the ResNet.
        steps: steps of the temporal convolutions.
        width: width of the temporal convolutions and of mBART.
        heads: number of attention heads.
        feed_forward: width of the feed-forward layers.
        encoder_layers: number of layers of the encoder.
        decoder_layers: number of layers of the decoder.
        positions: maximum number of steps that the encoder reads, and of words that the decoder writes.
        dropout: dropout in training.
        size: height and width of the pictures that it was trained on, in pixels.
    """

    words: int
    language: int
    glosses: int
    widths: tuple[int, int, int, int]
    steps: tuple[Step, ...]
    width: int
    heads: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    positions: int
    dropout: float
    size: int

    @classmethod
    def paper(cls, words: int = 2454, language: int = 2430) -> GFSLTConfig:
        """The network of the paper; the defaults are the vocabulary of PHOENIX14T, opened by ``de_DE``."""
        return cls(
            words, language, 0, (64, 128, 256, 512), ("K5", "P2", "K5", "P2"), 1024, 8, 4096, 3, 3, 1024, 0.1, 224
        )  # fmt: skip

    @classmethod
    def small(cls, words: int, language: int, glosses: int = 0) -> GFSLTConfig:
        """A smaller network that trains on two cores, with one pooling in time, since its clips are short.

        With glosses, CTC trains the encoder alongside, which a small corpus needs.
        """
        return cls(words, language, glosses, (16, 32, 64, 128), ("K5", "P2", "K3"), 128, 4, 256, 2, 2, 256, 0.1, 96)

    @property
    def stride(self) -> int:
        """Number of frames per step of the encoder."""
        return 2 ** self.steps.count("P2")

    @property
    def reach(self) -> int:
        """Number of frames that one step of the temporal convolutions reads."""
        reach, stride = 1, 1
        for step in self.steps:
            reach += stride * (int(step[1:]) - 1)
            stride *= 2 if step == "P2" else 1
        return reach

    @property
    def longest(self) -> int:
        """The maximum number of frames of a clip."""
        return (self.positions - 1) * self.stride

    def build(self) -> GFSLT:
        """Builds the network with random weights."""
        from signbench.judges.gfslt.network import GFSLT

        return GFSLT(self)


@dataclass(frozen=True)
class PretrainingConfig:
    """The architecture of the visual-language pre-training.

    Attributes:
        translator: the translator that is pre-trained.
        text_layers: number of layers of the text encoder.
        text_heads: its number of attention heads.
        text_feed_forward: width of its feed-forward layers.
        text_activation: activation in its feed-forward layers.
    """

    translator: GFSLTConfig
    text_layers: int
    text_heads: int
    text_feed_forward: int
    text_activation: Literal["gelu", "relu"]

    @classmethod
    def paper(cls, words: int = 2454, language: int = 2430) -> PretrainingConfig:
        """The pre-training of the paper: the text encoder is mBART-large's."""
        return cls(GFSLTConfig.paper(words, language), 12, 16, 4096, "gelu")

    @classmethod
    def small(cls, words: int, language: int) -> PretrainingConfig:
        """A smaller pre-training that runs on two cores."""
        return cls(GFSLTConfig.small(words, language), 2, 4, 256, "gelu")

    def build(self) -> VisualLanguageModel:
        """Builds the two encoders with random weights."""
        from signbench.judges.gfslt.pretraining import VisualLanguageModel

        return VisualLanguageModel(self)

    def build_decoder(self) -> TextDecoder:
        """Builds the decoder of the masked language modelling with random weights."""
        from signbench.judges.gfslt.pretraining import TextDecoder

        return TextDecoder(self.translator)
