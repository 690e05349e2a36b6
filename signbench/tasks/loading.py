"""Task files: found by name, read safely, and refused with the field and what to write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from signbench import shipped
from signbench.documents import read_yaml
from signbench.errors import InputError, nearest
from signbench.tasks.schema import Task

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SUFFIX = ".yaml"


def known() -> list[str]:
    """Names of all tasks: those in ``tasks/`` of the current folder and those that signbench brings along."""
    return [name for name in shipped.names("tasks") if shipped.find("tasks", name).suffix == SUFFIX]


def task(name: str) -> Task:
    """The task of a name; one in ``tasks/`` of the current folder comes before a shipped one.

    Raises:
        InputError: there is no such task, with the nearest that exist; or its file is not one of a task, with the field and what
            to write there.
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
    """Whether a task is the one that signbench brings along under its name, in all that may move a number."""
    path = shipped.find_shipped("tasks", found.name)
    return path is not None and read_task(path).digest() == found.digest()


def hidden_by(name: str) -> Path | None:
    """The file in ``tasks/`` of the current folder that takes the place of another one that signbench brings along, if any."""
    path, other = shipped.find("tasks", name), shipped.find_shipped("tasks", name)
    if other is None or not path.is_file() or path.samefile(other):
        return None
    return path if read_task(path) != read_task(other) else None


def read_task(path: Path) -> Task:
    """A task from its file.

    Raises:
        InputError: names the file, the field and what to write there.
    """
    fields = read_yaml(path, "a task")
    if not isinstance(fields, dict):
        raise InputError(f"{path} is no task file; write its fields, beginning with 'name: ...'.")
    try:
        return Task.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{path}: {worded(error, Task, 'a task')}") from error


def worded(error: ValidationError, model: type[BaseModel], what: str) -> str:
    """The first fault of a file's fields as a sentence: which field, what is wrong with it, and what to write.

    Args:
        error: as pydantic raised it.
        model: the fields that are allowed; their descriptions say what to write.
        what: the thing that the file declares, such as ``a task``.
    """
    faults = error.errors(include_url=False)
    more = f" ({len(faults) - 1} more fields are wrong.)" if len(faults) > 2 else " (One more field is wrong.)"
    return f"{_fault(faults[0], model, what)}{more if len(faults) > 1 else ''}"


def _fault(fault: ErrorDetails, model: type[BaseModel], what: str) -> str:
    where = _spelled(fault["loc"])
    parent, own = _model_at(fault["loc"][:-1], model), str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        known_fields = list(parent.model_fields) if parent is not None else []
        return f"field {where} is not one of {what}. {nearest(own, known_fields)}"
    wanted = _description(fault["loc"], model)
    write = f"; write {wanted}." if wanted else "."
    if fault["type"] == "missing":
        return f"field {where} is missing{write}"
    if fault["type"] == "value_error":
        reason = str(fault["ctx"]["error"]).rstrip(".") if "ctx" in fault else fault["msg"]
        between = " " if where else ""
        own_advice = "; write " in reason or "; choose " in reason
        return f"{'field ' if where else ''}{where}{between}{reason}{'.' if own_advice else write}"
    return f"field {where} cannot be {_shown(fault['input'])}{write}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _spelled(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _model_at(location: tuple[int | str, ...], model: type[BaseModel] | None) -> type[BaseModel] | None:
    """The fields that stand at a place of a file, or None where plain values stand."""
    for part in location:
        if isinstance(part, str) and model is not None and part in model.model_fields:
            model = _nested(model.model_fields[part].annotation)
    return model


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The fields that a field itself has, be it alone, one of a list, or by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _nested(part)) is not None), None)


def _description(location: tuple[int | str, ...], model: type[BaseModel] | None) -> str:
    """What to write into a field: the description of the innermost field that has one."""
    found = ""
    for part in location:
        if isinstance(part, str) and model is not None and part in model.model_fields:
            found = model.model_fields[part].description or found
            model = _nested(model.model_fields[part].annotation)
    return found
