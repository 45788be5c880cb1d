"""Answers for hypothesis: what looks like Intercom's, what does not, and every error of the client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import requests
from django.utils import timezone
from hypothesis import strategies as st

from integrations.intercom import errors
from integrations.intercom.exchange import Exchange, RateLimit
from tests.integrations.scripted import Called, Said

OWN = "{own}"
"""Stands in an answer for the lead's email."""

# Answers: anything at all, and what looks like Intercom's.

IDS = st.sampled_from(["1", "2", "6762f0dd1bb69f9f2193bb83", "a/b", 7, "..", "x" * 300])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
TIMES = st.sampled_from([0, 10**15, "soon", -1]) | st.just("{now}")
CONTACTS = st.fixed_dictionaries(
    {
        "type": st.just("contact"),
        "id": IDS,
        "role": st.sampled_from(["lead", "user", "lead", "user", "", "x" * 99]),
    },
    optional={
        "email": st.sampled_from([OWN, OWN, OWN, "other@example.com", None, 5]),
        "created_at": TIMES,
        "updated_at": TIMES,
        "name": ANYTHING,
        "external_id": IDS,
        "custom_attributes": ANYTHING | st.just({"lead_source": "Friend"}),
    },
)
PAGES = st.fixed_dictionaries(
    {"data": st.lists(CONTACTS, max_size=2)},
    optional={
        "total_count": st.sampled_from([0, 0, 0, 1, 3, "many", None]),
        "pages": st.sampled_from([{}, {}, {"next": None}, {"next": {"starting_after": "a"}}, {"next": "a"}]),
    },
)
MESSAGES = st.sampled_from(
    [
        "A contact matching those details already exists with id=6762f0dd1bb69f9f2193bb83",
        "An archived contact matching those details already exists with id=6762f0dd1bb69f9f2193bb83",
        "A contact matching those details already exists with id=" + "x" * 400,
        "An archived contact matching those details already exists with id=" + "x" * 400,
        "An archived contact matching those details already exists",
        "Custom attribute 'lead_source' does not exist",
        "Name is invalid",
        "User Not Found",
    ]
)
REFUSALS = st.builds(
    lambda code, message, field: {"errors": [{"code": code, "message": message, "field": field}]},
    st.sampled_from(["conflict", "parameter_invalid", "not_found", "contact_merged", "x" * 300]),
    MESSAGES | ANYTHING,
    st.sampled_from(["email", "name", "lead_source", "custom_attributes", None, 5]),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "X-Request-Id"]
    ),
    st.sampled_from(["0", "1", "167", "9999999999", "soon", "Mon, 99 Foo"]),
    max_size=4,
) | st.sampled_from([{"Link": '</contacts/1>; rel="canonical"'}, {"Link": "nowhere"}])
STATUSES = st.sampled_from([200, 200, 204, 302, 400, 401, 403, 404, 408, 409, 410, 422, 429, 500, 503])
BODIES = st.one_of(CONTACTS, CONTACTS, PAGES, PAGES, REFUSALS, REFUSALS, ANYTHING).map(json.dumps).map(
    str.encode
) | st.sampled_from([b"", b"<html>", b"\xff", b"[" * 9999])

# Errors, with and without a trace of a call.

EXCHANGES = st.none() | st.builds(
    lambda status, rate: Exchange("POST", "/contacts", status, "", datetime(2026, 1, 1, tzinfo=UTC), 1, rate),
    st.none() | STATUSES,
    st.none() | st.builds(RateLimit, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9**9)),
)
ERRORS = st.one_of(
    *[
        st.builds(kind, EXCHANGES)
        for kind in (errors.NotFoundError, errors.AuthError, errors.ForbiddenError, errors.RejectedError)
    ],
    st.builds(errors.ConflictError, EXCHANGES, contact_id=st.none() | st.just("1"), archived=st.booleans()),
    st.builds(errors.MergedError, EXCHANGES, canonical_id=st.none() | st.just("1")),
    st.builds(errors.RejectedError, EXCHANGES, attribute_name=st.none() | st.just("lead_source")),
    st.builds(errors.RateLimitedError, EXCHANGES, retry_at=st.none() | st.floats(-1, 2e9)),
    st.builds(errors.TransientError, EXCHANGES, kind=st.sampled_from(errors.Kind), maybe_acted=st.booleans()),
    st.sampled_from([requests.ConnectionError(), requests.ReadTimeout(), OSError(), ValueError()]),
)
ANSWERS = st.one_of(st.builds(Said, STATUSES, HEADERS, BODIES), ERRORS.map(lambda error: Said(error=error)))
PLAUSIBLE = {
    "search": st.builds(Said, body=PAGES.map(json.dumps).map(str.encode)),
    "read": st.builds(Said, body=CONTACTS.map(json.dumps).map(str.encode)),
    "create": st.builds(Said, body=CONTACTS.map(json.dumps).map(str.encode)),
    "update": st.builds(Said, body=CONTACTS.map(json.dumps).map(str.encode)),
}
SCRIPTS = st.fixed_dictionaries(
    {kind: st.lists(st.one_of(likely, ANSWERS), min_size=1, max_size=4) for kind, likely in PLAUSIBLE.items()}
)
NOBODY = Said(body=b'{"data": [], "total_count": 0}')
REFUSED_FIELD = Said(
    400, body=b'{"errors": [{"code": "x", "message": "Custom attribute \'lead_source\' does not exist"}]}'
)
LOST = Said(error=requests.ConnectionError())


class Script:
    """Hands out the answers of each kind of call in turn, over and over, with the lead's own email."""

    def __init__(self, answers: dict[str, list[Said]], *, email: str) -> None:
        self._turns = {kind: self._endless(said, email) for kind, said in answers.items()}

    def _endless(self, answers: Sequence[Said], email: str) -> Iterator[Said]:
        now = str(int(timezone.now().timestamp()))
        while True:
            for said in answers:
                body = said.body.replace(OWN.encode(), email.encode()).replace(b'"{now}"', now.encode())
                yield Said(said.status, said.headers, body, said.error)

    def __call__(self, call: Called) -> Said:
        return next(self._turns[call.kind])
