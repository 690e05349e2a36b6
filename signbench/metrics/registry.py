"""All metrics by name; each is imported only on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signbench.registry import Registry

if TYPE_CHECKING:
    from signbench.metrics.base import Metric

METRICS: Registry[Metric] = Registry(
    "metric",
    "signbench.metrics.base:Metric",
    {
        "l1": "signbench.metrics.image:L1",
        "psnr": "signbench.metrics.image:Psnr",
        "ssim": "signbench.metrics.image:Ssim",
        "lpips": "signbench.metrics.perceptual:Lpips",
        "tcd": "signbench.metrics.temporal:Tcd",
        "fid": "signbench.metrics.distribution:Fid",
        "kid": "signbench.metrics.distribution:Kid",
        "fvd": "signbench.metrics.distribution:Fvd",
        "motion-fid": "signbench.metrics.distribution:MotionFid",
        "ape": "signbench.metrics.pose:Ape",
        "pck": "signbench.metrics.correct_points:Pck",
        "nape": "signbench.metrics.pose:Nape",
        "dtw": "signbench.metrics.dtw:Dtw",
        "total-distance": "signbench.metrics.pose:TotalDistance",
        "duration-ratio": "signbench.metrics.pose:DurationRatio",
        "bleu": "signbench.metrics.bleu:Bleu",
        "rouge-l": "signbench.metrics.rouge:RougeL",
        "chrf": "signbench.metrics.chrf:Chrf",
        "wer": "signbench.metrics.wer:Wer",
        "accuracy": "signbench.metrics.recognition:Accuracy",
        "diversity": "signbench.metrics.motion:Diversity",
        "multimodality": "signbench.metrics.motion:Multimodality",
        "retrieval": "signbench.metrics.retrieval:Retrieval",
        "likelihood": "signbench.metrics.likelihood:LogLikelihood",
    },
    group="signbench.metrics",
)


def known() -> list[str]:
    """Names of all metrics: built-in ones and those of other packages with the entry point ``signbench.metrics``."""
    return METRICS.known()


def metric_class(name: str) -> type[Metric]:
    """The class of a metric.

    Raises:
        InputError: no metric has that name (the message suggests the nearest), or an installed one cannot be imported.
    """
    return METRICS.class_of(name)


def create(text: str) -> Metric:
    """The metric written ``name:key=value,key=value``, or followed by ``@judge``: through that judge.

    Raises:
        InputError: the metric, a parameter or the judge is unknown, or a value or judge does not match.
    """
    name, at, on = text.partition("@")
    if not at:
        return METRICS.create(text)
    from signbench.metrics.judged import through

    return through(METRICS.create(name), on)


def canonical(text: str) -> str:
    """The one spelling of a metric's name; a judge behind an ``@`` stays as it is written, because it may be a paper's own.

    Raises:
        InputError: unknown metric or parameter, or a value that does not fit.
    """
    name, at, judge = text.partition("@")
    return f"{METRICS.create(name).canonical}{at}{judge}"
