"""The integration's pages in Django's admin: workspaces and the log. Settings are saved in the panel alone;
django-q2's own pages are left out, since retrying a task there would go round the outbox."""

from __future__ import annotations

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from integrations.admin import connections, deliveries, receipts

__all__ = ["connections", "deliveries", "receipts"]

for model in (Failure, OrmQ, Schedule, Success):
    # With a Redis broker django-q2 does not register its queue.
    if admin.site.is_registered(model):
        admin.site.unregister(model)
