"""A file server on this machine that can be told to misbehave, and a file to fetch from it."""

import gzip
import hashlib
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from vae.data.checksums import Identity
from vae.data.downloads import fetch
from vae.data.sources import idx
from vae.data.transfers import Patience
from vae.services.errors import UserError

NAME = "train-images-idx3-ubyte.gz"
CONTENT = idx.build(np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8))
DATA = gzip.compress(CONTENT, mtime=0)
HALF = len(DATA) // 2
HASTE = Patience(retries=2, backoff=0)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


EXACT = Identity(len(DATA), sha256(DATA))
BY_CONTENT = Identity(content_sha256=sha256(CONTENT))

Fault = Callable[["Handler", bytes], None]


class Server(ThreadingHTTPServer):
    """Serves `files`; a request for a path meets the next of that path's `faults`, if any."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.requests: list[tuple[str, str | None]] = []  # path, range
        self.conditions: list[str | None] = []  # If-Range
        self.sent: list[int] = []  # bytes of each body
        self.closing = threading.Event()

    def put(self, path: str, data: bytes, *faults: Fault) -> str:
        self.files[path], self.faults[path] = data, list(faults)
        return self.url + path

    @property
    def ranges(self) -> list[str | None]:
        return [span for _, span in self.requests]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that the other side hangs up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self):
        self.server.requests.append((self.path, self.headers["Range"]))
        self.server.conditions.append(self.headers["If-Range"])
        faults = self.server.faults.get(self.path)
        data = self.server.files.get(self.path)
        if faults:
            faults.pop(0)(self, data)
        elif data is None:
            self.answer(404)
        else:
            self.serve(data)

    def serve(self, data: bytes, until: int | None = None) -> None:
        """Answer as a good server does, and stop after `until` bytes of the file."""
        etag = f'"{sha256(data)[:8]}"'
        start = int(re.findall(r"\d+", self.headers.get("Range", "0"))[0])
        if self.headers.get("If-Range", etag) != etag:
            start = 0
        headers = {"ETag": etag, "Content-Length": len(data) - start}
        if start >= len(data) > 0:
            self.answer(416)
            return
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.answer(206 if start else 200, data[start:until], headers)
        if until:
            self.close_connection = True

    def answer(self, status: int, body: bytes = b"", headers: dict | None = None) -> None:
        self.send_response(status)
        for key, value in ({"Content-Length": len(body)} | (headers or {})).items():
            self.send_header(key, str(value))
        self.end_headers()
        self.server.sent.append(len(body))  # before the client can have it all and look
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        pass


def status(code: int) -> Fault:
    return lambda handler, data: handler.answer(code)


def cut(at: int) -> Fault:
    return lambda handler, data: handler.serve(data, until=at)


def stall(at: int) -> Fault:
    def fault(handler: Handler, data: bytes) -> None:
        handler.serve(data, until=at)
        handler.server.closing.wait(5)

    return fault


def whole(handler: Handler, data: bytes) -> None:
    """Know nothing of ranges and versions."""
    handler.answer(200, data)


def whole_cut(at: int) -> Fault:
    def fault(handler: Handler, data: bytes) -> None:
        handler.answer(200, data[:at], {"Content-Length": len(data)})
        handler.close_connection = True

    return fault


def redirect(to: str) -> Fault:
    return lambda handler, data: handler.answer(302, headers={"Location": to})


def left(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()}


def refused(target: Path, identity: Identity = EXACT, **places: object) -> str:
    """Fetch in vain; return the message, having made sure that no file got its final name."""
    with pytest.raises(UserError) as error:
        fetch(target, identity, **{"patience": HASTE} | places)
    assert not target.exists()
    return str(error.value)
