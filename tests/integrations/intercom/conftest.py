"""Loopback servers that are closed again, and pretend answers for the real hosts."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
import responses

from tests.integrations.intercom.support import LoopbackServer

StartServer = Callable[[Callable[[socket.socket], None]], LoopbackServer]


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    servers: list[LoopbackServer] = []

    def start(serve: Callable[[socket.socket], None]) -> LoopbackServer:
        servers.append(LoopbackServer(serve))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock
