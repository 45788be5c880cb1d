"""Joining a campaign and qualifying a lead: the only ways to make or settle a participant.

Signals go out inside the transaction (see `signals`); nothing here calls out or waits for anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import customs, signals
from campaigns.cleaning import TEXT_FIELDS, clean_person, together
from campaigns.models import Audience, Campaign, Participant, ParticipantStatus

if TYPE_CHECKING:
    from django.dispatch import Signal


class CampaignEnded(ValidationError):  # noqa: N818  (a state of things, not a mistake)
    """Nobody can join this campaign any more."""

    def __init__(self) -> None:
        super().__init__(_("This campaign has ended."), code="ended")


def join_lead(
    *,
    campaign: Campaign,
    email: str,
    first_name: str = "",
    last_name: str = "",
    phone: str = "",
    company: str = "",
    source: str = "",
    referrer: Participant | None = None,
    custom: Mapping[str, object] | None = None,
) -> Participant:
    """Joins a lead, once: a second time returns the row of the first, unchanged.

    `newly_joined` on the answer says which. The first values and the first referrer stay. Somebody who
    uses their own link joins without a referrer. Names and the like are kept on one line; the email as
    typed, trimmed; custom values as `customs.checked` says (required ones are asked for by the form only).

    Raises CampaignEnded as the given `campaign` object has it, else ValidationError, keyed by field.
    """
    texts = {"first_name": first_name, "last_name": last_name, "phone": phone}
    texts |= {"company": company, "source": source}
    person = _checked(
        Participant(campaign=campaign, audience=Audience.LEAD, email=email, **texts), custom=custom
    )
    person.referrer = credited(referrer, lead=person)
    return _join(person, signal=signals.lead_joined)


def join_referrer(
    *,
    campaign: Campaign,
    email: str,
    first_name: str = "",
    last_name: str = "",
    phone: str = "",
    company: str = "",
    source: str = "",
    custom: Mapping[str, object] | None = None,
) -> Participant:
    """Joins a referrer, once; in all else like `join_lead`, without somebody who referred them."""
    texts = {"first_name": first_name, "last_name": last_name, "phone": phone}
    texts |= {"company": company, "source": source}
    person = Participant(campaign=campaign, audience=Audience.REFERRER, email=email, **texts)
    return _join(_checked(person, custom=custom), signal=signals.referrer_joined)


def qualify_lead(participant: Participant) -> bool:
    """Makes a pending lead qualified, now; True only for the call that did it, however many try at once.

    False for a lead that is qualified already or was rejected, and for a referrer. A campaign's end does
    not matter: who joined in time may still qualify. Updates the given object's status and time.
    """
    now = timezone.now()
    open_lead = Participant.objects.filter(
        pk=participant.pk, audience=Audience.LEAD, status=ParticipantStatus.PENDING
    )
    with transaction.atomic():
        if not open_lead.update(status=ParticipantStatus.QUALIFIED, qualified_at=now):
            return False
        participant.status, participant.qualified_at = ParticipantStatus.QUALIFIED, now
        signals.lead_qualified.send_robust(sender=Participant, participant=participant)
    return True


def unqualify_lead(participant: Participant) -> bool:
    """Makes a qualified lead pending again; True only for the call that did it. They may qualify once more.

    For a person who takes a mistake back. Sends no signal; updates the given object's status and time.
    """
    return _resettle(participant, to=ParticipantStatus.PENDING, of=[ParticipantStatus.QUALIFIED])


def readmit_lead(participant: Participant) -> bool:
    """Makes a rejected lead pending again; True only for the call that did it. They may qualify after all.

    For a person who takes a mistake back. Sends no signal; updates the given object's status.
    """
    return _resettle(participant, to=ParticipantStatus.PENDING, of=[ParticipantStatus.REJECTED])


def reject_lead(participant: Participant) -> bool:
    """Rejects a pending or qualified lead; True only for the call that did it. Nothing readmits by itself.

    False for a lead that is rejected already, and for a referrer. Sends no signal; updates the given object.
    """
    open_or_done = [ParticipantStatus.PENDING, ParticipantStatus.QUALIFIED]
    return _resettle(participant, to=ParticipantStatus.REJECTED, of=open_or_done)


def _resettle(participant: Participant, *, to: ParticipantStatus, of: Collection[ParticipantStatus]) -> bool:
    rows = Participant.objects.filter(pk=participant.pk, audience=Audience.LEAD, status__in=of)
    if not rows.update(status=to, qualified_at=None):
        return False
    participant.status, participant.qualified_at = to, None
    return True


def credited(referrer: Participant | None, *, lead: Participant) -> Participant | None:
    """The referrer who gets the credit for this lead: nobody refers themselves.

    Raises ValidationError for a referrer of another campaign.
    """
    if referrer is None:
        return None
    if referrer.campaign_id != lead.campaign_id:
        raise ValidationError({"referrer": _("This referrer belongs to another campaign.")})
    return None if referrer.email_normalized == lead.email_normalized else referrer


def _checked(person: Participant, *, custom: Mapping[str, object] | None) -> Participant:
    """The same unsaved person, cleaned; raises a ValidationError that names every wrong field."""
    if not person.campaign.is_open:
        raise CampaignEnded
    together(partial(clean_person, person), partial(_take_custom, person, custom=custom))
    return person


def _take_custom(person: Participant, *, custom: Mapping[str, object] | None) -> None:
    if custom:
        person.custom = customs.checked(custom, lead_fields=person.campaign.lead_fields.all())


def _join(person: Participant, *, signal: Signal) -> Participant:
    """Stores the person unless they are in already; the unique constraint settles a race."""
    values = {name: getattr(person, name) for name in (*TEXT_FIELDS, "referrer", "referral_code", "custom")}
    with transaction.atomic():
        participant, created = Participant.objects.get_or_create(
            email_normalized=person.email_normalized,
            campaign=person.campaign,
            audience=person.audience,
            defaults=values,
        )
        participant.newly_joined = created
        if created:
            signal.send_robust(sender=Participant, participant=participant)
        else:
            participant.campaign = person.campaign
    return participant
