"""Sends the e-mails that are owed: each is claimed, sent with no transaction open, and marked as told.

A claim pushes the next try back, so a task that dies or a server that refuses is tried again later, and two
tasks at once never send the same. One that was killed between the two sends again, under the same
Message-ID.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Case, F, Q, When
from django.utils import timezone

from integrations.models import Alert, AlertSettings
from integrations.services.alerts.mail_words import refusal_in_words
from integrations.services.alerts.recipients import can_mail, recipients
from integrations.services.alerts.words import Mail, mail_about, test_mail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

log = logging.getLogger(__name__)

SECONDS = 25.0
"""No mail is begun later in a round: a task has sixty, and each answer of a mail server may take ten."""

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=1)
STALE = timedelta(hours=24)
"""What is over for longer is told to nobody any more."""


def mail_is_due(now: datetime) -> bool:
    """Whether some e-mail is owed that could be sent."""
    return can_mail() and _due(now).exists() and bool(_recipients())


def send_due() -> str:
    """One round; returns a short sentence. Where one cannot be sent, the next would not be either."""
    to, sent, until = _recipients() if can_mail() else [], 0, time.monotonic() + SECONDS
    while to and time.monotonic() < until:
        alert = _claim(timezone.now())
        if alert is None:
            break
        problem = _send(mail_about(alert), to, message_id=_message_id(alert))
        if problem:
            Alert.objects.filter(pk=alert.pk, claim=alert.claim).update(claim=None, mail_problem=problem)
            return f"{sent} e-mails sent; one could not be"
        _told(alert)
        sent += 1
    return f"{sent} e-mails sent"


def send_test(to: Sequence[str]) -> str:
    """Sends an e-mail that says that e-mail works; returns why it could not be sent, or ""."""
    return _send(test_mail(), to)


def _recipients() -> list[str]:
    wanted = AlertSettings.objects.filter(pk=AlertSettings.ONLY, mailed=True).first()
    return recipients(wanted) if wanted else []


def _due(now: datetime) -> QuerySet[Alert]:
    return Alert.objects.filter(Q(ended_at=None) | Q(ended_at__gt=now - STALE), mail_due_at__lte=now)


def _claim(now: datetime) -> Alert | None:
    """The next one, as it is now, for this task alone."""
    for alert in _due(now).order_by("mail_due_at", "pk")[:5]:
        wait = min(FIRST_WAIT * 2 ** min(alert.mail_tries, 10), LONGEST_WAIT)
        token = uuid.uuid4()
        mine = _due(now).filter(pk=alert.pk, mail_due_at=alert.mail_due_at)
        if mine.update(claim=token, mail_tries=F("mail_tries") + 1, mail_due_at=now + wait):
            return Alert.objects.select_related("connection").get(pk=alert.pk)
    return None


def _told(alert: Alert) -> None:
    """What happened to it while the e-mail was on its way is told next."""
    now, mine = timezone.now(), Alert.objects.filter(pk=alert.pk, claim=alert.claim)
    if alert.ended_at is not None:
        mine.update(end_told_at=now, claim=None, mail_due_at=None, mail_problem="")
        return
    still = When(ended_at=None, then=None)
    mine.update(
        begin_told_at=now,
        claim=None,
        mail_tries=0,
        mail_problem="",
        mail_due_at=Case(still, default=F("mail_due_at")),
    )


def _message_id(alert: Alert) -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{alert.uuid}.{'end' if alert.ended_at else 'begin'}@{host}>"


def _send(mail: Mail, to: Sequence[str], *, message_id: str = "") -> str:
    headers = {"Auto-Submitted": "auto-generated"} | ({"Message-ID": message_id} if message_id else {})
    try:
        EmailMessage(mail.subject, mail.text, to=list(to), headers=headers).send()
    except Exception as err:  # noqa: BLE001  (whatever a mail server or its address makes Python raise)
        # Without its text and its traceback: a server's answer may quote addresses.
        log.warning("an e-mail could not be sent (%s)", type(err).__name__)
        return refusal_in_words(err)
    return ""
