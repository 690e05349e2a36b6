"""Signing composed of dictionary forms, like dictionary look-up systems."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.base import Card, Generator
from signbench.generators.retrieval import Retrieval
from signbench.generators.text_search import look_up, normalised
from signbench.generators.training import Recording, TrainClip, TrainView
from signbench.media.modalities import MODALITIES
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.media.rotations import axis_angle_from_matrix, matrix_from_axis_angle, partway
from signbench.predictions.prompts import Made, Production, Prompt
from signbench.predictions.sampling import (
    as_points,
    as_video,
    frames_of,
    motion_of,
    nearest_positions,
    pose_of,
    production_of,
    stretched,
    wanted_length,
)

_LONGEST_ENTRY = 3
_STIRRING = 0.25


@dataclass(frozen=True, eq=False)
class Form:
    """The form of a gloss in one clip.

    Attributes:
        clip: its id.
        signer: name of the signer.
        media: the recording.
        part: the part with the gloss, as shares of the clip's length; all of an isolated sign.
        isolated: whether it starts and ends at rest.
    """

    clip: str
    signer: str | None
    media: Recording
    part: tuple[float, float] = (0.0, 1.0)
    isolated: bool = True


class Dictionary:
    """Glosses and their forms, and spoken words and their glosses.

    Forms are isolated signs, or for a gloss without any, segments of train sentences, which are divided into equal parts by their
    number of glosses. Words are learnt from isolated signs: each spoken word belongs to the gloss that it occurs with most often.
    """

    def __init__(self, train: TrainView) -> None:
        self.forms: dict[str, list[Form]] = defaultdict(list)
        words: dict[str, Counter[str]] = defaultdict(Counter)
        for clip in sorted(train.words(), key=lambda clip: clip.id):
            if len(clip.gloss) == 1:
                self.forms[clip.gloss[0]].append(Form(clip.id, clip.signer, clip.media))
                if clip.word and (word := normalised(clip.word)):
                    words[word][clip.gloss[0]] += 1
        self.words: dict[str, str] = {
            word: min(counts, key=lambda gloss: (-counts[gloss], gloss)) for word, counts in sorted(words.items())
        }
        self.sentences = sorted(train, key=lambda clip: clip.id)
        self._add_segments(self.sentences)

    def _add_segments(self, sentences: Sequence[TrainClip]) -> None:
        isolated = set(self.forms)
        for clip in sentences:
            for position, gloss in enumerate(clip.gloss):
                if gloss not in isolated:
                    part = (position / len(clip.gloss), (position + 1) / len(clip.gloss))
                    self.forms[gloss].append(Form(clip.id, clip.signer, clip.media, part, isolated=False))

    def glosses(self, prompt: Prompt) -> list[str]:
        """The glosses to sign: the granted ones that have a form, else those of the words, longest entries first.

        Words that are not in the dictionary are left out, since function words have no sign.
        """
        if prompt.gloss:
            return [gloss for gloss in prompt.gloss if gloss in self.forms]
        return glosses_of(normalised(prompt.word or prompt.text or ""), self.words)

    def choose(self, glosses: Sequence[str], signer: str | None) -> list[Form]:
        """A form for each gloss, by one signer as far as possible.

        Args:
            glosses: glosses that all have a form.
            signer: the preferred signer; None: the one who has most of the glosses.

        Returns:
            Forms in order; of several by one signer the one with the lowest id.
        """
        having = Counter(name for gloss in set(glosses) for name in {form.signer for form in self.forms[gloss]} if name is not None)
        if signer is None and having:
            signer = min(having, key=lambda name: (-having[name], name))
        return [next((form for form in self.forms[gloss] if form.signer == signer), self.forms[gloss][0]) for gloss in glosses]


def glosses_of(text: str, words: Mapping[str, str]) -> list[str]:
    """The glosses of a text in spoken order.

    Args:
        text: normalised.
        words: spoken word or phrase -> gloss; an entry of several words takes precedence over a shorter one.
    """
    tokens = text.split()
    found, position = [], 0
    while position < len(tokens):
        for length in range(min(_LONGEST_ENTRY, len(tokens) - position), 0, -1):
            entry = look_up(" ".join(tokens[position : position + length]), words)
            if entry is not None:
                found.append(words[entry])
                position += length
                break
        else:
            position += 1
    return found


class Stitched(Generator):
    """Signs gloss by gloss: a dictionary form for each, trimmed of the rest position, joined with blending.

    If the task grants glosses they are signed in their order, else the words in the dictionary are, in spoken order. A gloss is
    shown by an isolated sign, or if train has none by its share of a train sentence; by one signer, the granted one or the one who
    has most of the glosses. Neighbouring signs overlap for ``blend`` seconds, in which one fades into the other: key points by
    linear interpolation, rotations by the shortest turn, images by a dissolve. A prompt without anything in the dictionary gets the
    clip that ``nearest`` finds.

    Args:
        blend: seconds of overlap, 0 to 2.
    """

    def __init__(self, blend: float | str = 0.2) -> None:
        try:
            self._blend = float(blend)
        except ValueError:
            raise InputError(f"stitched: blend must be a number of seconds, not {blend!r}.") from None
        if not 0 <= self._blend <= 2:
            raise InputError(f"stitched: blend must be 0 to 2 seconds, not {blend}.")
        self.card = Card(
            name="stitched" if self._blend == 0.2 else f"stitched:blend={self._blend:g}",
            version="2",
            modalities=MODALITIES,
            prompt_fields=("gloss|word|text",),
            licence="that of the corpus",
        )

    def prepare(self, train: TrainView) -> None:
        self._dictionary = Dictionary(train)
        self._retrieval = Retrieval(self._dictionary.sentences)

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            glosses = self._dictionary.glosses(prompt)
            if glosses:
                yield self._stitch(self._dictionary.choose(glosses, prompt.signer), prompt)
            else:
                yield production_of(self._retrieval.find(prompt).media, prompt)

    def _stitch(self, forms: Sequence[Form], prompt: Prompt) -> Production:
        overlap, length = round(self._blend * prompt.fps), wanted_length(prompt)
        if prompt.made.modality == "video":
            frames = blended_images([images_of(form, prompt.made) for form in forms], overlap)
            kept = frames if length is None else frames[nearest_positions(len(frames), length)]
            return Production(prompt.clip, frames=iter(kept), fps=prompt.fps)
        motions = [rotations_of_form(form, prompt.made) for form in forms]
        if all(motion is not None for motion in motions):
            motion = blended_motions([motion for motion in motions if motion is not None], overlap)
            return Production(prompt.clip, motion=stretched(motion, length), fps=prompt.fps)
        pose = blended_poses([points_of(form, prompt.made) for form in forms], overlap)
        return Production(prompt.clip, pose=stretched(pose, length), fps=prompt.fps)


def points_of(form: Form, made: Made) -> Pose:
    """A form's key points without the rest position at its ends."""
    pose = pose_of(as_points(form.media), made)
    begin, end = _shown(form, pose)
    return replace(pose, points=pose.points[begin:end], confidence=pose.confidence[begin:end])


