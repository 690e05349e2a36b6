"""Files of weights in the official formats, made by tests: the official names, sizes and shapes, random numbers."""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from signbench.extractors.i3d_network import i3d
from signbench.extractors.inception_network import inception_v3
from signbench.extractors.network_loading import give_weights, random_weights, without_weights
from signbench.extractors.perceptual_network import trunk
from signbench.weights import registry

INCEPTION = "inception-2015-12-05"
TRUNKS = {"alex": "alexnet-owt-7be5be79", "vgg": "vgg16-397923af", "squeeze": "squeezenet1_1-b8a52dc0"}
I3D_PORT = "i3d-400"
I3D_TORCHSCRIPT = "i3d-torchscript"


def announce(monkeypatch: pytest.MonkeyPatch, name: str, path: Path) -> None:
    """Makes the registry name the bytes of a file as those of the weights."""
    known = dict(registry.registered())
    known[name] = known[name].model_copy(update={"sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    monkeypatch.setattr(registry, "registered", lambda: known)


def index(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str) -> Path:
    """Where a file of weights belongs, in a folder of weights of the test's own."""
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(folder))
    return folder / registry.find(name).file


def save(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, content: Any) -> Path:
    """Writes a file of weights with ``torch.save`` and registers its digest."""
    path = index(monkeypatch, folder, name)
    torch.save(content, path)
    announce(monkeypatch, name, path)
    return path


def inception_weights() -> dict[str, torch.Tensor]:
    """The 566 tensors of the official file, classifier included."""
    classifier = {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    return {**random_weights(without_weights(inception_v3)), **classifier}


def trunk_weights(net: str) -> dict[str, torch.Tensor]:
    """Tensors of torchvision's file, with one of the classifier's."""
    return {**random_weights(without_weights(lambda: trunk(net))), "classifier.1.bias": torch.zeros(10)}


def i3d_weights() -> dict[str, torch.Tensor]:
    """The tensors of the 400-class port."""
    return random_weights(without_weights(i3d))


class _WithResizing(torch.nn.Module):
    """I3D behind the call of the official TorchScript file."""

    def __init__(self) -> None:
        super().__init__()
        network = without_weights(i3d)
        give_weights(network, i3d_weights(), I3D_PORT)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.network: Any = torch.jit.trace(network, torch.zeros(1, 3, 16, 224, 224), check_trace=False)

    def forward(self, x: torch.Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> torch.Tensor:
        x = x.float()
        if resize:
            x = F.interpolate(x, size=[x.shape[2], 224, 224], mode="trilinear", align_corners=False)
        if rescale:
            x = 2 * x / 255 - 1
        logits: torch.Tensor = self.network(x)
        return logits if return_features else logits.softmax(dim=1)


def save_torchscript(path: Path) -> None:
    """Exports our I3D with random weights as a TorchScript file that is called like the official one, for clips of 16 frames."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program: Any = torch.jit.script(_WithResizing().eval())
    program.save(str(path))


def official_folder() -> Path:
    """The folder that holds the real files, or the test is skipped."""
    value = os.environ.get("SIGNBENCH_OFFICIAL_WEIGHTS")
    if not value:
        pytest.skip("SIGNBENCH_OFFICIAL_WEIGHTS names no folder")
    return Path(value)


def use_official(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Lets the test load a real file, or skips it where the file is not there."""
    folder = official_folder()
    file = registry.find(name).file
    if not (folder / file).is_file():
        pytest.skip(f"SIGNBENCH_OFFICIAL_WEIGHTS has no {file}")
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(folder))
