"""Keeps the panel's form of somebody whose session ended while they typed, until they sign in again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.csrf import csrf_failure

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

KEY = "kept_form"
SLIP = "slip"
MOST_BYTES = 200_000
LONGEST = timedelta(hours=24)
"""For how long a form is kept, and how old a page may be whose form is."""

NOT_KEPT = {"csrfmiddlewaretoken", "do", SLIP}


def slip(request: HttpRequest) -> str:
    """For a hidden field of the page's form: says whose form it was, and where, so that nobody else can
    have anything kept, or is shown it."""
    return signing.dumps([request.user.pk, request.path], salt=KEY)


def keep(request: HttpRequest) -> HttpResponse:
    """Answers a POST by somebody who is not signed in: to the login page, and from there back here."""
    login = redirect_to_login(request.path, reverse("admin:login"))
    if request.headers.get("HX-Request"):
        # The page says so itself, and everything typed stays in it.
        return login
    user_id = _whose(request)
    if user_id is None:
        return login
    typed = {name: str(text) for name, text in request.POST.items() if name not in NOT_KEPT}
    if len(json.dumps(typed)) > MOST_BYTES:
        return render(request, "integrations/signed_out.html", status=403)
    request.session.set_expiry(LONGEST)
    request.session[KEY] = {"path": request.path, "user": user_id, "typed": typed}
    return login


def refuse(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answers a POST whose token does not fit, as after a browser has forgotten its cookies: a form of one of
    our pages is kept, and nothing of it is carried out."""
    if request.method != "POST" or _whose(request) is None:
        return csrf_failure(request, reason)
    signed_in = request.user.is_authenticated
    if request.headers.get("HX-Request"):
        # The page keeps what is typed. With a new token, the next try works.
        get_token(request)
        return csrf_failure(request, reason) if signed_in else keep(request)
    answer = keep(request)
    return HttpResponseRedirect(request.path) if signed_in and KEY in request.session else answer


def _whose(request: HttpRequest) -> int | None:
    """Whose page this form stood on; None where it was no page of ours, or an old one."""
    try:
        user_id, path = signing.loads(request.POST.get(SLIP, ""), salt=KEY, max_age=LONGEST)
    except (signing.BadSignature, ValueError):
        return None
    return user_id if path == request.path else None


def take(request: HttpRequest) -> dict[str, Any] | None:
    """What was kept for this person and this very page, once; None where there is nothing."""
    found = request.session.get(KEY)
    if not found or found["path"] != request.path:
        return None
    del request.session[KEY]
    request.session.set_expiry(None)
    typed: dict[str, Any] = found["typed"]
    return typed if found["user"] == request.user.pk else None
