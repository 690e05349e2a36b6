"""The generator SignAvatar (Dong, Chaudhary, Xu, Wang, Lary and Nwogu 2024)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import normal
from signbench.corpora.recordings import rotations_of
from signbench.errors import InputError
from signbench.generators.base import Card, Generator
from signbench.generators.computing import computing
from signbench.generators.signavatar.joints import between_frames, motion_of_six, six_of
from signbench.generators.signavatar.model import MODEL, Checkpoint, Loaded
from signbench.media.motion import Motion
from signbench.media.pose import in_layout
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import as_points, frame_count, wanted_length
from signbench.weights.reference_models import has_model

if TYPE_CHECKING:
    from torch import Tensor

    from signbench.generators.training import TrainView

_CITATION = "Dong, Chaudhary, Xu, Wang, Lary and Nwogu 2024: SignAvatar: Sign Language 3D Motion Reconstruction and Generation"


class SignAvatarGenerator(Generator):
    """Signs a word, or what a picture shows, with a conditional variational transformer.

    Without a motion to follow, the latent vector is drawn from the standard normal distribution by the clip's seed, and decoded to
    the length in the prompt; if there is none, to the length of a train clip of the word that the seed picks, or for an unknown
    word, to the mean length of train. With a motion, as for reconstruction, the latent vector is the mean of that motion's
    distribution, and the production has its length. The network's rate may differ from the task's: between two of its frames the
    6D rotations change along a line. The pelvis stays at the origin, and the eyes look ahead.

    Args:
        checkpoint: the name of a reference model, its folder, or a published file; None: the shipped model.
        device: the device of the network, such as ``cuda:0``.
    """

    def __init__(self, checkpoint: str | Path | None = None, device: str = "cpu") -> None:
        if checkpoint is None and not has_model(MODEL):
            raise InputError(
                f"the weights of {MODEL} are not present; run signbench train {MODEL} --out reference_models/{MODEL}, or name "
                "others with `checkpoint`."
            )
        self._checkpoint = Checkpoint.found(MODEL if checkpoint is None else checkpoint)
        self._device = device
        model = self._checkpoint.model
        self.choices = {} if model is None else model.card.choices
        self.card = Card(
            name=MODEL if checkpoint is None or self._checkpoint.name == MODEL else f"{MODEL}:checkpoint={self._checkpoint.name}",
            version="1",
            modalities=("motion",),
            prompt_fields=("word|source_image",),
            licence="not stated in the files" if model is None else model.card.licence,
            checkpoint=self._checkpoint.sha256,
            citation=_CITATION,
        )
        self._lengths: dict[str, list[int]] = {}
        self._embedded: dict[str, Tensor] = {}
        self._train: TrainView | None = None

    def prepare(self, train: TrainView) -> None:
        self._train = train
        # a file that cannot be read ends the work here, rather than failing every clip
        _ = self._loaded
        for clip in train.words():
            if clip.word is not None:
                self._lengths.setdefault(clip.word, []).append(frame_count(clip.media, train.made))

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        if not prompts:
            return
        # all at once: what a caller does between two clips must not run with these settings
        with computing(self._device):
            made = [
                self._six(prompt, np.random.Generator(np.random.PCG64(seed))) for prompt, seed in zip(prompts, seeds, strict=True)
            ]
        whole = motion_of_six(np.concatenate(made), self._loaded.config.rate)
        ends = np.cumsum([len(one) for one in made])
        for prompt, end, one in zip(prompts, ends.tolist(), made, strict=True):
            own = slice(end - len(one), end)
            motion = Motion(whole.rotations[own], whole.translation[own], prompt.fps)
            if prompt.made.takes_rotations:
                yield Production(prompt.clip, motion=motion, fps=prompt.fps)
            else:
                pose = motion.pose()
                wanted = prompt.layout
                yield Production(prompt.clip, pose=pose if wanted is None else in_layout(pose, wanted), fps=prompt.fps)

    def _six(self, prompt: Prompt, draw: np.random.Generator) -> NDArray[np.float32]:
        """The 6D rotations ``(T, 53, 6)`` of a prompt, at its frame rate."""
        rate = self._loaded.config.rate
        embedding = self._embedding(prompt)
        length = wanted_length(prompt) or self._length(prompt, draw)
        if prompt.motion is None:
            latent = normal(draw, (self._loaded.config.latent,)).astype(np.float32)
        else:
            followed = rotations_of(as_points(prompt.motion), None)
            if followed is None:
                raise InputError(f"{prompt.motion.label} holds joint positions; {MODEL} encodes rotations.")
            followed = followed if followed.fps is None else followed.at_rate(rate)
            latent = self._loaded.latent_of(six_of(followed.rotations), embedding)
        # the last of the task's frames is between two of the network's, or on one
        frames = math.ceil((length - 1) * rate / prompt.fps - 1e-9) + 1
        positions = np.minimum(np.arange(length) * (rate / prompt.fps), frames - 1.0)
        return between_frames(self._loaded.generated(latent, frames, embedding), positions)

    def _embedding(self, prompt: Prompt) -> Tensor:
        if prompt.word is not None:
            if prompt.word not in self._embedded:
                self._embedded[prompt.word] = self._loaded.embedder.words([prompt.word])
            return self._embedded[prompt.word]
        if prompt.source_image is None:
            raise InputError(f"clip {prompt.clip}: {MODEL} needs a word or a picture.")
        return self._loaded.embedder.pictures([prompt.source_image])

    def _length(self, prompt: Prompt, draw: np.random.Generator) -> int:
        known = self._lengths.get(prompt.word or "")
        if known:
            return known[int(draw.integers(len(known)))]
        if self._train is None:
            raise InputError(f"clip {prompt.clip}: no length is granted, and {MODEL} has not seen train; call prepare first.")
        return self._train.mean_length

    @cached_property
    def _loaded(self) -> Loaded:
        return self._checkpoint.loaded(self._device)
