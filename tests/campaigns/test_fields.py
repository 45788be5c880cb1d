"""What may be mapped, and its values for many people at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import fields
from campaigns.fields import ValueType
from campaigns.models import LeadFieldType, Participant
from tests.campaigns.factories import make_campaign, make_lead, make_referrer

pytestmark = pytest.mark.django_db
KINDS = {
    "plan": LeadFieldType.TEXT,
    "seats": LeadFieldType.NUMBER,
    "vip": LeadFieldType.BOOLEAN,
    "since": LeadFieldType.DATE,
}


def values_of(*people: Participant, keys: Collection[str] | None = None) -> list[dict[str, fields.Value]]:
    loaded = Participant.objects.select_related("campaign", "referrer").in_bulk([p.pk for p in people])
    found = fields.values([loaded[person.pk] for person in people], keys=keys)
    return [found[person.pk] for person in people]


def test_fields_are_offered_in_groups_with_the_panels_labels() -> None:
    offered = fields.available(make_campaign(fields={"plan": LeadFieldType.TEXT}))
    labels: dict[str, list[str]] = {}
    for field in offered:
        labels.setdefault(str(field.group), []).append(str(field.label))
    assert labels == {
        "Basic fields": [
            "First Name", "Last Name", "Full Name", "Email", "Phone", "Company", "Referral Code", "Source",
            "Referral Link", "Date Joined", "Lead ID", "Plan",
        ],
        "Campaign fields": ["Campaign Name"],
        "Referrer fields": [
            "Referrer First Name", "Referrer Last Name", "Referrer Full Name", "Referrer Email",
            "Referrer Referral Code", "Referrer Referral Link", "Referrals Count",
        ],
    }  # fmt: skip


def test_every_field_has_its_own_key_and_a_type() -> None:
    offered = {field.key: field.type for field in fields.available(make_campaign(fields=KINDS))}
    assert len(offered) == 23
    assert offered["lead.id"] is ValueType.INTEGER
    assert offered["lead.joined_at"] is ValueType.DATE
    assert offered["custom.seats"] is ValueType.FLOAT
    assert offered["custom.vip"] is ValueType.BOOLEAN


def test_values_of_a_referred_lead() -> None:
    rosa = make_referrer(make_campaign("Spring"), email="rosa@x.com")
    lead = make_lead(referrer=rosa, email="Ana@x.com", phone="+1 555")
    (found,) = values_of(lead)
    assert found["lead.email"] == "Ana@x.com"
    assert found["lead.full_name"] == "Ana Lima"
    assert found["lead.id"] == lead.pk
    assert found["lead.joined_at"] == lead.joined_at
    assert found["campaign.name"] == "Spring"
    assert found["referrer.email"] == "rosa@x.com"
    assert found["referrer.referral_link"] == rosa.referral_link
    assert found["referrer.referrals_count"] == 1


def test_empty_text_is_none() -> None:
    (found,) = values_of(make_lead(first_name="", last_name=""))
    assert found["lead.phone"] is found["lead.full_name"] is found["lead.first_name"] is None


def test_nobodys_referrer_is_none_throughout() -> None:
    (found,) = values_of(make_lead())
    assert {value for key, value in found.items() if key.startswith("referrer.")} == {None}


def test_lead_means_the_referrer_who_joins() -> None:
    (found,) = values_of(make_referrer(email="rosa@x.com"))
    assert found["lead.email"] == "rosa@x.com"
    assert found["referrer.email"] is None


def test_custom_values_come_in_their_types_and_false_is_kept() -> None:
    custom = {"plan": "pro", "seats": 0, "vip": False, "since": date(2024, 2, 29)}
    (found,) = values_of(make_lead(make_campaign(fields=KINDS), custom=custom))
    assert {key: found[f"custom.{key}"] for key in KINDS} == custom
    assert type(found["custom.seats"]) is float


def test_same_key_follows_each_campaigns_own_type() -> None:
    number = make_lead(make_campaign(fields={"it": LeadFieldType.NUMBER}), custom={"it": 5})
    text = make_lead(make_campaign(fields={"it": LeadFieldType.TEXT}), custom={"it": "5"})
    assert [found["custom.it"] for found in values_of(number, text)] == [5.0, "5"]


def test_only_the_asked_keys_are_there_and_unknown_ones_are_none() -> None:
    lead = make_lead(email="ana@x.com")
    assert values_of(lead, keys=["lead.email", "custom.gone"]) == [
        {"lead.email": "ana@x.com", "custom.gone": None}
    ]


@pytest.mark.parametrize(
    ("keys", "queries"),
    [
        (None, 2),
        (["lead.email", "referrer.email"], 0),
        (["custom.plan"], 1),
        (["referrer.referrals_count"], 1),
    ],
)
@pytest.mark.parametrize("number", [1, 7])
def test_number_of_queries_does_not_grow_with_people(
    keys: list[str] | None, queries: int, number: int
) -> None:
    rosa = make_referrer(make_campaign(fields=KINDS))
    for _ in range(number):
        make_lead(referrer=rosa)
    people = list(Participant.objects.filter(referrer=rosa).select_related("campaign", "referrer"))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = fields.values(people, keys=keys)
    assert len(found) == number
    assert len(asked) == queries


def test_nobody_asked_for_is_no_error() -> None:
    assert fields.values([]) == {}
