"""Where a watch begins: with what our own write has left there. Sending costs no more where no rule is."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Campaign
from integrations.logic.states import Order, Reason, State
from integrations.models import Delivery, Via, Watch
from integrations.sandbox.faults import Fault
from integrations.sandbox.messages import Ending
from integrations.services.qualify import baselines
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel, the_lag_is_over
from tests.integrations.qualify_fixtures import RULE, change, contact_of, delivered, look, rule, ruled, status
from tests.integrations.sandbox_fixtures import WORKSPACE

pytestmark = pytest.mark.django_db

SOURCE_ROW = {"data_type": "dynamic", "from": "lead.source", "to": "custom_attributes.plan"}


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign())


def queries_of_a_drain(intercom: Intercom, campaign: Campaign, number: int) -> list[str]:
    for one in range(number):
        make_lead(campaign, email=f"lead{number}-{one}@example.com")
    with CaptureQueriesContext(database) as asked:
        intercom.drain()
    return [query["sql"] for query in asked]


def test_without_a_rule_sending_asks_for_nothing_more(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    asked = queries_of_a_drain(intercom, campaign, 5)
    assert not [sql for sql in asked if "integrations_watch" in sql or "integrations_sighting" in sql]


def test_with_a_rule_it_is_a_few_statements_a_batch(intercom: Intercom, campaign: Campaign) -> None:
    asked = queries_of_a_drain(intercom, campaign, 20)
    batches = len([sql for sql in asked if "INSERT INTO" in sql and "integrations_attempt" in sql])
    watches = len([sql for sql in asked if '"integrations_watch"' in sql])
    assert Watch.objects.count() == 20
    assert watches <= 5 * batches


def test_a_lead_begins_with_what_the_create_has_written(intercom: Intercom) -> None:
    campaign = ruled(make_campaign(), RULE | {"initial_value": "Free"})
    lead = delivered(intercom, campaign)
    watch = Watch.objects.get()
    assert (watch.value, watch.since, watch.revision) == ("Free", watch.first_outside, 1)
    change(intercom, contact_of(lead), "Pro")
    look(intercom)
    assert status(lead) == "qualified"


def test_our_own_qualifying_value_is_no_step(intercom: Intercom) -> None:
    """A mapped value of the person's own may happen to be a qualifying one."""
    campaign = ruled(make_campaign(), field_map=[EMAIL_ROW, SOURCE_ROW])
    lead = make_lead(campaign, email="ana@example.com", source="Pro")
    intercom.drain()
    change(intercom, contact_of(lead), "Enterprise")
    look(intercom)
    assert (Watch.objects.get().value, status(lead)) == ("Enterprise", "pending")


def test_a_repair_that_writes_the_rules_attribute_begins_anew(intercom: Intercom) -> None:
    campaign = ruled(make_campaign(), field_map=[EMAIL_ROW, SOURCE_ROW])
    lead = make_lead(campaign, email="ana@example.com", source="Free")
    intercom.drain()
    lead.__class__.objects.update(source="Pro")
    Delivery.objects.update(
        state=State.WAITING, reason=Reason.QUEUED, due_at=timezone.now(), order=Order.UPDATE
    )
    intercom.drain()
    assert status(lead) == "pending"
    watch = Watch.objects.get()
    assert (watch.value, watch.first_outside, watch.last_inside) == ("Pro", None, watch.since)


def test_another_write_of_ours_leaves_it_as_it_was(intercom: Intercom, campaign: Campaign) -> None:
    lead = delivered(intercom, campaign)
    before = Watch.objects.get()
    lead.__class__.objects.update(first_name="Anabel")
    set_panel(campaign, qualification=RULE, field_map=[EMAIL_ROW, NAME_OVERWRITES])
    Delivery.objects.update(
        state=State.WAITING, reason=Reason.QUEUED, due_at=timezone.now(), order=Order.UPDATE
    )
    intercom.drain()
    after = Watch.objects.get()
    assert owed(lead).state == State.UPDATED
    assert (after.since, after.first_outside) == (before.since, before.first_outside)


NAME_OVERWRITES = {
    "data_type": "dynamic",
    "from": "lead.full_name",
    "to": "name",
    "if_present": "overwrite",
}


def test_a_create_that_was_never_answered_begins_with_what_was_sent(
    intercom: Intercom, campaign: Campaign
) -> None:
    drop = Fault(acts=True, method="POST", path="/contacts", ending=Ending.RESET)
    intercom.sandbox.add_fault(WORKSPACE, drop)
    lead = delivered(intercom, campaign)
    assert owed(lead).state == State.UNCERTAIN
    change(intercom, intercom.contacts()[0]["id"], "Pro")
    Delivery.objects.update(due_at=timezone.now())

    intercom.drain()

    assert (owed(lead).reason, status(lead)) == (Reason.OURS, "qualified")


@pytest.mark.parametrize(("attribute", "values"), [("role", ["lead"]), ("has_hard_bounced", [False])])
def test_of_a_field_of_intercoms_own_nobody_knows_what_it_began_with(
    intercom: Intercom, attribute: str, values: list[Any]
) -> None:
    campaign = ruled(make_campaign(), rule(*values, attribute=attribute))
    drop = Fault(acts=True, method="POST", path="/contacts", ending=Ending.RESET)
    intercom.sandbox.add_fault(WORKSPACE, drop)
    lead = delivered(intercom, campaign)
    Delivery.objects.update(due_at=timezone.now())
    intercom.drain()
    look(intercom)
    assert (owed(lead).reason, status(lead)) == (Reason.OURS, "pending")


def test_where_the_settings_changed_meanwhile_it_begins_with_a_look(
    intercom: Intercom, campaign: Campaign
) -> None:
    drop = Fault(acts=True, method="POST", path="/contacts", ending=Ending.RESET)
    intercom.sandbox.add_fault(WORKSPACE, drop)
    lead = delivered(intercom, campaign)
    change(intercom, intercom.contacts()[0]["id"], "Free")
    ruled(campaign, rule("Free"))
    Delivery.objects.update(due_at=timezone.now())
    intercom.drain()
    assert (owed(lead).reason, status(lead)) == (Reason.OURS, "pending")
    assert Watch.objects.get().since is None


def test_a_referrer_is_never_watched(intercom: Intercom, campaign: Campaign) -> None:
    make_referrer(campaign, email="rosa@example.com")
    the_lag_is_over()
    intercom.drain()
    assert not Watch.objects.exists()


def test_a_failure_here_loses_no_delivery_and_is_made_up_for(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*args: object, **kwargs: object) -> None:
        raise ValueError("ana@example.com")

    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(baselines, "_begin_all", stumble)
        lead = delivered(intercom, campaign)
    assert owed(lead).state == State.CREATED
    assert "ana@example.com" not in caplog.text
    look(intercom)
    assert Watch.objects.get().since is not None


def test_the_story_says_where_it_began(intercom: Intercom, campaign: Campaign) -> None:
    lead = delivered(intercom, campaign)
    line = lead.sightings.get()
    assert (line.via, line.attribute, line.value) == (Via.WRITE, "custom_attributes.plan", "")
