"""A tiny SignAvatar with seeded random weights, as a reference model."""

from __future__ import annotations

from dataclasses import asdict, replace

import torch

from signbench.generators.signavatar.config import SignAvatarConfig
from signbench.generators.signavatar.model import kept_tensors
from signbench.weights.reference_models import write_model

TINY = replace(SignAvatarConfig.small(), width=16, latent=8, feed_forward=32, embedding=12, hidden=16, buckets=64, picture=32)
TINY_CLIP = replace(
    SignAvatarConfig.paper(), width=16, latent=16, feed_forward=32, encoder_layers=1, decoder_layers=2, embedding=12, hidden=16
)


def tiny_network(config=TINY, seed=0):
    torch.manual_seed(seed)
    network = config.build().eval()
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1 and "vectors" not in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return network


def write_tiny(folder, config=TINY, **changes):
    card = {"kind": "generator", "model": "signavatar", "configuration": "small", "summary": "For tests.", "licence": "CC0-1.0"}
    tensors = kept_tensors(tiny_network(config).state_dict())
    return write_model(folder, {**card, **changes}, config=asdict(config), tensors=tensors, files={})
