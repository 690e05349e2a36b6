"""The moving images of one clip: each side is decoded once and passed through each network once, for all metrics."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import MediaError, SignbenchError
from signbench.media.video import READER_REVISION, RESIZE_KERNEL
from signbench.metrics.base import Metric
from signbench.metrics.pairs import FramePair, ObservationPair, Pair
from signbench.scoring.decoding import decoded_ahead
from signbench.scoring.likeness import SeenFrames
from signbench.scoring.views import SIDES, ClipError, ClipViews, SideName, blaming

if TYPE_CHECKING:
    from signbench.extractors.base import Extractor, Observer
    from signbench.extractors.cache import ObservationCache

PAIRED_CHUNK = 16
"""Number of frames that metrics of paired frames are shown at a time."""


@dataclass(frozen=True)
class Audience:
    """A view of a clip that several metrics share.

    Attributes:
        extractor: the network whose observations they see; None: the pixels themselves.
        paired: whether they compare frame with frame; otherwise they are shown each complete side.
    """

    extractor: Extractor | None
    paired: bool


def audience_of(metric: Metric, views: ClipViews, device: str) -> Audience:
    """The view that a metric of moving images needs, with the run's precision and device."""
    extractor = metric.extractor
    if extractor is not None:
        extractor = dataclasses.replace(extractor, precision=views.protocol.precision, device=device)
    return Audience(extractor, metric.pairs_frames)


def shown(
    views: ClipViews,
    audiences: Sequence[Audience],
    cache: ObservationCache | None,
    seen: Mapping[SideName, SeenFrames] | None = None,
) -> Generator[tuple[Audience, Pair | SignbenchError], None, None]:
    """Shows a clip to its audiences, chunk by chunk.

    Frames are decoded only if a metric needs the pixels, or a network has not seen them yet.

    Args:
        views: the clip's two sides.
        audiences: the audiences, each once.
        cache: cached observations; new ones are added to it.
        seen: for each side, receives every decoded frame.

    Yields:
        An audience with its next pair, or with an error that concerns only this audience, which is then shown nothing more.

    Raises:
        ClipError: a side cannot be read to its end.
    """
    with ExitStack() as stack:
        sides = [ShownSide(views, name, audiences, cache, stack, None if seen is None else seen[name]) for name in SIDES]
        pairings = [_Pairing(views, audience, sides) for audience in audiences if audience.paired]
        if pairings:
            frames, partners = views.pairing()
            for start in range(0, frames, PAIRED_CHUNK):
                end = min(start + PAIRED_CHUNK, frames)
                sides[0].advance(end)
                sides[1].advance(int(partners[end - 1]) + 1)
                for pairing in pairings:
                    yield from pairing.ready(frames, partners)
        for side in sides:
            side.end()
        for pairing in pairings:
            yield from pairing.ready(frames, partners)
        for audience in audiences:
            if audience.extractor is not None and not audience.paired:
                yield audience, _whole(audience.extractor, sides)


def _whole(extractor: Extractor, sides: Sequence[ShownSide]) -> Pair | SignbenchError:
    for side in sides:
        if (error := side.errors.get(extractor)) is not None:
            return error
    reference, prediction = (side.rows[extractor].everything() for side in sides)
    return ObservationPair(prediction=prediction, reference=reference)


@dataclass
class _Window:
    """Consecutive items of a sequence, the first of which may have been dropped.

    Attributes:
        kept: whether all items are kept.
    """

    kept: bool = False
    _start: int = 0
    _chunks: list[NDArray[Any]] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Number of items so far."""
        return self._start + sum(len(chunk) for chunk in self._chunks)

    def add(self, chunk: NDArray[Any]) -> None:
        self._chunks.append(chunk)

    def run_end(self, index: int) -> int:
        """End of the chunk that holds an item."""
        end = self._start
        for chunk in self._chunks:
            end += len(chunk)
            if index < end:
                break
        return end

    def take(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The items at non-decreasing indices; earlier ones may be dropped."""
        while not self.kept and len(self._chunks) > 1 and self._start + len(self._chunks[0]) <= indices[0]:
            self._start += len(self._chunks.pop(0))
        local = indices - self._start
        items = self._chunks[0] if local[-1] < len(self._chunks[0]) else np.concatenate(self._chunks)
        consecutive = len(local) == local[-1] - local[0] + 1 and (len(local) < 2 or bool((np.diff(local) == 1).all()))
        return items[local[0] : local[-1] + 1] if consecutive else items[local]

    def everything(self) -> NDArray[Any]:
        return np.concatenate(self._chunks) if self._chunks else np.empty((0, 0), np.float32)


