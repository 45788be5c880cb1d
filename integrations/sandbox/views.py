"""Serves the pretend Intercom's API below /sandbox/, for an installation without an account.

No session, no CSRF, no login: as at the vendor, the bearer token decides. Absent unless switched on.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

from integrations.sandbox.demo import open_sandbox
from integrations.sandbox.messages import Ending, Request, Response
from integrations.sandbox.workspace import PretendIntercom

View = Callable[..., HttpResponseBase]


def only_when_switched_on(view: View) -> View:
    """404 unless settings.INTERCOM_SANDBOX."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.INTERCOM_SANDBOX:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@csrf_exempt
@only_when_switched_on
def api(request: HttpRequest, vendor_path: str) -> HttpResponseBase:
    """One call of the vendor's API; `vendor_path` is what follows /sandbox/."""
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    vendor = PretendIntercom(sandbox.store, courier=sandbox.courier)
    call = Request(
        request.method or "GET",
        "/" + quote(vendor_path),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        query=request.GET.dict(),
    )
    return as_django(vendor.handle(call))


def as_django(response: Response) -> HttpResponseBase:
    """The answer as far as WSGI can give it: a dropped or halved one breaks off in the server's hands."""
    if response.delay:
        time.sleep(response.delay)
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    if response.ending is Ending.SEND:
        return HttpResponse(response.body, status=response.status, headers=headers)
    return StreamingHttpResponse(broken_body(response), status=response.status, headers=headers)


def broken_body(response: Response) -> Iterator[bytes]:
    """Servers take a broken pipe for a caller that hung up, and close the connection without a word."""
    if response.ending is Ending.HALF:
        yield response.body[: len(response.body) // 2]
    raise BrokenPipeError(errno.EPIPE, "The sandbox drops this connection on purpose")
