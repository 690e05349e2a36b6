"""False alarms of the gate's rule for broken clips between equally good models, and what the rule catches.

Two equally good models are two draws of each clip's value, so that each is as likely to be the worse one. They are simulated, and
taken from the shipped leaderboard rows: two generators whose clips are swapped at random. The rule should catch five clips of the
generator ``noise`` among those of another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurement import Row
from signbench.ci.worst_clips import broken, covers
from signbench.leaderboard.entries import entry_locations, read_entry
from signbench.runs.comparison import distance_of_clip

CHECKS = 2000
NUMBERS = (60, 200)
BROKEN = 5

Generator = np.random.Generator
Pair = Callable[[Generator, int], NDArray[np.float64]]
"""Makes float64 ``(2, N)``: each clip's distance from the best value, in two models."""


def _noisy(difficulty: NDArray[np.float64], generator: Generator, sigma: float) -> NDArray[np.float64]:
    return difficulty * generator.lognormal(0, sigma, (2, len(difficulty)))


def _misses(generator: Generator, clips: int, often: float) -> NDArray[np.float64]:
    return np.where(generator.random((2, clips)) < often, 0.18, 0.02) * generator.lognormal(0, 0.3, (2, clips))


def _word_errors(generator: Generator, clips: int) -> NDArray[np.float64]:
    lengths = generator.integers(4, 20, clips)
    return generator.binomial(lengths, generator.beta(2, 3, clips), (2, clips)) / lengths


SIMULATED: tuple[tuple[str, Pair, bool], ...] = (
    ("normal", lambda generator, clips: generator.normal(5, 1, clips) + generator.normal(0, 0.5, (2, clips)), True),
    ("like DTW, retrained (lognormal 0.6, noise 0.3)", lambda g, clips: _noisy(g.lognormal(0, 0.6, clips), g, 0.3), True),
    ("like DTW, another model (lognormal 0.6, independent)", lambda g, clips: g.lognormal(0, 0.6, (2, clips)), True),
    ("like DTW, very noisy (gamma 2, noise 0.6)", lambda g, clips: _noisy(g.gamma(2, 1, clips), g, 0.6), False),
    ("like SSIM near 1", lambda generator, clips: generator.beta(1, 8, (2, clips)), True),
    ("like WER", _word_errors, True),
    ("15 % of the clips missed, each time others", lambda generator, clips: _misses(generator, clips, 0.15), True),
    ("1 % of the clips missed, each time others", lambda generator, clips: _misses(generator, clips, 0.01), False),
    (
        "long tails (t with 3 degrees of freedom)",
        lambda generator, clips: generator.normal(5, 1, clips) + 0.5 * generator.standard_t(3, (2, clips)),
        True,
    ),
)
"""Each simulation: its name, its draws, and whether at most 1 % of alarms are promised for 200 clips (3 % for 60)."""


def alarms(pair: Pair, clips: int, checks: int = CHECKS) -> float:
    """Share of the checks between two equally good models that raise an alarm."""
    generator = np.random.Generator(np.random.PCG64(clips))
    return sum(bool(broken(*pair(generator, clips))) for _ in range(checks)) / checks


def shipped_values() -> dict[tuple[str, str, str], NDArray[np.float64]]:
    """Each clip's distance from the best value by task, row and metric, for the shipped rows."""
    found = {}
    for location in entry_locations():
        if not location.task.startswith("synthsign/"):
            continue
        run = read_entry(location.folder).run
        for name, measured in run.metrics.items():
            clips = [clip for clip in run.plan.clips if clip in measured.recorded]
            if not covers(measured.metric) or len(clips) < max(NUMBERS):
                continue
            distances = []
            for record in measured.records(clips):
                value = measured.metric.clip_value(record)
                if value is None:
                    break
                distances.append(distance_of_clip(measured.metric, value, record))
            else:
                found[location.task, location.folder.name, name] = np.array(distances, dtype=np.float64)
    return found


def _exchanged(first: NDArray[np.float64], second: NDArray[np.float64]) -> Pair:
    def pair(generator: Generator, clips: int) -> NDArray[np.float64]:
        chosen = generator.choice(len(first), clips, replace=False)
        both = np.stack([first[chosen], second[chosen]])
        return np.where(generator.random(clips) < 0.5, both, both[::-1])

    return pair


def _rows_of_shipped() -> Iterator[Row]:
    values = shipped_values()
    generator = np.random.Generator(np.random.PCG64(1))
    for (task, row, metric), first in values.items():
        stitched, noise = values.get((task, "stitched", metric)), values.get((task, "noise", metric))
        if row != "nearest" or stitched is None or noise is None or metric == "duration-ratio":
            continue
        for clips in NUMBERS:
            share = alarms(_exchanged(first, stitched), clips)
            what = f"alarm between nearest and stitched, exchanged: {task}, {metric}, {clips} clips"
            yield Row(what, 100 * share, "%", f"<= {_bound(clips):.1f}", f"{CHECKS} checks")
        caught = 0
        for _ in range(100):
            spoilt, chosen = first.copy(), generator.choice(len(first), BROKEN, replace=False)
            spoilt[chosen] = noise[chosen]
            caught += len(set(broken(first, spoilt)) & set(chosen.tolist()))
        yield Row(
            f"{BROKEN} clips of noise in nearest, found: {task}, {metric}", caught / (100 * BROKEN) * 100, "%", "", "100 checks"
        )


def _bound(clips: int) -> float:
    promised = 0.01 if clips >= max(NUMBERS) else 0.03
    return 100 * (promised + 3 * float(np.sqrt(promised * (1 - promised) / CHECKS)))


def rows() -> list[Row]:
    """Alarms between equally good models, and the share of clips replaced by noise that are found."""
    found = []
    for what, pair, promised in SIMULATED:
        for clips in NUMBERS:
            bound = f"<= {_bound(clips):.1f}" if promised else ""
            share = 100 * alarms(pair, clips)
            found.append(Row(f"alarm between honest models: {what}, {clips} clips", share, "%", bound, f"{CHECKS} checks"))
    return [*found, *_rows_of_shipped()]
