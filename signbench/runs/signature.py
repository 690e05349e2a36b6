"""Signatures: how a number was measured, in one line that can be compared.

A signature is ``key:value|key:value|...``. Its *measure* part decides whether two numbers can be in one column; its *provenance*
part, after ``||``, is printed and never compared.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from signbench.errors import InputError
from signbench.metrics.base import Metric, spell
from signbench.runs.protocol import Protocol
from signbench.statistics.intervals import METHODS

_MEANINGS = {
    "metric": "the metric",
    "parameters": "the metric's parameters",
    "revision": "the revision of the metric's code",
    "reader": "the reader of media files and its revision",
    "layout": "the key-point layout and the number of coordinates",
    "pixels": "the references' pixel formats",
    "extractor": "the network, its weights, preprocessing and precision",
    "judge": "the judge, its weights or training data, and the compared output",
    "size": "the size that images were resized to",
    "resize": "the kernel that images were resized with",
    "unit": "the unit of durations",
    "rate": "the frame rate that the references state, and that of the predictions if it differs",
    "fps": "the frame rate that both sides were converted to",
    "source-fps": "the frame rate that was declared for the files",
    "frames": "the rule for sides with different lengths",
    "clips": "the number of expected clips",
    "samples": "the numbers of predicted and of reference frames or clips",
    "subset": "the subset of clips",
    "task": "the task's file, if it differs from the shipped one",
    "refs": "the references themselves",
}
STUDY_METRIC = "sus"
"""The metric of human studies."""

STUDY_MEANINGS = {
    "metric": "the metric",
    "revision": "the revision of the score",
    "clips": "the number of clips that were shown",
    "signs": "the number of signs that were shown",
    "packs": "the number of packs",
    "shown": "the clips, signs and packs that were shown",
    "normalisation": "the revision of the normal form of answers",
    "language": "the language of the answers",
    "lemmatiser": "the lemmatiser",
    "accepted": "the accepted answers",
    "dictionary": "the dictionary",
    "blank": "how blank answers are counted",
    "blank-answers": "which answers count as blank",
    "resubmissions": "which of a participant's repeated answers counts",
    "unanswered": "the meaning of a clip without an answer",
    "answered-nothing": "how raters who answered nothing are counted",
    "rows": "which rows of the sheets are used",
    "lexicon": "decisions about open answers",
}
"""The meaning of each key of a study's signature, in the order in which differences are reported."""
_SHORT = {
    "metric": "m",
    "parameters": "p",
    "revision": "r",
    "reader": "rd",
    "layout": "l",
    "pixels": "px",
    "extractor": "x",
    "judge": "j",
    "size": "s",
    "resize": "rs",
    "unit": "u",
    "rate": "ra",
    "fps": "f",
    "source-fps": "sf",
    "frames": "fr",
    "clips": "c",
    "samples": "n",
    "subset": "sub",
    "task": "t",
    "refs": "refs",
}
_LONG = {short: key for key, short in _SHORT.items()}
_PACKAGES = ("numpy", "opencv-python-headless", "av", "numba", "pose-format", "torch", "sacrebleu", "lpips", "torch-fidelity")


def references_digest(references: Mapping[str, str]) -> str:
    """First 12 hexadecimal digits of SHA-256 over the sorted lines ``clip id, SHA-256 of the reference``.

    Args:
        references: clip id -> SHA-256 of the reference's bytes or text.
    """
    lines = sorted(f"{clip}, {digest}\n" for clip, digest in references.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]


