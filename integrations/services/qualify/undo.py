"""The way back from a wrong rule: qualified leads pending again, or rejected; one, or all of one revision.

Nobody is watched once they have qualified. So who is pending again after that begins with a new look, and
what happened meanwhile does not qualify them at once anew. Who was rejected is watched as if that had not
been: from the value known then, unless the rule is another one by now.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from campaigns.models import Participant, ParticipantStatus
from campaigns.services import readmit_lead, reject_lead, unqualify_lead
from integrations.logic.qualification import rebase
from integrations.models import Sighting, Via, Watch, WatchState
from integrations.services.bulk import update_many
from integrations.services.qualify.rules import Active, active_rules
from integrations.services.qualify.stored import STORED, keep, want_first_look, watch_of
from integrations.services.qualify.story import Happened
from integrations.services.qualify.watches import watch_one
from integrations.services.queue import enqueue_look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from integrations.models import SyncSettings

WAYS = {
    ParticipantStatus.PENDING: (unqualify_lead, Happened.SET_BACK),
    ParticipantStatus.REJECTED: (reject_lead, Happened.REJECTED),
}
AT_ONCE = 500


def set_back(participant: Participant, *, to: ParticipantStatus, user: User | None) -> bool:
    """One lead; False where there was nothing to change (a second click, another person was quicker).

    A lead that `participant` has as rejected may be made pending, too.
    """
    settle, says = WAYS[to]
    qualified = participant.status == ParticipantStatus.QUALIFIED
    if (participant.status, to) == (ParticipantStatus.REJECTED, ParticipantStatus.PENDING):
        settle = readmit_lead
    with transaction.atomic():
        row = Watch.objects.select_for_update(of=("self",)).filter(participant=participant).first()
        if not settle(participant):
            return False
        if row is not None:
            row.participant = participant
            _go_on([row], to=to, qualified=qualified)
        elif to == ParticipantStatus.PENDING:
            watch_one(participant.pk, now=timezone.now())
        Sighting.objects.create(**_line(participant.pk, row, says=says, user=user))
        if row is not None:
            transaction.on_commit(partial(enqueue_look, row.connection_id), robust=True)
    return True


def set_back_all(tab: SyncSettings, *, revision: int, to: ParticipantStatus, user: User | None) -> int:
    """All that qualified under one revision of a tab; returns how many it was. Safe to ask for twice."""
    number = 0
    while some := _set_back_some(tab, revision=revision, to=to, user=user):
        number += some
    if number and tab.connection_id is not None:
        transaction.on_commit(partial(enqueue_look, tab.connection_id), robust=True)
    return number


def qualified_under(tab: SyncSettings, *, revision: int) -> QuerySet[Watch]:
    """Who qualified by the rule of this revision, and still is."""
    return Watch.objects.filter(
        settings=tab.pk,
        revision=revision,
        state=WatchState.QUALIFIED,
        participant__status=ParticipantStatus.QUALIFIED,
    )


@transaction.atomic
def _set_back_some(tab: SyncSettings, *, revision: int, to: ParticipantStatus, user: User | None) -> int:
    settle, says = WAYS[to]
    rows = qualified_under(tab, revision=revision).select_for_update(of=("self",))
    some = [
        row for row in rows.select_related("participant").order_by("pk")[:AT_ONCE] if settle(row.participant)
    ]
    lines = [Sighting(**_line(row.participant_id, row, says=says, user=user)) for row in some]
    _go_on(some, to=to, qualified=True)
    Sighting.objects.bulk_create(lines)
    return len(some)


def _go_on(rows: list[Watch], *, to: ParticipantStatus, qualified: bool) -> None:
    """Under the rule as it is now; where there is none any more, or nobody to watch, it ends.

    `qualified`: they were until now, by the rule or by somebody's own code.
    """
    rules, now = active_rules({row.settings_id for row in rows}), timezone.now()
    for row in rows:
        if qualified or row.state == WatchState.QUALIFIED:
            want_first_look(row, now=now)
        row.state = WatchState.ENDED
        if to == ParticipantStatus.PENDING:
            _watch_again(row, rules=rules)
    update_many(rows, STORED)


def _watch_again(row: Watch, *, rules: Mapping[int, Active]) -> None:
    active = rules.get(row.settings_id)
    if active is None or active.rule.attribute != row.attribute:
        # The next look finds it ended, and begins it anew if there is another rule.
        return
    row.state, row.checked_at = WatchState.WATCHING, None
    if row.rule_until is None:
        row.revision = active.rule.revision
        keep(row, rebase(watch_of(row), rule=active.rule))


def _line(participant_id: int, row: Watch | None, *, says: Happened, user: User | None) -> dict[str, object]:
    """One line of the story: what a person did."""
    return {
        "participant_id": participant_id,
        "via": Via.PERSON,
        "verdict": says.value,
        "attribute": row.attribute if row else "",
        "value": row.value if row else "",
        "revision": row.revision if row else None,
        "made_by": user.get_username()[:150] if user else "",
    }
