"""Joining and qualifying, one caller at a time."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import signals
from campaigns.models import Audience, CampaignStatus, LeadFieldType, Participant, ParticipantStatus
from campaigns.services import CampaignEnded, join_lead, join_referrer, qualify_lead
from tests.campaigns.conftest import alone, heard
from tests.campaigns.factories import make_campaign, make_lead, make_referrer

pytestmark = pytest.mark.django_db

HALF_A_CHARACTER = "\ud83d"


def test_first_join_stores_the_person_and_says_so() -> None:
    lead = join_lead(
        campaign=make_campaign(), email=" Ana@X.com ", first_name=" Ana \n Maria ", last_name="Lima"
    )
    stored = Participant.objects.get()
    assert lead.newly_joined
    assert (stored.email, stored.email_normalized) == ("Ana@X.com", "ana@x.com")
    assert stored.full_name == "Ana Maria Lima"
    assert (stored.audience, stored.status) == (Audience.LEAD, ParticipantStatus.PENDING)


def test_joining_twice_is_once_and_keeps_the_first_values() -> None:
    first = make_lead(email="ana@x.com", first_name="Ana")
    again = join_lead(campaign=first.campaign, email="ANA@x.com ", first_name="Somebody")
    assert (again.pk, again.newly_joined, again.first_name) == (first.pk, False, "Ana")


def test_first_referrer_keeps_the_credit() -> None:
    rosa = make_referrer()
    lead = make_lead(referrer=rosa, email="ana@x.com")
    other = make_referrer(rosa.campaign)
    assert join_lead(campaign=rosa.campaign, email="ana@x.com", referrer=other).referrer == rosa
    assert lead.referrer == rosa


def test_signal_is_sent_for_the_first_join_only() -> None:
    campaign = make_campaign()
    with heard(signals.lead_joined) as leads, heard(signals.referrer_joined) as referrers:
        lead = make_lead(campaign, email="ana@x.com")
        make_lead(campaign, email="ana@x.com")
    assert leads == [lead]
    assert referrers == []


def test_same_email_may_be_lead_and_referrer_and_in_other_campaigns() -> None:
    campaign = make_campaign()
    make_lead(campaign, email="ana@x.com")
    with heard(signals.referrer_joined) as referrers:
        assert join_referrer(campaign=campaign, email="ana@x.com").newly_joined
    assert len(referrers) == 1
    assert make_lead(make_campaign(), email="ana@x.com").newly_joined


def test_own_link_gives_no_credit() -> None:
    rosa = make_referrer(email="rosa@x.com")
    lead = join_lead(campaign=rosa.campaign, email="Rosa@x.com", referrer=rosa)
    assert lead.newly_joined
    assert lead.referrer is None


def test_referrer_of_another_campaign_is_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        join_lead(campaign=make_campaign(), email="ana@x.com", referrer=make_referrer())
    assert list(refused.value.message_dict) == ["referrer"]
    assert not Participant.objects.filter(audience=Audience.LEAD).exists()


def test_ended_campaign_takes_nobody() -> None:
    campaign = make_campaign(status=CampaignStatus.ENDED)
    with pytest.raises(CampaignEnded):
        join_lead(campaign=campaign, email="ana@x.com")
    with pytest.raises(ValidationError):
        join_referrer(campaign=campaign, email="ana@x.com")
    assert not Participant.objects.exists()


@pytest.mark.parametrize(
    "email",
    ["", "  ", "ana", "ana@", "@x.com", "a b@x.com", "a" * 250 + "@x.com", "ana@x.com\x00", "x" * 10_000],
)
def test_wrong_email_is_refused_by_name(email: str) -> None:
    with pytest.raises(ValidationError) as refused:
        join_lead(campaign=make_campaign(), email=email)
    assert list(refused.value.message_dict) == ["email"]


@pytest.mark.parametrize("name", ["first_name", "last_name", "phone", "company", "source"])
@pytest.mark.parametrize("value", ["x" * 10_000, "An\x00a", f"Ana{HALF_A_CHARACTER}", "A\x1bna"])
def test_text_that_cannot_be_stored_is_refused_by_name(name: str, value: str) -> None:
    texts: dict[str, Any] = {name: value}
    with pytest.raises(ValidationError) as refused:
        join_lead(campaign=make_campaign(), email="ana@x.com", **texts)
    assert list(refused.value.message_dict) == [name]


def test_lower_casing_that_makes_an_email_too_long_is_refused() -> None:
    # The capital İ becomes two characters.
    domain = ".".join(["İ" * 20] * 12) + ".com"
    with pytest.raises(ValidationError) as refused:
        join_lead(campaign=make_campaign(), email=f"a@{domain[-252:]}")
    assert list(refused.value.message_dict) == ["email"]


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        join_lead(campaign=make_campaign(), email="no", first_name="x" * 200, custom={"nope": 1})
    assert set(refused.value.message_dict) == {"email", "first_name", "custom.nope"}


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "👩‍👩‍👧", "محمد بن سلمان", "Ngô Đình", "O’Hara–Smith"]
)
def test_names_are_stored_whole(name: str) -> None:
    make_lead(first_name=name, last_name="")
    assert Participant.objects.get().full_name == name


def test_custom_values_are_stored_for_json() -> None:
    kinds = {"plan": LeadFieldType.TEXT, "seats": LeadFieldType.NUMBER, "vip": LeadFieldType.BOOLEAN}
    make_lead(make_campaign(fields=kinds), custom={"plan": " pro ", "seats": 0, "vip": False})
    assert Participant.objects.get().custom == {"plan": "pro", "seats": 0, "vip": False}


def test_required_custom_field_is_not_asked_of_other_callers() -> None:
    campaign = make_campaign(fields={"plan": LeadFieldType.TEXT}, required=True)
    assert join_lead(campaign=campaign, email="ana@x.com").custom == {}


def test_failing_receiver_fails_no_join(caplog: pytest.LogCaptureFixture) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("receiver")

    signals.lead_joined.connect(broken)
    try:
        with caplog.at_level(logging.ERROR, logger="django.dispatch"):
            lead = make_lead()
    finally:
        signals.lead_joined.disconnect(broken)
    assert Participant.objects.filter(pk=lead.pk).exists()
    assert "broken" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_database_error_in_a_receivers_savepoint_leaves_the_join(caplog: pytest.LogCaptureFixture) -> None:
    def broken(**_: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    signals.lead_joined.connect(broken)
    try:
        lead = make_lead()
    finally:
        signals.lead_joined.disconnect(broken)
    assert Participant.objects.filter(pk=lead.pk).exists()
    assert DatabaseError.__name__ in caplog.text or "nowhere" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_receivers_run_inside_the_transaction() -> None:
    inside: list[bool] = []

    def receiver(**_: Any) -> None:
        inside.append(connection.in_atomic_block)

    signals.lead_joined.connect(receiver)
    try:
        make_lead()
    finally:
        signals.lead_joined.disconnect(receiver)
    assert inside == [True]


@pytest.mark.django_db(transaction=True)
def test_first_join_costs_one_select_and_one_insert() -> None:
    campaign = make_campaign()
    with alone(signals.lead_joined), CaptureQueriesContext(connection) as queries:
        join_lead(campaign=campaign, email="ana@x.com", first_name="Ana")
    words = [query["sql"].split()[0] for query in queries]
    assert words == ["BEGIN", "SELECT", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT"]


def test_qualifying_sets_the_time_and_tells_once() -> None:
    lead = make_lead()
    with heard(signals.lead_qualified) as qualified:
        assert qualify_lead(lead)
        assert not qualify_lead(participant=lead)
    stored = Participant.objects.get()
    assert stored.status == lead.status == ParticipantStatus.QUALIFIED
    assert stored.qualified_at is not None
    assert timezone.now() - stored.qualified_at < timedelta(minutes=1)
    assert qualified == [lead]


def test_stale_copy_of_a_qualified_lead_changes_nothing() -> None:
    lead = make_lead()
    stale = Participant.objects.get(pk=lead.pk)
    qualify_lead(lead)
    assert not qualify_lead(stale)
    assert Participant.objects.get().qualified_at == lead.qualified_at


def test_rejected_lead_does_not_qualify() -> None:
    lead = make_lead()
    Participant.objects.update(status=ParticipantStatus.REJECTED)
    assert not qualify_lead(lead)
    assert Participant.objects.get().status == ParticipantStatus.REJECTED


def test_referrer_does_not_qualify() -> None:
    assert not qualify_lead(make_referrer())
    assert Participant.objects.get().qualified_at is None


def test_lead_of_an_ended_campaign_still_qualifies() -> None:
    lead = make_lead()
    lead.campaign.status = CampaignStatus.ENDED
    lead.campaign.save(update_fields=["status"])
    assert qualify_lead(lead)


def test_a_number_of_four_hundred_digits_is_refused_in_words() -> None:
    campaign = make_campaign(fields={"seats": LeadFieldType.NUMBER})
    with pytest.raises(ValidationError) as refused:
        join_lead(campaign=campaign, email="ana@example.com", custom={"seats": 10**400})
    assert "too large" in str(refused.value)
