"""Signing words with SignAvatar: the generator's overhead over the bare passes of its decoder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from benchmarks.measurement import Row, alternating

_WORDS = ("book", "drink", "house", "mother", "school", "sleep", "tree", "water")
_FRAMES = 36
"""The mean length of SynthSign's isolated signs, at 25 frames per second."""


def rows() -> list[Row]:
    """The overhead with the small and with the paper's network, both with random weights and their own encoder of words."""
    found = []
    for name in ("small", "paper"):
        with tempfile.TemporaryDirectory() as folder:
            production, bare = alternating(*_functions(Path(folder), name), repetitions=15)
        found.append(
            Row(
                f"generating with signavatar / its bare decoder ({len(_WORDS)} words of {_FRAMES} frames, {name} network)",
                production / bare,
                "x",
                "<= 1.05",
                f"{production / len(_WORDS) * 1000:.2f} ms / {bare / len(_WORDS) * 1000:.2f} ms a clip",
            )
        )
    return found


def _functions(folder: Path, name: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """Generating words, and the decoder on as many latent vectors of the same lengths."""
    import torch

    from signbench.generators.signavatar.config import SignAvatarConfig
    from signbench.generators.signavatar.generator import SignAvatarGenerator
    from signbench.generators.signavatar.joints import JOINTS
    from signbench.generators.signavatar.model import kept_tensors
    from signbench.media.layouts import layout
    from signbench.predictions.prompts import Made, Prompt
    from signbench.weights.reference_models import write_model

    small = SignAvatarConfig.small()
    # without CLIP, whose weights would have to be fetched
    config = small if name == "small" else replace(SignAvatarConfig.paper(), condition="own", buckets=small.buckets)
    torch.manual_seed(0)
    network = config.build().eval()
    # near one pose, as trained networks are: rotations by more than 120 degrees are rare, and take longer
    with torch.no_grad():
        network.decoder.finallayer.weight.mul_(0.1)
        network.decoder.finallayer.bias.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(len(JOINTS)))
    card = {"kind": "generator", "model": "signavatar", "configuration": name, "summary": "Random weights.", "licence": "CC0-1.0"}
    write_model(folder / "model", card, config=asdict(config), tensors=kept_tensors(network.state_dict()), files={})
    generator = SignAvatarGenerator(folder / "model")
    made = Made("motion", 25.0, layout=layout("smplx-55"))
    prompts = [Prompt(clip=word, made=made, word=word, length=_FRAMES) for word in _WORDS]
    frames = int(np.ceil((_FRAMES - 1) * config.rate / made.fps)) + 1
    mask = torch.ones(1, frames, dtype=torch.bool)
    latents, embeddings = torch.randn(len(_WORDS), 1, config.latent), torch.randn(len(_WORDS), 1, config.embedding)

    def produced() -> None:
        for _ in generator.generate(prompts, range(len(prompts))):
            pass

    def bare() -> None:
        with torch.inference_mode():
            for latent, embedding in zip(latents, embeddings, strict=True):
                network.decode(latent, mask, embedding)

    torch.set_num_threads(1)
    return produced, bare
