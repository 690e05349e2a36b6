"""The folder of a report, and the names of its files."""

from __future__ import annotations

from pathlib import Path

from signbench.errors import InputError
from signbench.pages import house

TEMPLATES = Path(__file__).with_name("templates")
PAGE, SCRIPT, STYLE = "index.html", "report.js", "report.css"


def check_vacant(out: Path) -> bool:
    """Refuses a folder that holds something else than a report.

    Args:
        out: the report's folder.

    Returns:
        Whether an older report is there.

    Raises:
        InputError: it has other content, or jinja2 or plotly is not installed.
    """
    house.check_installed("a report")
    occupied = out.exists() and (not out.is_dir() or any(out.iterdir()))
    if occupied and not (out / SCRIPT).is_file():
        raise InputError(f"{out} has other content than a report; give an empty or new folder as `out`.")
    return occupied
