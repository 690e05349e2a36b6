"""Passes one clip through the judges of a run, with a cache of their answers."""

from __future__ import annotations

import hashlib
import pickle
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import PoseRecording, Recording, VideoRecording, rotations_of
from signbench.errors import InputError, MediaError, SignbenchError
from signbench.foreign.isolation import guarded, is_own
from signbench.judges.asking import answers
from signbench.judges.base import Gives, Judge, JudgedClip, Likelihood, Observation, Reads
from signbench.judges.observations import decode, encode
from signbench.judges.registry import judge_class
from signbench.judges.through_key_points import POINTS, ThroughKeyPoints
from signbench.media import video
from signbench.media.layouts import Layout, layout
from signbench.media.motion import Motion
from signbench.media.pose import Pose, in_layout
from signbench.media.pose_files import READER_REVISION as POSE_REVISION
from signbench.media.pose_files import PoseProbe
from signbench.media.timelines import pair_frames, pose_timeline
from signbench.media.video import READER_REVISION as VIDEO_REVISION
from signbench.media.video import RESIZE_KERNEL
from signbench.metrics.judged import JudgedMetric, Truth
from signbench.metrics.pairs import FeaturePair, LabelPair, LikelihoodPair, Pair, PosePair, TextPair
from signbench.runs.outcomes import Input
from signbench.runs.protocol import Protocol
from signbench.scoring.views import SIDES, ClipError, ClipViews, SideName, blaming

if TYPE_CHECKING:
    from signbench.extractors.cache import ObservationCache
    from signbench.scoring.device_owner import OwnerAtWork

Judges = Mapping[str, Judge]
"""Prepared judges by name."""

_installed: dict[str, Judge] = {}
_owner: list[OwnerAtWork] = []
"""The process that runs this process's judges that use networks, if that is another one."""


@contextmanager
def judges_at_hand(judges: Judges) -> Iterator[None]:
    """Installs the judges of this process while the context lasts."""
    before = dict(_installed)
    _installed.update(judges)
    try:
        yield
    finally:
        _installed.clear()
        _installed.update(before)


def packed(judges: Judges) -> dict[str, dict[str, Any]]:
    """Judges in a form for another process: each as its name and its state, so that custom classes are found there too.

    Raises:
        InputError: a custom judge cannot be sent to another process.
    """
    for name, judge in judges.items():
        if not is_own(judge):
            state = vars(judge)
            guarded(
                partial(pickle.dumps, state),
                f"the judge {name} cannot be sent to worker processes; use `workers=1`, or load such objects on first use",
            )
    return {name: dict(vars(judge)) for name, judge in judges.items()}


def install(content: Mapping[str, Mapping[str, Any]], owner: OwnerAtWork | None = None) -> None:
    """Installs the judges of this process.

    Args:
        content: the result of :func:`packed` in the process that started this one.
        owner: the process that runs judges with a network; None: this process.
    """
    _owner[:] = [] if owner is None else [owner]
    for name, state in content.items():
        kind = judge_class(name)
        judge = kind.__new__(kind)
        vars(judge).update(state)
        _installed[name] = judge


def truth(clip: Clip, kind: Truth) -> str | None:
    """The corpus's answer for a clip, in NFC; None if it has none.

    Args:
        clip: the reference.
        kind: its text, its glosses, or its word, which is that of an isolated sign, or its only gloss if there is no word.
    """
    if kind == "gloss":
        found: str | None = " ".join(clip.gloss) if clip.gloss else None
    elif kind == "word":
        found = clip.text or (clip.gloss[0] if len(clip.gloss) == 1 else None)
    else:
        found = clip.text
    return None if found is None else unicodedata.normalize("NFC", found)


def truth_input(clip: Clip, metric: JudgedMetric) -> tuple[str, Input] | None:
    """The corpus's answer as an input of a record; None if the metric needs none, or the corpus has none."""
    if metric.truth is None or (said := truth(clip, metric.truth)) is None:
        return None
    content = said.encode()
    return f"reference.{metric.truth}", Input(size=len(content), modified=0, sha256=hashlib.sha256(content).hexdigest())


