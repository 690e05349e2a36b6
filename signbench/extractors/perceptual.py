"""The networks of LPIPS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Literal

from signbench.errors import MediaError
from signbench.extractors.base import Rows
from signbench.extractors.frame_batches import FrameExtractor, Frames

if TYPE_CHECKING:
    from torch import nn

_WEIGHTS = {"alex": "alexnet-owt-7be5be79", "vgg": "vgg16-397923af", "squeeze": "squeezenet1_1-b8a52dc0"}
_LEAST_SIDE = {"alex": 31, "vgg": 16, "squeeze": 17}
_BATCH = {"alex": 4, "vgg": 2, "squeeze": 2}


@dataclass(frozen=True)
class Perceptual(FrameExtractor):
    """Rows whose squared Euclidean distance is LPIPS 0.1: a row for each frame, whose length depends on the frame size.

    Trunks are torchvision's classifiers, linear layers those of the ``lpips`` package. Source: Zhang, Isola, Efros, Shechtman and
    Wang, "The unreasonable effectiveness of deep features as a perceptual metric" (CVPR 2018), equation 1; ``lpips/lpips.py``.

    Attributes:
        net: the trunk.
    """

    name: ClassVar[str] = "lpips-0.1"
    kept_for: ClassVar[Literal["both", "references"]] = "references"
    net: Literal["alex", "vgg", "squeeze"] = "alex"

    @property
    def needs(self) -> tuple[str, ...]:
        return () if self.weights == "random" else (_WEIGHTS[self.net],)

    @property
    def preprocessing(self) -> str:
        return self.net

    @property
    def batch(self) -> int:
        # The rows of a batch are large: beyond this the CPU spends more on fresh memory than a larger batch saves.
        return _BATCH[self.net] if self.device.startswith("cpu") else 16

    def check_frames(self, height: int, width: int, frames: int) -> None:
        least = _LEAST_SIDE[self.net]
        if min(height, width) < least:
            raise MediaError(
                f"the network {self.name} ({self.net}) needs frames of at least {least} x {least} pixels, "
                f"these have {width} x {height}."
            )

    def load(self) -> Callable[[Frames], Rows]:
        digest = None
        if self.weights == "official":
            from signbench.weights.store import signed_digest

            digest = signed_digest(_WEIGHTS[self.net])
        return partial(self._rows, _loaded(self.net, digest, self.device))

    def _rows(self, network: nn.Module, frames: Frames) -> Rows:
        import torch

        from signbench.extractors.precision import counting_in

        self.check_frames(frames.shape[1], frames.shape[2], len(frames))
        device = torch.device(self.device)
        with counting_in(self.precision, device):
            rows: Rows = network(torch.from_numpy(frames).to(device)).cpu().numpy()
        return rows


@cache
def _loaded(net: str, digest: str | None, device: str) -> nn.Module:
    """The network with the official trunk of the given digest, or a random one for None."""
    import torch

    from signbench.extractors.network_loading import device_of, give_weights, official_weights, random_weights, without_weights
    from signbench.extractors.perceptual_network import PerceptualNetwork, linear_layers, trunk

    target = device_of(device)
    layers = without_weights(lambda: trunk(net))
    weights = random_weights(layers) if digest is None else official_weights(_WEIGHTS[net])
    give_weights(layers, weights, _WEIGHTS[net], unused="classifier.")
    return PerceptualNetwork(layers, linear_layers(net)).eval().to(target).to(memory_format=torch.channels_last)
