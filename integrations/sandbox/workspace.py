"""The pretend Intercom itself: one request in, one response out, whatever serves it over HTTP."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from integrations.sandbox import attribute_calls, contacts, me, oauth, search, tags
from integrations.sandbox.admission import Admission, admit, conclude, credentials
from integrations.sandbox.context import Context
from integrations.sandbox.messages import (
    Ending,
    RefusalError,
    Request,
    Response,
    error_response,
    new_request_id,
)

if TYPE_CHECKING:
    import sqlite3

    from integrations.sandbox.courier import Courier
    from integrations.sandbox.store import Store

logger = logging.getLogger(__name__)
DEFAULT_VERSION = "2.16"
CHANGING = {"POST", "PUT", "DELETE"}
Endpoint = Callable[[Context], Response]


def _route(method: str, path: str, endpoint: Endpoint) -> tuple[str, re.Pattern[str], Endpoint]:
    return method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), endpoint


# The first that fits wins: fixed paths stand before those with an id.
ROUTES = (
    _route("GET", "/me", me.show),
    _route("POST", oauth.TOKEN_PATH, oauth.exchange),
    _route("POST", "/auth/uninstall", oauth.uninstall),
    _route("POST", "/contacts", contacts.create),
    _route("GET", "/contacts", contacts.index),
    _route("POST", "/contacts/search", search.search),
    _route("POST", "/contacts/merge", contacts.merge),
    _route("GET", "/contacts/find_by_external_id/{external_id}", contacts.find_by_external_id),
    _route("GET", "/contacts/{id}", contacts.show),
    _route("PUT", "/contacts/{id}", contacts.update),
    _route("DELETE", "/contacts/{id}", contacts.delete),
    _route("POST", "/contacts/{id}/archive", contacts.archive),
    _route("POST", "/contacts/{id}/unarchive", contacts.unarchive),
    _route("GET", "/contacts/{id}/tags", tags.of_contact),
    _route("POST", "/contacts/{id}/tags", tags.attach),
    _route("GET", "/data_attributes", attribute_calls.index),
    _route("POST", "/data_attributes", attribute_calls.create),
    _route("PUT", "/data_attributes/{id}", attribute_calls.update),
    _route("GET", "/tags", tags.index),
    _route("POST", "/tags", tags.create),
)


class PretendIntercom:
    """All workspaces of one store. May be called from many threads at once.

    `courier` sends what is to be told of a call; without one it stays in the store.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        courier: Courier | None = None,
    ) -> None:
        self._store = store
        self._courier = courier
        self._clock = clock
        self._sleep = sleep

    def handle(self, request: Request) -> Response:
        """Never raises: what goes wrong in here is logged and answered 500, as the vendor would."""
        headers = {
            "X-Request-Id": new_request_id(),
            "Intercom-Version": request.headers.get("intercom-version", DEFAULT_VERSION),
        }
        try:
            response = self._answer(request, headers["X-Request-Id"])
        except Exception:
            logger.exception("The sandbox failed on %s %s", request.method, request.path)
            response = error_response(500, "server_error", "Server Error", request_id=headers["X-Request-Id"])
        return response.with_headers(headers)

    def _answer(self, request: Request, request_id: str) -> Response:
        with self._store.transaction() as db:
            admission = admit(db, request, now=self._clock())
        if admission.fault is not None and admission.fault.stall_before:
            self._sleep(admission.fault.stall_before)
        with self._store.transaction() as db:
            truth = self._carry_out(db, admission, request, request_id)
            answer = _as_seen(truth, admission, request_id)
            conclude(db, admission.call, answer, result=None if truth is None else truth.status)
        if self._courier is not None and request.method in CHANGING:
            self._courier.wake()
        return answer.with_headers(admission.headers)

    def _carry_out(
        self, db: sqlite3.Connection, admission: Admission, request: Request, request_id: str
    ) -> Response | None:
        """The true answer; None when the call was refused at the door or a fault keeps it from acting."""
        if admission.workspace is None or admission.refusal is not None:
            return None
        if admission.fault is not None and not admission.fault.acts:
            return None
        ctx = Context(
            db,
            admission.workspace,
            now=self._clock(),
            call=admission.call,
            raw=request.body,
            token=credentials(request)[1],
            query=request.query,
        )
        try:
            _check_accept(request)
            endpoint, args = _find_endpoint(request)
            return endpoint(replace(ctx, args=args))
        except RefusalError as refusal:
            return refusal.response(request_id)


def _check_accept(request: Request) -> None:
    accept = request.headers.get("accept", "")
    if not any(kind in accept for kind in ("application/json", "application/*", "*/*")):
        text = "The Accept header should send a media type of application/json"
        raise RefusalError(406, "media_type_not_acceptable", text)


def _find_endpoint(request: Request) -> tuple[Endpoint, dict[str, str]]:
    """An unknown path and a method that the path doesn't take are both 404."""
    for method, pattern, endpoint in ROUTES:
        match = pattern.fullmatch(request.path) if method == request.method else None
        if match:
            return endpoint, {name: unquote(value) for name, value in match.groupdict().items()}
    raise not_found()


def not_found() -> RefusalError:
    return RefusalError(404, "not_found", "Resource Not Found")  # text assumed


def _as_seen(truth: Response | None, admission: Admission, request_id: str) -> Response:
    """What the caller gets to see of it: the true answer, unless a fault says otherwise."""
    seen, fault = truth, admission.fault
    if admission.refusal is not None:
        seen = admission.refusal.response(request_id)
    elif fault is not None and (truth is None or fault.status is not None):
        seen = fault.answer(request_id=request_id)
    return replace(
        not_found().response(request_id) if seen is None else seen,
        delay=(admission.workspace.latency if admission.workspace else 0.0)
        + (fault.stall_after if fault else 0.0),
        ending=fault.ending if fault else Ending.SEND,
    )
