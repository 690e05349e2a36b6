"""Sizes of a GFSLT and of its visual-language pre-training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from signbench.errors import InputError

if TYPE_CHECKING:
    from transformers import MBartConfig

    from signbench.judges.gfslt.network import GFSLT
    from signbench.judges.gfslt.pretraining import PretrainedTranslator, TextDecoder, VisualLanguageModel

PADDING = 1
"""Index of the padding word."""
CLOSING = 2
"""Index of the word that ends every sentence."""


@dataclass(frozen=True)
class GFSLTConfig:
    """A GFSLT's architecture.

    Attributes:
        words: size of the vocabulary, in the layout of :mod:`signbench.judges.gfslt.tokenizer`.
        language: index of the language code, which opens every sentence.
        glosses: size of the gloss vocabulary, including CTC's blank; 0: no gloss head, as in the paper.
        widths: widths of the four stages of the ResNet.
        steps: steps of the temporal convolutions: ``K5`` a kernel of 5 frames, ``P2`` pooling of 2.
        width: width of the temporal convolutions and of mBART.
        heads: number of attention heads.
        feed_forward: width of the feed-forward layers.
        encoder_layers: number of layers of the encoder.
        decoder_layers: number of layers of the decoder.
        positions: maximum number of steps that the encoder reads, and of words that the decoder writes.
        dropout: dropout in training.
        size: height and width of the pictures that it was trained on, in pixels.
        levels: how the trunk expects them: ``imagenet``: normalised by ImageNet's mean and deviation; ``symmetric``: on [-1, 1].
    """

    words: int
    language: int
    glosses: int
    widths: tuple[int, int, int, int]
    steps: tuple[Literal["K5", "K3", "P2"], ...]
    width: int
    heads: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    positions: int
    dropout: float
    size: int
    levels: Literal["imagenet", "symmetric"]

    @classmethod
    def paper(cls, words: int = 2454, language: int = 2430) -> GFSLTConfig:
        """The network of the paper; the defaults are the vocabulary of PHOENIX14T, opened by ``de_DE``."""
        widths = (64, 128, 256, 512)
        return cls(words, language, 0, widths, ("K5", "P2", "K5", "P2"), 1024, 8, 4096, 3, 3, 1024, 0.1, 224, "imagenet")

    @classmethod
    def small(cls, words: int, language: int, glosses: int = 0) -> GFSLTConfig:
        """A smaller network that trains on two cores, with one pooling in time, since its clips are short.

        With glosses, CTC trains the encoder alongside, which a small corpus needs. Its trunk begins with that of the model
        ``frame-trunk``, which reads pictures on [-1, 1].
        """
        widths = (16, 32, 64, 128)
        return cls(words, language, glosses, widths, ("K5", "P2", "K3"), 128, 4, 256, 2, 2, 256, 0.1, 96, "symmetric")

    @property
    def stride(self) -> int:
        """Number of frames per step of the encoder."""
        return 1 << self.steps.count("P2")

    @property
    def longest(self) -> int:
        """The maximum number of frames of a clip."""
        return (self.positions - 1) * self.stride

    def build(self) -> GFSLT:
        """Builds the network with random weights.

        Raises:
            InputError: transformers, which has mBART, is not installed.
        """
        mbart = self.mbart()
        from signbench.judges.gfslt.network import GFSLT

        return GFSLT(mbart, self.widths, self.steps, (self.language, CLOSING), self.glosses)

    def mbart(self) -> MBartConfig:
        """The sizes of its mBART, as transformers has them.

        Raises:
            InputError: transformers is not installed.
        """
        return _mbart(self, self.encoder_layers, self.heads, self.feed_forward, "relu")


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

    @property
    def longest(self) -> int:
        """The maximum number of frames of a clip: one step fewer than the translator's, because a token precedes the steps."""
        return self.translator.longest - self.translator.stride

    def build(self) -> VisualLanguageModel:
        """Builds the two encoders with random weights.

        Raises:
            InputError: transformers is not installed.
        """
        one = self.translator
        text = _mbart(one, self.text_layers, self.text_heads, self.text_feed_forward, self.text_activation)
        from signbench.judges.gfslt.pretraining import VisualLanguageModel

        return VisualLanguageModel(one.mbart(), text, one.widths, one.steps)

    def build_decoder(self) -> TextDecoder:
        """Builds the decoder of the masked language modelling with random weights.

        Raises:
            InputError: transformers is not installed.
        """
        mbart = self.translator.mbart()
        from signbench.judges.gfslt.pretraining import TextDecoder

        return TextDecoder(mbart)

    def build_together(self) -> PretrainedTranslator:
        """Builds the translator and the networks of its pre-training, which share modules, with random weights.

        Raises:
            InputError: transformers is not installed.
        """
        translator = self.translator.build()
        from signbench.judges.gfslt.pretraining import PretrainedTranslator

        return PretrainedTranslator(translator, self.build(), self.build_decoder())


def _mbart(config: GFSLTConfig, encoder_layers: int, heads: int, feed_forward: int, activation: str) -> MBartConfig:
    try:
        from transformers import MBartConfig
    except ImportError as error:
        raise InputError("gfslt needs transformers; install signbench[models].") from error
    return MBartConfig(
        vocab_size=config.words,
        max_position_embeddings=config.positions,
        d_model=config.width,
        encoder_layers=encoder_layers,
        decoder_layers=config.decoder_layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=feed_forward,
        decoder_ffn_dim=feed_forward,
        activation_function=activation,
        dropout=config.dropout,
        scale_embedding=True,
        tie_word_embeddings=False,
        pad_token_id=PADDING,
        eos_token_id=CLOSING,
        forced_eos_token_id=CLOSING,
        decoder_start_token_id=config.language,
    )
