"""Whatever a caller sends, the sandbox answers as Intercom would: never with a bug of its own."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrations.sandbox.conftest import Vendor, error_of
from tests.integrations.sandbox_fixtures import TOKEN

if TYPE_CHECKING:
    from integrations.sandbox.control import Sandbox

KEYS = [
    *(
        "role",
        "email",
        "external_id",
        "name",
        "phone",
        "avatar",
        "owner_id",
        "signed_up_at",
        "email_verified",
    ),
    *("unsubscribed_from_emails", "custom_attributes", "plan", "company_size", "trial_ends", "newsletter"),
    *("query", "field", "operator", "value", "pagination", "per_page", "starting_after", "sort", "order"),
    *("model", "data_type", "options", "description", "archived", "id", "from", "into"),
]
WORDS = [
    *("user", "lead", "contact", "AND", "OR", "=", "!=", "IN", "NIN", "~", "!~", "^", "$", ">", "<", ">="),
    *("email", "name", "created_at", "owner_id", "custom_attributes.plan", "custom_attributes.trial_ends"),
    *(
        "custom_attributes.company_size",
        "ana@example.com",
        "ascending",
        "options",
        "string",
        "",
        "YWZ0ZXI6MQ==",
    ),
    *("nan", "inf", "1e999", "-1", "9" * 5000, "\ud800", "\x00", "x" * 300, "custom_attributes.no"),
]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=9)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=15,
)
FILTERS = st.recursive(
    st.fixed_dictionaries(
        {"field": st.sampled_from(WORDS), "operator": st.sampled_from(WORDS), "value": LEAVES | JSON}
    ),
    lambda inner: st.fixed_dictionaries(
        {"operator": st.sampled_from(["AND", "OR"]), "value": st.lists(inner, max_size=3)}
    ),
    max_leaves=5,
)
BODIES = JSON | st.fixed_dictionaries({"query": FILTERS}, optional={"pagination": JSON, "sort": JSON})
CALLS = [
    *(("POST", "/contacts"), ("PUT", "/contacts/{id}"), ("POST", "/contacts/search")),
    *(("POST", "/contacts/merge"), ("POST", "/contacts/{id}/tags"), ("POST", "/tags")),
    *(("POST", "/data_attributes"), ("PUT", "/data_attributes/8104117"), ("GET", "/contacts/%00")),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=st.sampled_from(CALLS), body=BODIES)
def test_any_body_is_carried_out_or_refused(vendor: Vendor, call: tuple[str, str], body: Any) -> None:
    known = vendor.sandbox.add_contact("work0001", role="user")
    response = vendor.call(call[0], call[1].format(id=known), body)
    assert response.status < 500 or '"starting_after": ""' in json.dumps(body)
    if response.status != 200:
        error_of(response)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"email": "ana@example.com", "name": NaN}',
        b'{"email": "ana@example.com", "custom_attributes": {"lifetime_value": 1e999}}',
        b'{"email": "ana@example.com", "name": "\\ud800"}',
    ],
    ids=["not a number", "out of range", "half a character"],
)
def test_what_json_cannot_hold_is_refused(vendor: Vendor, raw: bytes) -> None:
    assert error_of(vendor.call("POST", "/contacts", raw))[:2] == (400, "parameter_invalid")


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", 10**400])
def test_a_date_filter_out_of_range_is_refused(vendor: Vendor, value: Any) -> None:
    query = {"field": "created_at", "operator": ">", "value": value}
    assert error_of(vendor.search(query))[:2] == (400, "parameter_invalid")


def test_a_cursor_beyond_any_list_is_refused(vendor: Vendor) -> None:
    cursor = "YWZ0ZXI6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ=="  # after:9999999999999999999999
    query = {"field": "role", "operator": "=", "value": "lead"}
    refused = vendor.search(query, pagination={"starting_after": cursor})
    assert error_of(refused)[:2] == (400, "parameter_invalid")


def test_messenger_writable_can_be_changed(vendor: Vendor) -> None:
    listed = vendor.call("GET", "/data_attributes").json()["data"]
    number = next(row["id"] for row in listed if row["name"] == "plan")
    changed = vendor.call("PUT", f"/data_attributes/{number}", {"messenger_writable": True}).json()
    assert (changed["messenger_writable"], changed["options"]) == (True, ["Free", "Pro", "Enterprise"])


@pytest.mark.parametrize("length", ["-1", "many", "99999999999"])
def test_a_body_of_no_sane_length_ends_the_connection(sandbox: Sandbox, length: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    headers = {"Content-Length": length, "Authorization": f"Bearer {TOKEN}"}
    connection.request("POST", "/contacts", headers=headers)
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()
