"""The I3D network of FVD."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from numpy.typing import NDArray

from signbench.errors import MediaError
from signbench.extractors.base import Elsewhere, Extractor, Observer, Rows, owner_of_device
from signbench.extractors.frame_batches import Frames, check_frames

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 224
"""Height and width in pixels of the network's input."""

_PORT = "i3d-400"
_TORCHSCRIPT = "i3d-torchscript"


@dataclass(frozen=True)
class Reading:
    """How one implementation of FVD prepares a clip.

    Attributes:
        weights: name in the registry of the network it runs.
        preprocessing: as written in signatures.
        fewest: minimum number of frames.
        most: number of frames used, from the first; None for all.
        crops: whether the short side becomes 224 pixels and the centre is cropped; otherwise the whole frame is stretched.
    """

    weights: str
    preprocessing: str
    fewest: int
    most: int | None
    crops: bool


READINGS = {
    "stylegan-v": Reading(_TORCHSCRIPT, "first-16-stretch-224-in-graph", 16, 16, crops=False),
    "common-metrics": Reading(_TORCHSCRIPT, "all-short-side-224-crop", 10, None, crops=True),
    "cd-fvd": Reading(_PORT, "first-16-stretch-224", 16, 16, crops=False),
}


@dataclass(frozen=True)
class I3d(Extractor):
    """The 400 logits of I3D, one row for the whole clip.

    - ``stylegan-v``: the first 16 frames as bytes into the TorchScript file, which scales and resizes them in its own graph
      (StyleGAN-V, ``src/metrics/frechet_video_distance.py``);
    - ``common-metrics``: all frames, at least 10; the short side becomes 224 pixels, bilinear without antialiasing, centre crop,
      [-1, 1], then the TorchScript file (common_metrics_on_video_quality, ``fvd/styleganv/fvd.py``);
    - ``cd-fvd``: the first 16 frames, stretched to 224 x 224, bilinear without antialiasing, [-1, 1], then signbench's I3D with the
      weights of the PyTorch port (content-debiased-fvd, ``cdfvd/third_party/i3d/utils.py``).

    With ``weights=random`` all three run signbench's I3D, and the resizing within the TorchScript file is assumed to be the
    bilinear one of ``cd-fvd``; the file itself was not available to confirm it.

    The frames are kept until the row is computed: 0.6 MB each, and with ``common-metrics`` also the network's first activations of
    the whole clip, about 6 MB per frame.

    Attributes:
        variant: which reading.
    """

    name: ClassVar[str] = "i3d"
    by_frame: ClassVar[bool] = False
    variant: Literal["stylegan-v", "common-metrics", "cd-fvd"] = "stylegan-v"

    @property
    def reading(self) -> Reading:
        """The preparation of clips."""
        return READINGS[self.variant]

    @property
    def fewest_frames(self) -> int:
        """The minimum number of frames."""
        return self.reading.fewest

    @property
    def needs(self) -> tuple[str, ...]:
        return () if self.weights == "random" else (self.reading.weights,)

    @property
    def preprocessing(self) -> str:
        return self.reading.preprocessing

    def observer(self) -> Observer:
        in_graph = self.weights == "official" and self.variant == "stylegan-v"
        owner = owner_of_device()
        if owner is None:
            return _ClipObserver(self, self._load(), in_graph, self.device)
        return _ClipObserver(self, partial(_rows_of, owner, self), in_graph, "cpu")

    def compute(self, batch: NDArray[Any]) -> Rows:
        import torch

        from signbench.extractors.precision import counting_in

        device = torch.device(self.device)
        with counting_in(self.precision, device):
            rows: Rows = self._load()(torch.from_numpy(batch).to(device)).reshape(len(batch), 400).float().cpu().numpy()
        return rows

    def _load(self) -> Callable[[Tensor], Tensor]:
        """The network, from clips ``(1, 3, T, H, W)`` to logits."""
        digest = None
        if self.weights == "official":
            from signbench.weights.store import signed_digest

            digest = signed_digest(self.reading.weights)
            if self.reading.weights == _TORCHSCRIPT:
                return _loaded_torchscript(digest, self.device, self.variant == "stylegan-v")
        return _loaded(digest, self.device)


