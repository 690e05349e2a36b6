"""The judges that exist, by name; each is imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signbench.registry import Registry

if TYPE_CHECKING:
    from signbench.judges.base import Judge

JUDGES: Registry[Judge] = Registry(
    "judge",
    "signbench.judges.base:Judge",
    {"nearest": "signbench.judges.nearest.judge:Nearest"},
    group="signbench.judges",
    custom=True,
)


def known() -> list[str]:
    """Names of all judges, built in and installed by other packages under the entry point ``signbench.judges``."""
    return JUDGES.known()


def judge_class(name: str) -> type[Judge]:
    """The class of a judge.

    Raises:
        InputError: no judge has that name, with the nearest that exist; or it cannot be imported.
    """
    return JUDGES.class_of(name)


def create(text: str, **options: Any) -> Judge:
    """The judge of a name, nothing loaded yet.

    Raises:
        InputError: an unknown judge, or an option that it does not take.
    """
    return JUDGES.create(text, **options)
