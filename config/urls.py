"""Every address of the product."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config.views import favicon, healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("healthz", healthz, name="healthz"),
    # Asked for by browsers on pages that name no icon, such as the admin's.
    path("favicon.ico", favicon),
    path("admin/", admin.site.urls),
    path("", include("integrations.urls")),
    path("", include("campaigns.urls")),
]
if settings.INTERCOM_SANDBOX:
    urlpatterns.append(path("sandbox/", include("integrations.sandbox.urls")))