def _rows_of(owner: Elsewhere, extractor: I3d, clip: Tensor) -> Tensor:
    """A clip's row, from the process that owns the device."""
    import torch

    return torch.from_numpy(owner.rows(extractor, clip.numpy()))


class _ClipObserver:
    """Prepares frames one by one, independently of chunks, and runs the network when all are there."""

    def __init__(self, extractor: I3d, network: Callable[[Tensor], Tensor], in_graph: bool, device: str) -> None:
        self._extractor = extractor
        self._device = device
        self._network = network
        self._in_graph = in_graph
        self._last: Frames | None = None
        self._prepared: list[Tensor] = []
        self._frames = 0

    def update(self, frames: Frames) -> Iterator[Rows]:
        import torch

        from signbench.extractors.precision import counting_in

        check_frames(self._extractor.name, frames, self._last)
        if len(frames) == 0:
            return
        self._last = frames[-1:].copy()
        device = torch.device(self._device)
        most = self._extractor.reading.most
        wanted = len(frames) if most is None else min(len(frames), max(0, most - self._frames))
        self._frames += len(frames)
        with counting_in(self._extractor.precision, device):
            for frame in frames[:wanted]:
                picture = torch.from_numpy(frame.copy()).to(device).permute(2, 0, 1)
                self._prepared.append(picture if self._in_graph else _prepared(picture, self._extractor.reading.crops))
        if wanted and len(self._prepared) == most:
            yield self._row()

    def finish(self) -> Iterator[Rows]:
        reading = self._extractor.reading
        if self._frames < reading.fewest:
            raise MediaError(
                f"the network {self._extractor.name} ({self._extractor.variant}) needs clips of at least {reading.fewest} frames, "
                f"this one has {self._frames}."
            )
        if reading.most is None:
            yield self._row()

    def _row(self) -> Rows:
        import torch

        from signbench.extractors.precision import counting_in

        with counting_in(self._extractor.precision, torch.device(self._device)):
            clip = torch.stack(self._prepared, dim=1)[None]
            self._prepared = []
            row: Rows = self._network(clip).reshape(1, 400).float().cpu().numpy()
        return row


def _prepared(picture: Tensor, crops: bool) -> Tensor:
    """A frame as the network's input: uint8 ``(3, H, W)`` to float32 ``(3, 224, 224)`` on [-1, 1]."""
    import torch.nn.functional as F

    _, height, width = picture.shape
    size = [SIDE, SIDE]
    if crops:
        scale = SIDE / min(height, width)
        size = [SIDE, math.ceil(width * scale)] if height < width else [math.ceil(height * scale), SIDE]
    resized = F.interpolate(picture[None].float() / 255, size=size, mode="bilinear", align_corners=False)[0]
    top, left = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return 2 * resized[:, top : top + SIDE, left : left + SIDE] - 1


@cache
def _loaded(digest: str | None, device: str) -> Callable[[Tensor], Tensor]:
    """signbench's I3D with the port's weights of the given digest, or random ones for None."""
    import torch

    from signbench.extractors.i3d_network import i3d
    from signbench.extractors.network_loading import (
        device_of,
        fold_batch_norms,
        give_weights,
        official_weights,
        random_weights,
        without_weights,
    )

    target = device_of(device)
    network = without_weights(i3d)
    give_weights(network, random_weights(network) if digest is None else official_weights(_PORT), _PORT)
    fold_batch_norms(network)
    network.to(target).to(memory_format=torch.channels_last_3d)
    return lambda clip: network(clip.to(memory_format=torch.channels_last_3d))


@cache
def _loaded_torchscript(digest: str, device: str, in_graph: bool) -> Callable[[Tensor], Tensor]:
    """The TorchScript file with the given digest.

    Raises:
        InputError: it is not the registered file. TorchScript is a program, so no other file is run.
    """
    from signbench.extractors.network_loading import device_of, torchscript_program

    network = torchscript_program(_TORCHSCRIPT, device_of(device))
    return partial(network, rescale=in_graph, resize=in_graph, return_features=True)
