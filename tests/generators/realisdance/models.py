"""Tiny networks of RealisDance with random weights, and models and published files of them."""

from __future__ import annotations

from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from signbench.extractors.network_loading import random_weights, without_weights
from signbench.generators.realisdance.config import RealisDanceConfig
from signbench.generators.realisdance.network import RealisDance
from signbench.generators.realisdance.training import kept_tensors
from signbench.weights.reference_models import ReferenceModel, write_model

TINY = replace(
    RealisDanceConfig.small(),
    canvas=64,
    groups=4,
    widths=(8, 8, 8, 8),
    heads=2,
    motion_heads=2,
    guider_widths=(2, 4, 4, 8),
    text_width=8,
    latent_channels=4,
    latent_groups=4,
    latent_widths=(8, 8, 8, 8),
    encoder_width=8,
    encoder_layers=1,
    encoder_heads=2,
    encoder_patch=16,
    window=4,
    overlap=1,
    longest=8,
    steps=2,
)


def weights_of(config: RealisDanceConfig = TINY) -> dict[str, torch.Tensor]:
    """Random weights that neither die nor explode; positions keep their values."""
    torch.manual_seed(0)
    own = {name: tensor for name, tensor in RealisDance(config).state_dict().items() if name.endswith(".pe")}
    drawn = random_weights(without_weights(lambda: RealisDance(config)))
    return {name: own[name] if name in own else 0.5 * tensor for name, tensor in drawn.items()}


def network_of(config: RealisDanceConfig = TINY) -> RealisDance:
    """The networks with random weights, in evaluation mode."""
    network = RealisDance(config).eval().requires_grad_(False)
    network.load_state_dict(weights_of(config))
    return network


def picture(seed: int = 0, size: int = 64) -> np.ndarray:
    """A random picture of a person."""
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 256, (size, size, 3), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """The picture as a file."""
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def written_model(folder: Path, config: RealisDanceConfig = TINY, persons: tuple[str, ...] = ("Ada", "Gus")) -> ReferenceModel:
    """A model with random weights."""
    card = {
        "kind": "generator",
        "model": "realisdance",
        "configuration": "small",
        "summary": "Random weights.",
        "licence": "CC0-1.0",
    }
    files = {f"person-{name}.png": png(picture(number)) for number, name in enumerate(persons)}
    return write_model(folder, card, config=asdict(config), tensors=kept_tensors(weights_of(config)), files=files)
