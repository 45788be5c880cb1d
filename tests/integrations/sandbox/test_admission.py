"""The door: tokens, rate limit, headers and what lies nowhere."""

from __future__ import annotations

import re

import pytest

from tests.integrations.sandbox.conftest import Vendor, error_of
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", f"Basic {TOKEN}", TOKEN])
def test_unknown_token_is_refused(vendor: Vendor, authorization: str) -> None:
    response = vendor.call("GET", "/me", headers={"authorization": authorization})
    assert error_of(response) == (401, "unauthorized", "Access Token Invalid")


def test_revoked_token_is_refused_until_restored(vendor: Vendor) -> None:
    vendor.sandbox.revoke(TOKEN)
    assert error_of(vendor.call("GET", "/me"))[:2] == (401, "token_revoked")
    vendor.sandbox.restore(TOKEN)
    assert vendor.call("GET", "/me").status == 200


def test_me_names_the_workspace_of_the_token(vendor: Vendor) -> None:
    other = vendor.sandbox.add_workspace("work0002", name="Other", region="Europe")
    app = vendor.call("GET", "/me", token=other).json()["app"]
    assert (app["id_code"], app["name"], app["region"]) == ("work0002", "Other", "Europe")


def test_adding_a_workspace_twice_keeps_it_and_adds_the_token(vendor: Vendor) -> None:
    vendor.create(email="ana@example.com")
    vendor.sandbox.add_workspace(WORKSPACE, name="Renamed", token="second")
    assert vendor.call("GET", "/me", token="second").json()["app"]["name"] == "Pretend workspace"
    assert vendor.call("GET", "/me").status == 200
    assert len(vendor.sandbox.contacts(WORKSPACE)) == 1


@pytest.mark.parametrize("accept", ["", "text/html"])
def test_wrong_accept_is_refused(vendor: Vendor, accept: str) -> None:
    response = vendor.call("GET", "/me", headers={"accept": accept})
    assert error_of(response)[:2] == (406, "media_type_not_acceptable")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("DELETE", "/me"),
        ("PATCH", "/contacts"),
        ("GET", "/contacts/"),
        ("GET", "/contacts/a/b/c"),
        ("POST", "/contacts/search/"),
    ],
)
def test_unknown_path_or_method_is_not_found(vendor: Vendor, method: str, path: str) -> None:
    assert error_of(vendor.call(method, path, {}))[:2] == (404, "not_found")


@pytest.mark.parametrize("token", [TOKEN, "nonsense"])
@pytest.mark.parametrize("path", ["/me", "/nowhere", "/contacts/unknown"])
def test_every_answer_carries_the_rate_headers_and_its_id(vendor: Vendor, path: str, token: str) -> None:
    headers = vendor.call("GET", path, token=token).headers
    assert headers["X-RateLimit-Limit"] == "1666"
    assert headers["X-RateLimit-Remaining"] == "1665"
    assert int(headers["X-RateLimit-Reset"]) - vendor.now == 10
    assert re.fullmatch("[a-z0-9]{20}", headers["X-Request-Id"])


def test_version_is_echoed(vendor: Vendor) -> None:
    answer = vendor.call("GET", "/me", headers={"intercom-version": "2.14"})
    assert answer.headers["Intercom-Version"] == "2.14"
    assert vendor.call("GET", "/me").headers["Intercom-Version"] == "2.16"


def test_flood_is_refused_until_the_window_ends_trap_15(vendor: Vendor) -> None:
    vendor.sandbox.set_limit(WORKSPACE, 2)
    answers = [vendor.call("GET", "/me") for _ in range(3)]
    assert [each.headers["X-RateLimit-Remaining"] for each in answers] == ["1", "0", "0"]
    refusal = error_of(answers[2])
    assert refusal == (429, "rate_limit_exceeded", "Exceeded rate limit of 2 in 10_seconds")
    assert "Retry-After" not in answers[2].headers
    vendor.now = float(answers[2].headers["X-RateLimit-Reset"]) - 0.5
    assert vendor.call("GET", "/me").status == 429
    vendor.now += 0.5
    assert vendor.call("GET", "/me").status == 200


def test_refused_flood_writes_nothing(vendor: Vendor) -> None:
    vendor.sandbox.set_limit(WORKSPACE, 0)
    assert vendor.call("POST", "/contacts", {"email": "ana@example.com"}).status == 429
    assert vendor.sandbox.contacts(WORKSPACE) == []


def test_limit_is_each_workspaces_own(vendor: Vendor) -> None:
    other = vendor.sandbox.add_workspace("work0002")
    vendor.sandbox.set_limit(WORKSPACE, 0)
    assert vendor.call("GET", "/me", token=other).status == 200


def test_own_mistake_is_logged_and_answered_500(
    vendor: Vendor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.sandbox.people.save", None)
    assert error_of(vendor.call("POST", "/contacts", {"email": "ana@example.com"}))[:2] == (
        500,
        "server_error",
    )
    assert "The sandbox failed on POST /contacts" in caplog.text
    assert vendor.sandbox.contacts(WORKSPACE) == []
