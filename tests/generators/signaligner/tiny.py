"""A tiny SignAligner with seeded random weights, as a reference model."""

from __future__ import annotations

from dataclasses import asdict, replace

import torch

from signbench.generators.signaligner.config import SignAlignerConfig
from signbench.generators.signaligner.model import WORDS, kept_tensors
from signbench.generators.signaligner.network import SignAligner
from signbench.networks.vocabulary import CLOSING, OPENING, PADDING, UNKNOWN
from signbench.weights.reference_models import write_model

VOCABULARY = (UNKNOWN, PADDING, OPENING, CLOSING, "<Gus>", "<Ada>", "the", "dog", "sleeps", "today", ".", "mother")
TINY = replace(
    SignAlignerConfig.small(len(VOCABULARY), ("Gus", "Ada")),
    width=16,
    feed_forward=32,
    encoder_layers=1,
    correction_width=16,
    longest=40,
)


def tiny_network(config=TINY, seed=0):
    """Random weights that move; the correction does not begin as the identity."""
    torch.manual_seed(seed)
    network = SignAligner.random(config).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.25 if "decoders" in name else 0.1)
        for stream in config.streams:
            # a body in front of the camera
            getattr(network, f"scale_{stream}").fill_(0.1)
        if "pose" in config.streams:
            network.camera.copy_(torch.tensor([256.0, 200.0, 150.0]))
    return network


def write_tiny(folder, config=TINY, **changes):
    card = {"kind": "generator", "model": "signaligner", "configuration": "small", "summary": "For tests.", "licence": "CC0-1.0"}
    words = "".join(f"{word}\n" for word in VOCABULARY).encode()
    tensors = kept_tensors(tiny_network(config).state_dict())
    return write_model(folder, {**card, **changes}, config=asdict(config), tensors=tensors, files={WORDS: words})
