"""The addresses of orders for many, below the sync log's. Each page asks for its right on every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from integrations.views import bulk, bulk_progress

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.urls import URLPattern

    from integrations.models import Delivery


def urls(model_admin: ModelAdmin[Delivery]) -> list[URLPattern]:
    """For `get_urls`, before Django's own catch-all."""
    guarded = model_admin.admin_site.admin_view
    return [
        path("orders/", guarded(bulk_progress.latest), name="integrations_bulk_list"),
        path("orders/new/", guarded(bulk.new), name="integrations_bulk_new"),
        path("orders/<int:order_id>/", guarded(bulk_progress.show), name="integrations_bulk"),
    ]
