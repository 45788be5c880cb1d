"""A made-up person, to show and to try what a tab would send. Stores nothing and asks nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from campaigns import fields
from campaigns.customs import PREFIX
from campaigns.fields import Joined, ValueType
from campaigns.models import Audience, Participant
from campaigns.text import normalized_email
from integrations.logic.types import DataType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from campaigns.customs import Stored
    from campaigns.fields import SourceField, Value
    from campaigns.models import Campaign
    from integrations.logic.types import Attribute, TabSettings

# Reserved for examples: mail to this domain, and calls to this number, reach nobody.
EMAIL = "test.lead@example.com"
PHONE = "+12025550143"
REFERRALS = 3


def sample_values(
    campaign: Campaign,
    audience: Audience,
    *,
    email: str = EMAIL,
    sources: Iterable[SourceField] | None = None,
    mapped_to: Mapping[str, Attribute] | None = None,
) -> dict[str, Value]:
    """A value for everything that the campaign knows of a person, read as a real person's would be.

    They join now, and every custom field is answered; with `mapped_to` (see `targets_of`) as the field of
    Intercom wants it, so that the field can be tried. Only leads have a referrer. One query, for the
    campaign's custom fields, unless `sources` (`fields.available`) are handed in.
    """
    known = tuple(fields.available(campaign) if sources is None else sources)
    referred, wanted = audience is Audience.LEAD, mapped_to or {}
    custom = {f.key.removeprefix(PREFIX): _answer(f, wanted.get(f.key)) for f in known if _is_custom(f)}
    person = Participant(
        pk=1001,
        campaign=campaign,
        audience=audience,
        referrer=_referrer(campaign) if referred else None,
        email=email,
        email_normalized=normalized_email(email),
        first_name="Test",
        last_name="Lead" if referred else "Referrer",
        phone=PHONE,
        company="Example Company",
        source="Website",
        referral_code="TESTCODE23",
        custom=custom,
        joined_at=timezone.now(),
    )
    joined = Joined(person, REFERRALS if referred else None)
    return {field.key: field.getter(joined) for field in known}


def targets_of(settings: TabSettings, *, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """The field of Intercom that each source is mapped to first, as far as it is known."""
    rows = [row for row in settings.rows if row.data_type is DataType.DYNAMIC and row.target in attributes]
    return {row.source: attributes[row.target] for row in reversed(rows)}


def _referrer(campaign: Campaign) -> Participant:
    return Participant(
        pk=1000,
        campaign=campaign,
        audience=Audience.REFERRER,
        email="test.referrer@example.com",
        first_name="Test",
        last_name="Referrer",
        referral_code="TESTREF234",
    )


def _is_custom(field: SourceField) -> bool:
    return field.key.startswith(PREFIX)


def _answer(field: SourceField, target: Attribute | None) -> Stored:
    """An answer as it is stored, in the type of the question."""
    soon = (timezone.localdate() + timedelta(days=30)).isoformat()
    match field.type:
        case ValueType.BOOLEAN:
            return True
        case ValueType.INTEGER | ValueType.FLOAT:
            return 12
        case ValueType.DATE:
            return soon
        case ValueType.STRING if target is not None and target.options:
            return target.options[0]
        case ValueType.STRING:
            fitting = {"boolean": "yes", "integer": "12", "float": "12", "date": soon, "datetime": soon}
            return fitting.get(target.data_type if target else "", "Example answer")
