"""Has what Intercom told us looked at once more, for watches that began after it was told.

So it does not matter whether a notification or the first look was there first. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from integrations.logic.qualification import Verdict
from integrations.models import ReceiptState, Watch, WebhookReceipt
from integrations.services.qualify.stored import OPEN, moment_of
from integrations.services.receipts import wake

EARLIER = timedelta(minutes=5)
"""By which Intercom's clock and ours may differ. Looking at too much costs time, and changes nothing."""


def replay(begun: Collection[Watch]) -> None:
    """For inside a transaction, with rows whose first value has just become known.

    Once more after the commit: whoever looked at a notification meanwhile could not see these rows yet.
    """
    if begun:
        again = partial(_replay, _told_since(begun))
        again()
        transaction.on_commit(again, robust=True)


def replay_missed(receipts: Collection[WebhookReceipt]) -> None:
    """For after the commit, with what was of no use: its contact may have got a watch meanwhile.

    Each once, which `tries` counts: of what stays useless beside a watch, once more would be for ever.
    """
    receipts = [receipt for receipt in receipts if not receipt.tries]
    contacts = {(receipt.connection_id, receipt.contact_id) for receipt in receipts}
    rows = Watch.objects.filter(
        connection__in={connection_id for connection_id, _ in contacts},
        contact_id__in={contact_id for _, contact_id in contacts},
        state__in=OPEN,
    )
    known = set(rows.values_list("connection", "contact_id")) if contacts else set()
    missed = [one.pk for one in receipts if (one.connection_id, one.contact_id) in known]
    if missed:
        _replay([Q(pk__in=missed)], tries=1)


def _replay(which: Iterable[Q], *, tries: int = 0) -> None:
    for one in which:
        found = WebhookReceipt.objects.filter(one, state__in=[ReceiptState.USED, ReceiptState.UNUSED])
        rows = WebhookReceipt.objects.filter(pk__in=found.values("pk"))
        if rows.update(state=ReceiptState.NEW, tries=tries):
            transaction.on_commit(wake, robust=True)


def _told_since(begun: Collection[Watch]) -> list[Q]:
    """What was told of these contacts, and of others with the leads' emails before the first look."""
    since = Q(received_at__gte=min(_began(row) for row in begun) - EARLIER)
    connections, contacts = {row.connection_id for row in begun}, {row.contact_id for row in begun}
    leads = {row.participant_id for row in begun}
    too_early = Q(sightings__participant__in=leads, sightings__verdict=Verdict.NO_FIRST_LOOK.value)
    return [since & Q(connection__in=connections, contact_id__in=contacts), since & too_early]


def _began(row: Watch) -> datetime:
    since = moment_of(row.since)
    if row.wanted_at is not None or since is None:
        return row.wanted_at or datetime.now(UTC)
    return datetime.fromtimestamp(since.second, UTC)
