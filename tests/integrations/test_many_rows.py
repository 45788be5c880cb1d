"""Many rows stored at once come out as if Django had stored each of them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db import connection as database

from integrations.logic.states import State
from integrations.models import Attempt, ContactLink, Delivery, DrainLease, IntercomConnection
from integrations.services.bulk import insert_rows, update_many, update_rows
from integrations.services.lease import LeaseLostError, acquire
from tests.campaigns.factories import make_campaign, make_lead

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=timezone(timedelta(hours=5, minutes=30)))
LINK = ("connection", "email", "contact_id", "role", "ours", "confirmed_at")
ODD = 'Ana "%s" O\'Neil; ünïcødé 🎉 \\u0041 {"a": [1]} \n\t--'


@pytest.fixture
def delivery(connection: IntercomConnection) -> Delivery:
    return Delivery.objects.get(participant=make_lead(make_campaign()))


def link(connection: IntercomConnection, **changes: Any) -> tuple[Any, ...]:
    values = {"connection": connection.pk, "email": "ana@example.com", "contact_id": "1", "role": "lead"}
    values |= {"ours": True, "confirmed_at": NOON} | changes
    return tuple(values[name] for name in LINK)


def remember(*links: tuple[Any, ...]) -> None:
    update = ("contact_id", "role", "confirmed_at")
    insert_rows(ContactLink, LINK, links, unique=("connection", "email"), update=update)


def attempt(delivery: Delivery, connection: IntercomConnection, **changes: Any) -> Attempt:
    values: dict[str, Any] = {"delivery": delivery.pk, "connection": connection.pk, "settings_revision": 1}
    values |= {"started_at": NOON, "duration_ms": 5, "decision": "", "state": State.CREATED, "reason": ""}
    values |= {"status": None, "code": "", "message": "", "request_id": "", "contact_id": ""}
    values |= {"calls": [], "matches": [], "sent": {}, "received": {}, "before": {}, "after": {}, "notes": []}
    values |= changes
    insert_rows(Attempt, tuple(values), [tuple(values.values())])
    return Attempt.objects.latest("pk")


def test_no_rows_ask_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        insert_rows(ContactLink, LINK, [])
        update_rows(ContactLink, ("role",), [])
        update_many([], ("role",))


@pytest.mark.parametrize("value", [None, 0, 1.5, True, "", ODD, [], {}, [None, {"ä": [ODD]}]])
def test_a_document_comes_out_as_it_went_in(
    delivery: Delivery, connection: IntercomConnection, value: Any
) -> None:
    assert attempt(delivery, connection, sent={"name": value}).sent == {"name": value}


def test_an_empty_document_is_found_as_one(delivery: Delivery, connection: IntercomConnection) -> None:
    attempt(delivery, connection)
    assert Attempt.objects.filter(after={}, calls=[], notes=[]).count() == 1


def test_texts_times_and_gaps_come_out_as_they_went_in(
    delivery: Delivery, connection: IntercomConnection
) -> None:
    stored = attempt(delivery, connection, message=ODD, status=None)
    assert (stored.message, stored.status, stored.started_at) == (ODD, None, NOON)
    assert (stored.state, stored.pruned_at) == (State.CREATED, None)
    assert Attempt.objects.filter(started_at__lte=NOON, state=State.CREATED).exists()


def test_the_log_is_in_the_order_in_which_it_was_written(
    delivery: Delivery, connection: IntercomConnection
) -> None:
    first, second = attempt(delivery, connection, code="a"), attempt(delivery, connection, code="b")
    assert first.pk < second.pk


def test_a_link_that_is_there_is_brought_up_to_date_and_stays_ours(connection: IntercomConnection) -> None:
    remember(link(connection), link(connection, email="bo@example.com"))
    remember(link(connection, contact_id="2", role="user", ours=False, confirmed_at=NOON + timedelta(days=1)))
    ana = ContactLink.objects.get(email="ana@example.com")
    assert (ana.contact_id, ana.role, ana.ours) == ("2", "user", True)
    assert ana.confirmed_at == NOON + timedelta(days=1)
    assert ContactLink.objects.get(email="bo@example.com").contact_id == "1"


def test_a_second_row_of_one_kind_is_refused_whole(connection: IntercomConnection) -> None:
    remember(link(connection))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(ContactLink, LINK, [link(connection, email="bo@example.com"), link(connection)])
    assert ContactLink.objects.count() == 1


def test_only_the_named_fields_of_the_named_rows_change(connection: IntercomConnection) -> None:
    remember(link(connection), link(connection, email="bo@example.com"))
    ana, bo = ContactLink.objects.order_by("email")
    update_rows(ContactLink, ("role", "confirmed_at"), [(bo.pk, "user", NOON + timedelta(hours=1))])
    assert list(ContactLink.objects.order_by("email").values_list("role", "contact_id", "confirmed_at")) == [
        ("lead", "1", ana.confirmed_at),
        ("user", "1", NOON + timedelta(hours=1)),
    ]


def test_an_update_of_a_row_that_is_gone_makes_none(connection: IntercomConnection) -> None:
    update_rows(ContactLink, ("role",), [(10**9, "user")])
    assert not ContactLink.objects.exists()


def test_a_lease_token_can_be_stored_and_taken_away(connection: IntercomConnection) -> None:
    token, lease = uuid.uuid4(), DrainLease.objects.get(connection=connection)
    for held in ((token, NOON), (None, None)):
        lease.token, lease.expires_at = held
        update_many([lease], ("token", "expires_at"))
        lease.refresh_from_db()
        assert (lease.token, lease.expires_at) == held


@pytest.mark.skipif(database.vendor != "postgresql", reason="SQLite takes a text of any length")
def test_a_text_that_is_too_long_is_refused_and_not_cut(connection: IntercomConnection) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        remember(link(connection, role="x" * 21))


def test_a_lease_is_extended_by_the_clock_of_the_database(connection: IntercomConnection) -> None:
    lease = acquire(connection.pk)
    assert lease is not None
    DrainLease.objects.update(expires_at=NOON)
    before = datetime.now(UTC)
    lease.renew()
    rest = DrainLease.objects.get(connection=connection).expires_at - before  # type: ignore[operator]
    assert timedelta(seconds=25) < rest < timedelta(seconds=60)


def test_a_lease_that_another_holds_is_not_extended(connection: IntercomConnection) -> None:
    lease = acquire(connection.pk)
    assert lease is not None
    DrainLease.objects.update(token=uuid.uuid4(), expires_at=NOON)
    with pytest.raises(LeaseLostError):
        lease.renew()
    assert DrainLease.objects.get(connection=connection).expires_at == NOON
