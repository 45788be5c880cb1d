"""Whether what works in the background does so: the worker, the sweep, Intercom's notifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.services.everything import SILENT_AFTER
from integrations.services.health.notifications import COUNTED
from integrations.services.outcome_words import Badge, Look
from integrations.views.access import RECEIPTS, may
from integrations.views.times import ago

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from integrations.services.everything import Everything
    from integrations.services.health.notifications import Notifications

SLOW_AFTER = timedelta(minutes=10)
"""Notifications are looked at within seconds."""

RUNNING = Badge(gettext_lazy("Running"), Look.OK)
SILENT = Badge(gettext_lazy("Silent"), Look.ERROR)
NEVER = Badge(gettext_lazy("Never seen"), Look.MUTED)
READ = Badge(gettext_lazy("All looked at"), Look.OK)
BEING_READ = Badge(gettext_lazy("Being looked at"), Look.INFO)
BEHIND = Badge(gettext_lazy("Behind"), Look.WARN)


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that works in the background, and how it does. `next_step` is empty where all is well."""

    name: str
    badge: Badge
    what: str
    next_step: str = ""
    url: str = ""
    since: datetime | None = None


def signs(
    request: HttpRequest, found: Everything, *, swept_at: datetime | None, heard: Notifications
) -> list[Sign]:
    return [_worker(found), _sweep(swept_at, is_silent=found.is_silent), _notifications(request, heard)]


def _worker(found: Everything) -> Sign:
    name = _("Sending")
    if found.beat is None:
        return Sign(name, NEVER, _("No worker has run here yet, so nothing is sent."))
    last = _("Last sign of life: %(ago)s.") % {"ago": ago(found.beat)}
    if not found.is_silent:
        return Sign(name, RUNNING, last)
    what = _("The part of this installation that sends has shown no sign of life for more than five minutes.")
    next_step = _("Nobody is lost: whoever joins waits. Tell whoever runs this installation.")
    return Sign(name, SILENT, what, next_step, since=found.beat)


def _sweep(swept_at: datetime | None, *, is_silent: bool) -> Sign:
    """While the worker itself is silent, one alarm is enough."""
    name = _("Looking for anybody who was missed")
    if swept_at is None:
        return Sign(name, NEVER, _("This has not run here yet."))
    last = _("Every minute; last time %(ago)s.") % {"ago": ago(swept_at)}
    if timezone.now() - swept_at <= SILENT_AFTER:
        return Sign(name, RUNNING, last)
    if is_silent:
        return Sign(name, SILENT, last)
    next_step = _("Tell whoever runs this installation: its schedule may be gone.")
    return Sign(
        name, SILENT, _("This runs every minute, but has not for a while."), next_step, since=swept_at
    )


def _notifications(request: HttpRequest, heard: Notifications) -> Sign:
    name = _("Notifications from Intercom")
    url = reverse("admin:integrations_webhookreceipt_changelist") if may(request, RECEIPTS) else ""
    if heard.unread_since is None:
        what = _("None has come yet.")
        if heard.last_at:
            what = _("The last one came %(ago)s.") % {"ago": ago(heard.last_at)}
        return Sign(name, READ if heard.last_at else NEVER, what, url=url)
    if timezone.now() - heard.unread_since <= SLOW_AFTER:
        return Sign(name, BEING_READ, _unread(heard.unread), url=url)
    next_step = _("Qualification waits for them. If this stays, tell whoever runs this installation.")
    return Sign(name, BEHIND, _unread(heard.unread), next_step, url, heard.unread_since)


def _unread(number: int) -> str:
    if number > COUNTED:
        return _("More than %(number)d wait to be looked at.") % {"number": COUNTED}
    text = ngettext("%(number)d waits to be looked at.", "%(number)d wait to be looked at.", number)
    return text % {"number": number}
