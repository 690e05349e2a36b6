"""YAML and JSON files written by people or other programs: read as plain values, within limits, with clear error messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from signbench.errors import InputError

MOST_YAML_BYTES = 1_000_000
"""Default limit: a longer YAML file is refused before it is parsed."""

_TEXT = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_DEEPEST = 50


def read_yaml(path: Path, what: str, *, texts: bool = False, most_bytes: int = MOST_YAML_BYTES) -> Any:
    """The content of a YAML file as plain values: it cannot execute code, and field names are taken literally.

    Aliases (``*name``) are refused, since a page of them can expand to gigabytes; and so are duplicate fields.

    Args:
        path: the file, UTF-8 with or without a byte order mark.
        what: what it declares, such as ``a task``.
        texts: read every plain value except null as text, so that ``no`` and ``1e3`` stay as written.
        most_bytes: a longer file is refused before it is parsed.

    Raises:
        InputError: the file is unreadable, too large, not YAML, or has an alias or a duplicate field.
    """
    import yaml

    try:
        if path.stat().st_size > most_bytes:
            raise InputError(f"{path} has more than {most_bytes:,} bytes; such a file is a few pages of text.")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    try:
        return parse_yaml(text, str(path), texts=texts)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise InputError(f"{path}{where} is not YAML: {problem}.") from error
    except (ValueError, ArithmeticError, RecursionError) as error:  # such as impossible dates
        raise InputError(f"{path} is not YAML that {what} can have: {error}.") from error


def parse_yaml(text: str, name: str, *, texts: bool = False) -> Any:
    """:func:`read_yaml` for a text.

    Args:
        text: the document.
        name: of the file, for messages.
        texts: as there.

    Raises:
        InputError: the document has an alias, lists that are nested too deeply, or a duplicate field.
        yaml.YAMLError: it is not YAML.
        ValueError: a value is invalid, such as an impossible date.
    """
    import yaml

    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise InputError(f"{name}, line {line} has a reference by & or *; write plain values.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise InputError(f"{name}, line {line}: lists are nested too deeply.")
    loader: Any = yaml.SafeLoader(text)
    if texts:
        loader.yaml_implicit_resolvers = {
            letter: kept
            for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
            if (kept := [resolver for resolver in resolvers if resolver[0] == _NULL])
        }
    try:
        node = loader.get_single_node()
        _check_fields(node, name)
        return loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()


def yaml_text(value: Any, width: int = 120) -> str:
    """Plain values as YAML for :func:`read_yaml`: fields in their order, characters unescaped, no references.

    Args:
        value: dictionaries, lists, texts, numbers and None.
        width: characters after which a long text is continued on the next line.
    """
    import yaml

    class PlainDumper(yaml.SafeDumper):
        """Writes a value that occurs twice in full each time."""

        def ignore_aliases(self, data: Any) -> bool:
            """Never names a value for reference."""
            return True

    text: str = yaml.dump(value, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=width)
    return text


def parse_json(content: bytes | str) -> Any:
    """The content of a JSON file as plain values.

    Args:
        content: of the file; bytes are UTF-8.

    Raises:
        ValueError: it is not JSON, or has numbers of thousands of digits or lists that are nested too deeply.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("its lists are nested too deeply") from None


def _check_fields(node: Any, name: str) -> None:
    """Keeps field names as written, since YAML reads ``on`` as true.

    Raises:
        InputError: a field is duplicated, of which YAML would silently take the last.
    """
    if node is None or isinstance(node.value, str):
        return
    keys: set[str] = set()
    for item in node.value:
        if not isinstance(item, tuple):
            _check_fields(item, name)
            continue
        key, value = item
        if not isinstance(key.value, str):
            raise InputError(f"{name}, line {key.start_mark.line + 1}: the name of a field is a word, not a list.")
        if key.value in keys:
            raise InputError(f"{name}, line {key.start_mark.line + 1}: duplicate field {key.value}; keep one.")
        keys.add(key.value)
        key.tag = _TEXT
        _check_fields(value, name)


def json_bytes(value: object) -> bytes:
    """Readable JSON: indented, UTF-8, one line end at the end, no NaN."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
