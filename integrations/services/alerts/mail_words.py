"""Why a mail server did not take an e-mail, as a sentence. Quotes no server: its words may hold secrets."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

REFUSALS: Mapping[type[Exception], _StrPromise] = {
    smtplib.SMTPAuthenticationError: _(
        "The mail server does not accept the user name and password in EMAIL_URL."
    ),
    smtplib.SMTPRecipientsRefused: _("The mail server accepts none of the addresses."),
    smtplib.SMTPSenderRefused: _(
        "The mail server does not let us send as this sender. Its address is DEFAULT_FROM_EMAIL."
    ),
    smtplib.SMTPNotSupportedError: _(
        "The mail server does not offer what EMAIL_URL asks for: encryption, or logging in."
    ),
    smtplib.SMTPDataError: _("The mail server refused the e-mail."),
    smtplib.SMTPServerDisconnected: _(
        "The mail server broke off. Perhaps the port or the encryption is wrong."
    ),
    smtplib.SMTPResponseException: _("The mail server refused the e-mail."),
    TimeoutError: _("The mail server did not answer in time."),
    ssl.SSLError: _("No secure connection to the mail server could be made."),
    ConnectionRefusedError: _("Nobody answers at the mail server's address. Perhaps the port is wrong."),
    socket.gaierror: _("The mail server's name in EMAIL_URL is not known."),
    OSError: _("The mail server could not be reached."),
}
"""The first that fits counts."""


def refusal_in_words(error: Exception) -> str:
    """What became of an e-mail that could not be sent, with the server's number for it where it gave one."""
    if isinstance(error.__context__, TimeoutError):
        # smtplib says of a server that is silent that it broke off.
        error = error.__context__
    for kind, text in REFUSALS.items():
        if isinstance(error, kind):
            code = getattr(error, "smtp_code", None)
            if isinstance(error, smtplib.SMTPResponseException) and isinstance(code, int) and code > 0:
                return gettext("%(what)s (Its number for it: %(code)d.)") % {"what": text, "code": code}
            return str(text)
    return gettext("The e-mail could not be made or sent. Look at the addresses.")
