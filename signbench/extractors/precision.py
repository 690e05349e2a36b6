"""The precision of networks, and how it is enforced whatever the calling program has set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from signbench.extractors.base import Precision


@contextmanager
def counting_in(precision: Precision, device: torch.device) -> Iterator[None]:
    """Runs networks in one precision and without gradients, and restores torch's settings afterwards.

    A training loop may have enabled TF32, or be within ``autocast``; neither affects the networks. ``bf16`` is autocast's, with
    weights in 32 bits.

    Args:
        precision: ``float32`` (IEEE, no lower precision inside), ``tf32`` (if the device has it) or ``bf16``.
        device: the device that the networks run on.
    """
    # These networks only have convolutions. cuDNN requires the same setting for them and for recurrent layers.
    backends: Any = torch.backends
    switches = (backends.cudnn.conv, backends.cudnn.rnn, backends.mkldnn.conv)
    before = [switch.fp32_precision for switch in switches]
    try:
        for switch in switches:
            switch.fp32_precision = "tf32" if precision == "tf32" else "ieee"
        with torch.inference_mode(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            yield
    finally:
        for switch, setting in zip(switches, before, strict=True):
            switch.fp32_precision = setting
