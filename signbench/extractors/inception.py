"""The Inception network of FID and KID."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Literal

from signbench.extractors.base import Rows
from signbench.extractors.frame_batches import FrameExtractor, Frames

if TYPE_CHECKING:
    from torch import nn

_WEIGHTS = "inception-2015-12-05"
_PREPROCESSING = {"torch-fidelity": "bilinear-299-tf1", "pytorch-fid": "bilinear-299", "clean": "bicubic-299-pillow"}


@dataclass(frozen=True)
class Inception(FrameExtractor):
    """The 2048 features of Inception-v3's last pooling, a row for each frame.

    There is one network; the three implementations that papers use differ in how they resize a frame to 299 x 299 pixels:

    - ``torch-fidelity``: as TensorFlow 1 did, then (x - 128) / 128 (torch-fidelity, ``feature_extractor_inceptionv3.py``);
    - ``pytorch-fid``: torch's bilinear filter without antialiasing, then 2 x - 1 of [0, 1] (pytorch-fid, ``inception.py``);
    - ``clean``: Pillow's bicubic filter in floating point, then (x - 128) / 128 (clean-fid, ``resize.py``, ``features.py``).

    On the CPU activations are channels-last, and batch normalisation is folded into the convolutions.

    Attributes:
        variant: which resizing.
    """

    name: ClassVar[str] = "inception-v3"
    variant: Literal["torch-fidelity", "pytorch-fid", "clean"] = "torch-fidelity"

    @property
    def needs(self) -> tuple[str, ...]:
        return () if self.weights == "random" else (_WEIGHTS,)

    @property
    def preprocessing(self) -> str:
        return _PREPROCESSING[self.variant]

    @property
    def batch(self) -> int:
        return 4 if self.device.startswith("cpu") else 32

    def load(self) -> Callable[[Frames], Rows]:
        digest = None
        if self.weights == "official":
            from signbench.weights.store import signed_digest

            digest = signed_digest(_WEIGHTS)
        return partial(self._rows, _loaded(digest, self.device))

    def _rows(self, network: nn.Module, frames: Frames) -> Rows:
        import torch

        from signbench.extractors.inception_network import pillow_bicubic, tensorflow_bilinear, torch_bilinear
        from signbench.extractors.precision import counting_in

        device = torch.device(self.device)
        with counting_in(self.precision, device):
            if self.variant == "clean":
                pixels = (pillow_bicubic(frames).to(device) - 128) / 128
            elif self.variant == "pytorch-fid":
                pixels = 2 * torch_bilinear(torch.from_numpy(frames).to(device)) - 1
            else:
                pixels = (tensorflow_bilinear(torch.from_numpy(frames).to(device)) - 128) / 128
            rows: Rows = network(pixels).flatten(1).float().cpu().numpy()
        return rows


@cache
def _loaded(digest: str | None, device: str) -> nn.Module:
    """The network with the official weights of the given digest, or random ones for None."""
    import torch

    from signbench.extractors.inception_network import inception_v3
    from signbench.extractors.network_loading import (
        device_of,
        fold_batch_norms,
        give_weights,
        official_weights,
        random_weights,
        without_weights,
    )

    target = device_of(device)
    network = without_weights(inception_v3)
    weights = random_weights(network) if digest is None else official_weights(_WEIGHTS)
    give_weights(network, weights, _WEIGHTS, unused="fc.")
    fold_batch_norms(network)
    return network.to(target).to(memory_format=torch.channels_last)
