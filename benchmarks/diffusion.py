"""Generating with MimicMotion: the overhead over its bare denoising passes, and the memory of long clips."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measurement import Row, alternating, script

_MODEL = "mimicmotion"
_FRAMES = 30
_SHORT, _LONG = 100, 1000

_PEAK = """
from pathlib import Path
from signbench.corpora.recordings import VideoFile
from signbench.generators.mimicmotion.generator import MimicMotionGenerator
from signbench.predictions.prompts import Made, Prompt
from signbench.predictions.sampling import first_frame
recording = VideoFile(Path({path!r}))
source = first_frame(recording, (128, 128))
prompt = Prompt(clip="one", made=Made("video", 25.0, size=(128, 128)), source_image=source, driving_video=recording)
generator = MimicMotionGenerator({model!r}, steps=1)
count = sum(1 for production in generator.generate([prompt], [0]) for _ in production.frames)
assert count == {count}, count
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def rows() -> list[Row]:
    """The overhead of generating a clip with the shipped weights, and the growth of memory with its length."""
    production, bare, passes = _measured()
    return [
        Row(
            f"generating with {_MODEL} / its bare denoising passes ({_FRAMES} frames of 128 px, {passes} passes)",
            production / bare,
            "x",
            "<= 1.05",
            f"{production:.1f} s / {bare:.1f} s",
        ),
        _growth(),
    ]


def _measured() -> tuple[float, float, int]:
    """Processor time of a clip, that of its passes through the U-Net alone, and their number."""
    produced, bare, passes = _functions()
    seconds = alternating(produced, bare, repetitions=3, clock=time.process_time)
    return (*seconds, passes)


def _signing(frames: int) -> np.ndarray:
    """Frames in which SynthSign's figures sign, uint8 ``(frames, 128, 128, 3)``."""
    from signbench.corpora.synthsign import SynthSign
    from signbench.predictions.sampling import at_positions

    corpus, found, count = SynthSign(), [], 0
    for clip in corpus.ids("test"):
        recording = corpus.clip(clip).video
        if recording is None or count >= frames:
            break
        probe = recording.probe(None)
        found.append(np.stack(list(at_positions(recording, probe, np.arange(probe.frames), (128, 128)))))
        count += probe.frames
    return np.concatenate(found)[:frames]


def _functions() -> tuple[Callable[[], object], Callable[[], object], int]:
    import torch

    from signbench.corpora.recordings import FrameArray
    from signbench.generators.mimicmotion.config import MimicMotionConfig
    from signbench.generators.mimicmotion.generator import MimicMotionGenerator, thinned
    from signbench.generators.mimicmotion.network import MimicMotion
    from signbench.generators.mimicmotion.tiles import tiles
    from signbench.predictions.prompts import Made, Prompt

    frames = _signing(_FRAMES)
    recording = FrameArray(frames, "one", 25.0)
    made = Made("video", 25.0, size=(128, 128))
    prompt = Prompt(clip="one", made=made, source_image=frames[0], driving_video=recording)
    generator, config = MimicMotionGenerator(_MODEL), MimicMotionConfig.small()
    torch.manual_seed(0)
    network = MimicMotion(config).eval()
    shown = len(thinned(_FRAMES, 25.0, config.step_rate)[0]) + 1
    parts = tiles(shown, config.tile, config.overlap)
    cells = (config.latent_channels, config.size // 8, config.size // 8)
    noisy = torch.randn(1, len(parts[0]), *cells)
    embedding, ids = torch.randn(1, 1, config.embedding), network.ids(1, noisy)
    pose = torch.randn(len(parts[0]), config.widths[0], *cells[1:])

    def produced() -> None:
        for production in generator.generate([prompt], [0]):
            for _ in production.frames or ():
                pass

    def bare() -> None:
        with torch.inference_mode():
            for _ in range(config.steps * len(parts)):
                network.predicted(noisy, noisy, torch.tensor(0.5), embedding, ids, pose)
                network.predicted(noisy, noisy, torch.tensor(0.5), embedding, ids, None)

    torch.set_num_threads(1)
    return produced, bare, 2 * config.steps * len(parts)


def _growth() -> Row:
    from signbench.media.video_writer import write_video

    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        signing = _signing(_SHORT)
        for count in (_SHORT, _LONG):
            path = Path(folder) / f"{count}.mkv"
            write_video(path, (signing[number % _SHORT] for number in range(count)), 25.0)
            peaks.append(float(script(_PEAK.format(path=str(path), model=_MODEL, count=count))) / 1024)
    return Row(
        f"growth of peak memory from a clip of {_SHORT} frames to one of {_LONG}, {_MODEL}",
        100 * (peaks[1] / peaks[0] - 1),
        "%",
        "<= 5",
        f"{peaks[0]:.0f} MiB / {peaks[1]:.0f} MiB",
    )
