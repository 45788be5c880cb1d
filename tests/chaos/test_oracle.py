"""The oracle itself: it is silent when all is well, and sees whatever must not be."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Any

import pytest
import requests

from integrations.logic.types import Policy, Role
from integrations.sandbox.control import Sandbox
from tests.chaos import inside
from tests.chaos.alone import drain_until_nothing_is_open, join, set_scene
from tests.chaos.books import Books
from tests.chaos.oracle import Oracle
from tests.chaos.people import Before, Lead, Panel, Person
from tests.chaos.story import report
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("haste")]

SKIP = Panel("lead-skip", WORKSPACE, Role.LEAD, Policy.SKIP)
UPDATE = Panel("user-update", WORKSPACE, Role.USER, Policy.UPDATE)
NEW = Lead("chaos-1", SKIP, "New@example.com")
KNOWN = Lead("chaos-2", UPDATE, "known@example.com")
LEFT = Lead("chaos-3", SKIP, "left@example.com")
ARCHIVED = Lead("chaos-4", UPDATE, "archived@example.com")
PEOPLE = (
    Person(WORKSPACE, "new@example.com", Before.NOBODY, "", (NEW,)),
    Person(WORKSPACE, "known@example.com", Before.BOTH, "Known", (KNOWN,)),
    Person(WORKSPACE, "left@example.com", Before.LEAD, "", (LEFT,)),
    Person(WORKSPACE, "archived@example.com", Before.ARCHIVED, "", (ARCHIVED,)),
)


@pytest.fixture
def oracle(intercom: Intercom) -> Oracle:
    """Four people have joined and been dealt with, without any trouble."""
    set_scene(intercom.sandbox, panels=[SKIP, UPDATE], people=PEOPLE)
    join(PEOPLE, rng=random.Random(1))
    drain_until_nothing_is_open(intercom)
    return Oracle(PEOPLE, Books(intercom.sandbox), inside.rows())


def findings(oracle: Oracle, sandbox: Sandbox, *, rows: list[Any] | None = None) -> str:
    """What the oracle says when it looks again, or sees other rows."""
    again = replace(oracle, books=Books(sandbox), rows=oracle.rows if rows is None else rows)
    return report(again, again.findings(), head="")


def changed(oracle: Oracle, lead: Lead, **values: Any) -> list[Any]:
    return [row | values if row["tag"] == lead.tag else row for row in map(dict, oracle.rows)]


def write(sandbox: Sandbox, method: str, path: str, body: dict[str, Any]) -> None:
    """A write beside the product's."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
    requests.request(method, sandbox.url + path, json=body, headers=headers, timeout=5).raise_for_status()


def contact_of(oracle: Oracle, lead: Lead) -> str:
    return str(oracle.by_tag[lead.tag]["contact_id"])


def test_without_trouble_there_is_nothing_to_find(oracle: Oracle) -> None:
    assert (oracle.findings(), oracle.strangers()) == ([], [])


def test_a_second_contact_is_found(oracle: Oracle, intercom: Intercom) -> None:
    body = {"role": "lead", "email": "new@example.com", "custom_attributes": {"lead_source": NEW.tag}}
    write(intercom.sandbox, "POST", "/contacts", body)

    assert "2 contacts were created" in findings(oracle, intercom.sandbox)


def test_a_contact_made_for_somebody_intercom_had_is_found(oracle: Oracle, intercom: Intercom) -> None:
    body = {"role": "lead", "email": "left@example.com", "custom_attributes": {"lead_source": LEFT.tag}}
    write(intercom.sandbox, "POST", "/contacts", body)

    assert "although Intercom had one" in findings(oracle, intercom.sandbox)


def test_a_write_after_the_end_is_found(oracle: Oracle, intercom: Intercom) -> None:
    time.sleep(0.01)
    body = {"custom_attributes": {"lead_source": KNOWN.tag}}
    write(intercom.sandbox, "PUT", f"/contacts/{contact_of(oracle, KNOWN)}", body)

    found = findings(oracle, intercom.sandbox)
    assert "written to after its end" in found
    assert "after call" in found


def test_a_write_that_is_nobodys_is_found(oracle: Oracle, intercom: Intercom) -> None:
    write(intercom.sandbox, "PUT", f"/contacts/{contact_of(oracle, LEFT)}", {"name": "Somebody Else"})

    assert "a write that is nobody's" in findings(oracle, intercom.sandbox)


def test_only_what_was_mapped_later_may_be_written_alone(oracle: Oracle, intercom: Intercom) -> None:
    rest = {"custom_attributes": {"company_size": 7}}
    for lead in (KNOWN, LEFT):
        write(intercom.sandbox, "PUT", f"/contacts/{contact_of(oracle, lead)}", rest)

    found = findings(replace(oracle, added=frozenset({"company_size"})), intercom.sandbox)

    assert "known@example.com in" not in found
    assert "left@example.com in work0001: a write that is nobody's" in found


def test_a_write_to_somebody_who_was_skipped_is_found(oracle: Oracle, intercom: Intercom) -> None:
    body = {"custom_attributes": {"lead_source": LEFT.tag}}
    write(intercom.sandbox, "PUT", f"/contacts/{contact_of(oracle, LEFT)}", body)

    assert "and yet was written to" in findings(oracle, intercom.sandbox)


def test_a_lead_without_a_row_is_found(oracle: Oracle, intercom: Intercom) -> None:
    rows = [row for row in oracle.rows if row["tag"] != NEW.tag]

    assert "chaos-1: has joined nothing: lost" in findings(oracle, intercom.sandbox, rows=rows)


def test_a_lead_without_a_delivery_is_found(oracle: Oracle, intercom: Intercom) -> None:
    rows = changed(oracle, NEW, state=None)

    assert "chaos-1: has no delivery: lost" in findings(oracle, intercom.sandbox, rows=rows)


@pytest.mark.parametrize(
    ("lead", "values", "words"),
    [
        (NEW, {"state": "skipped"}, "and must be created"),
        (NEW, {"state": "waiting", "settled_at": None}, "and must be created"),
        (NEW, {"contact_id": "another"}, "names contact 'another'"),
        (KNOWN, {"state": "created"}, "and must be updated"),
        (LEFT, {"state": "updated"}, "and must be skipped"),
        (ARCHIVED, {"reason": "rejected"}, "is needs_attention for rejected"),
    ],
)
def test_a_wrong_outcome_is_found(
    oracle: Oracle, intercom: Intercom, lead: Lead, values: dict[str, Any], words: str
) -> None:
    found = findings(oracle, intercom.sandbox, rows=changed(oracle, lead, **values))

    assert words in found


def test_a_finding_tells_the_whole_story(oracle: Oracle, intercom: Intercom) -> None:
    found = findings(oracle, intercom.sandbox, rows=changed(oracle, NEW, state="skipped"))

    for words in ("joined lead-skip as 'New@example.com'", "try ", "POST /contacts acted: True", "/search"):
        assert words in found


def test_somebody_who_never_joined_is_found(oracle: Oracle) -> None:
    again = replace(oracle, rows=[*oracle.rows, {"tag": "a stranger"}, oracle.rows[0]])

    assert sorted(again.strangers()) == sorted(["a stranger", oracle.rows[0]["tag"]])
