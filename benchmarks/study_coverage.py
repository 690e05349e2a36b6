"""Coverage of the interval of SUS in simulated human studies.

A cell is a shape of study and a spread: raters differ in ability and signs in difficulty, both normal on the logit scale with that
standard deviation. Every study has new raters and new signs, and the true SUS is the mean over the whole population of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.measurement import Row

STUDIES = 1000
EXPECTED = 0.75
SPREADS = (0.0, 0.5, 1.5)


@dataclass(frozen=True)
class Shape:
    """A shape of study.

    Attributes:
        what: description.
        packs: signs and raters of each pack.
        shared: all packs have the same raters.
    """

    what: str
    packs: tuple[tuple[int, int], ...]
    shared: bool = False


@dataclass(frozen=True)
class Cell:
    """Coverage of one shape at one spread.

    Attributes:
        shape: the shape of the study.
        sign_spread: standard deviation of signs, logit.
        rater_spread: standard deviation of raters, logit.
        expected: the true SUS.
        over_signs: share of the studies whose interval of the mean over signs covers the true SUS.
        of_packs: the same for the mean of packs.
        percentiles: share for the mean over signs between expanded percentiles of the same draws, for comparison.
        half_width: mean half length of the interval of the mean over signs.
    """

    shape: Shape
    sign_spread: float
    rater_spread: float
    expected: float
    over_signs: float
    of_packs: float
    percentiles: float
    half_width: float


PROMISED = (
    Shape("20 signs x 20 raters", ((20, 20),)),
    Shape("30 signs x 20 raters", ((30, 20),)),
    Shape("50 signs x 40 raters, one pack", ((50, 40),)),
    Shape("50 signs x 40 raters, packs of 20 x 20 and 30 x 20", ((20, 20), (30, 20))),
)
BEYOND = (
    Shape("10 signs x 10 raters", ((10, 10),)),
    Shape("4 packs of 5 signs x 5 raters", ((5, 5),) * 4),
    Shape("10 signs x 40 raters", ((10, 40),)),
    Shape("40 signs x 10 raters", ((40, 10),)),
    Shape("20 signs x 100 raters", ((20, 100),)),
    Shape("100 signs x 20 raters", ((100, 20),)),
    Shape("the same 20 raters for packs of 20 and 30", ((20, 20), (30, 20)), shared=True),
)


def coverage(
    shape: Shape, sign_spread: float, rater_spread: float, expected: float = EXPECTED, studies: int = STUDIES, seed: int = 1
) -> Cell:
    """Simulates the studies of one cell and counts the intervals that contain the true SUS."""
    from signbench.study.planning.sizes import intercept
    from signbench.study.scores.intervals import SampleSize, draw, expanded, interval, score_interval, sus_draws
    from signbench.study.scores.responses import PackResponses, Responses

    generator = np.random.Generator(np.random.PCG64(seed))
    level = intercept(expected, float(np.hypot(sign_spread, rater_spread)))
    count = shape.packs[0][1] if shape.shared else sum(raters for _, raters in shape.packs)
    starts = [0 if shape.shared else sum(raters for _, raters in shape.packs[:index]) for index in range(len(shape.packs))]
    draws = None
    holds = np.zeros(3)
    width = 0.0
    for _ in range(studies):
        ability = generator.normal(0, rater_spread, (count, 1))
        packs = []
        for start, (signs, raters) in zip(starts, shape.packs, strict=True):
            ease = generator.normal(0, sign_spread, (1, signs))
            chance = 1 / (1 + np.exp(-(level + ability[start : start + raters] + ease)))
            correct = (generator.random(chance.shape) < chance).astype(np.float32)
            names = tuple(f"{index:03}" for index in range(signs))
            packs.append(
                PackResponses(
                    name="", signs=names, raters=np.arange(start, start + raters), correct=correct, answered=np.ones_like(correct)
                )
            )
        if draws is None:
            linked = Responses(("",) * count, (None,) * count, tuple(packs)).linked()
            draws = draw(linked, [signs for signs, _ in shape.packs])
            size = SampleSize.of(packs, linked)
        _, over_signs, of_packs = sus_draws(packs, draws)
        shares = [pack.accuracies() for pack in packs]
        values = (float(np.concatenate(shares).mean()), float(np.mean([share.mean() for share in shares])))
        below = expanded(size.degrees, size.smallest)
        ends = [
            score_interval(value, scores, size=size, reason=None)
            for value, scores in zip(values, (over_signs, of_packs), strict=True)
        ]
        ends.append(interval(over_signs, below=below, reason=None))
        bounds = [found.bounds or (np.nan, np.nan) for found in ends]
        holds += [low <= expected <= high for low, high in bounds]
        width += (bounds[0][1] - bounds[0][0]) / 2
    over, of, percentiles = (float(share) for share in holds / studies)
    return Cell(shape, sign_spread, rater_spread, expected, over, of, percentiles, width / studies)


def promised(studies: int = STUDIES) -> Iterator[Cell]:
    """The cells with a promised coverage: raters and signs have the same spread."""
    for shape in PROMISED:
        for spread in SPREADS:
            yield coverage(shape, spread, spread, studies=studies)


def beyond(studies: int = STUDIES) -> Iterator[Cell]:
    """Harder cells: few signs or few raters, one side that does not differ, and a high SUS."""
    for shape in BEYOND:
        for sign_spread, rater_spread in ((1.5, 0.0), (0.0, 1.5), (1.5, 1.5)):
            for expected in (0.75, 0.9, 0.95):
                yield coverage(shape, sign_spread, rater_spread, expected, studies)


def near_one(studies: int = STUDIES) -> Iterator[Cell]:
    """The hardest cells: nearly everything is understood, except rare, very hard signs."""
    for shape in (*PROMISED[:1], *BEYOND[2:]):
        for expected in (0.95, 0.98):
            yield coverage(shape, 3.0, 1.0, expected, studies)


def rows(studies: int = STUDIES) -> list[Row]:
    """The promised cells in the form of the other benchmarks: at least 93 %."""
    return [
        Row(
            f"SUS interval holds the truth, {cell.shape.what}, logit spread {cell.sign_spread:g}",
            100 * min(cell.over_signs, cell.of_packs),
            "%",
            ">= 93",
            f"half width {cell.half_width:.3f}",
        )
        for cell in promised(studies)
    ]


def markdown(cells: Sequence[Cell]) -> str:
    """The cells as the table of docs/study-scores.md."""
    lines = [
        "| study | spread of signs | spread of raters | SUS | mean over signs | mean of packs | percentiles | half width |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {cell.shape.what} | {cell.sign_spread:g} | {cell.rater_spread:g} | {cell.expected:g} | {cell.over_signs:.1%} | "
        f"{cell.of_packs:.1%} | {cell.percentiles:.1%} | {cell.half_width:.3f} |"
        for cell in cells
    ]
    return "\n".join(lines).replace("%", " %")


if __name__ == "__main__":
    print("\n\n".join(markdown(list(cells())) for cells in (promised, beyond, near_one)))
