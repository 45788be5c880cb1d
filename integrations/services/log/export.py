"""The sync log as a file for a spreadsheet: line by line, however long it is. Writes nothing anywhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.services.log.listing import entries_beyond
from integrations.services.outcome_words import in_words
from integrations.services.waiting_room import next_try

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.services.log.listing import Entry
    from integrations.services.log.wanted import Wanted
    from integrations.services.tabs import Tab

BATCH = 1_000
BOM = "\ufeff"
"""Without it Excel reads the file in the code page of the machine."""

FORMULA = tuple("=+-@\t\r\n＝＋－＠﹢﹣﹦﹫−")
"""What makes a cell a formula, somewhere: also the wide signs of East Asian keyboards, the small forms and
the minus of typographers."""
BLANKS = " \u00a0\u3000"
INSIDE = re.compile(rf"""([;|\t\r\n][{BLANKS}"]*)(?=[{re.escape("".join(FORMULA))}])""")
"""Where a spreadsheet that separates by another sign than the comma begins a cell of its own."""


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines_of(wanted: Wanted, *, tabs: Mapping[int, Tab]) -> Iterator[str]:
    """The file's lines, headings first, the newest person next; times in the current time zone.

    `tabs` are all there are, as they are now. One query for each 1,000 lines (two where a workspace is
    asked for); who joins meanwhile is left out, and nobody comes twice.
    """
    writer = csv.writer(_Line())
    yield BOM + str(writer.writerow(headings()))
    for entry in _entries(wanted, tabs=tabs):
        yield str(writer.writerow([harmless(cell) for cell in _cells(entry, tabs=tabs)]))


def harmless(cell: str) -> str:
    """What a spreadsheet shows and never carries out."""
    cell = INSIDE.sub(r"\1'", cell)
    return f"'{cell}" if cell.lstrip(BLANKS).startswith(FORMULA) else cell


def headings() -> list[str]:
    return [
        *(_("Lead ID"), _("Email"), _("First name"), _("Last name"), _("Campaign"), _("Joined as")),
        *(_("Joined"), _("In Intercom"), _("Reason"), _("What to do"), _("Attempts"), _("Next try")),
        *(_("Settled"), _("Workspace"), _("Intercom contact ID")),
    ]


def _entries(wanted: Wanted, *, tabs: Mapping[int, Tab]) -> Iterator[Entry]:
    place = None
    while True:
        batch = entries_beyond(wanted, tabs=tabs.values(), place=place, most=BATCH)
        yield from batch
        if len(batch) < BATCH:
            return
        place = batch[-1].place


def _cells(entry: Entry, *, tabs: Mapping[int, Tab]) -> Iterable[str]:
    person, delivery = entry.person, entry.delivery
    tab = tabs.get(delivery.settings_id or 0) if delivery else None
    outcome = in_words(delivery, tab=tab)
    yield from (str(person.pk), person.email, person.first_name, person.last_name, person.campaign.name)
    yield from (person.get_audience_display(), _moment(person.joined_at))
    yield from (str(outcome.badge.word), outcome.why, outcome.next_step)
    if delivery is None:
        yield from ("", "", "", "", "")
        return
    workspace = delivery.connection
    yield from (str(delivery.attempts), _moment(next_try(delivery, tab=tab)), _moment(delivery.settled_at))
    yield from ((workspace.name or workspace.workspace_id) if workspace else "", delivery.contact_id)


def _moment(moment: datetime | None) -> str:
    """As a spreadsheet reads it as a time."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
