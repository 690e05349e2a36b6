"""Views of one clip: its two sides in the forms that the metrics of a run need, each computed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import PoseRecording, Recording, VideoRecording
from signbench.errors import InputError, MediaError, SignbenchError
from signbench.media.modalities import FILE_KIND_WORDS, FileKind
from signbench.media.pose import Pose, in_layout
from signbench.media.pose_files import PoseProbe
from signbench.media.rates import same_rate
from signbench.media.timelines import Timeline, check_rates, nearest_frames, pair_frames, pose_timeline, video_timeline
from signbench.media.video import VideoProbe
from signbench.metrics.base import FILE_KIND_OF_VIEW, Metric, View
from signbench.metrics.pairs import FeaturePair, LabelPair, LengthPair, PosePair, TextPair
from signbench.runs.protocol import Protocol

SideName = Literal["reference", "prediction"]
Fault = Literal["reference", "prediction", "pair"]
SIDES: tuple[SideName, SideName] = ("reference", "prediction")


class ClipError(SignbenchError):
    """A clip cannot be scored; while scoring, it counts as missing, and the other clips continue.

    Attributes:
        fault: the side at fault, or ``pair`` if it cannot be determined.
    """

    exit_code = 2

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


@contextmanager
def blaming(fault: Fault, clip: str, label: str = "") -> Iterator[None]:
    """Turns errors into a ClipError that names the clip, the file and the side at fault."""
    try:
        yield
    except ClipError:
        raise
    except SignbenchError as error:
        text = str(error)
        named = text if label in text else f"{label}: {text}"
        raise ClipError(f"clip {clip}: {named}", fault) from error
    except (OSError, MemoryError) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise ClipError(f"clip {clip}: {label or 'it'} cannot be read: {cause}.", fault) from error


@dataclass(frozen=True, eq=False)
class ClipViews:
    """The two sides of one clip, converted by a run's protocol.

    Attributes:
        reference: the corpus's clip.
        prediction: the production with the same id.
        protocol: how the sides are converted and paired.
        dealt: the reference of another clip for the chance level of judges, or None.
    """

    reference: Clip
    prediction: Clip
    protocol: Protocol
    dealt: Clip | None = None

    def recordings(self, modality: FileKind) -> dict[SideName, Recording]:
        """The files of one modality: ``reference`` and ``prediction``.

        Raises:
            InputError: a side has no file of that modality.
        """
        files = (self.reference.recording(modality), self.prediction.recording(modality))
        if files[0] is None or files[1] is None:
            raise self._lacks(modality, files[0])
        return {"reference": files[0], "prediction": files[1]}

    def modality(self, view: View) -> FileKind:
        """The kind of file that a view is read from; lengths come from key points if both sides have them, otherwise from video."""
        return self._lengths_modality if view == "lengths" else FILE_KIND_OF_VIEW[view]

    @property
    def _lengths_modality(self) -> Literal["video", "pose"]:
        return "pose" if self.reference.pose is not None and self.prediction.pose is not None else "video"

    def check(self, metrics: Sequence[Metric]) -> None:
        """Finds errors in the headers.

        Raises:
            ClipError: a header is unreadable, or the sides do not fit each other or a metric.
            InputError: a side has no file of a metric's modality.
        """
        clip = self.reference.id
        for metric in metrics:
            if metric.view == "judged":
                continue  # see signbench.scoring.judging.check
            if metric.view in ("frames", "observations"):
                self._check_images(metric)
            elif metric.view == "pose":
                self._check_layouts()
                if metric.needs_scale:
                    self._check_pictures()
                if metric.pairs_frames:
                    with blaming("pair", clip):
                        pair_frames(*self._timelines("pose"), self.protocol.frames)
            elif metric.view == "lengths":
                _ = self.lengths(self._lengths_modality)
            else:
                _ = self.recordings(self.modality(metric.view))
            if metric.needs_rate and not metric.pairs_frames:
                modality = self.modality(metric.view)
                with blaming("pair", clip):
                    check_rates(*self._timelines("pose" if modality == "pose" else "video"), both_or_none=metric.view == "lengths")
            if metric.needs_labels and self.reference.features is not None and self.reference.features.sign is None:
                raise InputError(
                    f"metric {metric.canonical} groups clips by the references' labels, and {self.reference.features.label} has "
                    "none; add a column label to the references' ids.csv."
                )

    def _check_images(self, metric: Metric) -> None:
        """Checks that the images of both sides fit each other and the metrics."""
        clip = self.reference.id
        (reference, prediction), _ = self._video_probes, self._videos
        size = self.protocol.size or (reference.height, reference.width)
        if self.protocol.size is None and (prediction.height, prediction.width) != size:
            raise ClipError(
                f"clip {clip}: the reference is {reference.width} x {reference.height} pixels, the prediction "
                f"{prediction.width} x {prediction.height}; convert both with `size`.",
                "pair",
            )
        if metric.pairs_frames:
            with blaming("pair", clip):
                frames, _ = pair_frames(*self._timelines("video"), self.protocol.frames)
                metric.check_frames(size[0], size[1], frames)
        if metric.extractor is not None:
            for name, probe, timeline in zip(SIDES, self._video_probes, self._timelines("video"), strict=True):
                with blaming(name, clip, self.recordings("video")[name].label):
                    metric.extractor.check_frames(*(self.protocol.size or (probe.height, probe.width)), timeline.frames)

    def lengths(self, modality: Literal["video", "pose"]) -> LengthPair:
        """Lengths of both sides at the run's frame rate; nearly equal rates are replaced by the reference's."""
        reference, prediction = self._timelines(modality)
        fps = prediction.fps
        if fps is not None and reference.fps is not None and same_rate(fps, reference.fps):
            fps = reference.fps
        return LengthPair(prediction.frames, reference.frames, prediction.frames / fps if fps else None, reference.seconds)

    def reference_length(self, modality: Literal["video", "pose"]) -> LengthPair:
        """Length of the reference, paired with 0 frames for a production that is missing or unreadable.

        Raises:
            ClipError: the reference cannot be read.
        """
        probe = self._reference_probe(modality)
        with blaming("reference", self.reference.id):
            if isinstance(probe, PoseProbe):
                timeline = pose_timeline(probe, self.protocol.fps)
            else:
                timeline, _ = video_timeline(probe, self.protocol.fps)
        return LengthPair(0, timeline.frames, None, timeline.seconds)

    def layout(self) -> str:
        """Name of the reference's key-point layout, and its coordinates per point: ``mediapipe-178/3d``."""
        probe = self._reference_probe("pose")
        if not isinstance(probe, PoseProbe):
            raise TypeError("key points have a probe of key points")
        return f"{probe.layout.name}/{probe.dimensions}d"

    def _reference_probe(self, modality: Literal["video", "pose"]) -> VideoProbe | PoseProbe:
        recording = self.reference.pose if modality == "pose" else self.reference.video
        if recording is None:
            raise self._lacks(modality, None)
        with blaming("reference", self.reference.id, recording.label):
            return recording.probe(self.protocol.source_fps)

    def moving(self, side: SideName) -> tuple[VideoRecording, VideoProbe, NDArray[np.int64]]:
        """A side's video, its headers, and the source frames on its timeline, int64, non-decreasing."""
        index = SIDES.index(side)
        return self._videos[index], self._video_probes[index], self._video_timelines[index][1]

    def pairing(self) -> tuple[int, NDArray[np.int64]]:
        """The number of compared frames on the reference's timeline, and the frame of the prediction that each is compared with.

        Raises:
            ClipError: the sides differ in length, and the run's rule does not allow it.
        """
        (reference, _), (prediction, _) = self._video_timelines
        with blaming("pair", self.reference.id):
            frames, partners = pair_frames(reference, prediction, self.protocol.frames)
        resampled = self.protocol.frames == "resample"
        return frames, nearest_frames(prediction, partners) if resampled else np.arange(frames, dtype=np.int64)

    def text_pair(self) -> TextPair:
        """The texts of both sides."""
        if self.reference.written is None or self.prediction.written is None:
            raise self._lacks("text", self.reference.written)
        return TextPair(self.prediction.written.text, self.reference.written.text)

    def feature_pair(self) -> FeaturePair:
        """Both sides' feature vectors, and the clip's class if the reference states it.

        Raises:
            ClipError: a side cannot be read, or the sides differ in length or class.
        """
        if self.reference.features is None or self.prediction.features is None:
            raise self._lacks("features", self.reference.features)
        vectors = []
        for name, recording in zip(SIDES, (self.reference.features, self.prediction.features), strict=True):
            with blaming(name, self.reference.id, recording.label):
                vectors.append(recording.vector())
        if vectors[0].shape != vectors[1].shape:
            raise ClipError(
                f"clip {self.reference.id}: the reference has {len(vectors[0])} features, the prediction {len(vectors[1])}; "
                "compute both with the same network.",
                "pair",
            )
        sign, said = self.reference.features.sign, self.prediction.features.sign
        if None not in (sign, said) and sign != said:
            raise ClipError(
                f"clip {self.reference.id}: its label is {sign}, but that of the prediction is {said}; correct one of them.", "pair"
            )
        return FeaturePair(vectors[1], vectors[0], sign)

    def label_pair(self) -> LabelPair:
        """The clip's label, and the labels that a recogniser predicted for it.

        Raises:
            ClipError: a side cannot be read.
        """
        if self.reference.labels is None or self.prediction.labels is None:
            raise self._lacks("labels", self.reference.labels)
        ranked = []
        for name, recording in zip(SIDES, (self.reference.labels, self.prediction.labels), strict=True):
            with blaming(name, self.reference.id, recording.label):
                ranked.append(recording.ranked())
        return LabelPair(next(iter(ranked[0]), ""), ranked[1])

    def pose_pair(self, paired: bool) -> PosePair:
        """Both sides' key points, in the reference's layout and at the run's rate.

        Args:
            paired: whether a metric compares frame with frame; otherwise the sides are not paired.

        Raises:
            ClipError: a side cannot be read, or has nothing to score.
        """
        sides: list[Pose] = []
        for fault, recording in zip(SIDES, self._poses, strict=True):
            with blaming(fault, self.reference.id, recording.label):
                pose = recording.pose(self.protocol.source_fps)
                if pose.frames == 0:
                    raise MediaError(f"{recording.label} has no frames.")
                if sides:
                    pose = in_layout(pose, sides[0].layout)
                pose.check_finite()
                sides.append(pose.at_rate(self.protocol.fps) if self.protocol.fps else pose)
        reference, prediction = sides
        if reference.points.shape[2] != prediction.points.shape[2]:
            raise ClipError(f"clip {self.reference.id}: the sides differ in the number of coordinates per point.", "pair")
        if not paired:
            return PosePair(prediction, reference, prediction, reference)
        with blaming("pair", self.reference.id):
            frames, partners = pair_frames(*self._timelines("pose"), self.protocol.frames)
        return PosePair(prediction, reference, prediction.at_positions(partners), reference.first(frames))

    @property
    def _videos(self) -> tuple[VideoRecording, VideoRecording]:
        if self.reference.video is None or self.prediction.video is None:
            raise self._lacks("video", self.reference.video)
        return self.reference.video, self.prediction.video

    @property
    def _poses(self) -> tuple[PoseRecording, PoseRecording]:
        if self.reference.pose is None or self.prediction.pose is None:
            raise self._lacks("pose", self.reference.pose)
        return self.reference.pose, self.prediction.pose

    def _lacks(self, modality: FileKind, reference: Recording | None) -> InputError:
        side = "references" if reference is None else "predictions"
        return InputError(f"clip {self.reference.id} has no {FILE_KIND_WORDS[modality]} among the {side}.")

    def pixels(self, side: SideName) -> str:
        """The family of one side's stored pixels (:class:`signbench.media.video.VideoProbe`)."""
        return self._video_probe(side).pixels

    def _video_probe(self, side: SideName) -> VideoProbe:
        if side not in self._probed:
            recording = self._videos[SIDES.index(side)]
            with blaming(side, self.reference.id, recording.label):
                self._probed[side] = recording.probe(self.protocol.source_fps)
        return self._probed[side]

    @cached_property
    def _probed(self) -> dict[SideName, VideoProbe]:
        return {}

    @cached_property
    def _video_probes(self) -> tuple[VideoProbe, VideoProbe]:
        return self._video_probe("reference"), self._video_probe("prediction")

    @cached_property
    def _pose_probes(self) -> tuple[PoseProbe, PoseProbe]:
        probes = []
        for fault, recording in zip(SIDES, self._poses, strict=True):
            with blaming(fault, self.reference.id, recording.label):
                probes.append(recording.probe(self.protocol.source_fps))
                if probes[-1].frames == 0:
                    raise MediaError(f"{recording.label} has no frames.")
        return probes[0], probes[1]

    @cached_property
    def _video_timelines(self) -> tuple[tuple[Timeline, NDArray[np.int64]], tuple[Timeline, NDArray[np.int64]]]:
        pairs = []
        for fault, recording, probe in zip(SIDES, self._videos, self._video_probes, strict=True):
            with blaming(fault, self.reference.id, recording.label):
                pairs.append(video_timeline(probe, self.protocol.fps))
        return pairs[0], pairs[1]

    def _timelines(self, modality: Literal["video", "pose"]) -> tuple[Timeline, Timeline]:
        if modality == "video":
            (reference, _), (prediction, _) = self._video_timelines
            return reference, prediction
        timelines = []
        for fault, recording, probe in zip(SIDES, self._poses, self._pose_probes, strict=True):
            with blaming(fault, self.reference.id, recording.label):
                timelines.append(pose_timeline(probe, self.protocol.fps))
        return timelines[0], timelines[1]

    def _check_layouts(self) -> None:
        reference, prediction = self._pose_probes
        clip = self.reference.id
        if reference.dimensions != prediction.dimensions:
            raise ClipError(
                f"clip {clip}: the reference has {reference.dimensions} coordinates per point, the prediction "
                f"{prediction.dimensions}; submit the same number.",
                "pair",
            )
        lacking = [joint for joint in reference.layout.joints if joint not in prediction.layout]
        if lacking:
            raise ClipError(
                f"clip {clip}: the prediction's layout {prediction.layout.name} lacks {len(lacking)} joints of the reference's "
                f"layout {reference.layout.name}, the first being {lacking[0]}; convert one side.",
                "pair",
            )

    def _check_pictures(self) -> None:
        """Checks that the key points of both sides are from pictures of the same size, if the files state it."""
        sizes = {probe.picture for probe in self._pose_probes}
        if None in sizes or len(sizes) == 1:
            return
        try:
            reference, prediction = (recording.pose(None).picture for recording in self._poses)
        except (SignbenchError, OSError, MemoryError):
            return  # its points cannot be read, which only fails this clip, and is reported when the clip is scored
        if reference is None or prediction is None or reference == prediction:
            return
        raise ClipError(
            f"clip {self.reference.id}: the reference's key points are from a picture of {reference[0]} x {reference[1]} pixels, "
            f"the prediction's from {prediction[0]} x {prediction[1]}; scale them to one size, or choose a metric in shoulder "
            "widths, such as ape:normalise=shoulders or dtw:variant=ndtwp.",
            "pair",
        )
