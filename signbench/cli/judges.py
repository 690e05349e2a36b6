"""``signbench judges``: lists the judges, with what each one reads and returns."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from signbench.cli.groups import group
from signbench.cli.options import Json

app = group("List the judges, or show one.")


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

    described = _described(name)
    metrics = [metric for metric in known() if set(GIVES_OF_VIEW.get(metric_class(metric).view, ())) & set(described["gives"])]
    if json:
        printing.document({**described, "metrics": metrics})
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
