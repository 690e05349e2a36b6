"""CLIP ViT-B/32 (Radford et al. 2021): one space for words and pictures. Its weights are fetched, see ``docs/weights.md``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, TOKENIZER = "clip-vit-base-patch32", "clip-vit-base-patch32-tokenizer"
"""The names of its files in the registry of weights."""

_HEAD = 64
_POSITIONS = "position_ids"
_MEAN, _DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class Clip:
    """Embeds words and pictures by CLIP's two projections, not normalised.

    A word is embedded as it is, without a sentence around it: the state at the end of the text, projected. A picture is scaled so
    that its shorter side fits, by bicubic interpolation, and cropped at the centre.
    """

    def __init__(self, device: str) -> None:
        """Loads the weights.

        Args:
            device: of the network.

        Raises:
            InputError: a file is missing, or is not CLIP's.
        """
        import torch

        from signbench.extractors.network_loading import device_of, give_weights, official_weights, without_weights

        tensors = {name: value for name, value in official_weights(WEIGHTS).items() if not name.endswith(_POSITIONS)}
        self._words = _tokenizer()
        self._device = device_of(device)
        config = _config(tensors)
        self._side = config.vision_config.image_size
        self._longest = config.text_config.max_position_embeddings
        network = without_weights(lambda: _network(config))
        give_weights(network, tensors, WEIGHTS)
        for part in (network.text_model, network.vision_model):
            # the numbers of the positions are no weights, and have no values on the meta device
            part.embeddings.position_ids = torch.arange(part.embeddings.position_ids.shape[1])[None]
        self._network = network.to(self._device)

    def words(self, words: Sequence[str]) -> Tensor:
        """The embeddings of words, ``(N, E)``; see :class:`~signbench.generators.signavatar.embedding.Embedder`."""
        import torch

        rows = []
        for word in words:
            if not word.strip():
                raise InputError("a word is empty; a generator needs one to sign.")
            indices = self._words.encode(word).ids
            indices = indices[: self._longest - 1] + indices[-1:] if len(indices) > self._longest else indices
            states = self._network.text_model(torch.tensor([indices], device=self._device)).last_hidden_state
            rows.append(self._network.text_projection(states[0, -1]))
        return torch.stack(rows)

    def pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """The embeddings of pictures, ``(N, E)``; see :class:`~signbench.generators.signavatar.embedding.Embedder`."""
        import torch

        batch = torch.from_numpy(np.stack([_cropped(picture, self._side) for picture in pictures])).to(self._device)
        pooled = self._network.vision_model(batch.permute(0, 3, 1, 2)).pooler_output
        embedded: Tensor = self._network.visual_projection(pooled)
        return embedded


def _cropped(picture: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """A picture as CLIP reads it, float32 ``(side, side, 3)``."""
    from PIL import Image

    height, width = picture.shape[:2]
    scale = side / min(height, width)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    scaled = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
    top, left = (scaled.shape[0] - side) // 2, (scaled.shape[1] - side) // 2
    values = scaled[top : top + side, left : left + side].astype(np.float32) / 255
    return ((values - np.array(_MEAN, np.float32)) / np.array(_DEVIATION, np.float32)).astype(np.float32)


def _tokenizer() -> Any:
    """CLIP's tokenizer.

    Raises:
        InputError: its file is missing or damaged, or the package is not installed.
    """
    from signbench.weights.store import path_of

    path = path_of(TOKENIZER)
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise InputError("CLIP needs transformers; install signbench[models].") from error
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises bare exceptions
        raise InputError(f"{path} is not a tokenizer: {error}; run: signbench weights fetch {TOKENIZER}.") from error


def _config(tensors: Mapping[str, Tensor]) -> Any:
    """The sizes of a CLIP with the given tensors; its heads have 64 numbers each, which tensors do not show."""
    try:
        from transformers import CLIPConfig
    except ImportError as error:
        raise InputError("CLIP needs transformers; install signbench[models].") from error
    try:
        words = tensors["text_model.embeddings.token_embedding.weight"]
        positions = tensors["text_model.embeddings.position_embedding.weight"]
        patches = tensors["vision_model.embeddings.patch_embedding.weight"]
        cells = tensors["vision_model.embeddings.position_embedding.weight"]
        inner = [tensors[f"{part}_model.encoder.layers.0.mlp.fc1.weight"].shape[0] for part in ("text", "vision")]
        projected = tensors["text_projection.weight"].shape[0]
    except KeyError as error:
        raise InputError(f"the weights {WEIGHTS} have no {error.args[0]}; run: signbench weights fetch {WEIGHTS}.") from error
    patch = patches.shape[2]
    sizes = {"projection_dim": projected, "hidden_act": "quick_gelu"}
    text = {
        "vocab_size": words.shape[0],
        "max_position_embeddings": positions.shape[0],
        **_sizes(tensors, "text", words.shape[1], inner[0]),
    }
    vision = {
        "patch_size": patch,
        "image_size": patch * round((cells.shape[0] - 1) ** 0.5),
        **_sizes(tensors, "vision", patches.shape[0], inner[1]),
    }
    return CLIPConfig(text_config={**sizes, **text}, vision_config={**sizes, **vision}, projection_dim=projected)


def _sizes(tensors: Mapping[str, Tensor], part: str, width: int, inner: int) -> dict[str, int]:
    layer = re.compile(rf"{part}_model\.encoder\.layers\.(\d+)\.")
    layers = 1 + max(int(found[1]) for name in tensors if (found := layer.match(name)))
    return {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": max(1, width // _HEAD),
    }


def _network(config: Any) -> Any:
    from transformers import CLIPModel

    return CLIPModel(config)
