"""Gives delivered leads under a rule the watch that they lack: after a rule was saved, and in time to all.

Looks at rows only. What they begin with is found by a look (`looking`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from campaigns.models import Audience, ParticipantStatus
from integrations.logic.states import State
from integrations.models import Delivery, SettingsRevision, SyncSettings, Watch, WatchState
from integrations.services.qualify.rules import Active, active_rules

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

DELIVERED = (State.CREATED.value, State.UPDATED.value)
AT_ONCE = 2_000
LOOK_BACK = timedelta(hours=48)
"""Whom the drain delivered just while a rule was saved is found again for so long."""

LATELY = timedelta(hours=1)


def watch_missing(
    active: Active,
    settings_id: int,
    *,
    now: datetime,
    since: datetime | None = None,
    only: int | None = None,
) -> int:
    """For one tab; `since` bounds the look to who was delivered after it, `only` to one participant. Returns
    how many there were."""
    missing = _missing(active, settings_id, since=since)
    missing = missing if only is None else missing.filter(participant=only)
    number = 0
    while some := list(missing.values_list("participant", "contact_id")[:AT_ONCE]):
        rows = [
            Watch(
                participant_id=participant_id,
                settings_id=settings_id,
                connection_id=active.connection_id,
                contact_id=contact_id,
                attribute=active.rule.attribute,
                revision=active.rule.revision,
                wanted_at=now,
            )
            for participant_id, contact_id in some
        ]
        Watch.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        number += len(rows)
    return number


def watch_one(participant_id: int, *, now: datetime) -> None:
    """Somebody is pending again who was not watched: their rule may have come while they were not pending."""
    delivered = Delivery.objects.filter(participant=participant_id)
    for settings_id, active in active_rules(list(delivered.values_list("settings", flat=True))).items():
        watch_missing(active, settings_id, now=now, only=participant_id)


def _missing(active: Active, settings_id: int, *, since: datetime | None) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(
        settings=settings_id,
        connection=active.connection_id,
        state__in=DELIVERED,
        participant__audience=Audience.LEAD,
        participant__status=ParticipantStatus.PENDING,
        participant__watch=None,
    )
    return rows if since is None else rows.filter(settled_at__gte=since)


def begin_anew(rows: QuerySet[Watch], *, active: Active) -> int:
    """Watches of pending leads begin with a look that is still to come."""
    pending = Q(participant__status=ParticipantStatus.PENDING, connection=active.connection_id)
    return rows.filter(pending).update(
        state=WatchState.WATCHING,
        attribute=active.rule.attribute,
        revision=active.rule.revision,
        **_nothing_known(),
    )


def forget_ended(settings_id: int) -> None:
    """Who is rejected is not watched, so under a new rule nothing that was known of them is today's value."""
    ended = Watch.objects.filter(settings=settings_id, state=WatchState.ENDED)
    ended.update(**_nothing_known())


def _nothing_known() -> dict[str, object]:
    """`stored.want_first_look`, for many rows at once."""
    return {
        "since": None,
        "last_inside": None,
        "first_outside": None,
        "value": "",
        "seen": None,
        "checked_at": None,
        "wanted_at": timezone.now(),
        "rule_until": None,
    }


def left_behind(settings_id: int, *, active: Active) -> QuerySet[Watch]:
    """What ended, or is about another attribute: the tab had no rule for a while, or pointed elsewhere."""
    rows = Watch.objects.filter(settings=settings_id).exclude(state=WatchState.QUALIFIED)
    return rows.filter(Q(state=WatchState.ENDED) | ~Q(attribute=active.rule.attribute))


def make_up(connection_id: int, *, now: datetime) -> int:
    """What a save and a drain have missed of each other, in all tabs of a workspace.

    A tab that was saved lately is looked at whole, the others as far back as the sweep looks.
    """
    tabs = SyncSettings.objects.filter(connection=connection_id, audience=Audience.LEAD)
    rules = active_rules(list(tabs.values_list("pk", flat=True)))
    lately = SettingsRevision.objects.filter(settings__in=rules, made_at__gte=now - LATELY)
    saved = set(lately.values_list("settings", flat=True))
    number = 0
    for settings_id, active in rules.items():
        number += begin_anew(left_behind(settings_id, active=active), active=active)
        since = None if settings_id in saved else now - LOOK_BACK
        number += watch_missing(active, settings_id, now=now, since=since)
    return number
