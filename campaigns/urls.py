"""The public addresses of a campaign: the join page and its thank-you page."""

from __future__ import annotations

from django.urls import path

from campaigns import views

app_name = "campaigns"
urlpatterns = [
    path("r/<slug:code>", views.join, name="join"),
    path("r/<slug:code>/thanks", views.thanks, name="thanks"),
]
