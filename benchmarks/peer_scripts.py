"""The scripts that papers use for the seven video metrics, each as its own command.

    python -m benchmarks.peer_scripts loop|lpips|pytorch-fid|fvd REFERENCES PREDICTIONS

``loop`` is the usual loop over frames with scikit-image (L1, PSNR, SSIM, TCD), ``lpips`` the ``lpips`` package frame by frame,
``pytorch-fid`` that program with its defaults, ``fvd`` the steps of the common FVD script: short side resized to 224 pixels, centre
crop, unmodified I3D in batches of 10 clips, and SciPy's matrix root. Each script reads the clips itself; pytorch-fid needs folders
of pictures instead, and the time to write these is not counted. PyTorch's threads use all cores. The weights are the seeded ones of
``weights=random``. Prints a JSON list.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from signbench.media.video import read_frames

Clips = list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def clips_of(references: Path, predictions: Path) -> Clips:
    """Prediction and reference of every clip, decoded each time."""
    return [
        (np.concatenate(list(read_frames(predictions / path.name))), np.concatenate(list(read_frames(path))))
        for path in sorted(references.iterdir())
    ]


def loop(references: Path, predictions: Path) -> list[float]:
    """L1, PSNR, SSIM and TCD."""
    from benchmarks.frame_metrics import usual

    return [float(value) for value in np.mean([usual(*clip) for clip in clips_of(references, predictions)], axis=0)]


def lpips_frame_by_frame(references: Path, predictions: Path) -> list[float]:
    """LPIPS with AlexNet."""
    import torch

    network = _lpips()
    values = []
    with torch.no_grad():
        for clip in clips_of(references, predictions):
            made, real = (torch.from_numpy(side).permute(0, 3, 1, 2).float() / 127.5 - 1 for side in clip)
            values.append(np.mean([float(network(one[None], other[None])) for one, other in zip(made, real, strict=True)]))
    return [float(np.mean(values))]


def pytorch_fid(references: Path, predictions: Path) -> list[float]:
    """FID of two folders of pictures, with the settings of ``python -m pytorch_fid``."""
    import torch
    from pytorch_fid import fid_score, inception

    from signbench.extractors.inception_network import inception_v3
    from signbench.extractors.network_loading import random_weights, without_weights

    weights = random_weights(without_weights(inception_v3))
    weights |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    loaders = min(len(os.sched_getaffinity(0)), 8)
    with mock.patch.object(inception, "load_state_dict_from_url", return_value=weights):
        return [float(fid_score.calculate_fid_given_paths([str(predictions), str(references)], 50, "cpu", 2048, loaders))]


def common_fvd(references: Path, predictions: Path) -> list[float]:
    """FVD."""
    import torch
    import torch.nn.functional as F

    network = _i3d()
    logits = []
    with torch.no_grad():
        for side in zip(*clips_of(references, predictions), strict=True):
            videos = torch.stack([torch.from_numpy(clip).permute(3, 0, 1, 2) for clip in side]).float() / 255
            prepared = []
            for video in videos:
                scale = 224 / min(video.shape[2:])
                size = [224 if edge == min(video.shape[2:]) else int(np.ceil(edge * scale)) for edge in video.shape[2:]]
                frames = F.interpolate(video.permute(1, 0, 2, 3), size=size, mode="bilinear", align_corners=False)
                top, left = ((edge - 224) // 2 for edge in frames.shape[2:])
                prepared.append((frames[:, :, top : top + 224, left : left + 224].permute(1, 0, 2, 3) - 0.5) * 2)
            logits.append(np.concatenate([network(batch).numpy() for batch in torch.stack(prepared).split(10)]))
    return [_frechet(*logits)]


SCRIPTS = {"loop": loop, "lpips": lpips_frame_by_frame, "pytorch-fid": pytorch_fid, "fvd": common_fvd}
"""The scripts, in the order of their numbers in the table."""
OF_PICTURES = ("pytorch-fid",)
"""The scripts that need folders of pictures."""


def _frechet(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The distance of pytorch-fid and the common FVD script: sample covariances and SciPy's root of their product."""
    from scipy.linalg import sqrtm

    (mean, covariance), (other_mean, other_covariance) = (
        (side.mean(0, dtype=np.float64), np.cov(side.astype(np.float64), rowvar=False)) for side in (first, second)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = np.real(sqrtm(covariance @ other_covariance))
    return float(((mean - other_mean) ** 2).sum() + np.trace(covariance) + np.trace(other_covariance) - 2 * np.trace(root))


def _lpips() -> Any:
    import lpips

    from signbench.extractors.network_loading import random_weights, without_weights
    from signbench.extractors.perceptual_network import trunk

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    weights = random_weights(without_weights(lambda: trunk("alex")))
    parameters = list(network.net.parameters())
    for target, source in zip(parameters, weights.values(), strict=True):
        target.data.copy_(source)
    return network


def _i3d() -> Any:
    """I3D as other packages build it: no folded layers, default memory format, torch's max pooling."""
    import torch.nn.functional as F

    from signbench.extractors import i3d_network
    from signbench.extractors.network_loading import give_weights, random_weights, without_weights

    mock.patch.object(i3d_network, "_highest", F.max_pool3d).start()
    network = without_weights(i3d_network.i3d)
    give_weights(network, random_weights(without_weights(i3d_network.i3d)), "i3d-400")
    return network.eval()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCRIPTS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))))
