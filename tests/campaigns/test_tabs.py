"""Tabs that other apps add to a campaign's page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module, reload

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import clear_url_caches, reverse

from campaigns import tabs
from campaigns.admin import tab_context
from campaigns.models import Campaign
from campaigns.tabs import CampaignTab
from tests.campaigns.factories import make_campaign


def crm(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    context = tab_context(request, campaign, slug="crm", title="CRM")
    return TemplateResponse(request, "admin/campaigns/campaign/tab.html", context)


def log(request: HttpRequest, campaign: Campaign, page: int) -> HttpResponse:
    context = tab_context(request, campaign, slug="crm_log", title=f"Page {page}")
    return TemplateResponse(request, "admin/campaigns/campaign/tab.html", context)


def reload_urls() -> None:
    clear_url_caches()
    reload(sys.modules.get(settings.ROOT_URLCONF) or import_module(settings.ROOT_URLCONF))


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tabs, "_tabs", {})
    tabs.register(CampaignTab(slug="crm", label="CRM", view=crm))
    tabs.register(CampaignTab(slug="crm_log", route="crm/log/<int:page>", under="crm", view=log))
    tabs.register(CampaignTab(slug="money", label="Money", view=crm, permission="auth.view_group"))
    reload_urls()
    yield
    monkeypatch.undo()
    reload_urls()


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_registered")]


def address(slug: str, campaign: Campaign, *more: object) -> str:
    return reverse(f"admin:campaigns_campaign_{slug}", args=[campaign.pk, *more])


def test_tab_is_linked_from_the_campaign_and_marked_when_open(staff: Client) -> None:
    campaign = make_campaign()
    url = address("crm", campaign)
    own = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    assert url == f"/admin/campaigns/campaign/{campaign.pk}/crm/"
    assert f'<a href="{own}" aria-current="page">' in staff.get(own).text
    assert f'<a href="{url}" aria-current="page">CRM</a>' in staff.get(url).text


def test_page_under_a_tab_marks_that_tab(staff: Client) -> None:
    campaign = make_campaign()
    text = staff.get(address("crm_log", campaign, 3)).text
    assert "Page 3" in text
    assert f'<a href="{address("crm", campaign)}" aria-current="page">CRM</a>' in text


def test_missing_campaign_is_not_found(staff: Client) -> None:
    assert staff.get("/admin/campaigns/campaign/999/crm/").status_code == 404


def test_tab_asks_for_a_login(client: Client) -> None:
    assert client.get(address("crm", make_campaign())).status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("right", "slug"), [("", "crm"), ("view_campaign", "money")])
def test_tab_is_closed_to_who_lacks_the_right(client: Client, method: str, right: str, slug: str) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename=right))
    client.force_login(user)
    assert getattr(client, method)(address(slug, make_campaign())).status_code == 403


def test_tab_without_the_right_is_not_linked(client: Client) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_campaign"))
    client.force_login(user)
    text = client.get(address("crm", make_campaign())).text
    assert ">CRM</a>" in text
    assert "Money" not in text


def test_two_tabs_of_one_slug_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        tabs.register(CampaignTab(slug="crm", label="Other", view=log))


def test_same_tab_twice_is_one() -> None:
    tabs.register(CampaignTab(slug="crm", label="CRM", view=crm))
    assert [tab.slug for tab in tabs.registered()] == ["crm", "crm_log", "money"]