def rotations_of_form(form: Form, made: Made) -> Motion | None:
    """A form's rotations in the frames of :func:`points_of`; None if the task does not take rotations, or the form has none."""
    motion = motion_of(form.media, made)
    if motion is None:
        return None
    begin, end = _shown(form, motion.pose())
    return replace(motion, rotations=motion.rotations[begin:end], translation=motion.translation[begin:end])


def _shown(form: Form, pose: Pose) -> tuple[int, int]:
    """First frame of a form without the rest position at its ends, and the one after its last."""
    if not form.isolated:
        return _cut(form, pose.frames)
    weights = pose.seen.astype(np.float64)

    def distance(frame: int) -> NDArray[np.float64]:
        both = weights * weights[frame]
        apart = np.sqrt(((pose.points.astype(np.float64) - pose.points[frame]) ** 2).sum(axis=2))
        mean: NDArray[np.float64] = (apart * both).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
        return mean

    return active_span(distance(0), distance(-1))


def images_of(form: Form, made: Made) -> NDArray[np.uint8]:
    """A form's images uint8 ``(T, H, W, 3)`` without the rest position at its ends."""
    frames = np.stack(list(frames_of(as_video(form.media), made)))
    begin, end = _cut(form, len(frames))
    if form.isolated:

        def distance(reference: NDArray[np.uint8]) -> NDArray[np.float64]:
            return np.array([float(np.abs(frame.astype(np.int16) - reference).mean()) for frame in frames])

        begin, end = active_span(distance(frames[0]), distance(frames[-1]))
    return frames[begin:end]


def _cut(form: Form, frames: int) -> tuple[int, int]:
    """First frame of a form's part, and the one after its last; at least one frame."""
    begin = min(round(form.part[0] * frames), frames - 1)
    return begin, max(round(form.part[1] * frames), begin + 1)


