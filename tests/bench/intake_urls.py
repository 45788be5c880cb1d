"""What the intake of webhooks is measured against."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    """Stores the body unread: a row of about the size of ours, in a table that no worker looks at."""
    expires = timezone.now() + timedelta(days=1)
    Session.objects.create(session_key=uuid4().hex, session_data=request.body.decode(), expire_date=expires)
    return HttpResponse()


urlpatterns = [path("bare/", bare), path("", include("config.urls"))]
