"""A secret of this user, which distinguishes files that signbench wrote itself from files that came from elsewhere.

Data cached between runs (observations, digests of large files) can change numbers. Checksums reveal damage to such a file, but not
who made it, because anyone can compute them. So cached data carries a keyed digest, and anything that was not made with this user's
secret is computed again. This keeps out downloaded files, but does not stop users who forge their own files: numbers that others
should trust are computed without any cached data.
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
    """The user's secret, 32 bytes, created on first use; None if it cannot be stored anywhere.

    It is in the file that ``$SIGNBENCH_SECRET`` names, by default ``signbench/secret`` in ``$XDG_DATA_HOME`` or
    ``~/.local/share``, which only the user can read.
    """
    try:
        path = user_data(_VARIABLE, "secret")
    except InputError:
        return None
    return _secret_in(path)


def seal(secret: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 over unambiguously separated parts, 32 bytes."""
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
