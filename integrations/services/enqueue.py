"""Writes the outbox row that says what we owe a participant. Rows only: no HTTP, no task."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from integrations.logic.states import Reason, State
from integrations.models import Action, Delivery, SyncSettings
from integrations.services.wake import wake

if TYPE_CHECKING:
    from campaigns.models import Participant

LOOK_BACK = timedelta(hours=48)
"""Somebody who joined longer ago is never sent by surprise."""


def owe(participant: Participant) -> None:
    """Gives a participant who joins now the outbox row that the tab's action asks for.

    For inside the joining transaction: a savepoint, one SELECT, one INSERT; the wake comes after the
    commit. A participant who has a row already keeps it.
    """
    with transaction.atomic():
        tab = (
            SyncSettings.objects.filter(campaign_id=participant.campaign_id, audience=participant.audience)
            .only("id", "action", "connection_id", "disconnected_at")
            .first()
        )
        row = new_row(participant, tab=tab, now=timezone.now())
        Delivery.objects.bulk_create([row], ignore_conflicts=True)
    if row.state == State.WAITING and tab is not None and tab.connection_id is not None:
        transaction.on_commit(partial(wake, tab.connection_id), robust=True)


def new_row(participant: Participant, *, tab: SyncSettings | None, now: datetime) -> Delivery:
    """The unsaved outbox row: the one place that decides whether a participant is owed anything."""
    row = Delivery(
        participant=participant,
        campaign_id=participant.campaign_id,
        joined_at=participant.joined_at,
        settings=tab,
        owed_since=participant.joined_at,
    )
    if tab is None or tab.action == Action.NOTHING:
        row.state, row.reason, row.settled_at = State.NOT_SENT, Reason.NOTHING_TO_ACTION, now
    elif tab.disconnected_at is not None:
        row.state, row.reason, row.settled_at = State.NOT_SENT, Reason.DISCONNECTED, now
    elif participant.joined_at < now - LOOK_BACK:
        row.state, row.reason, row.settled_at = State.NOT_SENT, Reason.JOINED_LONG_AGO, now
    else:
        row.state, row.reason, row.due_at = State.WAITING, Reason.QUEUED, now
    return row
