"""The stand-in measured by itself, so that nobody takes its own limit for the drain's."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

from tests.bench.figures import Figure
from tests.bench.people import create_body
from tests.bench.setting import Setting

CONNECTIONS = 32
SECONDS = 2.0


class Client(asyncio.Protocol):
    """Sends the same request again as soon as an answer is whole."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = int(self._buffer.split(b"Content-Length: ", 1)[1].split(b"\r\n", 1)[0])
        if len(self._buffer) >= head_end + 4 + length:
            self._buffer.clear()
            self._transport.write(self._request)

    def close(self) -> None:
        self._transport.close()


async def _hammer(url: str) -> None:
    """As many creates as the stand-in answers in SECONDS."""
    loop, address = asyncio.get_running_loop(), urlsplit(url)
    body = json.dumps(create_body("alone@example.com")).encode()
    head = f"POST /contacts HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    clients = []
    for _ in range(CONNECTIONS):
        _, client = await loop.create_connection(
            lambda: Client(request), address.hostname or "", address.port or 0
        )
        clients.append(client)
    await asyncio.sleep(SECONDS)
    for client in clients:
        client.close()


def measure(setting: Setting) -> Iterator[Figure]:
    """By its own books, not by what the client believes."""
    rates = []
    for _ in range(setting.size.rounds):
        setting.stub.reset()
        since = time.perf_counter()
        asyncio.run(_hammer(setting.stub.url))
        seconds = time.perf_counter() - since
        rates.append(setting.stub.books().total / seconds)
    yield Figure(f"stand-in alone, {CONNECTIONS} connections: creates/s", rates)
