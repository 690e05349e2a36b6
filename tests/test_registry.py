"""The class that resolves the names of metrics, generators and corpora."""

from __future__ import annotations

import re
import sys
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from signbench import registry
from signbench.errors import InputError
from signbench.registry import Registry, split_name


class Shape:
    """The base class of all shapes."""

    def __init__(self, corners: str = "0", **others: str) -> None:
        self.corners = corners
        self.others = others


class Square(Shape):
    """Has its size as its only parameter."""

    def __init__(self, size: str = "1") -> None:
        if not size.isdigit():
            raise ValueError("the size is a number")
        super().__init__("4")
        self.size = size


class Abroad(Shape):
    """A class of another package."""


HERE = __name__
FILE = f"from {HERE} import Shape\nclass Star(Shape):\n    pass\nclass Stone:\n    pass\n"


def shapes(**options: Any) -> Registry[Shape]:
    return Registry(
        "shape", f"{HERE}:Shape", {"any": f"{HERE}:Shape", "square": f"{HERE}:Square"}, group="signbench.shapes", **options
    )


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    entries = {
        name: EntryPoint(name, f"{HERE}:{attribute}", "signbench.shapes")
        for name, attribute in (("abroad", "Abroad"), ("square", "Abroad"), ("gone", "Gone"), ("number", "FILE"))
    }
    monkeypatch.setattr(registry, "_installed", lambda group: entries if group == "signbench.shapes" else {})


def test_built_in_names_come_first_and_cannot_be_replaced():
    assert shapes().known() == ["any", "square", "abroad", "gone", "number"]
    assert shapes().class_of("square") is Square
    assert shapes().class_of("abroad") is Abroad
    assert Registry("shape", f"{HERE}:Shape", {"any": f"{HERE}:Shape"}).known() == ["any"]


def test_nothing_is_imported_before_it_is_requested():
    lazy: Registry[Shape] = Registry("shape", "no_such.module:Class", {"ghost": "no_such.module:Ghost"})
    assert lazy.known() == ["ghost"]
    assert lazy.is_built_in("ghost:speed=3")
    with pytest.raises(ModuleNotFoundError):
        lazy.class_of("ghost")


@pytest.mark.parametrize(
    ("text", "options", "kind", "made_of"),
    [
        ("any", {}, Shape, ("0", {})),
        ("any:corners=3,colour=red", {}, Shape, ("3", {"colour": "red"})),
        ("any:corners=3", {"corners": "5"}, Shape, ("5", {})),
        ("abroad:corners=6", {}, Abroad, ("6", {})),
        (f"{HERE}:Abroad:corners=7", {}, Abroad, ("7", {})),
        (f"{HERE}:Abroad", {"colour": "a=b,c"}, Abroad, ("0", {"colour": "a=b,c"})),
    ],
)
def test_a_name_with_parameters_becomes_an_instance(text, options, kind, made_of):
    created = shapes(custom=True).create(text, **options)
    assert type(created) is kind
    assert (created.corners, created.others) == made_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sqare", "there is no shape sqare. Did you mean square?"),
        ("sqare:size=2", "there is no shape sqare. Did you mean square?"),
        ("module.path:Class", "there is no shape module.path. Known: abroad, any, gone, number, square."),
        ("square:sise=2", "shape square:sise=2 has no parameter sise. Did you mean size?"),
        ("square:size", "shape square:size: 'size' is not key=value; write square:key=value,key=value."),
        ("square:size=", "'size=' is not key=value"),
        ("square:=2", "'=2' is not key=value"),
        ("square:size=1,size=2", "shape square:size=1,size=2: size is given twice."),
        ("gone", f"shape gone of {HERE}:Gone cannot be imported: AttributeError"),
        ("number", "is not a subclass of " + HERE + ".Shape."),
        ("", "there is no shape . Known: abroad, any, gone, number, square."),
    ],
)
def test_a_name_that_cannot_be_resolved_is_refused_with_what_to_write(text, said):
    with pytest.raises(InputError, match=re.escape(said)):
        shapes().create(text)


def test_a_custom_class_is_found_in_a_file_and_changes_of_the_file_are_detected(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    file = tmp_path / "own shapes.py"
    file.write_text(FILE, "utf-8")
    custom = shapes(custom=True)
    star = custom.class_of(f"{file}:Star")
    assert (star.__name__, custom.class_of(f"{file}:Star")) == ("Star", star)
    assert {"parameter corners", "source own shapes.py"} <= set(custom.content(f"{file}:Star:corners=5"))
    file.write_text(FILE + "# changed\n", "utf-8")
    assert custom.class_of(f"{file}:Star") is not star
    for text, said in (
        (f"{file}:Stars", "the module has no Stars. Did you mean Star?"),
        (f"{file}:Stone", f"is not a subclass of {HERE}.Shape"),
        (f"{tmp_path}/none.py:Star", "none.py does not exist."),
        ("a b", "A custom one: package.module:Class or file.py:Class."),
    ):
        with pytest.raises(InputError, match=re.escape(said)):
            custom.class_of(text)
    sys.modules.pop("signbench_shape_own_shapes")


def test_an_error_of_a_built_in_class_that_loads_models_is_reported_as_a_sentence():
    with pytest.raises(InputError, match=re.escape("shape square:size=x cannot be made: ValueError: the size is a number.")):
        shapes(loads_models=True).create("square:size=x")


@pytest.mark.parametrize(
    ("text", "name", "given"),
    [
        ("bleu", "bleu", {}),
        ("bleu:order=4,smoothing=exp", "bleu", {"order": "4", "smoothing": "exp"}),
        ("a:b=c=d", "a", {"b": "c=d"}),
    ],
)
def test_a_name_is_split_even_if_it_is_unknown(text, name, given):
    assert split_name(text, "metric") == (name, given)
