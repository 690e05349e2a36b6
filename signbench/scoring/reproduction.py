"""Checks that this machine computes the same bits as others: compares digests of a small sample of everything with pinned ones.

Networks and distances between distributions (``fid``, ``kid``, ``fvd``, ``motion-fid``, ``diversity`` and ``multimodality``, which
multiply large matrices) are only reproducible within a tolerance, so they are not included.

``python -m signbench.scoring.reproduction`` prints the digests as JSON. With ``--pin`` it replaces the pinned ones, which is
necessary after a change of a corpus, a generator, a reader or a metric.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from signbench.corpora.clip import Clip
    from signbench.corpora.synthsign import SynthSign
    from signbench.predictions.prompts import Made

PINNED = Path(__file__).with_suffix(".json")
"""The digests that every machine must compute."""

_SIZE = 64
_CLIPS = {
    "train": ("train-0001", "train-0002", "train-0003", "train-0004"),
    "test": ("test-0001", "test-0003"),
    # each sign of two sentences once
    "word-train": tuple(f"word-train-{number:04d}" for number in (5, 7, 21, 24, 27, 45, 72, 85, 120)),
}
_METRICS = {
    "key points": (
        *("dtw", "dtw:variant=slrtp-fastdtw", "dtw:variant=pt", "dtw:variant=ham2pose", "dtw:variant=dtwp", "dtw:variant=ndtwp"),
        *("ape", "ape:normalise=shoulders", "nape", "total-distance", "duration-ratio"),
    ),
    "motion": ("ape", "dtw"),
    "video": ("l1", "psnr", "ssim", "ssim:window=uniform", "tcd", "tcd:range=byte,reduce=max"),
    "text": ("bleu", "bleu:order=2", "bleu:smoothing=exp", "rouge-l", "rouge-l:variant=nslt", "chrf", "wer", "wer:level=char"),
}


class _Excerpt:
    """A few clips of SynthSign as a corpus."""

    def __init__(self, corpus: SynthSign) -> None:
        self.name, self.version, self.licence, self.splits = corpus.name, corpus.version, corpus.licence, tuple(_CLIPS)
        self._corpus = corpus

    def ids(self, split: str) -> list[str]:
        return list(_CLIPS[split])

    def clip(self, clip_id: str) -> Clip:
        return self._corpus.clip(clip_id)


def digests() -> dict[str, str]:
    """Digests of this machine's SynthSign, of all built-in generators and of the metrics without networks.

    Returns:
        SHA-256 in hexadecimal by name of the product.
    """
    from signbench.corpora.synthsign import SynthSign

    corpus = SynthSign(size=_SIZE)
    found = _media(corpus)
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        found |= _decoded(folder / "subsampled.mkv")
        for kind, made in _kinds().items():
            found |= _predictions(corpus, kind, made, folder / kind)
            found |= _scores(kind, _references(corpus, kind, folder), folder / kind / "stitched", folder)
        found |= _scores("text", *_texts(corpus, folder), folder)
    return found


def differing(found: Mapping[str, str]) -> list[str]:
    """Names of the digests that differ from the pinned ones, in order."""
    pinned = json.loads(PINNED.read_text("utf-8"))
    return sorted(name for name in {*pinned, *found} if pinned.get(name) != found.get(name))


def _kinds() -> dict[str, Made]:
    from signbench.corpora.synthsign import SynthSign
    from signbench.media.layouts import layout
    from signbench.predictions.prompts import Made

    return {
        "key points": Made("pose", SynthSign.fps, layout=layout("coco-wholebody-133"), suffix=".pose"),
        "motion": Made("motion", SynthSign.fps),
        "video": Made("video", SynthSign.fps, size=(_SIZE, _SIZE)),
    }


_MEDIA = {"key points": "pose", "motion": "motion", "video": "video"}


def _media(corpus: SynthSign) -> dict[str, str]:
    """Motion, key points and every rendering of two clips."""
    from signbench.corpora.synthsign.performances import RENDERINGS

    found = {}
    for name in ("test-0002", "word-test-0005"):
        motion, pose = corpus.motion(name, 1), corpus.pose(name, 1)
        found[f"motion of {name}"] = _sha256(motion.rotations, motion.translation, motion.pose().points)
        found[f"key points of {name}"] = _sha256(pose.points, pose.confidence)
        for rendering in RENDERINGS:
            frames = corpus.frames_at(name, range(0, pose.frames, 8), 1, 128, rendering)
            found[f"{rendering} of {name}" if rendering == "video" else f"rendering {rendering} of {name}"] = _sha256(*frames)
    return found


def _decoded(path: Path) -> dict[str, str]:
    """Pixels of a video whose colours are stored at half the resolution, native and resized."""
    import av

    from signbench.media.video import read_frames

    random = np.random.Generator(np.random.PCG64(0))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 62, 46, "yuv420p"
        for _ in range(4):
            stored = random.integers(0, 256, (46 * 3 // 2, 62), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(stored, format="yuv420p")))
        container.mux(stream.encode(None))
    return {
        f"decoded video{words}": _sha256(*read_frames(path, size=size)) for words, size in (("", None), (", resized", (40, 32)))
    }


def _predictions(corpus: SynthSign, kind: str, made: Made, folder: Path) -> dict[str, str]:
    """The files of one modality that each built-in generator makes."""
    from signbench.generators import registry
    from signbench.generators.base import Anchor
    from signbench.generators.producing import produce
    from signbench.generators.training import References, TrainView, prompt_of

    excerpt = _Excerpt(corpus)
    task, seed, medium = "reproduction", 1, _MEDIA[kind]
    found = {}
    for name in registry.GENERATORS.built_in:
        if name in registry.MODELS:  # networks have no digests that are equal everywhere
            continue
        generator = registry.create(name)
        if isinstance(generator, Anchor):
            generator.see(References(excerpt, excerpt.ids("test"), references=medium, task=task, seed=seed))
        generator.prepare(TrainView.of_task(excerpt, made, split="test", references=medium))
        outcome = produce(
            generator,
            excerpt.ids("test"),
            lambda clip: prompt_of(corpus.clip(clip), made, ("text", "gloss"), references=medium),
            folder=folder / name,
            task=task,
            seed=seed,
        )
        if outcome.failed:
            raise RuntimeError(f"{name} of {kind} failed: {outcome.failed[0].reason}")
        found[f"{kind} by {name}"] = _of_files(folder / name / line.file for line in outcome.made)
    return found


def _references(corpus: SynthSign, kind: str, folder: Path) -> Path:
    from signbench.corpora.synthsign import export

    out = folder / "references" / kind
    export(corpus, "test", out, size=_SIZE, limit=3, media=(_MEDIA[kind],))
    return out


def _texts(corpus: SynthSign, folder: Path) -> tuple[Path, Path]:
    """The texts of two splits, which a metric of texts compares as if one were the translation of the other."""
    sides = folder / "said.txt", folder / "meant.txt"
    for path, split in zip(sides, ("test", "dev"), strict=True):
        path.write_text("".join(f"{corpus.sentence(clip).text}\n" for clip in corpus.ids(split)[:40]), encoding="utf-8")
    return sides


def _scores(kind: str, references: Path, predictions: Path, folder: Path) -> dict[str, str]:
    """The records and the result of a run."""
    from signbench.runs.folder import RunFolder
    from signbench.runs.records import RecordFile, pack
    from signbench.scoring.measure import measure

    run = RunFolder(folder / "runs" / kind)
    run.path.parent.mkdir(exist_ok=True)
    clips = None if kind == "text" else _CLIPS["test"]
    measure(references, predictions, _METRICS[kind], out=run.path, frames="resample", clips=clips)
    records = hashlib.sha256()
    for path in run.all_records():
        with RecordFile(path, write=False) as file:
            for clip, metric in sorted(file.done()):
                records.update(f"{clip}|{metric}|".encode() + pack(file.record(clip, metric)))
    return {f"records of {kind}": records.hexdigest(), f"result of {kind}": _of_files([run.result_json])}


def _sha256(*arrays: NDArray[np.generic]) -> str:
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(f"|{array.dtype.str}|{array.shape}|".encode())
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()


def _of_files(paths: Iterator[Path] | Sequence[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"|{path.name}|".encode() + path.read_bytes())
    return whole.hexdigest()


def main(words: Sequence[str]) -> int:
    """Prints the digests, or writes the pinned ones.

    Returns:
        The exit code; 2 if a digest differs from the pinned one.
    """
    found = digests()
    text = json.dumps(found, indent=2) + "\n"
    if "--pin" in words:
        PINNED.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 2 if differing(found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
