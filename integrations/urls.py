"""Addresses that Intercom calls, or sends people to."""

from __future__ import annotations

from django.urls import path

from integrations.views import oauth, webhooks

urlpatterns = [
    path("intercom/oauth/callback/", oauth.callback, name="intercom_oauth_callback"),
    path("webhooks/intercom/", webhooks.oauth_app, name="intercom_webhooks"),
    path("webhooks/intercom/uninstall/", webhooks.uninstalled, name="intercom_uninstalled"),
    path("webhooks/intercom/<uuid:uuid>/", webhooks.private_app, name="intercom_webhooks_private"),
]
