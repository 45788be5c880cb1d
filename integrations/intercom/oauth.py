"""Intercom's permission page: where to send a person, what to hand in for the code, how to give access back.

Keeps neither code nor token; no error of its own quotes one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from integrations.intercom.errors import AuthError, Kind, TransientError

if TYPE_CHECKING:
    from integrations.intercom.session import Session

_TOKEN = re.compile(r"[\x21-\x7e]{1,1000}")


def authorize_url(app_url: str, *, client_id: str, state: str, redirect_uri: str) -> str:
    """The address of the page where a person gives access. What is asked for is ticked in the Developer Hub.

    https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
    """
    query = {"client_id": client_id, "state": state, "redirect_uri": redirect_uri}
    return f"{app_url}/oauth?{urlencode(query)}"


def exchange_code(code: str, *, client_id: str, client_secret: str, base_url: str, session: Session) -> str:
    """The access token that a code stands for. A code can be handed in once, and soon.

    Raises AuthError for a code that Intercom does not take, or any other IntercomError.
    https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
    """
    body = {"code": code, "client_id": client_id, "client_secret": client_secret}
    reply = session.send("POST", "/auth/eagle/token", token=None, base_url=base_url, json=body)
    data = reply.data if isinstance(reply.data, Mapping) else {}
    for name in ("access_token", "token"):
        token = data.get(name)
        if isinstance(token, str) and _TOKEN.fullmatch(token):
            return token
    raise TransientError(reply.exchange, kind=Kind.BAD_SHAPE)


def give_access_back(token: str, *, base_url: str, session: Session) -> None:
    """Uninstalls the app from the workspace. A token that is refused has been given back already.

    Raises any other IntercomError.
    https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/uninstalling-oauth
    """
    with suppress(AuthError):
        session.send("POST", "/auth/uninstall", token=token, base_url=base_url)
