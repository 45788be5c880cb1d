"""What goes out and what is kept of each call."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import requests

from integrations.intercom.errors import AuthError, IntercomError, Kind, TransientError
from integrations.intercom.exchange import Exchange, RateLimit
from integrations.intercom.session import Reply, Session
from tests.integrations.intercom.support import API, TOKEN, error_list, http, take_request

if TYPE_CHECKING:
    import socket

    import responses

    from tests.integrations.intercom.conftest import StartServer

RATE = {"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "152", "X-RateLimit-Reset": "1611537992"}


def send(*, url: str = API, session: Session | None = None, **more: Any) -> Reply:
    with session or Session(deadline=2) as door:
        return door.send(more.pop("method", "POST"), "/contacts", token=TOKEN, base_url=url, **more)


def failing(**more: Any) -> IntercomError:
    with pytest.raises(IntercomError) as caught:
        send(**more)
    return caught.value


def lost(**more: Any) -> TransientError:
    error = failing(**more)
    assert isinstance(error, TransientError)
    return error


def exchanges_of(**more: Any) -> list[Exchange]:
    heard: list[Exchange] = []
    with contextlib.suppress(IntercomError):
        send(session=Session(on_exchange=heard.append), **more)
    return heard


def test_trap_16_the_version_is_always_sent(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json={})
    send(json={"role": "lead"})
    headers = api.calls[0].request.headers
    assert headers["Intercom-Version"] == "2.16"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept"] == headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "LeadSync/0.1"


def test_a_call_without_a_token_sends_no_authorization(api: responses.RequestsMock) -> None:
    api.post(f"{API}/auth/eagle/token", json={})
    with Session() as session:
        session.send("POST", "/auth/eagle/token", token=None, base_url=API, json={})
    assert "Authorization" not in api.calls[0].request.headers


def test_a_path_in_the_base_url_is_kept(api: responses.RequestsMock) -> None:
    api.post("http://127.0.0.1:8000/sandbox/contacts", json={"id": "1"})
    assert send(url="http://127.0.0.1:8000/sandbox/").data == {"id": "1"}


def test_rate_headers_are_read_on_success(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json={}, headers=RATE)
    assert send().exchange.rate == RateLimit(limit=167, remaining=152, reset=1611537992)


@pytest.mark.parametrize("status", [302, 400, 401, 404, 409, 429, 500])
def test_rate_headers_are_read_on_every_error(api: responses.RequestsMock, status: int) -> None:
    api.post(f"{API}/contacts", json=error_list(("x", "y")), status=status, headers=RATE)
    exchange = failing().exchange
    assert exchange is not None
    assert exchange.rate == RateLimit(limit=167, remaining=152, reset=1611537992)


@pytest.mark.parametrize("nonsense", ["", "many", "-1", "1.5", "9" * 99])
def test_nonsense_rate_headers_are_ignored(api: responses.RequestsMock, nonsense: str) -> None:
    api.post(f"{API}/contacts", json={}, headers={**RATE, "X-RateLimit-Remaining": nonsense})
    assert send().exchange.rate is None


def test_the_request_id_comes_from_the_header(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json={"request_id": "body"}, headers={"X-Request-Id": "002hggmao1o8da2uhbag"})
    assert send().exchange.request_id == "002hggmao1o8da2uhbag"


def test_the_request_id_comes_from_the_error_body_without_a_header(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json=error_list(("x", "y")), status=400)
    exchange = failing().exchange
    assert exchange is not None
    assert exchange.request_id == "002hggmao1o8da2uhbag"


@pytest.mark.parametrize("told", [None, 5, [], "two words", "x" * 200])
def test_a_nonsense_request_id_is_ignored(api: responses.RequestsMock, told: object) -> None:
    api.post(f"{API}/contacts", json={"request_id": told})
    assert send().exchange.request_id == ""


def test_the_exchange_says_when_in_utc_and_how_long(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json={})
    exchange = send().exchange
    assert exchange.started_at.utcoffset() is not None
    assert exchange.duration_ms >= 0
    assert (exchange.method, exchange.path, exchange.status) == ("POST", "/contacts", 200)


def test_the_observer_hears_of_a_success(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json={})
    assert [exchange.status for exchange in exchanges_of()] == [200]


def test_the_observer_hears_of_an_error(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", status=429, headers=RATE)
    heard = exchanges_of()
    assert [(exchange.status, exchange.rate is not None) for exchange in heard] == [(429, True)]


def test_the_observer_hears_of_a_call_without_an_answer(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", body=requests.ConnectionError("reset"))
    assert [exchange.status for exchange in exchanges_of()] == [None]


def test_a_connection_error_of_unknown_cause_may_have_acted(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", body=requests.ConnectionError("?"))
    error = lost()
    assert (error.kind, error.maybe_acted) == (Kind.RESET, True)


def test_a_connect_timeout_surely_did_not_act(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", body=requests.ConnectTimeout("slow"))
    error = lost()
    assert (error.kind, error.maybe_acted) == (Kind.CONNECT_TIMEOUT, False)


def test_a_redirect_to_elsewhere_is_not_followed(start_server: StartServer) -> None:
    visited: list[bytes] = []
    elsewhere = start_server(lambda sock: visited.append(take_request(sock)))
    location = f"Location: {elsewhere.url}/steal\r\n"
    server = start_server(
        lambda sock: sock.sendall(take_request(sock) and http(b"", status="302 Found", headers=location))
    )
    assert lost(url=server.url, json={}).kind is Kind.REDIRECT
    assert visited == []


def test_the_body_of_a_redirect_is_limited_too(start_server: StartServer) -> None:
    page = http(b" " * (5 * 1024 * 1024), status="302 Found", headers="Location: /b\r\n")
    server = start_server(lambda sock: sock.sendall(take_request(sock) and page))
    assert lost(url=server.url).kind is Kind.TOO_LARGE


@pytest.mark.parametrize("location", ["http://[", "//", "http://exa mple:99999/", "\xff"])
def test_a_nonsense_location_is_just_a_redirect(start_server: StartServer, location: str) -> None:
    page = http(b"", status="302 Found", headers=f"Location: {location}\r\n")
    server = start_server(lambda sock: sock.sendall(take_request(sock) and page))
    assert lost(url=server.url).kind is Kind.REDIRECT


def test_head_and_body_arrive_together(start_server: StartServer) -> None:
    first: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        first.append(connection.recv(65536))
        connection.sendall(http(b"{}"))

    server = start_server(serve)
    send(url=server.url, json={"email": "ana@example.com"})
    assert first[0].startswith(b"POST /contacts HTTP/1.1\r\n")
    assert first[0].endswith(b'\r\n\r\n{"email": "ana@example.com"}')


def test_a_body_of_many_pieces_arrives_whole(start_server: StartServer) -> None:
    received: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        received.append(take_request(connection))
        connection.sendall(http(b"{}"))

    server = start_server(serve)
    send(url=server.url, json={"name": "x" * 200_000})
    assert received[0].endswith(b'{"name": "' + b"x" * 200_000 + b'"}')


def test_a_host_is_asked_again_after_many_others(start_server: StartServer) -> None:
    def serve(connection: socket.socket) -> None:
        while take_request(connection):
            connection.sendall(http(b'{"port": %d}' % connection.getsockname()[1]))

    servers = [start_server(serve) for _ in range(12)]
    with Session(deadline=2) as session:
        for server in (*servers, servers[0], servers[0]):
            reply = session.send("GET", "/me", token=TOKEN, base_url=server.url)
            assert server.url.endswith(f":{reply.data['port']}")


def test_no_cookie_is_kept(start_server: StartServer) -> None:
    received: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        while request := take_request(connection):
            received.append(request)
            connection.sendall(http(b"{}", headers="Set-Cookie: workspace=one; Path=/\r\n"))

    server = start_server(serve)
    with Session() as session:
        for _ in range(2):
            session.send("GET", "/me", token=TOKEN, base_url=server.url)
    assert len(received) == 2
    assert b"cookie" not in received[1].lower()


def test_no_proxy_and_no_netrc_of_the_environment_is_used(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    received: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        received.append(take_request(connection))
        connection.sendall(http(b"{}"))

    server = start_server(serve)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    send(url=server.url)
    assert f"Authorization: Bearer {TOKEN}".encode() in received[0]


def test_html_with_200_is_no_success(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", body="<html>Be right back</html>", content_type="text/html")
    error = lost()
    assert (error.kind, error.maybe_acted) == (Kind.NOT_JSON, True)


@pytest.mark.parametrize("body", [b'{"id":', b"\xff\xfe\x00", b"[" * 100_000, b'{"a":NaN}', b'{"a":1e999}'])
def test_json_that_cannot_be_trusted_is_no_success(api: responses.RequestsMock, body: bytes) -> None:
    api.post(f"{API}/contacts", body=body)
    error = lost()
    assert (error.kind, error.maybe_acted) == (Kind.NOT_JSON, True)


def test_an_empty_204_carries_no_data(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", status=204)
    assert send().data is None


def test_a_body_over_the_limit_is_given_up(start_server: StartServer) -> None:
    page = http(b'"' + b"x" * (5 * 1024 * 1024) + b'"')
    server = start_server(lambda sock: sock.sendall(take_request(sock) and page))
    error = lost(url=server.url)
    assert (error.kind, error.maybe_acted) == (Kind.TOO_LARGE, True)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_gzip_bomb_counts_as_what_it_unpacks_to(start_server: StartServer, *, chunked: bool) -> None:
    bomb = gzip.compress(b" " * (200 * 1024 * 1024), compresslevel=1)
    page = http(bomb, headers="Content-Encoding: gzip\r\n")
    if chunked:
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        page = head + f"{len(bomb):x}\r\n".encode() + bomb + b"\r\n0\r\n\r\n"
    server = start_server(lambda sock: sock.sendall(take_request(sock) and page))
    assert lost(url=server.url).kind is Kind.TOO_LARGE


def test_a_gzipped_answer_is_unpacked(start_server: StartServer) -> None:
    page = http(gzip.compress(b'{"id":"1"}'), headers="Content-Encoding: gzip\r\n")
    server = start_server(lambda sock: sock.sendall(take_request(sock) and page))
    assert send(url=server.url).data == {"id": "1"}


def test_a_broken_gzip_may_have_acted(start_server: StartServer) -> None:
    page = http(b"no gzip at all", headers="Content-Encoding: gzip\r\n")
    server = start_server(lambda sock: sock.sendall(take_request(sock) and page))
    error = lost(url=server.url)
    assert (error.kind, error.maybe_acted) == (Kind.BROKEN, True)


def test_a_429_whose_body_is_lost_is_still_a_rate_limit(start_server: StartServer) -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 99\r\n\r\n{"
    server = start_server(lambda sock: sock.sendall(take_request(sock) and head))
    assert type(failing(url=server.url)).__name__ == "RateLimitedError"


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve", "x" * 5000])
def test_a_token_that_cannot_be_one_is_an_auth_error_that_does_not_quote_it(token: str) -> None:
    with Session() as session, pytest.raises(AuthError) as caught:
        session.send("GET", "/me", token=token, base_url=API)
    assert str(caught.value) == "AuthError"
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_body_that_json_cannot_hold_is_not_sent(api: responses.RequestsMock, value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        send(json={"score": value})
    assert len(api.calls) == 0


FAULTS: list[dict[str, Any]] = [
    {"status": status, "json": error_list(("x", "no ana@example.com"))}
    for status in (302, 400, 401, 403, 404, 408, 409, 410, 429, 500)
] + [
    {"body": "<html>ana@example.com</html>"},
    {"body": requests.ConnectionError("ana@example.com")},
    {"body": requests.ReadTimeout("ana@example.com")},
    {"body": requests.exceptions.SSLError("ana@example.com")},
]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_error_and_no_log_holds_the_token_or_an_email(
    api: responses.RequestsMock, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    api.post(f"{API}/contacts", **fault)
    with caplog.at_level(logging.DEBUG):
        error = failing(json={"email": "ana@example.com"})
    told = f"{error} {error!r} {error.args} {caplog.text}"
    assert TOKEN not in told
    assert "ana@example.com" not in told
    assert error.__cause__ is None
    assert error.__context__ is None


def test_no_log_of_a_real_connection_holds_the_token_or_an_email(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    page = http(json.dumps(error_list(("conflict", "ana@example.com"))).encode(), status="409 Conflict")
    server = start_server(lambda sock: sock.sendall(take_request(sock) and page))
    with caplog.at_level(logging.DEBUG):
        failing(url=server.url, json={"email": "ana@example.com"})
    assert "409" in caplog.text
    assert TOKEN not in caplog.text
    assert "ana@example.com" not in caplog.text


def test_the_session_and_the_exchange_show_no_token(api: responses.RequestsMock) -> None:
    api.post(f"{API}/contacts", json={})
    session = Session()
    told = f"{session!r} {send(session=session)!r} {vars(session)}"
    assert TOKEN not in told
