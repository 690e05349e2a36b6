"""Sizes of a SignAligner, and every choice that its paper leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signbench.errors import InputError

Stream = Literal["pose", "hamer", "smplx"]
"""Key points; the rotations of both hands; the rotations of the whole body."""

STREAMS: tuple[Stream, ...] = ("pose", "hamer", "smplx")


@dataclass(frozen=True)
class SignAlignerConfig:
    """The architecture of SignAligner, or with one stream and without a correction, of Progressive Transformers.

    Attributes:
        words: size of the vocabulary of the source: unknown, padding, opening and closing word first.
        width: width of the hidden states.
        heads: number of attention heads, also of the correction.
        feed_forward: width of the feed-forward layers.
        encoder_layers: number of layers of the encoder.
        decoder_layers: number of layers of each decoder.
        dropout: dropout in training.
        streams: what is generated, of ``pose``, ``hamer`` and ``smplx``.
        co_generation: whether one encoder and one counter serve all streams; if not, each stream is a model of its own.
        correction_layers: number of layers of the correction; 0: there is none.
        correction_width: width of its hidden states.
        correction: ``concatenated``: a stream attends to the frames of both others, whose keys and values belong together;
            ``literal``: as eq. 7 of the paper is written, its keys are the one and its values the other of them.
        source: whether a sentence is given by its ``gloss`` or its ``text``.
        signers: signers whose name may precede the source, so that the others' builds are not averaged; none: all are one.
        points: ``body-hands``: OpenPose's 18 body points and 21 of each hand, the paper's 60; ``body-hands-face``: 68 points of the
            face as well; ``pt-50``: the 50 points in 3D of Progressive Transformers.
        relative: whether points of hands and face are relative to wrist and nose.
        rotations: ``axis-angle`` (3 numbers, the paper's) or ``six`` (6D).
        rate: frames per second.
        counter: whether a decoder's output is the next counter itself, as in Progressive Transformers (``absolute``), or how far it
            rises (``step``), which small networks learn much sooner.
        waves: pairs of a sine and a cosine of the counter that a decoder is given as well; 0 as in Progressive Transformers.
        fed_back: whether in free running a decoder is given the frames that it made, or the counter alone, one of the variants of
            Progressive Transformers, in which no error of a frame reaches the next one.
        word_deviation: deviation of the random vectors of words before training; 0: Xavier's, which are far smaller than the
            positions that are added to them.
        future: frames that a decoder predicts at once, of which the first is used.
        longest: most frames of a production, at that rate.
    """

    words: int
    width: int
    heads: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    dropout: float
    streams: tuple[Stream, ...] = STREAMS
    co_generation: bool = True
    correction_layers: int = 2
    correction_width: int = 512
    correction: Literal["concatenated", "literal"] = "concatenated"
    source: Literal["gloss", "text"] = "gloss"
    signers: tuple[str, ...] = ()
    points: Literal["body-hands", "body-hands-face", "pt-50"] = "body-hands"
    relative: bool = False
    rotations: Literal["axis-angle", "six"] = "axis-angle"
    rate: float = 25.0
    counter: Literal["absolute", "step"] = "absolute"
    waves: int = 0
    fed_back: bool = True
    word_deviation: float = 0.0
    future: int = 1
    longest: int = 300

    def __post_init__(self) -> None:
        if not self.streams or len(set(self.streams)) != len(self.streams) or not set(self.streams) <= set(STREAMS):
            raise InputError("the configuration of SignAligner: streams has some of pose, hamer and smplx, each once.")
        if self.correction_layers and (len(self.streams) != 3 or not self.co_generation):
            raise InputError("a correction needs three streams that are generated together; set correction_layers to 0.")
        if min(self.heads, self.encoder_layers, self.decoder_layers, self.feed_forward, self.future, self.longest) < 1:
            raise InputError("the configuration of SignAligner: heads, layers, feed_forward, future and longest are at least 1.")
        if self.width < 1 or self.width % self.heads or (self.correction_layers and self.correction_width % self.heads):
            raise InputError("the configuration of SignAligner: width and correction_width are multiples of heads.")
        if min(self.waves, self.correction_layers) < 0 or not 0 <= self.dropout < 1 or self.rate <= 0:
            raise InputError(
                "the configuration of SignAligner: waves and correction_layers are at least 0, dropout is in [0, 1), rate above 0."
            )

    @classmethod
    def paper(cls, words: int) -> SignAlignerConfig:
        """The network of the paper, with the sizes of Progressive Transformers, which it builds on."""
        return cls(words, 512, 4, 2048, 2, 2, 0.0)

    @classmethod
    def small(cls, words: int, signers: tuple[str, ...] = ()) -> SignAlignerConfig:
        """A smaller network that trains on one core; its weights, and those of three separate models, take less than 8 MB each."""
        return cls(
            *(words, 112, 4, 256, 2, 2, 0.0),
            correction_width=64,
            source="text",
            signers=signers,
            points="body-hands-face",
            relative=True,
            rotations="six",
            rate=12.5,
            counter="step",
            waves=6,
            word_deviation=1.0,
        )
