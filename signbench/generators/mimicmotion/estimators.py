"""The pose estimators that MimicMotion's pictures of poses are drawn from."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.mimicmotion.pose_pictures import PosePoints, pose_points
from signbench.judges.base import Judge, JudgedClip
from signbench.media.pose import Pose
from signbench.media.video import resize_frames

if TYPE_CHECKING:
    from signbench.judges.pose_estimator.judge import PoseEstimator

_log = logging.getLogger(__name__)

DWPOSE = "dwpose"
"""The estimator of the original, for real videos."""

FIELD = "estimator"
"""The field of a model's ``config.json`` that names the estimator of its training; absent or empty: the shipped one."""

_TOGETHER = 16


def estimator(name: str | None, device: str = "cpu") -> Judge:
    """A pose estimator. DWPose's points are those of any confidence, since MimicMotion's pictures show unsure hands and faces, too.

    Args:
        name: ``dwpose``, or the name or folder of a ``pose-estimator`` model; None: the shipped one.
        device: of its networks.

    Raises:
        InputError: there is none, or its weights are not present.
    """
    from signbench.judges import registry
    from signbench.judges.pose_estimator.judge import PoseEstimator

    return registry.create(DWPOSE, device=device, threshold=0.0) if name == DWPOSE else PoseEstimator(model=name, device=device)


def device_for(name: str, device: str) -> str:
    """The device that an estimator can use in a training: DWPose a GPU only with onnxruntime-gpu, and each process its own GPU.

    Args:
        name: of the estimator.
        device: of the training.
    """
    from signbench.judges.dwpose.sessions import usable

    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    if name == DWPOSE and not usable(device):
        _log.warning("signbench: %s finds key points on the CPU; with onnxruntime-gpu it would use %s.", DWPOSE, device)
        return "cpu"
    return device


def release(judge: Judge) -> None:
    """Frees the memory of an estimator that keeps its networks for the process."""
    from signbench.judges.dwpose.judge import DWPose

    if isinstance(judge, DWPose):
        judge.release()


def files_of(judge: Judge) -> Mapping[str, str]:
    """The files of an estimator's weights and their digests.

    Raises:
        InputError: a file is absent or not the registered one.
    """
    from signbench.weights.store import signed_digest

    model = _model_of(judge)
    return {name: signed_digest(name) for name in judge.needs} if model is None else model.model.card.files


def of_training(config: Mapping[str, Any]) -> str | None:
    """The estimator that a model was trained with; None: the shipped one.

    Args:
        config: content of its ``config.json``.

    Raises:
        InputError: it is not a name.
    """
    found = config.get(FIELD)
    if found is not None and not isinstance(found, str):
        raise InputError(f"config.json names the estimator {found!r}, which is no name; copy the whole folder of the model again.")
    return found or None


def points_of(judge: Judge, frames: Iterable[NDArray[np.uint8]], clip: str) -> PosePoints:
    """The key points that an estimator finds, some frames at a time, so that memory does not grow with a clip's length.

    Args:
        judge: the estimator.
        frames: uint8 ``(H, W, 3)``, at least one.
        clip: its id, for messages.

    Raises:
        InputError: the clip has no frames, or the estimator gives something else.
    """
    left, found = iter(frames), []
    while part := list(islice(left, _TOGETHER)):
        shown = np.stack(part)
        if judge.size is not None and shown.shape[1:3] != tuple(judge.size):
            shown = resize_frames(shown, judge.size)
        pose = judge.observe([JudgedClip(clip, frames=shown)], ["pose"])[0]["pose"]
        if not isinstance(pose, Pose):
            raise InputError(f"clip {clip}: the pose estimator gives {type(pose).__name__}, not key points.")
        found.append(pose_points(pose))
    if not found:
        raise InputError(f"clip {clip} has no frames in which key points could be found; leave it out.")
    return PosePoints(np.concatenate([each.points for each in found]), np.concatenate([each.confidence for each in found]))


def made_by(judge: Judge) -> dict[str, str]:
    """What prepared key points depend on besides the videos."""
    model = _model_of(judge)
    return {"estimator": judge.signed} if model is None else {"estimator": model.model.digest, "decoding": model.decoding}


def _model_of(judge: Judge) -> PoseEstimator | None:
    from signbench.judges.pose_estimator.judge import PoseEstimator

    return judge if isinstance(judge, PoseEstimator) else None
