"""Sizes of a SignAvatar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from signbench.generators.signavatar.network import SignAvatar


@dataclass(frozen=True)
class SignAvatarConfig:
    """A SignAvatar's architecture.

    Attributes:
        width: width of the hidden states.
        latent: numbers of the latent vector, at most the width. The encoder's other outputs are not used, and the decoder adds the
            vector to the first numbers of the condition's bias.
        heads: number of attention heads.
        feed_forward: width of the feed-forward layers.
        encoder_layers: number of layers of the encoder.
        decoder_layers: number of layers of the decoder.
        dropout: dropout in training.
        embedding: numbers of a word's or picture's embedding.
        hidden: width of the three-layer perceptrons that an embedding passes through.
        rate: frames per second of the motion that it encodes and decodes.
        condition: ``clip``: embeddings of CLIP ViT-B/32; ``own``: those of its own word and picture encoders.
        buckets: own word encoder: number of vectors that the n-grams of words are distributed over.
        picture: own picture encoder: height and width of a picture in pixels; 0: it has none.
    """

    width: int
    latent: int
    heads: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    dropout: float
    embedding: int
    hidden: int
    rate: float
    condition: Literal["clip", "own"]
    buckets: int = 0
    picture: int = 0

    @classmethod
    def paper(cls) -> SignAvatarConfig:
        """The network of the paper, with the sizes of ACTOR, which it builds on: 8 + 8 layers of width 256, on CLIP ViT-B/32."""
        return cls(256, 256, 4, 1024, 8, 8, 0.1, 512, 256, 25.0, "clip")

    @classmethod
    def small(cls) -> SignAvatarConfig:
        """A smaller network that trains on one core, with word and picture encoders of its own."""
        return cls(128, 16, 4, 256, 2, 3, 0.0, 64, 128, 12.5, "own", 2048, 64)

    def build(self) -> SignAvatar:
        """Builds the network with random weights."""
        from signbench.generators.signavatar.network import SignAvatar, Sizes

        sizes = Sizes(
            self.width,
            self.latent,
            self.heads,
            self.feed_forward,
            (self.encoder_layers, self.decoder_layers),
            self.dropout,
            self.embedding,
            self.hidden,
        )
        own = self.condition == "own"
        return SignAvatar(sizes, self.buckets if own else 0, pictures=own and self.picture > 0)
