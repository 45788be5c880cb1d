"""Real sockets: a call ends at its deadline and says whether it may have acted."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from integrations.intercom.errors import Kind, TransientError
from integrations.intercom.session import Session
from tests.integrations.intercom.support import TOKEN, http, take_request

if TYPE_CHECKING:
    from tests.integrations.intercom.conftest import StartServer

DEADLINE = 0.5
IN_TIME = 1.2
TRIES = 6
"""A busy machine may hold up one call or another; a deadline that is wrong holds up each."""
PATIENCE = 40.0
"""How long the other side drips or stalls if nobody goes away."""


def drip(connection: socket.socket, start: bytes, piece: bytes) -> None:
    take_request(connection)
    connection.sendall(start)
    for _ in itertools.repeat(None, int(PATIENCE / 0.05)):
        connection.sendall(piece)
        time.sleep(0.05)


def drip_headers(connection: socket.socket) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a")


def drip_body(connection: socket.socket) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" ")


def drip_chunks(connection: socket.socket) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")


def drip_continue(connection: socket.socket) -> None:
    drip(connection, b"", b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_hints(connection: socket.socket) -> None:
    drip(connection, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


def close_unanswered(connection: socket.socket) -> None:
    take_request(connection)


def answer(connection: socket.socket) -> None:
    take_request(connection)
    connection.sendall(http(b"{}"))


def stall(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(PATIENCE)


def call(
    url: str, *, session: Session | None = None, body: Mapping[str, str] = MappingProxyType({"role": "lead"})
) -> TransientError:
    with session or Session(deadline=DEADLINE) as http_session, pytest.raises(TransientError) as caught:
        http_session.send("POST", "/contacts", token=TOKEN, base_url=url, json=dict(body))
    return caught.value


def in_time(cut_off: Callable[[], TransientError]) -> TransientError:
    for _ in range(TRIES):
        started = time.monotonic()
        error = cut_off()
        if time.monotonic() - started < IN_TIME:
            return error
    pytest.fail(f"none of {TRIES} calls ended within {IN_TIME} seconds")


@pytest.mark.parametrize("serve", [drip_headers, drip_body, drip_chunks, drip_continue, drip_hints, stall])
def test_a_server_that_drips_or_stalls_is_cut_off_at_the_deadline(
    start_server: StartServer, serve: Callable[[socket.socket], None]
) -> None:
    server = start_server(serve)
    error = in_time(lambda: call(server.url))
    assert (error.kind, error.maybe_acted) == (Kind.TIMEOUT, True)


def test_a_body_cut_off_keeps_the_status_and_the_rate_headers_that_came(start_server: StartServer) -> None:
    rate = b"X-RateLimit-Limit: 167\r\nX-RateLimit-Remaining: 3\r\nX-RateLimit-Reset: 1611537992\r\n"
    server = start_server(
        lambda sock: drip(sock, b"HTTP/1.1 200 OK\r\n" + rate + b"Content-Length: 9999\r\n\r\n", b" ")
    )
    error = call(server.url)
    assert error.exchange is not None
    assert error.exchange.status == 200
    assert error.exchange.rate is not None
    assert error.exchange.rate.remaining == 3


def test_a_connection_that_was_cut_off_is_not_used_again(start_server: StartServer) -> None:
    turns = iter([drip_body, answer])
    server = start_server(lambda sock: next(turns)(sock))
    with Session(deadline=DEADLINE) as session:
        with pytest.raises(TransientError):
            session.send("GET", "/me", token=TOKEN, base_url=server.url)
        reply = session.send("GET", "/me", token=TOKEN, base_url=server.url)
    assert reply.data == {}
    assert server.connections == 2


def test_a_good_connection_is_used_again_and_each_call_has_a_deadline_of_its_own(
    start_server: StartServer,
) -> None:
    def serve(connection: socket.socket) -> None:
        while take_request(connection):
            time.sleep(0.2)
            connection.sendall(http(b"{}"))

    server = start_server(serve)
    with Session(deadline=DEADLINE) as session:
        for _ in range(4):
            session.send("GET", "/me", token=TOKEN, base_url=server.url)
    assert server.connections == 1


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_an_answer_after_an_interim_one_is_not_the_next_calls(
    start_server: StartServer, interim: str
) -> None:
    def serve(connection: socket.socket) -> None:
        for number in itertools.count():
            if not take_request(connection):
                return
            connection.sendall(f"HTTP/1.1 {interim}\r\nLink: </a>\r\n\r\n".encode())
            time.sleep(0.05)
            connection.sendall(http(b'{"id": %d}' % number))

    server = start_server(serve)
    with Session() as session:
        replies = [session.send("GET", "/me", token=TOKEN, base_url=server.url).data for _ in range(3)]
    assert (replies, server.connections) == ([{"id": 0}, {"id": 1}, {"id": 2}], 1)


def test_calls_in_many_threads_keep_their_deadlines_apart(start_server: StartServer) -> None:
    def serve(connection: socket.socket) -> None:
        while b"GET /me" in take_request(connection):
            connection.sendall(http(b"{}"))
        time.sleep(PATIENCE)

    server = start_server(serve)

    def outcome(path: str) -> object:
        try:
            return session.send("GET", path, token=TOKEN, base_url=server.url).data
        except TransientError as error:
            return error.kind

    with Session(deadline=DEADLINE) as session, ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(outcome, ["/me", "/contacts"] * 4))
    assert outcomes == [{}, Kind.TIMEOUT] * 4


def test_a_refused_connection_surely_did_not_act() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = call(f"http://127.0.0.1:{port}")
    assert (error.kind, error.maybe_acted) == (Kind.REFUSED, False)


def test_a_failed_tls_handshake_surely_did_not_act(start_server: StartServer) -> None:
    server = start_server(lambda sock: sock.sendall(sock.recv(65536) and b"this is no TLS"))
    error = call(f"https://{server.address}")
    assert (error.kind, error.maybe_acted) == (Kind.TLS, False)


def test_a_stalled_tls_handshake_ends_at_the_deadline_and_surely_did_not_act(
    start_server: StartServer,
) -> None:
    server = start_server(stall)
    error = in_time(lambda: call(f"https://{server.address}"))
    assert (error.kind, error.maybe_acted) == (Kind.CONNECT_TIMEOUT, False)


def test_an_unknown_host_name_surely_did_not_act(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error = call("http://intercom.invalid")
    assert (error.kind, error.maybe_acted) == (Kind.UNREACHABLE, False)


def test_nothing_is_sent_once_looking_up_the_name_took_the_whole_deadline(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[bytes] = []
    server = start_server(lambda sock: received.append(sock.recv(10)))
    look_up = socket.getaddrinfo

    def slowly(*args: object, **kwargs: object) -> object:
        time.sleep(0.2)
        return look_up(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    error = call(server.url, session=Session(deadline=0.1))
    assert (error.kind, error.maybe_acted, received) == (Kind.CONNECT_TIMEOUT, False, [])


def test_a_connection_closed_without_an_answer_may_have_acted(start_server: StartServer) -> None:
    server = start_server(close_unanswered)
    error = call(server.url)
    assert (error.kind, error.maybe_acted) == (Kind.RESET, True)


def test_half_an_answer_may_have_acted(start_server: StartServer) -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"type":"contact","id":"6'
    server = start_server(lambda sock: sock.sendall(take_request(sock) and half))
    error = call(server.url)
    assert (error.kind, error.maybe_acted) == (Kind.BROKEN, True)


def test_an_answer_that_is_not_http_may_have_acted(start_server: StartServer) -> None:
    server = start_server(lambda sock: sock.sendall(take_request(sock) and b"HELLO\r\n\r\n"))
    error = call(server.url)
    assert (error.kind, error.maybe_acted) == (Kind.RESET, True)


def test_a_reader_that_never_reads_is_cut_off_while_we_send(start_server: StartServer) -> None:
    server = start_server(lambda _: time.sleep(PATIENCE))
    error = in_time(lambda: call(server.url, body={"name": "x" * 20_000_000}))
    assert (error.kind, error.maybe_acted) == (Kind.TIMEOUT, True)
