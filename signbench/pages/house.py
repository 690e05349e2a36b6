"""What static pages share: style sheet, scripts of sortable tables and of charts, escaping, and plotly next to the page.

Pages open from the file system, without a server, and load nothing from elsewhere. Every value in a template is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.errors import InputError

if TYPE_CHECKING:
    from jinja2 import Environment

PLOTLY = "plotly.min.js"
_HOUSE = Path(__file__).parent
STYLE, SCRIPTS, BASE = (_HOUSE / "house.css",), (_HOUSE / "tables.js", _HOUSE / "charts.js"), "page.html"
"""The style sheet, the scripts of sortable tables and of charts, and the template that every page extends."""
_NEEDS = ("jinja2", "plotly")


def check_installed(what: str) -> None:
    """Refuses to write pages without the libraries of the extra ``report``.

    Args:
        what: the pages, for the message, such as ``a site``.

    Raises:
        InputError: jinja2 or plotly is not installed.
    """
    if missing := [package for package in _NEEDS if find_spec(package) is None]:
        raise InputError(f"{what} needs {' and '.join(missing)}; install signbench with its extra: signbench[report].")


def environment(templates: Path) -> Environment:
    """The templates of a folder, and those of the house; an undefined name is an error, and every value is escaped.

    Args:
        templates: the folder.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([templates, _HOUSE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_assets(folder: Path, *, style: tuple[str, Sequence[Path]], script: tuple[str, Sequence[Path]]) -> None:
    """Writes the style sheet, the script and plotly of pages.

    Args:
        folder: of the pages.
        style: the name of the style sheet, and the files that follow the house's own in it.
        script: the name of the script, and the files that follow the house's own in it.
    """
    for (name, further), own in ((style, STYLE), (script, SCRIPTS)):
        content = "\n".join(path.read_text(encoding="utf-8") for path in (*own, *further))
        (folder / name).write_text(content, encoding="utf-8")
    (folder / PLOTLY).write_bytes(files("plotly").joinpath("package_data", PLOTLY).read_bytes())
