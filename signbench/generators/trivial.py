"""Generators that know nothing about signing: they show where a scale starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import normal, product
from signbench.errors import InputError
from signbench.generators.base import Card, Generator
from signbench.generators.training import TrainView
from signbench.media.body_model import JOINT_COUNT
from signbench.media.modalities import MODALITIES
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.media.rotations import axis_angle_from_matrix, matrix_from_axis_angle, mean_rotation, outer_quaternions
from signbench.media.video import resize_frames
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import (
    as_points,
    as_video,
    at_positions,
    first_frame,
    motion_of,
    nearest_positions,
    pose_of,
    video_positions,
    wanted_length,
)

_LICENCE = "that of the corpus"
_CLIPS_FOR_POINTS = 512
_CLIPS_FOR_IMAGES = 128
_FRAMES_FOR_IMAGES = 4


class StillGenerator(Generator):
    """Repeats one frame, for the length in the prompt, or else the mean length of train."""

    _train: TrainView

    def prepare(self, train: TrainView) -> None:
        self._train = train

    def still_image(self, prompt: Prompt) -> NDArray[np.uint8]:
        """The image to repeat, uint8 ``(H, W, 3)``."""
        raise InputError(f"{self.card.name} makes no video.")

    def still_pose(self, prompt: Prompt) -> Pose:
        """The key points to repeat, one frame."""
        raise InputError(f"{self.card.name} makes no key points.")

    def still_motion(self, prompt: Prompt) -> Motion | None:
        """The rotations to repeat, one frame; None if the task does not take rotations, or train has none."""
        return None

    def length(self, prompt: Prompt) -> int:
        """The number of frames to generate."""
        return wanted_length(prompt) or self._train.mean_length

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            length = self.length(prompt)
            if prompt.made.modality == "video":
                image = self.still_image(prompt)
                yield Production(prompt.clip, frames=(image for _ in range(length)), fps=prompt.fps)
            elif (frame := self.still_motion(prompt)) is not None:
                motion = frame.at_positions(np.zeros(length))
                yield Production(prompt.clip, motion=replace(motion, fps=prompt.fps), fps=prompt.fps)
            else:
                still = self.still_pose(prompt)
                points, confidence = (np.repeat(array, length, axis=0) for array in (still.points, still.confidence))
                yield Production(prompt.clip, pose=Pose(points, confidence, still.layout, prompt.fps), fps=prompt.fps)


class FirstFrame(StillGenerator):
    """A still: the source image if the task grants one, else the first frame of the first train clip, repeated.

    A model's advantage over it is the advantage of moving. Nothing moves, so metrics of temporal change have their minimum.
    """

    card = Card(name="first-frame", version="2", modalities=MODALITIES, prompt_fields=(), licence=_LICENCE)

    def still_image(self, prompt: Prompt) -> NDArray[np.uint8]:
        image = prompt.source_image
        if image is None:
            return self._image
        height, width, _ = image.shape
        resized: NDArray[np.uint8] = resize_frames(image[None], prompt.size or (height, width))[0]
        return resized

    def still_pose(self, prompt: Prompt) -> Pose:
        return self._pose

    @cached_property
    def _image(self) -> NDArray[np.uint8]:
        return first_frame(as_video(next(iter(self._train)).media), self._train.made.size)

    def still_motion(self, prompt: Prompt) -> Motion | None:
        return self._motion

    @cached_property
    def _motion(self) -> Motion | None:
        motion = motion_of(next(iter(self._train)).media, self._train.made)
        return None if motion is None else motion.at_positions(np.zeros(1))

    @cached_property
    def _pose(self) -> Pose:
        pose = pose_of(as_points(next(iter(self._train)).media), self._train.made)
        return pose.at_positions(np.zeros(1))


class MeanPose(StillGenerator):
    """A still of the mean of train: each key point's mean position over the frames in which it is seen, or the mean image.

    It hedges: of all stills it has the lowest squared error, so a model that does worse has learnt nothing about the single clip.
    The confidence of a point is its mean confidence. For motion, it is each joint's mean rotation, which has the lowest squared
    error of rotation matrices. For a large train split, 512 evenly spaced clips give the mean key points or rotations, and 4 frames
    of each of 128 clips the mean image.
    """

    card = Card(name="mean-pose", version="2", modalities=MODALITIES, prompt_fields=(), licence=_LICENCE)

    def still_image(self, prompt: Prompt) -> NDArray[np.uint8]:
        return self._image

    def still_pose(self, prompt: Prompt) -> Pose:
        return self._pose

    def still_motion(self, prompt: Prompt) -> Motion | None:
        return self._motion

    @cached_property
    def _image(self) -> NDArray[np.uint8]:
        return mean_image(self._train)

    @cached_property
    def _motion(self) -> Motion | None:
        return mean_motion(self._train)

    @cached_property
    def _pose(self) -> Pose:
        return mean_pose(self._train)


class Noise(Generator):
    """Noise drawn from the clip's seed: the floor of every metric whose optimum is not elsewhere.

    Every value of an image is uniform between 0 and 255. A key point is its mean position in train, moved in every frame and
    coordinate by a normal deviate on the scale of the signer: the root-mean-square distance of the mean key points from their
    centre. For motion, so is the pelvis, and a joint is its mean rotation, turned in every frame by a rotation whose axis-angle has
    normal deviates of one radian.
    """

    card = Card(name="noise", version="3", modalities=MODALITIES, prompt_fields=(), licence="CC0-1.0")
    _train: TrainView

    def prepare(self, train: TrainView) -> None:
        self._train = train

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt, seed in zip(prompts, seeds, strict=True):
            length = wanted_length(prompt) or self._train.mean_length
            draw = np.random.Generator(np.random.PCG64(seed))
            if prompt.made.modality == "video":
                shape = (*(prompt.size or self._size), 3)
                images = (draw.integers(0, 256, shape, dtype=np.uint8) for _ in range(length))
                yield Production(prompt.clip, frames=images, fps=prompt.fps)
            elif (mean := self._mean_motion) is not None:
                yield Production(prompt.clip, motion=_turned(mean, length, draw, prompt.fps), fps=prompt.fps)
            else:
                yield Production(prompt.clip, pose=self._shaken(length, draw, prompt.fps), fps=prompt.fps)

    def _shaken(self, length: int, draw: np.random.Generator, fps: float) -> Pose:
        mean = self._mean
        seen = mean.seen[0]
        home = mean.points[0].astype(np.float64)
        reach = _reach(home[seen])
        points = home + reach * normal(draw, (length, *home.shape))
        points[:, ~seen] = 0
        confidence = np.broadcast_to(seen.astype(np.float32), (length, len(seen))).copy()
        return Pose(points.astype(np.float32), confidence, mean.layout, fps)

    @cached_property
    def _mean(self) -> Pose:
        return mean_pose(self._train)

    @cached_property
    def _mean_motion(self) -> Motion | None:
        return mean_motion(self._train)

    @cached_property
    def _size(self) -> tuple[int, int]:
        probe = as_video(next(iter(self._train)).media).probe(None)
        return probe.height, probe.width


def _reach(points: NDArray[np.float64]) -> float:
    """The scale of a signer: the root-mean-square distance of points ``(J, D)`` from their centre."""
    return float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean()))


def _turned(mean: Motion, length: int, draw: np.random.Generator, fps: float) -> Motion:
    """Noise around rotations of one frame."""
    home = mean.pose().points[0].astype(np.float64)
    turns = matrix_from_axis_angle(normal(draw, (length, JOINT_COUNT, 3)))
    rotations = axis_angle_from_matrix(product(matrix_from_axis_angle(mean.rotations), turns))
    translation = mean.translation + _reach(home) * normal(draw, (length, 3))
    return Motion(rotations.astype(np.float32), translation.astype(np.float32), fps)


def mean_motion(train: TrainView) -> Motion | None:
    """The mean of train's rotations as one frame: chordal means, and the mean position of the pelvis.

    Args:
        train: at most 512 of its clips are read, evenly spaced.

    Returns:
        Motion of one frame; None if the task does not take rotations, or a clip has none.
    """
    total, moved, frames = np.zeros((JOINT_COUNT, 4, 4)), np.zeros(3), 0
    for clip in train.sample(_CLIPS_FOR_POINTS):
        motion = motion_of(clip.media, train.made)
        if motion is None:
            return None
        total += outer_quaternions(motion.rotations).sum(axis=0)
        moved += motion.translation.sum(axis=0, dtype=np.float64)
        frames += motion.frames
    rotations, translation = mean_rotation(total), moved / frames
    return Motion(rotations[None].astype(np.float32), translation[None].astype(np.float32), train.made.fps)


def mean_pose(train: TrainView) -> Pose:
    """The mean of train's key points as one frame.

    Args:
        train: at most 512 of its clips are read, evenly spaced.

    Returns:
        A pose of one frame; a point that was never seen has confidence 0.

    Raises:
        InputError: two clips differ in their joints or dimensions.
    """
    total: NDArray[np.float64] | None = None
    for clip in train.sample(_CLIPS_FOR_POINTS):
        pose = pose_of(as_points(clip.media), train.made)
        if total is None:
            first = pose
            total, count, sure = np.zeros(pose.points.shape[1:]), np.zeros(pose.points.shape[1]), np.zeros(pose.points.shape[1])
            frames = 0
        if pose.layout.joints != first.layout.joints or pose.points.shape[2] != first.points.shape[2]:
            raise InputError(f"train clip {clip.id} has different joints from the previous ones; convert the corpus to one layout.")
        total += np.where(pose.seen[..., None], pose.points, 0).sum(axis=0, dtype=np.float64)
        count += pose.seen.sum(axis=0)
        sure += pose.confidence.sum(axis=0, dtype=np.float64)
        frames += pose.frames
    if total is None or not count.any():
        raise InputError("no clip of train shows a key point, so there is no mean.")
    points = total / np.maximum(count, 1)[:, None]
    confidence = np.where(count > 0, sure / frames, 0)
    return Pose(points[None].astype(np.float32), confidence[None].astype(np.float32), first.layout, train.made.fps)


def mean_image(train: TrainView) -> NDArray[np.uint8]:
    """The mean of train's images.

    Args:
        train: 4 evenly spaced frames of each of at most 128 clips are read, evenly spaced.

    Returns:
        uint8 ``(H, W, 3)``.

    Raises:
        InputError: two clips differ in size, and the task states none.
    """
    total: NDArray[np.int64] | None = None
    frames = 0
    for clip in train.sample(_CLIPS_FOR_IMAGES):
        recording = as_video(clip.media)
        probe = recording.probe(None)
        positions = video_positions(probe, train.made.fps)
        chosen = np.unique(nearest_positions(len(positions), min(_FRAMES_FOR_IMAGES, len(positions))))
        for image in at_positions(recording, probe, positions[chosen], train.made.size):
            if total is None:
                total = np.zeros(image.shape, np.int64)
            if image.shape != total.shape:
                raise InputError(f"train clip {clip.id} has a different size from the previous ones; the task must state one.")
            total += image
            frames += 1
    if total is None:
        raise InputError("train has no images, so there is no mean.")
    return ((2 * total + frames) // (2 * frames)).astype(np.uint8)
