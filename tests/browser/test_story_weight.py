"""What the Leads tab makes a browser load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integrations.logic.types import Attribute
from integrations.services.attributes import store_attributes
from tests.browser.story import Screen
from tests.browser.story_fixtures import STORY, campaign, connected, pretend, screen
from tests.integrations.flow_fixtures import EMAIL_ROW, set_panel

if TYPE_CHECKING:
    from playwright.sync_api import Response

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection

__all__ = ["campaign", "connected", "pretend", "screen"]

pytestmark = STORY

MOST = {"script": 70_000, "stylesheet": 70_000, "font": 0}


@pytest.mark.parametrize("rows", [3, 60])
def test_the_leads_tab_is_light(
    screen: Screen, campaign: Campaign, connected: IntercomConnection, rows: int
) -> None:
    names = [f"custom_attributes.a{number}" for number in range(rows - 1)]
    store_attributes(connected, [Attribute(name, name[18:], "string", custom=True) for name in names])
    fixed = [{"data_type": "fixed", "value": "x", "to": name} for name in names]
    set_panel(campaign, action="nothing", field_map=[EMAIL_ROW, *fixed])
    loaded: list[Response] = []
    screen.page.on("response", lambda response: loaded.append(response))
    screen.open(campaign)
    screen.page.wait_for_load_state("networkidle")
    weights = dict.fromkeys(MOST, 0)
    for response in loaded:
        kind = response.request.resource_type
        assert response.url.startswith(screen.page.url.split("/admin/")[0]), response.url
        if kind in weights:
            weights[kind] += len(response.body())
    assert weights["script"], "nothing was counted"
    assert all(weights[kind] <= most for kind, most in MOST.items()), weights
