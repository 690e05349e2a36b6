"""All judges by name; each is imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signbench.errors import InputError
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


def is_custom(name: str) -> bool:
    """Whether a name is the path of a custom judge's code: ``package.module:Class`` or ``file.py:Class``.

    Tasks, runs and leaderboard entries contain such names and may come from untrusted sources, so reading them never imports it.
    """
    return ":" in name


def judge_class(name: str) -> type[Judge]:
    """The class of a judge. The code of a custom judge is imported.

    Raises:
        InputError: no judge has that name, with the closest names; or it cannot be imported, or its declarations are wrong.
    """
    found = JUDGES.class_of(name)
    if not JUDGES.is_built_in(name):
        _check_declared(found, name)
    return found


def create(text: str, **options: Any) -> Judge:
    """Creates a judge; its weights are not loaded yet.

    Raises:
        InputError: an unknown judge, or an option that it does not take.
    """
    judge_class(text)
    return JUDGES.create(text, **options)


def _check_declared(kind: type[Judge], name: str) -> None:
    """Checks the declared attributes of a third-party judge.

    Raises:
        InputError: names the first wrong attribute.
    """
    from signbench.judges.base import GIVES, READS

    def refuse(attribute: str, wanted: str) -> None:
        raise InputError(f"judge {name}: {attribute} is {getattr(kind, attribute, None)!r}; it must be {wanted}.")

    for attribute in ("name", "summary", "licence"):
        text = getattr(kind, attribute, None)
        if not isinstance(text, str) or not text.strip() or not text.isprintable():
            refuse(attribute, "a line of text")
    for attribute, known in (("reads", READS), ("gives", GIVES)):
        said = getattr(kind, attribute, None)
        if not isinstance(said, tuple) or not said or not set(said) <= set(known):
            refuse(attribute, f"a tuple of some of {', '.join(known)}")
    revision: object = kind.revision
    if not isinstance(revision, int) or revision < 1:
        refuse("revision", "a whole number from 1")
