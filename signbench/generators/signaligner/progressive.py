"""The generator Progressive Transformers (Saunders, Camgoz and Bowden 2020), in free running and as its release decodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from signbench.generators.base import Anchor
from signbench.generators.signaligner.checkpoints import PUBLISHED
from signbench.generators.signaligner.model import Sentence, padded_words
from signbench.generators.signaligner.numbers import numbers_of_points
from signbench.generators.signaligner.stages import StagedGenerator
from signbench.media.layouts import layout
from signbench.media.pose import Pose, in_layout
from signbench.predictions.prompts import Prompt
from signbench.predictions.sampling import as_points

if TYPE_CHECKING:
    from signbench.generators.training import References

_CITATION = "Saunders, Camgoz and Bowden 2020: Progressive Transformers for End-to-End Sign Language Production"


class ProgressiveTransformersGenerator(StagedGenerator):
    """Signs a sentence frame by frame: the baseline of most tables of sign production.

    Published numbers are mostly of another decoding, which is given the reference's first frame, counters and length:
    ``progressive-transformers-leaking``. Here the first frame is 0 with the counter 0, and the sentence ends when the counter that
    the network predicts reaches 1. If a length is granted, the sentence is stretched to it.

    Hands and bodies are made by separate models and rendered as SynthSign renders its own, on black; hands of the stage ``hamer``
    are on the arms of the body of the same sentence, because HaMeR's parameters have no position.

    Args:
        checkpoint: the name of a reference model, its folder, or a published ``best.ckpt``; None: the shipped model.
        stage: what it makes: ``pose`` (key points), ``hamer`` (a video of hands), ``smplx`` (a video of a body, or its motion) or
            ``video`` (a video of a person, by RealisDance).
        video: of ``stage=video``: the name of a reference model of RealisDance, its folder, or a published file; None: the shipped
            model.
        person: of ``stage=video``: a signer whose picture that model has, or the file of a picture; None: the task's source
            picture, or else the signer who signs.
        vocabulary: of a published file: its ``src_vocab.txt``.
        device: the device of the networks, such as ``cuda:0``.
    """

    name: ClassVar[str] = PUBLISHED
    citation: ClassVar[str] = _CITATION

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        *,
        stage: str = "pose",
        video: str | Path | None = None,
        person: str | Path | None = None,
        vocabulary: str | Path | None = None,
        device: str = "cpu",
    ) -> None:
        own = self.name if stage == "pose" else f"{self.name}-three-streams"
        self.card = self._card(
            self._prepare(checkpoint, own, stage, vocabulary=vocabulary, video=video, person=person, device=device)
        )


class ProgressiveTransformersLeaking(StagedGenerator, Anchor):
    """Signs as the release of Progressive Transformers decodes: an anchor, since it is given parts of the reference.

    Those are the first frame, the counter of every frame, and so the length and the timing. Use it only to see what this adds to
    free running.

    Args:
        checkpoint: as for ``progressive-transformers``.
        vocabulary: as for ``progressive-transformers``.
        device: as for ``progressive-transformers``.
    """

    name: ClassVar[str] = f"{PUBLISHED}-leaking"
    citation: ClassVar[str] = _CITATION
    _references: References

    def __init__(self, checkpoint: str | Path | None = None, *, vocabulary: str | Path | None = None, device: str = "cpu") -> None:
        parts = self._prepare(checkpoint, PUBLISHED, "pose", kind=PUBLISHED, vocabulary=vocabulary, device=device)
        self.card = replace(self._card(parts), sees="references")

    def see(self, references: References) -> None:
        self._references = references

    def _numbers(self, reference: Pose) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The reference as the network's numbers, at its rate; and which of them were seen."""
        config = self._config
        pose = reference if reference.fps is None else reference.at_rate(config.rate)
        if config.points == "pt-50":
            numbers = in_layout(pose, layout("pt-50")).points.reshape(pose.frames, -1)
            return numbers, np.ones(numbers.shape, np.bool_)
        whole = in_layout(pose, layout("coco-wholebody-133"))
        return numbers_of_points(np.concatenate([whole.points[..., :2], whole.confidence[..., None]], axis=-1), config)

    def _signed(self, prompt: Prompt) -> Sentence:
        import torch

        numbers, seen = self._numbers(as_points(self._references.media(prompt.clip)).pose(None))
        (network, vocabulary), frames = self._loaded, len(numbers)
        words, mask = padded_words([self._source(prompt)], vocabulary)
        first = network.normalised("pose", torch.from_numpy(numbers[:1]).to(self._device))
        # as in training, what was not seen is the mean
        first = first.masked_fill(~torch.from_numpy(seen[:1]).to(self._device), 0.0)
        # the release counts a clip's frames from 0, and has no frame before them
        own = self._checkpoint.model is not None
        counter = (torch.arange(frames + 1) if own else torch.arange(frames)).to(self._device) / frames
        found = network.led(words.to(self._device), mask.to(self._device), first[None], counter[None], start=own)
        return Sentence({"pose": network.numbers("pose", found[0]).float().cpu().numpy()}, network)
