"""The bench's stand-in for Intercom, a process of its own: `python -m tests.bench.server`.

Prints its port; ends when its standard input does. Raw asyncio, so that it is never what is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import cast

from tests.bench.pretence import Answer, Workspace

HEAD_ENDS = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TOKEN = re.compile(rb"\r\nauthorization: *bearer +(\S+)", re.IGNORECASE)
BOOKS = "/bench"
"""GET answers the books; PUT empties them and sets latency and limit. Never counted, limited or late."""


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection; requests may be cut anywhere on their way."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._whole_request()) is not None:
            self._serve(*request)

    def _whole_request(self) -> tuple[bytes, bytes] | None:
        """Head and body of the next request, once all of it is here."""
        end = self._buffer.find(HEAD_ENDS)
        if end < 0:
            return None
        head = bytes(self._buffer[:end])
        told = LENGTH.search(head)
        body_from = end + len(HEAD_ENDS)
        body_to = body_from + (int(told[1]) if told else 0)
        if len(self._buffer) < body_to:
            return None
        body = bytes(self._buffer[body_from:body_to])
        del self._buffer[:body_to]
        return head, body

    def _serve(self, head: bytes, body: bytes) -> None:
        method, target, _version = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        path = target.partition("?")[0]
        if path == BOOKS:
            if method == "PUT":
                self._workspace.reset(json.loads(body))
            self._transport.write(_encoded(Answer(self._workspace.books.as_json())))
            return
        answer = _encoded(self._answer(method, path, head=head, body=body))
        if self._workspace.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._workspace.latency, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _answer(self, method: str, path: str, *, head: bytes, body: bytes) -> Answer:
        if path == "/me" and (token := TOKEN.search(head)):
            return self._workspace.me(token[1].decode())
        return self._workspace.answer(method, path, body)


def _encoded(answer: Answer) -> bytes:
    first = f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n".encode()
    rest = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(answer.body)
    return b"".join((first, rest, answer.headers, b"\r\n", answer.body))


async def serve() -> None:
    loop, workspace, over = asyncio.get_running_loop(), Workspace(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), over.set)
    server = await loop.create_server(lambda: Connection(workspace), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await over.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
