"""Judged answers and runs for tests of scores and reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signbench.runs.result import Result, Score
from signbench.runs.tables import per_clip_parquet
from signbench.study.judging.normalisation import Judgement, Outcome
from signbench.study.scores.result import StudyResult
from signbench.study.scoring import score_judgements
from signbench.study.sheets.answers import Answer

WORDS = (
    *("идти", "бояться", "дом", "мама", "школа", "ёлка", "спасибо", "работа", "друг", "вода", "хлеб", "книга", "учитель", "город"),
    *("семья", "помощь", "завтра", "вчера", "любить", "думать", "красный", "зелёный", "большой", "маленький", "собака", "кошка"),
    *("машина", "поезд", "самолёт", "врач", "больница", "деньги", "магазин", "улица", "зима", "лето", "весна", "осень", "утро"),
    *("ночь", "играть", "писать", "читать", "понимать", "жестовый язык", "глухой", "слышать", "говорить", "встреча", "праздник"),
)

_OUTCOMES: dict[str, Outcome] = {"correct": "correct", "wrong": "wrong", "open": "open", "blank": "blank"}


def judged(
    outcomes: NDArray[np.str_],
    pack: str = "pack20",
    signs: Sequence[str] | None = None,
    first_rater: int = 1,
    group: Callable[[int], str | None] = lambda rater: None,
) -> list[Judgement]:
    """One judgement per cell of an array of outcomes ``(raters, signs)``; ``""`` means no answer at all."""
    names = signs or [f"sign{column:02}" for column in range(outcomes.shape[1])]
    found = []
    for row, column in np.ndindex(*outcomes.shape):
        outcome = _OUTCOMES.get(str(outcomes[row, column]))
        if outcome is None:
            continue
        sign = names[column]
        text = {"correct": sign, "blank": ""}.get(outcome, f"{sign} ({(row + column) % 3})")
        rater = f"r{first_rater + row:03}"
        answer = Answer(rater=rater, clip=f"{pack}/{sign}", sign=sign, pack=pack, text=text, group=group(row))
        found.append(Judgement(answer, text, outcome, text))
    return found


def exactly(correct: int, raters: int, signs: int, seed: int = 0) -> NDArray[np.str_]:
    """Outcomes of which exactly ``correct`` are correct, at random positions, and the others wrong or open."""
    generator = np.random.default_rng(seed)
    outcomes = np.where(generator.random(raters * signs) < 0.3, "open", "wrong").astype("<U7")
    outcomes[generator.permutation(raters * signs)[:correct]] = "correct"
    return outcomes.reshape(raters, signs)


def as_in_the_paper(signs: Sequence[str] = WORDS) -> list[Judgement]:
    """RuSignBot's study: 267 of 400 and 507 of 600 correct, 20 raters to a pack."""
    return [
        *judged(exactly(267, 20, 20), "pack20", signs[:20], 1, lambda row: ("deaf", "hearing")[row % 2]),
        *judged(exactly(507, 20, 30, seed=1), "pack30", signs[20:50], 21, lambda row: ("deaf", "hearing")[row % 2]),
    ]


def scored(judgements: Sequence[Judgement], *, count_blank: bool = True, name: str = "a study") -> StudyResult:
    return score_judgements(judgements, name=name, count_blank=count_blank, signed="normalisation:1")


def a_run(folder: Path, metrics: Mapping[str, Mapping[str, float | None]], directions: Mapping[str, str] | None = None) -> Path:
    """A run's folder with ``per_clip.parquet`` and ``result.json``: metric -> clip -> value."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(clip, metric, value, None) for metric, values in metrics.items() for clip, value in values.items()]
    (folder / "per_clip.parquet").write_bytes(per_clip_parquet(("clip", "metric", "value", "missing_because"), rows))
    scores = tuple(
        Score.model_validate(
            {
                "metric": metric,
                "value": 0.5,
                "interval": None,
                "unit": "1",
                "direction": (directions or {}).get(metric, "higher"),
                "clips": len(values),
                "coverage": 1.0,
                "signature": f"metric:{metric}|revision:1",
            }
        )
        for metric, values in metrics.items()
    )
    clips = {clip for values in metrics.values() for clip in values}
    result = Result(status="complete", expected_clips=len(clips), protocol={}, scores=scores)
    (folder / "result.json").write_text(result.model_dump_json(), encoding="utf-8")
    return folder
