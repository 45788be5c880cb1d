"""How far a release has come and how many people there are, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.services.explain import explain
from integrations.services.left_out import COUNTED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from integrations.logic.states import Reason
    from integrations.models import Release


def is_running(release: Release) -> bool:
    return release.finished_at is None and release.stopped_at is None


def so_far(release: Release, *, waiting: int, held_by: Reason) -> str:
    """Two sentences: how many were let go, and what comes next. `waiting`: how many of them are not through;
    `held_by` is what holds the tab back."""
    words = {
        "sent": number_format(release.sent, force_grouping=True),
        "total": number_format(release.total, force_grouping=True),
    }
    if is_running(release):
        done = _("%(sent)s of %(total)s are on their way to Intercom.") % words
        return f"{done} {_what_now(release, held_by)}"
    if release.stopped_at is not None:
        return _("Stopped after %(sent)s of %(total)s. Nobody else was sent.") % words
    return f"{_let_go(release, words)} {_still_waiting(waiting, held_by)}".strip()


def _let_go(release: Release, words: Mapping[str, str]) -> str:
    if release.sent < release.total:
        return _("%(sent)s of %(total)s were let go; the others had moved on meanwhile.") % words
    return ngettext("%(sent)s person was let go.", "All %(sent)s people were let go.", release.sent) % words


def _still_waiting(waiting: int, held_by: Reason) -> str:
    if held_by:
        return _what_holds(held_by)
    text = ngettext(
        "%(number)s is still on the way to Intercom.",
        "%(number)s are still on their way to Intercom.",
        waiting,
    )
    return text % {"number": number_of_people(waiting)}


def _what_now(release: Release, held_by: Reason) -> str:
    """What it waits for, or how long it still takes."""
    if held_by:
        return _what_holds(held_by)
    if not release.per_minute:
        return _("The rest follows within a minute or two.")
    minutes = max(1, math.ceil((release.total - release.sent) / release.per_minute))
    if minutes > 90:
        hours = math.ceil(minutes / 60)
        return ngettext("About %(hours)d hour left.", "About %(hours)d hours left.", hours) % {"hours": hours}
    text = ngettext("About %(minutes)d minute left.", "About %(minutes)d minutes left.", minutes)
    return text % {"minutes": minutes}


def _what_holds(reason: Reason) -> str:
    sentence = explain(reason)
    return f"{sentence.what} {sentence.next_step}"


def number_of_people(number: int) -> str:
    """Exact as far as is counted."""
    if number > COUNTED:
        return _("More than %(number)s") % {"number": number_format(COUNTED, force_grouping=True)}
    return number_format(number, force_grouping=True)


def day_of(moment: datetime) -> str:
    """A day without its year, where that is this year."""
    day = timezone.localtime(moment)
    return date_format(day, "MONTH_DAY_FORMAT" if day.year == timezone.localtime().year else "DATE_FORMAT")
