"""Converts a study's result to rows of printed tables; scores have four decimals, as in the papers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from signbench.study.planning.sizes import Plan
from signbench.study.scores.result import Correlation, Correlations, Estimate, StudyResult
from signbench.study.scores.speed import ONE_TIME
from signbench.tables import Table

NONE = "-"
OUTCOMES = {"wrong": "wrong", "open": "open", "blank": "no answer"}
"""Outcome of an answer -> the word for it in tables."""

NUMBERS = (
    *("value", "95 % interval", "raters", "signs", "answers", "open", "correct", "deviation", "seconds", "median seconds"),
    *("p", "p (Holm)", "clips", "values", "within packs"),
)
"""Columns that contain numbers, in any of the tables."""

_FLUSH_RIGHT = ("value", "95 % interval", "clips")


def table_of(rows: Sequence[dict[str, str]]) -> Table:
    """Converts the rows of one of the functions below to a table for the terminal."""
    return Table.of(rows, numeric=NUMBERS, right=_FLUSH_RIGHT)


def four_decimals(value: float | None) -> str:
    """A number with four decimals, halves rounded up (0.75625 is 0.7563); a dash for None."""
    if value is None:
        return NONE
    # float noise must not decide a half
    return str(Decimal(repr(round(value, 12))).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def span(bounds: tuple[float, float] | None) -> str:
    """An interval with four decimals; a dash for None."""
    return NONE if bounds is None else f"[{four_decimals(bounds[0])}, {four_decimals(bounds[1])}]"


def p_text(p_value: float | None) -> str:
    """A p-value with four decimals; a dash for None. The smallest p-value of 10,000 permutations is 0.0001."""
    return NONE if p_value is None else four_decimals(p_value)


def overview(result: StudyResult) -> list[dict[str, str]]:
    """SUS of the study, as the mean over signs and as the mean of packs, then of each pack."""
    study = {"raters": str(result.raters), "signs": str(result.signs), "answers": str(result.counts.answers)}
    rows = [
        {"SUS": "mean over signs", **_estimate(result.mean_over_signs), **study, "open": str(result.counts.open)},
        {"SUS": "mean of packs", **_estimate(result.mean_of_packs), **study, "open": str(result.counts.open)},
    ]
    for pack in result.packs:
        sizes = {"raters": str(pack.raters), "signs": str(pack.signs), "answers": str(pack.counts.answers)}
        rows.append({"SUS": f"pack {pack.pack}", **_estimate(pack.sus), **sizes, "open": str(pack.counts.open)})
    return rows


def sign_rows(result: StudyResult) -> list[dict[str, str]]:
    """Accuracy of each sign with Wilson's interval."""
    return [
        {
            "pack": row.pack,
            "sign": row.sign,
            "value": four_decimals(row.accuracy),
            "95 % interval": span(row.interval),
            "correct": f"{row.counts.correct} of {row.counts.answers}",
            "open": str(row.counts.open),
        }
        for row in result.per_sign
    ]


def confusion_rows(result: StudyResult, most: int | None = None) -> list[dict[str, str]]:
    """What was understood instead of each sign.

    Args:
        result: of the study.
        most: number of rows to show, those with the most answers; None: all.
    """
    rows = sorted(result.confusions, key=lambda row: -row.answers)[:most] if most is not None else result.confusions
    return [
        {
            "pack": row.pack,
            "sign": row.sign,
            "understood": row.understood or NONE,
            "answers": str(row.answers),
            "counts as": OUTCOMES[row.outcome],
        }
        for row in rows
    ]


def rater_rows(result: StudyResult, *, only_marked: bool = False) -> list[dict[str, str]]:
    """Accuracy and speed of each rater in each pack, with outliers and fast raters marked.

    Args:
        result: of the study.
        only_marked: only outliers and fast raters.
    """
    return [
        {
            "pack": row.pack,
            "rater": row.rater,
            "group": row.group or NONE,
            "value": four_decimals(row.accuracy),
            "deviation": NONE if row.deviation is None else _signed(row.deviation),
            "correct": f"{row.correct} of {row.answers}",
            "seconds": NONE if row.seconds is None else _seconds(row.seconds),
            "marked": ", ".join(word for word, marked in (("outlier", row.outlier), ("fast", row.fast)) if marked),
        }
        for row in result.per_rater
        if row.outlier or row.fast or not only_marked
    ]


