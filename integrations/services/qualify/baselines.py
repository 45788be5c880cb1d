"""Begins the watch of each lead whose contact was just created or updated. Part of the drain's transaction.

Costs nothing where no tab has a rule.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from campaigns.models import Audience, Participant, ParticipantStatus
from integrations.logic.qualification import birth, looked, told
from integrations.logic.states import Reason, State
from integrations.logic.types import CUSTOM
from integrations.models import Via, Watch, WatchState
from integrations.services.qualify.desk import Desk
from integrations.services.qualify.doubt import is_ours, sent_at_birth
from integrations.services.qualify.hearing import hear
from integrations.services.qualify.rules import Active, active_rules
from integrations.services.qualify.stored import OPEN, want_first_look
from integrations.services.queue import enqueue_look

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.logic.types import Contact
    from integrations.services.drain.results import Result

log = logging.getLogger(__name__)


def watch_delivered(results: Collection[Result], *, connection_id: int, now: datetime) -> None:
    """For inside the transaction that has stored these results."""
    ruled = {result.job.delivery_id: result for result in results if _may_begin(result)}
    rules = active_rules({result.job.settings_id or 0 for result in ruled.values()}) if ruled else {}
    here = {pk: active for pk, active in rules.items() if active.connection_id == connection_id}
    ruled = {pk: result for pk, result in ruled.items() if result.job.settings_id in here}
    if ruled:
        _begin_safely(ruled, rules=here, now=now)


def _begin_safely(ruled: Mapping[int, Result], *, rules: Mapping[int, Active], now: datetime) -> None:
    """What was sent is recorded whatever goes wrong here; who has no watch then is given one later."""
    try:
        with transaction.atomic():
            _begin_all(ruled, rules=rules, now=now)
    except Exception as err:  # noqa: BLE001  (a database's words may quote a value)
        log.error("no watches for %d deliveries: %s", len(ruled), type(err).__name__)


def _may_begin(result: Result) -> bool:
    delivered = result.state in {State.CREATED, State.UPDATED}
    return delivered and result.contact is not None and result.job.settings.qualifies


def _begin_all(ruled: Mapping[int, Result], *, rules: Mapping[int, Active], now: datetime) -> None:
    people = Participant.objects.filter(
        delivery__in=ruled, audience=Audience.LEAD, status=ParticipantStatus.PENDING
    ).select_related("delivery")
    by_id = {person.pk: (person, ruled[person.delivery.pk]) for person in people}
    rows = {row.participant_id: row for row in Watch.objects.filter(participant__in=by_id)}
    fresh = [
        _new_row(person, result, rules=rules, now=now)
        for person, result in by_id.values()
        if person.pk not in rows
    ]
    Watch.objects.bulk_create(fresh, ignore_conflicts=True)
    made = {row.participant_id for row in fresh}
    stored = Watch.objects.select_for_update(of=("self",)).filter(participant__in=by_id)
    ours = [row for row in stored.order_by("pk") if row.state != WatchState.QUALIFIED]
    desk = Desk(ours)
    for row in ours:
        row.participant, result = by_id[row.participant_id]
        new = row.participant_id in made and row.since is None
        _begin(row, result, desk=desk, new=new, now=now)
    desk.save()
    _look_soon([row for row in ours if row.since is None])


def _look_soon(waiting: Sequence[Watch]) -> None:
    """What changes before their first look says nothing, so that is asked for at once; unless others wait for
    theirs already, whose look takes these along."""
    if not waiting:
        return
    connection_id, mine = waiting[0].connection_id, [row.pk for row in waiting]
    others = Watch.objects.filter(connection=connection_id, since=None, checked_at=None, state__in=OPEN)
    if not others.exclude(pk__in=mine).exists():
        transaction.on_commit(partial(enqueue_look, connection_id), robust=True)


def _new_row(person: Participant, result: Result, *, rules: Mapping[int, Active], now: datetime) -> Watch:
    assert result.contact is not None and result.job.settings_id is not None  # noqa: S101, PT018
    active = rules[result.job.settings_id]
    return Watch(
        participant=person,
        settings_id=result.job.settings_id,
        connection_id=active.connection_id,
        contact_id=result.contact.id,
        attribute=active.rule.attribute,
        revision=active.rule.revision,
        checked_at=now,
    )


def _begin(row: Watch, result: Result, *, desk: Desk, new: bool, now: datetime) -> None:
    contact = result.contact
    assert contact is not None  # noqa: S101
    other = row.contact_id != contact.id or row.state == WatchState.ENDED
    active = desk.active(row)
    if active is None:
        return
    if other:
        want_first_look(row, now=now)
        desk.move(row, contact.id)
        desk.stand(row, WatchState.WATCHING)
    begins = new or row.since is None
    if result.state is State.CREATED and result.reason is Reason.NEW:
        _begin_or_hear(row, contact, desk=desk, begins=begins, result=result, born=True)
    elif result.state is State.CREATED and result.reason is Reason.OURS:
        _adopt(row, contact, desk=desk, active=active, begins=begins, now=now)
    elif result.sent:
        _begin_or_hear(row, contact, desk=desk, begins=begins, result=result, born=False)
    elif begins:
        # Nothing was written, and what a search shows may be minutes old: only a look tells today's value.
        desk.begin_anew(row)


def _begin_or_hear(
    row: Watch, contact: Contact, *, desk: Desk, begins: bool, result: Result, born: bool
) -> None:
    """The answer to a write of ours; where that has written the rule's own attribute, it is no step."""
    if begins or _wrote(result, row.attribute):
        desk.begin_with(row, contact, at=birth(contact) if born else told(contact), via=Via.WRITE)
    else:
        hear(row, contact, desk=desk, at=told(contact), via=Via.WRITE)


def _adopt(row: Watch, contact: Contact, *, desk: Desk, active: Active, begins: bool, now: datetime) -> None:
    """Found after a create whose answer got lost: what that wrote comes first, then what was found."""
    delivery = row.participant.delivery
    if begins:
        sent = sent_at_birth(row.settings_id, active=active, intent_at=delivery.intent_at)
        if sent is None or not is_ours(delivery, contact):
            desk.begin_anew(row)
            return
        desk.begin(row, sent, at=birth(contact), via=Via.WRITE)
    lag = timedelta(seconds=settings.INTERCOM_SEARCH_LAG)
    at = looked(contact, now=int((now - lag).timestamp()))
    hear(row, contact, desk=desk, at=at, via=Via.LOOK)


def _wrote(result: Result, attribute: str) -> bool:
    custom = result.sent.get("custom_attributes", {})
    return attribute in result.sent or attribute.removeprefix(CUSTOM) in custom
