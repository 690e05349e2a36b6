"""``signbench doctor``: checks this installation."""

from __future__ import annotations

from typing import Any

import typer

from signbench.cli.options import Json, Progress


def command(progress: Progress = True, json: Json = False) -> None:
    """Check the installation: versions, codecs, metrics, a number measured end to end; exit 2 if something is broken."""
    from signbench.cli import printing
    from signbench.diagnosis import diagnose

    with printing.progress_bars(progress) as report:
        findings = diagnose(report)
    if json:
        rows: list[dict[str, Any]] = [{"check": row.check, "ok": row.ok, "found": row.found} for row in findings]
        printing.document({"ok": all(row.ok for row in findings), "checks": rows})
    else:
        printing.table([{"": "ok" if row.ok else "BROKEN", "check": row.check, "found": row.found} for row in findings])
    if not all(row.ok for row in findings):
        raise typer.Exit(2)
