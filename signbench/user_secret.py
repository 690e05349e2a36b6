"""A secret of this user, by which files that signbench wrote itself are told from files that came from elsewhere.

What is remembered between runs (observations, digests of large files) moves numbers. Checksums show that such a file was damaged;
they do not show who made it, because anybody can compute them. So what is remembered carries a keyed digest, and what was not made
with this user's secret is made anew. It keeps out what is brought along or downloaded, not a user who forges their own files:
numbers that others are to believe are computed without anything remembered.
"""

from __future__ import annotations

import contextlib
import functools
import hmac
import os
import secrets
from pathlib import Path

from signbench.errors import InputError
from signbench.user_folders import user_data

_VARIABLE = "SIGNBENCH_SECRET"
_BYTES = 32


def user_secret() -> bytes | None:
    """The user's secret, 32 bytes, made when it is first asked for; None where it can be kept nowhere.

    It lies in the file that ``$SIGNBENCH_SECRET`` names, by default ``signbench/secret`` in ``$XDG_DATA_HOME`` or
    ``~/.local/share``, which only the user can read.
    """
    try:
        path = user_data(_VARIABLE, "secret")
    except InputError:
        return None
    return _secret_in(path)


def seal(secret: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 over parts that cannot run into one another, 32 bytes."""
    whole = hmac.new(secret, digestmod="sha256")
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.digest()


@functools.lru_cache(maxsize=8)
def _secret_in(path: Path) -> bytes | None:
    made = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(8)}")
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(secrets.token_bytes(_BYTES))
                stream.flush()
                os.fsync(stream.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first
                os.link(made, path)
        secret = path.read_bytes()
    except OSError:
        return None
    finally:
        with contextlib.suppress(OSError):
            made.unlink(missing_ok=True)
    return secret if len(secret) == _BYTES else None
