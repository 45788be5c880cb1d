"""The panel's pages as a person uses them: open a tab, change some of it, press a button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from campaigns.models import Audience, Campaign
from integrations.services.settings import current
from tests.campaigns.factories import make_campaign
from tests.integrations.controls import Reader, read
from tests.integrations.panel import make_workspace

if TYPE_CHECKING:
    from django.http import HttpResponse

    from integrations.logic.types import TabSettings
    from integrations.models import IntercomConnection

PEN = ("view_campaign", "view_syncsettings", "change_syncsettings")
EYES = ("view_campaign", "view_syncsettings")


def person(name: str, *rights: str) -> Client:
    """A member of staff with some rights, logged in."""
    user = User.objects.create_user(name, f"{name}@example.com", "pw", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def address(campaign: Campaign, tab: str = "leads") -> str:
    return reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, tab])


@dataclass
class Desk:
    """Somebody with a tab of a campaign in front of them."""

    client: Client
    campaign: Campaign
    connection: IntercomConnection | None
    tab: str = "leads"

    @property
    def url(self) -> str:
        return address(self.campaign, self.tab)

    def look(self, **query: Any) -> Reader:
        response = self.client.get(self.url, query)
        assert response.status_code == 200
        return read(response)

    def form(self, **changes: str) -> dict[str, str]:
        """What a browser would post; `rows__1__source` names a control of a row."""
        values = self.look().values
        values.pop("_selected_action", None)
        return {**values, **{name.replace("__", "-"): text for name, text in changes.items()}}

    def press(self, button: str, data: dict[str, str] | None = None, **changes: str) -> HttpResponse:
        """Posts the form as it stands, or `data`, with changes."""
        form = self.form() if data is None else data
        form = {**form, **{name.replace("__", "-"): text for name, text in changes.items()}}
        return self.client.post(self.url, {**form, "do": button})  # type: ignore[return-value]

    def pieces(self, button: str, data: dict[str, str] | None = None, **changes: str) -> HttpResponse:
        """The same through htmx."""
        form = {**(self.form() if data is None else data)}
        form |= {name.replace("__", "-"): text for name, text in changes.items()}
        return self.client.post(self.url, {**form, "do": button}, headers={"HX-Request": "true"})  # type: ignore[return-value]

    def saved(self) -> TabSettings:
        return current(self.campaign, Audience.REFERRER if self.tab == "referrers" else Audience.LEAD)


@pytest.fixture
def desk(db: None) -> Desk:
    """Somebody who may edit, and a fresh campaign that no workspace is connected to."""
    return Desk(person("ed", *PEN), make_campaign("Spring"), None)


@pytest.fixture
def workspace_desk(db: None) -> Desk:
    """The same with a workspace: both tabs are there and say nothing yet."""
    campaign = make_campaign("Spring")
    connection = make_workspace()
    campaign.sync_settings.create(audience=Audience.LEAD, connection=connection)
    campaign.sync_settings.create(audience=Audience.REFERRER, connection=connection)
    return Desk(person("ed", *PEN), campaign, connection)
