"""Emails that we have just written of, and know nothing of any more. Rows only.

Till Intercom's search can show what is true, nobody of that email is created."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from integrations.logic.states import IN_FLIGHT
from integrations.models import BlindSpot
from integrations.models.erasure import hash_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from integrations.models import Delivery


def keep_blind(email_hash: str, *, until: Mapping[int, datetime]) -> None:
    """By workspace; what is over already is not kept."""
    now = timezone.now()
    rows = [
        BlindSpot(connection_id=connection_id, email_hash=email_hash, until=end)
        for connection_id, end in until.items()
        if end > now
    ]
    BlindSpot.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "email_hash"],
        update_fields=["until"],
    )


def blind_until(connection_id: int, *, emails: Collection[str]) -> dict[str, datetime]:
    """Those of these emails of which search may not show the truth yet, and until when. One query."""
    if not emails:
        return {}
    rows = BlindSpot.objects.filter(connection=connection_id, until__gt=timezone.now())
    spots = dict(rows.values_list("email_hash", "until"))
    # Nearly always there are none: then nobody's email need be hashed.
    by_hash = {hash_of(email): email for email in emails} if spots else {}
    return {by_hash[digest]: until for digest, until in spots.items() if digest in by_hash}


def keep_blind_after(delivery: Delivery) -> None:
    """An entry of the log goes (its campaign is deleted) while its write is on its way."""
    if delivery.state in IN_FLIGHT and delivery.connection_id is not None:
        end = timezone.now() + timedelta(seconds=settings.INTERCOM_SEARCH_LAG)
        keep_blind(hash_of(delivery.email), until={delivery.connection_id: end})
