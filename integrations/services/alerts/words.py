"""What an alert says, on its page and in an e-mail: what, since when, how many wait, what to do.

No names, no emails and no values of leads: an e-mail leaves the house.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from campaigns.text import one_line
from integrations.logic.states import OPEN
from integrations.models import AlertKind, Delivery, Region
from integrations.services.alerts.sayings import SAYINGS
from integrations.services.log.wanted import Wanted
from integrations.services.outcomes import Group

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.models import Alert, IntercomConnection

COUNTED = 10_000
"""More people than this are "more than 10,000": nobody counts a million to write an e-mail."""

SOMETHING = "admin:integrations_intercomconnection_change"
HERE = "admin:integrations_alerts"
LOG = "admin:integrations_delivery_changelist"
WHO: Mapping[AlertKind, Group] = {
    AlertKind.FAILURES: Group.NEEDS_ATTENTION,
    AlertKind.BACKLOG: Group.WAITING,
}
"""Whom an alert is about, where it is about certain people."""


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    text: str


def what(alert: Alert) -> str:
    """What is (or was) wrong, with its number."""
    kind = AlertKind(alert.kind)
    numbers = {
        AlertKind.FAILURES: ngettext(
            "%(number)d person in an hour.", "%(number)d people in an hour.", alert.number
        ),
        AlertKind.BACKLOG: ngettext(
            "For more than %(number)d minute.", "For more than %(number)d minutes.", alert.number
        ),
        AlertKind.FIELDS: ngettext("%(number)d field.", "%(number)d fields.", alert.number),
    }
    number = numbers[kind] % {"number": alert.number} if kind in numbers else ""
    return f"{SAYINGS[kind].what} {number}".strip()


def next_step(alert: Alert) -> str:
    return str(SAYINGS[AlertKind(alert.kind)].next_step)


def log_path(alert: Alert) -> str:
    """Where the sync log shows whom it is about; "" where it is about nobody in particular."""
    group = WHO.get(AlertKind(alert.kind))
    if group is None:
        return ""
    return reverse(LOG, query=Wanted(group=group, workspace_id=alert.connection_id).as_query())


def where(alert: Alert) -> str:
    """The workspace's name; the installation's where it concerns all of them."""
    return name_of(alert.connection) if alert.connection else _("This installation")


def name_of(connection: IntercomConnection) -> str:
    return one_line(connection.name or connection.workspace_id)


def mail_about(alert: Alert) -> Mail:
    """The e-mail that an alert as it is now is worth: of its beginning, or of its end."""
    with override(settings.LANGUAGE_CODE), timezone.override(timezone.get_default_timezone()):
        return _of_the_end(alert) if alert.ended_at else _of_the_beginning(alert)


def test_mail() -> Mail:
    with override(settings.LANGUAGE_CODE):
        text = _("This is a test. E-mail works, and alerts will reach you here.")
        return Mail(_("Lead Sync: a test e-mail"), _letter([text], _links()))


def _of_the_beginning(alert: Alert) -> Mail:
    subject = _("Lead Sync: %(kind)s (%(where)s)") % _names(alert)
    waiting = _waiting(alert.connection) if alert.connection else ""
    facts = [_("Since: %(time)s") % {"time": _moment(alert.since)}, waiting]
    return Mail(
        subject,
        _letter(
            [
                _workspace(alert),
                what(alert),
                "\n".join(fact for fact in facts if fact),
                _("What to do: %(next)s") % {"next": next_step(alert)},
            ],
            _links(alert),
        ),
    )


def _of_the_end(alert: Alert) -> Mail:
    ended = alert.ended_at or timezone.now()
    subject = _("Lead Sync: over: %(kind)s (%(where)s)") % _names(alert)
    times = _("From %(since)s to %(until)s (%(time)s).") % {
        "since": _moment(alert.since),
        "until": _moment(ended),
        "time": timesince(alert.since, ended, depth=2),
    }
    over = str(SAYINGS[AlertKind(alert.kind)].over)
    # Nobody was told of its beginning: it was over too soon, or no e-mail could be sent.
    before = "" if alert.begin_told_at else what(alert)
    waiting = _waiting(alert.connection) if alert.connection else ""
    return Mail(subject, _letter([_workspace(alert), before, over, times, waiting], _links(alert)))


def _names(alert: Alert) -> dict[str, str]:
    return {"kind": str(AlertKind(alert.kind).label), "where": where(alert)}


def _workspace(alert: Alert) -> str:
    connection = alert.connection
    if connection is None:
        return ""
    name = {"name": name_of(connection), "id": one_line(connection.workspace_id)}
    if connection.region == Region.SANDBOX:
        return _("Intercom workspace: %(name)s (%(id)s), a pretend one") % name
    return _("Intercom workspace: %(name)s (%(id)s)") % name


def _waiting(connection: IntercomConnection) -> str:
    people = Delivery.objects.filter(settings__connection=connection, state__in=OPEN).order_by()
    number = people.values("pk")[: COUNTED + 1].count()
    if number > COUNTED:
        return _("Waiting: more than 10,000 people")
    text = ngettext("Waiting: %(number)d person", "Waiting: %(number)d people", number)
    return text % {"number": number} if number else _("Waiting: nobody")


def _moment(moment: datetime) -> str:
    """With the time zone's name: an e-mail is read anywhere."""
    time = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return _("%(time)s (%(zone)s)") % {"time": time, "zone": timezone.get_current_timezone_name()}


def _links(alert: Alert | None = None) -> list[str]:
    links = []
    if alert and (path := log_path(alert)):
        links.append(_("Show them in the sync log:") + " " + settings.PUBLIC_URL + path)
    if alert and alert.connection_id:
        links.append(_("Open the workspace:") + " " + _address(SOMETHING, alert.connection_id))
    return [*links, _("All alerts, and who gets these e-mails:") + " " + _address(HERE)]


def _address(name: str, *args: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"


def _letter(paragraphs: list[str], links: list[str]) -> str:
    return "\n\n".join([part for part in paragraphs if part] + ["\n".join(links)]) + "\n"
