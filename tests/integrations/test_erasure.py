"""A person is erased everywhere here, and in Intercom if that was asked; others keep what is theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import Participant
from campaigns.services import join_lead
from integrations.intercom.webhooks import Topic, parse_notification
from integrations.logic.states import Reason, State
from integrations.models import (
    Attempt,
    BlindSpot,
    BulkOrder,
    ConnectionStatus,
    ContactLink,
    Delivery,
    ErasedContact,
    Erasure,
    ErasureState,
    Fate,
    FieldMap,
    Hitch,
    IntercomConnection,
    SnapshotState,
    WebhookHealth,
    WebhookReceipt,
)
from integrations.models.erasure import hash_of
from integrations.sandbox.control import Fault
from integrations.sandbox.control import State as State_
from integrations.services import receipts
from integrations.services.addresses import address_by_uuid
from integrations.services.keeping.deletions import done_by_hand, try_again
from integrations.services.keeping.erasing import ask
from integrations.services.keeping.person import counted, person_of
from integrations.services.repair import send_present
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.erasure_fixtures import (
    EMAIL,
    FIRST,
    LAST,
    REFERRER_ROWS,
    Marked,
    found_in,
    make_marked,
    plant_everywhere,
    plant_link_of_an_older_email,
)
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.qualify_fixtures import notification

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def marked(intercom: Intercom) -> Marked:
    return make_marked(intercom)


def erase(intercom: Intercom, *, delete: bool = False, email: str = EMAIL) -> Erasure:
    return ask(email, user=None, delete_in=[intercom.connection.pk] if delete else [])


def the_blindness_is_over() -> None:
    BlindSpot.objects.update(until=timezone.now() - timedelta(seconds=1))
    Delivery.objects.filter(state=State.WAITING).update(due_at=timezone.now())


# Here -------------------------------------------------------------------------------------------------


def test_nothing_of_the_person_is_left_in_any_column_of_any_table(intercom: Intercom, marked: Marked) -> None:
    plant_everywhere(marked, intercom.connection)
    plant_link_of_an_older_email(marked, intercom.connection)
    before = found_in(*marked.marks)
    assert len({line.partition(":")[0] for line in before}) > 20  # the marks are really everywhere

    erasure = erase(intercom)

    assert erasure.state == ErasureState.DONE
    assert found_in(*marked.marks, "zelda.older@example.org") == []


def test_others_keep_what_is_theirs(intercom: Intercom, marked: Marked) -> None:
    plant_everywhere(marked, intercom.connection)
    erase(intercom)
    stays = Participant.objects.get()
    assert (stays.pk, stays.referrer) == (marked.brought.pk, None)
    row = owed(stays)
    assert (row.state, row.email) == (State.CREATED, "stays@example.org")
    last = Attempt.objects.filter(delivery=row).order_by("-pk")[0]
    assert last.matches == ["[erased]", "d" * 24]
    assert last.sent == {"custom_attributes.first": "[erased]", "name": "Bo Li"}
    assert ContactLink.objects.get().email == "stays@example.org"
    order = BulkOrder.objects.get()
    assert (order.ids, order.sample_ids, order.query) == ([row.pk], [], {"words": "[erased]"})
    assert SnapshotState.objects.get().unexplained == [stays.pk]
    assert WebhookReceipt.objects.get().item["email"] == "stays@example.org"


OLDER = "zelda.before@example.org"
BY_EMAIL = {"data_type": "dynamic", "from": "referrer.email", "to": "custom_attributes.lead_source"}


def test_what_a_referrer_was_called_before_goes_with_them(intercom: Intercom) -> None:
    campaign = make_campaign("Autumn")
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, *REFERRER_ROWS])
    referrer = make_referrer(campaign, email=OLDER, first_name="Zeldolder", last_name="Quixolder")
    brought = make_lead(campaign, first_name="Bo", last_name="Li", referrer=referrer)
    intercom.drain()
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, BY_EMAIL])
    send_present([owed(brought).pk])
    intercom.drain()
    Participant.objects.filter(pk=referrer.pk).update(
        email=EMAIL, email_normalized=EMAIL, first_name="Zelda", last_name="New"
    )
    assert found_in(OLDER, "Zeldolder Quixolder") != []

    erase(intercom)

    assert found_in(OLDER, "Zeldolder", "Quixolder") == []
    first, second = Attempt.objects.filter(delivery=owed(brought)).order_by("pk")
    assert first.sent["name"] == "Bo Li"
    field = "custom_attributes.lead_source"
    assert (first.sent[field], second.before[field], second.after[field]) == ("[erased]",) * 3


def test_what_was_never_filled_from_the_referrer_stays(intercom: Intercom) -> None:
    fixed = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}
    campaign = make_campaign("Autumn")
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, fixed])
    referrer = make_referrer(campaign, email=EMAIL, first_name=FIRST, last_name=LAST)
    brought = make_lead(campaign, first_name=FIRST, last_name="Li", referrer=referrer)
    intercom.drain()
    set_panel(campaign, field_map=[EMAIL_ROW, NAME_ROW, *REFERRER_ROWS])
    send_present([owed(brought).pk])
    intercom.drain()

    erase(intercom)

    first, second = Attempt.objects.filter(delivery=owed(brought)).order_by("pk")
    field = "custom_attributes.lead_source"
    assert (first.sent["name"], first.sent[field]) == (f"{FIRST} Li", "Referral")
    assert (second.before[field], second.after[field]) == ("Referral", "[erased]")


def test_a_version_of_the_settings_that_is_gone_counts_as_any(intercom: Intercom, marked: Marked) -> None:
    Participant.objects.filter(pk=marked.referrer.pk).update(first_name="Other", last_name="Name")
    tries = Attempt.objects.filter(delivery=owed(marked.brought))
    tries.update(settings_revision=77)
    erase(intercom)
    assert tries.get().sent["custom_attributes.lead_source"] == "[erased]"


def test_intercom_s_words_name_no_erased_referrer(intercom: Intercom, marked: Marked) -> None:
    words = f"{FIRST} {LAST}, or {LAST}, is not allowed"
    Delivery.objects.filter(participant=marked.brought).update(message=words)
    tries = Attempt.objects.filter(delivery=owed(marked.brought))
    tries.update(message=words, pruned_at=timezone.now())
    FieldMap.objects.filter(settings__campaign=marked.campaign, target="name").update(
        problem="refused", problem_message=f"{FIRST} {LAST} is not allowed"
    )
    erase(intercom)
    assert found_in(FIRST, LAST) == []
    assert owed(marked.brought).message == tries.get().message == "[erased], or [erased], is not allowed"


def test_somebody_with_the_same_first_name_keeps_it(intercom: Intercom, marked: Marked) -> None:
    namesake = make_lead(
        marked.campaign, email="name.sake@example.org", first_name="Zeldamark", last_name="Po"
    )
    intercom.drain()
    erase(intercom)
    attempt = Attempt.objects.get(delivery__participant=namesake)
    assert attempt.sent["name"] == "Zeldamark Po"


def test_what_is_counted_is_what_goes(intercom: Intercom, marked: Marked) -> None:
    plant_everywhere(marked, intercom.connection)
    found = counted(person_of(EMAIL))
    assert found == {
        "people": 2,
        "entries": 2,
        "attempts": 1,
        "links": 1,
        "watches": 1,
        "sightings": 1,
        "receipts": 2,
        "referred": 1,
    }
    assert erase(intercom).found == found


def test_the_proof_names_nobody_and_says_who_asked(intercom: Intercom, marked: Marked) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.com", "pw")
    erasure = ask(EMAIL, user=boss)
    assert (erasure.email_hash, erasure.asked_by) == (hash_of(EMAIL), boss)
    assert erasure.sealed_email == ""
    assert erasure.done_at is not None


def test_the_hash_is_of_no_use_without_the_secret(settings: Settings) -> None:
    before = hash_of(EMAIL)
    settings.SECRET_KEY = "another-secret-" + "y" * 40
    assert hash_of(EMAIL) != before


def test_asking_twice_is_harmless(intercom: Intercom, marked: Marked) -> None:
    erase(intercom)
    again = erase(intercom)
    assert (again.state, again.found) == (ErasureState.DONE, {})
    assert Participant.objects.get() == marked.brought


def test_whoever_is_not_there_leaves_everybody_alone(intercom: Intercom, marked: Marked) -> None:
    erase(intercom, email="nobody@example.org")
    assert Participant.objects.count() == 3
    assert found_in(EMAIL) != []


def test_an_email_that_begins_alike_is_somebody_else(intercom: Intercom, marked: Marked) -> None:
    other = make_lead(marked.campaign, email=f"x{EMAIL}")
    erase(intercom)
    assert Participant.objects.filter(pk=other.pk).exists()


def test_what_waits_is_never_sent(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    make_lead(campaign, email=EMAIL)
    erase(intercom)
    intercom.drain()
    assert intercom.contacts() == []


# In Intercom ------------------------------------------------------------------------------------------


def test_without_being_asked_the_contact_stays_in_intercom(intercom: Intercom, marked: Marked) -> None:
    erasure = erase(intercom)
    intercom.drain()
    assert EMAIL in intercom.emails()
    assert [one.fate for one in erasure.contacts.all()] == [Fate.LEFT]


def test_the_contact_is_deleted_by_the_drain_and_its_id_forgotten(intercom: Intercom, marked: Marked) -> None:
    erasure = erase(intercom, delete=True)
    assert erasure.state == ErasureState.DELETING
    intercom.forget_calls()

    intercom.drain()

    erasure.refresh_from_db()
    contact = erasure.contacts.get()
    assert EMAIL not in intercom.emails()
    assert "stays@example.org" in intercom.emails()
    assert intercom.new_calls() == ["DELETE /contacts/{id}"]
    assert (erasure.state, contact.fate, contact.sealed_contact_id) == (ErasureState.DONE, Fate.DELETED, "")


def deleted(intercom: Intercom, contact_id: str) -> None:
    """Intercom tells that a contact was deleted."""
    address = address_by_uuid(intercom.connection.uuid)
    assert address is not None
    item = {"type": "contact", "id": contact_id, "external_id": None, "deleted": True}
    body = notification(Topic.DELETED, item, workspace=intercom.connection.workspace_id)
    receipts.take(address, parse_notification(body))


@pytest.mark.parametrize("at_once", [True, False])
def test_that_we_have_deleted_it_names_it_no_more(intercom: Intercom, marked: Marked, at_once: bool) -> None:
    """Intercom's word may come before its answer, and after it."""
    erase(intercom, delete=True)
    if not at_once:
        intercom.drain()
    deleted(intercom, marked.contact_id)
    intercom.drain()
    assert found_in(marked.contact_id) == []
    assert WebhookHealth.objects.get(connection=intercom.connection).unused == 1


