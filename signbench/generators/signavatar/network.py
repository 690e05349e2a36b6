"""SignAvatar's network (Dong et al. 2024), on ACTOR's transformer (Petrovich, Black and Varol 2021), with ACTOR's layer names.

The encoder reads two tokens, made from the condition's embedding, and the frames of a clip; its outputs at the two tokens are the
mean and the logarithm of the variance of the latent vector. The decoder attends from the sines and cosines of the frames' times to
one vector, the sum of the latent vector and a bias made from the condition's embedding, and writes all frames at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from signbench.generators.signavatar.joints import JOINTS, UPPER

LONGEST = 5000
"""Most positions of a clip, the two tokens included."""

NUMBERS = 6
"""Numbers of a joint's rotation."""


class Posterior(NamedTuple):
    """The distribution of the latent vector, given a clip: independent normal deviates.

    Attributes:
        mean: ``(N, D)``.
        log_variance: ``(N, D)``.
    """

    mean: Tensor
    log_variance: Tensor

    def sample(self) -> Tensor:
        """A latent vector for each clip, ``(N, D)``, by torch's random state."""
        return self.mean + torch.exp(self.log_variance / 2) * torch.randn_like(self.mean)

    def divergence(self) -> Tensor:
        """Kullback-Leibler divergence from the standard normal distribution, ``(N, D)``, nats of each dimension."""
        return (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance) / 2


@dataclass(frozen=True)
class Sizes:
    """Sizes of encoder and decoder; see :class:`signbench.generators.signavatar.sizes.SignAvatarConfig`."""

    width: int
    latent: int
    heads: int
    feed_forward: int
    layers: tuple[int, int]
    dropout: float
    embedding: int
    hidden: int


class SignAvatar(nn.Module):
    """Encodes motion to a latent vector, and decodes motion from one, both given the embedding of a word or picture.

    Padding never affects a frame: attention ignores it, and the outputs there are zero.
    """

    def __init__(self, sizes: Sizes, buckets: int = 0, *, pictures: bool = False) -> None:
        """Builds the network.

        Args:
            sizes: of encoder and decoder.
            buckets: number of vectors of its own encoder of words; 0: it has none, and embeddings come from CLIP.
            pictures: whether it has its own encoder of pictures.
        """
        super().__init__()
        self.encoder = _Encoder(sizes)
        self.decoder = _Decoder(sizes)
        self.words = WordEncoder(buckets, sizes.embedding) if buckets else None
        self.pictures = PictureEncoder(sizes.embedding) if pictures else None

    def encode(self, motion: Tensor, mask: Tensor, embedding: Tensor, hidden: Tensor | None = None) -> Posterior:
        """The distribution of the latent vector.

        Args:
            motion: ``(N, T, 53, 6)``; only the upper body is read.
            mask: bool ``(N, T)``, false for padding.
            embedding: ``(N, E)``, of the word or picture.
            hidden: bool ``(N, T)``, true for frames that the encoder must not see; all their numbers become 0, which are those of
                no rotation. None: it sees all.
        """
        found: Posterior = self.encoder(motion, mask, embedding, hidden)
        return found

    def decode(self, latent: Tensor, mask: Tensor, embedding: Tensor) -> Tensor:
        """The motion of latent vectors.

        Args:
            latent: ``(N, D)``.
            mask: bool ``(N, T)``, false for padding; it determines each clip's length.
            embedding: ``(N, E)``, of the word or picture.

        Returns:
            ``(N, T, 53, 6)``; padding is 0.
        """
        motion: Tensor = self.decoder(latent, mask, embedding)
        return motion


def _perceptron(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, outputs))


class _Positions(nn.Module):
    """Adds sines and cosines of each position (Vaswani et al. 2017, section 3.5), and applies dropout."""

    pe: Tensor

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        position = torch.arange(LONGEST, dtype=torch.float32)[:, None]
        rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * -(math.log(10000.0) / width))
        table = torch.zeros(LONGEST, width)
        table[:, 0::2], table[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)
        # ACTOR's shape: the batch is the second axis
        self.register_buffer("pe", table[:, None])

    def forward(self, states: Tensor) -> Tensor:
        moved: Tensor = self.dropout(states + self.pe[: states.shape[1], 0])
        return moved


