"""The two networks of DWPose, which onnxruntime runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.weights.store import path_of, signed_digest

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DETECTOR, ESTIMATOR = "yolox-l", "dw-ll-ucoco-384"
"""Their names in the registry of weights."""

INSTALL = 'pip install "signbench[pose]"'


@dataclass(frozen=True, eq=False)
class Network:
    """One network.

    Attributes:
        name: in the registry of weights, for messages.
        session: onnxruntime's.
        size: height and width of the pictures that it reads, in pixels.
    """

    name: str
    session: InferenceSession
    size: tuple[int, int]

    def outputs(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """What the network returns for one picture.

        Args:
            picture: float32 ``(3, *size)``.

        Returns:
            Its outputs for a batch of one, in order.
        """
        (given, *_) = self.session.get_inputs()
        found: list[NDArray[np.float32]] = self.session.run(None, {given.name: np.ascontiguousarray(picture[None])})
        return found

    def refused(self, what: str) -> InputError:
        """The error that the file of weights holds another network."""
        path = path_of(self.name)
        return InputError(
            f"{path} is not the network {self.name}: {what}. Move it away and run: signbench weights fetch {self.name}."
        )


def loaded(name: str, device: str) -> Network:
    """A network of the registry of weights.

    Args:
        name: :data:`DETECTOR` or :data:`ESTIMATOR`.
        device: ``cpu``, or a GPU such as ``cuda:0``, for which onnxruntime must have been built.

    Raises:
        InputError: the file is absent, not the registered one or unreadable, its pictures have no fixed size, onnxruntime is not
            installed, or it cannot use the device.
    """
    signed_digest(name)
    path = path_of(name)
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(f"DWPose needs onnxruntime; run: {INSTALL}.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.log_severity_level = 3  # its warnings are about how the file was exported
    provider = _provider(device, onnxruntime.get_available_providers())
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # onnxruntime's exceptions share no class
        raise InputError(
            f"{path} cannot be loaded: {_first_line(error)}. Move it away and run: signbench weights fetch {name}."
        ) from error
    shape = [side for given in session.get_inputs()[:1] for side in given.shape]
    network = Network(name, session, (0, 0))
    if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape[2:]):
        raise network.refused(f"it reads {shape}, not colour pictures of a fixed size")
    return Network(name, session, (shape[2], shape[3]))


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def usable(device: str) -> bool:
    """Whether the installed onnxruntime can use a device."""
    if device == "cpu":
        return True
    try:
        import onnxruntime
    except ImportError:
        return False
    return device.partition(":")[0] == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def _provider(device: str, available: list[str]) -> Any:
    if device == "cpu":
        return "CPUExecutionProvider"
    kind, _, number = device.partition(":")
    if kind != "cuda" or "CUDAExecutionProvider" not in available:
        raise InputError(
            f"device {device} cannot be used: the installed onnxruntime has {', '.join(available)}; use `device=cpu`, or install "
            "onnxruntime-gpu."
        )
    return ("CUDAExecutionProvider", {"device_id": int(number or 0)})


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:120].rstrip(".")
