"""What the tables themselves refuse, and what a person's properties say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns.models import Audience, LeadField, Participant, ParticipantStatus
from campaigns.text import CODE_ALPHABET, CODE_LENGTH, new_code, normalized_code
from tests.campaigns.factories import make_campaign, make_lead, make_referrer

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


@pytest.mark.parametrize(
    ("first", "last", "full"),
    [
        ("Ana", "Lima", "Ana Lima"),
        ("Ana", "", "Ana"),
        ("", "Lima", "Lima"),
        ("", "", ""),
        ("A B", "C D", "A B C D"),
    ],
)
def test_full_name_joins_whole_names_with_one_space(first: str, last: str, full: str) -> None:
    assert Participant(first_name=first, last_name=last).full_name == full


def test_referral_link_is_the_public_address(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://refer.example"
    assert Participant(referral_code="ABC").referral_link == "https://refer.example/r/ABC"


def test_codes_are_long_readable_and_found_in_any_case() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) for code in codes)
    assert all(normalized_code(f" {code.lower()} ") == code for code in codes)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"status": ParticipantStatus.QUALIFIED},
        {"qualified_at": timezone.now()},
        {"status": ParticipantStatus.REJECTED, "qualified_at": timezone.now()},
    ],
)
def test_time_of_qualifying_goes_with_the_status(change: dict[str, Any]) -> None:
    lead = make_lead()
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.filter(pk=lead.pk).update(**change)


@pytest.mark.django_db
def test_referrer_cannot_be_marked_as_qualified() -> None:
    referrer = make_referrer()
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.filter(pk=referrer.pk).update(
            status=ParticipantStatus.QUALIFIED, qualified_at=timezone.now()
        )


@pytest.mark.django_db
def test_nobody_is_their_own_referrer() -> None:
    lead = make_lead()
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.filter(pk=lead.pk).update(referrer=lead)


@pytest.mark.django_db
def test_same_person_twice_is_refused_by_the_table() -> None:
    lead = make_lead(email="ana@x.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.create(
            campaign=lead.campaign, audience=Audience.LEAD, email="A@x.com", email_normalized="ana@x.com"
        )


@pytest.mark.django_db
def test_referrals_outlive_their_referrer() -> None:
    rosa = make_referrer()
    lead = make_lead(referrer=rosa)
    rosa.delete()
    lead.refresh_from_db()
    assert lead.referrer is None


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "Plan", "plan name", "plan-name", "plán", "plan\n", "x" * 51])
def test_lead_field_key_is_plain(key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        LeadField(campaign=make_campaign(), key=key, label="Plan").full_clean()
    assert "key" in refused.value.message_dict
