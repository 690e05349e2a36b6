"""A study's result as rows of printed tables; scores with four decimals, as the papers print them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from signbench.study.planning.sizes import Plan
from signbench.study.scores.result import Correlation, Correlations, Estimate, StudyResult
from signbench.study.scores.speed import SEALED
from signbench.tables import Table

NONE = "-"
OUTCOMES = {"wrong": "wrong", "open": "open", "blank": "no answer"}
"""The outcomes of answers in words."""

NUMBERS = (
    *("value", "95 % interval", "raters", "signs", "answers", "open", "correct", "deviation", "seconds", "median seconds"),
    *("p", "p (Holm)", "clips", "values", "within packs"),
)
"""Columns of numbers, in whichever table they stand."""

_FLUSH_RIGHT = ("value", "95 % interval", "clips")


def table_of(rows: Sequence[dict[str, str]]) -> Table:
    """The rows of one of the functions below as a table for the terminal."""
    return Table.of(rows, numeric=NUMBERS, right=_FLUSH_RIGHT)


def four_decimals(value: float | None) -> str:
    """A number with four decimals, halves rounded up as by hand (0.75625 is 0.7563); a dash where there is none."""
    if value is None:
        return NONE
    # float noise must not decide a half
    return str(Decimal(repr(round(value, 12))).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def span(bounds: tuple[float, float] | None) -> str:
    """An interval with four decimals; a dash where there is none."""
    return NONE if bounds is None else f"[{four_decimals(bounds[0])}, {four_decimals(bounds[1])}]"


def p_worded(p_value: float | None) -> str:
    """A p-value with four decimals; a dash where there is none. The smallest that 10,000 permutations can give is 0.0001."""
    return NONE if p_value is None else four_decimals(p_value)


def overview(result: StudyResult) -> list[dict[str, str]]:
    """SUS over the study, both ways of averaging, then of each pack."""
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
    """What was understood in place of each sign.

    Args:
        result: of the study.
        most: only so many rows, those with the most answers; None: all.
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


def rater_rows(result: StudyResult, *, only_outliers: bool = False) -> list[dict[str, str]]:
    """Accuracy and speed of each rater in each pack, outliers and fast ones marked."""
    return [
        {
            "pack": row.pack,
            "rater": row.rater,
            "group": row.group or NONE,
            "value": four_decimals(row.accuracy),
            "deviation": NONE if row.deviation is None else _signed(row.deviation),
            "correct": f"{row.correct} of {row.answers}",
            "seconds": NONE if row.seconds is None else _seconds(row.seconds),
            "apart": ", ".join(word for word, marked in (("outlier", row.outlier), ("fast", row.fast)) if marked),
        }
        for row in result.per_rater
        if row.outlier or row.fast or not only_outliers
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
    """Each group of raters, then each two compared; empty without groups."""
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
            "p": p_worded(row.p_value),
            "p (Holm)": p_worded(row.p_adjusted),
        }
        for row in result.group_comparisons
    ]
    return rows


def fatigue_rows(result: StudyResult) -> list[dict[str, str]]:
    """SUS by place in the raters' orders, and the change from the first part to the last; empty where no order is known."""
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
    """Median seconds of right and wrong answers; empty where answers have no times."""
    speed = result.speed
    if not speed.answers:
        return []
    return [
        {"time for": f"{name} answers", "median seconds": NONE if seconds is None else _seconds(seconds)}
        for name, seconds in (("right", speed.right), ("all other", speed.wrong))
    ]


def correlation_rows(rows: Sequence[Correlation]) -> list[dict[str, str]]:
    """Each coefficient of each metric; whether its sign means agreement with the raters stands beside it."""
    return [
        {
            "metric": row.metric,
            "coefficient": row.coefficient,
            "value": NONE if row.value.value is None else _signed(row.value.value),
            "95 % interval": span(row.value.interval),
            "within packs": _within(row.within_packs),
            "p": p_worded(row.p_value),
            "p (Holm)": p_worded(row.p_adjusted),
            "clips": str(row.clips),
            "agrees if": agreement_sign(row),
        }
        for row in rows
    ]