def measure_part(
    metric: Metric,
    protocol: Protocol,
    *,
    readers: str,
    layout: str | None,
    clips: int,
    refs: str,
    subset: str | None,
    extractor: str | None = None,
    judge: str | None = None,
    samples: tuple[int, int] | None = None,
    task: str | None = None,
    pixels: str | None = None,
    rate: str | None = None,
    unit: str | None = None,
) -> str:
    """The part of a signature that decides comparability.

    Args:
        metric: the metric with its parameters.
        protocol: the protocol of the run.
        readers: the reader of the metric's modality and its revision, such as ``video-2``.
        layout: the references' key-point layout, or None for metrics without key points.
        clips: number of expected clips.
        refs: see :func:`references_digest`.
        subset: the subset to which the run is limited, or None.
        extractor: signature of the metric's network, or None.
        judge: signature of the judge through which it is measured, or None.
        samples: numbers of predicted and of reference vectors of a distance between distributions, or None; both change it, because
            its bias depends on them.
        pixels: families of the references' stored pixels, or None for metrics without pixels.
        task: digits of the digest of a task that differs from the shipped one of its name, or None.
        rate: the stated frame rates of both sides, for metrics that depend on them, or None.
        unit: ``seconds`` or ``frames``, for metrics of durations, or None.
    """
    parameters = ",".join(f"{name}={spell(value)}" for name, value in metric.resolved().items())
    pairs: dict[str, str | None] = {
        "metric": metric.name,
        "parameters": parameters or None,
        "revision": metric.signed_revision,
        "reader": readers,
        "layout": layout,
        "pixels": pixels,
        "extractor": extractor,
        "judge": judge,
        "unit": unit,
        "rate": rate,
        "samples": None if samples is None else f"{samples[0]}/{samples[1]}",
        "frames": protocol.frames if metric.pairs_frames else None,
        "clips": str(clips),
        "subset": subset,
        "task": task,
        "refs": refs,
    }
    if metric.view in ("frames", "observations", "pose", "lengths", "judged"):
        pairs["fps"] = "native" if protocol.fps is None else spell(protocol.fps)
        pairs["source-fps"] = None if protocol.source_fps is None else spell(protocol.source_fps)
    if metric.view in ("frames", "observations"):
        from signbench.media.video import RESIZE_KERNEL

        pairs["size"] = "native" if protocol.size is None else f"{protocol.size[1]}x{protocol.size[0]}"
        pairs["resize"] = None if protocol.size is None else RESIZE_KERNEL
    ordered = {key: pairs[key] for key in _MEANINGS if pairs.get(key) is not None}
    return "|".join(f"{key}:{value}" for key, value in ordered.items())


def provenance_part(device: str = "cpu") -> str:
    """The part of a signature that is printed and never compared: versions, interpreter, interval methods, device."""
    pairs = {"signbench": package_version("signbench"), "python": platform.python_version()}
    pairs |= {name: package_version(name) for name in _PACKAGES}
    pairs |= {"intervals": METHODS, "device": device}
    return "|".join(f"{key}:{value}" for key, value in pairs.items())


def package_version(name: str) -> str:
    """The installed version of a package, or ``absent``."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def parse(signature: str) -> dict[str, str]:
    """The measure part of a signature, in its long or short form, as keys and values. That of a human study has different keys.

    Raises:
        InputError: it is not a signature.
    """
    measure = signature.strip().split("||")[0].rstrip("|")
    meanings = _meanings(measure)
    pairs: dict[str, str] = {}
    for part in measure.split("|"):
        key, colon, value = part.partition(":")
        key = key if key in meanings else _LONG.get(key, key)
        if not colon or key not in meanings or key in pairs:
            raise InputError(f"{signature!r} is not a signature; {part!r} is not one of its key:value pairs.")
        pairs[key] = value
    return pairs


def in_words(signature: str) -> list[tuple[str, str]]:
    """The measure part of a signature as pairs of what a key means and its value, in the order in which differences are reported.

    Raises:
        InputError: it is not a signature.
    """
    pairs = parse(signature)
    return [(meaning, pairs[key]) for key, meaning in _meanings(signature).items() if key in pairs]


def short(measure: str) -> str:
    """The short form of a measure part."""
    return "|".join(f"{_SHORT.get(key, key)}:{value}" for key, value in parse(measure).items())


def differences(first: str, second: str) -> list[str]:
    """The differences between two signatures' measure parts, one sentence per key; empty if the numbers can be compared.

    Raises:
        InputError: one of them is not a signature.
    """
    left, right = parse(first), parse(second)
    sentences = []
    for key, meaning in {**_meanings(first), **_meanings(second)}.items():
        if left.get(key) == right.get(key):
            continue
        if key == "parameters":
            sentences += _parameter_differences(left.get(key, ""), right.get(key, ""))
            continue
        sentences.append(f"{meaning}: {left.get(key, 'not stated')} against {right.get(key, 'not stated')}")
    return sentences


def _meanings(signature: str) -> Mapping[str, str]:
    """The meaning of each key, in the order in which differences are reported."""
    of_study = tuple(f"{key}:{STUDY_METRIC}|" for key in ("metric", _SHORT["metric"]))
    return STUDY_MEANINGS if signature.strip().startswith(of_study) else _MEANINGS


def _parameter_differences(first: str, second: str) -> list[str]:
    left, right = (dict(part.split("=", 1) for part in text.split(",") if "=" in part) for text in (first, second))
    return [
        f"the parameter {name}: {left.get(name, 'absent')} against {right.get(name, 'absent')}"
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    ]
