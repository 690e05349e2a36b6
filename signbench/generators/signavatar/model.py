"""A SignAvatar ready to use: its network, its configuration and its embedder, from a reference model or a published file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.generators.signavatar.config import SignAvatarConfig
from signbench.generators.signavatar.embedding import Embedder, embedder_of
from signbench.judges.network_judge import configured
from signbench.weights.digests import remembered_sha256_of
from signbench.weights.reference_models import ReferenceModel, find_checkpoint, read_model_of

if TYPE_CHECKING:
    from torch import Tensor

    from signbench.generators.signavatar.network import SignAvatar

MODEL = "signavatar"

POSITIONS = ".sequence_pos_encoder.pe"
"""The end of the names of tensors that the network computes itself; a model's files need not have them."""


@dataclass(frozen=True)
class Checkpoint:
    """Trained weights that were found, and not yet loaded.

    Attributes:
        path: the folder of a reference model, or a published file.
        model: the reference model; None for a published file.
    """

    path: Path
    model: ReferenceModel | None

    @classmethod
    def found(cls, checkpoint: str | Path) -> Checkpoint:
        """Finds weights.

        Args:
            checkpoint: the name of a reference model, its folder, or a published file.

        Raises:
            InputError: there is none, or it is another network's.
        """
        path = find_checkpoint(checkpoint)
        if path.is_file():
            return cls(path, None)
        return cls(path, read_model_of(path, MODEL))

    @property
    def name(self) -> str:
        """The model's name, or that of the file."""
        return self.path.name if self.model is None else self.model.card.name

    @property
    def sha256(self) -> str:
        """SHA-256 of the file; of a model, over the names and digests of the files that its answers depend on."""
        if self.model is None:
            return remembered_sha256_of(self.path)
        listed = "".join(f"{name} {digest}\n" for name, digest in sorted(self.model.card.files.items()))
        return hashlib.sha256(listed.encode()).hexdigest()

    def loaded(self, device: str) -> Loaded:
        """The network on a device.

        Raises:
            InputError: a file is missing, damaged or another network's, or CLIP's weights are missing.
        """
        from signbench.extractors.network_loading import device_of, give_weights

        if self.model is None:
            from signbench.generators.signavatar.checkpoints import read_official

            official = read_official(self.path)
            config, weights = official.config, dict(official.weights)
        else:
            config = configured(SignAvatarConfig, self.model.config(), self.model)
            weights = self.model.weights()
        network = config.build()
        computed = {name: tensor for name, tensor in network.state_dict().items() if name.endswith(POSITIONS)}
        give_weights(network, {**computed, **weights}, f"the model {self.name}")
        network = network.eval().requires_grad_(False).to(device_of(device))
        return Loaded(network, config, embedder_of(network, config, device), device)


@dataclass(frozen=True, eq=False)
class Loaded:
    """A network in evaluation mode, with what it needs.

    Attributes:
        network: on the device.
        config: its configuration.
        embedder: of words and pictures.
        device: the device.
    """

    network: SignAvatar
    config: SignAvatarConfig
    embedder: Embedder
    device: str

    def generated(self, latent: NDArray[np.float32], frames: int, embedding: Tensor) -> NDArray[np.float32]:
        """The motion of one latent vector.

        Args:
            latent: float32 ``(D,)``.
            frames: T, at the network's rate.
            embedding: ``(1, E)``.

        Returns:
            float32 ``(T, 53, 6)``.
        """
        import torch

        mask = torch.ones(1, frames, dtype=torch.bool, device=self.device)
        made = self.network.decode(torch.from_numpy(latent)[None].to(self.device), mask, embedding)
        found: NDArray[np.float32] = made[0].float().cpu().numpy()
        return found

    def latent_of(self, six: NDArray[np.float32], embedding: Tensor) -> NDArray[np.float32]:
        """The mean of a clip's latent vector, float32 ``(D,)``.

        Args:
            six: float32 ``(T, 53, 6)``.
            embedding: ``(1, E)``.
        """
        import torch

        motion = torch.from_numpy(six)[None].to(self.device)
        mask = torch.ones(1, len(six), dtype=torch.bool, device=self.device)
        found: NDArray[np.float32] = self.network.encode(motion, mask, embedding).mean[0].float().cpu().numpy()
        return found


def kept_tensors(state: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors that a model's file holds: all but those that the network computes itself."""
    return {name: tensor for name, tensor in state.items() if not name.endswith(POSITIONS)}
