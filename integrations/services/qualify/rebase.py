"""Open watches follow their tab: its rule, and the workspace that it points to. A few statements, however
many there are.

Changed values: each goes on from the value known today. Another attribute, a rule that is new, or a
workspace that the tab comes back to: each begins with a look, so that nothing of what happened meanwhile
qualifies anybody. No rule any more, or another workspace: nobody is watched there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q

from integrations.models import Watch, WatchState
from integrations.services.qualify.rules import Active, active_rule
from integrations.services.qualify.stored import OPEN
from integrations.services.qualify.watches import begin_anew, forget_ended, left_behind
from integrations.services.queue import enqueue_look

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from integrations.logic.qualification import Rule
    from integrations.models import SyncSettings

__all__ = ["active_rule", "follow_rule"]


def follow_rule(tab: SyncSettings, *, before: Active | None) -> None:
    """For inside the transaction that has saved the tab, or pointed it elsewhere; `before` is the rule that
    was in force until then."""
    active = active_rule(tab.pk)
    rows = _locked(tab)
    here = active.connection_id if active else None
    rows.filter(state__in=OPEN).exclude(connection=here).update(state=WatchState.ENDED)
    if active is not None and not active.same_as(before):
        begin_anew(left_behind(tab.pk, active=active), active=active)
        forget_ended(tab.pk)
        if before is not None and before.rule.attribute == active.rule.attribute:
            rebase(rows.filter(state__in=OPEN, seen__isnull=False), rule=active.rule)
        transaction.on_commit(partial(enqueue_look, active.connection_id), robust=True)
    if active is not None:
        rows.filter(state__in=OPEN).update(revision=active.rule.revision)


def _locked(tab: SyncSettings) -> QuerySet[Watch]:
    """In the order in which everybody locks them."""
    rows = Watch.objects.filter(settings=tab.pk).exclude(state=WatchState.QUALIFIED)
    list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    return rows.order_by()


def rebase(rows: QuerySet[Watch], *, rule: Rule) -> None:
    """`logic.qualification.rebase`, for many rows at once."""
    inside = Q(value__in=rule.qualifying)
    known = list(rows.values_list("pk", flat=True))
    some = Watch.objects.filter(pk__in=known)
    some.filter(inside).update(since=F("seen"), last_inside=F("seen"), first_outside=None)
    some.exclude(inside).update(since=F("seen"), last_inside=None, first_outside=F("seen"))
