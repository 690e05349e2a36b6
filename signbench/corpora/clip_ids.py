"""Clip ids: the names by which the two sides of a comparison are paired."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

from signbench.errors import InputError

_SPLITS = ("train", "dev", "test")


def clip_id(name: str, *, suffix: bool) -> str:
    """The id of a clip from its relative path or its key in a container.

    Both Unicode forms of a letter give the same id (NFC), and a leading ``train/``, ``dev/`` or ``test/`` is removed.

    Args:
        name: relative path with ``/`` between folders, or a container's key.
        suffix: whether the last suffix is a file suffix, which is removed.

    Raises:
        InputError: the id is empty, leaves its folder, or holds a control character or a backslash.
    """
    text = unicodedata.normalize("NFC", name)
    if suffix:
        text = text[: len(text) - len(PurePosixPath(text).suffix)]
    head, slash, rest = text.partition("/")
    if slash and head in _SPLITS:
        text = rest
    check_clip_id(text)
    return text


def check_clip_id(text: str) -> None:
    """Refuses an id that could lead out of a folder or hide in a terminal.

    Raises:
        InputError: the message says what is wrong with the id.
    """
    if not text:
        raise InputError("a clip has an empty id; give its file a name.")
    if "\\" in text or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise InputError(f"clip id {text!r} holds a backslash or a control character; rename it.")
    if text.startswith("/") or any(part in ("..", ".", "") for part in text.split("/")):
        raise InputError(f"clip id {text!r} would lead out of its folder; ids are relative paths without '..'.")