def active_span(from_first: NDArray[np.float64], from_last: NDArray[np.float64]) -> tuple[int, int]:
    """The active part of a sign: from the last frame still near the first one, to the first frame near the last one.

    Args:
        from_first: float64 ``(T,)``, how far each frame is from the first.
        from_last: float64 ``(T,)``, how far each frame is from the last.

    Returns:
        First frame, and the one after the last; near means less than a quarter of the largest distance; all frames if fewer than
        two would be left.
    """
    frames = len(from_first)
    stirring = np.flatnonzero(from_first > _STIRRING * from_first.max())
    settling = np.flatnonzero(from_last > _STIRRING * from_last.max())
    if not stirring.size or not settling.size:
        return 0, frames
    begin, end = max(int(stirring[0]) - 1, 0), min(int(settling[-1]) + 2, frames)
    return (begin, end) if end - begin > 1 else (0, frames)


def _overlaps(lengths: Sequence[int], overlap: int) -> list[int]:
    """Frames in which each piece overlaps the next: at most half of either, so that a short piece is still visible."""
    return [min(overlap, first // 2, second // 2) for first, second in pairwise(lengths)]


def _fading_in(count: int) -> NDArray[np.float64]:
    """Weights of the later piece over an overlap, rising linearly between 0 and 1."""
    return np.arange(1, count + 1) / (count + 1)


def blended_images(pieces: Sequence[NDArray[np.uint8]], overlap: int) -> NDArray[np.uint8]:
    """Concatenates pieces of video, each dissolving into the next.

    Args:
        pieces: uint8 ``(T, H, W, 3)``.
        overlap: frames that neighbours share.

    Returns:
        uint8 ``(T, H, W, 3)``.

    Raises:
        InputError: two pieces differ in size.
    """
    if len({piece.shape[1:] for piece in pieces}) > 1:
        raise InputError("train clips differ in size, so they cannot be joined; the task must state one.")
    done = list(pieces[0])
    for piece, shared in zip(pieces[1:], _overlaps([len(piece) for piece in pieces], overlap), strict=True):
        for frame, share in enumerate(_fading_in(shared)):
            before = done[len(done) - shared + frame]
            done[len(done) - shared + frame] = np.rint(before * (1 - share) + piece[frame] * share).astype(np.uint8)
        done += list(piece[shared:])
    return np.stack(done)


def blended_poses(pieces: Sequence[Pose], overlap: int) -> Pose:
    """Concatenates pieces of key points, each interpolated linearly into the next.

    A point that is seen in only one of two overlapping pieces is taken from that one.

    Args:
        pieces: with the same layout.
        overlap: frames that neighbours share.

    Raises:
        InputError: two pieces differ in their joints or dimensions.
    """
    first = pieces[0]
    if any(piece.layout.joints != first.layout.joints or piece.points.shape[2] != first.points.shape[2] for piece in pieces):
        raise InputError("train clips differ in their joints, so they cannot be joined; convert the corpus to one layout.")
    points, confidence = first.points, first.confidence
    for piece, shared in zip(pieces[1:], _overlaps([piece.frames for piece in pieces], overlap), strict=True):
        kept = len(points) - shared
        before, after = confidence[kept:] > 0, piece.seen[:shared]
        share = np.where(before & after, _fading_in(shared)[:, None], np.where(after, 1.0, 0.0))
        mixed = points[kept:] * (1 - share[..., None]) + piece.points[:shared] * share[..., None]
        one, other = confidence[kept:], piece.confidence[:shared]
        sure = np.where(before & after, np.minimum(one, other), np.maximum(one, other))
        points = np.concatenate([points[:kept], mixed.astype(np.float32), piece.points[shared:]])
        confidence = np.concatenate([confidence[:kept], sure.astype(np.float32), piece.confidence[shared:]])
    return replace(first, points=points, confidence=confidence)


def blended_motions(pieces: Sequence[Motion], overlap: int) -> Motion:
    """Concatenates pieces of motion: each joint takes the shortest turn into the next piece, and the pelvis a line.

    Args:
        pieces: at the same rate.
        overlap: frames that neighbours share.
    """
    rotations, translation = pieces[0].rotations, pieces[0].translation
    for piece, shared in zip(pieces[1:], _overlaps([piece.frames for piece in pieces], overlap), strict=True):
        kept, share = len(rotations) - shared, _fading_in(shared)[:, None]
        before, after = (matrix_from_axis_angle(turns) for turns in (rotations[kept:], piece.rotations[:shared]))
        turned = axis_angle_from_matrix(partway(before, after, share))
        moved = translation[kept:] * (1 - share) + piece.translation[:shared] * share
        rotations = np.concatenate([rotations[:kept], turned.astype(np.float32), piece.rotations[shared:]])
        translation = np.concatenate([translation[:kept], moved.astype(np.float32), piece.translation[shared:]])
    return replace(pieces[0], rotations=rotations, translation=translation)
