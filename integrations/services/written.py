"""What updates of ours wrote over in the contacts of people, from the tries that are kept. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q

from integrations.logic.duplicates import Step
from integrations.logic.states import DELIVERED, Reason, State
from integrations.logic.undo import Wrote
from integrations.models import Attempt

if TYPE_CHECKING:
    from integrations.models import Delivery

SERVER_ERROR = 500
FORGOTTEN = Wrote(forgotten=True)


def history_of(rows: Iterable[Delivery]) -> Mapping[int, Sequence[Wrote]]:
    """Our writes to the contact that each row names now, newest first, by the row's id. Two queries.

    A try whose details have been removed by age stands among them as forgotten, and so, at the end, do those
    that have been removed as a whole.
    """
    by_id = {row.pk: row for row in rows}
    found: dict[int, list[Wrote]] = defaultdict(list)
    if not by_id:
        return found
    tries = Attempt.objects.filter(delivery__in=by_id)
    for one in tries.filter(_wrote() | _created() | _forgotten()).order_by("-pk"):
        row = by_id[one.delivery_id]
        if one.connection_id == row.connection_id and _contact_of(one, row) == row.contact_id:
            found[row.pk].append(_as_value(one))
    kept = dict(tries.order_by().values_list("delivery").annotate(number=Count("pk")))
    for pk, row in by_id.items():
        if row.attempts > kept.get(pk, 0):
            found[pk].append(FORGOTTEN)
    return found


def _contact_of(one: Attempt, row: Delivery) -> str:
    """A write that was never answered names no contact: of an update it is the one that was found, of a
    create the one that was taken for ours later. What is forgotten may have been about this one."""
    if one.contact_id:
        return one.contact_id
    if one.pruned_at is not None:
        return row.contact_id
    if one.decision == Step.CREATE:
        return row.contact_id if State.CREATED in {row.state, row.settled_as} else ""
    return str(one.matches[0]) if len(one.matches) == 1 else ""


def written_over() -> Exists:
    """As a condition on deliveries: an update of ours is on record. Whether it still stands, a plan tells."""
    tries = Attempt.objects.filter(_wrote(), delivery=OuterRef("pk"), connection=OuterRef("connection"))
    return Exists(tries.exclude(decision=Step.UNDO))


def _wrote() -> Q:
    """An undo that found everything back already wrote nothing, and ends what came before all the same."""
    return ~Q(after={}) | Q(decision=Step.UNDO, reason=Reason.UNDONE)


def _created() -> Q:
    return Q(decision=Step.CREATE, state__in=(State.CREATED, State.UNCERTAIN)) & ~Q(sent={})


def _forgotten() -> Q:
    """Updates of which no details are left, and that wrote, or may have."""
    wrote = Q(state__in=DELIVERED) & ~Q(reason=Reason.SAME_VALUES)
    unanswered = Q(status=None) | Q(status__gte=SERVER_ERROR)
    return Q(wrote | unanswered, pruned_at__isnull=False, decision=Step.UPDATE)


def _as_value(one: Attempt) -> Wrote:
    if one.pruned_at is not None and one.decision == Step.UPDATE:
        return FORGOTTEN
    create = one.decision == Step.CREATE
    return Wrote(
        before=one.before,
        after=one.sent if create else one.after,
        received=one.received,
        sure=one.state in DELIVERED and one.reason != Reason.UNDO_FAILED,
        undo=one.decision == Step.UNDO,
        create=create,
    )
