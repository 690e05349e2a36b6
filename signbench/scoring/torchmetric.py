"""signbench's metrics as :class:`torchmetrics.Metric`, so that a training loop logs the same number that the harness prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torchmetrics
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.extractors.base import Precision
from signbench.media.timelines import FramesRule
from signbench.metrics import registry
from signbench.metrics.base import Record
from signbench.runs.protocol import Protocol
from signbench.runs.records import pack, unpack
from signbench.scoring.clip_scoring import score_clip
from signbench.scoring.views import ClipViews
from signbench.sides.sources import kind_of
from signbench.sides.values import clip_of

_LENGTHS = np.dtype("<u4")


class SignMetric(torchmetrics.Metric):
    """A metric of signbench that is updated clip by clip during training.

    Its state holds every clip's record, so the value does not depend on the number of processes. A clip is processed as in
    ``signbench measure``: the same views, networks on one thread, cache of observations and fold.

    Args:
        metric: the metric's name, such as ``ssim`` or ``fvd:variant=cd-fvd``.
        frames: what to do if the two sides differ in length: ``equal``, ``truncate`` or ``resample``.
        size: ``(height, width)`` that images are resized to, or None.
        fps: frame rate of all clips, if the metric needs one.
        layout: name of the key points' layout; None: guessed.
        precision: precision of networks.
        device: device of networks, independent of the device of the states, which torchmetrics moves.
        kwargs: arguments of :class:`torchmetrics.Metric`.

    Raises:
        InputError: the metric does not exist, draws random clips (so its value would depend on the number of clips so far), or
        lacks weights.

    Example:
        >>> import torch
        >>> from signbench import as_torchmetric
        >>> ssim = as_torchmetric("ssim")
        >>> clip = torch.randint(0, 256, (1, 4, 16, 16, 3), dtype=torch.uint8)
        >>> ssim.update(clip, clip, ids=["greeting"])
        >>> float(ssim.compute())
        1.0
    """

    is_differentiable = False
    full_state_update = False
    packed: Any

    def __init__(
        self,
        metric: str,
        *,
        frames: FramesRule = "equal",
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        layout: str | None = None,
        precision: Precision = "float32",
        device: str = "cpu",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.metric = registry.create(metric)
        if any(parameter.name == "seed" for parameter in self.metric.parameters):
            raise InputError(
                f"metric {self.metric.canonical} draws from all clips, so it cannot be a running metric; "
                "score the clips with signbench measure."
            )
        if self.metric.view in ("judged", "likelihood"):
            raise InputError(f"metric {self.metric.canonical} needs a judge, so it cannot be a running metric; score a task.")
        self.protocol = Protocol(frames=frames, size=size, fps=None, source_fps=fps, layout=layout, precision=precision)
        self.networks_on = device
        if self.metric.extractor is not None:
            _ = self.metric.extractor.signature()  # report missing weights now, not after the first epoch
        self.add_state("packed", default=[], dist_reduce_fx="cat")

    @property
    def higher_is_better(self) -> bool | None:  # type: ignore[override]  # torchmetrics has an attribute of the class here
        """Which way is better; None if closeness to the references' value is."""
        return {"higher": True, "lower": False, "reference": None}[self.metric.direction]

    def update(self, preds: Sequence[Any], target: Sequence[Any], ids: Sequence[str] | None = None) -> None:
        """Adds clips to the metric.

        Args:
            preds: the productions: a sequence, or a tensor with a leading batch axis. Video: uint8 ``(T, H, W, 3)``, or floats in
                [0, 1] ``(T, 3, H, W)``; key points: floats ``(T, J, 2 or 3)``, NaN if missing; texts: strings; features: floats
                ``(D,)``; labels: strings, or lists of them from the most to the least likely.
            target: the references, in the same form and order.
            ids: the clips' ids. The fold uses their order, and a clip that occurs twice, as with samplers of several processes,
            counts once. None: clips are numbered in order of arrival, and each counts.

        Raises:
            InputError: the sides do not fit each other, or the metric cannot measure a clip, which the message names.
        """
        if len(preds) != len(target) or (ids is not None and len(ids) != len(preds)):
            counts = f"{len(preds)} predictions, {len(target)} references" + (f", {len(ids)} ids" if ids is not None else "")
            raise InputError(f"metric {self.metric.canonical}: {counts}; pass one of each for every clip.")
        kind = kind_of([self.metric])
        for index, (prediction, reference) in enumerate(zip(preds, target, strict=True)):
            name = ids[index] if ids is not None else f"~{_rank():06d}-{len(self.packed):09d}"
            sides = [
                clip_of(name, _array(item), f"{side}[{name}]", self.protocol, kind)
                for side, item in (("target", reference), ("preds", prediction))
            ]
            views = ClipViews(sides[0], sides[1], self.protocol)
            views.check([self.metric])
            outcome = score_clip(views, [(0, self.metric)], self.networks_on)
            if 0 in outcome.failures:
                raise InputError(f"metric {self.metric.canonical}: {outcome.failures[0].reason}")
            self.packed.append(torch.frombuffer(bytearray(_entry(name, outcome.records[0])), dtype=torch.uint8).to(self.device))

    def compute(self) -> torch.Tensor:
        """The score of all clips so far, float64; NaN where it is undefined."""
        chunks = self.packed if isinstance(self.packed, list) else [self.packed]
        records: dict[str, Record] = {}
        for chunk in chunks:
            for name, record in _entries(chunk.cpu().numpy()):
                records.setdefault(name, record)
        if not records:
            return torch.tensor(float("nan"), dtype=torch.float64)
        ordered = [records[name] for name in sorted(records)]
        weights: NDArray[np.int64] = np.ones((1, len(ordered)), dtype=np.int64)
        return torch.tensor(float(self.metric.score(ordered, weights)[0]), dtype=torch.float64)

    def _sync_dist(self, *args: Any, **kwargs: Any) -> None:
        """A process without clips takes part in the exchange too; otherwise torchmetrics would leave it out and hang."""
        if isinstance(self.packed, list) and not self.packed:
            self.packed = [torch.empty(0, dtype=torch.uint8, device=self.device)]
        super()._sync_dist(*args, **kwargs)


