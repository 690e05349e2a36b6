"""Frames in time: conversion of rates, and the pairing of two sides with different lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.media import video
from signbench.media.pose_files import PoseProbe
from signbench.media.rates import count_at_rate, same_rate
from signbench.media.video import VideoProbe

FramesRule = Literal["equal", "truncate", "resample"]
"""How two sides with different lengths are paired."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """One side's frames after conversion to a common rate.

    Attributes:
        frames: how many there are.
        times: float64 ``(frames,)`` in seconds, or None if the rate is unknown.
        fps: frames per second (the mean, if it varies), or None.
    """

    frames: int
    times: NDArray[np.float64] | None
    fps: float | None

    @property
    def seconds(self) -> float | None:
        """Duration, or None if the rate is unknown."""
        return self.frames / self.fps if self.fps else None

    def shares(self) -> NDArray[np.float64]:
        """Each frame's time as a share of the way from the first frame to the last, in [0, 1]."""
        if self.frames == 1:
            return np.zeros(1)
        if self.times is None:
            return np.arange(self.frames) / (self.frames - 1)
        shares: NDArray[np.float64] = (self.times - self.times[0]) / (self.times[-1] - self.times[0])
        return shares


def video_timeline(probe: VideoProbe, rate: float | None) -> tuple[Timeline, NDArray[np.int64]]:
    """A video's frames at a rate (None: its own), and the source frame that each one shows."""
    if rate is None:
        times = probe.times if len(probe.times) else None
        return Timeline(probe.frames, times, probe.fps), np.arange(probe.frames, dtype=np.int64)
    positions = video.positions_at_rate(probe, rate)
    return Timeline(len(positions), np.arange(len(positions)) / rate, rate), positions


def pose_timeline(probe: PoseProbe, rate: float | None) -> Timeline:
    """The frames of key points at a rate (None: their own).

    Raises:
        InputError: a rate is requested, and the file does not state its own.
    """
    if rate is None:
        times = np.arange(probe.frames) / probe.fps if probe.fps else None
        return Timeline(probe.frames, times, probe.fps)
    if probe.fps is None:
        raise InputError("the file does not state its frame rate, so it cannot be converted; declare it with `source_fps`.")
    frames = count_at_rate(probe.frames, probe.fps, rate)
    return Timeline(frames, np.arange(frames) / rate, rate)


def pair_frames(reference: Timeline, prediction: Timeline, rule: FramesRule) -> tuple[int, NDArray[np.float64]]:
    """The position in the prediction with which each frame of the reference is paired.

    Args:
        reference: the reference's frames.
        prediction: the prediction's frames.
        rule: what to do if the two differ in length.

    Returns:
        How many frames of the reference take part, and for each the fractional position in the prediction, float64.

    Raises:
        InputError: lengths or rates differ, and the rule does not say what to do.
    """
    if rule == "resample":
        positions = reference.shares() * (prediction.frames - 1)
        # Positions that are integers up to rounding errors are made integers: between two frames, a point counts as seen only if
        # both show it.
        whole = np.rint(positions)
        return reference.frames, np.where(np.abs(positions - whole) < 1e-6, whole, positions)
    if _differ(reference.fps, prediction.fps):
        raise InputError(f"{_rates(reference, prediction)}; convert both with `fps`, or use `frames='resample'`.")
    if rule == "equal" and reference.frames != prediction.frames:
        raise InputError(
            f"the reference has {reference.frames} frames, the prediction {prediction.frames}; use `frames='truncate'` or resample."
        )
    frames = min(reference.frames, prediction.frames)
    return frames, np.arange(frames, dtype=np.float64)


def check_rates(reference: Timeline, prediction: Timeline, *, both_or_none: bool = False) -> None:
    """Refuses sides of different frame rates, for metrics that depend on them without pairing frames.

    Args:
        reference: the reference's frames.
        prediction: the prediction's frames.
        both_or_none: a rate that only one side states is refused too, because seconds do not compare with frames.

    Raises:
        InputError: the message states both rates, and what to do.
    """
    if _differ(reference.fps, prediction.fps):
        raise InputError(f"{_rates(reference, prediction)}; convert both with `fps`, or correct the rate in the file.")
    if both_or_none and (reference.fps is None) != (prediction.fps is None):
        stated, other = ("reference", "prediction") if prediction.fps is None else ("prediction", "reference")
        raise InputError(
            f"the {stated} has {reference.fps or prediction.fps:g} frames per second, and the {other} states no rate; "
            "declare it with `source_fps`."
        )


def _differ(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and not same_rate(one, other)


def _rates(reference: Timeline, prediction: Timeline) -> str:
    return f"the reference has {reference.fps:.6g} frames per second, the prediction {prediction.fps:.6g}"


def nearest_frames(prediction: Timeline, positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """The frame nearest to each fractional position, by time if the times are known; the earlier one on a tie.

    Args:
        prediction: the frames to choose from.
        positions: float64 in [0, frames - 1], increasing.
    """
    if prediction.frames == 1:
        return np.zeros(len(positions), dtype=np.int64)
    shares = prediction.shares()
    wanted = positions / (prediction.frames - 1)
    after = np.clip(np.searchsorted(shares, wanted, side="left"), 1, prediction.frames - 1)
    nearer_before = wanted - shares[after - 1] <= shares[after] - wanted + 1e-9
    return np.where(nearer_before, after - 1, after).astype(np.int64)
