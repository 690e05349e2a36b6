"""Tiny networks of MimicMotion with random weights, and models and published files of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import torch

from signbench.extractors.network_loading import random_weights, without_weights
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.network import MimicMotion
from signbench.weights.reference_models import ReferenceModel, write_model

TINY = replace(
    MimicMotionConfig.small(),
    widths=(32, 32, 32, 32),
    heads=(1, 1, 1, 1),
    blocks=1,
    time_width=8,
    embedding=32,
    latent_channels=4,
    latent_widths=(32, 32, 32, 32),
    encoder_size=16,
    encoder_patch=8,
    encoder_width=80,
    encoder_inner=32,
    encoder_layers=1,
    encoder_heads=1,
    tile=4,
    overlap=2,
    steps=2,
)


def weights_of(config: MimicMotionConfig = TINY) -> dict[str, torch.Tensor]:
    """Random weights that neither die nor explode."""
    return {name: 0.5 * tensor for name, tensor in random_weights(without_weights(lambda: MimicMotion(config))).items()}


def network_of(config: MimicMotionConfig = TINY):
    """The networks with random weights, in evaluation mode."""
    network = MimicMotion(config).eval().requires_grad_(False)
    network.load_state_dict(weights_of(config))
    return network


def written_generator(folder: Path, config: MimicMotionConfig = TINY, more: Mapping[str, object] | None = None) -> ReferenceModel:
    """A model with random weights, and perhaps more fields of its configuration's file."""
    card = {
        "kind": "generator",
        "model": "mimicmotion",
        "configuration": "small",
        "summary": "Random weights.",
        "licence": "CC0-1.0",
    }
    return write_model(folder, card, config={**asdict(config), **(more or {})}, tensors=weights_of(config), files={})
