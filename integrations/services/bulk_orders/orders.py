"""Gives an order for many, stops it, and lets it go on after its sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import BulkOrder, Pace
from integrations.services.bulk_orders.chosen import people
from integrations.services.bulk_orders.rounds import let_go, running
from integrations.services.rounds import IN_A_REQUEST
from integrations.services.tabs import load_tabs

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from integrations.services.bulk_orders.drafts import Draft

SAMPLE = 10
"""People who go first, where a sample is asked for."""


def give(draft: Draft, *, pace: Pace, with_sample: bool, user: User | None) -> BulkOrder | None:
    """Makes the order of a draft, once, and begins; None if nobody is left of those who were chosen.

    Confirming again (a second click, a reload) returns the order that is there.
    """
    made = BulkOrder.objects.filter(token=draft.token).first() or _make(
        draft, pace=pace, sample=SAMPLE if with_sample else 0, user=user
    )
    if made is None:
        return None
    let_go(made.pk, seconds=IN_A_REQUEST)
    made.refresh_from_db()
    return made


def _make(draft: Draft, *, pace: Pace, sample: int, user: User | None) -> BulkOrder | None:
    now, chosen = timezone.now(), draft.chosen
    total = people(chosen, tabs=load_tabs(now=now)).filter(pk__lte=draft.up_to).order_by().count()
    if not total:
        return None
    try:
        with transaction.atomic():
            return BulkOrder.objects.create(
                token=draft.token,
                command=draft.command,
                seen_at=draft.made_at,
                query=chosen.query,
                ids=list(chosen.ids),
                version_id=chosen.version,
                settings_id=chosen.tab,
                made_by=user,
                per_minute=pace if draft.command.writes else Pace.AT_ONCE,
                total=total,
                up_to=draft.up_to,
                sample=sample if sample < total and draft.command.writes else 0,
                next_at=now,
            )
    except IntegrityError:
        return BulkOrder.objects.get(token=draft.token)


def stop(order_id: int, *, user: User | None) -> bool:
    """Nobody else is ordered for; False if it had ended. Who is on the way already goes on."""
    return bool(running().filter(pk=order_id).update(stopped_at=timezone.now(), stopped_by=user))


def go_on(order_id: int, *, user: User | None) -> bool:
    """The sample was well: the others follow. False if nobody waited for that answer."""
    now = timezone.now()
    asking = running().filter(pk=order_id, answered_at=None).exclude(asked_at=None)
    if not asking.update(answered_at=now, answered_by=user, next_at=now):
        return False
    let_go(order_id, seconds=IN_A_REQUEST)
    return True
