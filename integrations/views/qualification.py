"""The qualification of one lead on its page in the sync log: how it stands, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.participant import BADGES
from campaigns.models import Audience, ParticipantStatus
from integrations.logic.states import State
from integrations.models import WatchState
from integrations.services.outcome_words import Badge, Look
from integrations.services.qualification_words import field_in_words, value_as_read
from integrations.services.qualify.words import shown
from integrations.views.access import EDIT, may

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

    from integrations.logic.types import Attribute
    from integrations.models import Delivery, Watch
    from integrations.services.qualification_story import Teller

WATCHES: Mapping[WatchState, _StrPromise] = {
    WatchState.WATCHING: _("Watched: a change to a value that qualifies counts."),
    WatchState.QUALIFIED: _("Qualified, so it is not watched any more."),
    WatchState.GONE: _("The contact is gone from Intercom. If it comes back, it is watched again."),
    WatchState.ENDED: _("Not watched any more."),
}


@dataclass(frozen=True, slots=True)
class Section:
    """All that the section shows. `way_back` leads to the page that asks before it changes anything."""

    status: Badge
    watch: Watch | None
    standing: str
    field: str
    value: str
    way_back: str


def section(
    request: HttpRequest, delivery: Delivery, *, watch: Watch | None, teller: Teller
) -> Section | None:
    """None for a referrer: leads alone qualify. `watch` is the lead's own, told by `teller`."""
    person = delivery.participant
    if person.audience != Audience.LEAD:
        return None
    attribute = teller.attributes.get(watch.attribute) if watch else None
    return Section(
        status=Badge(person.get_status_display(), Look(BADGES[ParticipantStatus(person.status)])),
        watch=watch,
        standing=str(WATCHES[WatchState(watch.state)]) if watch else _unwatched(delivery),
        field=field_in_words(watch.attribute, attribute=attribute) if watch else "",
        value=_value(watch, attribute=attribute, teller=teller) if watch and watch.seen is not None else "",
        way_back=_way_back(delivery) if may(request, EDIT) else "",
    )


def _value(watch: Watch, *, attribute: Attribute | None, teller: Teller) -> str:
    return shown(value_as_read(watch.value, attribute=attribute, zone=teller.zone))


def _unwatched(delivery: Delivery) -> str:
    if delivery.state == State.SKIPPED:
        return gettext(
            "Not watched: this person was in Intercom already and was skipped, so the referral does not "
            "qualify through Intercom. Update the existing contact after all, and it can."
        )
    if delivery.state in {State.CREATED, State.UPDATED}:
        return gettext("Not watched: the campaign has no qualification rule.")
    return gettext("Not watched yet: only leads whose contact is in Intercom can qualify.")


def _way_back(delivery: Delivery) -> str:
    person = delivery.participant
    return reverse("admin:campaigns_campaign_intercom_way_back", args=[person.campaign_id, person.pk])