def test_that_somebody_else_s_contact_was_deleted_is_kept(intercom: Intercom, marked: Marked) -> None:
    erase(intercom, delete=True)
    other = owed(marked.brought).contact_id
    deleted(intercom, other)
    assert WebhookReceipt.objects.get().contact_id == other


def test_a_contact_that_is_gone_is_done(intercom: Intercom, marked: Marked) -> None:
    intercom.sandbox.set_state(intercom.workspace, marked.contact_id, State_.DELETED)
    erasure = erase(intercom, delete=True)
    intercom.drain()
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.DONE


def test_of_a_merged_contact_the_survivor_is_deleted(intercom: Intercom, marked: Marked) -> None:
    survivor = intercom.sandbox.add_contact(intercom.workspace, email="zelda.user@example.org")
    intercom.sandbox.set_state(intercom.workspace, marked.contact_id, State_.MERGED, merged_into=survivor)
    erasure = erase(intercom, delete=True)
    intercom.drain()
    erasure.refresh_from_db()
    assert intercom.emails() == ["stays@example.org"]
    assert erasure.state == ErasureState.DONE


@pytest.mark.parametrize(
    ("status", "hitch"), [(500, Hitch.NO_ANSWER), (403, Hitch.FORBIDDEN), (400, Hitch.REFUSED)]
)
def test_a_deletion_that_fails_stays_owed_and_is_tried_again(
    intercom: Intercom, marked: Marked, status: int, hitch: Hitch
) -> None:
    intercom.sandbox.add_fault(
        intercom.workspace, Fault(acts=False, method="DELETE", status=status, times=50)
    )
    erasure = erase(intercom, delete=True)
    intercom.drain()
    contact = erasure.contacts.get()
    assert (contact.fate, contact.hitch) == (Fate.OWED, hitch)
    assert contact.due_at is not None
    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.CONNECTED

    intercom.sandbox.clear_faults(intercom.workspace)
    assert try_again(erasure) == 1
    intercom.drain()

    assert EMAIL not in intercom.emails()
    assert ErasedContact.objects.get().fate == Fate.DELETED


