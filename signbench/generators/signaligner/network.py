"""SignAligner's network (Wang, Tang, Cheng, Li, Wang and Hong): an encoder, three autoregressive decoders, and their correction.

Each decoder is that of Progressive Transformers (Saunders, Camgoz and Bowden 2020), with its names: it maps the frames so far, each
with a counter that rises from 0 to 1, to the next frame and counter. Numbers of a frame are z-scores; means and deviations are
stored with the weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from signbench.generators.signaligner.config import SignAlignerConfig, Stream
from signbench.generators.signaligner.correction import Correction
from signbench.generators.signaligner.numbers import points_of, width
from signbench.networks.transformer import LAYER_NORM_EPSILON, DecoderLayer, Encoder, Heads, Positions

PADDING_WORD = 1
"""Index of the padding word."""

STEP = 0.02
"""The unit of a counter's rises: that of a clip of 50 frames."""


@dataclass(frozen=True, eq=False)
class Memory:
    """Encoded sentences.

    Attributes:
        states: for each stream ``(N, S, D)``.
        mask: bool ``(N, S)``, false for padding.
    """

    states: Mapping[Stream, Tensor]
    mask: Tensor


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a decoder predicts after each of the given frames.

    Attributes:
        frames: z-scores ``(N, T, F, D)`` of the next F frames.
        counter: ``(N, T)``, of the next frame.
    """

    frames: Tensor
    counter: Tensor


@dataclass(frozen=True, eq=False)
class Signed:
    """Sentences in free running.

    Attributes:
        frames: for each stream z-scores ``(N, T, D)``; padding is 0.
        masks: for each stream bool ``(N, T)``, false for padding. With one counter they are equal.
        counters: for each stream ``(N, T)``, the counter by which it was stopped.
    """

    frames: Mapping[Stream, Tensor]
    masks: Mapping[Stream, Tensor]
    counters: Mapping[Stream, Tensor]


class SignAligner(nn.Module):
    """Generates the streams of a sentence frame by frame, and corrects each by the others."""

    camera: Tensor
    seen: Tensor

    def __init__(self, config: SignAlignerConfig) -> None:
        """Builds the network.

        Args:
            config: its sizes.
        """
        super().__init__()
        self.config = config
        encoders = 1 if config.co_generation else len(config.streams)
        self.texts = nn.ModuleList([TextEncoder(config) for _ in range(encoders)])
        self.decoders = nn.ModuleDict({stream: FrameDecoder(width(stream, config), config) for stream in config.streams})
        self.correction: Correction | None = None
        if config.correction_layers:
            widths = {stream: width(stream, config) for stream in config.streams}
            self.correction = Correction(widths, config)
        for stream in config.streams:
            count = width(stream, config)
            self.register_buffer(f"mean_{stream}", torch.zeros(count))
            self.register_buffer(f"scale_{stream}", torch.ones(count))
            self.register_buffer(f"error_{stream}", torch.zeros(count))
        if "pose" in config.streams:
            self.register_buffer("camera", torch.tensor([0.0, 0.0, 1.0]))
            self.register_buffer("seen", torch.ones(len(points_of(config.points))))

    @classmethod
    def random(cls, config: SignAlignerConfig) -> SignAligner:
        """A network with random weights: Xavier's for matrices, 0 for biases; its correction begins as the identity."""
        network = cls(config)
        for name, parameter in network.named_parameters():
            if "norm" in name or name == "correction.share":
                continue
            if config.word_deviation and "src_embed" in name:
                nn.init.normal_(parameter, std=config.word_deviation)
            elif parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)
        if network.correction is not None:
            network.correction.begin()
        return network

    def encode(self, words: Tensor, mask: Tensor) -> Memory:
        """Encodes sentences.

        Args:
            words: int ``(N, S)``, with the closing word.
            mask: bool ``(N, S)``, false for padding.
        """
        found = [text(words, mask) for text in self.texts]
        streams = self.config.streams
        return Memory(dict(zip(streams, found * len(streams) if len(found) == 1 else found, strict=False)), mask)

    def decode(self, stream: Stream, memory: Memory, frames: Tensor, counter: Tensor) -> Decoded:
        """Predicts the frame after each of the given ones, which sees these and no later ones.

        Args:
            stream: which.
            memory: the encoded sentences.
            frames: z-scores ``(N, T, D)``, of which the first is 0.
            counter: ``(N, T)``, of which the first is 0.
        """
        return cast("Decoded", self._decoder(stream)(frames, counter, memory.states[stream], memory.mask))

    def _decoder(self, stream: Stream) -> FrameDecoder:
        return cast("FrameDecoder", self.decoders[stream])

    @torch.no_grad()
    def sign(self, words: Tensor, mask: Tensor, *, correct: bool = True, fed_back: bool | None = None) -> Signed:
        """Generates sentences frame by frame: nothing but the words is given, neither a frame nor a length.

        With one encoder, the streams share a counter, the mean of their decoders'. It never falls, and a sentence ends with the
        frame at which it reaches 1, at the latest after ``config.longest`` frames.

        Args:
            words: as for :meth:`encode`.
            mask: as for :meth:`encode`.
            correct: whether the streams are corrected, if the network can.
            fed_back: whether a decoder is given the frames that it made, or the counter alone; None: as the configuration says.
        """
        back = self.config.fed_back if fed_back is None else fed_back
        memory, streams = self.encode(words, mask), self.config.streams
        count = len(words)
        frame = {stream: words.new_zeros((count, 1, width(stream, self.config)), dtype=torch.float32) for stream in streams}
        counter = {stream: words.new_zeros((count, 1), dtype=torch.float32) for stream in streams}
        kept = {stream: self._decoder(stream).remembered(memory.states[stream]) for stream in streams}
        before: dict[Stream, list[Heads | None]] = {stream: [None] * len(kept[stream]) for stream in streams}
        made: dict[Stream, list[Tensor]] = {stream: [] for stream in streams}
        counted: dict[Stream, list[Tensor]] = {stream: [] for stream in streams}
        for position in range(self.config.longest):
            rises = {}
            for stream in streams:
                found, before[stream] = self._decoder(stream).step(
                    frame[stream], counter[stream], position, before[stream], kept[stream], memory.mask
                )
                newest, rises[stream] = found.frames[:, :, 0], found.counter
                made[stream].append(newest)
                frame[stream] = newest if back else torch.zeros_like(newest)
            if self.config.co_generation:
                rises = dict.fromkeys(streams, torch.stack(list(rises.values())).mean(dim=0))
            for stream in streams:
                counter[stream] = torch.maximum(counter[stream], rises[stream])
                counted[stream].append(counter[stream])
            if all(bool((counter[stream] >= 1).all()) for stream in streams):
                break
        counters = {stream: torch.cat(counted[stream], dim=1) for stream in streams}
        masks = {}
        for stream, one in counters.items():
            # the frame at which the counter reaches 1 is the last
            masks[stream] = torch.cat([words.new_ones((count, 1), dtype=torch.bool), one[:, :-1] < 1], dim=1)
        frames = {stream: torch.cat(made[stream], dim=1).masked_fill(~masks[stream][..., None], 0.0) for stream in streams}
        if correct and self.correction is not None:
            frames = self.correction(frames, masks)
        return Signed(frames, masks, counters)

    @torch.no_grad()
    def led(self, words: Tensor, mask: Tensor, first: Tensor, counter: Tensor, *, start: bool) -> Tensor:
        """Key points of one sentence as the release of Progressive Transformers decodes: parts of the reference are given.

        Args:
            words: as for :meth:`encode`, N = 1.
            mask: as for :meth:`encode`.
            first: z-scores ``(1, 1, D)``, the reference's first frame.
            counter: ``(1, S)``, the reference's counters.
            start: whether the first counter is that of a frame of 0 before the first one.

        Returns:
            z-scores ``(1, T, D)``, of which the first frame is the reference's.
        """
        memory = self.encode(words, mask)
        decoder = self._decoder("pose")
        kept = decoder.remembered(memory.states["pose"])
        before: list[Heads | None] = [None] * len(kept)
        given = [torch.zeros_like(first), first] if start else [first]
        made = [first]
        for position in range(counter.shape[1] - 1):
            frame = given[position] if position < len(given) else made[-1]
            found, before = decoder.step(frame, counter[:, position : position + 1], position, before, kept, memory.mask)
            if position >= len(given) - 1:
                made.append(found.frames[:, :, 0])
        return torch.cat(made, dim=1)

    def normalised(self, stream: Stream, numbers: Tensor) -> Tensor:
        """The z-scores of numbers ``(..., D)``."""
        return cast("Tensor", (numbers - getattr(self, f"mean_{stream}")) / getattr(self, f"scale_{stream}"))

    def numbers(self, stream: Stream, scores: Tensor) -> Tensor:
        """The numbers of z-scores ``(..., D)``."""
        return cast("Tensor", scores * getattr(self, f"scale_{stream}") + getattr(self, f"mean_{stream}"))


