"""The sandbox lets a person in by a code, once, and takes the access back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings

    from integrations.sandbox.control import Sandbox

KEYS = {"client_id": "id", "client_secret": "secret"}


def hand_in(sandbox: Sandbox, **body: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/auth/eagle/token", json={**KEYS, **body}, timeout=5)


def call(sandbox: Sandbox, method: str, path: str, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, sandbox.url + path, headers=headers, timeout=5)


def test_a_code_opens_its_workspace_until_the_access_is_given_back(sandbox: Sandbox) -> None:
    answer = hand_in(sandbox, code=sandbox.issue_code(WORKSPACE)).json()
    assert answer["token"] == answer["access_token"] != TOKEN
    assert call(sandbox, "GET", "/me", answer["token"]).json()["app"]["id_code"] == WORKSPACE
    assert call(sandbox, "POST", "/auth/uninstall", answer["token"]).status_code == 200
    assert call(sandbox, "GET", "/me", answer["token"]).status_code == 401
    assert call(sandbox, "GET", "/me", TOKEN).status_code == 200


def test_a_code_is_good_once(sandbox: Sandbox) -> None:
    code = sandbox.issue_code(WORKSPACE)
    assert hand_in(sandbox, code=code).status_code == 200
    assert hand_in(sandbox, code=code).status_code == 401


@pytest.mark.parametrize("end", ["", " ", "x", "=="])
def test_a_code_that_was_changed_on_its_way_opens_nothing(sandbox: Sandbox, end: str) -> None:
    code = sandbox.issue_code(WORKSPACE).rstrip("=") + end
    assert hand_in(sandbox, code=code).status_code == 401


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "code"])
def test_every_part_is_needed(sandbox: Sandbox, missing: str) -> None:
    body = {"code": sandbox.issue_code(WORKSPACE), missing: ""}
    assert hand_in(sandbox, **body).status_code == 401


def test_neither_code_nor_secret_is_in_the_log_of_calls(sandbox: Sandbox) -> None:
    code = sandbox.issue_code(WORKSPACE)
    hand_in(sandbox, code=code)
    assert all(code not in str(one) for one in sandbox.calls(WORKSPACE))


@pytest.fixture
def pages(client: Client, settings: Settings, tmp_path: Path, db: None) -> Client:
    settings.INTERCOM_SANDBOX_FILE = tmp_path / "pages.sqlite3"
    settings.PUBLIC_URL = "http://testserver"
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


def test_the_permission_page_leads_back_with_a_code_and_the_state(pages: Client) -> None:
    query = {"redirect_uri": "http://testserver/back/", "state": "7.s", "client_id": "id"}
    page = pages.get(reverse("sandbox:authorize"), query)
    ((_name, url),) = page.context["answers"]
    given = parse_qs(urlsplit(url).query)
    assert given["state"] == ["7.s"]
    assert given["code"][0].endswith("=")
    assert "error=access_denied" in page.context["denied"]


@pytest.mark.parametrize(
    "back", ["", "javascript:alert(1)", "http://evil.example/", "http://testserver.evil/"]
)
def test_the_permission_page_leads_nowhere_else(pages: Client, back: str) -> None:
    assert pages.get(reverse("sandbox:authorize"), {"redirect_uri": back}).status_code == 404


def test_the_permission_page_asks_for_a_login(client: Client, db: None) -> None:
    assert client.get(reverse("sandbox:authorize")).status_code == 302