def agreement_rows(result: StudyResult) -> list[dict[str, str]]:
    """Krippendorff's alpha on answers and on correctness."""
    return [
        {
            "Krippendorff's alpha": f"on {row.of}",
            "value": four_decimals(row.alpha),
            "clips": str(row.clips),
            "values": str(row.values),
            "note": row.note or "",
        }
        for row in result.agreement
    ]


def group_rows(result: StudyResult) -> list[dict[str, str]]:
    """Each group of raters, then the comparison of each pair; empty without groups."""
    rows = [
        {
            "group": row.group,
            "value": four_decimals(row.sus),
            "95 % interval": "",
            "raters": str(row.raters),
            "p": "",
            "p (Holm)": "",
        }
        for row in result.groups
    ]
    rows += [
        {
            "group": f"{row.first} − {row.second}",
            "value": NONE if row.difference.value is None else _signed(row.difference.value),
            "95 % interval": span(row.difference.interval),
            "raters": "",
            "p": p_text(row.p_value),
            "p (Holm)": p_text(row.p_adjusted),
        }
        for row in result.group_comparisons
    ]
    return rows


def fatigue_rows(result: StudyResult) -> list[dict[str, str]]:
    """SUS of each part of the raters' orders, and the change from the first part to the last; empty if no order is known."""
    rows = [
        {"part of the order": f"{row.part} of {row.parts}", **_estimate(row.sus), "answers": str(row.answers)}
        for row in result.fatigue.parts
    ]
    change = result.fatigue.change
    if rows:
        value = NONE if change.value is None else _signed(change.value)
        rows.append({"part of the order": "last − first", "value": value, "95 % interval": span(change.interval), "answers": ""})
    return rows


def speed_rows(result: StudyResult) -> list[dict[str, str]]:
    """Median seconds of right and of other answers; empty if answers have no times."""
    speed = result.speed
    if not speed.answers:
        return []
    return [
        {"time for": f"{name} answers", "median seconds": NONE if seconds is None else _seconds(seconds)}
        for name, seconds in (("right", speed.right), ("all other", speed.wrong))
    ]


def correlation_rows(rows: Sequence[Correlation]) -> list[dict[str, str]]:
    """Each coefficient of each metric, with the sign that means agreement with the raters."""
    return [
        {
            "metric": row.metric,
            "coefficient": row.coefficient,
            "value": NONE if row.value.value is None else _signed(row.value.value),
            "95 % interval": span(row.value.interval),
            "within packs": _within(row.within_packs),
            "p": p_text(row.p_value),
            "p (Holm)": p_text(row.p_adjusted),
            "clips": str(row.clips),
            "agrees if": agreement_sign(row),
        }
        for row in rows
    ]


def metric_signatures(rows: Sequence[Correlation]) -> list[str]:
    """The signature of each metric, or a sentence for a metric without one."""
    of_metric = {row.metric: row.signature for row in rows}
    return [signature or f"{metric}: the run does not say how it was measured" for metric, signature in of_metric.items()]


def correlation_remarks(found: Correlations) -> list[str]:
    """Sentences that a reader needs to interpret the coefficients."""
    sentences = [f"{found.note}."]
    if any(row.within_packs is not None for row in found.rows):
        sentences.append("With several packs, p is that of the coefficient within packs.")
    for number, whose, other in ((found.only_in_study, "the study", "run"), (found.only_in_run, "the run", "study")):
        if number:
            sentences.append(
                f"{number} {'clip' if number == 1 else 'clips'} of {whose} {'is' if number == 1 else 'are'} not in the {other}."
            )
    if found.without_values:
        sentences.append(f"Metrics without values for single clips: {', '.join(found.without_values)}.")
    return sentences


def agreement_sign(row: Correlation) -> str:
    """The sign of a coefficient if the metric agrees with the raters: ``above 0``, ``below 0``, or a dash if unknown."""
    return {"higher": "above 0", "lower": "below 0"}.get(row.direction or "", NONE)


