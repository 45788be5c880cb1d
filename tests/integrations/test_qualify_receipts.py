"""What Intercom tells us qualifies a lead by a step, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Campaign, CampaignStatus, Participant
from campaigns.signals import lead_qualified
from integrations.intercom.webhooks import Topic
from integrations.logic.qualification import Verdict
from integrations.logic.states import Order, Reason, State
from integrations.models import (
    ContactLink,
    Delivery,
    ReceiptState,
    Sighting,
    SweepState,
    Watch,
    WatchState,
    WebhookReceipt,
)
from integrations.services.qualify import receipts_use, topics, use_receipts
from integrations.services.qualify.story import Happened
from integrations.services.queue import LOOK
from integrations.services.sweep import sweep
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import Intercom, owed, queued, set_panel
from tests.integrations.qualify_fixtures import (
    FIRST,
    change,
    contact_of,
    delivered,
    item_of,
    known,
    look,
    rule,
    ruled,
    status,
    story,
    tell,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign())


@pytest.fixture
def ana(intercom: Intercom, campaign: Campaign) -> Participant:
    return delivered(intercom, campaign)


def test_a_step_into_a_qualifying_value_qualifies(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "Pro")
    receipt = tell(intercom, contact_of(ana))

    assert status(ana) == "qualified"
    assert receipt.state == ReceiptState.USED
    assert story(ana) == [FIRST, Verdict.QUALIFIES]
    assert Watch.objects.get().state == WatchState.QUALIFIED
    assert Watch.objects.get().revision == 1


def test_the_signal_is_sent_once_however_often_it_is_told(intercom: Intercom, ana: Participant) -> None:
    heard = []

    def listen(**kwargs: object) -> None:
        heard.append(kwargs["participant"])

    lead_qualified.connect(listen)
    try:
        for plan in ("Pro", "Free", "Pro"):
            change(intercom, contact_of(ana), plan, later=len(heard) + 1)
            tell(intercom, contact_of(ana))
    finally:
        lead_qualified.disconnect(listen)
    assert heard == [ana]


@pytest.mark.parametrize("plans", [["Free"], ["pro"], [" Pro "], [None], ["Free", "pro", None]])
def test_no_step_no_qualification(intercom: Intercom, ana: Participant, plans: list[str | None]) -> None:
    for later, plan in enumerate(plans, start=1):
        change(intercom, contact_of(ana), plan, later=later)
        tell(intercom, contact_of(ana))
    assert status(ana) == "pending"


def test_a_near_miss_is_explained(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "pro")
    tell(intercom, contact_of(ana))
    assert story(ana) == [FIRST, Verdict.ALMOST]


def test_an_unchanged_value_adds_no_line(intercom: Intercom, ana: Participant) -> None:
    for later in range(1, 4):
        change(intercom, contact_of(ana), None, later=later, name=f"Ana {later}")
        assert tell(intercom, contact_of(ana)).state == ReceiptState.USED
    assert story(ana) == [FIRST]


def test_a_late_notification_still_counts(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "Pro", later=1)
    pro = item_of(known(intercom, contact_of(ana)))
    change(intercom, contact_of(ana), "Free", later=2)
    tell(intercom, contact_of(ana))
    assert status(ana) == "pending"

    told(intercom.connection, Topic.LEAD_UPDATED, pro)
    use_receipts()

    assert status(ana) == "qualified"


def test_the_same_notification_twice_is_one(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "Free")
    item = item_of(known(intercom, contact_of(ana)))
    for _ in range(2):
        told(intercom.connection, Topic.LEAD_UPDATED, item, notif="notif_same")
        use_receipts()
    assert WebhookReceipt.objects.get().repeats == 1
    assert story(ana) == [FIRST, Verdict.NOT_A_QUALIFYING_VALUE]


def test_a_contact_we_do_not_know_is_not_used_and_nothing_personal_is_kept(
    intercom: Intercom, ana: Participant
) -> None:
    stranger = intercom.sandbox.add_contact(
        intercom.workspace, email="bo@example.com", name="Bo", custom_attributes={"plan": "Pro", "iban": "DE"}
    )
    receipt = tell(intercom, stranger)
    assert receipt.state == ReceiptState.UNUSED
    assert "bo@example.com" not in str(receipt.item)
    assert "Bo" not in str(receipt.item)
    assert receipt.item["custom_attributes"] == {"plan": "Pro"}
    assert Sighting.objects.exclude(participant=ana).count() == 0


def test_without_a_rule_nothing_is_watched_or_kept(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    lead = delivered(intercom, campaign)
    change(intercom, contact_of(lead), "Pro")
    receipt = tell(intercom, contact_of(lead))
    assert (receipt.state, receipt.item["custom_attributes"]) == (ReceiptState.UNUSED, {})
    assert not Watch.objects.exists()


def test_a_referrer_never_qualifies(intercom: Intercom, campaign: Campaign) -> None:
    set_panel(campaign, qualification=rule("Pro"))
    rosa = make_referrer(campaign, email="rosa@example.com")
    contact = intercom.sandbox.add_contact(intercom.workspace, email="rosa@example.com")
    Delivery.objects.filter(participant=rosa).update(
        state=State.CREATED, connection=intercom.connection, contact_id=contact
    )
    change(intercom, contact, "Pro")
    tell(intercom, contact)
    assert status(rosa) == "pending"


def test_a_skipped_duplicate_never_qualifies(intercom: Intercom, campaign: Campaign) -> None:
    contact = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    ana = delivered(intercom, campaign)
    change(intercom, contact, "Pro")
    assert tell(intercom, contact).state == ReceiptState.UNUSED
    assert (owed(ana).state, status(ana)) == (State.SKIPPED, "pending")


def existing(intercom: Intercom, plan: str) -> str:
    return intercom.sandbox.add_contact(
        intercom.workspace,
        email="ana@example.com",
        custom_attributes={"plan": plan},
        created_at=1_600_000_000,
    )


def test_a_customer_who_held_the_value_never_qualifies_by_being_touched(intercom: Intercom) -> None:
    contact = existing(intercom, "Pro")
    ana = delivered(intercom, ruled(make_campaign(), marks=False, duplicates="update", field_map=ROWS))
    for later, plan in enumerate(["Pro", "Enterprise", "Pro"], start=1):
        change(intercom, contact, plan, later=later, name=f"Ana {later}")
        tell(intercom, contact)
    assert (owed(ana).state, status(ana)) == (State.UPDATED, "pending")


ROWS = [
    {"data_type": "dynamic", "from": "lead.email", "to": "email"},
    {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"},
]


def test_a_customer_updated_by_policy_starts_from_the_value_in_the_answer(intercom: Intercom) -> None:
    contact = existing(intercom, "Free")
    ana = delivered(intercom, ruled(make_campaign(), duplicates="update", field_map=ROWS))
    assert Watch.objects.get().value == "Free"
    change(intercom, contact, "Pro", later=2)
    tell(intercom, contact)
    assert status(ana) == "qualified"


def test_an_update_that_had_nothing_to_write_begins_with_a_look(intercom: Intercom) -> None:
    existing(intercom, "Pro")
    email_only = [ROWS[0]]
    delivered(intercom, ruled(make_campaign(), duplicates="update", field_map=email_only))
    watch = Watch.objects.get()
    assert (watch.since, watch.checked_at) == (None, None)
    assert watch.wanted_at is not None


def test_which_is_asked_for_at_once_so_that_no_step_is_missed(
    intercom: Intercom, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    customer = existing(intercom, "Free")
    campaign = ruled(make_campaign(), duplicates="update", field_map=[ROWS[0]])
    with django_capture_on_commit_callbacks(execute=True):
        ana = delivered(intercom, campaign)
    assert (owed(ana).reason, queued(LOOK)) == (Reason.SAME_VALUES, 1)
    look(intercom, at_once=False)
    change(intercom, customer, "Pro", later=2)
    tell(intercom, customer)
    assert status(ana) == "qualified"


def test_a_duplicate_updated_by_support_starts_from_that_moment(intercom: Intercom) -> None:
    contact = existing(intercom, "Free")
    ana = delivered(intercom, ruled(make_campaign(), field_map=ROWS))
    assert owed(ana).state == State.SKIPPED
    Delivery.objects.update(
        state=State.WAITING, reason=Reason.QUEUED, due_at=timezone.now(), order=Order.UPDATE
    )
    intercom.drain()
    change(intercom, contact, "Pro", later=2)
    tell(intercom, contact)
    assert status(ana) == "qualified"


def test_one_contact_in_two_campaigns_qualifies_by_each_rule(intercom: Intercom, ana: Participant) -> None:
    second = ruled(make_campaign("Summer"), rule("Free"), duplicates="update", field_map=ROWS)
    again = delivered(intercom, second)
    assert contact_of(again) == contact_of(ana)

    change(intercom, contact_of(ana), "Free", later=2)
    tell(intercom, contact_of(ana))
    assert (status(ana), status(again)) == ("pending", "qualified")

    change(intercom, contact_of(ana), "Pro", later=3)
    tell(intercom, contact_of(ana))
    assert (status(ana), status(again)) == ("qualified", "qualified")


def test_who_joined_in_time_qualifies_after_the_campaign_has_ended(
    intercom: Intercom, ana: Participant
) -> None:
    Campaign.objects.update(status=CampaignStatus.ENDED)
    change(intercom, contact_of(ana), "Pro")
    tell(intercom, contact_of(ana))
    assert status(ana) == "qualified"


@pytest.mark.parametrize("before", ["rejected", "qualified"])
def test_who_is_settled_already_stays_so(intercom: Intercom, ana: Participant, before: str) -> None:
    when = timezone.now() if before == "qualified" else None
    Participant.objects.update(status=before, qualified_at=when)
    change(intercom, contact_of(ana), "Pro")
    tell(intercom, contact_of(ana))
    assert status(ana) == before
    assert Participant.objects.get().qualified_at == when
    assert story(ana) == [FIRST, Happened.SETTLED_BEFORE]


def test_a_lead_that_became_a_user_is_still_watched(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "Pro", role="user")
    tell(intercom, contact_of(ana), Topic.SIGNED_UP)
    assert ContactLink.objects.get().role == "user"
    assert status(ana) == "qualified"


def user_of_the_same_email(intercom: Intercom, plan: str | None, *, later: int) -> str:
    now = int(timezone.now().timestamp())
    return intercom.sandbox.add_contact(
        intercom.workspace,
        email="Ana@Example.com",
        role="user",
        created_at=now + later,
        custom_attributes={"plan": plan},
    )


def test_a_user_made_later_with_the_leads_email_counts(intercom: Intercom, ana: Participant) -> None:
    """Somebody who signs up after joining is often a contact of its own in Intercom."""
    user = user_of_the_same_email(intercom, "Pro", later=5)
    tell(intercom, user, Topic.USER_UPDATED)
    assert status(ana) == "qualified"
    assert Watch.objects.get().contact_id == user


def test_a_contact_of_the_same_email_that_was_there_before_does_not(
    intercom: Intercom, ana: Participant
) -> None:
    user = user_of_the_same_email(intercom, "Pro", later=-500)
    for _ in range(3):
        tell(intercom, user, Topic.USER_UPDATED)
    assert status(ana) == "pending"
    assert story(ana) == [FIRST, Happened.OTHER_CONTACT]


def test_the_values_of_two_contacts_make_no_step(intercom: Intercom) -> None:
    contact = existing(intercom, "Pro")
    ana = delivered(intercom, ruled(make_campaign(), duplicates="update", field_map=ROWS))
    user = user_of_the_same_email(intercom, "Free", later=5)
    tell(intercom, user, Topic.USER_UPDATED)
    change(intercom, contact, "Pro", later=9, name="Ana")
    tell(intercom, contact)
    assert status(ana) == "pending"


# Contacts that go, come back, or become one --------------------------------------------------------------


@pytest.mark.parametrize("topic", [Topic.ARCHIVED, Topic.DELETED])
def test_a_contact_that_is_gone_is_watched_no_more(
    intercom: Intercom, ana: Participant, topic: Topic
) -> None:
    item = {"id": contact_of(ana), "type": "contact", "archived": True}
    told(intercom.connection, topic, item)
    use_receipts()
    watch = Watch.objects.get()
    assert (watch.state, watch.checked_at) == (WatchState.GONE, None)
    assert story(ana)[-1] in {Happened.ARCHIVED, Happened.DELETED}


def test_a_contact_that_comes_back_is_watched_again(intercom: Intercom, ana: Participant) -> None:
    item = {"id": contact_of(ana), "type": "contact"}
    told(intercom.connection, Topic.ARCHIVED, item | {"archived": True})
    told(intercom.connection, Topic.UNARCHIVED, item | {"archived": False})
    use_receipts()
    assert Watch.objects.get().state == WatchState.WATCHING
    assert story(ana) == [FIRST, Happened.ARCHIVED, Happened.RETURNED]


def merge(intercom: Intercom, lead: Participant, plan: str | None, *, created: int) -> str:
    now = int(timezone.now().timestamp())
    gone = contact_of(lead)
    survivor = intercom.sandbox.add_contact(
        intercom.workspace,
        email="ana@work.example",
        role="user",
        created_at=now + created,
        updated_at=now + 10,
        custom_attributes={"plan": plan},
    )
    tell(intercom, survivor, Topic.MERGED, merged_from={"type": "contact", "id": gone})
    return survivor


def test_a_merge_into_a_customer_who_held_the_value_does_not_qualify(
    intercom: Intercom, ana: Participant
) -> None:
    survivor = merge(intercom, ana, "Pro", created=-500)
    change(intercom, survivor, "Enterprise", later=20)
    tell(intercom, survivor)
    assert status(ana) == "pending"
    assert Watch.objects.get().contact_id == survivor
    assert owed(ana).contact_id == survivor
    assert ContactLink.objects.get().contact_id == survivor
    assert story(ana)[:2] == [FIRST, Happened.MERGED]


def test_after_a_merge_the_survivors_step_qualifies(intercom: Intercom, ana: Participant) -> None:
    survivor = merge(intercom, ana, "Free", created=-500)
    change(intercom, survivor, "Pro", later=20)
    tell(intercom, survivor)
    assert status(ana) == "qualified"


def test_a_merge_into_a_contact_made_after_joining_counts(intercom: Intercom, ana: Participant) -> None:
    merge(intercom, ana, "Pro", created=5)
    assert status(ana) == "qualified"


def test_what_the_survivor_did_after_the_merge_counts_though_told_before(
    intercom: Intercom, ana: Participant
) -> None:
    gone, now = contact_of(ana), int(timezone.now().timestamp())
    survivor = intercom.sandbox.add_contact(
        intercom.workspace, email="x@work.example", role="user", created_at=1, updated_at=now + 5
    )
    merged = item_of(known(intercom, survivor)) | {"merged_from": {"type": "contact", "id": gone}}
    change(intercom, survivor, "Pro", later=9)
    assert tell(intercom, survivor).state == ReceiptState.UNUSED

    told(intercom.connection, Topic.MERGED, merged)
    use_receipts()

    assert status(ana) == "qualified"


def test_a_merge_heard_twice_forgets_nothing(intercom: Intercom, ana: Participant) -> None:
    survivor = merge(intercom, ana, "Pro", created=-500)
    change(intercom, survivor, "Free", later=20)
    tell(intercom, survivor)
    again = WebhookReceipt.objects.get(topic=Topic.MERGED)
    WebhookReceipt.objects.filter(pk=again.pk).update(state=ReceiptState.NEW)
    use_receipts()
    change(intercom, survivor, "Pro", later=30)
    tell(intercom, survivor)
    assert status(ana) == "qualified"
    assert story(ana)[:2] == [FIRST, Happened.MERGED]


# Our own create, before we know its answer -----------------------------------------------------------------


def in_doubt(lead: Participant, intercom: Intercom, **values: object) -> None:
    Delivery.objects.filter(participant=lead).update(
        state=State.UNCERTAIN,
        connection=intercom.connection,
        email=lead.email_normalized,
        intent="create_lead",
        intent_at=timezone.now(),
        due_at=timezone.now(),
        settings_revision=1,
        **values,
    )


def test_a_create_in_doubt_is_known_by_its_email(intercom: Intercom, campaign: Campaign) -> None:
    ana = make_lead(campaign, email="ana@example.com")
    in_doubt(ana, intercom)
    contact = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    change(intercom, contact, "Pro")
    tell(intercom, contact)
    assert status(ana) == "qualified"


@pytest.mark.parametrize(
    "other", [{"role": "user"}, {"created_at": 1_600_000_000}, {"email": "bo@example.com"}]
)
def test_a_contact_that_is_not_of_that_create_is_not(
    intercom: Intercom, campaign: Campaign, other: dict[str, object]
) -> None:
    ana = make_lead(campaign, email="ana@example.com")
    in_doubt(ana, intercom)
    values = {"email": "ana@example.com"} | other
    contact = intercom.sandbox.add_contact(intercom.workspace, **values)  # type: ignore[arg-type]
    change(intercom, contact, "Pro")
    assert tell(intercom, contact).state == ReceiptState.UNUSED
    assert status(ana) == "pending"


def test_where_the_settings_changed_since_the_create_left_it_begins_with_a_look(
    intercom: Intercom, campaign: Campaign
) -> None:
    ana = make_lead(campaign, email="ana@example.com")
    in_doubt(ana, intercom)
    ruled(campaign, rule("Pro", "Free"))
    contact = intercom.sandbox.add_contact(intercom.workspace, email="ana@example.com")
    change(intercom, contact, "Free")
    tell(intercom, contact)
    assert status(ana) == "pending"
    assert Watch.objects.get().since is None


def test_what_was_told_before_the_answer_was_recorded_is_not_lost(
    intercom: Intercom, campaign: Campaign
) -> None:
    """A webhook overtakes the drain: the contact is not known yet when its change is told."""
    ana = delivered(intercom, campaign)
    contact, delivery = contact_of(ana), owed(ana)
    change(intercom, contact, "Pro")
    Watch.objects.all().delete()
    Delivery.objects.update(state=State.WAITING, due_at=timezone.now(), contact_id="", connection=None)
    assert tell(intercom, contact).state == ReceiptState.UNUSED
    assert delivery.pk

    ContactLink.objects.all().delete()
    Delivery.objects.update(
        state=State.UNCERTAIN,
        connection=intercom.connection,
        email="ana@example.com",
        intent="create_lead",
        intent_at=timezone.now(),
        settings_revision=1,
    )
    intercom.drain()
    use_receipts()

    assert status(ana) == "qualified"


# Working through them ---------------------------------------------------------------------------------------


def test_one_bad_notification_stops_no_other(
    intercom: Intercom, ana: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(intercom, contact_of(ana), "Pro")
    bad = told(intercom.connection, Topic.LEAD_UPDATED, {"id": "bad", "type": "contact"})
    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(ana))))
    real = topics.use

    def stumble(heard: object, **kwargs: object) -> bool:
        if heard.receipt.contact_id == "bad":  # type: ignore[attr-defined]
            raise ValueError("ana@example.com")
        return real(heard, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(topics, "use", stumble)
    for _ in range(receipts_use.MOST_TRIES):
        use_receipts()

    bad.refresh_from_db()
    assert (bad.state, bad.tries) == (ReceiptState.FAILED, 5)
    assert status(ana) == "qualified"


def test_a_failure_is_logged_without_its_words(
    intercom: Intercom, ana: Participant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*args: object, **kwargs: object) -> bool:
        raise ValueError("ana@example.com")

    monkeypatch.setattr(topics, "use", stumble)
    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(ana))))
    use_receipts()
    assert "ValueError" in caplog.text
    assert "ana@example.com" not in caplog.text


def test_the_flag_is_cleared_first_and_the_sweep_looks_past_it(intercom: Intercom, ana: Participant) -> None:
    from django_q.models import OrmQ

    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(ana))))
    assert SweepState.objects.get().receipts_dirty
    OrmQ.objects.all().delete()
    sweep()
    assert {q.func() for q in OrmQ.objects.all()} >= {"integrations.tasks.use_receipts"}
    use_receipts()
    assert not SweepState.objects.get().receipts_dirty


def test_a_batch_of_strangers_costs_a_few_queries_whatever_their_number(
    intercom: Intercom, ana: Participant
) -> None:
    def strangers(number: int) -> int:
        for one in range(number):
            item = {"id": f"c{number}-{one}", "type": "contact", "email": f"{one}@x.example", "updated_at": 5}
            told(intercom.connection, Topic.LEAD_UPDATED, item)
        with CaptureQueriesContext(database) as asked:
            use_receipts()
        return len(asked)

    assert strangers(50) == strangers(2) <= 22


def test_looking_at_one_again_changes_nothing(intercom: Intercom, ana: Participant) -> None:
    change(intercom, contact_of(ana), "Free")
    tell(intercom, contact_of(ana))
    before = (story(ana), Watch.objects.values().get())
    WebhookReceipt.objects.update(state=ReceiptState.NEW)
    use_receipts()
    assert (story(ana), Watch.objects.values().get()) == before


@pytest.mark.parametrize("told_as", [None, [], "…"])
def test_attributes_that_were_not_told_are_not_empty(
    intercom: Intercom, campaign: Campaign, told_as: object
) -> None:
    """Else a customer who holds the value all along would seem to have stepped into it."""
    set_panel(campaign, qualification=rule("Pro"), duplicates="update")
    intercom.sandbox.add_contact(
        intercom.workspace, email="bo@example.com", custom_attributes={"plan": "Pro"}
    )
    bo = delivered(intercom, campaign, "bo@example.com")
    for later in (5, 6):
        change(intercom, contact_of(bo), "Pro", later=later)
        item = item_of(known(intercom, contact_of(bo)))
        if later == 5:
            del item["custom_attributes"]
            item |= {} if told_as == "…" else {"custom_attributes": told_as}
        told(intercom.connection, Topic.LEAD_UPDATED, item)
        use_receipts()
    assert status(bo) == "pending"
    assert Watch.objects.get(participant=bo).first_outside is None