class ShownSide:
    """One side of a clip that is being shown.

    Attributes:
        name: ``reference`` or ``prediction``.
        frames: decoded frames that wait for metrics of pixels.
        rows: the observations of each network.
        errors: the errors of networks that could not process this side.
    """

    def __init__(
        self,
        views: ClipViews,
        name: SideName,
        audiences: Sequence[Audience],
        cache: ObservationCache | None,
        stack: ExitStack,
        seen: SeenFrames | None = None,
    ) -> None:
        self._views, self.name, self._seen = views, name, seen
        self._recording, self._probe, self._positions = views.moving(name)
        self._stamp = self._recording.stamp()
        self.frames = _Window()
        self.rows: dict[Extractor, _Window] = {}
        self.errors: dict[Extractor, SignbenchError] = {}
        self._observers: dict[Extractor, Observer] = {}
        self._stored: dict[Extractor, Iterator[NDArray[np.float32]]] = {}
        self._writers: dict[Extractor, Any] = {}
        self._decoded = 0
        self._pixels = any(audience.extractor is None for audience in audiences)
        self._whole: set[Extractor] = set()
        for audience in audiences:
            extractor = audience.extractor
            if extractor is None:
                continue
            self.rows.setdefault(extractor, _Window()).kept |= not audience.paired
            if not audience.paired or name == "reference":
                self._whole.add(extractor)
        for extractor in self.rows:
            if len(self._positions) >= extractor.fewest_frames:
                self._find(extractor, cache, stack)
        self._stream: Iterator[NDArray[np.uint8]] | None = None
        if self._pixels or self._observers:
            chunks = self._recording.chunks(self._probe, self._positions, views.protocol.size)
            self._stream = stack.enter_context(decoded_ahead(chunks))

    def _find(self, extractor: Extractor, cache: ObservationCache | None, stack: ExitStack) -> None:
        """Opens the cached observations of a network for this side, or sets the network up to compute them."""
        if cache is not None:
            from signbench.extractors.cache import observation_key

            key = observation_key(self._recording.digest(), f"video-{READER_REVISION}", self._view(), extractor.signature())
            stored = cache.open(key)
            if stored is not None:
                stack.callback(stored.close)
                self._stored[extractor] = iter(stored.blocks())
                return
            if extractor in self._whole and (self.name == "reference" or extractor.kept_for == "both"):
                description = {"extractor": extractor.signature(), "reader": f"video-{READER_REVISION}", "view": self._view()}
                self._writers[extractor] = stack.enter_context(cache.writer(key, description))
        self._observers[extractor] = extractor.observer()

    def _view(self) -> str:
        """The frames of the file that are used, and how they are resized; with the file's digest, this determines the pixels."""
        whole = np.array_equal(self._positions, np.arange(self._probe.frames))
        frames = "all" if whole else hashlib.sha256(self._positions.astype("<i8").tobytes()).hexdigest()
        size = self._views.protocol.size
        return f"{frames} {'native' if size is None else f'{size[1]}x{size[0]} {RESIZE_KERNEL}'}"

    def advance(self, frames: int) -> None:
        """Decodes until this many frames have been shown; their observations may follow a little later."""
        while self._stream is not None and self._decoded < frames:
            with blaming(self.name, self._views.reference.id, self._recording.label):
                chunk = next(self._stream, None)
                if chunk is None:
                    raise MediaError(f"{self._recording.label} ends after {self._decoded} of {len(self._positions)} frames.")
            self._decoded += len(chunk)
            if self._seen is not None:
                self._seen.add(chunk)
            if self._pixels:
                self.frames.add(chunk)
            for extractor, observer in list(self._observers.items()):
                self._collect(extractor, observer.update(chunk))
        for extractor, blocks in self._stored.items():
            window = self.rows[extractor]
            with blaming(self.name, self._views.reference.id):
                while window.end < frames and (block := next(blocks, None)) is not None:
                    window.add(block)

    def end(self) -> None:
        """Decodes the rest for audiences that need the complete side."""
        if self._whole & set(self._observers):
            for extractor in [extractor for extractor in self._observers if extractor not in self._whole]:
                self._collect(extractor, self._observers.pop(extractor).finish())
            self._pixels = False
            self.advance(len(self._positions))
        for extractor, observer in list(self._observers.items()):
            self._collect(extractor, observer.finish())
        for extractor, blocks in self._stored.items():
            if self.rows[extractor].kept:
                with blaming(self.name, self._views.reference.id):
                    for block in blocks:
                        self.rows[extractor].add(block)
        if self._recording.stamp() != self._stamp:  # the digest in the key may be that of other contents
            for writer in self._writers.values():
                writer.discard()

    def _collect(self, extractor: Extractor, rows: Iterator[NDArray[np.float32]]) -> None:
        """Collects a network's observations; its error concerns only the audiences that need it."""
        try:
            with blaming(self.name, self._views.reference.id, self._recording.label):
                for block in rows:
                    self.rows[extractor].add(block)
                    if extractor in self._writers:
                        self._writers[extractor].add(block)
        except SignbenchError as error:
            self.errors.setdefault(extractor, error)
            self._observers.pop(extractor, None)
            if extractor in self._writers:
                self._writers.pop(extractor).discard()


class _Pairing:
    """An audience of paired frames, and the number of frames that it has been shown."""

    def __init__(self, views: ClipViews, audience: Audience, sides: Sequence[ShownSide]) -> None:
        self._clip = views.reference.id
        self._audience = audience
        self._sides = sides
        self._done = 0
        self._ended = False

    def ready(self, frames: int, partners: NDArray[np.int64]) -> Iterator[tuple[Audience, Pair | SignbenchError]]:
        """Pairs that both sides have and this audience has not been shown yet."""
        extractor = self._audience.extractor
        if extractor is not None and not self._ended:
            for side in self._sides:
                if extractor in side.errors:
                    self._ended = True
                    yield self._audience, side.errors[extractor]
                    break
        if self._ended:
            return
        windows = [side.frames if extractor is None else side.rows[extractor] for side in self._sides]
        available = min(frames, windows[0].end, int(np.searchsorted(partners, windows[1].end, side="left")))
        while self._done < available:
            end = min(self._done + PAIRED_CHUNK, available)
            if extractor is not None:  # rows may be large, so chunks are not concatenated
                end = min(end, windows[0].run_end(self._done))
            reference = windows[0].take(np.arange(self._done, end))
            prediction = windows[1].take(partners[self._done : end])
            if reference.shape != prediction.shape:
                raise ClipError(
                    f"clip {self._clip}: the sides decode to {reference.shape} and {prediction.shape}, "
                    "unlike what their headers say.",
                    "pair",
                )
            self._done = end
            yield self._audience, (FramePair if extractor is None else ObservationPair)(prediction, reference)
