"""Conditions by which people are found, on their own rows or (by a prefix) on a row beside them. The log and
a campaign's lists of people say the same by these."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Concat
from django.db.models.lookups import IRegex, IStartsWith

from campaigns.text import normalized_email, refuse_unstorable
from integrations.logic.states import Outcome, Reason, State
from integrations.logic.waiting import HOLDS
from integrations.models import Delivery
from integrations.services.outcomes import DELIVERED, Group

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

    from integrations.services.tabs import Tab

UNDER_WAY = {
    Reason.SENDING: State.SENDING,
    Reason.UNCERTAIN: State.UNCERTAIN,
    Reason.HELD: State.HELD,
}
MANY = 1000
"""People of one contact; there are more only where something is very wrong."""
LONGEST_CONTACT_ID = 64
LONGEST_LEAD_ID = 18
NOBODY = Q(pk__in=[])


class Begins(IStartsWith):
    """Whatever the case, of any script. SQLite by itself knows the case of ASCII letters alone; there are few
    enough people on it for each to be looked at."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        if self.rhs.isascii():
            return super().as_sql(compiler, connection)
        return IRegex(self.lhs, f"^{re.escape(self.rhs)}").as_sql(compiler, connection)


def in_group(group: Group, *, prefix: str = "") -> Q:
    """Those of a group; `prefix` leads to the delivery."""
    if group is Group.UNEXPLAINED:
        return _on(prefix, pk__isnull=True)
    if group is Group.INCOMPLETE:
        return _on(prefix, state__in=DELIVERED, incomplete=True)
    return _on(prefix, outcome=group.value)


def for_reason(reason: Reason, *, tabs: Iterable[Tab], prefix: str = "") -> Q:
    """`status.waiting_reason` as a condition: what is under way, what holds a tab, the row's own reason.

    `tabs` are those of everybody who may be found, as they are now; `prefix` leads to the delivery.
    """
    if reason in UNDER_WAY:
        return _on(prefix, outcome=Outcome.WAITING, state=UNDER_WAY[reason])
    holds = {tab.id: tab.held_by for tab in tabs if tab.held_by}
    waits = _on(prefix, outcome=Outcome.WAITING, state=State.WAITING)
    undoing = _on(prefix, reason=Reason.UNDOING)
    if reason is Reason.UNDOING:
        return waits & undoing
    if reason in HOLDS:
        waits &= ~undoing
        held = _on(prefix, settings__in=[tab for tab, why in holds.items() if why is reason])
        return waits & (held | _on(prefix, settings=None) if reason is Reason.NOT_CONNECTED else held)
    free = _on(prefix, settings__isnull=False) & ~_on(prefix, settings__in=list(holds))
    return _on(prefix, reason=reason) & (~_on(prefix, outcome=Outcome.WAITING) | (waits & free))


def by_words(words: str, *, prefix: str = "") -> Q:
    """By the beginning of the email, of the whole name or of the last name; `prefix` leads to the person.

    A term with an @ is an email: asked alone, so that the index on emails can answer.
    """
    try:
        refuse_unstorable(words)
    except ValidationError:
        return NOBODY
    email = _on(prefix, email_normalized__startswith=normalized_email(words))
    if "@" in words:
        return email
    whole = Concat(f"{prefix}first_name", Value(" "), f"{prefix}last_name", output_field=CharField())
    return email | Q(Begins(whole, words)) | Q(Begins(F(f"{prefix}last_name"), words))


def by_anything(words: str, *, prefix: str = "") -> Q:
    """As `by_words`, or by the lead's number, or by the contact in Intercom.

    Asks first who has this contact: a condition across two tables could use no index.
    """
    words = _email_of(words)
    found = by_words(words, prefix=prefix)
    if found == NOBODY or "@" in words or " " in words or len(words) > LONGEST_CONTACT_ID:
        return found
    ids = Delivery.objects.filter(contact_id__in={words, words.lower()}).order_by()
    numbers = list(ids.values_list("participant_id", flat=True)[:MANY])
    if words.isascii() and words.isdigit() and len(words) <= LONGEST_LEAD_ID:
        numbers.append(int(words))
    return found | _on(prefix, pk__in=numbers) if numbers else found


def _email_of(words: str) -> str:
    """What was copied from a mail program: `Ana Berg <ana@example.com>`, `mailto:ana@example.com`."""
    inside = re.search(r"<([^<>\s]+@[^<>\s]+)>", words)
    return inside[1] if inside else words.removeprefix("mailto:") or words


def _on(prefix: str, **conditions: Any) -> Q:
    return Q(**{f"{prefix}{name}": value for name, value in conditions.items()})
