"""A code becomes a token, or a typed error that quotes neither; access is given back with the token alone."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from integrations.intercom.errors import AuthError, ForbiddenError, IntercomError, Kind, TransientError
from integrations.intercom.hosts import Region, app_url
from integrations.intercom.oauth import authorize_url, exchange_code, give_access_back
from integrations.intercom.session import Session
from tests.integrations.intercom.support import API, TOKEN, error_list

CODE = "a+b/c=="
SECRET = "client-secret-MARKED"
EXCHANGE = f"{API}/auth/eagle/token"
UNINSTALL = f"{API}/auth/uninstall"


def exchange(code: str = CODE) -> str:
    with Session() as session:
        return exchange_code(code, client_id="id", client_secret=SECRET, base_url=API, session=session)


def test_the_code_travels_in_the_body_as_it_is_and_no_token_goes_with_it(api: responses.RequestsMock) -> None:
    api.post(EXCHANGE, json={"token_type": "Bearer", "token": TOKEN, "access_token": TOKEN})
    assert exchange() == TOKEN
    asked = api.calls[0].request
    assert json.loads(asked.body or b"") == {"code": CODE, "client_id": "id", "client_secret": SECRET}
    assert "Authorization" not in asked.headers
    assert asked.url == EXCHANGE


def test_either_name_of_the_token_will_do(api: responses.RequestsMock) -> None:
    api.post(EXCHANGE, json={"token": TOKEN})
    assert exchange() == TOKEN


@pytest.mark.parametrize(
    "answer",
    [{}, [], None, "text", {"token": ""}, {"token": None}, {"access_token": 7}, {"token": "two words"}],
)
def test_an_answer_without_a_token_is_no_success(api: responses.RequestsMock, answer: Any) -> None:
    api.post(EXCHANGE, json=answer)
    with pytest.raises(TransientError) as failed:
        exchange()
    assert failed.value.kind is Kind.BAD_SHAPE


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 401, "body": "Unauthorized Code"}, AuthError),
        ({"status": 401, "json": error_list(("unauthorized", f"Unauthorized Code {CODE}"))}, AuthError),
        ({"status": 403, "json": error_list(("forbidden", "no"))}, ForbiddenError),
        ({"status": 500, "body": "<html>"}, TransientError),
        ({"status": 200, "body": "<html>welcome</html>"}, TransientError),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example"}}, TransientError),
        ({"body": requests.ConnectionError(f"refused {CODE} {SECRET}")}, TransientError),
    ],
)
def test_no_error_quotes_the_code_or_the_secret(
    api: responses.RequestsMock, answer: dict[str, Any], error: type[IntercomError]
) -> None:
    api.post(EXCHANGE, **answer)
    with pytest.raises(error) as failed:
        exchange()
    assert CODE not in str(failed.value)
    assert SECRET not in repr(failed.value)
    assert failed.value.exchange is not None
    assert failed.value.exchange.template == "/auth/eagle/token"


def test_the_permission_page_gets_the_state_and_the_way_back() -> None:
    url = authorize_url(
        "https://app.eu.intercom.com", client_id="id&x", state="7.s-t", redirect_uri="https://a.example/b/?c"
    )
    assert url.startswith("https://app.eu.intercom.com/oauth?")
    assert parse_qs(urlsplit(url).query) == {
        "client_id": ["id&x"],
        "state": ["7.s-t"],
        "redirect_uri": ["https://a.example/b/?c"],
    }


@pytest.mark.parametrize(
    ("region", "address"),
    [
        (Region.US, "https://app.intercom.com"),
        (Region.EU, "https://app.eu.intercom.com"),
        (Region.AU, "https://app.au.intercom.com"),
    ],
)
def test_each_region_has_a_permission_page_of_its_own(region: Region, address: str) -> None:
    assert app_url(region) == address
    assert app_url(region, override="http://127.0.0.1:8000/sandbox/") == "http://127.0.0.1:8000/sandbox"


@pytest.mark.parametrize("override", ["http://intercom.example", "ftp://app.intercom.com", "nonsense"])
def test_a_code_never_travels_in_the_clear(override: str) -> None:
    with pytest.raises(ValueError, match=r"base URL|plain http"):
        app_url(Region.US, override=override)


def test_the_sandbox_as_a_region_has_no_permission_page() -> None:
    with pytest.raises(ValueError, match="no permission page"):
        app_url(Region.SANDBOX)


def give_back() -> None:
    with Session() as session:
        give_access_back(TOKEN, base_url=API, session=session)


@pytest.mark.parametrize("answer", [{"json": {}}, {"body": ""}, {"status": 401, "body": "Token Invalid"}])
def test_access_that_is_gone_is_given_back(api: responses.RequestsMock, answer: dict[str, Any]) -> None:
    api.post(UNINSTALL, **answer)
    give_back()
    assert api.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 404, "json": {}}, {"body": "<html>"}])
def test_an_answer_that_says_nothing_is_not_taken_for_success(
    api: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    api.post(UNINSTALL, **answer)
    with pytest.raises(IntercomError):
        give_back()
