"""The integration's pages in Django's admin. Logs are read-only; django-q2's own pages are left out,
since retrying a task there would go round the outbox."""

from __future__ import annotations

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from integrations.admin import connections, deliveries, settings

__all__ = ["connections", "deliveries", "settings"]

for model in (Failure, OrmQ, Schedule, Success):
    # With a Redis broker django-q2 does not register its queue.
    if admin.site.is_registered(model):
        admin.site.unregister(model)
