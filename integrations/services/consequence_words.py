"""What an outcome means for the referral of a lead, in a sentence. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from campaigns.models import Audience, ParticipantStatus
from integrations.logic.states import Reason, State

if TYPE_CHECKING:
    from integrations.models import Delivery
    from integrations.services.tabs import Tab


def consequence(delivery: Delivery, *, tab: Tab | None) -> str:
    """What follows for the referral; "" where nothing does, as for every referrer.

    `tab` is the one under which the person is owed, as it is now.
    """
    person = delivery.participant
    if person.audience != Audience.LEAD or person.status != ParticipantStatus.PENDING:
        return ""
    rule = tab is not None and tab.settings.qualifies
    state = State(delivery.state)
    if state is State.SKIPPED:
        return _skipped(Reason(delivery.reason), rule=rule)
    if not rule:
        return ""
    if state is State.NOT_SENT:
        return _("So this referral cannot qualify through Intercom, unless it is sent after all.")
    if state is State.NEEDS_ATTENTION:
        return _("Until this is settled, the referral cannot qualify through Intercom.")
    return ""


def _skipped(reason: Reason, *, rule: bool) -> str:
    if not rule:
        return cannot_qualify()
    if reason is Reason.ARCHIVED:
        return _("So this referral cannot qualify through Intercom, unless the contact is restored.")
    return _("So this referral cannot qualify through Intercom, unless the contact is updated after all.")


def cannot_qualify() -> str:
    """What a skip means at the moment of it."""
    return _("So this referral cannot qualify through Intercom.")
