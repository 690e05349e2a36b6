"""The pose estimators that MimicMotion's pictures of poses are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from signbench.judges.base import Judge

if TYPE_CHECKING:
    from signbench.judges.pose_estimator.judge import PoseEstimator

DWPOSE = "dwpose"
"""The estimator of the original, for real videos."""


def estimator(name: str | None, device: str = "cpu") -> Judge:
    """A pose estimator.

    Args:
        name: ``dwpose``, or the name or folder of a ``pose-estimator`` model; None: the shipped one.
        device: of its networks.

    Raises:
        InputError: there is none, or its weights are not present.
    """
    from signbench.judges import registry
    from signbench.judges.pose_estimator.judge import PoseEstimator

    return registry.create(DWPOSE, device=device) if name == DWPOSE else PoseEstimator(model=name, device=device)


def files_of(judge: Judge) -> Mapping[str, str]:
    """The files of an estimator's weights and their digests.

    Raises:
        InputError: a file is absent or not the registered one.
    """
    from signbench.weights.store import signed_digest

    model = _model_of(judge)
    return {name: signed_digest(name) for name in judge.needs} if model is None else model.model.card.files


def made_by(judge: Judge) -> dict[str, str]:
    """What prepared key points depend on besides the videos."""
    model = _model_of(judge)
    return {"estimator": judge.signed} if model is None else {"estimator": model.model.digest, "decoding": model.decoding}


def _model_of(judge: Judge) -> PoseEstimator | None:
    from signbench.judges.pose_estimator.judge import PoseEstimator

    return judge if isinstance(judge, PoseEstimator) else None
