"""Why Intercom cannot be asked, or what its refusal means, as sentences for a page. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.intercom.errors import (
    AuthError,
    ForbiddenError,
    IntercomError,
    Kind,
    RateLimitedError,
    TransientError,
)
from integrations.logic.redact import vendor_message
from integrations.models import ConnectionStatus

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.utils.functional import _StrPromise

    from integrations.models import IntercomConnection

RECONNECT = _(
    "Intercom no longer accepts our access to this workspace. Connect it again, then try once more."
)
DISCONNECTED = _("This workspace is disconnected. Connect it again, then try once more.")
UNREADABLE = _("Our access to this workspace cannot be read any more. Connect it again, then try once more.")
FORBIDDEN = _(
    "Intercom does not allow this: our access lacks a permission, or your Intercom plan does not include it."
)
SLOW_DOWN = _("Intercom has asked us to slow down. Try again in a minute.")
REFUSED = _("Intercom refused this. Try again, and tell support if it goes on.")

UNREACHABLE = _("Intercom cannot be reached at the moment. Try again in a few minutes.")
TOO_SLOW = _("Intercom did not answer in time. Try again in a few minutes.")
BROKEN = _("Intercom's answer broke off. Try again in a few minutes.")
IN_TROUBLE = _("Intercom has trouble of its own at the moment. Try again in a few minutes.")
UNEXPECTED = _("Intercom answered something that we cannot read. Try again in a few minutes.")

WITHOUT_AN_ANSWER: Mapping[Kind, _StrPromise] = {
    Kind.CONNECT_TIMEOUT: UNREACHABLE,
    Kind.REFUSED: UNREACHABLE,
    Kind.UNREACHABLE: UNREACHABLE,
    Kind.TLS: UNREACHABLE,
    Kind.TIMEOUT: TOO_SLOW,
    Kind.SERVER_TIMEOUT: TOO_SLOW,
    Kind.RESET: BROKEN,
    Kind.BROKEN: BROKEN,
    Kind.INCOMPLETE: BROKEN,
    Kind.SERVER_ERROR: IN_TROUBLE,
    Kind.REDIRECT: UNEXPECTED,
    Kind.NOT_JSON: UNEXPECTED,
    Kind.BAD_SHAPE: UNEXPECTED,
    Kind.NO_WORKSPACE: UNEXPECTED,
    Kind.TOO_LARGE: UNEXPECTED,
}


def cannot_ask(connection: IntercomConnection) -> str:
    """Why nobody may ask this workspace anything now; "" when it may be asked."""
    if connection.status == ConnectionStatus.DISCONNECTED:
        return str(DISCONNECTED)
    if connection.status != ConnectionStatus.CONNECTED:
        return str(RECONNECT)
    until = connection.paused_until
    seconds = ceil((until - timezone.now()).total_seconds()) if until else 0
    if seconds <= 0:
        return ""
    if connection.is_silent:
        return str(UNREACHABLE)
    text = ngettext(
        "Intercom has asked us to slow down. Try again in %(seconds)d second.",
        "Intercom has asked us to slow down. Try again in %(seconds)d seconds.",
        seconds,
    )
    return text % {"seconds": seconds}


def failure_in_words(error: Exception, *, keep: Collection[str] = ()) -> str:
    """What became of a call that failed, and what to do. `keep`: emails that Intercom's words may name.

    Any other exception than Intercom's means that the call could not even be made.
    """
    match error:
        case AuthError():
            return str(RECONNECT)
        case ForbiddenError():
            return str(FORBIDDEN)
        case RateLimitedError():
            return str(SLOW_DOWN)
        case TransientError():
            return str(WITHOUT_AN_ANSWER[error.kind])
        case IntercomError():
            return _refused(vendor_message(error.vendor_message, keep=keep))
        case _:
            return str(UNREADABLE)


def _refused(message: str) -> str:
    text = gettext("Intercom refused this. It says: “%(message)s”")
    return text % {"message": message} if message else str(REFUSED)
