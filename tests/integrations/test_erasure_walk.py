"""Erasing somebody where much is kept of others: piece by piece, and beside everything else that goes on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from django.db import connection as database
from django.utils import timezone

from campaigns.models import Participant
from integrations.logic.states import Reason, State
from integrations.models import Attempt, BulkOrder, Erasure, ErasureState, Pace
from integrations.services import repair
from integrations.services.bulk_orders import rounds
from integrations.services.keeping import erasing, walking
from integrations.services.keeping.erasing import ask, carry_on
from integrations.services.keeping.keeping_words import told
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.bulk import not_sent, order
from tests.integrations.crowds import stand
from tests.integrations.erasure_fixtures import found_in
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel
from tests.integrations.test_releases_at_once import at_once

if TYPE_CHECKING:
    from django.test import Client

    from campaigns.models import Campaign
    from integrations.models import Delivery

EMAIL, OTHERS = "ana.marker@example.org", "joana.marker@example.org"


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


@pytest.fixture
def out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows in a query, and the time is up after each."""
    monkeypatch.setattr(walking, "ROWS", 5)
    monkeypatch.setattr(erasing, "IN_A_REQUEST", 0)
    monkeypatch.setattr(erasing, "SECONDS", 0)


def mention(delivery: Delivery, number: int) -> None:
    """Writes their email into so many lines of somebody else's."""
    assert delivery.connection is not None
    Attempt.objects.bulk_create(
        Attempt(
            delivery=delivery,
            connection=delivery.connection,
            settings_revision=1,
            started_at=timezone.now(),
            duration_ms=1,
            state=State.CREATED,
            received={"custom_attributes.by": EMAIL},
        )
        for _ in range(number)
    )


@pytest.mark.django_db
def test_a_long_log_is_looked_through_in_pieces(
    intercom: Intercom, campaign: Campaign, out_of_time: None
) -> None:
    lead, other = make_lead(campaign, email=EMAIL), make_lead(campaign, email="bo@example.org")
    intercom.drain()
    mention(owed(other), 22)

    row = ask(EMAIL, user=None)

    assert row.state == ErasureState.WAITING
    assert "being looked through" in told(row)
    assert Participant.objects.filter(pk=lead.pk).exists()
    rounds_needed = 0
    while not carry_on():
        rounds_needed += 1
        assert rounds_needed < 10
    assert rounds_needed >= 4
    assert found_in(EMAIL) == []
    assert Erasure.objects.get().walk == {}


@pytest.mark.django_db
def test_what_is_written_during_the_walk_is_found_too(
    intercom: Intercom, campaign: Campaign, out_of_time: None
) -> None:
    make_lead(campaign, email=EMAIL)
    other = make_lead(campaign, email="bo@example.org")
    intercom.drain()
    mention(owed(other), 12)
    ask(EMAIL, user=None)
    carry_on()
    mention(owed(other), 1)
    while not carry_on():
        pass
    assert found_in(EMAIL) == []


@pytest.mark.django_db
def test_the_list_says_that_it_takes_a_while(
    admin_client: Client, intercom: Intercom, campaign: Campaign, out_of_time: None
) -> None:
    make_lead(campaign, email=EMAIL)
    intercom.drain()
    ask(EMAIL, user=None)
    page = admin_client.get("/admin/integrations/erasures/").content.decode()
    assert "being looked through" in page
    assert "on its way to Intercom" not in page


@pytest.mark.django_db
def test_who_has_an_email_that_ends_alike_is_left_alone(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email=EMAIL)
    other = make_lead(campaign, email=OTHERS)
    intercom.drain()
    sent = owed(other).tries.get().sent
    ask(EMAIL, user=None)
    assert sent["email"] == OTHERS
    assert owed(other).tries.get().sent == sent


@pytest.mark.django_db
def test_asked_again_after_they_joined_again_means_that_too(intercom: Intercom, campaign: Campaign) -> None:
    first = make_lead(campaign, email=EMAIL)
    stand(first, State.SENDING, Reason.SENDING)
    ask(EMAIL, user=None)
    other = make_campaign()
    set_panel(other)
    make_lead(other, email=EMAIL)

    ask(EMAIL, user=None)
    stand(first, State.NEEDS_ATTENTION, Reason.REJECTED)

    assert carry_on() == 1
    assert not Participant.objects.filter(email_normalized=EMAIL).exists()
    assert Erasure.objects.get().found["people"] == 2


@pytest.mark.django_db
def test_an_undo_for_somebody_else_never_writes_what_is_left_of_them(intercom: Intercom) -> None:
    source = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
    campaign = make_campaign()
    set_panel(campaign, field_map=[EMAIL_ROW, source], duplicates="update")
    intercom.sandbox.add_contact(
        intercom.workspace, email="bo@example.org", custom_attributes={"lead_source": f"by {EMAIL}"}
    )
    lead = make_lead(campaign, email="bo@example.org")
    intercom.drain()
    make_lead(make_campaign(), email=EMAIL)
    ask(EMAIL, user=None)

    repair.undo([owed(lead).pk])
    intercom.drain()

    assert intercom.contacts()[0]["custom_attributes"]["lead_source"] == "Referral"
    assert {note["code"] for note in owed(lead).tries.latest("pk").notes} == {"not_put_back"}


@pytest.mark.skipif(database.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_an_order_for_many_that_goes_on_meanwhile_forgets_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The erasure takes the person out of an order, just while that stores who its sample was."""
    campaign = not_sent(30)
    last = campaign.participants.order_by("pk").last()
    assert last is not None
    record, in_a_batch = rounds._record, threading.Event()

    def slowly(*args: object) -> None:
        record(*args)  # type: ignore[arg-type]
        in_a_batch.set()
        time.sleep(2)

    monkeypatch.setattr(rounds, "_record", slowly)

    def erase() -> Erasure:
        assert in_a_batch.wait(20)
        return ask(last.email_normalized, user=None)

    at_once(lambda: order(pace=Pace.AT_ONCE, with_sample=True), erase)

    made = BulkOrder.objects.get()
    assert (len(made.sample_ids), made.done, len(made.ids)) == (10, 10, 29)
    assert made.asked_at is not None
    assert not Participant.objects.filter(pk=last.pk).exists()
