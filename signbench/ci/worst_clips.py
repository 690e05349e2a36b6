"""Single clips that a run breaks: too few to be seen in a mean, too bad to be chance.

Five of 200 clips that became noise hardly move a score, and no paired test can tell: if nothing but chance is at work, five clips
that got worse are as likely as five that got better. What tells is how bad they are, beside all that is known of such clips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from signbench.metrics.base import Metric

BEYOND_WORST = 1.5
"""How far from the baseline's median clip a broken clip is, in distances of the baseline's worst clip from it."""
BEYOND_GAIN = 4.0
"""How much worse than in the baseline a broken clip is, in gains of the clip that gained most."""
FEWEST_CLIPS = 50


def covers(metric: Metric) -> bool:
    """Whether the rule is for a metric: its clips have values, whose size is that of the score.

    Not covered are metrics without a value for a clip (BLEU, distances between distributions), those whose clips are right or
    wrong, and ratios of sums whose best value is the references' own (total distance): a clip's own may divide by next to nothing.
    """
    return metric.interval_method == "bootstrap" and (metric.mean_of_clips or metric.direction != "reference")


def broken(baseline: NDArray[np.float64], run: NDArray[np.float64]) -> Sequence[int]:
    """Which clips a run breaks.

    A clip is broken where it is further on the bad side of the baseline's median clip than 1.5 times the baseline's worst clip,
    and lost more than 4 times what any clip gained. The first tells what is bad among such clips. The second tells how far clips
    move by chance between two models, whatever the shape of that chance: where nothing else is at work, losses are as large as
    gains.

    Args:
        baseline: float64 ``(N,)``, each clip's distance from the best value in the baseline; larger is worse.
        run: the same of the run.

    Returns:
        Places, those that lost most first; none where there are fewer than 50 clips, or the baseline's clips do not differ.
    """
    if len(baseline) < FEWEST_CLIPS:
        return []
    median = float(np.median(baseline))
    worst = float(baseline.max()) - median
    if not worst > 0:
        return []
    loss = run - baseline
    gain = max(0.0, -float(loss.min()))
    places = np.flatnonzero((run - median > BEYOND_WORST * worst) & (loss > BEYOND_GAIN * gain))
    return sorted(places.tolist(), key=lambda place: (-float(loss[place]), place))
