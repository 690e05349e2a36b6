"""Scores a study: judges its answers, and computes the Sign Understandability Score (SUS; not the System Usability Scale).

Source: RuSignBot, section Experiments: the accuracy of a sign is the share of correct answers to it, and SUS is the mean accuracy.
The paper's text takes the mean over all signs, its table 2 the mean of the packs; the result contains both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from signbench.runs.signature import STUDY_METRIC
from signbench.statistics.bootstrap import SEED
from signbench.statistics.intervals import Interval
from signbench.study.judging.lexicon import read_lexicon
from signbench.study.judging.normalisation import Judgement, judge, signature
from signbench.study.scores.agreement import nominal_alpha
from signbench.study.scores.fatigue import fatigue
from signbench.study.scores.groups import compare_groups
from signbench.study.scores.intervals import DRAWS, SampleSize, study_intervals, wilson
from signbench.study.scores.method import ImportRecord, method
from signbench.study.scores.outliers import RULE, deviations, outliers
from signbench.study.scores.responses import PackResponses, Responses, responses, took_part
from signbench.study.scores.result import (
    Agreement,
    ClipScore,
    Confusion,
    Counts,
    Estimate,
    GroupComparison,
    GroupScore,
    PackScore,
    RaterScore,
    SignScore,
    StudyResult,
    read_study_result,
)
from signbench.study.scores.signature import shown_part
from signbench.study.scores.speed import fast, medians, speed
from signbench.study.sheets.answers import read_study

if TYPE_CHECKING:
    from signbench.study.judging.lexicon import Lexicon
    from signbench.study.sheets.answers import Study

REVISION = 2
"""Incremented when the same judgements would give different scores."""

_HOW = (
    "Wilson's interval for the effective number of answers, whose variance comes from a two-way bootstrap over raters and signs "
    f"within packs, {DRAWS} draws, seed {SEED}"
)


def score_study(study: Study, lexicon: Lexicon | None = None, *, run: Path | None = None) -> StudyResult:
    """Judges and scores the answers of a study.

    Args:
        study: its answers and settings.
        lexicon: a person's decisions about open answers.
        run: folder of a run that measured the same clips, whose metrics are correlated with the accuracies of the clips.

    Returns:
        The result, which does not depend on the order of the answers or the pseudonyms of the raters.

    Raises:
        InputError: the answers cannot be judged, a rater is in two groups, or the run cannot be read.
        NotComparableError: no answer counts, or the run has no clip of the study.
    """
    count_blank = study.settings.blank == "wrong"
    judgements = judge(study, lexicon)
    result = score_judgements(judgements, name=study.settings.name, count_blank=count_blank, signed=signature(study, lexicon))
    record = ImportRecord.of(study)
    result = result.model_copy(
        update={
            "answered_nothing": result.answered_nothing + record.answered_nothing,
            "method": method(study, lexicon),
            "import_notes": record.notes,
        }
    )
    if run is None:
        return result
    from signbench.study.scores.correlation import correlate

    return result.model_copy(update={"correlations": correlate(result.per_clip, run)})


def study_result(study: Path, lexicon: Path | None) -> StudyResult:
    """Scores a study's folder, or reads the result that ``signbench study score --json`` printed.

    Args:
        study: the folder or the file.
        lexicon: a person's decisions about open answers; only used for a folder.

    Raises:
        InputError: it is neither of the two, or cannot be scored.
    """
    if study.is_file():
        return read_study_result(study)
    return score_study(read_study(study), read_lexicon(lexicon) if lexicon is not None else None)


def score_judgements(judgements: Sequence[Judgement], *, name: str, count_blank: bool, signed: str) -> StudyResult:
    """Scores answers that have been judged.

    Args:
        judgements: of all answers.
        name: of the study.
        count_blank: blank answers count as wrong; otherwise they are left out.
        signed: the part of the signature that says how the answers were judged.

    Raises:
        InputError: a rater is in two groups.
        NotComparableError: no answer counts, so nothing was measured.
    """
    everyone = {judgement.answer.rater for judgement in judgements}
    all_packs = {judgement.answer.pack for judgement in judgements}
    judgements = took_part(judgements)
    shown = shown_part((row.answer.pack, row.answer.sign, row.answer.clip) for row in judgements)
    found = responses(judgements, count_blank=count_blank)
    of_pack: defaultdict[str, list[Judgement]] = defaultdict(list)
    of_sign: defaultdict[tuple[str, str], list[Judgement]] = defaultdict(list)
    of_clip: defaultdict[tuple[str, str, str], list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        answer = judgement.answer
        of_pack[answer.pack].append(judgement)
        of_sign[answer.pack, answer.sign].append(judgement)
        of_clip[answer.pack, answer.clip, answer.sign].append(judgement)
    per_sign = _signs(of_sign, count_blank=count_blank)
    accuracies = {pack.name: [_share(row.counts) for row in per_sign if row.pack == pack.name] for pack in found.packs}
    means = [_mean(accuracies[pack.name]) for pack in found.packs]
    each, over_signs, of_packs = study_intervals(found)
    linked = found.linked()
    size = SampleSize.of(found.packs, linked)
    of_rater = medians(judgements)
    return StudyResult(
        name=name,
        raters=len(found.raters),
        answered_nothing=len(everyone) - len(found.raters),
        signs=sum(len(pack.signs) for pack in found.packs),
        unanswered_packs=tuple(sorted(all_packs - {pack.name for pack in found.packs})),
        counts=_counts(judgements, count_blank=count_blank),
        mean_over_signs=_estimate(_mean([share for shares in accuracies.values() for share in shares]), over_signs, size),
        mean_of_packs=_estimate(_mean(means), of_packs, size),
        if_open_were_correct=_number(_mean([_share(row.counts, and_open=True) for row in per_sign])),
        packs=tuple(
            PackScore(
                pack=pack.name,
                raters=len(pack.raters),
                signs=len(pack.signs),
                counts=_counts(of_pack[pack.name], count_blank=count_blank),
                sus=_estimate(mean, single, SampleSize.of([pack], linked)),
            )
            for pack, mean, single in zip(found.packs, means, each, strict=True)
        ),
        per_sign=per_sign,
        per_clip=tuple(
            ClipScore(
                clip=clip, pack=pack, sign=sign, answers=counts.answers, correct=counts.correct, accuracy=_number(_share(counts))
            )
            for (pack, clip, sign), judged in sorted(of_clip.items())
            for counts in [_counts(judged, count_blank=count_blank)]
        ),
        confusions=_confusions(of_sign),
        per_rater=tuple(row for pack in found.packs for row in _raters(found, pack, of_rater)),
        outlier_rule=RULE,
        agreement=_agreement(judgements, count_blank=count_blank),
        groups=_groups(found),
        group_comparisons=_comparisons(found),
        fatigue=fatigue(judgements, found, count_blank=count_blank),
        speed=speed(judgements),
        method=(),
        import_notes=(),
        signature=f"metric:{STUDY_METRIC}|revision:{REVISION}|{shown}|{signed}",
    )


def _share(counts: Counts, *, and_open: bool = False) -> Fraction | None:
    """The share of correct answers as a fraction, so that means do not depend on order or rounding."""
    return Fraction(counts.correct + counts.open * and_open, counts.answers) if counts.answers else None


def _mean(shares: Iterable[Fraction | None]) -> Fraction | None:
    known = [share for share in shares if share is not None]
    return sum(known, Fraction()) / len(known) if known else None


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def _estimate(value: Fraction | None, found: Interval, size: SampleSize) -> Estimate:
    note = found.reason or f"{_HOW}, Student's t with {size.degrees} degrees of freedom"
    return Estimate(value=_number(value), interval=found.bounds, interval_note=note)


def _counts(judgements: Sequence[Judgement], *, count_blank: bool) -> Counts:
    outcomes = Counter(judgement.outcome for judgement in judgements)
    left_out = 0 if count_blank else outcomes["blank"]
    return Counts(
        answers=len(judgements) - left_out,
        correct=outcomes["correct"],
        open=outcomes["open"],
        blank=outcomes["blank"],
        left_out=left_out,
    )


def _signs(of_sign: dict[tuple[str, str], list[Judgement]], *, count_blank: bool) -> tuple[SignScore, ...]:
    keys = sorted(of_sign)
    counts = [_counts(of_sign[key], count_blank=count_blank) for key in keys]
    low, high = wilson(*(np.array([getattr(count, name) for count in counts], dtype=np.float64) for name in ("correct", "answers")))
    return tuple(
        SignScore(
            pack=pack,
            sign=sign,
            clips=tuple(sorted({judgement.answer.clip for judgement in of_sign[pack, sign]})),
            counts=count,
            accuracy=_number(_share(count)),
            interval=(float(low[index]), float(high[index])) if count.answers else None,
        )
        for index, ((pack, sign), count) in enumerate(zip(keys, counts, strict=True))
    )


def _confusions(of_sign: dict[tuple[str, str], list[Judgement]]) -> tuple[Confusion, ...]:
    rows = []
    for (pack, sign), judged in sorted(of_sign.items()):
        found: Counter[tuple[str, Literal["wrong", "open", "blank"]]] = Counter()
        for judgement in judged:
            if judgement.outcome != "correct":
                found[judgement.understood, judgement.outcome] += 1
        for (understood, outcome), answers in sorted(found.items(), key=lambda item: (-item[1], item[0])):
            rows.append(Confusion(pack=pack, sign=sign, understood=understood, answers=answers, outcome=outcome))
    return tuple(rows)


def _raters(found: Responses, pack: PackResponses, of_rater: dict[tuple[str, str], float]) -> list[RaterScore]:
    answered, correct = pack.answered.sum(axis=1), pack.correct.sum(axis=1)
    deviation, outlier = deviations(pack), outliers(pack)
    fast_raters = fast(of_rater)
    return [
        RaterScore(
            pack=pack.name,
            rater=found.raters[rater],
            group=found.groups[rater],
            answers=int(answered[row]),
            correct=int(correct[row]),
            accuracy=float(correct[row]) / float(answered[row]) if answered[row] else None,
            deviation=float(deviation[row]) if answered[row] else None,
            outlier=bool(outlier[row]),
            seconds=of_rater.get((pack.name, found.raters[rater])),
            fast=(pack.name, found.raters[rater]) in fast_raters,
        )
        for row, rater in sorted(enumerate(pack.raters), key=lambda pair: found.raters[pair[1]])
    ]


def _agreement(judgements: Sequence[Judgement], *, count_blank: bool) -> tuple[Agreement, ...]:
    on_answers = nominal_alpha(
        ((judgement.answer.pack, judgement.answer.clip), judgement.normalised)
        for judgement in judgements
        if judgement.outcome != "blank"
    )
    on_correctness = nominal_alpha(
        ((judgement.answer.pack, judgement.answer.clip), judgement.outcome == "correct")
        for judgement in judgements
        if count_blank or judgement.outcome != "blank"
    )
    return (
        Agreement(
            of="answers",
            alpha=on_answers.value,
            clips=on_answers.units,
            values=on_answers.values,
            note=on_answers.reason,
        ),
        Agreement(
            of="correctness",
            alpha=on_correctness.value,
            clips=on_correctness.units,
            values=on_correctness.values,
            note=on_correctness.reason,
        ),
    )


def _groups(found: Responses) -> tuple[GroupScore, ...]:
    rows = []
    for group in sorted({group for group in found.groups if group is not None}):
        member = np.array([other == group for other in found.groups])
        sums = [
            (pack.correct[member[pack.raters]].sum(axis=0), pack.answered[member[pack.raters]].sum(axis=0)) for pack in found.packs
        ]
        correct, answered = (np.concatenate(parts) for parts in zip(*sums, strict=True))
        shares = [Fraction(int(right), int(all_of)) for right, all_of in zip(correct, answered, strict=True) if all_of]
        rows.append(
            GroupScore(
                group=group,
                raters=int(member.sum()),
                answers=int(answered.sum()),
                correct=int(correct.sum()),
                sus=_number(_mean(shares)),
            )
        )
    return tuple(rows)


def _comparisons(found: Responses) -> tuple[GroupComparison, ...]:
    how = f"two-way bootstrap over raters within groups and signs within packs, {DRAWS} draws, seed {SEED}"
    return tuple(
        GroupComparison(
            first=comparison.first,
            second=comparison.second,
            signs=comparison.signs,
            difference=Estimate(
                value=comparison.difference,
                interval=comparison.interval.bounds,
                interval_note=how if comparison.interval.reason is None else comparison.interval.reason,
            ),
            p_value=comparison.p_value,
            p_adjusted=comparison.p_adjusted,
        )
        for comparison in compare_groups(found)
    )
