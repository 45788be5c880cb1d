"""What the long storm's oracle looks at besides: it is silent when all is well, and sees what must not be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from integrations.logic.types import Policy, Role
from integrations.sandbox.control import Call, Event, Written
from tests.chaos.books import Books
from tests.chaos.long.judging import More, as_judged
from tests.chaos.long.tabs import ALWAYS, LATER, Change
from tests.chaos.people import Before, Lead, Panel, Person

WORKSPACE, CONTACT = "work0001", "contact1"
PANEL = Panel("spring", WORKSPACE, Role.LEAD, Policy.UPDATE)
LEAD = Lead("chaos-1", PANEL, "ana@example.com")
PERSON = Person(WORKSPACE, "ana@example.com", Before.USER, "", (LEAD,))
CHANGE = Change(PANEL.slug, Policy.UPDATE, Policy.SKIP, revision=2, began=100.0, ended=101.0)

TRY = {"state": "updated", "reason": "exists", "contact_id": CONTACT, "revision": 1, "workspace": WORKSPACE}
ROW: dict[str, Any] = {
    "tag": LEAD.tag,
    "state": "updated",
    "reason": "exists",
    "contact_id": CONTACT,
    "joined_at": 50.0,
    "settled_at": 60.0,
    "revision": 1,
    "incomplete": False,
    "order": "",
    "workspace": WORKSPACE,
    "attempts": 1,
    "trail": [TRY],
}


@dataclass
class FakeBooks:
    """Intercom's books of one contact: its custom attributes, and what was written for the lead."""

    has: dict[str, Any] = field(default_factory=lambda: {ALWAYS: 7})
    sent: dict[str, Any] = field(default_factory=lambda: {ALWAYS: 7})

    def contact(self, _workspace: str, _contact: str) -> dict[str, Any]:
        return {"custom_attributes": self.has}

    def history(self, contact: str) -> list[Written]:
        body = {"custom_attributes": {"lead_source": LEAD.tag, **self.sent}}
        return [Written(55.0, 1, contact, Event.UPDATED, body)]

    def writes_for(self, _lead: Lead) -> list[Call]:
        call = Call(1, 55.0, WORKSPACE, "PUT", f"/contacts/{CONTACT}", {}, 200, 200, "send")
        refused = replace(call, method="POST", path="/contacts", status=409, result=None)
        return [refused, call] if self.sent else [refused]


def found(books: FakeBooks | None = None, change: Change | None = None, **row: Any) -> str:
    changes = {PANEL.slug: change} if change else {}
    rows = {LEAD.tag: ROW | row}
    more = More([PERSON], rows, cast(Books, books or FakeBooks()), changes, completed=frozenset())
    return "\n".join(finding.what for finding in more.findings())


def test_without_trouble_there_is_nothing_to_find() -> None:
    assert found() == ""
    assert found(change=CHANGE) == ""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"attempts": 2}, "was tried 2 times, and 1 tries are kept"),
        ({"trail": [TRY | {"workspace": "work0002"}]}, "was tried elsewhere"),
        ({"trail": [TRY | {"revision": 2}, TRY], "attempts": 2}, "was tried under revisions [2, 1]"),
        ({"trail": [TRY | {"state": "waiting"}]}, "and its last try"),
        ({"order": "complete"}, "with the order 'complete'"),
        ({"workspace": "work0002"}, "has ended in 'work0002'"),
        ({"incomplete": True}, "is incomplete still"),
    ],
)
def test_a_log_that_tells_another_story_is_found(row: dict[str, Any], words: str) -> None:
    assert words in found(**row)


def test_a_field_that_is_missing_and_not_said_to_be_is_found() -> None:
    assert f"has no {ALWAYS}" in found(FakeBooks(has={}))


def test_rules_that_were_not_in_force_are_found() -> None:
    assert "was judged by revision 1" in found(change=CHANGE, joined_at=102.0)
    assert "names revision 2" in found(change=CHANGE, revision=2)
    assert f"was sent {LATER}" in found(FakeBooks(sent={LATER: 1.5}))
    late: dict[str, Any] = {
        "joined_at": 102.0,
        "settled_at": 103.0,
        "revision": 2,
        "trail": [TRY | {"revision": 2}],
    }
    assert f"does not have it: {{'{ALWAYS}': 7}}" in found(change=CHANGE, **late)


@pytest.mark.parametrize(
    ("revision", "joined_at", "sent", "policy"),
    [
        (1, 50.0, {}, Policy.UPDATE),
        (2, 50.0, {}, Policy.SKIP),
        (2, 50.0, {ALWAYS: 7}, Policy.UPDATE),
        (2, 102.0, {ALWAYS: 7}, Policy.SKIP),
    ],
)
def test_a_lead_is_judged_by_the_rules_in_force_when_it_ended_or_began(
    revision: int, joined_at: float, sent: dict[str, Any], policy: Policy
) -> None:
    rows = {LEAD.tag: ROW | {"revision": revision, "joined_at": joined_at}}
    books = cast(Books, FakeBooks(sent=sent))

    (person,) = as_judged([PERSON], rows, {PANEL.slug: CHANGE}, books=books)

    assert person.leads[0].panel.policy is policy
