"""What SignAligner and Progressive Transformers make of a sentence: key points, hands or bodies, or a video of a person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.base import Card, Generator, Modality
from signbench.generators.computing import computing
from signbench.generators.signaligner.checkpoints import Checkpoint
from signbench.generators.signaligner.config import STREAMS, Stream
from signbench.generators.signaligner.model import Sentence, signed, source_of
from signbench.generators.signaligner.video import VideoStage, widened
from signbench.media.motion import Motion
from signbench.media.pose import in_layout
from signbench.networks.vocabulary import Vocabulary
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import stretched
from signbench.weights.reference_models import has_model

if TYPE_CHECKING:
    from signbench.corpora.synthsign.signers import Signer
    from signbench.generators.signaligner.network import SignAligner

_MADE: dict[str, tuple[Modality, ...]] = {
    "pose": ("pose",),
    "hamer": ("video",),
    "smplx": ("video", "motion"),
    "video": ("video",),
}
_RENDERED = "Cem"
"""The signer of SynthSign whose body renders the motion of models that know none of its signers: all proportions are 1."""


class StagedGenerator(Generator):
    """Signs a sentence frame by frame, as key points, hands or body, or as a video of a person who is drawn from all three.

    The network's rate may differ from the task's: between two of its frames points move along a line, and joints take the shortest
    turn. If a length is granted, the sentence is stretched to it.
    """

    name: ClassVar[str]
    citation: ClassVar[str]

    def _prepare(
        self,
        checkpoint: str | Path | None,
        own: str,
        stage: str,
        *,
        kind: str | None = None,
        vocabulary: str | Path | None = None,
        video: str | Path | None = None,
        person: str | Path | None = None,
        correct: bool = True,
        fed_back: bool | None = None,
        device: str,
    ) -> list[str]:
        """Finds the weights.

        Args:
            checkpoint: the name of a reference model, its folder, or a published file; None: ``own``.
            own: the name of the shipped model.
            stage: ``pose``, ``hamer``, ``smplx`` or ``video``.
            kind: the generator that the weights must be for; None: this one.
            vocabulary: of a published file.
            video: of ``stage=video``: the name of a reference model of RealisDance, its folder, or a published file; None: the
                shipped model.
            person: of ``stage=video``: a signer whose picture that model has, or the file of a picture; None: the task's source
                picture, or else the signer who signs.
            correct: whether the streams are corrected, if the network can.
            fed_back: whether the decoders are given the frames that they made, or the counter alone; None: as the model says.
            device: the device of the network.

        Returns:
            The parameters that the card's name shows.

        Raises:
            InputError: an unknown stage, or weights that are missing or lack what the stage needs.
        """
        if stage not in _MADE:
            raise InputError(f"generator {self.name}: stage={stage} is unknown; use pose, hamer, smplx or video.")
        if stage != "video" and (video is not None or person is not None):
            raise InputError(f"generator {self.name}: video and person are parameters of stage=video.")
        if checkpoint is None and not has_model(own):
            raise InputError(
                f"the weights of {own} are not present; run signbench train {own} --out reference_models/{own}, or name "
                "others with `checkpoint`."
            )
        self._checkpoint = Checkpoint.found(own if checkpoint is None else checkpoint, kind or self.name, vocabulary)
        self._config = self._checkpoint.config
        self._stage = stage
        if lacking := [stream for stream in _needed(stage) if stream not in self._config.streams]:
            raise InputError(
                f"generator {self.name}: the model {self._checkpoint.name} has no stream {lacking[0]}, which stage={stage} needs."
            )
        self._correct = correct
        self._fed_back = self._config.fed_back if fed_back is None else fed_back
        self._device = device
        self._video = VideoStage(video, person, device) if stage == "video" else None
        self.choices = self._checkpoint.choices
        parts = [] if checkpoint is None or self._checkpoint.name == own else [f"checkpoint={self._checkpoint.name}"]
        parts += [] if stage == "pose" else [f"stage={stage}"]
        parts += [] if video is None or self._video is None else [f"video={self._video.checkpoint.name}"]
        parts += [] if person is None else [f"person={Path(person).name}"]
        return parts

    def _card(self, parts: Sequence[str]) -> Card:
        """The card, whose name shows the parameters that differ from the defaults."""
        return Card(
            name=self.name + (":" + ",".join(parts) if parts else ""),
            version="1",
            modalities=_MADE[self._stage],
            prompt_fields=("gloss",) if self._config.source == "gloss" else ("text|word",),
            licence=self._licence,
            checkpoint=self._sha256,
            citation=self.citation,
        )

    @property
    def _licence(self) -> str:
        own = self._checkpoint.licence
        return own if self._video is None or self._video.checkpoint.licence == own else f"{own}, {self._video.checkpoint.licence}"

    @property
    def _sha256(self) -> str:
        """SHA-256 of the model's files; with a video stage over both models' digests."""
        own = self._checkpoint.sha256
        if self._video is None:
            return own
        return hashlib.sha256(f"{own}\n{self._video.checkpoint.sha256}\n".encode()).hexdigest()

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt, seed in zip(prompts, seeds, strict=True):
            with computing(self._device):
                sentence = self._signed(prompt)
            if self._video is not None:
                name = self._signer(prompt)
                frames = self._video.frames(sentence, name, self._build(prompt), prompt, seed)
                yield Production(prompt.clip, frames=frames, fps=prompt.fps)
                continue
            if prompt.made.modality == "pose":
                pose = sentence.pose(wanted=prompt.layout).at_rate(prompt.fps)
                yield Production(prompt.clip, pose=stretched(pose, prompt.length), fps=prompt.fps)
                continue
            motion = sentence.motion(hands=self._stage == "hamer").at_rate(prompt.fps)
            motion = stretched(replace(motion, fps=prompt.fps), prompt.length)
            if prompt.made.modality == "video":
                yield Production(prompt.clip, frames=self._rendered(motion, prompt), fps=prompt.fps)
            elif prompt.made.takes_rotations:
                yield Production(prompt.clip, motion=motion, fps=prompt.fps)
            else:
                positions = motion.pose()
                wanted = prompt.layout
                yield Production(prompt.clip, pose=positions if wanted is None else in_layout(positions, wanted), fps=prompt.fps)

    def _signed(self, prompt: Prompt) -> Sentence:
        """The sentence of a prompt, in free running: nothing of a reference is used."""
        network, vocabulary = self._loaded
        (made,) = signed(network, [self._source(prompt)], vocabulary, correct=self._correct, fed_back=self._fed_back)
        return made

    def _source(self, prompt: Prompt) -> list[str]:
        """The glosses or words of a prompt, as the encoder is given them."""
        text = prompt.text or prompt.word
        if not (prompt.gloss if self._config.source == "gloss" else text):
            lacking = "glosses" if self._config.source == "gloss" else "a text"
            raise InputError(f"clip {prompt.clip}: {self.name} needs {lacking}.")
        return source_of(text, prompt.gloss, self._signer(prompt), self._config)

    def _signer(self, prompt: Prompt) -> str | None:
        """The granted signer if the model knows it, else the model's first."""
        known = self._config.signers
        return prompt.signer if prompt.signer in known else known[0] if known else None

    def _rendered(self, motion: Motion, prompt: Prompt) -> Iterator[NDArray[np.uint8]]:
        from signbench.corpora.synthsign.rendering import render
        from signbench.corpora.synthsign.skeleton import skeleton_of

        size = prompt.size or (128, 128)
        signer = self._build(prompt)
        body = skeleton_of(motion.rotations, motion.translation, signer)
        for frame in render(body, signer, size[0], "hamer" if self._stage == "hamer" else "smplx"):
            yield widened(frame, size[1])

    def _build(self, prompt: Prompt) -> Signer:
        """The signer whose body is rendered."""
        from signbench.corpora.synthsign.signers import SIGNERS

        return SIGNERS.get(self._signer(prompt) or "", SIGNERS[_RENDERED])

    @cached_property
    def _loaded(self) -> tuple[SignAligner, Vocabulary]:
        return self._checkpoint.loaded(self._device), self._checkpoint.words


def _needed(stage: str) -> tuple[Stream, ...]:
    """The streams that a stage is made of: hands need the arms of a body, and a video is made of all three."""
    needed: dict[str, tuple[Stream, ...]] = {"hamer": ("hamer", "smplx"), "video": STREAMS}
    return needed.get(stage, (cast("Stream", stage),))
