"""Before we write a watched attribute of a contact: what comes of it is ours, and no step of anybody's.

One contact may be watched for several campaigns, and be updated for the sake of one of them. Intercom may
tell of it before the answer to our write has come, or that answer may get lost. Part of the transaction that
commits what is about to leave.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from integrations.models import Watch
from integrations.services.bulk import update_many
from integrations.services.qualify.stored import OPEN, STORED, want_first_look

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.drain.jobs import Job

ON_ITS_WAY = timedelta(seconds=30)
"""A write waits for its turn, and then takes a while: a look before its end may show what was before it."""


def begin_anew(jobs: Iterable[Job], *, connection_id: int, now: datetime) -> None:
    """The watches of these attributes, of every campaign that the contact is in, begin with a new look.

    Costs nothing where nothing is updated.
    """
    wanted = Q()
    for job in jobs:
        if job.writes:
            wanted |= Q(contact_id=job.writes_to, attribute__in=job.writes)
    if not wanted:
        return
    watched = Watch.objects.select_for_update(of=("self",)).filter(
        wanted, connection=connection_id, state__in=OPEN
    )
    rows = list(watched.order_by("pk"))
    for row in rows:
        want_first_look(row, now=now + ON_ITS_WAY)
    update_many(rows, STORED)
