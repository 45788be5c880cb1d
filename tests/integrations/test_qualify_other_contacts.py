"""A person has several contacts: only one that was made after we began to watch can complete a step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Participant
from integrations.intercom.webhooks import Topic
from integrations.models import Watch
from integrations.sandbox.people import State as ContactState
from integrations.services.qualify import use_receipts
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, owed, set_panel
from tests.integrations.qualify_fixtures import (
    PLAN,
    change,
    contact_of,
    delivered,
    iso,
    item_of,
    known,
    look,
    ruled,
    status,
    tell,
    told,
)

pytestmark = pytest.mark.django_db

ANA = "ana@example.com"
DAY = 86_400


@pytest.fixture(autouse=True)
def without_lag(settings: object) -> None:
    settings.INTERCOM_SEARCH_LAG = 0  # type: ignore[attr-defined]


def now() -> int:
    return int(timezone.now().timestamp())


def rounds(intercom: Intercom, number: int) -> None:
    for _ in range(number):
        Watch.objects.filter(checked_at__isnull=False).update(checked_at=timezone.now() - timedelta(hours=1))
        look(intercom, at_once=False)


def goes(intercom: Intercom, lead: Participant, state: ContactState = ContactState.ARCHIVED) -> None:
    intercom.sandbox.set_state(intercom.workspace, contact_of(lead), state)


# A rule that comes long after the contact was last changed ---------------------------------------------


@pytest.fixture
def ana(intercom: Intercom) -> Participant:
    """Delivered and left alone for half a year; under a rule since today, and looked at."""
    campaign = make_campaign()
    set_panel(campaign, duplicates="update")
    lead = delivered(intercom, campaign, ANA)
    long_ago = now() - 180 * DAY
    intercom.sandbox.change_contact(
        intercom.workspace, contact_of(lead), created_at=long_ago, updated_at=long_ago
    )
    return lead


@pytest.fixture
def customer(intercom: Intercom, ana: Participant) -> str:
    """Her user contact, which has been Pro for three months when the rule is saved."""
    made = now() - 90 * DAY
    contact_id = intercom.sandbox.add_contact(
        intercom.workspace,
        email=ANA,
        role="user",
        custom_attributes={"plan": "Pro"},
        created_at=made,
        updated_at=made,
    )
    ruled(ana.campaign, duplicates="update")
    look(intercom)
    return contact_id


def test_a_customer_who_held_the_value_before_the_rule_does_not_qualify_by_being_touched(
    intercom: Intercom, ana: Participant, customer: str
) -> None:
    change(intercom, customer, "Pro", name="Touched")
    tell(intercom, customer, Topic.USER_UPDATED)
    assert status(ana) == "pending"


def test_nor_by_being_found_once_the_leads_contact_is_gone(
    intercom: Intercom, ana: Participant, customer: str
) -> None:
    goes(intercom, ana)
    rounds(intercom, 3)
    assert status(ana) == "pending"


def test_nor_by_a_merge(intercom: Intercom, ana: Participant, customer: str) -> None:
    merge = {"updated_at": iso(now() + 1), "merged_from": {"type": "contact", "id": contact_of(ana)}}
    told(intercom.connection, Topic.MERGED, item_of(known(intercom, customer)) | merge)
    use_receipts()
    assert status(ana) == "pending"


def test_who_signs_up_after_the_rule_was_saved_qualifies(
    intercom: Intercom, ana: Participant, customer: str
) -> None:
    new = intercom.sandbox.add_contact(
        intercom.workspace,
        email=ANA,
        role="user",
        custom_attributes={"plan": "Pro"},
        created_at=now() + 5,
        updated_at=now() + 5,
    )
    tell(intercom, new, Topic.USER_UPDATED)
    assert status(ana) == "qualified"


# A contact that we make for another campaign -----------------------------------------------------------

PRO_ROW = {"data_type": "fixed", "value": "Pro", "to": PLAN}
BY_ROW = {"field_map": [EMAIL_ROW, PRO_ROW]}
AT_FIRST = {"method": "attribute_changes", "attribute": PLAN, "initial_value": "Pro"}
BY_RULE = {"field_map": [EMAIL_ROW], "qualification": AT_FIRST | {"qualifying_values": ["Enterprise"]}}


def joins_another(intercom: Intercom, tab: dict[str, object]) -> str:
    """Ana joins a campaign of which the contact that she had is gone; returns the new one."""
    campaign = make_campaign("Other")
    import_document(campaign, {"leads": {"action": "create_lead", "duplicates": "update", **tab}})
    lead = make_lead(campaign, email=ANA)
    intercom.drain()
    assert owed(lead).state == "created"
    return contact_of(lead)


@pytest.fixture
def gone(intercom: Intercom) -> Participant:
    """Without a plan for some time; then her contact was archived."""
    lead = delivered(intercom, ruled(make_campaign()), ANA)
    at = (now() - 1000) * 10
    Watch.objects.update(since=at, first_outside=at, seen=at)
    goes(intercom, lead)
    look(intercom)
    return lead


@pytest.mark.parametrize("tab", [BY_ROW, BY_RULE])
def test_a_contact_that_we_make_with_the_value_is_no_step_when_it_is_found(
    intercom: Intercom, gone: Participant, tab: dict[str, object]
) -> None:
    joins_another(intercom, tab)
    rounds(intercom, 3)
    assert status(gone) == "pending"


@pytest.mark.parametrize("tab", [BY_ROW, BY_RULE])
def test_nor_when_it_is_touched(intercom: Intercom, gone: Participant, tab: dict[str, object]) -> None:
    made = joins_another(intercom, tab)
    change(intercom, made, "Pro", later=2, name="Touched")
    tell(intercom, made)
    rounds(intercom, 3)
    assert status(gone) == "pending"


def test_a_contact_that_we_update_with_the_value_is_none_either(
    intercom: Intercom, gone: Participant
) -> None:
    made = intercom.sandbox.add_contact(
        intercom.workspace, email=ANA, role="user", created_at=now() - 500, updated_at=now() - 500
    )
    campaign = make_campaign("Other")
    import_document(campaign, {"leads": {"action": "create_lead", "duplicates": "update", **BY_ROW}})
    make_lead(campaign, email=ANA)
    intercom.drain()
    assert known(intercom, made)["custom_attributes"]["plan"] == "Pro"
    rounds(intercom, 3)
    assert status(gone) == "pending"


def test_what_somebody_changes_in_a_contact_that_we_made_without_the_value_counts(
    intercom: Intercom, gone: Participant
) -> None:
    made = joins_another(intercom, {"field_map": [EMAIL_ROW]})
    rounds(intercom, 2)
    assert status(gone) == "pending"
    change(intercom, made, "Pro", later=2)
    rounds(intercom, 2)
    assert status(gone) == "qualified"
