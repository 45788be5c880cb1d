"""What Intercom tells us over HTTP: verified, kept, answered at once. The work is a worker's.

Answers carry no body. Never 410 or 429: Intercom would switch the subscription off, or drop what it holds.
https://developers.intercom.com/docs/webhooks
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from integrations.intercom.parse import ShapeError
from integrations.intercom.webhooks import (
    LARGEST_BODY,
    SIGNATURE,
    UNINSTALL_SIGNATURE,
    parse_notification,
    parse_uninstall,
    signed,
)
from integrations.models.secrets import SecretUnreadableError
from integrations.services import receipts
from integrations.services.addresses import address_by_uuid, address_by_workspace
from integrations.services.client import app_secrets
from integrations.services.refused import Refusal, refuse

if TYPE_CHECKING:
    from integrations.services.addresses import Address

STATUS = {
    Refusal.TOO_LARGE: 413,
    Refusal.NO_LENGTH: 411,
    Refusal.NO_SECRET: 401,
    Refusal.NOT_SIGNED: 401,
    Refusal.WRONG_SIGNATURE: 401,
    Refusal.NO_NOTIFICATION: 400,
    Refusal.OTHER_WORKSPACE: 200,
}
"""A workspace that is not ours, or not any more, is no mistake of Intercom's: it need not come again."""


_LENGTH = re.compile("[0-9]{1,20}")


class RefusedError(Exception):
    """Something that is not taken, and why."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


@csrf_exempt
def oauth_app(request: HttpRequest) -> HttpResponse:
    """All workspaces of the OAuth app: the notification itself says which."""
    return _answer(request, address=None)


@csrf_exempt
def private_app(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One workspace, whose private app has a client secret of its own."""
    address = address_by_uuid(uuid)
    return HttpResponse(status=404) if address is None else _answer(request, address=address)


@csrf_exempt
def uninstalled(request: HttpRequest) -> HttpResponse:
    """A workspace has removed the OAuth app."""
    if request.method != "POST":
        return _other_method(request)
    try:
        body = _signed_body(request, header=UNINSTALL_SIGNATURE, secrets=app_secrets())
        receipts.note_uninstalled(parse_uninstall(body))
    except RefusedError as refused:
        return _refuse(None, refused.why)
    except ShapeError:
        return _refuse(None, Refusal.NO_NOTIFICATION)
    return HttpResponse()


def _answer(request: HttpRequest, *, address: Address | None) -> HttpResponse:
    if request.method != "POST":
        return _other_method(request)
    try:
        _take(request, address=address)
    except RefusedError as refused:
        return _refuse(address, refused.why)
    except ShapeError:
        return _refuse(address, Refusal.NO_NOTIFICATION)
    return HttpResponse()


def _take(request: HttpRequest, *, address: Address | None) -> None:
    secrets = app_secrets() if address is None else _own_secret(address)
    notification = parse_notification(_signed_body(request, header=SIGNATURE, secrets=secrets))
    if address is None:
        address = address_by_workspace(notification.workspace_id)
    if address is None or notification.workspace_id != address.workspace_id:
        raise RefusedError(Refusal.OTHER_WORKSPACE)
    receipts.take(address, notification)


def _own_secret(address: Address) -> list[str]:
    try:
        return [address.secret]
    except SecretUnreadableError:
        return []


def _signed_body(request: HttpRequest, *, header: str, secrets: Sequence[str]) -> bytes:
    body = _body(request)
    if not any(secrets):
        raise RefusedError(Refusal.NO_SECRET)
    given = request.headers.get(header, "")
    if not given:
        raise RefusedError(Refusal.NOT_SIGNED)
    if not signed(body, header=given, secrets=secrets):
        raise RefusedError(Refusal.WRONG_SIGNATURE)
    return body


def _body(request: HttpRequest) -> bytes:
    """Judged by its announced length first, so that nothing large is read at all."""
    announced = request.headers.get("Content-Length") or "0"
    if announced == "0" and "Transfer-Encoding" in request.headers:
        # Django reads nothing of it, so the signature would seem to be wrong.
        raise RefusedError(Refusal.NO_LENGTH)
    if not _LENGTH.fullmatch(announced) or int(announced) > LARGEST_BODY:
        raise RefusedError(Refusal.TOO_LARGE)
    try:
        return request.body
    except RequestDataTooBig:
        raise RefusedError(Refusal.TOO_LARGE) from None


def _refuse(address: Address | None, why: Refusal) -> HttpResponse:
    refuse(address.connection_id if address else None, why)
    return HttpResponse(status=STATUS[why])


def _other_method(request: HttpRequest) -> HttpResponse:
    """Intercom asks with HEAD whether the address answers, when somebody saves it."""
    return HttpResponse() if request.method == "HEAD" else HttpResponseNotAllowed(["HEAD", "POST"])
