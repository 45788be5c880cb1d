"""Serves the pretend Intercom over HTTP/1.1 on loopback, in a thread or as a process of its own.

`python -m integrations.sandbox.server --file var/sandbox.sqlite3 --port 0` prints its address. Obeys the
transport hints for real: it stalls, drops, resets and halves answers. Never listens beyond loopback.
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from integrations.sandbox.control import Sandbox
from integrations.sandbox.courier import Courier
from integrations.sandbox.messages import Ending, Request, Response
from integrations.sandbox.store import Store
from integrations.sandbox.workspace import PretendIntercom

IDLE_SECONDS = 60
LARGEST_BODY = 2_000_000
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """One listening address; every connection is kept alive in a thread of its own."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, store: Store, *, port: int = 0, courier: Courier | None = None) -> None:
        self.closing = threading.Event()
        self.courier = courier or Courier(store)
        self.vendor = PretendIntercom(store, sleep=self.closing.wait, courier=self.courier)
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def server_bind(self) -> None:
        """As in the base class, without its look-up of the host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is an everyday thing; anything else is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stops accepting, cuts stalls short, closes every connection and waits for their threads."""
        self.shutdown()
        self.closing.set()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self.courier.stop()


class Handler(BaseHTTPRequestHandler):
    """One connection. Reads a request, asks the vendor, sends the answer as its hints say."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: Server

    def _serve(self) -> None:
        length = self._length()
        if not 0 <= length <= LARGEST_BODY:
            self.close_connection = True
            return
        address = urlsplit(self.path)
        request = Request(
            self.command,
            address.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            query=dict(parse_qsl(address.query, keep_blank_values=True)),
        )
        self._send(self.server.vendor.handle(request))

    def _length(self) -> int:
        """-1 for what is no number."""
        try:
            return int(self.headers.get("Content-Length") or 0)
        except ValueError:
            return -1

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815 (names that the base class looks for)

    def _send(self, response: Response) -> None:
        if response.delay:
            self.server.closing.wait(response.delay)
        if response.ending is Ending.SEND:
            self.wfile.write(self._head(response) + response.body)
            return
        self.close_connection = True
        if response.ending is Ending.HALF:
            self.wfile.write(self._head(response) + response.body[: len(response.body) // 2])
        elif response.ending is Ending.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.connection.close()

    def _head(self, response: Response) -> bytes:
        reason = self.responses.get(response.status, ("",))[0]
        lines = [f"HTTP/1.1 {response.status} {reason}", f"Content-Length: {len(response.body)}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Quiet: the store keeps the log of calls."""


@contextmanager
def running_sandbox(path: str | Path, *, port: int = 0) -> Iterator[Sandbox]:
    """Serves the store at `path` from a thread; gives the control object, whose `url` is the address."""
    sandbox = Sandbox(path)
    server = Server(sandbox.store, port=port, courier=sandbox.courier)
    sandbox.url = server.url
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sandbox
    finally:
        server.stop()
        thread.join()
        sandbox.close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Serves a pretend Intercom on loopback.")
    parser.add_argument("--file", required=True, type=Path, help="where the pretend workspaces are kept")
    parser.add_argument("--port", default=0, type=int, help="0 takes any free port")
    options = parser.parse_args(arguments)
    server = Server(Store(options.file), port=options.port)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
