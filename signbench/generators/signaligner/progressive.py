"""The generator Progressive Transformers (Saunders, Camgoz and Bowden 2020), in free running and as its release decodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.base import Anchor, Card, Generator
from signbench.generators.computing import computing
from signbench.generators.signaligner.checkpoints import PUBLISHED, Checkpoint
from signbench.generators.signaligner.model import Sentence, padded_words, signed, source_of
from signbench.generators.signaligner.numbers import numbers_of_points
from signbench.media.layouts import layout
from signbench.media.pose import Pose, in_layout
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import as_points, stretched
from signbench.weights.reference_models import has_model

if TYPE_CHECKING:
    from signbench.generators.signaligner.network import SignAligner
    from signbench.generators.training import References

NAME = PUBLISHED
_CITATION = "Saunders, Camgoz and Bowden 2020: Progressive Transformers for End-to-End Sign Language Production"


class ProgressiveTransformersGenerator(Generator):
    """Signs a sentence as key points, frame by frame: the baseline of most tables of sign production.

    Free running, like SignAligner: the first frame is 0 with the counter 0, and the sentence ends when the counter that the network
    predicts reaches 1. Published numbers are mostly of another decoding,
    which is given the reference's first frame, counters and length: ``progressive-transformers-leaking``.

    Args:
        checkpoint: the name of a reference model, its folder, or a published ``best.ckpt``; None: the shipped model.
        vocabulary: of a published file: its ``src_vocab.txt``.
        device: the device of the network, such as ``cuda:0``.
    """

    def __init__(self, checkpoint: str | Path | None = None, *, vocabulary: str | Path | None = None, device: str = "cpu") -> None:
        self._checkpoint = _found(checkpoint, vocabulary)
        self._device = device
        self.card = _card(NAME, self._checkpoint)
        self.choices = self._checkpoint.choices

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            with computing(self._device):
                (made,) = signed(self._network, [_source(prompt, self._checkpoint)], self._checkpoint.words)
            yield _production(made, prompt)

    @cached_property
    def _network(self) -> SignAligner:
        return self._checkpoint.loaded(self._device)


class ProgressiveTransformersLeaking(Anchor):
    """Signs as the release of Progressive Transformers decodes: an anchor, since it is given parts of the reference.

    Those are the first frame, the counter of every frame, and so the length and the timing. Use it only to see what this adds to
    free running.

    Args:
        checkpoint: as for ``progressive-transformers``.
        vocabulary: as for ``progressive-transformers``.
        device: as for ``progressive-transformers``.
    """

    _references: References

    def __init__(self, checkpoint: str | Path | None = None, *, vocabulary: str | Path | None = None, device: str = "cpu") -> None:
        self._checkpoint = _found(checkpoint, vocabulary)
        self._device = device
        self.card = replace(_card(f"{NAME}-leaking", self._checkpoint), sees="references")
        self.choices = self._checkpoint.choices

    def see(self, references: References) -> None:
        self._references = references

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            numbers, seen = self._numbers(as_points(self._references.media(prompt.clip)).pose(None))
            with computing(self._device):
                made = self._led(prompt, numbers, seen)
            yield _production(made, prompt)

    def _numbers(self, reference: Pose) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The reference as the network's numbers, at its rate; and which of them were seen."""
        config = self._checkpoint.config
        pose = reference if reference.fps is None else reference.at_rate(config.rate)
        if config.points == "pt-50":
            numbers = in_layout(pose, layout("pt-50")).points.reshape(pose.frames, -1)
            return numbers, np.ones(numbers.shape, np.bool_)
        whole = in_layout(pose, layout("coco-wholebody-133"))
        return numbers_of_points(np.concatenate([whole.points[..., :2], whole.confidence[..., None]], axis=-1), config)

    def _led(self, prompt: Prompt, numbers: NDArray[np.float32], seen: NDArray[np.bool_]) -> Sentence:
        import torch

        network, frames = self._network, len(numbers)
        words, mask = padded_words([_source(prompt, self._checkpoint)], self._checkpoint.words)
        first = network.normalised("pose", torch.from_numpy(numbers[:1]).to(self._device))
        # as in training, what was not seen is the mean
        first = first.masked_fill(~torch.from_numpy(seen[:1]).to(self._device), 0.0)
        # the release counts a clip's frames from 0, and has no frame before them
        own = self._checkpoint.model is not None
        counter = (torch.arange(frames + 1) if own else torch.arange(frames)).to(self._device) / frames
        found = network.led(words.to(self._device), mask.to(self._device), first[None], counter[None], start=own)
        return Sentence({"pose": network.numbers("pose", found[0]).float().cpu().numpy()}, network)

    @cached_property
    def _network(self) -> SignAligner:
        return self._checkpoint.loaded(self._device)


def _found(checkpoint: str | Path | None, vocabulary: str | Path | None) -> Checkpoint:
    if checkpoint is None and not has_model(NAME):
        raise InputError(
            f"the weights of {NAME} are not present; run signbench train {NAME} --out reference_models/{NAME}, or name others with "
            "`checkpoint`."
        )
    return Checkpoint.found(NAME if checkpoint is None else checkpoint, NAME, vocabulary)


def _card(name: str, checkpoint: Checkpoint) -> Card:
    return Card(
        name=name if checkpoint.name == NAME else f"{name}:checkpoint={checkpoint.name}",
        version="1",
        modalities=("pose",),
        prompt_fields=("gloss",) if checkpoint.config.source == "gloss" else ("text|word",),
        licence=checkpoint.licence,
        checkpoint=checkpoint.sha256,
        citation=_CITATION,
    )


def _source(prompt: Prompt, checkpoint: Checkpoint) -> list[str]:
    config = checkpoint.config
    text = prompt.text or prompt.word
    if not (prompt.gloss if config.source == "gloss" else text):
        raise InputError(f"clip {prompt.clip}: {NAME} needs {'glosses' if config.source == 'gloss' else 'a text'}.")
    known = config.signers
    return source_of(text, prompt.gloss, prompt.signer if prompt.signer in known else known[0] if known else None, config)


def _production(made: Sentence, prompt: Prompt) -> Production:
    pose = made.pose(wanted=prompt.layout).at_rate(prompt.fps)
    return Production(prompt.clip, pose=stretched(pose, prompt.length), fps=prompt.fps)
