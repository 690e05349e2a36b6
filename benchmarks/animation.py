"""Moving a picture with PGMM: the generator's overhead over its bare networks, and the memory of exact attention."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measurement import Row, alternating, script

_FRAMES = 64

_PAPER = """
import torch
from signbench.generators.pgmm.config import PGMMConfig
from signbench.generators.pgmm.network import MotionModel
network = MotionModel(PGMMConfig.paper()).eval()
with torch.inference_mode():
    network(torch.rand(1, 3, 128, 128), torch.rand(1, 3, 128, 128), torch.rand(1, 36, 64, 64))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def rows() -> list[Row]:
    """The overhead of the generator with the small network, and the peak memory of the paper's network on one frame."""
    with tempfile.TemporaryDirectory() as folder:
        production, bare = alternating(*_functions(Path(folder)), repetitions=3, clock=time.process_time)
    peak = float(script(_PAPER)) / 2**20
    return [
        Row(
            f"generating with pgmm / its bare networks on chunks in memory ({_FRAMES} frames of 128 px, small network)",
            production / bare,
            "x",
            "<= 1.05",
            f"{production / _FRAMES * 1000:.1f} ms / {bare / _FRAMES * 1000:.1f} ms a frame",
        ),
        Row("peak memory of pgmm's paper network on one frame of 128 px, attention at 128 px included", peak, "GiB", "<= 2", ""),
    ]


def _functions(folder: Path) -> tuple[Any, Any]:
    """Generating frames, and the networks on the same chunks, with random weights."""
    import torch

    from signbench.corpora.recordings import FrameArray
    from signbench.generators.pgmm.animation import CHUNK
    from signbench.generators.pgmm.config import PGMMConfig
    from signbench.generators.pgmm.generator import PGMMGenerator
    from signbench.generators.pgmm.network import MotionModel
    from signbench.generators.pgmm.pose_maps import PoseMaps
    from signbench.predictions.prompts import Made, Prompt
    from signbench.weights.reference_models import write_model

    config = PGMMConfig.small()
    torch.manual_seed(0)
    network = MotionModel(config).eval()
    card = {"kind": "generator", "model": "pgmm", "configuration": "small", "summary": "Random weights.", "licence": "CC0-1.0"}
    write_model(folder / "model", card, config=asdict(config), tensors=network.state_dict(), files={})
    frames = np.random.default_rng(0).integers(0, 256, (_FRAMES, 128, 128, 3), np.uint8)
    prompt = Prompt(
        clip="one",
        made=Made("video", 25.0, size=(128, 128)),
        source_image=frames[0],
        driving_video=FrameArray(frames, "one", 25.0),
    )
    generator = PGMMGenerator(folder / "model")
    estimator = PoseMaps(config.pose_estimator, config.pose_points, config.pose_size)
    source, shown = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 128, 128)
    chunks = torch.rand(_FRAMES, 3, 64, 64).split(CHUNK)

    def produced() -> None:
        for production in generator.generate([prompt], [0]):
            for _ in production.frames or ():
                pass

    def bare() -> None:
        inpainting = network.inpainting_network
        with torch.inference_mode():
            points, features = network.kp_detector(source), inpainting.encode(source)
            for chunk in chunks:
                motion = network.dense_motion_network(source, points, network.kp_detector(chunk))
                decoded = inpainting.decode(features, motion, network.pose_features(estimator(chunk)))
                inpainting.picture(shown, decoded, motion)

    torch.set_num_threads(1)
    return produced, bare
