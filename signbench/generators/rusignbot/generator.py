"""The generator RuSignBot (Bondarenko et al.): a word, its gloss, a recording of that sign, and MimicMotion with an avatar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.generators.base import Card, Generator
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.generators.rusignbot.avatars import limited, read_avatar, shaped
from signbench.generators.rusignbot.matching import ClipMatcher, checked_rule
from signbench.generators.rusignbot.words import Found, GlossFinder
from signbench.generators.text_search import sentence_transformer, weights_digest
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import as_video, first_frame
from signbench.weights.digests import remembered_sha256_of

if TYPE_CHECKING:
    from signbench.generators.mimicmotion.pose_pictures import PosePoints
    from signbench.generators.training import TrainClip, TrainView

MODEL = "rusignbot"
_CHARACTERS = "characters"


class RuSignBotGenerator(Generator):
    """Shows the sign of a word as MimicMotion moves an avatar: after a recording of the word's gloss from the train split.

    The word is matched with the glosses as it is written, then by its lemma, else the nearest gloss by embeddings is used. Which
    gloss was found, how, and with what score goes into the manifest.

    Args:
        checkpoint: of MimicMotion: the name of a reference model, its folder, or a published file; None: the shipped model.
        embedding: ``characters``, or the folder or name of a sentence-transformer that is on this machine.
        clips: which recording of a gloss is used: ``first``, or ``hands``: the one whose hands the pose estimator sees best.
        avatar: a picture of the person to show; None: the task's source picture, else the first frame of the recording.
        pose_net: see ``mimicmotion``.
        estimator: see ``mimicmotion``.
        size: see ``mimicmotion``.
        steps: see ``mimicmotion``.
        guidance: see ``mimicmotion``.
        tile: see ``mimicmotion``.
        overlap: see ``mimicmotion``.
        device: the device of the networks, such as ``cuda:0``.
    """

    batch = 1

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        *,
        embedding: str = _CHARACTERS,
        clips: str = "first",
        avatar: str | Path | None = None,
        pose_net: str | Path | None = None,
        estimator: str | Path | None = None,
        size: str | int | None = None,
        steps: str | int | None = None,
        guidance: str | float | None = None,
        tile: str | int | None = None,
        overlap: str | int | None = None,
        device: str = "cpu",
    ) -> None:
        self._rule = checked_rule(clips)
        self._avatar = None if avatar is None else read_avatar(Path(avatar))
        self._model = None if embedding == _CHARACTERS else sentence_transformer(embedding)
        self.moving = MimicMotionGenerator(
            checkpoint,
            pose_net=pose_net,
            estimator=estimator,
            size=size,
            steps=steps,
            guidance=guidance,
            tile=tile,
            overlap=overlap,
            device=device,
        )
        _, _, inner = self.moving.card.name.partition(":")
        parts = [inner] if inner else []
        parts += [] if self._model is None else [f"embedding={Path(embedding).name}"]
        parts += [] if self._rule == "first" else [f"clips={self._rule}"]
        parts += [] if avatar is None else [f"avatar={Path(avatar).name}"]
        files = [self.moving.card.checkpoint or ""]
        files += [] if self._model is None else [weights_digest(self._model)]
        files += [] if avatar is None else [remembered_sha256_of(Path(avatar))]
        self.choices = self.moving.choices
        self.card = Card(
            name=MODEL + (":" + ",".join(parts) if parts else ""),
            version="1",
            modalities=("video",),
            prompt_fields=("word|text|gloss",),
            licence=self.moving.card.licence,
            checkpoint=hashlib.sha256("\n".join(files).encode()).hexdigest(),
            citation="Bondarenko et al.: RuSignBot: Russian Sign Language Synthesis via Customized MimicMotion",
        )

    def prepare(self, train: TrainView) -> None:
        clips = list(train.words()) or list(train)
        self._matcher = ClipMatcher(clips, self._rule, self._points_of, train.translations)
        self._finder = GlossFinder(self._matcher.entries, self._model)

    def found(self, text: str) -> tuple[Found, TrainClip]:
        """The gloss for a word, and the train clip that shows it.

        Raises:
            InputError: the text has no word, or no gloss can be found for it, or the package for its lemma is not installed.
        """
        found = self._finder.find(text)
        return found, self._matcher.clip(found.gloss)

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt, seed in zip(prompts, seeds, strict=True):
            text = prompt.word or prompt.text or " ".join(prompt.gloss or ())
            found, clip = self.found(text)
            recording = as_video(clip.media)
            given = replace(prompt, source_image=self._source(prompt, clip), driving_video=recording, driving_pose=None)
            (made,) = self.moving.generate([given], [seed])
            details: dict[str, str | float] = {"gloss": found.gloss, "way": found.way, "score": found.score, "clip": clip.id}
            if found.way == "embedding" and self._finder.search is not None:
                details["search"] = self._finder.search
            yield replace(made, details=details)

    def _source(self, prompt: Prompt, clip: TrainClip) -> NDArray[np.uint8]:
        if self._avatar is not None:
            return shaped(self._avatar, prompt.size)
        if prompt.source_image is not None:
            return prompt.source_image
        still = first_frame(as_video(clip.media), prompt.size)
        # a recording may have far more pixels than the network makes
        return still if prompt.size is not None else limited(still)

    def _points_of(self, clip: TrainClip) -> PosePoints:
        return self.moving.points_in(as_video(clip.media), clip.id)
