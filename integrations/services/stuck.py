"""Tells somebody who helps how a tab stands, as plain text: no secret, no email, no person. Reads only."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import django
from django.conf import settings as django_settings
from django.db import connection as database
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.intercom.session import API_VERSION
from integrations.logic.changes import RULE, Part
from integrations.logic.redact import vendor_message
from integrations.logic.setup import setup_problems
from integrations.logic.states import State
from integrations.models import Trial
from integrations.services.explain import explain
from integrations.services.health.source import count_campaign
from integrations.services.heartbeat import last_beat
from integrations.services.outcome_words import STATES
from integrations.services.outcomes import standings
from integrations.services.recent_errors import LOOKED_BACK, recent_errors
from integrations.services.settings_labels import TabWords
from integrations.services.settings_words import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from campaigns.models import Audience, Campaign
    from integrations.logic.states import Outcome, Reason
    from integrations.logic.types import TabSettings
    from integrations.models import IntercomConnection, SyncSettings
    from integrations.services.recent_errors import TroubleLine
    from integrations.services.tabs import Tab


@dataclass(frozen=True, slots=True)
class Situation:
    """A tab as it was loaded for a page. `row` is None for a tab that was never saved."""

    campaign: Campaign
    audience: Audience
    row: SyncSettings | None
    connection: IntercomConnection | None
    settings: TabSettings
    held_by: Reason
    tabs: Iterable[Tab]
    words: TabWords


def story(situation: Situation, *, page: str) -> str:
    """The whole text. `page` is the address where the question came up."""
    parts = (
        (_("Where"), _where(situation, page)),
        (_("Workspace"), _workspace(situation)),
        (_("Settings"), _settings(situation)),
        (_("What holds it back"), _holding(situation)),
        (_("People"), _people(situation)),
        (_("Last test lead"), _test(situation)),
        (
            _("Errors of the last %(days)d days, newest first") % {"days": LOOKED_BACK.days},
            _errors(situation),
        ),
    )
    return "\n\n".join("\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in parts)


def _where(situation: Situation, page: str) -> Iterator[str]:
    beat = last_beat()
    versions = {
        "api": API_VERSION,
        "django": django.get_version(),
        "python": platform.python_version(),
        "database": database.vendor,
    }
    yield _("Written: %(time)s") % {"time": _time(timezone.now())}
    yield _("Page: %(page)s") % {"page": f"{django_settings.PUBLIC_URL}{page}"}
    yield _("Campaign: %(name)s (%(slug)s)") % {
        "name": _plain(situation.campaign.name),
        "slug": situation.campaign.slug,
    }
    yield _("Tab: %(tab)s") % {"tab": situation.audience.label}
    yield _("Intercom API %(api)s, Django %(django)s, Python %(python)s, %(database)s") % versions
    yield _("Worker last seen: %(time)s") % {"time": _time(beat) if beat else _("never")}


def _workspace(situation: Situation) -> Iterator[str]:
    one = situation.connection
    if one is None:
        yield _("None is connected to this campaign.")
        return
    yield f"{_plain(one.name)} ({one.workspace_id}), {one.get_region_display()}"
    since = {"status": one.get_status_display(), "time": _time(one.status_since)}
    yield _("%(status)s since %(time)s") % since
    if one.status_detail and not one.is_silent:
        yield _plain(one.status_detail)
    if one.paused_at is not None:
        yield _("Paused since %(time)s") % {"time": _time(one.paused_at)}
    if one.attributes_at is not None:
        yield _("Fields last read: %(time)s") % {"time": _time(one.attributes_at)}


def _settings(situation: Situation) -> Iterator[str]:
    settings, words = situation.settings, situation.words
    yield _("Version %(number)d") % {"number": settings.revision}
    yield words.says(Part.ACTION, settings)
    for number, row in enumerate(settings.rows, start=1):
        yield f"{number}. {_plain(words.row(row))}"
    yield words.says(Part.POLICY, settings)
    yield words.says(Part.MARKS, settings)
    yield words.says(Part.QUALIFIES, settings)
    if settings.qualifies:
        yield from (_plain(words.says(part, settings)) for part in RULE)


def _holding(situation: Situation) -> Iterator[str]:
    held_by = situation.held_by
    yield (
        f"{explain(held_by).what} ({held_by.value})"
        if held_by
        else _("Nothing: people are sent as they join.")
    )
    for problem in setup_problems(situation.settings):
        where = _("Row %(number)d") % {"number": problem.row + 1} if problem.row is not None else _("Fields")
        yield f"{where}: {MISSING[problem.code]}"
    fields = situation.row.field_map.all() if situation.row else ()
    for field in fields:
        if field.problem_at is not None:
            words = {"name": situation.words.target(field.target), "time": _time(field.problem_at)}
            problem_words = _("Field problem: %(name)s since %(time)s") % words
            yield f"{problem_words} ({field.problem}) {_plain(field.problem_message)}".rstrip()


def _people(situation: Situation) -> Iterator[str]:
    limited_until = situation.connection.paused_until if situation.connection else None
    counted = count_campaign(situation.campaign)
    found = standings(
        counted.people, slug=situation.campaign.slug, tabs=situation.tabs, limited_until=limited_until
    )
    if counted.age.taken_at:
        yield _("Counted: %(time)s") % {"time": _time(counted.age.taken_at)}
    elif counted.age.is_missing:
        yield _("Not counted yet.")
        return
    tally = found[situation.audience].tally
    yield _("Joined: %(number)d") % {"number": tally.joined}
    yield from (f"{_outcome(one)}: {number}" for one, number in sorted(tally.outcomes.items()))
    for reasons in (tally.waiting, tally.attention):
        yield from (f"- {explain(reason).what} {number}" for reason, number in sorted(reasons.items()))
    yield _("Unexplained: %(number)d") % {"number": tally.unexplained}


def _outcome(outcome: Outcome) -> str:
    return str(STATES[State(outcome.value)].word)


def _test(situation: Situation) -> Iterator[str]:
    trials = Trial.objects.filter(settings=situation.row) if situation.row else Trial.objects.none()
    last = trials.order_by("-pk").first()
    if last is None:
        yield _("None was sent.")
        return
    results = {True: _("passed"), False: _("not passed"), None: _("no result")}
    words = f"{_time(last.made_at)}: {last.get_state_display()}, {results[last.passed]}"
    yield " ".join(part for part in (words, last.failure, _plain(last.message)) if part)


def _errors(situation: Situation) -> Iterator[str]:
    found = recent_errors(situation.row) if situation.row else []
    yield from (_error(line) for line in found)
    if not found:
        yield _("None.")


def _error(line: TroubleLine) -> str:
    parts = [
        f"{_time(line.at)}:",
        explain(line.reason).what,
        f"HTTP {line.status}." if line.status else "",
        f"“{line.message}”" if line.message else "",
        f"[{line.request_id}]" if line.request_id else "",
    ]
    return " ".join(part for part in parts if part)


def _plain(text: str) -> str:
    """What was typed by somebody, or came from Intercom: on one line, without emails, phones and secrets."""
    return vendor_message(text)


def _time(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat(sep=" ", timespec="seconds")
