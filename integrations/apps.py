"""The integrations app: receivers and system checks are wired up here."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        from integrations import checks, pages, receivers
        from integrations.services.roles import ensure_roles
        from integrations.services.schedule import schedule_sweep

        checks.connect()
        receivers.connect()
        pages.connect_pages()
        post_migrate.connect(schedule_sweep, sender=self, dispatch_uid="integrations.schedule_sweep")
        post_migrate.connect(ensure_roles, sender=self, dispatch_uid="integrations.ensure_roles")