def test_a_revoked_token_keeps_the_deletion_until_it_is_renewed(intercom: Intercom, marked: Marked) -> None:
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, method="DELETE", status=401))
    erase(intercom, delete=True)
    intercom.drain()
    assert ErasedContact.objects.get().fate == Fate.OWED
    intercom.connection.refresh_from_db()
    assert intercom.connection.status == ConnectionStatus.RECONNECT_NEEDED

    IntercomConnection.objects.update(status=ConnectionStatus.CONNECTED)
    intercom.drain()

    assert EMAIL not in intercom.emails()


def test_the_sweep_finds_what_a_lost_wake_left_behind(
    intercom: Intercom, marked: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(intercom, delete=True)
    woken: list[int] = []
    monkeypatch.setattr("integrations.services.sweep.enqueue_drain", woken.append)
    sweep()
    assert woken == [intercom.connection.pk]


def test_what_somebody_has_deleted_by_hand_is_owed_no_more(intercom: Intercom, marked: Marked) -> None:
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED)
    erasure = erase(intercom, delete=True)
    assert done_by_hand(erasure) == 1
    erasure.refresh_from_db()
    assert (erasure.state, erasure.contacts.get().fate) == (ErasureState.DONE, Fate.BY_HAND)
    assert found_in(marked.contact_id) == []