def as_torchmetric(
    metric: str,
    *,
    frames: FramesRule = "equal",
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    layout: str | None = None,
    precision: Precision = "float32",
    device: str = "cpu",
    **kwargs: Any,
) -> SignMetric:
    """A metric of signbench for a training loop, which logs the same number that ``signbench measure`` prints.

    Args:
        metric: the metric's name, such as ``ssim`` or ``fvd:variant=cd-fvd``.
        frames: what to do if the two sides differ in length: ``equal``, ``truncate`` or ``resample``.
        size: ``(height, width)`` that images are resized to, or None.
        fps: frame rate of all clips, if the metric needs one.
        layout: name of the key points' layout; None: guessed.
        precision: precision of networks.
        device: device of networks, independent of the device of the states, which torchmetrics moves.
        kwargs: arguments of :class:`torchmetrics.Metric`.

    Raises:
        InputError: the metric does not exist, draws random clips, or lacks weights; see :class:`SignMetric`.

    Example:
        >>> import signbench
        >>> bleu = signbench.as_torchmetric("bleu:order=1")
        >>> bleu.update(["am montag regen"], ["am montag starker regen"], ids=["monday"])
        >>> round(float(bleu.compute()), 2)
        71.65
    """
    return SignMetric(metric, frames=frames, size=size, fps=fps, layout=layout, precision=precision, device=device, **kwargs)


def _array(item: Any) -> Any:
    """Converts a clip: tensors to arrays, and images to uint8 ``(T, H, W, 3)``."""
    if not isinstance(item, torch.Tensor):
        return item
    array = item.detach().cpu()
    if array.is_floating_point() and array.ndim == 4 and array.shape[1] == 3:
        if not bool(torch.isfinite(array).all()) or float(array.min()) < 0 or float(array.max()) > 1:
            raise InputError("images as floats (T, 3, H, W) must be finite and in [0, 1]; scale them.")
        return (array.float() * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return array.numpy()


def _rank() -> int:
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank() if there else 0


def _entry(name: str, record: Record) -> bytes:
    """Packs a record with its clip's id: two lengths, then the id, then the record."""
    blob, label = pack(record), name.encode()
    return np.array([len(label), len(blob)], dtype=_LENGTHS).tobytes() + label + blob


def _entries(packed: NDArray[np.uint8]) -> list[tuple[str, Record]]:
    """Unpacks a sequence of results of :func:`_entry`."""
    data, offset, found = packed.tobytes(), 0, []
    while offset < len(data):
        label, blob = np.frombuffer(data, _LENGTHS, 2, offset)
        offset += 2 * _LENGTHS.itemsize
        name = data[offset : offset + label].decode()
        offset += int(label)
        found.append((name, unpack(data[offset : offset + blob])))
        offset += int(blob)
    return found
