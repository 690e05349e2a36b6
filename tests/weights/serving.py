"""A server of weights on this machine, which can misbehave on request."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from signbench.weights.registry import Weights

CONTENT = bytes(range(256)) * 8192
"""Two megabytes, so that a file comes in several pieces."""


@dataclass
class Manners:
    """How the server answers.

    Attributes:
        content: what it serves.
        ranges: whether it honours Range.
        wrong_range: it answers a Range with a different part from the requested one.
        cut_after: bytes after which each answer in turn ends early.
        errors: statuses with which it answers in turn before it serves.
        says_length: whether it says how long its answer is.
        redirect: where it sends those who ask.
        asked: the Range of each request, None if there was none.
    """

    content: bytes = CONTENT
    ranges: bool = True
    wrong_range: bool = False
    cut_after: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    says_length: bool = True
    redirect: str | None = None
    asked: list[str | None] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    manners: Manners

    def log_message(self, format, *args):  # noqa: A002 - the base class calls it so
        """Says nothing."""

    def do_GET(self):
        manners = self.manners
        asked = self.headers["Range"]
        manners.asked.append(asked)
        if manners.errors:
            self.send_error(manners.errors.pop(0))
            return
        if manners.redirect is not None:
            self.send_response(302)
            self.send_header("Location", manners.redirect)
            self.end_headers()
            return
        start = 0
        if asked and manners.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(manners.content):
                self.send_error(416)
                return
            self.send_response(206)
            said = start + 1 if manners.wrong_range else start
            self.send_header("Content-Range", f"bytes {said}-{len(manners.content) - 1}/{len(manners.content)}")
        else:
            self.send_response(200)
        body = manners.content[start:]
        if manners.says_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: manners.cut_after.pop(0)] if manners.cut_after else body)


@contextmanager
def serving(manners: Manners) -> Iterator[str]:
    """Serves one file in a thread; yields its address."""
    handler = type("Handler", (_Handler,), {"manners": manners})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/network.pth"
        finally:
            server.shutdown()
            thread.join()


def weights(address: str = "https://example.org/network.pth", content: bytes = CONTENT, **changes: object) -> Weights:
    """An entry of the registry whose content is known."""
    values: dict[str, object] = {
        "name": "network",
        "file": "network.pth",
        "address": address,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "licence": "CC0-1.0",
        "what": "a network of these tests",
        "used_by": ("fid",),
        "format": "state-dict",
        "sources": ("these tests",),
    }
    return Weights.model_validate({**values, **changes})