def test_a_contact_that_somebody_else_here_has_is_not_deleted(intercom: Intercom, marked: Marked) -> None:
    Delivery.objects.filter(participant=marked.brought).update(contact_id=marked.contact_id)
    erasure = erase(intercom, delete=True)
    intercom.drain()
    assert EMAIL in intercom.emails()
    assert (erasure.state, erasure.contacts.get().fate) == (ErasureState.DONE, Fate.USED)


def test_who_joined_again_before_the_deletion_keeps_the_contact(intercom: Intercom, marked: Marked) -> None:
    IntercomConnection.objects.update(paused_at=timezone.now())
    erasure = erase(intercom, delete=True)
    back = make_lead(marked.campaign, email=EMAIL)
    Delivery.objects.filter(participant=back).update(
        state=State.SKIPPED, due_at=None, connection=intercom.connection, contact_id=marked.contact_id
    )
    IntercomConnection.objects.update(paused_at=None)
    intercom.drain()
    assert EMAIL in intercom.emails()
    assert erasure.contacts.get().fate == Fate.USED


# Joining again ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delete", [False, True])
def test_who_joins_again_waits_until_search_can_show_the_truth(
    intercom: Intercom, marked: Marked, delete: bool
) -> None:
    intercom.sandbox.set_lag(intercom.workspace, 1000)
    erase(intercom, delete=delete)
    intercom.drain()
    back = join_lead(campaign=marked.campaign, email=EMAIL)

    intercom.drain()

    row = owed(back)
    assert (row.state, row.reason) == (State.WAITING, Reason.SEARCH_LAG)
    assert row.due_at is not None
    assert row.due_at > timezone.now() + timedelta(minutes=4)
    assert intercom.emails().count(EMAIL) == (0 if delete else 1)

    intercom.sandbox.let_search_catch_up(intercom.workspace)
    the_blindness_is_over()
    intercom.drain()

    assert owed(back).state == (State.CREATED if delete else State.SKIPPED)
    assert intercom.emails().count(EMAIL) == 1


def test_who_joins_long_after_is_sent_at_once(intercom: Intercom, marked: Marked) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    Delivery.objects.update(settled_at=long_ago, intent_at=long_ago)
    ContactLink.objects.update(confirmed_at=long_ago)
    erase(intercom)
    assert not BlindSpot.objects.exists()
    back = join_lead(campaign=marked.campaign, email=EMAIL)
    intercom.drain()
    assert owed(back).state == State.SKIPPED


def test_somebody_else_does_not_wait(intercom: Intercom, marked: Marked) -> None:
    erase(intercom)
    other = make_lead(marked.campaign, email="other@example.org")
    intercom.drain()
    assert owed(other).state == State.CREATED


# The command ------------------------------------------------------------------------------------------


def test_the_command_says_what_there_was_and_erases(
    intercom: Intercom, marked: Marked, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("erase_person", "--email", f" {EMAIL.upper()} ", "--delete-in-intercom")
    intercom.drain()
    said = capsys.readouterr().out
    assert "Times they joined a campaign: 2" in said
    assert EMAIL not in said
    assert found_in(EMAIL) == []
    assert EMAIL not in intercom.emails()


def test_a_dry_run_of_the_command_erases_nothing(
    intercom: Intercom, marked: Marked, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("erase_person", "--email", EMAIL, "--dry-run")
    said = capsys.readouterr().out
    assert "Entries of the sync log: 2" in said
    assert said.endswith("Nothing was erased: that is what would be.\n")
    assert Participant.objects.count() == 3


def test_the_command_reads_the_email_from_its_input(
    intercom: Intercom, marked: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.readline", lambda: f"{EMAIL}\n", raising=False)
    call_command("erase_person", "--email", "-")
    assert found_in(EMAIL) == []


@pytest.mark.parametrize("email", ["", "ana", "a\0@example.org"])
def test_the_command_refuses_what_is_no_email(db: None, email: str) -> None:
    with pytest.raises(CommandError, match="Say whose"):
        call_command("erase_person", "--email", email)


def test_the_command_says_that_there_is_nobody(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("erase_person", "--email", "nobody@example.org")
    assert "Nothing is held" in capsys.readouterr().out
    assert not Erasure.objects.exists()
