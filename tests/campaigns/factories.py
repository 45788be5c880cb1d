"""Campaigns and people for tests, made by the product's own services, so that signals fire."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from campaigns.models import Campaign, CampaignStatus, LeadField, LeadFieldType, Participant
from campaigns.services import join_lead, join_referrer

_numbers = count(1)


def make_campaign(
    name: str = "Spring",
    *,
    slug: str = "",
    status: CampaignStatus = CampaignStatus.ACTIVE,
    fields: Mapping[str, LeadFieldType] | None = None,
    required: bool = False,
) -> Campaign:
    """A stored campaign; `fields` gives its custom lead fields, labelled like their keys."""
    campaign = Campaign.objects.create(name=name, slug=slug or f"campaign-{next(_numbers)}", status=status)
    for position, (key, kind) in enumerate((fields or {}).items()):
        LeadField.objects.create(
            campaign=campaign,
            key=key,
            label=key.replace("_", " ").capitalize(),
            type=kind,
            required=required,
            position=position,
        )
    return campaign


def make_referrer(
    campaign: Campaign | None = None,
    *,
    email: str = "",
    first_name: str = "Rosa",
    last_name: str = "Diaz",
) -> Participant:
    """A referrer who joined the campaign (a new one unless given), with an email of their own."""
    return join_referrer(
        campaign=campaign or make_campaign(),
        email=email or f"referrer{next(_numbers)}@example.com",
        first_name=first_name,
        last_name=last_name,
    )


def make_lead(
    campaign: Campaign | None = None,
    *,
    email: str = "",
    first_name: str = "Ana",
    last_name: str = "Lima",
    phone: str = "",
    company: str = "",
    source: str = "",
    referrer: Participant | None = None,
    custom: Mapping[str, object] | None = None,
) -> Participant:
    """A lead who joined the campaign (the referrer's or a new one unless given)."""
    return join_lead(
        campaign=campaign or (referrer.campaign if referrer else make_campaign()),
        email=email or f"lead{next(_numbers)}@example.com",
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        company=company,
        source=source,
        referrer=referrer,
        custom=custom,
    )
