"""A client with pretend answers, recorded payloads, and a real server on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integrations.intercom.client import IntercomClient
from integrations.intercom.exchange import Exchange
from integrations.intercom.session import Session

API = "https://api.intercom.io"
TOKEN = "dG9rOnNlY3JldC10b2tlbg=="
PAYLOADS = Path(__file__).parents[2] / "payloads" / "intercom"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def client(session: Session | None = None, *, base_url: str = API) -> IntercomClient:
    return IntercomClient(token=TOKEN, base_url=base_url, session=session or Session())


def exchange(status: int | None = 200, *, method: str = "POST", path: str = "/contacts") -> Exchange:
    return Exchange(method, path, status, "", datetime(2026, 1, 1, tzinfo=UTC), 1)


def error_list(*errors: tuple[str, str]) -> dict[str, Any]:
    listed = [{"code": code, "message": message} for code, message in errors]
    return {"type": "error.list", "request_id": "002hggmao1o8da2uhbag", "errors": listed}


class LoopbackServer:
    """Hands each connection to `serve` in a thread of its own, and counts them."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._serve(connection)
            except OSError:
                return


def take_request(connection: socket.socket) -> bytes:
    """Read one request, headers and body, from a connection; empty once the other side has closed it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += (piece := connection.recv(65536))
        if not piece:
            return b""
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    ]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body
