"""Coverage of the intervals of scores, over many simulated sets of clips whose true score is known.

The true value of a mean, a share or a corpus metric of text is the score of infinitely many clips. That of a distance between
distributions is the mean score of the same number of clips, because few clips have a larger score than many. The simulations
resemble real data: distances with a long tail, similarities near 1, word errors that are 0 for many clips, sentences of five to
twenty words, and features a few of which vary much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.measurement import Row
from signbench.metrics.base import Direction, MeanOfClips, Metric, Record, Recorder
from signbench.statistics.intervals import interval

EXPERIMENTS = 1000
NUMBERS = (10, 20, 60, 200)
CLUSTERS = (5, 9, 12, 19, 30)
_POPULATION = 20_000

Generator = np.random.Generator
Draw = Callable[[Generator, int], list[Record]]


class Mean(MeanOfClips):
    """Mean of clips, like SSIM and DTW."""

    name = "mean"
    direction: ClassVar[Direction] = "lower"
    view = "pose"
    pairs_frames = False
    unit = "1"

    def recorder(self) -> Recorder:
        raise AssertionError("the records are made up")

    def clip_value(self, record: Record) -> float:
        return float(record["value"])


@dataclass(frozen=True)
class Case:
    """A simulated case.

    Attributes:
        what: a description.
        metric: the metric that folds the records.
        draw: draws the records of a number of clips.
        truth: the value that the interval should contain; None: the mean score of the same number of clips.
        numbers: the numbers of clips, or of clusters.
        clusters: labels of the clips, if they are clustered.
    """

    what: str
    metric: Metric
    draw: Draw
    truth: float | None
    numbers: tuple[int, ...] = NUMBERS
    clusters: Callable[[list[Record]], list[int]] | None = None


@dataclass(frozen=True)
class Coverage:
    """The result of a case with one number of clips.

    Attributes:
        case: the case.
        number: the number of clips or clusters.
        share: share of the intervals that contain the true value.
        none: share of the sets of clips without an interval.
        width: median width of the intervals.
    """

    case: Case
    number: int
    share: float
    none: float
    width: float


def coverage(case: Case, number: int, experiments: int = EXPERIMENTS) -> Coverage:
    """Simulates one case with one number of clips."""
    generator = np.random.Generator(np.random.PCG64(number))
    scores, ends = [], []
    for _ in range(experiments):
        records = case.draw(generator, number)
        found = interval(case.metric, records, case.clusters(records) if case.clusters is not None else None)
        ends.append(found.bounds or (np.nan, np.nan))
        if case.truth is None:
            scores.append(float(case.metric.score(records, np.ones((1, len(records)), dtype=np.uint8))[0]))
    truth = float(np.mean(scores)) if case.truth is None else case.truth
    low, high = np.array(ends).T
    known = np.isfinite(low)
    if not known.any():
        return Coverage(case, number, np.nan, 1.0, np.nan)
    holds = (low <= truth) & (truth <= high)
    return Coverage(case, number, float(holds[known].mean()), float(1 - known.mean()), float(np.median((high - low)[known])))


def _values(values: NDArray[np.float64]) -> list[Record]:
    return [{"value": np.array(value)} for value in values]


def _mean(what: str, make: Callable[[Generator, int], NDArray[np.float64]], truth: float) -> Case:
    return Case(f"mean of clips, {what}", Mean(), lambda generator, number: _values(make(generator, number)), truth)


def _means() -> Iterator[Case]:
    yield _mean("normal", lambda generator, number: generator.normal(5, 1, number), 5.0)
    yield _mean("like DTW (gamma of shape 2)", lambda generator, number: generator.gamma(2, 1, number), 2.0)
    for words, sigma in (("like DTW (lognormal, sigma 0.6)", 0.6), ("very skewed (lognormal, sigma 1)", 1.0)):

        def draw(generator: Generator, number: int, sigma: float = sigma) -> NDArray[np.float64]:
            return generator.lognormal(0, sigma, number)

        yield _mean(words, draw, float(np.exp(sigma * sigma / 2)))
    yield _mean("like SSIM near 1 (beta 8, 1)", lambda generator, number: generator.beta(8, 1, number), 8 / 9)
    yield _mean(
        "half of them perfect",
        lambda generator, number: generator.exponential(1, number) * (generator.random(number) < 0.5),
        0.5,
    )


def _labels(labels: Sequence[int], hits: NDArray[np.bool_]) -> list[Record]:
    return [
        {"hit": np.array(int(hit)), "known": np.array(1), "label": np.frombuffer(str(label).encode(), dtype=np.uint8)}
        for label, hit in zip(labels, hits, strict=True)
    ]


def _shares() -> Iterator[Case]:
    from signbench.metrics import registry

    for share in (0.5, 0.9, 0.98):

        def draw(generator: Generator, number: int, share: float = share) -> list[Record]:
            return _labels([0] * number, generator.random(number) < share)

        yield Case(f"accuracy {share:g}", registry.create("accuracy"), draw, share)
    right = np.linspace(0.55, 0.95, 8)
    often = np.array([8, 6, 5, 4, 3, 2, 2, 2]) / 32

    def classes(generator: Generator, number: int) -> list[Record]:
        labels = np.concatenate([np.arange(8), generator.choice(8, number - 8, p=often)])
        return _labels(labels.tolist(), generator.random(number) < right[labels])

    yield Case("accuracy over 8 labels of unequal size", registry.create("accuracy:average=class"), classes, float(right.mean()))


def _sentences(generator: Generator, number: int, right: float) -> list[tuple[str, str]]:
    """Pairs of a prediction and a reference, in which runs of words agree."""
    found = []
    for _ in range(number):
        reference = generator.integers(0, 200, generator.integers(5, 20)).tolist()
        quality = generator.beta(4 * right, 4 * (1 - right))
        prediction = [word if generator.random() < quality else int(generator.integers(200, 400)) for word in reference]
        if generator.random() < 0.3:
            prediction = prediction[: max(1, len(prediction) - 2)]
        found.append((" ".join(map(str, prediction)), " ".join(map(str, reference))))
    return found


def _texts() -> Iterator[Case]:
    from signbench.metrics import registry
    from signbench.metrics.pairs import TextPair

    of_quality = (("bleu:order=4", 0.7), ("bleu:order=4", 0.45), ("chrf", 0.45), ("rouge-l", 0.45), ("wer", 0.7), ("wer", 0.95))
    for name, right in of_quality:
        metric = registry.create(name)
        # drawing from a population is faster than new sentences every time
        sentences = _sentences(np.random.Generator(np.random.PCG64(7)), _POPULATION, right)
        population = [metric.record([TextPair(*pair)]) for pair in sentences]
        truth = float(metric.score(population, np.ones((1, _POPULATION), dtype=np.uint8))[0])

        def draw(generator: Generator, number: int, population: list[Record] = population) -> list[Record]:
            return [population[index] for index in generator.integers(0, _POPULATION, number)]

        yield Case(f"{metric.canonical} of {truth:.0f}", metric, draw, truth)


def _features(generator: Generator, number: int, width: int, tail: float | None) -> list[Record]:
    scale = 1 / np.sqrt(1 + np.arange(width))
    loud = np.ones((number, 1)) if tail is None else generator.gamma(tail, 1 / tail, (number, 1))
    reference, noise = generator.normal(0, 1, (2, number, width)) * loud
    prediction = 0.8 * (0.5 * reference + 0.87 * noise) + 0.3
    return [
        {"prediction": (ours * scale)[None], "reference": (theirs * scale)[None]}
        for ours, theirs in zip(prediction, reference, strict=True)
    ]


def _distributions() -> Iterator[Case]:
    from signbench.metrics import registry

    for width, tail, words in ((8, None, "normal"), (64, None, "normal"), (16, 6.0, "long tails")):

        def draw(generator: Generator, number: int, width: int = width, tail: float | None = tail) -> list[Record]:
            return _features(generator, number, width, tail)

        yield Case(f"Fréchet distance, {width} dimensions, {words}", registry.create("fvd"), draw, None)
    yield Case(
        "KID, 16 dimensions",
        registry.create("kid:size=8,subsets=20"),
        lambda generator, number: _features(generator, number, 16, None),
        None,
    )
    yield Case(
        "diversity, 16 dimensions",
        registry.create("diversity:pairs=all"),
        lambda generator, number: _features(generator, number, 16, None),
        None,
    )


def _clusters() -> Iterator[Case]:
    for skewed in (False, True):
        for unequal in (False, True):

            def draw(generator: Generator, number: int, skewed: bool = skewed, unequal: bool = unequal) -> list[Record]:
                sizes = np.full(number, 10)
                if unequal:
                    sizes = np.maximum(1, np.rint(generator.lognormal(np.log(10), 0.5, number))).astype(int)
                signer = np.repeat(np.arange(number), sizes)
                if skewed:
                    values = generator.gamma(2, 0.5, number)[signer] * generator.gamma(2, 0.5, len(signer))
                else:
                    values = generator.normal(1, 0.7, number)[signer] + generator.normal(0, 1, len(signer))
                return [{"value": np.array(value), "signer": np.array(who)} for value, who in zip(values, signer, strict=True)]

            kind, sizes_of = "skewed" if skewed else "normal", "unequal" if unequal else "equal"
            what = f"mean of clips, {kind} signers of {sizes_of} numbers of clips"
            yield Case(what, Mean(), draw, 1.0, CLUSTERS, _signers)


def _signers(records: list[Record]) -> list[int]:
    return [int(record["signer"]) for record in records]


def cases() -> Iterator[Case]:
    """All cases."""
    yield from _means()
    yield from _shares()
    yield from _texts()
    yield from _distributions()
    yield from _clusters()


def found(experiments: int = EXPERIMENTS) -> Iterator[Coverage]:
    """Simulates every case with every number of clips."""
    for case in cases():
        for number in case.numbers:
            yield coverage(case, number, experiments)


def rows(experiments: int = EXPERIMENTS) -> list[Row]:
    """The cells in the form of the other benchmarks: at least 93 %, minus three standard errors of the simulation."""
    bound = 93 - 300 * np.sqrt(0.93 * 0.07 / experiments)
    return [
        Row(
            f"interval holds the truth: {cell.case.what}, {cell.number} {'signers' if cell.case.clusters else 'clips'}",
            100 * cell.share,
            "%",
            "" if np.isnan(cell.share) or "very skewed" in cell.case.what else f">= {bound:.1f}",
            f"none in {cell.none:.1%}; median width {cell.width:.3g}",
        )
        for cell in found(experiments)
    ]


def markdown(cells: Sequence[Coverage]) -> str:
    """The cells as the tables of benchmarks/README.md, with one row for each case."""
    lines: list[str] = []
    numbers: tuple[int, ...] = ()
    by_case: dict[str, list[Coverage]] = {}
    for cell in cells:
        by_case.setdefault(cell.case.what, []).append(cell)
    for what, row in by_case.items():
        if row[0].case.numbers != numbers:
            numbers = row[0].case.numbers
            unit = "signers" if row[0].case.clusters else "clips"
            head = [f"{number} {unit}" for number in numbers]
            lines += ["", f"| what | {' | '.join(head)} |", f"| --- |{' --- |' * len(head)}"]
        shown = [_shown(cell) for cell in row]
        lines.append(f"| {what} | {' | '.join(shown)} |")
    return "\n".join(lines).strip()


def _shown(cell: Coverage) -> Any:
    if np.isnan(cell.share):
        return "none"
    return f"{100 * cell.share:.1f}" + (f" (none: {100 * cell.none:.0f} %)" if cell.none >= 0.005 else "")


if __name__ == "__main__":
    print(markdown(list(found())))
