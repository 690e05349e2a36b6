"""Errors in the fields of a file, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from signbench.errors import nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def first_fault(error: ValidationError) -> str:
    """The first error in a document that signbench wrote: the field and what is wrong with it.

    Args:
        error: as pydantic raised it.
    """
    fault = error.errors(include_url=False)[0]
    reason = str(fault["ctx"]["error"]) if fault["type"] == "value_error" and "ctx" in fault else fault["msg"]
    return f"field {_spelled(fault['loc'])}: {reason[:1].lower()}{reason[1:]}" if fault["loc"] else reason


def worded(error: ValidationError, model: type[BaseModel], what: str) -> str:
    """The first error in a file's fields as a sentence: the field, what is wrong with it, and what to write.

    Args:
        error: as pydantic raised it.
        model: the allowed fields; their descriptions say what to write.
        what: what the file declares, such as ``a task``.
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
    """The fields at one location of a file, or None for plain values."""
    for part in location:
        if isinstance(part, str) and model is not None and part in model.model_fields:
            model = _nested(model.model_fields[part].annotation)
    return model


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The nested fields of a field, whether it is a single object, a list or a mapping."""
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