def check(views: ClipViews, metrics: Sequence[JudgedMetric], judges: Judges) -> None:
    """Finds errors in headers and missing answers of the corpus before the work starts.

    Args:
        views: the clip.
        metrics: judged metrics.
        judges: the judges of the run.

    Raises:
        InputError: the corpus has no answer to compare with, or a side cannot be shown to a judge: it has no rotations, for
            example, and the judge reads nothing else.
        ClipError: a header is unreadable.
    """
    for metric in metrics:
        kind = metric.truth
        if kind is not None and truth(views.reference, kind) is None:
            raise InputError(
                f"metric {metric.canonical} {'compares with' if metric.has_levels else 'groups clips by'} the corpus's {kind}, and "
                f"clip {views.reference.id} has none; add the column {'text' if kind == 'word' else kind} to clips.csv."
            )
        reads = (judges.get(metric.judge) or judge_class(metric.judge)).reads
        for side, clip in zip(SIDES, (views.reference, views.prediction), strict=True):
            recording = _recording(clip)
            with blaming(side, clip.id, recording.label):
                probe = recording.probe(views.protocol.source_fps)
                if probe.frames == 0:
                    raise MediaError(f"{recording.label} has no frames.")
                if isinstance(probe, PoseProbe) and not probe.has_rotations and _needs_rotations(reads):
                    raise _without_rotations(metric.judge, recording)


def media_kind(clip: Clip) -> Literal["video", "pose"]:
    """The kind of file of a clip that judges are shown: ``video`` or ``pose``."""
    return "video" if clip.video is not None else "pose"


Answered = dict[tuple[str, int], dict[Gives, Observation]]
"""What judges have answered about the sides of one :class:`ClipViews`: the judge's name and the side's ``id()`` -> its outputs."""


def pair_of(
    views: ClipViews,
    metric: JudgedMetric,
    wanted: Collection[Gives],
    cache: ObservationCache | None,
    answered: Answered | None = None,
) -> Pair:
    """The pair that a metric compares: the judge's answer for the clip of its role, and the correct answer.

    Args:
        views: the clip.
        metric: a judged metric of any role.
        wanted: all outputs of this judge that the run needs, computed together.
        cache: the cache of observations, or None.
        answered: shared by the metrics of one clip, so that no judge is asked twice; new answers are added.

    Raises:
        ClipError: a side cannot be read or judged; the error names the side at fault.
    """
    judge, known = metric.judge, {} if answered is None else answered
    if metric.has_levels:
        shown, side = _shown(views, metric)
        said = _observed(judge, _installed[judge], shown, views, side, wanted, cache, known, views.reference.text)[metric.gives]
        expected = truth(views.reference, metric.truth or "text") or ""
        if isinstance(said, Likelihood):
            return LikelihoodPair(said.log_probability, said.tokens)
        if metric.gives == "label":
            return LabelPair(expected, tuple(unicodedata.normalize("NFC", word) for word in cast("tuple[str, ...]", said)))
        words = said if isinstance(said, str) else " ".join(cast("tuple[str, ...]", said))
        return TextPair(words, expected)
    reference, prediction = (
        _observed(judge, _installed[judge], clip, views, side, wanted, cache, known)[metric.gives]
        for side, clip in zip(SIDES, (views.reference, views.prediction), strict=True)
    )
    if isinstance(reference, Pose) and isinstance(prediction, Pose):
        return _pose_pair(views, reference, prediction, paired=metric.pairs_frames)
    rows = _vector(prediction, metric), _vector(reference, metric)
    if rows[0].shape != rows[1].shape:
        numbers = " and ".join(str(len(row)) for row in rows)
        raise SignbenchError(f"the judge {judge} breaks its contract: its rows of the two sides have {numbers} numbers.")
    return FeaturePair(*rows, truth(views.reference, "word"))


