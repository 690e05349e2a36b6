"""The training of SignAligner, and of Progressive Transformers, on sentences and isolated signs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.corpus import Corpus
from signbench.errors import InputError
from signbench.generators.signaligner.config import SignAlignerConfig, Stream
from signbench.generators.signaligner.losses import COLLAPSED, Weighting, mean_absolute, mean_squared, upcoming, weighted
from signbench.generators.signaligner.model import WORDS, kept_tensors, padded_words, signed, source_of
from signbench.generators.signaligner.numbers import (
    camera_of,
    numbers_of_body,
    numbers_of_hands,
    numbers_of_points,
    parts,
)
from signbench.judges.base import JudgedClip
from signbench.judges.network_judge import padded
from signbench.judges.slt.judge import SLTJudge
from signbench.media.layout_joints import hand
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.networks.vocabulary import CLOSING, OPENING, PADDING, UNKNOWN, Vocabulary
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, chosen, settings_of, vocabulary_file
from signbench.training.key_points import prepared

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.generators.signaligner.correction import Correction
    from signbench.generators.signaligner.network import Memory, SignAligner

_log = logging.getLogger(__name__)

_READ_RATE = 25.0
"""Key points are read at this rate, as judges' trainings read them, and every so many frames are used."""
_ANSWERED_AT_ONCE = 32
_LEAST_SCALE = 0.01
_KEPT = 0.95
"""How slowly the errors' deviation follows the latest batches."""


@dataclass(frozen=True)
class Settings:
    """Settings of the data and the losses.

    Attributes:
        takes: performances of each sentence; 0 is the reference. Isolated signs are used in one.
        signer: the signer who is shown unless a prompt names another, for a network with signers; empty: the first one.
        noise: deviation of the noise on the frames that a decoder is given, as a multiple of the deviation of its latest errors in
            each number. Without noise it copies the frame before, and stands still in free running.
        blank: share of clips whose frames are all hidden from the decoders, which see the counter only.
        by_parts: whether body, hands and face count equally in a loss; if not, every number does, as in the paper.
        counter: weight of the counter's error, next to that of a stream.
        squared: whether the decoders minimise squares, as Progressive Transformers does, or absolute errors, as the paper says.
        weighting: of the correction's losses.
        judge: the SLT that validates.
    """

    takes: int = 2
    signer: str = ""
    noise: float = 5.0
    blank: float = 0.0
    by_parts: bool = True
    counter: float = 0.05
    squared: bool = False
    weighting: Weighting = "fixed"
    judge: str = "slt"


_OPEN = (
    *(
        "source",
        "points",
        "relative",
        "rotations",
        "rate",
        "counter",
        "waves",
        "correction",
        "correction_layers",
        "correction_width",
    ),
    *("co_generation", "fed_back", "future"),
)
_OPEN_IN_LEARNING = ("weighting", "noise", "blank", "by_parts", "squared", "counter", "takes")


def choices_of(config: SignAlignerConfig, settings: Settings) -> Mapping[str, str | int | float | bool]:
    """What the paper leaves open, and what was chosen: fields of the recipe's network and, with ``data.``, of its data.

    Args:
        config: the network's.
        settings: of the data and the losses.
    """
    return chosen(config, _OPEN, settings, _OPEN_IN_LEARNING)


@dataclass(frozen=True, eq=False)
class _Example:
    """A clip: its words, and the numbers of each stream with those that are known."""

    words: tuple[str, ...]
    numbers: Mapping[Stream, NDArray[np.float32]]
    seen: NDArray[np.bool_]
    hands: NDArray[np.bool_]
    """Whether any key point of each hand was seen, ``(T, 2)``: rotations of a hand that nobody saw are not learnt."""