class TextEncoder(nn.Module):
    """Embeds and encodes glosses or words."""

    def __init__(self, config: SignAlignerConfig) -> None:
        super().__init__()
        self.src_embed = _WordEmbedding(config.words, config.width)
        self.encoder = Encoder(config.width, config.heads, config.feed_forward, config.encoder_layers, config.dropout)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Encodes int ``(N, S)``, where bool ``mask`` ``(N, S)`` is true, to ``(N, S, D)``."""
        states: Tensor = self.encoder(self.src_embed(words), mask)
        return states


class _WordEmbedding(nn.Module):
    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.lut = nn.Embedding(words, width, padding_idx=PADDING_WORD)

    def forward(self, words: Tensor) -> Tensor:
        embedded: Tensor = self.lut(words)
        return embedded


class FrameDecoder(nn.Module):
    """Maps the frames so far, with their counters, to the next frames and counter."""

    def __init__(self, count: int, config: SignAlignerConfig) -> None:
        super().__init__()
        self.count, self.future = count, config.future
        self.rises = config.counter == "step"
        self.waves = config.waves
        self.trg_embed = nn.Linear(count + 1 + 2 * config.waves, config.width)
        self.decoder = _Layers(count * config.future + 1, config)

    def forward(self, frames: Tensor, counter: Tensor, memory: Tensor, mask: Tensor) -> Decoded:
        """As :meth:`SignAligner.decode`."""
        length = frames.shape[1]
        earlier = torch.ones(1, length, length, dtype=torch.bool, device=frames.device).tril()
        states = self.decoder.pe(self._embedded(frames, counter))
        states = self.decoder.emb_dropout(states)
        for layer in self.decoder.layers:
            states = layer(states, earlier, memory, mask)
        return self._predicted(states, counter)

    def remembered(self, memory: Tensor) -> list[Heads]:
        """The keys and values of the memory, for each layer."""
        return [cast("DecoderLayer", layer).of_memory(memory) for layer in self.decoder.layers]

    def step(
        self,
        frame: Tensor,
        counter: Tensor,
        position: int,
        before: Sequence[Heads | None],
        memory: Sequence[Heads],
        mask: Tensor,
    ) -> tuple[Decoded, list[Heads | None]]:
        """Maps one frame more, ``(N, 1, D)``, and returns what the next step needs of it."""
        states = self.decoder.pe(self._embedded(frame, counter), position)
        after: list[Heads | None] = []
        for layer, earlier, kept in zip(self.decoder.layers, before, memory, strict=True):
            states, heads = cast("DecoderLayer", layer).step(states, earlier, kept, mask)
            after.append(heads)
        return self._predicted(states, counter), after

    def _embedded(self, frames: Tensor, counter: Tensor) -> Tensor:
        given = [frames, counter[..., None]]
        for wave in range(self.waves):
            turn = (math.pi * 2**wave * counter)[..., None]
            given += [torch.sin(turn), torch.cos(turn)]
        embedded: Tensor = self.trg_embed(torch.cat(given, dim=-1))
        return embedded

    def _predicted(self, states: Tensor, counter: Tensor) -> Decoded:
        out = self.decoder.output_layer(self.decoder.layer_norm(states))
        frames = out[..., :-1].reshape(*out.shape[:2], self.future, self.count)
        return Decoded(frames, counter + STEP * out[..., -1] if self.rises else out[..., -1])


class _Layers(nn.Module):
    """The layers of a decoder, under the names of Progressive Transformers."""

    def __init__(self, outputs: int, config: SignAlignerConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [DecoderLayer(config.width, config.heads, config.feed_forward, config.dropout) for _ in range(config.decoder_layers)]
        )
        self.pe = Positions(config.width)
        self.layer_norm = nn.LayerNorm(config.width, eps=LAYER_NORM_EPSILON)
        self.emb_dropout = nn.Dropout(config.dropout)
        self.output_layer = nn.Linear(config.width, outputs, bias=False)
