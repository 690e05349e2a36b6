"""``signbench metrics``: lists the metrics, with what each one measures."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from signbench.cli import sensitivity
from signbench.cli.groups import group
from signbench.cli.options import Json

app = group("List the metrics, show one, or see what each can see.")
app.command("sensitivity")(sensitivity.command)


def _described(name: str) -> dict[str, Any]:
    from signbench.metrics.registry import create, metric_class

    kind = metric_class(name)
    return {
        "name": name,
        "summary": kind.summary,
        "direction": kind.direction,
        "unit": create(name).unit,
        "needs": kind.view,
        "pairs_frames": kind.pairs_frames,
        "revision": kind.revision,
        "parameters": [
            {
                "name": parameter.name,
                "default": parameter.default,
                "choices": list(parameter.choices) if parameter.choices is not None else None,
                "several": parameter.several,
                "doc": parameter.doc,
            }
            for parameter in kind.parameters
        ],
    }


@app.command("list")
def list_metrics(json: Json = False) -> None:
    """List all metrics, one line each; one that cannot be loaded is listed with the reason."""
    from signbench.cli import printing
    from signbench.metrics.registry import known

    described = printing.described(known(), _described)
    if json:
        printing.document(described)
        return
    printing.table(
        [
            {
                "metric": row["name"],
                "better": row.get("direction", ""),
                "needs": row.get("needs", ""),
                "parameters": ", ".join(parameter["name"] for parameter in row.get("parameters", ())),
                "what it measures": row.get("summary") or row.get("error", ""),
            }
            for row in described
        ]
    )


@app.command("show")
def show_metric(name: Annotated[str, typer.Argument(help="Name of a metric.")], json: Json = False) -> None:
    """Show a metric: its definition, source and parameters."""
    import inspect

    from signbench.cli import printing
    from signbench.metrics.base import spell
    from signbench.metrics.registry import metric_class

    described = _described(name)
    if json:
        printing.document(described)
        return
    lines = [f"{name}: {described['summary']}", ""]
    lines += [f"better: {described['direction']}    unit: {described['unit']}    revision: {described['revision']}"]
    lines += [
        f"needs: {described['needs']} of both sides" + (", of equal length (or --frames)" if described["pairs_frames"] else "")
    ]
    lines += ["", inspect.cleandoc(metric_class(name).__doc__ or ""), ""]
    for parameter in described["parameters"]:
        joint = "+" if parameter["several"] else ", "
        choices = f" of {joint.join(map(str, parameter['choices']))}" if parameter["choices"] else ""
        lines.append(f"  {parameter['name']}={spell(parameter['default'])}{choices}: {parameter['doc']}")
    printing.data("\n".join(lines))
