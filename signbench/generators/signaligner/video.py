"""The third stage of SignAligner: key points, hands and body are drawn, and RealisDance makes a video of the drawings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.computing import computing
from signbench.generators.mimicmotion.pose_pictures import pose_points
from signbench.generators.realisdance.checkpoints import MODEL, Checkpoint
from signbench.generators.realisdance.clips import BODY, HANDS, conditions_of
from signbench.generators.signaligner.model import Sentence
from signbench.generators.signaligner.numbers import camera_of
from signbench.media.motion import Motion
from signbench.media.video import resize_frames
from signbench.predictions.prompts import Prompt
from signbench.predictions.sampling import stretched
from signbench.weights.reference_models import has_model

if TYPE_CHECKING:
    from signbench.corpora.synthsign.rendering import Look
    from signbench.corpora.synthsign.signers import Signer
    from signbench.corpora.synthsign.skeleton import Skeleton
    from signbench.generators.realisdance.network import RealisDance

_RENDERED = 128
"""Height and width of the renderings of hands and body, in pixels, as SynthSign renders its own."""


class VideoStage:
    """Makes videos of what the first two stages generated.

    The three drawings agree: hands and body are rendered with the build of the person who is shown, and the key points are put at
    the shoulders of that body. They are as high as the picture of the person, and what is wider is black.

    Attributes:
        checkpoint: the weights of RealisDance.
    """

    def __init__(self, video: str | Path | None, person: str | Path | None, device: str) -> None:
        """Finds the weights.

        Args:
            video: the name of a reference model of RealisDance, its folder, or a published file; None: the shipped model.
            person: a signer whose picture the model has, or the file of a picture; None: the task's source picture, or else the
                signer whom the first stages sign as.
            device: of the networks.

        Raises:
            InputError: there are no such weights or no such person.
        """
        if video is None and not has_model(MODEL):
            raise InputError(
                f"the weights of {MODEL} are not present; run signbench train {MODEL} --out reference_models/{MODEL}, or name "
                "others: video=NAME."
            )
        self.checkpoint = Checkpoint.found(MODEL if video is None else video)
        self._device = device
        self._person: NDArray[np.uint8] | None = None
        if person is not None:
            self._person = self._picture(person)

    def _picture(self, person: str | Path) -> NDArray[np.uint8]:
        from signbench.media.pictures import read_picture

        path = Path(person)
        return read_picture(path) if path.is_file() else self.checkpoint.person(str(person))

    def frames(
        self, sentence: Sentence, name: str | None, signer: Signer, prompt: Prompt, seed: int
    ) -> Iterator[NDArray[np.uint8]]:
        """The frames of a production.

        Args:
            sentence: what the first two stages made.
            name: of the signer.
            signer: whose build hands and body have.
            prompt: the task's; its length is kept if it is granted.
            seed: of the noise.

        Raises:
            InputError: there is no picture of a person to show.
        """
        import torch

        from signbench.generators.latents import pictures
        from signbench.generators.realisdance.denoising import Condition, frames_of

        config = self.checkpoint.config
        source = self._source(prompt, name)
        size = config.picture_size(source.shape[0], source.shape[1])
        body, hands = (
            replace(motion.at_rate(config.rate), fps=config.rate) for motion in (sentence.motion(), sentence.motion(hands=True))
        )
        drawn = _drawn(sentence, stretched(body, hands.frames), hands, signer, config.rate, config.canvas, size)
        with computing(self._device):
            network = self._network
            still = pictures(torch.from_numpy(resize_frames(source[None], size))).to(self._device)
            made = frames_of(network, Condition(still, torch.from_numpy(drawn)), seed).numpy()
        wanted = prompt.length or max(1, round(len(made) * prompt.fps / config.rate))
        shown = resize_frames(made, prompt.size or (source.shape[0], source.shape[1]))
        for index in np.minimum((np.arange(wanted) + 0.5) * len(made) / wanted, len(made) - 1).astype(int).tolist():
            yield shown[index]

    def _source(self, prompt: Prompt, name: str | None) -> NDArray[np.uint8]:
        if self._person is not None:
            return self._person
        if prompt.source_image is not None:
            return prompt.source_image
        if name in self.checkpoint.persons:
            return self.checkpoint.person(str(name))
        if self.checkpoint.persons:
            return self.checkpoint.person(self.checkpoint.persons[0])
        raise InputError(f"clip {prompt.clip}: {self.checkpoint.name} needs a picture of a person; name one: person=FILE.")

    @cached_property
    def _network(self) -> RealisDance:
        return self.checkpoint.loaded(self._device)


def _drawn(
    sentence: Sentence, body: Motion, hands: Motion, signer: Signer, rate: float, canvas: int, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Pose pictures, hands and bodies of all frames, uint8 ``(F, 9, H, W)``."""
    from signbench.corpora.synthsign.key_points import key_points
    from signbench.corpora.synthsign.skeleton import skeleton_of

    figure = skeleton_of(body.rotations, body.translation, signer)
    rendered = {
        BODY: _rendered(figure, signer, "smplx"),
        HANDS: _rendered(skeleton_of(hands.rotations, hands.translation, signer), signer, "hamer"),
    }
    points, sure = key_points(figure, _RENDERED)
    camera = camera_of(np.concatenate([points, sure[..., None]], axis=2).astype(np.float32))
    width = round(_RENDERED * size[1] / size[0])
    camera[0] += (width - _RENDERED) / 2
    pose = stretched(sentence.pose(camera).at_rate(rate), body.frames)
    shown = pose_points(pose, (width, _RENDERED))
    hands_shown, body_shown = (widened(resize_frames(rendered[name], (size[0], size[0])), size[1]) for name in (HANDS, BODY))
    return conditions_of(shown, hands_shown, body_shown, canvas)


def widened(frames: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Square pictures with another width: cut at both sides, or with black at both sides.

    Args:
        frames: uint8 ``(..., H, H, 3)``.
        width: the new width.

    Returns:
        uint8 ``(..., H, width, 3)``.
    """
    more = width - frames.shape[-2]
    if more <= 0:
        start = -more // 2
        return frames[..., start : start + width, :]
    made = np.zeros((*frames.shape[:-2], width, 3), np.uint8)
    made[..., more // 2 : more // 2 + frames.shape[-2], :] = frames
    return made


def _rendered(figure: Skeleton, signer: Signer, look: Look) -> NDArray[np.uint8]:
    from signbench.corpora.synthsign.rendering import render

    return np.stack(list(render(figure, signer, _RENDERED, look)))
