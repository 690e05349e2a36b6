"""Embeddings of words and pictures: by the network's own encoders, or by CLIP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.signavatar.words import word_parts
from signbench.media.video import resize_frames

if TYPE_CHECKING:
    from torch import Tensor

    from signbench.generators.signavatar.config import SignAvatarConfig
    from signbench.generators.signavatar.network import SignAvatar


class Embedder(Protocol):
    """Embeds words and pictures in one space."""

    def words(self, words: Sequence[str]) -> Tensor:
        """The embeddings of words, ``(N, E)``.

        Raises:
            InputError: a word is empty.
        """

    def pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """The embeddings of pictures, ``(N, E)``.

        Args:
            pictures: uint8 ``(H, W, 3)`` RGB each, of any size.

        Raises:
            InputError: there is no encoder of pictures.
        """


def embedder_of(network: SignAvatar, config: SignAvatarConfig, device: str) -> Embedder:
    """The embedder that a network was trained with.

    Args:
        network: on the device, in evaluation mode.
        config: its configuration.
        device: of the embeddings.

    Raises:
        InputError: it is CLIP, whose weights are missing.
    """
    if config.condition == "own":
        return OwnEmbedder(network, config, device)
    from signbench.generators.signavatar.clip import Clip

    return Clip(device)


class OwnEmbedder:
    """The encoders of a small network."""

    def __init__(self, network: SignAvatar, config: SignAvatarConfig, device: str) -> None:
        """Args: network: in evaluation mode; config: its configuration; device: of the embeddings."""
        self._network, self._config, self._device = network, config, device

    def words(self, words: Sequence[str]) -> Tensor:
        """The embeddings of words; see :meth:`Embedder.words`."""
        if self._network.words is None:
            raise InputError("this SignAvatar has no encoder of words.")
        embedded: Tensor = self._network.words(*word_parts(words, self._config.buckets, self._device))
        return embedded

    def pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """The embeddings of pictures, resized to the encoder's size; see :meth:`Embedder.pictures`."""
        import torch

        if self._network.pictures is None:
            raise InputError("this SignAvatar was trained without pictures; grant it a word.")
        side = (self._config.picture, self._config.picture)
        sized = np.concatenate([resize_frames(picture[None], side) for picture in pictures])
        embedded: Tensor = self._network.pictures(torch.from_numpy(sized).float().to(self._device))
        return embedded
