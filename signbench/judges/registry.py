"""The judges that exist, by name; each is imported only when it is asked for."""

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
    """Whether a name stands for code that whoever wrote it names: ``package.module:Class`` or ``file.py:Class``.

    Tasks, runs and entries of leaderboards hold such names, and may come from anybody, so nothing that only reads them imports it.
    """
    return ":" in name


def judge_class(name: str) -> type[Judge]:
    """The class of a judge; of a custom one its code is imported.

    Raises:
        InputError: no judge has that name, with the nearest that exist; or it cannot be imported, or does not say what it is.
    """
    found = JUDGES.class_of(name)
    if not JUDGES.is_built_in(name):
        _check_declared(found, name)
    return found


def create(text: str, **options: Any) -> Judge:
    """The judge of a name, nothing loaded yet.

    Raises:
        InputError: an unknown judge, or an option that it does not take.
    """
    judge_class(text)
    return JUDGES.create(text, **options)


def _check_declared(kind: type[Judge], name: str) -> None:
    """Whether a class of another package says what the contract asks for.

    Raises:
        InputError: names the first attribute that is not as it should be.
    """
    from signbench.judges.base import GIVES, READS

    def refuse(attribute: str, wanted: str) -> None:
        raise InputError(f"judge {name}: {attribute} is {getattr(kind, attribute, None)!r}; it is to be {wanted}.")

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
