"""The metrics that exist, by name; each is imported only when it is asked for."""

from __future__ import annotations

import importlib
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from signbench.errors import InputError, nearest
from signbench.foreign.wall import guarded
from signbench.metrics.base import Metric, split_name

_BUILT_IN = {
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
}


@lru_cache(maxsize=1)
def _installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group="signbench.metrics")}


def known() -> list[str]:
    """Names of all metrics, built in and installed by other packages under the entry point ``signbench.metrics``."""
    return [*_BUILT_IN, *sorted(set(_installed()) - set(_BUILT_IN))]


def metric_class(name: str) -> type[Metric]:
    """The class of a metric.

    Raises:
        InputError: no metric has that name, with the nearest that exist; or an installed one cannot be imported.
    """
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
    elif (entry := _installed().get(name)) is not None:
        found = guarded(entry.load, f"metric {name} of {entry.value} cannot be imported")
    else:
        raise InputError(f"there is no metric {name}. {nearest(name, known())}")
    if not (isinstance(found, type) and issubclass(found, Metric)):
        raise InputError(f"metric {name}: {found!r} is not a subclass of signbench.metrics.base.Metric.")
    return found


def create(text: str) -> Metric:
    """The metric that the command line spells ``name:key=value,key=value``.

    Raises:
        InputError: unknown metric or parameter, or a value that does not fit.
    """
    name, given = split_name(text)
    kind = metric_class(name)
    return kind(**given) if name in _BUILT_IN else guarded(lambda: kind(**given), f"metric {text} cannot be made")
