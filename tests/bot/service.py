"""A stand-in of Telegram's Bot API on the loopback address."""

from __future__ import annotations

import json
import time
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

NAME = "123456:for-tests"


class Service(ThreadingHTTPServer):
    """Hands out updates, and keeps what is sent.

    Args:
        updates: messages; a number between them says how many messages of the bot those behind it wait for.
        files: file id -> content.
        refusal: the status and body of every answer; None: the bot is welcome.
    """

    daemon_threads = True

    def __init__(self, updates, files=None, refusal=None):
        super().__init__(("127.0.0.1", 0), _Requests)
        self.updates, self.files, self.sent, self.refusal = list(updates), files or {}, [], refusal

    def next_updates(self):
        """The messages up to a number that has not been reached."""
        given = []
        while self.updates:
            if isinstance(self.updates[0], int):
                if len(self.sent) < self.updates[0]:
                    break
                self.updates.pop(0)
            else:
                given.append(self.updates.pop(0))
        if not given:
            time.sleep(0.02)
        return given

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._reply(self.server.files[self.path.rpartition("/")[2]])

    def do_POST(self):
        method, fields = self.path.rpartition("/")[2], self._fields()
        if self.server.refusal is not None:
            status, body = self.server.refusal
            self._reply(body, "application/json", status)
            return
        if method == "getMe":
            result = {"id": 1, "is_bot": True, "first_name": "bot", "username": "rusignbot"}
        elif method == "getUpdates":
            result = self.server.next_updates()
        elif method == "getFile":
            result = {"file_id": fields["file_id"], "file_unique_id": "u", "file_path": f"photos/{fields['file_id']}"}
        else:
            self.server.sent.append((method, fields))
            result = {"message_id": 9, "date": 1, "chat": {"id": int(fields["chat_id"]), "type": "private"}}
        self._reply(json.dumps({"ok": True, "result": result}).encode(), "application/json")

    def _fields(self):
        body, kind = self.rfile.read(int(self.headers.get("Content-Length", 0))), self.headers.get("Content-Type", "")
        if not body and self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        if kind.startswith("multipart/"):
            message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
            return {
                part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                if part.get_filename()
                else part.get_payload(decode=True).decode()
                for part in message.iter_parts()
            }
        return json.loads(body or b"{}") if kind.startswith("application/json") else dict(parse_qsl(body.decode()))

    def _chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, body, kind="application/octet-stream", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def message(number, **content):
    return {"update_id": number, "message": {"message_id": number, "date": 1, "chat": {"id": 7, "type": "private"}, **content}}
