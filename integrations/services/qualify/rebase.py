"""Open watches follow their tab: its rule, and the workspace that it points to. A few statements, however
many there are.

Changed values, another attribute, a rule that is new, or a workspace that the tab comes back to: each begins
with a look, so that nothing of what happened before qualifies anybody. Where the values changed, the rule
before still judges what happened under it and is only heard of now. No rule any more, or another workspace:
nobody is watched there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

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
            _change_values(rows.filter(state__in=OPEN), before=before.rule, rule=active.rule)
        transaction.on_commit(partial(enqueue_look, active.connection_id), robust=True)
    if active is not None:
        rows.filter(state__in=OPEN, rule_until=None).update(revision=active.rule.revision)


def _locked(tab: SyncSettings) -> QuerySet[Watch]:
    """In the order in which everybody locks them."""
    rows = Watch.objects.filter(settings=tab.pk).exclude(state=WatchState.QUALIFIED)
    list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    return rows.order_by()


def _change_values(rows: QuerySet[Watch], *, before: Rule, rule: Rule) -> None:
    """What is known may be older than this save, so a first look must show what the new rule starts from.

    Until then the rule before judges what was before. Only where nothing qualifies that did not, whoever is
    known to be outside goes on: could they be inside by now, they have qualified by the rule before.
    """
    now = timezone.now()
    if rule.qualifying <= before.qualifying:
        rows = rows.exclude(Q(rule_until=None, since__isnull=False) & ~Q(value__in=before.qualifying))
    rows.filter(rule_until=None, since__isnull=False).update(rule_until=now)
    rows.update(wanted_at=now, checked_at=None)
