"""Says in words what became of the notifications about a contact, for the sandbox's pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from integrations.sandbox.display import ago, moment
from integrations.sandbox.outbox import Fate

if TYPE_CHECKING:
    from integrations.sandbox.outbox import Notification

LEVELS = {Fate.DELIVERED: "ok", Fate.GIVEN_UP: "error", Fate.LOST: "warn"}


@dataclass(frozen=True, slots=True)
class Told:
    """One notification as a page shows it. `level` is a badge's."""

    at: datetime
    topic: str
    url: str
    result: str
    level: str

    @property
    def ago(self) -> str:
        return ago(self.at)


def told(notifications: Iterable[Notification]) -> list[Told]:
    return [
        Told(moment(each.created_at), each.topic, each.url, result(each), LEVELS.get(each.fate, "muted"))
        for each in notifications
    ]


def result(notification: Notification) -> str:
    match notification.fate:
        case Fate.DELIVERED:
            return _("Received")
        case Fate.LOST:
            return _("Lost on purpose")
        case Fate.TAKEN:
            return _("On its way")
        case Fate.GIVEN_UP:
            return _("Given up: %(why)s") % {"why": _why(notification)}
        case Fate.WAITING:
            again = _("Not received: %(why)s. It is sent once more after a minute.")
            return again % {"why": _why(notification)} if notification.first_sent_at else _("Waiting")


def _why(notification: Notification) -> str:
    if notification.status is None:
        return _("no answer within 5 seconds")
    return _("answered %(status)d") % {"status": notification.status}
