"""Detects single clips that a run breaks: too few to move a mean, too bad to be chance.

If 5 of 200 clips turn into noise, the score hardly moves, and no paired test detects it: by chance alone, five clips that got worse
are as likely as five that got better. The evidence is how bad they are, compared with all other clips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Metric

BEYOND_WORST = 1.5
"""Least distance of a broken clip from the baseline's median clip, relative to the distance of the baseline's worst clip."""
BEYOND_GAIN = 4.0
"""Least loss of a broken clip, relative to the largest gain of any clip."""
FEWEST_CLIPS = 50


def covers(metric: Metric) -> bool:
    """Whether the rule applies to a metric: its clips have values on the scale of the score.

    It does not apply to metrics without a value for a clip (BLEU, distances between distributions), to metrics whose clips are
    right or wrong, or to ratios of sums whose best value is that of the references (total distance), because a clip's ratio may
    have a denominator close to 0.
    """
    return metric.interval_method == "bootstrap" and (metric.mean_of_clips or metric.direction != "reference")


def broken(baseline: NDArray[np.float64], run: NDArray[np.float64]) -> Sequence[int]:
    """Finds the clips that a run breaks.

    A clip is broken if it is more than 1.5 times as far on the bad side of the baseline's median clip as the baseline's worst clip,
    and lost more than 4 times as much as any clip gained. The first condition measures what is bad for such clips. The second
    measures how far clips move by chance between two models, whatever the distribution: by chance alone, losses are as large as
    gains.

    Args:
        baseline: float64 ``(N,)``, each clip's distance from the best value in the baseline; larger is worse.
        run: the same for the run.

    Returns:
        Indices, largest loss first; empty if there are fewer than 50 clips, or the baseline's clips do not differ.
    """
    if len(baseline) < FEWEST_CLIPS:
        return []
    median = float(np.median(baseline))
    worst = float(baseline.max()) - median
    if not worst > 0:
        return []
    loss = run - baseline
    gain = max(0.0, -float(loss.min()))
    found = np.flatnonzero((run - median > BEYOND_WORST * worst) & (loss > BEYOND_GAIN * gain))
    return sorted(found.tolist(), key=lambda index: (-float(loss[index]), index))
