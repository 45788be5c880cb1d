"""The registry of what a campaign knows of a person who joins, for other apps to map. Read only.

"Lead" in the keys means the person who joined, whichever the audience: for a referrer `lead.email` is the
referrer's own email. "Referrer" means the person by whose link they came, if any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from campaigns.customs import PREFIX, typed
from campaigns.models import LeadField, LeadFieldType, Participant

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from campaigns.models import Campaign

Value = str | int | float | bool | datetime | date | None
"""Date-times carry a time zone (UTC). An empty text is None."""


class ValueType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Joined:
    """A person and what had to be counted for them: all that a getter may look at."""

    participant: Participant
    referrals_count: int | None = None

    @property
    def referrer(self) -> Participant | None:
        return self.participant.referrer


@dataclass(frozen=True, slots=True)
class SourceField:
    """One thing that can be mapped. `getter` asks no database, given a loaded campaign and referrer."""

    key: str
    label: str | _StrPromise
    group: str | _StrPromise
    type: ValueType
    getter: Callable[[Joined], Value]


BASIC = _("Basic fields")
CAMPAIGN = _("Campaign fields")
REFERRER = _("Referrer fields")
REFERRALS_COUNT = "referrer.referrals_count"


def _own(name: str) -> Callable[[Joined], Value]:
    return lambda joined: getattr(joined.participant, name) or None


def _referrers(name: str) -> Callable[[Joined], Value]:
    return lambda joined: (joined.referrer and getattr(joined.referrer, name)) or None


TEXT = ValueType.STRING
BEFORE_CUSTOM = (
    SourceField("lead.first_name", _("First Name"), BASIC, TEXT, _own("first_name")),
    SourceField("lead.last_name", _("Last Name"), BASIC, TEXT, _own("last_name")),
    SourceField("lead.full_name", _("Full Name"), BASIC, TEXT, _own("full_name")),
    SourceField("lead.email", _("Email"), BASIC, TEXT, _own("email")),
    SourceField("lead.phone", _("Phone"), BASIC, TEXT, _own("phone")),
    SourceField("lead.company", _("Company"), BASIC, TEXT, _own("company")),
    SourceField("lead.referral_code", _("Referral Code"), BASIC, TEXT, _own("referral_code")),
    SourceField("lead.source", _("Source"), BASIC, TEXT, _own("source")),
    SourceField("lead.referral_link", _("Referral Link"), BASIC, TEXT, _own("referral_link")),
    SourceField("lead.joined_at", _("Date Joined"), BASIC, ValueType.DATE, _own("joined_at")),
    SourceField("lead.id", _("Lead ID"), BASIC, ValueType.INTEGER, _own("pk")),
)
AFTER_CUSTOM = (
    SourceField(
        "campaign.name",
        _("Campaign Name"),
        CAMPAIGN,
        TEXT,
        lambda joined: joined.participant.campaign.name or None,
    ),
    SourceField("referrer.first_name", _("Referrer First Name"), REFERRER, TEXT, _referrers("first_name")),
    SourceField("referrer.last_name", _("Referrer Last Name"), REFERRER, TEXT, _referrers("last_name")),
    SourceField("referrer.full_name", _("Referrer Full Name"), REFERRER, TEXT, _referrers("full_name")),
    SourceField("referrer.email", _("Referrer Email"), REFERRER, TEXT, _referrers("email")),
    SourceField(
        "referrer.referral_code", _("Referrer Referral Code"), REFERRER, TEXT, _referrers("referral_code")
    ),
    SourceField(
        "referrer.referral_link", _("Referrer Referral Link"), REFERRER, TEXT, _referrers("referral_link")
    ),
    SourceField(
        REFERRALS_COUNT,
        _("Referrals Count"),
        REFERRER,
        ValueType.INTEGER,
        lambda joined: joined.referrals_count,
    ),
)

CUSTOM_TYPES = {
    LeadFieldType.TEXT: ValueType.STRING,
    LeadFieldType.NUMBER: ValueType.FLOAT,
    LeadFieldType.BOOLEAN: ValueType.BOOLEAN,
    LeadFieldType.DATE: ValueType.DATE,
}


def available(campaign: Campaign) -> tuple[SourceField, ...]:
    """What can be mapped for this campaign, its custom fields included, in the order to offer it."""
    return _with_custom(campaign.lead_fields.all())


def values(
    participants: Sequence[Participant], *, keys: Collection[str] | None = None
) -> dict[int, dict[str, Value]]:
    """The values of many participants by primary key: all fields, or those asked for by `keys`.

    At most two queries however many they are: one for custom fields, one to count referrals, each only
    if asked for; participants should come with `select_related("campaign", "referrer")`. A key that does
    not exist (any more), and a referrer's value where there is no referrer, is None.
    """
    custom = _lead_fields(participants) if _asked(PREFIX, keys) else []
    counts = _referrals(participants) if _asked(REFERRALS_COUNT, keys) else {}
    offered = {
        campaign_id: _with_custom(field for field in custom if field.campaign_id == campaign_id)
        for campaign_id in {participant.campaign_id for participant in participants}
    }
    return {
        participant.pk: _row(
            Joined(participant, counts.get(participant.referrer_id)), offered[participant.campaign_id], keys
        )
        for participant in participants
    }


def _row(joined: Joined, offered: Iterable[SourceField], keys: Collection[str] | None) -> dict[str, Value]:
    found = {field.key: field.getter(joined) for field in offered if keys is None or field.key in keys}
    return found if keys is None else {key: found.get(key) for key in keys}


def _asked(prefix: str, keys: Collection[str] | None) -> bool:
    return keys is None or any(key.startswith(prefix) for key in keys)


def _with_custom(lead_fields: Iterable[LeadField]) -> tuple[SourceField, ...]:
    return (*BEFORE_CUSTOM, *map(_custom, lead_fields), *AFTER_CUSTOM)


def _custom(lead_field: LeadField) -> SourceField:
    kind = LeadFieldType(lead_field.type)
    getter = partial(_answer, key=lead_field.key, kind=kind)
    return SourceField(f"{PREFIX}{lead_field.key}", lead_field.label, BASIC, CUSTOM_TYPES[kind], getter)


def _answer(joined: Joined, *, key: str, kind: LeadFieldType) -> Value:
    return typed(joined.participant.custom.get(key), kind=kind)


def _lead_fields(participants: Sequence[Participant]) -> list[LeadField]:
    return list(
        LeadField.objects.filter(campaign__in={participant.campaign_id for participant in participants})
    )


def _referrals(participants: Sequence[Participant]) -> dict[int | None, int]:
    """How many people each referrer of these participants has brought in, by the referrer's key."""
    referrers = {participant.referrer_id for participant in participants if participant.referrer_id}
    if not referrers:
        return {}
    counted = (
        Participant.objects.filter(referrer__in=referrers).values("referrer").annotate(number=Count("pk"))
    )
    return {row["referrer"]: row["number"] for row in counted}
