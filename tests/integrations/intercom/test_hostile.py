"""Whatever status, headers and bytes come: an answer or an IntercomError, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import responses
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.intercom.errors import IntercomError, TransientError
from tests.integrations.intercom.support import API, TOKEN, client

if TYPE_CHECKING:
    from integrations.intercom.client import IntercomClient

KEYS = [
    "id",
    "type",
    "data",
    "pages",
    "next",
    "starting_after",
    "total_count",
    "errors",
    "code",
    "message",
    "field",
    "app",
    "id_code",
    "region",
    "full_name",
    "options",
    "value",
    "custom",
    "custom_attributes",
    "created_at",
    "email",
    "request_id",
    "archived",
    "deleted",
]
NAMES = [
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "Link",
    "X-Request-Id",
    "Location",
    "Set-Cookie",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
]
PATHS = ("/me", "/contacts", "/contacts/search", "/contacts/1", "/contacts/1/unarchive", "/data_attributes")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=15,
)
BODIES = st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode())
PRINTABLE = st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f\x85\xa0")
TELLING = ["gzip", "gzip, gzip", "0", "5", "application/json", '</contacts/a>; rel="canonical"']
HEADERS = st.dictionaries(
    st.sampled_from(NAMES), st.text(PRINTABLE, max_size=40) | st.sampled_from(TELLING), max_size=5
)
CALLS: list[Callable[[IntercomClient], object]] = [
    lambda intercom: intercom.me(),
    lambda intercom: intercom.create_contact({"role": "lead"}),
    lambda intercom: intercom.search_contacts(["a@example.com"]),
    lambda intercom: intercom.delete_contact("1"),
    lambda intercom: intercom.unarchive_contact("1"),
    lambda intercom: intercom.list_data_attributes(),
    lambda intercom: intercom.create_data_attribute("a", data_type="string"),
]


def answer_everything(
    api: responses.RequestsMock, *, body: bytes, status: int, headers: dict[str, str]
) -> None:
    for method in ("GET", "POST", "DELETE"):
        for path in PATHS:
            api.add(method, API + path, body=body, status=status, headers=headers)


def outcome_of(call: Callable[[IntercomClient], object]) -> object:
    try:
        return call(client())
    except IntercomError as error:
        return error


@settings(max_examples=400, deadline=None)
@given(call=st.sampled_from(CALLS), status=st.integers(200, 599), headers=HEADERS, body=BODIES)
@example(call=CALLS[0], status=302, headers={"Location": "http://["}, body=b"")
@example(call=CALLS[0], status=429, headers={"Retry-After": "Mon, 99 Foo 99999 99:99:99"}, body=b"")
def test_only_an_answer_or_an_intercom_error_comes_out(
    call: Callable[[IntercomClient], object], status: int, headers: dict[str, str], body: bytes
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as api:
        answer_everything(api, body=body, status=status, headers=headers)
        outcome = outcome_of(call)
    if isinstance(outcome, IntercomError):
        assert TOKEN not in f"{outcome} {outcome!r}"
        assert outcome.exchange is not None
        assert outcome.exchange.status == status
    else:
        assert 200 <= status < 300


@pytest.mark.parametrize("call", CALLS)
def test_no_call_takes_an_html_page_for_an_answer(call: Callable[[IntercomClient], object]) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as api:
        answer_everything(api, body=b"<html>", status=200, headers={})
        assert isinstance(outcome_of(call), TransientError)
