"""Django's admin as this product shows it: a home page that says how things are, and its own navigation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from config.lookups import with_plain_lookups

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class LeadSyncSite(admin.AdminSite):
    site_header = site_title = _("Lead Sync")
    index_title = _("Home")
    enable_nav_sidebar = False
    # "View site" would lead back here.
    site_url = None

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Every list, also those of other apps, takes plain questions alone."""
        super().register(model_or_iterable, with_plain_lookups(admin_class or admin.ModelAdmin), **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        tables = path("tables/", self.admin_view(self.tables), name="tables")
        health = path("health/", self.admin_view(self.health), name="integrations_health")
        return [tables, health, *self._alert_urls(), *self._erasing_urls(), *super().get_urls()]

    def _erasing_urls(self) -> list[URLPattern]:
        from integrations.views import erasing

        return [
            path("integrations/erase/", self.admin_view(erasing.erase), name="integrations_erase"),
            path("integrations/erasures/", self.admin_view(erasing.erasures), name="integrations_erasures"),
        ]

    def _alert_urls(self) -> list[URLPattern]:
        # Imported here, like every page of ours: the models are there by now.
        from integrations.views import alerts

        return [
            path("alerts/", self.admin_view(alerts.alerts), name="integrations_alerts"),
            path("alerts/test/", self.admin_view(alerts.test), name="integrations_alerts_test"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Imported here: the admin makes its site before the models are there.
        from config.navigation import navigation

        return {**super().each_context(request), "navigation": navigation(request)}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Imported here: the form asks for the users' model.
        from config.login import LoginForm

        self.login_form = LoginForm
        return super().login(request, extra_context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from integrations.views.home import home

        return home(
            request, {**self.each_context(request), "title": self.index_title, **(extra_context or {})}
        )

    def health(self, request: HttpRequest) -> TemplateResponse:
        from integrations.views.health import health

        return health(request, {**self.each_context(request), "title": _("Health")})

    def tables(self, request: HttpRequest) -> TemplateResponse:
        """Every table there is, as Django lists them: for who looks after the installation."""
        if not request.user.is_superuser:
            raise PermissionDenied
        context = {
            **self.each_context(request),
            "title": _("All tables"),
            "app_list": self.get_app_list(request),
        }
        return TemplateResponse(request, "admin/tables.html", context)
