"""The oracle: the log of calls, the history of writes, the scene-setting controls."""

from __future__ import annotations

import pytest

from integrations.sandbox import admission
from integrations.sandbox.context import Event
from tests.integrations.sandbox.conftest import Vendor
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE


def test_every_call_is_logged_with_its_body(vendor: Vendor) -> None:
    vendor.create(email="ana@example.com")
    vendor.call("GET", "/contacts/unknown")
    create, show = vendor.sandbox.calls(WORKSPACE)
    assert (create.method, create.path, create.body) == ("POST", "/contacts", {"email": "ana@example.com"})
    assert (create.status, create.acted, create.at) == (200, True, vendor.now)
    assert (show.status, show.acted) == (404, False)


def test_refused_calls_are_logged_too(vendor: Vendor) -> None:
    vendor.call("GET", "/me", token="nonsense")
    vendor.sandbox.set_limit(WORKSPACE, 0)
    vendor.call("GET", "/me")
    stranger, flood = vendor.sandbox.calls()
    assert (stranger.workspace, stranger.status, stranger.result) == ("", 401, None)
    assert (flood.workspace, flood.status, flood.result) == (WORKSPACE, 429, None)


def test_calls_can_be_counted_from_a_mark_by_method_and_path(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    mark = vendor.sandbox.mark()
    vendor.call("PUT", f"/contacts/{ana['id']}", {"name": "Ana"})
    vendor.found("ana@example.com")
    calls = vendor.sandbox.calls
    assert [call.method for call in calls(WORKSPACE, since=mark)] == ["PUT", "POST"]
    assert len(calls(WORKSPACE, since=mark, method="POST")) == 1
    assert len(calls(WORKSPACE, path="/contacts/*")) == 2
    assert calls("work0002") == []


def test_log_is_bounded(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "CALLS_KEPT", 10)
    for _ in range(1000):
        vendor.call("GET", "/me", token="nonsense")
    assert len(vendor.sandbox.calls()) == 10


def test_no_token_is_in_the_log(vendor: Vendor) -> None:
    vendor.call("GET", "/me")
    assert TOKEN not in repr(vendor.sandbox.calls())


def test_history_tells_what_each_call_wrote(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    vendor.now += 60
    vendor.call("PUT", f"/contacts/{ana['id']}", {"name": "Ana"})
    vendor.call("PUT", f"/contacts/{ana['id']}", {"phone": "nonsense"})
    created, updated = vendor.sandbox.history(ana["id"])
    assert (created.event, created.written) == (Event.CREATED, {"email": "ana@example.com"})
    assert (updated.event, updated.written, updated.at) == (Event.UPDATED, {"name": "Ana"}, vendor.now)
    assert updated.call == vendor.sandbox.calls(WORKSPACE)[1].id


def test_creations_keep_count_of_contacts_that_are_gone(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com")
    vendor.call("DELETE", f"/contacts/{ana['id']}")
    assert [each.contact for each in vendor.sandbox.creations(WORKSPACE)] == [ana["id"]]


def test_teammates_change_is_seen_by_the_api(vendor: Vendor) -> None:
    ana = vendor.create(email="ana@example.com", custom_attributes={"plan": "Free"})
    vendor.sandbox.change_contact(WORKSPACE, ana["id"], custom_attributes={"plan": "Pro"}, name="Ana")
    seen = vendor.call("GET", f"/contacts/{ana['id']}").json()
    assert (seen["custom_attributes"], seen["name"]) == ({"plan": "Pro"}, "Ana")


def test_unknown_workspace_is_an_error(vendor: Vendor) -> None:
    with pytest.raises(LookupError):
        vendor.sandbox.set_lag("unknown1", 5)


def test_unknown_contact_is_an_error(vendor: Vendor) -> None:
    with pytest.raises(LookupError):
        vendor.sandbox.contact(WORKSPACE, "unknown")
