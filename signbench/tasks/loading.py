"""Task files: found by name, read safely, with errors that name the field and what to write."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from signbench import shipped
from signbench.documents import read_yaml
from signbench.documents.wording import worded
from signbench.errors import InputError
from signbench.tasks.schema import Task

SUFFIX = ".yaml"


def known() -> list[str]:
    """Names of all tasks: those in ``tasks/`` of the current folder and those that signbench ships."""
    return [name for name in shipped.names("tasks") if shipped.find("tasks", name).suffix == SUFFIX]


def task(name: str) -> Task:
    """The task with the given name; one in ``tasks/`` of the current folder takes precedence over a shipped one.

    Raises:
        InputError: there is no such task (the message suggests the nearest), or its file is invalid (the message names the field
            and what to write).
    """
    path = shipped.find("tasks", name)
    if path.is_dir():
        inside = [item for item in known() if item.startswith(f"{name.rstrip('/')}/")]
        raise InputError(f"{name} is a folder of tasks; name one of {', '.join(inside) or 'them'}.")
    found = read_task(path)
    if found.name != name.removesuffix(SUFFIX):
        raise InputError(f"{path}: field name is {found.name!r}; write {name.removesuffix(SUFFIX)}, the file's own path.")
    return found


def is_shipped(found: Task) -> bool:
    """Whether a task equals the shipped one of its name, in everything that can change a number."""
    path = shipped.find_shipped("tasks", found.name)
    return path is not None and read_task(path).digest() == found.digest()


def hidden_by(name: str) -> Path | None:
    """The file in ``tasks/`` of the current folder that overrides a different shipped task, if any."""
    path, other = shipped.find("tasks", name), shipped.find_shipped("tasks", name)
    if other is None or not path.is_file() or path.samefile(other):
        return None
    return path if read_task(path) != read_task(other) else None


def read_task(path: Path) -> Task:
    """A task from its file.

    Raises:
        InputError: the message names the file, the field and what to write.
    """
    fields = read_yaml(path, "a task")
    if not isinstance(fields, dict):
        raise InputError(f"{path} is not a task file; write its fields, starting with 'name: ...'.")
    try:
        return Task.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{path}: {worded(error, Task, 'a task')}") from error
