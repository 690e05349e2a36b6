"""Fetches weights: over https, resumable, and a file gets its final name only after its digest has been verified."""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from signbench.errors import InputError
from signbench.weights.digests import remember, sha256_of
from signbench.weights.locking import locked
from signbench.weights.registry import Weights, is_allowed
from signbench.weights.store import contradiction, file_of, state_of

Progress = Callable[[int, int | None], None]
"""Called with the number of bytes received so far and in total, None if the total is unknown."""

_CHUNK = 1 << 20
_TIMEOUT = 30.0
_FRUITLESS_ATTEMPTS = 5
_MOST_ATTEMPTS = 200
_FIRST_PAUSE = 1.0
_WORTH_ANOTHER_TRY = {408, 429, 500, 502, 503, 504}


class _InterruptedError(Exception):
    """The connection failed in a way that a retry may fix."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but never from https to something less secure."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        less_safe = urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https"
        if less_safe or not is_allowed(newurl):
            raise InputError(f"{req.full_url} redirects to {newurl}, which is not https, so it is not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(weights: Weights, progress: Progress = lambda done, total: None) -> Path:
    """Downloads a file of weights into the folder of weights.

    A partial download is in ``<file>.part``, and a later call resumes it if a registered digest can show whether the parts match.
    Processes that fetch the same file wait for the first of them. Proxies are taken from the environment.

    Args:
        weights: the weights to fetch.
        progress: called as bytes come in, also while another process fetches them.

    Returns:
        The path of the file; an existing file is not changed.

    Raises:
        InputError: there is a different file with that name; the address cannot be reached or has something else; the digest is
            wrong (then the file is moved to ``<file>.rejected``); or the folder cannot be written.
    """
    path = file_of(weights)
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path, waiting=lambda: progress(_size(part), weights.size)):
            state, digest = state_of(weights)
            if state == "damaged":
                raise InputError(contradiction(weights, path, digest or ""))
            if state == "absent":
                _download(weights, part, progress)
                _accept(weights, part, path)
    except OSError as error:
        raise InputError(
            f"{path.parent} cannot hold the weights {weights.name}: {error.strerror or error}; "
            "make room, or set SIGNBENCH_WEIGHTS to another folder."
        ) from error
    return path


def _download(weights: Weights, part: Path, progress: Progress) -> None:
    """Receives the whole file into ``part``, retrying as long as attempts make progress."""
    opener = urllib.request.build_opener(_SafeRedirects)
    fruitless, most = 0, _size(part)
    for attempt in itertools.count(1):
        # Without a digest, joining the beginning of one version with the end of another would go unnoticed.
        before = _size(part) if weights.sha256 is not None else 0
        if before == weights.size:
            return
        if weights.size is not None and before > weights.size:
            part.unlink()
            continue
        try:
            _receive(opener, weights, part, before, progress)
            return
        except _InterruptedError as error:
            # Only bytes beyond all previous attempts are progress: a server may send the same beginning forever.
            fruitless = 1 if _size(part) > most else fruitless + 1
            most = max(most, _size(part))
            if fruitless == _FRUITLESS_ATTEMPTS or attempt >= _MOST_ATTEMPTS:
                raise InputError(
                    f"the weights {weights.name} cannot be fetched from {weights.address}: {error}. Repeat the command to "
                    f"resume, or copy the file from another machine and run: signbench weights add {weights.file}."
                ) from error
            time.sleep(_FIRST_PAUSE * 2 ** (fruitless - 1))


def _receive(opener: urllib.request.OpenerDirector, weights: Weights, part: Path, before: int, progress: Progress) -> None:
    """Requests the bytes after ``before`` once, and appends them to ``part``; or restarts from the beginning if the server does."""
    headers = {"User-Agent": f"signbench/{version('signbench')}", "Accept-Encoding": "identity"}
    if before:
        headers["Range"] = f"bytes={before}-"
    try:
        response = opener.open(urllib.request.Request(weights.address, headers=headers), timeout=_TIMEOUT)  # noqa: S310 - is_allowed
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                part.unlink()
                raise _InterruptedError("the server has fewer bytes than were received before") from error
            if error.code in _WORTH_ANOTHER_TRY:
                raise _InterruptedError(f"the server answers {error.code} {error.reason}") from error
            raise InputError(
                f"the weights {weights.name} cannot be fetched: {weights.address} answers {error.code} {error.reason}. "
                f"Get the file elsewhere and run: signbench weights add {weights.file}."
            ) from error
    except (OSError, http.client.HTTPException) as error:
        raise _InterruptedError(str(getattr(error, "reason", None) or error) or type(error).__name__) from error
    with response:
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            if not (response.headers["Content-Range"] or "").startswith(f"bytes {before}-"):
                part.unlink(missing_ok=True)
                raise _InterruptedError("the server sent a different part from the requested one")
            done = before
        else:
            done = 0
        length = response.headers["Content-Length"]
        total = done + int(length) if length and length.isdecimal() else None
        _check(weights, part, done, total)
        with part.open("ab" if done else "wb") as stream:
            while block := _read(response):
                stream.write(block)
                done += len(block)
                progress(done, total or weights.size)
                if weights.size is not None and done > weights.size:
                    raise InputError(_another_size(weights, f"over {weights.size}"))
    if total is not None and done < total:
        raise _InterruptedError(f"the connection ended after {done} of {total} bytes")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _InterruptedError(str(error) or type(error).__name__) from error


def _check(weights: Weights, part: Path, done: int, total: int | None) -> None:
    """Refuses, before a byte is received, a download that cannot be the file or does not fit on the disk."""
    if None not in (total, weights.size) and total != weights.size:
        raise InputError(_another_size(weights, str(total)))
    needed = (total or weights.size or 0) - done
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise InputError(
            f"{part.parent} has {free / 1e6:,.0f} MB free and {weights.name} needs {needed / 1e6:,.0f} MB; "
            "make room, or set SIGNBENCH_WEIGHTS to another folder."
        )


def _another_size(weights: Weights, size: str) -> str:
    return (
        f"{weights.address} has {size} bytes, not the {weights.size} of the weights {weights.name}; it is a different file or "
        f"an error page. Get the file elsewhere and run: signbench weights add {weights.file}."
    )


def _accept(weights: Weights, part: Path, path: Path) -> None:
    """Verifies the download and moves it to its final path, or rejects it."""
    digest = sha256_of(part)
    if weights.sha256 not in (None, digest):
        rejected = path.with_name(f"{path.name}.rejected")
        part.replace(rejected)
        raise InputError(
            f"the file from {weights.address} is not the weights {weights.name}: its SHA-256 is {digest}, not {weights.sha256}. "
            f"It was moved to {rejected}; report this to the owner of that address, or get the file elsewhere."
        )
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(path)
    remember(path, digest)


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0
