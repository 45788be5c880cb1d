"""The card of those who were left out: what is asked about them, and how far their sending has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Audience
from integrations.logic.states import Reason
from integrations.models import Pace, Release, ReleaseKind, SyncSettings
from integrations.services.left_out import left_out, not_through
from integrations.services.log.wanted import Wanted
from integrations.services.settings_saving import TAB_NAMES
from integrations.views.access import OUTCOMES, REPAIR, may
from integrations.views.log_address import log_address
from integrations.views.release_words import day_of, is_running, number_of_people, so_far

if TYPE_CHECKING:
    from integrations.views.page import Panel

NOT_WORKING = (Reason.SWITCHED_OFF, Reason.NOT_CONNECTED, Reason.RECONNECT_NEEDED, Reason.SETUP_REQUIRED)
"""While a person has to do something about the tab, it is too early to ask about those who joined before."""

TOLD_FOR = timedelta(days=1)
"""How long the page says how a release ended."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to answer about people. A `quiet` one was answered before, and can be answered again."""

    kind: ReleaseKind
    text: str
    explanation: str
    send: str
    quiet: bool = False
    choose_url: str = ""


@dataclass(frozen=True, slots=True)
class Going:
    """A release on its way, or ended while some whom it let go are not through. `so_far` says how far it
    has come."""

    release: Release
    title: str
    so_far: str
    is_running: bool
    is_watched: bool

    @property
    def most(self) -> int:
        return max(self.release.total, self.release.sent, 1)


@dataclass(frozen=True, slots=True)
class Questions:
    """All that the card shows. `url` takes the answers, and shows the card again."""

    url: str
    may_answer: bool
    going: tuple[Going, ...] = ()
    asked: tuple[Question, ...] = ()
    note: str = ""

    @property
    def paces(self) -> list[Pace]:
        """The first is the careful one, which stands there unless another is chosen."""
        return list(Pace)

    @property
    def is_running(self) -> bool:
        return any(one.is_running for one in self.going)

    @property
    def is_watched(self) -> bool:
        """Whether it changes by itself."""
        return any(one.is_watched for one in self.going)


def questions(panel: Panel, audience: Audience, *, note: str = "") -> Questions | None:
    """None for a tab that was never saved: nothing has gone by it yet. Two queries."""
    row = panel.rows.get(audience)
    if row is None:
        return None
    held_by = panel.held_by(audience)
    going = tuple(_going(release, held_by=held_by) for release in _latest(row))
    busy = {one.release.kind for one in going if one.is_running}
    asked = [question for question in _questions(panel, row, held_by=held_by) if question.kind not in busy]
    url = panel.address("intercom_people", TAB_NAMES[audience])
    return Questions(url, may(panel.request, REPAIR), going, tuple(asked), note)


def _latest(row: SyncSettings) -> list[Release]:
    """The last release of each kind, if it goes on, was stopped not long ago, or let people go who are not
    through yet: once all of them are, each one's outcome says more than it could."""
    recent = timezone.now() - TOLD_FOR
    on = Q(finished_at=None, stopped_at=None)
    found = Release.objects.filter(on | Q(finished_at__gte=recent) | Q(stopped_at__gte=recent), settings=row)
    found = found.annotate(waiting=not_through()).select_related("made_by", "stopped_by").order_by("pk")
    by_kind = {release.kind: release for release in found}
    return [one for one in by_kind.values() if one.finished_at is None or one.waiting]


def _questions(panel: Panel, row: SyncSettings, *, held_by: Reason) -> list[Question]:
    found = left_out(row)
    asked = []
    if found.held and found.held_since:
        asked.append(_about_held(panel, row, number=found.held, since=found.held_since))
    if found.before and held_by not in NOT_WORKING:
        asked.append(_about_before(number=found.before, quiet=row.asked_at is not None))
    return asked


def _about_held(panel: Panel, row: SyncSettings, *, number: int, since: datetime) -> Question:
    text = ngettext(
        "%(people)s person waited since %(day)s", "%(people)s people waited since %(day)s", number
    )
    held = Wanted(reason=Reason.HELD, campaign_id=row.campaign_id, audience=Audience(row.audience))
    return Question(
        ReleaseKind.HELD,
        text % {"people": number_of_people(number), "day": day_of(since)},
        _("They waited for more than 72 hours, so nobody is sent by surprise: you say whether they go."),
        _("Send"),
        choose_url=log_address(held) if may(panel.request, OUTCOMES) else "",
    )


def _about_before(*, number: int, quiet: bool) -> Question:
    if quiet:
        text = ngettext(
            "%(people)s person was not sent: send them", "%(people)s people were not sent: send them", number
        )
    else:
        text = ngettext(
            "%(people)s person joined before. Send them too?",
            "%(people)s people joined before. Send them too?",
            number,
        )
    explanation = _("They joined while nothing was sent to Intercom. Who joins from now on goes by itself.")
    return Question(
        ReleaseKind.JOINED_BEFORE,
        text % {"people": number_of_people(number)},
        explanation,
        _("Send them"),
        quiet,
    )


def _going(release: Release, *, held_by: Reason) -> Going:
    titles = {
        ReleaseKind.JOINED_BEFORE: _("Sending those who joined before"),
        ReleaseKind.HELD: _("Sending those who waited"),
    }
    title = titles[ReleaseKind(release.kind)]
    waiting, on = getattr(release, "waiting", 0), is_running(release)
    told = so_far(release, waiting=waiting, held_by=held_by)
    return Going(release, title, told, on, is_watched=on or (release.finished_at is not None))
