"""Before we write a watched attribute of a contact: what comes of it is ours, and no step of anybody's.

One contact may be watched for several campaigns, and be updated for the sake of one of them; and of the same
person we may make or update another contact. Intercom may tell of it before the answer to our write has come,
or that answer may get lost. Part of the transaction that commits what is about to leave.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from integrations.logic.qualification import as_held
from integrations.models import Watch
from integrations.services.bulk import update_many
from integrations.services.qualify.rules import Active, active_rules, watched_attributes
from integrations.services.qualify.stored import OPEN, STORED, want_first_look

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.drain.stages import Write

ON_ITS_WAY = timedelta(seconds=30)
"""A write waits for its turn, and then takes a while: a look before its end may show what was before it."""


def begin_anew(writes: Collection[Write], *, connection_id: int, now: datetime) -> None:
    """The watches of the written attributes, of every campaign that the contact is in, begin with a new
    look; and for those of the person's other contacts, the one that is written to is not a new one.

    Costs one query where no watched attribute is written.
    """
    watched = watched_attributes([connection_id]).get(connection_id) if writes else None
    if not watched:
        return
    writes = [write for write in writes if not watched.isdisjoint(write.writes)]
    rows = _watches_of(writes, connection_id=connection_id) if writes else []
    rules = active_rules({row.settings_id for row in rows})
    for row in rows:
        for write in writes:
            if row.contact_id == write.contact_id and row.attribute in write.writes:
                want_first_look(row, now=now + ON_ITS_WAY)
            elif row.participant.email_normalized == write.hand.job.email and _qualifies(
                write, rules.get(row.settings_id)
            ):
                row.wanted_at = now + ON_ITS_WAY
    update_many(rows, STORED)


def _watches_of(writes: Collection[Write], *, connection_id: int) -> list[Watch]:
    """Of the contacts that are written to, and of everybody with their emails; locked."""
    here = Watch.objects.filter(connection=connection_id, state__in=OPEN)
    contacts = here.filter(contact_id__in={write.contact_id for write in writes if write.contact_id})
    people = here.filter(participant__email_normalized__in={write.hand.job.email for write in writes})
    found = {*contacts.values_list("pk", flat=True), *people.values_list("pk", flat=True)}
    if not found:
        return []
    rows = here.select_for_update(of=("self",)).select_related("participant").filter(pk__in=found)
    return list(rows.order_by("pk"))


def _qualifies(write: Write, active: Active | None) -> bool:
    """Whether what is written would be a step, where anybody else wrote it."""
    if active is None or active.rule.attribute not in write.writes:
        return False
    value: Any = write.writes[active.rule.attribute]
    return active.rule.holds(as_held(value, attribute=active.attribute))
