"""Puts our own site in the place of Django's admin site."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class LeadSyncAdminConfig(AdminConfig):
    default_site = "config.adminsite.LeadSyncSite"