def _shown(views: ClipViews, metric: JudgedMetric) -> tuple[Clip, SideName]:
    """The clip that a judge is shown, and the side at fault if that fails: a reference in place of the production fails as one."""
    if metric.role == "score":
        return views.prediction, "prediction"
    if metric.role == "ceiling":
        return views.reference, "prediction"
    if views.dealt is None:
        raise ClipError(f"clip {views.reference.id}: there is no other clip whose reference could be dealt to it.", "reference")
    return views.dealt, "prediction"


def _observed(
    name: str,
    judge: Judge,
    clip: Clip,
    views: ClipViews,
    side: SideName,
    wanted: Collection[Gives],
    cache: ObservationCache | None,
    answered: Answered,
    text: str | None = None,
) -> Mapping[Gives, Observation]:
    """A judge's answers for one side: those of this clip's other metrics, those in the cache, and the judge's own for the rest."""
    from signbench.extractors.cache import observation_key

    recording = _recording(clip)
    found = answered.setdefault((name, id(clip)), {})
    wanted = [gives for gives in wanted if gives not in found]
    if not wanted:
        return found
    keys: dict[Gives, str] = {}
    with blaming(side, views.reference.id, recording.label):
        if cache is not None:
            reader = f"video-{VIDEO_REVISION}" if clip.video is not None else f"pose-{POSE_REVISION}"
            digest, view = recording.digest(), _view(judge, views.protocol)
            for gives in wanted:
                signed = f"{judge.signed}+{gives}"
                if gives == "likelihood":
                    signed += f"+{hashlib.sha256((text or '').encode()).hexdigest()}"
                keys[gives] = observation_key(digest, reader, view, signed)
                if (content := cache.content(keys[gives])) is not None:
                    found[gives] = decode(gives, content)
        lacking = [gives for gives in wanted if gives not in found]
        if lacking:
            stamp = recording.stamp()
            said = text if "likelihood" in lacking else None
            owner = _owner[0] if _owner and judge.has_network else None
            points = None
            if owner is None and isinstance(judge, ThroughKeyPoints):
                with suppress(ClipError):  # in a video that shows no person, the judge itself says what it recognises
                    points = _observed(judge.estimator_name, judge.estimator, clip, views, side, POINTS, cache, answered)["pose"]
            if isinstance(points, Pose):
                shown = JudgedClip(clip.id, pose=points, text=said)
            else:
                shown = judged_clip(judge, clip, views.protocol, said)
            made = answers(judge, [shown], lacking)[0] if owner is None else owner.answer(name, shown, lacking)
            found.update(made)
            if cache is not None and recording.stamp() == stamp:  # otherwise the digest in the key may be that of other contents
                for gives, observation in made.items():
                    description = {"extractor": f"judge {judge.signed}", "gives": gives}
                    cache.keep(keys[gives], description, encode(gives, observation))
    return found


def judged_clip(judge: Judge, clip: Clip, protocol: Protocol, text: str | None) -> JudgedClip:
    """One side of a clip in the form in which a judge is shown it: complete, at the judge's rate, size and layout.

    Raises:
        MediaError: it cannot be read, or has no key points.
        InputError: it does not state its rate, or has no rotations, which the judge needs.
    """
    rate = judge.rate or protocol.fps
    if clip.video is not None:
        shown = rate or clip.video.probe(protocol.source_fps).fps
        return JudgedClip(clip.id, frames=_frames(clip.video, judge, protocol, rate), text=text, fps=shown)
    recording = cast("PoseRecording", _recording(clip))
    pose = recording.pose(protocol.source_fps)
    if pose.frames == 0:
        raise MediaError(f"{recording.label} has no frames.")
    if judge.layout is not None:
        pose = in_layout(pose, _layout(judge.layout))
    pose.check_finite()
    motion = _motion(recording, judge, protocol, rate) if "motion" in judge.reads else None
    return JudgedClip(clip.id, pose=pose.at_rate(rate) if rate else pose, motion=motion, text=text)


