"""Who is on their way to Intercom is erased as soon as it is known what became of that, and not before."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.db import connection as database
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.models import (
    Attempt,
    BlindSpot,
    ConnectionStatus,
    ContactLink,
    Delivery,
    ErasedContact,
    Erasure,
    ErasureState,
    Fate,
    IntercomConnection,
)
from integrations.sandbox.control import Fault
from integrations.sandbox.messages import Ending
from integrations.services.drain import intents
from integrations.services.drain import record as record_module
from integrations.services.drain import slice as slice_module
from integrations.services.keeping import erasing, traces
from integrations.services.keeping.erasing import ask, carry_on
from integrations.services.keeping.person import person_of
from integrations.services.repair import send_again, undo
from integrations.services.rotation import reseal_all
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.crowds import stand
from tests.integrations.erasure_fixtures import found_in
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel, the_lag_is_over

pytestmark = pytest.mark.django_db

EMAIL = "ana.marker@example.org"


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    campaign = make_campaign()
    set_panel(campaign)
    return campaign


@pytest.fixture
def uncertain(intercom: Intercom, campaign: Campaign) -> Participant:
    """Their create was carried out, and its answer got lost."""
    lead = make_lead(campaign, email=EMAIL)
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    intercom.drain()
    assert owed(lead).state == State.UNCERTAIN
    return lead


@pytest.mark.parametrize("delete", [False, True])
def test_a_lead_in_doubt_is_erased_once_it_is_known_what_became_of_it(
    intercom: Intercom, uncertain: Participant, delete: bool
) -> None:
    erasure = ask(EMAIL, user=None, delete_in=[intercom.connection.pk] if delete else [])
    assert erasure.state == ErasureState.WAITING
    assert Participant.objects.filter(pk=uncertain.pk).exists()
    sweep()
    assert Erasure.objects.get().state == ErasureState.WAITING

    the_lag_is_over()
    intercom.drain()
    sweep()
    intercom.drain()

    assert found_in(EMAIL) == []
    assert intercom.emails() == ([] if delete else [EMAIL])
    contact = ErasedContact.objects.get()
    assert contact.fate == (Fate.DELETED if delete else Fate.LEFT)
    assert Erasure.objects.get().state == ErasureState.DONE


def test_a_contact_that_was_on_its_way_is_deleted_too_by_the_command(
    intercom: Intercom, uncertain: Participant
) -> None:
    call_command("erase_person", "--email", EMAIL, "--delete-in-intercom", stdout=StringIO())

    the_lag_is_over()
    intercom.drain()
    sweep()
    intercom.drain()

    assert intercom.emails() == []
    assert ErasedContact.objects.get().fate == Fate.DELETED


@pytest.mark.parametrize("state", [State.WAITING, State.SENDING, State.UNCERTAIN])
def test_where_something_is_under_way_a_contact_may_be_by_then(
    intercom: Intercom, campaign: Campaign, state: State
) -> None:
    stand(make_lead(campaign, email=EMAIL), state)
    assert person_of(EMAIL).workspaces == {intercom.connection.pk}


def test_nothing_is_expected_of_whoever_is_not_sent(intercom: Intercom, campaign: Campaign) -> None:
    stand(make_lead(campaign, email=EMAIL), State.NOT_SENT, Reason.CANCELLED)
    assert person_of(EMAIL).workspaces == set()


def test_where_nothing_came_of_it_nobody_waits_for_search(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email=EMAIL)
    ask(EMAIL, user=None, delete_in=[intercom.connection.pk])
    assert not BlindSpot.objects.exists()


def test_while_it_waits_the_email_is_sealed(uncertain: Participant) -> None:
    erasure = ask(EMAIL, user=None)
    assert erasure.email == EMAIL
    assert EMAIL not in erasure.sealed_email


def test_a_lead_that_is_being_sent_is_not_erased(intercom: Intercom, campaign: Campaign) -> None:
    lead = make_lead(campaign, email=EMAIL)
    stand(lead, State.SENDING, Reason.SENDING)
    assert ask(EMAIL, user=None).state == ErasureState.WAITING
    assert owed(lead).state == State.SENDING


def test_what_has_not_left_is_called_back_at_once(
    intercom: Intercom, campaign: Campaign, uncertain: Participant
) -> None:
    other = make_campaign()
    set_panel(other)
    waiting = make_lead(other, email=EMAIL)
    ask(EMAIL, user=None)
    assert (owed(waiting).state, owed(waiting).reason) == (State.NOT_SENT, Reason.CANCELLED)


def test_what_somebody_orders_meanwhile_is_called_back_too(
    intercom: Intercom, campaign: Campaign, uncertain: Participant
) -> None:
    other = make_campaign()
    set_panel(other)
    waiting = make_lead(other, email=EMAIL)
    ask(EMAIL, user=None)
    send_again([owed(waiting).pk])
    carry_on()
    assert owed(waiting).state == State.NOT_SENT


def test_asking_twice_while_it_waits_is_one_request_with_both_wishes(
    intercom: Intercom, uncertain: Participant
) -> None:
    ask(EMAIL, user=None)
    ask(EMAIL, user=None, delete_in=[intercom.connection.pk])
    assert Erasure.objects.get().delete_in == [intercom.connection.pk]


def test_who_joins_another_campaign_meanwhile_is_not_erased_with_them(
    intercom: Intercom, uncertain: Participant
) -> None:
    ask(EMAIL, user=None)
    other = make_campaign()
    set_panel(other)
    back = make_lead(other, email=EMAIL)
    Participant.objects.filter(pk=back.pk).update(joined_at=timezone.now() + timedelta(seconds=1))
    the_lag_is_over()
    intercom.drain()
    carry_on()
    assert Participant.objects.get() == back
    assert intercom.emails() == [EMAIL]


def test_in_doubt_in_a_workspace_that_nobody_can_ask_keeps_nobody(
    intercom: Intercom, uncertain: Participant
) -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED, sealed_token="")
    assert ask(EMAIL, user=None).state == ErasureState.DONE
    assert found_in(EMAIL) == []


def test_who_joins_again_while_a_lost_create_may_show_up_is_not_created_twice(
    intercom: Intercom, campaign: Campaign, uncertain: Participant
) -> None:
    intercom.sandbox.set_lag(intercom.workspace, 1000)
    campaign.delete()
    other = make_campaign()
    set_panel(other)
    back = make_lead(other, email=EMAIL)
    intercom.drain()
    assert (owed(back).state, owed(back).reason) == (State.WAITING, Reason.SEARCH_LAG)

    intercom.sandbox.let_search_catch_up(intercom.workspace)
    BlindSpot.objects.all().delete()
    Delivery.objects.update(due_at=timezone.now())
    intercom.drain()

    assert intercom.emails() == [EMAIL]
    assert owed(back).state == State.SKIPPED


def test_deleting_a_campaign_at_rest_makes_nobody_wait(intercom: Intercom, campaign: Campaign) -> None:
    make_lead(campaign, email=EMAIL)
    intercom.drain()
    campaign.delete()
    assert not BlindSpot.objects.exists()


def test_who_is_erased_in_the_hand_of_a_drain_is_not_sent(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_lead(campaign, email=EMAIL)
    commit = intents.commit_intents

    def erased_just_before(*args: object, **named: object) -> object:
        ask(EMAIL, user=None)
        return commit(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(slice_module, "commit_intents", erased_just_before)
    intercom.drain()
    assert intercom.contacts() == []
    assert found_in(EMAIL) == []


def test_what_a_drain_has_learned_of_somebody_erased_is_not_stored(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipped without a write: nothing was in flight that the erasure could have waited for."""
    intercom.sandbox.add_contact(intercom.workspace, email=EMAIL)
    make_lead(campaign, email=EMAIL)
    store = record_module.record

    def erased_just_before(*args: object, **named: object) -> object:
        ask(EMAIL, user=None)
        return store(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(slice_module, "record", erased_just_before)
    intercom.drain()
    assert found_in(EMAIL) == []
    assert not ContactLink.objects.exists()
    assert not Attempt.objects.exists()


def test_a_database_that_refuses_puts_it_off_whole(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_lead(campaign, email=EMAIL)
    intercom.drain()

    def deadlock(*_args: object) -> None:
        raise DatabaseError("deadlock detected: ana.marker@example.org")

    monkeypatch.setattr(erasing, "remove_traces", deadlock)
    assert ask(EMAIL, user=None).state == ErasureState.WAITING
    assert (Participant.objects.count(), ContactLink.objects.count()) == (1, 1)
    monkeypatch.undo()
    assert carry_on() == 1
    assert found_in(EMAIL) == []


def test_a_request_that_no_key_opens_stops_no_other(
    uncertain: Participant, campaign: Campaign, intercom: Intercom
) -> None:
    ask(EMAIL, user=None)
    Erasure.objects.update(sealed_email="no-key-opens-this")
    make_lead(campaign, email="bo@example.org")
    assert ask("bo@example.org", user=None).state == ErasureState.DONE
    sweep()
    assert Erasure.objects.filter(state=ErasureState.WAITING).count() == 1


def test_a_new_key_seals_what_waits_anew(uncertain: Participant) -> None:
    erasure = ask(EMAIL, user=None)
    before = erasure.sealed_email
    assert reseal_all().secrets >= 1
    erasure.refresh_from_db()
    assert erasure.sealed_email != before
    assert erasure.email == EMAIL


ROSA = {"email": "rosa.marker@example.org", "first_name": "Rosamark", "last_name": "Diazmarker"}
REFERRED = {"data_type": "dynamic", "from": "referrer.full_name", "to": "custom_attributes.lead_source"}


@pytest.fixture
def brought_in(intercom: Intercom, campaign: Campaign) -> Participant:
    """A lead of Rosa's, in whose contact her name is written."""
    set_panel(campaign, field_map=[EMAIL_ROW, REFERRED])
    return make_lead(campaign, email="bo@example.com", referrer=make_referrer(campaign, **ROSA))


def erase_rosa(monkeypatch: pytest.MonkeyPatch, name: str, *, afterwards: bool) -> None:
    """Once, right before the drain's next `commit_intents` or `record`, or right after it."""
    original = getattr(slice_module, name)
    erased: list[str] = []

    def beside(*args: object, **named: object) -> object:
        found = original(*args, **named) if afterwards else None
        if not erased:
            erased.append(ask(ROSA["email"], user=None).state)
        return found if afterwards else original(*args, **named)

    monkeypatch.setattr(slice_module, name, beside)


def test_a_referrer_is_erased_once_their_lead_has_arrived(
    intercom: Intercom, brought_in: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase_rosa(monkeypatch, "commit_intents", afterwards=True)
    intercom.drain()
    assert owed(brought_in).state == State.CREATED
    assert Erasure.objects.get().state == ErasureState.WAITING
    sweep()
    assert [word for word in ROSA.values() if found_in(word)] == []
    sent = Attempt.objects.get().sent
    assert (sent["email"], sent["custom_attributes.lead_source"]) == ("bo@example.com", "[erased]")


def test_a_referrer_is_not_kept_by_a_lead_in_doubt(
    intercom: Intercom, brought_in: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That may take hours, and nothing is on its way: what comes next does not name them."""
    fault = Fault(acts=True, method="POST", path="/contacts", ending=Ending.DROP)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    intercom.drain()
    assert owed(brought_in).state == State.UNCERTAIN
    assert ask(ROSA["email"], user=None).state == ErasureState.DONE
    the_lag_is_over()
    intercom.drain()
    assert owed(brought_in).state == State.CREATED
    assert [word for word in ROSA.values() if found_in(word)] == []


def test_a_referrer_who_is_erased_before_their_lead_leaves_is_not_sent_along(
    intercom: Intercom, brought_in: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase_rosa(monkeypatch, "commit_intents", afterwards=False)
    intercom.drain()
    assert owed(brought_in).state == State.CREATED
    (contact,) = intercom.contacts()
    assert contact["custom_attributes"].get("lead_source") is None
    assert [word for word in ROSA.values() if found_in(word)] == []


def test_what_was_learned_without_a_write_names_no_erased_referrer_either(
    intercom: Intercom, brought_in: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    intercom.sandbox.add_contact(intercom.workspace, email="bo@example.com", name="Rosamark Diazmarker")
    erase_rosa(monkeypatch, "record", afterwards=False)
    intercom.drain()
    assert owed(brought_in).state == State.SKIPPED
    assert [word for word in ROSA.values() if found_in(word)] == []


def test_an_undo_names_no_erased_referrer(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"lead_source": "an ad"}
    intercom.sandbox.add_contact(intercom.workspace, email="bo@example.com", custom_attributes=there)
    set_panel(campaign, field_map=[EMAIL_ROW, REFERRED], duplicates="update")
    lead = make_lead(campaign, email="bo@example.com", referrer=make_referrer(campaign, **ROSA))
    intercom.drain()
    undo([owed(lead).pk])
    erase_rosa(monkeypatch, "commit_intents", afterwards=True)
    intercom.drain()
    sweep()
    assert owed(lead).reason == Reason.UNDONE
    assert intercom.contacts()[0]["custom_attributes"]["lead_source"] == "an ad"
    assert [word for word in ROSA.values() if found_in(word)] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(database.vendor != "postgresql", reason="on SQLite writers take turns")
@pytest.mark.parametrize("name", ["commit_intents", "record"])
def test_a_drain_that_had_to_wait_for_an_erasure_knows_of_it(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    set_panel(campaign, field_map=[EMAIL_ROW, REFERRED])
    if name == "record":
        intercom.sandbox.add_contact(intercom.workspace, email="bo@example.com")
    lead = make_lead(campaign, email="bo@example.com", referrer=make_referrer(campaign, **ROSA))
    inside, finish = threading.Event(), traces.remove_traces
    drained, began = getattr(slice_module, name), list[threading.Thread]()

    def take_a_while(*args: Any) -> None:
        finish(*args)
        inside.set()
        time.sleep(1)

    def erase() -> None:
        try:
            ask(ROSA["email"], user=None)
        finally:
            database.close()

    def meanwhile(*args: Any, **named: Any) -> Any:
        if args[0] and not began:
            began.append(threading.Thread(target=erase))
            began[0].start()
            assert inside.wait(10)
        return drained(*args, **named)

    monkeypatch.setattr(erasing, "remove_traces", take_a_while)
    monkeypatch.setattr(slice_module, name, meanwhile)
    intercom.drain()
    began[0].join()
    assert owed(lead).settled_at is not None
    assert intercom.contacts()[0]["custom_attributes"].get("lead_source") is None
    assert [word for word in ROSA.values() if found_in(word)] == []
