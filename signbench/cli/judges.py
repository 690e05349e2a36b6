"""``signbench judges``: lists the judges, with what each one reads and returns, and measures them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signbench.cli import foreign
from signbench.cli.groups import group
from signbench.cli.options import Device, Json, Limit, Progress, Root, Workers, option

if TYPE_CHECKING:
    from signbench.scoring.evaluated import EvaluatedScore, JudgeEvaluation

app = group("List the judges, show one, or measure one on references.")


def _described(name: str) -> dict[str, Any]:
    import inspect

    from signbench.judges.registry import JUDGES, is_custom, judge_class, lacking

    kind = judge_class(name)
    return {
        "name": name if is_custom(name) and not JUDGES.is_built_in(name) else name.partition(":")[0],
        "summary": kind.summary,
        "reads": list(kind.reads),
        "gives": list(kind.gives),
        "learns": kind.learns,
        "lacks": lacking(name),
        "revision": kind.revision,
        "licence": kind.licence,
        "citation": kind.citation,
        "description": inspect.getdoc(kind) or "",
    }


@app.command("list")
def list_judges(json: Json = False) -> None:
    """List all judges, one line each; one that cannot be loaded is listed with the reason."""
    from signbench.cli import printing
    from signbench.judges.registry import known

    described = printing.described(known(), _described)
    if json:
        printing.document(described)
        return
    printing.table(
        [
            {
                "judge": row["name"],
                "reads": " or ".join(row.get("reads", ())),
                "gives": ", ".join(row.get("gives", ())),
                "what it does": row.get("summary") or row.get("error", ""),
                "its weights lack: run": row.get("lacks") or "",
            }
            for row in described
        ]
    )


@app.command("show")
def show_judge(
    name: Annotated[str, typer.Argument(help="Name of a judge, package.module:Class or file.py:Class.")], json: Json = False
) -> None:
    """Show a judge: what it reads and gives, the metrics that it can be used with, and how it works."""
    from signbench.cli import printing
    from signbench.metrics.judged import GIVES_OF_VIEW
    from signbench.metrics.registry import known, metric_class
    from signbench.scoring.evaluated import stored_evaluation

    described = _described(name)
    stored = stored_evaluation(name) if described["lacks"] is None else None
    metrics = [metric for metric in known() if set(GIVES_OF_VIEW.get(metric_class(metric).view, ())) & set(described["gives"])]
    if json:
        printing.document({**described, "metrics": metrics, "evaluation": None if stored is None else stored.as_json()})
        return
    lines = [
        f"{described['name']}, revision {described['revision']}",
        "",
        f"reads: {' or '.join(described['reads'])}",
        f"gives: {', '.join(described['gives'])}",
        f"learns: {'it looks at the train split before it answers' if described['learns'] else 'nothing of a corpus'}",
        f"licence: {described['licence']}",
    ]
    if described["citation"]:
        lines.append(f"citation: {described['citation']}")
    if described["lacks"]:
        lines.append(f"weights: not present; run {described['lacks']}")
    lines.append(f"goes with: {', '.join(metrics)}")
    printing.data("\n".join([*lines, "", described["description"]]))
    if stored is not None:
        printing.data("")
        _print_evaluation(stored)


@app.command("evaluate")
def evaluate(
    name: Annotated[str, typer.Argument(help="Name of a judge or a reference model, or the path of a model's folder, with a /.")],
    split: Annotated[str | None, option("--split", "Default: the test split of the judge's train split.")] = None,
    corpus: Annotated[str | None, option("--corpus", "Default: the corpus on which the judge was trained.")] = None,
    root: Root = None,
    limit: Limit = None,
    estimator: Annotated[str | None, option("--estimator", "Judges of key points are also shown what it finds.")] = None,
    device: Device = "cpu",
    workers: Workers = None,
    out: Annotated[
        Path | None, option("--out", "In a model's folder, evaluation.json is printed by signbench judges show.")
    ] = None,
    progress: Progress = True,
    json: Json = False,
) -> None:
    """Measure a judge on references, clean and degraded, with chance levels and intervals."""
    from signbench.cli import printing
    from signbench.judges.registry import is_custom
    from signbench.scoring.evaluated import write_evaluation
    from signbench.scoring.judge_evaluation import evaluate_judge

    if is_custom(name):
        foreign.beware(judges=[name])
    with printing.progress_bars(progress) as report:
        found = evaluate_judge(
            name,
            split=split,
            corpus=corpus,
            root=root,
            limit=limit,
            estimator=estimator,
            device=device,
            workers=workers,
            progress=report,
        )
    if out is not None:
        write_evaluation(found, out)
    if json:
        printing.document(found.as_json())
        return
    _print_evaluation(found)
    if out is not None:
        printing.talk(f"evaluation: {out}")


def _print_evaluation(found: JudgeEvaluation) -> None:
    """Prints an evaluation: a row for each condition, a column for each metric with its chance level, and the minimal pairs."""
    from signbench.cli import printing
    from signbench.runs.tables import number

    part = "" if found.limit is None else f", the first {found.limit} clips only"
    printing.data(f"{found.judge} on {found.corpus} {found.split} ({found.shown}, {found.clips} clips{part})")
    rows: list[dict[str, str]] = []
    for condition in found.conditions:
        row = {"references": condition.name}
        for score in condition.scores:
            decimals = 4 if score.unit == "1" else 2
            row[_column(score)] = f"{number(score.value, decimals)} ({number(score.chance.value, decimals)})"
        rows.append(row)
    printing.table(rows)
    printing.data("In brackets: the chance level.")
    printing.sentences(f"{condition.name}: {condition.description}" for condition in found.conditions)
    if found.minimal_pairs:
        printing.table(
            [
                {
                    "pairs that differ in": pairs.parameter,
                    "right": f"{pairs.right} of {pairs.decisions}",
                    "share": number(pairs.right / pairs.decisions, 3),
                    "pairs": ", ".join(pairs.pairs),
                }
                for pairs in found.minimal_pairs
            ]
        )
    printing.data(f"signature: {found.signature}")


def _column(score: EvaluatedScore) -> str:
    """The heading of a metric: glosses and texts may have the same metric."""
    return f"{score.metric} ({score.gives})" if score.metric == "wer" else score.metric
