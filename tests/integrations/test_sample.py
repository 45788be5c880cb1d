"""The made-up person answers for everything that can be mapped, in the types of a real one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns import fields
from campaigns.models import Audience, LeadFieldType, Participant
from integrations.logic.coerce import coerce
from integrations.logic.types import Attribute, DataType, MapRow, TabSettings
from integrations.services.sample import EMAIL, sample_values, targets_of
from tests.campaigns.factories import make_campaign, make_lead, make_referrer

pytestmark = pytest.mark.django_db

FIELDS_OF_EVERY_TYPE = [
    Attribute("custom_attributes.a", "A", kind, options=options, custom=True)
    for kind, options in (
        *((kind, ()) for kind in ("string", "integer", "float", "boolean", "date", "datetime", "new")),
        ("string", ("Free", "Pro")),
    )
]
CUSTOM = {
    "wish": LeadFieldType.TEXT,
    "seats": LeadFieldType.NUMBER,
    "agreed": LeadFieldType.BOOLEAN,
    "starts": LeadFieldType.DATE,
}


def test_a_lead_has_a_value_for_every_source() -> None:
    campaign = make_campaign(fields=CUSTOM)
    values = sample_values(campaign, Audience.LEAD)
    assert list(values) == [source.key for source in fields.available(campaign)]
    assert None not in values.values()


def test_values_have_the_types_of_a_real_leads() -> None:
    campaign = make_campaign(fields=CUSTOM)
    answers = {"wish": "tea", "seats": 3, "agreed": False, "starts": "2026-05-01"}
    lead = make_lead(referrer=make_referrer(campaign), phone="+1", company="A", source="B", custom=answers)
    real = fields.values([lead])[lead.pk]
    sample = sample_values(campaign, Audience.LEAD)
    assert {key: type(value) for key, value in sample.items()} == {
        key: type(value) for key, value in real.items()
    }


def test_a_referrer_has_no_referrer() -> None:
    campaign = make_campaign()
    referrer = make_referrer(campaign, email="r@example.com")
    real = fields.values([referrer])[referrer.pk]
    sample = sample_values(campaign, Audience.REFERRER)
    unknown = {key for key, value in sample.items() if value is None}
    assert unknown == {key for key, value in real.items() if value is None and "referrer." in key}
    assert sample["lead.full_name"] == "Test Referrer"


def test_mail_to_the_sample_reaches_nobody() -> None:
    values = sample_values(make_campaign(), Audience.LEAD)
    emails = [value for key, value in values.items() if key.endswith("email")]
    assert emails == [EMAIL, "test.referrer@example.com"]


def test_the_email_may_be_chosen() -> None:
    values = sample_values(make_campaign(), Audience.LEAD, email="x9@example.com")
    assert values["lead.email"] == "x9@example.com"


def test_the_sample_joins_now_and_its_dates_lie_ahead() -> None:
    values = sample_values(make_campaign(fields=CUSTOM), Audience.LEAD)
    joined, starts = values["lead.joined_at"], values["custom.starts"]
    assert abs(timezone.now() - joined) < timedelta(minutes=1)  # type: ignore[operator]
    assert isinstance(starts, date)
    assert starts > timezone.localdate()


def test_nothing_is_stored() -> None:
    sample_values(make_campaign(), Audience.LEAD)
    assert not Participant.objects.exists()


def test_known_sources_spare_the_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    campaign = make_campaign(fields=CUSTOM)
    known = fields.available(campaign)
    with django_assert_num_queries(1):
        whole = sample_values(campaign, Audience.LEAD)
    with django_assert_num_queries(0):
        assert sample_values(campaign, Audience.LEAD, sources=known).keys() == whole.keys()


@pytest.mark.parametrize("target", FIELDS_OF_EVERY_TYPE, ids=lambda one: one.data_type)
def test_an_answer_in_text_fits_the_field_that_it_is_mapped_to(target: Attribute) -> None:
    row = MapRow(DataType.DYNAMIC, target.full_name, source="custom.wish")
    elsewhere = MapRow(DataType.DYNAMIC, "name", source="custom.wish")
    fixed = MapRow(DataType.FIXED, target.full_name, source="custom.wish")
    known = {target.full_name: target, "name": Attribute("name", "Name", "string")}
    mapped_to = targets_of(TabSettings(rows=(fixed, row, elsewhere)), attributes=known)
    values = sample_values(make_campaign(fields=CUSTOM), Audience.LEAD, mapped_to=mapped_to)
    fitted = coerce(values["custom.wish"], target)
    assert fitted.value is not None
    assert fitted.note is None


def test_a_field_that_is_not_known_gets_any_answer() -> None:
    row = MapRow(DataType.DYNAMIC, "custom_attributes.gone", source="custom.wish")
    mapped_to = targets_of(TabSettings(rows=(row,)), attributes={})
    values = sample_values(make_campaign(fields=CUSTOM), Audience.LEAD, mapped_to=mapped_to)
    assert values["custom.wish"] == "Example answer"
