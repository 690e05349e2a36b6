"""Versioned documents: which versions are read, and what is said of the others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest

import signbench.documents
from signbench.documents.models import Document, VersionedDocument
from signbench.documents.versions import Form, newer
from signbench.errors import InputError


def renamed(fields):
    return {**{name: value for name, value in fields.items() if name != "colour"}, "color": fields["colour"]}


FORM = Form("a flag", "flag_version", 3, again="sew it again", missing="nobody has sewn it", upgrades={2: renamed})


class Stripe(Document):
    """One stripe."""

    width: float
    """In metres."""


class Flag(VersionedDocument):
    """A flag."""

    form = FORM

    flag_version: Literal[3] = 3
    """Of this form."""
    color: str
    """In English."""
    stripes: tuple[Stripe, ...] = ()
    """From top to bottom."""


RED = Flag(color="red", stripes=(Stripe(width=0.1),))


def test_a_document_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "flag.json"
    path.write_bytes(RED.json_bytes())
    assert Flag.read(path) == RED
    assert Flag.parsed(RED.json_bytes(), "flag.json") == RED
    assert list(RED.as_json()) == ["flag_version", "color", "stripes"]
    assert RED.json_bytes().endswith(b"}\n")


def test_an_older_version_is_brought_up_to_date_where_there_is_a_way():
    assert Flag.parsed(b'{"flag_version": 2, "colour": "red"}', "flag.json") == Flag(color="red")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"flag_version": 4}', "flag.json was written by a newer signbench; update signbench to read it."),
        ('{"flag_version": 1}', "flag.json was written by an older signbench; sew it again."),
        ("[]", "flag.json is not a flag, or is damaged: it is not a JSON object; sew it again."),
        ("{}", "flag.json is not a flag, or is damaged: it has no flag_version; sew it again."),
        ('{"flag_version": true}', "it has no flag_version"),
        ('{"flag_version": "3"}', "it has no flag_version"),
        ("{", "flag.json is not a flag, or is damaged: Expecting property name"),
        ("[" * 100_000, "its lists are nested too deeply"),
        ('{"flag_version": 3}', "field color: field required; sew it again."),
        ('{"flag_version": 3, "color": "red", "size": 1}', "field size: extra inputs are not permitted"),
        ('{"flag_version": 3, "color": "red", "stripes": [{"width": NaN}]}', "field stripes[0].width: input should be a finite"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(content, said, tmp_path):
    path = tmp_path / "flag.json"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError, match=re.escape(said)):
        Flag.read(path)


def test_a_reason_against_older_versions_takes_the_place_of_the_advice():
    form = Form("a flag", "flag_version", 3, again="sew it again", older="which had no wind; hoist it again")
    with pytest.raises(InputError, match=re.escape("flag was written by an older signbench, which had no wind; hoist it again.")):
        form.checked({"flag_version": 2}, "flag")


def test_files_that_are_not_there_or_no_files_are_told_apart(tmp_path):
    with pytest.raises(InputError, match=r"flag\.json does not exist; nobody has sewn it\."):
        Flag.read(tmp_path / "flag.json")
    with pytest.raises(InputError, match=r"cannot be read: Is a directory; sew it again\."):
        Flag.read(tmp_path)
    assert str(newer("records-0.sqlite")) == "records-0.sqlite was written by a newer signbench; update signbench to read it."


def test_documents_do_not_change_and_hold_no_nan():
    with pytest.raises(ValueError, match="frozen"):
        RED.color = "blue"
    with pytest.raises(ValueError, match="finite"):
        Stripe(width=float("nan"))


def test_versions_are_compared_in_one_module_alone():
    package = Path(signbench.documents.__file__).parents[1]
    saying = [
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if "by a newer signbench" in path.read_text("utf-8")
    ]
    assert saying == ["documents/versions.py"]
