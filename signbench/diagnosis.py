"""The checks of ``signbench doctor``, each with its result."""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from signbench.progress import Progress, silent
from signbench.runs.signature import package_version

_PACKAGES = ("numpy", "scipy", "numba", "av", "opencv-python-headless", "pose-format", "pandas", "pyarrow", "pydantic", "typer")


@dataclass(frozen=True)
class Finding:
    """One check.

    Attributes:
        check: name of the check.
        ok: whether signbench works with the result.
        found: the result, as text.
    """

    check: str
    ok: bool
    found: str


def diagnose(progress: Progress = silent) -> list[Finding]:
    """Runs every check; one that fails is reported and does not stop the others.

    Args:
        progress: called with the number of finished checks.
    """
    checks: dict[str, Callable[[], str]] = {
        "python": _python,
        "packages": _packages,
        "torch and torchvision": _torch,
        "metrics": _metrics,
        "lossless video": _video,
        "a score end to end": _score,
        "the same bits as everywhere": _reproduction,
        "current folder": _current_folder,
        "shipped data": _shipped,
    }
    findings: list[Finding] = []
    for name, check in checks.items():
        progress("checking", len(findings), len(checks))
        try:
            findings.append(Finding(name, True, check()))
        except Exception as error:  # noqa: BLE001 - a diagnosis reports whatever breaks
            findings.append(Finding(name, False, f"{type(error).__name__}: {error}"))
    return findings


def _python() -> str:
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise RuntimeError(f"Python {platform.python_version()}; signbench supports 3.11 to 3.13")
    from signbench.scoring.workers import available_cores

    return f"{platform.python_version()} on {platform.system()} {platform.machine()}, {available_cores()} cores"


def _packages() -> str:
    versions = {name: package_version(name) for name in ("signbench", *_PACKAGES)}
    absent = [name for name, found in versions.items() if found == "absent"]
    if absent:
        raise RuntimeError(f"not installed: {', '.join(absent)}")
    return ", ".join(f"{name} {found}" for name, found in versions.items())


def _torch() -> str:
    import torch
    import torchvision

    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    torchvision.ops.nms(boxes, torch.ones(1), 0.5)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"torch {torch.__version__}, torchvision {torchvision.__version__}, {device}"


def _metrics() -> str:
    from signbench.metrics import registry

    broken = []
    for name in registry.known():
        try:
            registry.create(name)
        except Exception as error:  # noqa: BLE001 - including errors of metrics from other packages
            broken.append(f"{name} ({error})")
    if broken:
        raise RuntimeError(f"cannot be loaded: {'; '.join(broken)}")
    return ", ".join(registry.known())


def _video() -> str:
    import numpy as np

    from signbench.media.video import probe_video, read_frames
    from signbench.media.video_writer import write_video

    frames = np.arange(3 * 16 * 16 * 3, dtype=np.uint8).reshape(3, 16, 16, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mkv"
        write_video(path, iter(frames), 25)
        back = np.concatenate(list(read_frames(path, probe=probe_video(path))))
    if not np.array_equal(back, frames):
        raise RuntimeError("FFV1 video is not read as it was written")
    return "FFV1 in Matroska, bit-exact"


def _score() -> str:
    import numpy as np

    from signbench.scoring.measure import measure

    dark, light = np.zeros((2, 16, 16, 3), np.uint8), np.full((2, 16, 16, 3), 255, np.uint8)
    value = measure([dark], [light], metrics=["ssim"])["ssim"].value
    if value is None or abs(value - 9.999000099990664e-05) > 1e-12:
        raise RuntimeError(f"ssim of black and white frames is {value}, not 9.999000099990664e-05")
    return f"ssim of black and white frames: {value:.6g}"


def _reproduction() -> str:
    from signbench.scoring.reproduction import differing, digests

    found = digests()
    other = differing(found)
    if other:
        raise RuntimeError(
            f"{len(other)} of {len(found)} pinned digests of SynthSign's media, predictions, records and results "
            f"differ: {'; '.join(other)}. Scores on this machine may differ from others' within the stated tolerances, and "
            "leaderboard entries made here may not verify; install the versions of requirements.lock"
        )
    return f"all {len(found)} pinned digests of SynthSign's media, predictions, records and results"


def _current_folder() -> str:
    with tempfile.TemporaryFile(dir=".") as probe:
        probe.write(b"\0")
    return f"{Path.cwd()} can be written"


def _shipped() -> str:
    from signbench import shipped

    return ", ".join(f"{kind}: {len(shipped.names(kind))}" for kind in shipped.KINDS)
