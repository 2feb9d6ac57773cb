"""HTTP/1.1 on 127.0.0.1 with connections kept alive: bytes in, one write out."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol


class Reply(Protocol):
    """What the transport needs of an answer."""

    status: int
    headers: dict[str, str]
    cut: bool

    def content(self) -> bytes:
        """Bytes of the body."""


Answer = Callable[[str, str, dict[str, str], bytes], "Reply | None"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no event; everything else was answered with 500."""


class Listener:
    """A threaded server on a free port; `answer` returns None to drop the connection."""

    def __init__(self, answer: Answer) -> None:
        handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread: threading.Thread | None = None
        self.port = int(self._server.server_address[1])

    def start(self) -> None:
        """Serve from a thread of its own."""
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        if self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    answer: Answer

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (name of the base class)
        """The server keeps its own log."""

    def _respond(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            reply = self.answer(self.command, self.path, headers, body)
        except Exception as error:  # noqa: BLE001 (a broken route must show in the test that hit it)
            text = json.dumps({"error": f"the demo server broke: {type(error).__name__}: {error}"}).encode()
            self._write(500, {}, text, cut=False)
            return
        if reply is None:
            self._hang_up()
            return
        self._write(reply.status, reply.headers, reply.content(), cut=reply.cut)

    def _write(self, status: int, headers: dict[str, str], content: bytes, *, cut: bool) -> None:
        head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        if "Content-Type" not in headers:
            head.append("Content-Type: application/json")
        if "Content-Length" not in headers:
            head.append(f"Content-Length: {len(content)}")
        data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + content
        if cut:
            self.wfile.write(data[: len(data) - (len(content) + 1) // 2])
            self._hang_up()
            return
        self.wfile.write(data)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