class SignAlignerTraining(TrainingData):
    """Errors of the next frame under teacher forcing with noise; sentences in free running are validated through SLT."""

    kind: ClassVar[Literal["judge", "generator", "trunk"]] = "generator"

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        if self.recipe.network.get("points") == "pt-50":
            raise InputError("the recipe's network: points is pt-50, which published files have; train with body-hands.")
        splits = [(split, take) for split in self.recipe.train for take in range(self._takes(split))]
        self._signers = self._known_signers()
        read = [(split, _read(self.corpus, split, self._config, take, report)) for split, take in splits]
        self.clips = [clip for _, clips in read for clip in clips]
        self.is_word = np.concatenate([np.full(len(clips), split.endswith("word-train")) for split, clips in read])
        specials = (UNKNOWN, PADDING, OPENING, CLOSING, *(f"<{name}>" for name in self._signers))
        self.words = Vocabulary.of_sentences((clip.words for clip in self.clips), specials)
        self.statistics = {stream: self._statistics(stream) for stream in self._config.streams}
        wanted = set(self.dev_ids())
        self.dev = [(name, pose) for name, pose in self._dev_poses(report) if name in wanted]
        self.judge = SLTJudge(model=self.settings.judge)

    def _takes(self, split: str) -> int:
        return 1 if split.endswith("word-train") else self.settings.takes

    def _known_signers(self) -> tuple[str, ...]:
        """The signers of the train splits, the one who is shown first."""
        names = sorted({self.corpus.clip(name).signer or "" for split in self.recipe.train for name in self.corpus.ids(split)})
        shown = self.settings.signer
        if shown and shown not in names:
            raise InputError(f"the recipe's data: no train clip has the signer {shown}; there are {', '.join(names)}.")
        if not all(names) or not self.recipe.network.get("signers", self.recipe.configuration == "small"):
            return ()
        return tuple(sorted(names, key=lambda name: (name != shown, name)))

    @cached_property
    def _config(self) -> SignAlignerConfig:
        made = SignAlignerConfig.small(0) if self.recipe.configuration == "small" else SignAlignerConfig.paper(0)
        given = {name: value for name, value in self.recipe.network.items() if name != "signers"}
        return replace(changed(made, given, "network"), signers=self._signers)

    def config(self) -> SignAlignerConfig:
        return replace(self._config, words=len(self.words))

    def _statistics(self, stream: Stream) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and deviation of each number over train; a number that hardly changes has the deviation 1."""
        count, total, square = 0.0, 0.0, 0.0
        for clip in self.clips:
            values, weights = clip.numbers[stream].astype(np.float64), self._seen(clip, stream)
            count, total = count + weights.sum(axis=0), total + (values * weights).sum(axis=0)
            square = square + (values * values * weights).sum(axis=0)
        mean = total / np.maximum(count, 1)
        deviation = np.sqrt(np.maximum(square / np.maximum(count, 1) - mean * mean, 0))
        return mean.astype(np.float32), np.where(deviation < _LEAST_SCALE, 1, deviation).astype(np.float32)

    @staticmethod
    def _seen(clip: _Example, stream: Stream) -> Any:
        if stream == "hamer":
            return np.repeat(clip.hands, clip.numbers[stream].shape[1] // 2, axis=1)
        return clip.seen if stream == "pose" else np.ones(clip.numbers[stream].shape, np.bool_)

    def build(self) -> nn.Module:
        import torch

        from signbench.generators.signaligner.network import SignAligner

        network = SignAligner.random(self.config())
        with torch.no_grad():
            for stream, (mean, scale) in self.statistics.items():
                getattr(network, f"mean_{stream}").copy_(torch.from_numpy(mean))
                getattr(network, f"scale_{stream}").copy_(torch.from_numpy(scale))
            if "pose" in self._config.streams:
                network.seen.copy_(torch.from_numpy(np.concatenate([clip.seen for clip in self.clips]).mean(axis=0)[::2]))
                network.camera.copy_(torch.from_numpy(self._camera))
        return network

    @cached_property
    def _camera(self) -> NDArray[np.float32]:
        """The median camera of the train clips of the signer who is shown, or of all."""
        cameras = []
        for split in self.recipe.train:
            poses = prepared(self.corpus, split, "pose", rate=_READ_RATE, report=lambda *_: None)
            for index, name in enumerate(self.corpus.ids(split)):
                if not self._signers or self.corpus.clip(name).signer == self._signers[0]:
                    cameras.append(camera_of(poses[index]))
        return np.median(np.stack(cameras), axis=0).astype(np.float32)

    def _chosen(self, phase: str) -> NDArray[np.int64]:
        """The examples of a phase: isolated signs in the phase ``words``, else all."""
        return np.flatnonzero(self.is_word) if phase == "words" else np.arange(len(self.clips))

    def examples(self, phase: str) -> int:
        return len(self._chosen(phase))

    def lengths(self, phase: str) -> NDArray[np.int64]:
        return np.array([len(self.clips[index].seen) for index in self._chosen(phase)])

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        clips = [self.clips[index] for index in self._chosen(phase)[indices].tolist()]
        words, given = padded_words([clip.words for clip in clips], self.words)
        batch: dict[str, Any] = {"words": words, "given": given}
        for stream in self._config.streams:
            mean, scale = self.statistics[stream]
            seen = [self._seen(clip, stream) for clip in clips]
            scores = [
                np.where(known, (clip.numbers[stream] - mean) / scale, 0).astype(np.float32)
                for clip, known in zip(clips, seen, strict=True)
            ]
            batch[stream], batch["mask"] = padded(scores, "cpu")
            # a number that is never seen is 0, and learnt as such: in free running it is an input
            ever = torch.from_numpy(mean != 0)
            batch[f"{stream} known"] = (padded([known.astype(np.float32) for known in seen], "cpu")[0] > 0) | ~ever
        batch["blank"] = torch.from_numpy(random.random(len(clips)) < self.settings.blank)
        return batch

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        import torch

        from signbench.generators.signaligner.network import STEP

        model, settings, config = cast("SignAligner", network), self.settings, self._config
        memory, mask = model.encode(batch["words"], batch["given"]), batch["mask"]
        count = mask.sum(dim=1, keepdim=True)
        counter = torch.arange(1, mask.shape[1] + 1, device=mask.device)[None] / count
        before = torch.cat([torch.zeros_like(counter[:, :1]), counter[:, :-1]], dim=1)
        found: dict[str, Tensor] = {}
        made: dict[Stream, Tensor] = {}
        counters = []
        unit = STEP if config.counter == "step" else 1.0
        for stream in config.streams:
            wanted, known = batch[stream], batch[f"{stream} known"] & mask[..., None]
            frames, predicted = self._decoded(model, stream, memory, batch, before)
            groups = parts(stream, config) if settings.by_parts else [slice(None)]
            error = mean_squared if settings.squared else mean_absolute
            found[stream] = error(frames, upcoming(wanted, config.future), upcoming(known, config.future), groups)
            counters.append(((predicted - counter).abs() * mask).sum() / mask.sum() / unit)
            made[stream] = frames[:, :, 0]
            self._remember(model, stream, made[stream].detach() - wanted, known)
        found["counter"] = settings.counter * torch.stack(counters).mean()
        if model.correction is not None:
            found |= self._corrected(model.correction, made, batch)
        return found

    def _decoded(self, model: SignAligner, stream: Stream, memory: Memory, batch: Batch, counter: Tensor) -> tuple[Tensor, Tensor]:
        """The predictions of a decoder that is given the frames before, with noise."""
        import torch

        wanted = batch[stream]
        given = torch.cat([torch.zeros_like(wanted[:, :1]), wanted[:, :-1]], dim=1)
        given = given + self.settings.noise * getattr(model, f"error_{stream}") * torch.randn_like(given)
        given = given.masked_fill(batch["blank"][:, None, None], 0.0)
        predicted = model.decode(stream, memory, given, counter)
        return predicted.frames, predicted.counter

    @staticmethod
    def _remember(model: SignAligner, stream: Stream, errors: Tensor, known: Tensor) -> None:
        """Updates the deviation of the errors of each number."""
        import torch

        weights = known.to(errors.dtype)
        latest = ((errors.square() * weights).sum(dim=(0, 1)) / weights.sum(dim=(0, 1)).clamp(min=1)).sqrt()
        kept = getattr(model, f"error_{stream}")
        with torch.no_grad():
            kept.copy_(torch.where(kept > 0, _KEPT * kept + (1 - _KEPT) * latest, latest))

    def _corrected(self, correction: Correction, made: Mapping[Stream, Tensor], batch: Batch) -> dict[str, Tensor]:
        """The correction's weighted loss; and its weights, which are logged with the losses and have no gradient."""
        import torch

        mask, config = batch["mask"], self._config
        corrected = correction(made, dict.fromkeys(config.streams, mask))
        each = []
        for stream in config.streams:
            known = batch[f"{stream} known"] & mask[..., None]
            groups = parts(stream, config) if self.settings.by_parts else [slice(None)]
            each.append(mean_squared(corrected[stream], batch[stream], known, groups))
        total, weights = weighted(torch.stack(each), correction.share, self.settings.weighting)
        named = {f"weight of {stream}": weight for stream, weight in zip(config.streams, weights, strict=True)}
        if self.settings.weighting == "learned" and float(weights.max()) > COLLAPSED and not self._flagged:
            self._flagged = True
            shown = ", ".join(f"{name} {float(weight):.2f}" for name, weight in named.items())
            _log.warning(
                "signbench: the learned weights of the correction's losses have collapsed: %s; weighting: fixed avoids it.", shown
            )
        return {"correction": total, **named}

    _flagged = False

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        model = cast("SignAligner", network)
        shown = self._signers[0] if self._signers else None
        for start in range(0, len(self.dev), _ANSWERED_AT_ONCE):
            some = self.dev[start : start + _ANSWERED_AT_ONCE]
            clips = [self.corpus.clip(name) for name, _ in some]
            sentences = [source_of(clip.text, clip.gloss, shown, self._config) for clip in clips]
            ways = {"": model.config.fed_back, ".other": not model.config.fed_back}
            made = {way: signed(model, sentences, self.words, fed_back=fed_back) for way, fed_back in ways.items()}
            for index, (clip, (name, pose)) in enumerate(zip(clips, some, strict=True)):
                said: dict[str, Any] = {}
                for way in ways:
                    said |= {f"{kind}{way}": value for kind, value in self._observed(name, made[way][index].pose()).items()}
                expected = {"text": clip.text, "gloss": " ".join(clip.gloss), "pose": pose}
                yield Answer(name, said, {f"{kind}{way}": value for way in ways for kind, value in expected.items()})

    def _observed(self, name: str, pose: Pose) -> dict[str, Any]:
        """Key points at the judge's rate, and what it reads in them."""
        found = pose.at_rate(_READ_RATE)
        (answer,) = self.judge.observe([JudgedClip(name, pose=found)], ("text", "gloss"))
        return {"text": answer["text"], "gloss": answer["gloss"], "pose": found}

    def _dev_poses(self, report: Report) -> Iterator[tuple[str, Pose]]:
        poses = prepared(self.corpus, self.recipe.dev, "pose", rate=_READ_RATE, report=report)
        for index, name in enumerate(self.corpus.ids(self.recipe.dev)):
            points = np.asarray(poses[index])
            yield name, Pose(points[..., :2].copy(), points[..., 2].copy(), layout("coco-wholebody-133"), _READ_RATE)

    def choices(self) -> Mapping[str, str | int | float | bool]:
        return choices_of(self._config, self.settings)

    def tensors(self, network: nn.Module) -> Mapping[str, Tensor]:
        return kept_tensors(network.state_dict())

    def files(self) -> Mapping[str, bytes]:
        return {WORDS: vocabulary_file(self.words.words)}