class _Encoder(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.latent = sizes.latent
        self.muQuery = _perceptron(sizes.embedding, sizes.hidden, width)
        self.sigmaQuery = _perceptron(sizes.embedding, sizes.hidden, width)
        self.skelEmbedding = nn.Linear(len(UPPER) * NUMBERS, width)
        self.sequence_pos_encoder = _Positions(width, sizes.dropout)
        layer = nn.TransformerEncoderLayer(
            width, sizes.heads, sizes.feed_forward, sizes.dropout, activation="gelu", batch_first=True
        )
        self.seqTransEncoder = nn.TransformerEncoder(layer, sizes.layers[0], enable_nested_tensor=False)

    def forward(self, motion: Tensor, mask: Tensor, embedding: Tensor, hidden: Tensor | None) -> Posterior:
        upper = motion[:, :, list(UPPER)].flatten(2)
        if hidden is not None:
            upper = upper.masked_fill(hidden[:, :, None], 0.0)
        tokens = torch.stack([self.muQuery(embedding), self.sigmaQuery(embedding)], dim=1)
        states = self.sequence_pos_encoder(torch.cat([tokens, self.skelEmbedding(upper)], dim=1))
        latent = self.latent
        padding = torch.cat([mask.new_zeros(len(mask), 2), ~mask], dim=1)
        states = self.seqTransEncoder(states, src_key_padding_mask=padding)
        return Posterior(states[:, 0, :latent], states[:, 1, :latent])


class _Decoder(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.actionBiases = _perceptron(sizes.embedding, sizes.hidden, width)
        self.sequence_pos_encoder = _Positions(width, sizes.dropout)
        layer = _DecoderLayer(width, sizes.heads, sizes.feed_forward, sizes.dropout, activation="gelu", batch_first=True)
        self.seqTransDecoder = nn.TransformerDecoder(layer, sizes.layers[1])
        self.finallayer = nn.Linear(width, len(JOINTS) * NUMBERS)

    def forward(self, latent: Tensor, mask: Tensor, embedding: Tensor) -> Tensor:
        bias = self.actionBiases(embedding)
        memory = (nn.functional.pad(latent, (0, bias.shape[1] - latent.shape[1])) + bias)[:, None]
        times = self.sequence_pos_encoder(latent.new_zeros(*mask.shape, bias.shape[1]))
        states = self.seqTransDecoder(times, memory, tgt_key_padding_mask=~mask)
        motion: Tensor = self.finallayer(states).masked_fill(~mask[:, :, None], 0.0)
        return motion.view(*mask.shape, len(JOINTS), NUMBERS)


class _DecoderLayer(nn.TransformerDecoderLayer):
    """A layer whose memory is one vector, to which every frame attends with the weight 1: one frame's result is everyone's."""

    def _mha_block(self, x: Tensor, mem: Tensor, *masks: Any, **options: Any) -> Tensor:
        if mem.shape[1] > 1 or (self.training and self.multihead_attn.dropout > 0):
            return super()._mha_block(x, mem, *masks, **options)
        return super()._mha_block(x[:, :1], mem, *masks, **options).expand_as(x)


class WordEncoder(nn.Module):
    """The mean vector of a word's n-grams (Bojanowski et al. 2017, section 3.2), normalised; CLIP's stand-in."""

    def __init__(self, buckets: int, width: int) -> None:
        """Builds the encoder.

        Args:
            buckets: number of vectors.
            width: E, numbers of an embedding.
        """
        super().__init__()
        self.vectors = nn.Embedding(buckets, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)

    def forward(self, parts: Tensor, mask: Tensor) -> Tensor:
        """Embeds words.

        Args:
            parts: int ``(N, L)``, the buckets of each word's n-grams.
            mask: bool ``(N, L)``, false for padding.

        Returns:
            ``(N, E)``.
        """
        weights = mask[:, :, None].to(self.vectors.weight.dtype)
        embedded: Tensor = self.norm((self.vectors(parts) * weights).sum(dim=1) / weights.sum(dim=1))
        return embedded


class PictureEncoder(nn.Module):
    """A small convolutional network that maps a picture to the embedding of its word; in the small network CLIP's stand-in."""

    def __init__(self, width: int) -> None:
        """Builds the encoder.

        Args:
            width: E, numbers of an embedding.
        """
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs in (16, 32, 64, 64):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.GroupNorm(4, outputs), nn.GELU()]
            inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(inputs * 16, width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Embeds pictures.

        Args:
            pictures: ``(N, H, W, 3)``, RGB from 0 to 255.

        Returns:
            ``(N, E)``.
        """
        states = self.layers(pictures.permute(0, 3, 1, 2) / 127.5 - 1)
        pooled = nn.functional.adaptive_avg_pool2d(states, 4).flatten(1)
        embedded: Tensor = self.norm(self.head(pooled))
        return embedded