def metric_signatures(rows: Sequence[Correlation]) -> list[str]:
    """How each metric was measured, once; a metric without a signature is named."""
    of_metric = {row.metric: row.signature for row in rows}
    return [signature or f"{metric}: the run does not say how it was measured" for metric, signature in of_metric.items()]


def correlation_remarks(found: Correlations) -> list[str]:
    """What a reader must know beside the coefficients."""
    said = [f"{found.note}."]
    if any(row.within_packs is not None for row in found.rows):
        said.append("With several packs, p is that of the coefficient within packs.")
    for number, whose, other in ((found.only_in_study, "the study", "run"), (found.only_in_run, "the run", "study")):
        if number:
            said.append(
                f"{number} {'clip' if number == 1 else 'clips'} of {whose} {'is' if number == 1 else 'are'} not in the {other}."
            )
    if found.without_values:
        said.append(f"Without values for single clips: {', '.join(found.without_values)}.")
    return said


def agreement_sign(row: Correlation) -> str:
    """Which sign of a coefficient means that the metric agrees with the raters: ``above 0``, ``below 0``, or a dash."""
    return {"higher": "above 0", "lower": "below 0"}.get(row.direction or "", NONE)


def plan_rows(plan: Plan) -> list[dict[str, str]]:
    """For each number of raters the fewest signs that reach the wanted width, or, of given packs, the width that it gives.

    The design with the fewest answers that reaches the width is marked.
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
    """Packs in words: those of 34, 33 and 33 signs are ``34 + 2 x 33``."""
    counts = {size: sizes.count(size) for size in sizes}
    return " + ".join(str(size) if count == 1 else f"{count} x {size}" for size, count in counts.items())


def remarks(result: StudyResult) -> list[str]:
    """What a reader must know beside the scores, a sentence each."""
    counts = result.counts
    said = []
    if counts.open:
        most = four_decimals(result.if_open_were_correct)
        said.append(
            f"{counts.open} of {counts.answers} answers are open: matched by nothing, wrong until a person decides them; "
            f"SUS (mean over signs) would be {most} if all of them were correct."
        )
    if counts.blank:
        one = counts.blank == 1
        how = ("is" if one else "are") + " left out" if counts.left_out else f"count{'s' if one else ''} as wrong"
        said.append(f"{counts.blank} {'answer says' if one else 'answers say'} nothing and {how}.")
    if silent := result.answered_nothing:
        said.append(
            f"{silent} {'rater' if silent == 1 else 'raters'} wrote nothing at all: they took no part and are in no number."
        )
    said += [f"Nobody wrote anything into pack {pack}; it is in no number." for pack in result.unanswered_packs]
    if outliers := sum(row.outlier for row in result.per_rater):
        said.append(
            f"{outliers} {'rater stands' if outliers == 1 else 'raters stand'} apart from the others; no score leaves them out."
        )
    if fast := sum(row.fast for row in result.per_rater):
        said.append(
            f"{fast} {'rater answers' if fast == 1 else 'raters answer'} in less than half of the others' time; no score leaves "
            "them out."
        )
    change = result.fatigue.change
    if result.fatigue.parts and change.interval is None:
        said.append(f"Whether raters tire has no interval: {change.interval_note}.")
    if change.interval is not None and change.interval[1] < 0:
        said.append(f"Raters tire: the last part of their order is understood less well than the first, {span(change.interval)}.")
    if result.fatigue.parts and result.fatigue.raters_without:
        said.append(f"Raters without an order of their own, who are not in its parts: {result.fatigue.raters_without}.")
    if result.speed.answers == 0 and result.speed.note == SEALED:
        said.append(f"There is no time for an answer: {result.speed.note}.")
    if result.mean_over_signs.interval is None:
        said.append(f"SUS has no interval: {result.mean_over_signs.interval_note}.")
    return said


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