@cache
def _hand_rows() -> tuple[list[int], list[int]]:
    """The rows of both hands' key points."""
    whole = layout("coco-wholebody-133")
    left, right = (list(whole.index(hand(side))) for side in ("left", "right"))
    return left, right


def _read(corpus: Corpus, split: str, config: SignAlignerConfig, take: int, report: Report) -> Sequence[_Example]:
    """The clips of a split, as numbers at the network's rate."""
    step = _READ_RATE / config.rate
    if step != int(step):
        raise InputError(f"the recipe's network: rate is {config.rate:g}; {_READ_RATE:g} must be a multiple of it.")
    poses = prepared(corpus, split, "pose", rate=_READ_RATE, take=take, report=report)
    motions = None
    if set(config.streams) - {"pose"}:
        motions = prepared(corpus, split, "motion", rate=config.rate, take=take, report=report)
    examples = []
    for index, name in enumerate(corpus.ids(split)):
        clip = corpus.clip(name)
        numbers: dict[Stream, NDArray[np.float32]] = {}
        points = np.asarray(poses[index])[:: int(step)]
        numbers["pose"], seen = numbers_of_points(points, config)
        hands = np.stack([(points[:, rows, 2] > 0).any(axis=1) for rows in _hand_rows()], axis=1)
        if motions is not None:
            rotations = np.asarray(motions[index])
            count = min(len(seen), len(rotations))
            numbers["pose"], seen, rotations = numbers["pose"][:count], seen[:count], rotations[:count]
            hands = hands[:count]
            numbers["hamer"], numbers["smplx"] = numbers_of_hands(rotations, config), numbers_of_body(rotations, config)
        words = source_of(clip.text, clip.gloss, clip.signer, config)
        examples.append(_Example(tuple(words), {stream: numbers[stream] for stream in config.streams}, seen, hands))
        report(f"numbers of {split}", index + 1, len(poses))
    return examples
