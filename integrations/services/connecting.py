"""Connecting while somebody looks on: within seconds, and with a plain sentence where it fails.

No exception that leaves here carries, or stems from one that carries, a code, a token or an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from integrations.intercom.errors import (
    AuthError,
    ForbiddenError,
    IntercomError,
    Kind,
    RateLimitedError,
    TransientError,
)
from integrations.intercom.hurry import HurriedSession
from integrations.intercom.oauth import authorize_url, exchange_code
from integrations.models import Access
from integrations.services.client import app_secrets, base_url, page_url
from integrations.services.connect import connect_with_token
from integrations.services.vendor_words import SLOW_DOWN, UNEXPECTED, WITHOUT_AN_ANSWER

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from integrations.services.connect import Connected

PATIENCE = 15.0
"""Seconds for all calls together: a workspace may have hundreds of fields to tell."""


class NotConnectedError(Exception):
    """Nothing was connected. Its text tells a person why, and what to do."""


def oauth_is_set_up() -> bool:
    """Whether this installation has an app of its own in Intercom's Developer Hub."""
    return bool(settings.INTERCOM_CLIENT_ID and app_secrets())


def permission_page(*, region: str, state: str, redirect_uri: str) -> str:
    """Where to send a person to give access. Raises NotConnectedError where there is no such address."""
    try:
        page = page_url(region)
    except ValueError:
        raise NotConnectedError(_bad_address("INTERCOM_APP_URL")) from None
    return authorize_url(page, client_id=settings.INTERCOM_CLIENT_ID, state=state, redirect_uri=redirect_uri)


def connect_token(
    token: str, *, region: str, webhook_secret: str = "", only_for: Campaign | None = None
) -> Connected:
    """Keeps an access token that a person has pasted; `only_for` as in `connect_with_token`.

    Raises NotConnectedError.
    """
    problem = ""
    try:
        with HurriedSession(seconds=PATIENCE) as session:
            return connect_with_token(
                token, region=region, session=session, webhook_secret=webhook_secret, only_for=only_for
            )
    except AuthError:
        problem = _("Intercom does not accept this token. Copy all of it again, and check the region.")
    except (IntercomError, ValueError) as err:
        problem = _why(err)
    # Raised out here, so that no context of the exception leads to the token.
    raise NotConnectedError(problem)


def connect_code(code: str, *, region: str, only_for: Campaign | None = None) -> Connected:
    """Hands in the code that Intercom's permission page gave; `only_for` as in `connect_with_token`.

    Raises NotConnectedError.
    """
    problem = ""
    try:
        with HurriedSession(seconds=PATIENCE) as session:
            token = exchange_code(
                code,
                client_id=settings.INTERCOM_CLIENT_ID,
                client_secret=app_secrets()[0],
                base_url=base_url(region),
                session=session,
            )
            return connect_with_token(
                token, region=region, session=session, access=Access.OAUTH, only_for=only_for
            )
    except AuthError:
        problem = _(
            "Intercom did not accept the permission that it had just given: it holds for a few minutes, and "
            "once. Connect again."
        )
    except (IntercomError, ValueError) as err:
        problem = _why(err)
    raise NotConnectedError(problem)


def _why(error: IntercomError | ValueError) -> str:
    """In words; what kind of failure it was, never what the answer said."""
    match error:
        case ForbiddenError():
            return _(
                "Intercom lets us in, but not do what we need. Give the app the permissions that are named "
                "here, or ask Intercom whether your plan includes them; then connect again."
            )
        case RateLimitedError():
            return str(SLOW_DOWN)
        case TransientError(kind=Kind.NO_WORKSPACE):
            return _("This access belongs to no workspace. Sign in to the right one in Intercom, then retry.")
        case TransientError():
            return str(WITHOUT_AN_ANSWER[error.kind])
        case IntercomError():
            return str(UNEXPECTED)
        case _:
            return _bad_address("INTERCOM_API_URL")


def _bad_address(name: str) -> str:
    text = _(
        "The address of Intercom cannot be used. Ask whoever runs this installation to look at %(name)s."
    )
    return text % {"name": name}