def _motion(recording: PoseRecording, judge: Judge, protocol: Protocol, rate: float | None) -> Motion | None:
    """The rotations of a recording at a rate; None if it has none and the judge can do without."""
    motion = rotations_of(recording, protocol.source_fps)
    if motion is None:
        if _needs_rotations(judge.reads):
            raise _without_rotations(judge.name, recording)
        return None
    motion.check_finite()
    return motion.at_rate(rate) if rate else motion


def _needs_rotations(reads: Collection[Reads]) -> bool:
    """Whether a judge that is shown no frames needs rotations, because it does not read positions."""
    return "motion" in reads and "pose" not in reads


def _without_rotations(judge: str, recording: Recording) -> InputError:
    return InputError(
        f"{recording.label} has no rotations, and the judge {judge} reads nothing else; use an .npz file with the field rotations "
        "(frames x 55 x 3, axis-angle)."
    )


def _frames(recording: VideoRecording, judge: Judge, protocol: Protocol, rate: float | None) -> NDArray[np.uint8]:
    probe = recording.probe(protocol.source_fps)
    positions = np.arange(probe.frames, dtype=np.int64) if rate is None else video.positions_at_rate(probe, rate)
    chunks = list(recording.chunks(probe, positions, judge.size or protocol.size))
    found: NDArray[np.uint8] = np.concatenate(chunks)
    if len(found) != len(positions):
        raise MediaError(f"{recording.label} ends after {len(found)} of {len(positions)} frames.")
    return found


def _layout(name: str) -> Layout:
    return layout(name)


def _view(judge: Judge, protocol: Protocol) -> str:
    """The conversion of a clip for a judge; with the file's digest, it determines the judge's input."""
    size = judge.size or protocol.size
    pixels = "native" if size is None else f"{size[1]}x{size[0]} {RESIZE_KERNEL}"
    return f"fps {judge.rate or protocol.fps} from {protocol.source_fps} {pixels} {judge.layout}"


def _recording(clip: Clip) -> VideoRecording | PoseRecording:
    recording: Recording | None = clip.video if clip.video is not None else clip.pose
    if recording is None:
        raise InputError(f"clip {clip.id} has neither video nor key points for a judge.")
    return cast("VideoRecording | PoseRecording", recording)


def _vector(observation: Observation, metric: JudgedMetric) -> NDArray[np.float32]:
    rows = cast("NDArray[np.float32]", observation)
    if len(rows) != 1:
        raise SignbenchError(f"metric {metric.canonical} needs one row for each clip, but the judge gives {len(rows)}.")
    row: NDArray[np.float32] = rows[0]
    return row


def _pose_pair(views: ClipViews, reference: Pose, prediction: Pose, *, paired: bool) -> PosePair:
    """Key points that a judge found on both sides, with the run's frames rule.

    Raises:
        SignbenchError: they are in different layouts; the judge breaks its contract.
        ClipError: the frames rule refuses them.
    """
    forms = [f"{pose.layout.name}/{pose.points.shape[2]}d" for pose in (reference, prediction)]
    if reference.layout != prediction.layout or forms[0] != forms[1]:
        raise SignbenchError(f"the judge breaks its contract: its key points of the two sides are {' and '.join(forms)}.")
    if not paired:
        return PosePair(prediction, reference, prediction, reference)
    with blaming("pair", views.reference.id):
        lines = [pose_timeline(_probe(pose), None) for pose in (reference, prediction)]
        frames, partners = pair_frames(lines[0], lines[1], views.protocol.frames)
    return PosePair(prediction, reference, prediction.at_positions(partners), reference.first(frames))


def _probe(pose: Pose) -> PoseProbe:
    return PoseProbe(pose.frames, pose.layout, pose.fps, dimensions=int(pose.points.shape[2]), has_confidence=True)
