"""Addresses below /sandbox/: the pages for people, and everything else for the pretend vendor's API."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from integrations.sandbox import editing, pages, views

app_name = "sandbox"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="sandbox:contacts"), name="home"),
    path("ui", RedirectView.as_view(pattern_name="sandbox:contacts")),
    path("ui/", pages.contacts, name="contacts"),
    path("ui/<str:workspace>/<str:contact_id>/", pages.contact, name="contact"),
    path("ui/<str:workspace>/<str:contact_id>/edit/", editing.edit, name="edit"),
    path("ui/<str:workspace>/<str:contact_id>/<slug:action>/", editing.act, name="act"),
    path("oauth", pages.authorize, name="authorize"),
    path("<path:vendor_path>", views.api, name="api"),
]
