"""The generator MimicMotion (Zhang et al. 2024), as RuSignBot adapts it to sign language."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.base import Card, Generator
from signbench.generators.computing import computing
from signbench.generators.mimicmotion import estimators
from signbench.generators.mimicmotion.alignment import alignment
from signbench.generators.mimicmotion.checkpoints import files_of, read_official
from signbench.generators.mimicmotion.config import MimicMotionConfig
from signbench.generators.mimicmotion.pose_pictures import PosePoints, drawn, pose_points
from signbench.judges.network_judge import configured
from signbench.media.video import resize_frames
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import at_positions, nearest_positions, stretched, video_positions, wanted_length
from signbench.progress import Progress, silent
from signbench.weights.digests import remembered_sha256_of
from signbench.weights.reference_models import find_checkpoint, has_model, read_model_of

if TYPE_CHECKING:
    from torch import Tensor

    from signbench.corpora.recordings import VideoRecording
    from signbench.generators.mimicmotion.denoising import Condition
    from signbench.generators.mimicmotion.network import MimicMotion
    from signbench.judges.base import Judge

MODEL = "mimicmotion"
"""The name of the generator and of its reference model."""

_CITATION = "Zhang et al. 2024: MimicMotion: High-Quality Human Motion Video Generation with Confidence-aware Pose Guidance"
_LICENCE = "academic, research and education purposes only (MimicMotion); Stability AI Community License (Stable Video Diffusion)"


class MimicMotionGenerator(Generator):
    """Moves the person in the source picture as in a driving video, by diffusion that sees confidence-aware pose pictures.

    The key points of the source picture, and of the driving video unless the task grants them, come from a pose estimator, which
    sees one person. The driving person is moved onto that of the source picture. The network makes every frame, or every second,
    third and so on, at no more than its own rate; a frame of the production is the nearest of them.

    Args:
        checkpoint: the name of a reference model, its folder, or a published file; None: the shipped model.
        pose_net: the file of PoseNet, for a published file that has only the U-Net.
        estimator: name or folder of the pose estimator, or ``dwpose``; None: that of the model's training, for a published file
            ``dwpose``.
        size: shorter side of the network's pictures; None: the model's.
        steps: denoising steps; None: the model's.
        guidance: how much the condition is amplified; None: the model's.
        tile: frames that are denoised together; None: the model's. Version 1 of the published weights was trained on 16.
        overlap: frames that neighbouring tiles share; None: the model's.
        device: the device of the networks, such as ``cuda:0``.

    Attributes:
        progress: called after each tile of each denoising step; what it raises ends the production.
    """

    batch = 1

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        *,
        pose_net: str | Path | None = None,
        estimator: str | Path | None = None,
        size: str | int | None = None,
        steps: str | int | None = None,
        guidance: str | float | None = None,
        tile: str | int | None = None,
        overlap: str | int | None = None,
        device: str = "cpu",
    ) -> None:
        if checkpoint is None and not has_model(MODEL):
            raise InputError(
                f"the weights of {MODEL} are not present; run signbench train {MODEL}-base --out reference_models/{MODEL}-base, "
                f"then the same for {MODEL}, or name others with `checkpoint`: a model's folder, or MimicMotion_1-1.pth."
            )
        self._path = find_checkpoint(MODEL if checkpoint is None else checkpoint)
        self._model = None if self._path.is_file() else read_model_of(self._path, MODEL)
        self._pose_net = None if pose_net is None else find_checkpoint(Path(pose_net))
        if self._model is not None and pose_net is not None:
            raise InputError(f"generator {MODEL}: the model {self._model.card.name} has a PoseNet itself; leave out pose_net.")
        given = {"size": size, "steps": steps, "guidance": guidance, "tile": tile, "overlap": overlap}
        self._changed: dict[str, Any] = {name: _number(name, value) for name, value in given.items() if value is not None}
        self._config = replace(self._unchanged(), **self._changed)
        self._named = None if estimator is None else str(estimator)
        self._device = device
        self.progress: Progress = silent
        self.choices = {} if self._model is None else self._model.card.choices
        self.card = Card(
            name=self._card_name(checkpoint),
            version="1",
            modalities=("video",),
            prompt_fields=("source_image", "driving_pose|driving_video"),
            licence=_LICENCE if self._model is None else self._model.card.licence,
            checkpoint=self._digest(),
            citation=_CITATION,
        )

    def _card_name(self, checkpoint: str | Path | None) -> str:
        shown = self._path.name if self._model is None else self._model.card.name
        parts = [] if checkpoint is None or shown == MODEL else [f"checkpoint={shown}"]
        parts += [] if self._pose_net is None else [f"pose_net={self._pose_net.name}"]
        parts += [] if self._named is None else [f"estimator={Path(self._named).name}"]
        parts += [f"{name}={value:g}" for name, value in self._changed.items()]
        return MODEL + (":" + ",".join(parts) if parts else "")

    def _digest(self) -> str:
        """SHA-256 over the names and digests of all files: the model's or the published ones, and the pose estimator's."""
        estimator = estimators.files_of(self._estimator)
        if self._model is None:
            own = {path.name: remembered_sha256_of(path) for path in files_of(self._path, self._pose_net)}
        else:
            own = dict(self._model.card.files)
        listed = "".join(f"{name} {digest}\n" for files in (own, estimator) for name, digest in sorted(files.items()))
        return hashlib.sha256(listed.encode()).hexdigest()

    def _unchanged(self) -> MimicMotionConfig:
        """The model's configuration; of a published file the paper's, which differs from it at most in widths and depths."""
        if self._model is None:
            return MimicMotionConfig.paper()
        config: MimicMotionConfig = configured(MimicMotionConfig, self._model.config(), self._model)
        return config

    @cached_property
    def _estimator(self) -> Judge:
        by_default = estimators.DWPOSE if self._model is None else estimators.of_training(self._model.config())
        return estimators.estimator(by_default if self._named is None else self._named, self._device)

    @cached_property
    def _network(self) -> MimicMotion:
        from signbench.extractors.network_loading import device_of, give_weights, without_weights
        from signbench.generators.mimicmotion.network import MimicMotion

        device = device_of(self._device)
        if self._model is None:
            published = read_official(self._path, self._pose_net)
            config, weights = replace(published.config, **self._changed), published.weights
        else:
            config = self._config
            weights = {name: tensor.float() for name, tensor in self._model.weights().items()}
        network: Any = without_weights(lambda: MimicMotion(config))
        give_weights(network, weights, f"the checkpoint {self._path}")
        _fill_positions(network)
        made: MimicMotion = network.to(device)
        return made

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt, seed in zip(prompts, seeds, strict=True):
            yield Production(prompt.clip, frames=self._frames(prompt, seed), fps=prompt.fps)

    def _frames(self, prompt: Prompt, seed: int) -> Iterator[NDArray[np.uint8]]:
        from signbench.generators.mimicmotion.denoising import denoised

        source = prompt.source_image
        if source is None or (prompt.driving_pose is None and prompt.driving_video is None):
            raise InputError(f"clip {prompt.clip}: {MODEL} needs a source picture, and a driving video or its key points.")
        size = prompt.size or (source.shape[0], source.shape[1])
        with computing(self._device):
            network = self._network
            config = network.config
            shown, nearest, ratio = self._driving(prompt)
            still = self.estimated(source[None], prompt.clip)
            moved = alignment(still, shown, source.shape[0] / source.shape[1], ratio).of(shown)
            picture = resize_frames(source[None], config.picture_size(source.shape[0], source.shape[1]))[0]
            latents = denoised(network, self._condition(picture, still.joined(moved), seed), seed, self.progress)
        made: NDArray[np.uint8] | None = None
        start = 0
        # in order, so that only one piece is decoded at a time; frame 0 is the source picture's and no part of the production
        for index in (nearest + 1).tolist():
            if made is None or index >= start + len(made):
                start = index // config.chunk * config.chunk
                with computing(self._device):
                    made = resize_frames(_levels(network.decoded(latents[start : start + config.chunk])), size)
            yield made[index - start]

    def _driving(self, prompt: Prompt) -> tuple[PosePoints, NDArray[np.int64], float]:
        """The points of the frames that the network makes.

        Returns:
            The points; for each frame of the production the index of the nearest of those; and the height of the driving clip's
            picture divided by its width.
        """
        length = wanted_length(prompt)
        if prompt.driving_pose is None:
            if prompt.driving_video is None:
                raise InputError(f"clip {prompt.clip}: {MODEL} needs a driving video or its key points.")
            probe = prompt.driving_video.probe(None)
            positions = video_positions(probe, prompt.fps)
            if length is not None:
                positions = positions[nearest_positions(len(positions), length)]
            steps, nearest = thinned(len(positions), prompt.fps, self.rate)
            frames = at_positions(prompt.driving_video, probe, positions[steps], self._estimator.size)
            return self.estimated(frames, prompt.clip), nearest, probe.height / probe.width
        pose = prompt.driving_pose.pose(None)
        if pose.fps is not None:
            pose = pose.at_rate(prompt.fps)
        side = getattr(prompt.driving_pose, "size", None)
        width, height = pose.picture or ((side, side) if side else self._video_size(prompt))
        whole = pose_points(stretched(pose, length), (width, height))
        steps, nearest = thinned(len(whole), prompt.fps, self.rate)
        return PosePoints(whole.points[steps], whole.confidence[steps]), nearest, height / width

    def _video_size(self, prompt: Prompt) -> tuple[int, int]:
        """Width and height of the driving video, whose pixels key points without a picture are in."""
        if prompt.driving_video is None:
            raise InputError(f"clip {prompt.clip}: the driving key points do not say how large their picture is; grant its video.")
        probe = prompt.driving_video.probe(None)
        return probe.width, probe.height

    @property
    def rate(self) -> float:
        """The highest rate of the frames that the network makes, per second."""
        return self._config.step_rate

    def estimated(self, frames: Iterable[NDArray[np.uint8]], clip: str) -> PosePoints:
        """The key points that the pose estimator finds.

        Args:
            frames: uint8 ``(H, W, 3)`` each.
            clip: its id, for messages.
        """
        return estimators.points_of(self._estimator, frames, clip)

    def points_in(self, recording: VideoRecording, clip: str) -> PosePoints:
        """The key points that the pose estimator finds in every frame of a video.

        Args:
            recording: the video.
            clip: its id, for messages.
        """
        probe = recording.probe(None)
        positions = video_positions(probe, probe.fps or self.rate)
        return self.estimated(at_positions(recording, probe, positions, self._estimator.size), clip)

    def _condition(self, picture: NDArray[np.uint8], points: PosePoints, seed: int) -> Condition:
        import torch

        from signbench.generators.mimicmotion.denoising import Condition

        network = self._network
        config, size = network.config, (picture.shape[0], picture.shape[1])
        still = _pictures(picture.transpose(2, 0, 1)[None]).to(self._device)
        noisy = still
        if config.noise:
            generator = torch.Generator().manual_seed(seed)
            noisy = still + config.noise * torch.randn(still.shape, generator=generator).to(still)
        shown = np.empty((len(points), 3, *size), np.uint8)
        for frame, into in enumerate(shown):
            into[...] = drawn(points, frame, size, config.canvas)
        return Condition(network.source_latents(noisy), network.embedded(still), torch.from_numpy(shown))


def thinned(frames: int, fps: float, rate: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which frames are made, and which of those each frame of the production shows.

    Args:
        frames: of the production.
        fps: its rate.
        rate: the highest rate of the frames that are made.

    Returns:
        Indices of the production's frames that are made, int64 ``(N,)``; and for each frame of the production the index of the
        nearest of those, int64 ``(frames,)``.
    """
    # a whole number, as in the original: with any other, the network's steps would not be equally long
    every = max(1, math.ceil(fps / rate - 1e-9))
    made = np.arange(0, frames, every, dtype=np.int64)
    nearest = np.abs(np.arange(frames)[:, None] - made[None]).argmin(axis=1)
    return made, nearest.astype(np.int64)


def _pictures(levels: NDArray[np.uint8]) -> Tensor:
    """Bytes as float32 on [-1, 1]."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(levels)).float() / 127.5 - 1


def _levels(pictures: Tensor) -> NDArray[np.uint8]:
    """Pictures ``(N, 3, H, W)`` on [-1, 1] as frames ``(N, H, W, 3)``."""
    levels: NDArray[np.uint8] = ((pictures + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return levels


def _fill_positions(network: Any) -> None:
    """The numbers of the picture encoder's positions are no weights, and have no values on the meta device."""
    import torch

    embeddings = network.image_encoder.vision_model.embeddings
    embeddings.position_ids = torch.arange(embeddings.position_ids.shape[1])[None]


def _number(name: str, value: str | float) -> int | float:
    try:
        number = float(value) if name == "guidance" else int(value)
    except ValueError:
        raise InputError(f"generator {MODEL}: {name}={value} is not a number.") from None
    if not np.isfinite(number) or number < 0:
        raise InputError(f"generator {MODEL}: {name}={value} is below 0 or not finite.")
    return number