def plan_rows(plan: Plan) -> list[dict[str, str]]:
    """For each number of raters the fewest signs that reach the wanted width, or the width for packs that were given.

    Of the designs that reach the width, the one with the fewest answers is marked.
    """
    return [
        {
            "raters of each pack": str(design.raters),
            "packs": _packs(design.packs),
            "signs": str(design.signs),
            "raters": str(design.people),
            "answers": str(design.answers),
            "half width": four_decimals(design.half_width),
            "": "fewest answers" if design == plan.smallest else "",
        }
        for design in (plan.frontier if plan.packs is None else plan.designs)
    ]


def _packs(sizes: Sequence[int]) -> str:
    """Sizes of packs: 34, 33 and 33 signs are ``34 + 2 x 33``."""
    counts = {size: sizes.count(size) for size in sizes}
    return " + ".join(str(size) if count == 1 else f"{count} x {size}" for size, count in counts.items())


def remarks(result: StudyResult) -> list[str]:
    """Sentences that a reader needs to interpret the scores."""
    counts = result.counts
    sentences = []
    if counts.open:
        most = four_decimals(result.if_open_were_correct)
        sentences.append(
            f"{counts.open} of {counts.answers} answers {'is' if counts.open == 1 else 'are'} open: nothing matched, so "
            f"{'it counts' if counts.open == 1 else 'they count'} as wrong until a person decides. SUS (mean over signs) would be "
            f"{most} if all open answers were correct."
        )
    if counts.blank:
        one = counts.blank == 1
        how = ("is" if one else "are") + " left out" if counts.left_out else f"count{'s' if one else ''} as wrong"
        sentences.append(f"{counts.blank} blank answer{'' if one else 's'} {how}.")
    if silent := result.answered_nothing:
        sentences.append(f"{silent} {'rater' if silent == 1 else 'raters'} wrote nothing at all, and did not take part.")
    sentences += [f"Nobody wrote anything in pack {pack}; it is not counted." for pack in result.unanswered_packs]
    if outliers := sum(row.outlier for row in result.per_rater):
        sentences.append(
            f"{outliers} {'rater is an outlier' if outliers == 1 else 'raters are outliers'}; outliers are not excluded from any "
            "score."
        )
    if fast := sum(row.fast for row in result.per_rater):
        sentences.append(
            f"{fast} {'rater was' if fast == 1 else 'raters were'} more than twice as fast as the others; fast raters are not "
            "excluded from any score."
        )
    change = result.fatigue.change
    if result.fatigue.parts and change.interval is None:
        sentences.append(f"The change from the first part of the order to the last has no interval: {change.interval_note}.")
    if change.interval is not None and change.interval[1] < 0:
        sentences.append(
            f"Raters may have tired: accuracy is lower in the last part of their order than in the first, {span(change.interval)}."
        )
    if result.fatigue.parts and result.fatigue.raters_without:
        sentences.append(f"Raters without a known order, who are not in its parts: {result.fatigue.raters_without}.")
    if result.speed.answers == 0 and result.speed.note == ONE_TIME:
        sentences.append(f"There are no times for single answers: {result.speed.note}.")
    if result.mean_over_signs.interval is None:
        sentences.append(f"SUS has no interval: {result.mean_over_signs.interval_note}.")
    return sentences


def _estimate(estimate: Estimate) -> dict[str, str]:
    return {"value": four_decimals(estimate.value), "95 % interval": span(estimate.interval)}


def _seconds(value: float) -> str:
    return str(Decimal(repr(round(value, 6))).quantize(Decimal("0.1"), ROUND_HALF_UP))


def _within(estimate: Estimate | None) -> str:
    if estimate is None or estimate.value is None:
        return NONE
    return _signed(estimate.value) if estimate.interval is None else f"{_signed(estimate.value)} {span(estimate.interval)}"


def _signed(value: float) -> str:
    text = four_decimals(value)
    return f"+{text}" if value > 0 and float(text) else text.removeprefix("-") if not float(text) else text
