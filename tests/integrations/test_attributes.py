"""Our list of a workspace's fields follows Intercom's, and the marks are made there once."""

from __future__ import annotations

import pytest

from integrations.intercom.errors import AuthError
from integrations.intercom.session import Session
from integrations.logic.types import Attribute
from integrations.models import DataAttribute, IntercomConnection, SecretUnreadableError
from integrations.services import attributes
from integrations.services.attributes import (
    MarkResult,
    ensure_marks,
    missing_marks,
    refresh_attributes,
    store_attributes,
)
from integrations.services.tabs import load_attributes
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.panel import make_workspace
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db

MARKS = ["referred", "referral_campaign", "referrer_name"]


def test_the_list_is_replaced_whole() -> None:
    connection = make_workspace(fields=(Attribute("old", "Old", "string"),))
    new = Attribute("custom_attributes.plan", "Plan", "string", options=("a", "b"), custom=True)
    store_attributes(connection, [new])
    assert load_attributes(connection.pk) == {new.full_name: new}


def test_another_workspaces_list_stays() -> None:
    one = make_workspace("one")
    store_attributes(make_workspace("two"), [])
    assert load_attributes(one.pk)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 301])
def test_a_field_that_no_row_can_hold_is_left_out(name: str) -> None:
    connection = make_workspace(fields=())
    good = Attribute("good", "Go\0od" + "x" * 400, "string" * 9, options=("a", "b\0"))
    store_attributes(connection, [Attribute(name, "Bad", "string"), good])
    row = DataAttribute.objects.get()
    assert (row.full_name, row.label[:5], len(row.label), row.options) == ("good", "Goodx", 300, ["a"])


@pytest.mark.parametrize("archived_first", [True, False])
def test_of_two_with_one_name_the_living_one_counts(archived_first: bool) -> None:
    both = [
        Attribute("plan", "Plan", "string", archived=archived)
        for archived in (archived_first, not archived_first)
    ]
    connection = make_workspace(fields=tuple(both))
    assert not load_attributes(connection.pk)["plan"].archived


def test_a_refresh_asks_intercom_once(intercom: Intercom) -> None:
    with Session() as session:
        number = refresh_attributes(intercom.connection, session=session)
    assert number == DataAttribute.objects.count() > 0
    assert intercom.new_calls() == ["GET /data_attributes"]


def test_a_refused_refresh_keeps_the_list(intercom: Intercom) -> None:
    before = load_attributes(intercom.connection.pk)
    intercom.sandbox.revoke(TOKEN)
    with Session() as session, pytest.raises(AuthError):
        refresh_attributes(intercom.connection, session=session)
    assert load_attributes(intercom.connection.pk) == before


def test_a_token_that_no_key_opens_reaches_nobody() -> None:
    connection = make_workspace(sealed_token="nonsense")
    with Session() as session, pytest.raises(SecretUnreadableError):
        refresh_attributes(connection, session=session)


def test_marks_are_created_once(intercom: Intercom) -> None:
    assert missing_marks(intercom.connection) == MARKS
    with Session() as session:
        first = ensure_marks(intercom.connection, session=session)
        second = ensure_marks(intercom.connection, session=session)
    assert first == [MarkResult(name, available=True, created=True) for name in MARKS]
    assert second == [MarkResult(name, available=True) for name in MARKS]
    assert intercom.calls().count("POST /data_attributes") == 3
    assert missing_marks(intercom.connection) == []


def test_an_archived_mark_is_told_and_stops_nothing(intercom: Intercom) -> None:
    with Session() as session:
        ensure_marks(intercom.connection, session=session)
        intercom.sandbox.archive_attribute(intercom.workspace, "referred")
        results = ensure_marks(intercom.connection, session=session)
    assert [(result.name, result.available, result.created) for result in results] == [
        ("referred", False, False),
        ("referral_campaign", True, False),
        ("referrer_name", True, False),
    ]
    assert missing_marks(intercom.connection) == ["referred"]


def test_a_mark_of_another_type_is_not_used(intercom: Intercom) -> None:
    store_attributes(
        intercom.connection, [Attribute("custom_attributes.referred", "Referred", "string", custom=True)]
    )
    assert missing_marks(intercom.connection) == MARKS


def test_a_refusal_is_told_in_intercoms_words(intercom: Intercom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "MARKS", {"referred": "colour", "referral_campaign": "string"})
    with Session() as session:
        refused, created = ensure_marks(intercom.connection, session=session)
    assert (refused.available, created.created) == (False, True)
    assert refused.refusal


def test_a_connection_without_a_list_lacks_nothing_that_we_know_of(connection: IntercomConnection) -> None:
    store_attributes(connection, [])
    assert missing_marks(connection) == []
