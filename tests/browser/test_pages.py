"""Every page that people work with, looked at wide and narrow, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from integrations.models import Delivery
from integrations.services.roles import SUPPORT
from tests.browser import chromium
from tests.browser.checks import check_everywhere, check_page
from tests.browser.conftest import BOSS, work
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import set_panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaigns.models import Campaign
    from integrations.models import IntercomConnection
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def campaign(connection: IntercomConnection) -> Campaign:
    """Set up and at work: some were sent, and somebody waits."""
    made = make_campaign("Spring campaign")
    set_panel(made)
    referrer = make_referrer(made)
    for name in ("Ana", "Bo", "Zoë"):
        make_lead(made, first_name=name, referrer=referrer)
    work()
    make_lead(made, email="waiting@example.com")
    make_campaign("Nobody has set this up")
    return made


def addresses(campaign: Campaign, connection: IntercomConnection) -> Mapping[str, str]:
    """What is walked through, by a name for its pictures. A new page is a line here."""
    own = {
        slug: reverse(f"admin:campaigns_campaign_{slug}", args=[campaign.pk])
        for slug in (
            *("overview", "leads", "leads_add", "referrers", "referrers_add", "change"),
            *("delete", "history"),
            *("crm", "intercom_connect", "intercom_disconnect", "intercom_forget"),
        )
    }
    panel = {
        f"{slug}-{tab}": reverse(f"admin:campaigns_campaign_{slug}", args=[campaign.pk, tab])
        for slug in ("intercom", "intercom_history", "intercom_help")
        for tab in ("leads", "referrers")
    }
    workspace = {
        f"workspace-{page}": reverse(f"admin:integrations_intercomconnection_{page}", args=[connection.pk])
        for page in ("change", "disconnect", "history")
    }
    logged = Delivery.objects.order_by("pk")[0]
    return {
        "home": reverse("admin:index"),
        "campaigns": reverse("admin:campaigns_campaign_changelist"),
        "campaign-new": reverse("admin:campaigns_campaign_add"),
        **own,
        **panel,
        "people": reverse("admin:campaigns_participant_changelist"),
        "person": reverse("admin:campaigns_participant_change", args=[logged.participant_id]),
        "log": reverse("admin:integrations_delivery_changelist"),
        "orders": reverse("admin:integrations_bulk_list"),
        "log-line": reverse("admin:integrations_delivery_change", args=[logged.pk]),
        "log-orders": reverse("admin:integrations_delivery_history", args=[logged.pk]),
        "log-undo": reverse("admin:integrations_delivery_undo", args=[logged.pk]),
        "health": reverse("admin:integrations_health"),
        "workspaces": reverse("admin:integrations_intercomconnection_changelist"),
        "receipts": reverse("admin:integrations_webhookreceipt_changelist"),
        "erase": f"{reverse('admin:integrations_erase')}?person={logged.participant_id}",
        "erasures": reverse("admin:integrations_erasures"),
        "alerts": reverse("admin:integrations_alerts"),
        **workspace,
        "user-delete": reverse("admin:auth_user_delete", args=[User.objects.get(username=BOSS).pk]),
        "users": reverse("admin:auth_user_changelist"),
    }


def test_a_page_can_be_read_by_everybody(
    open_window: Opener, connection: IntercomConnection, campaign: Campaign
) -> None:
    found = []
    with open_window(BOSS) as window:
        for name, address in addresses(campaign, connection).items():
            window.page.goto(address)
            try:
                check_everywhere(window, f"pages/{name}")
            except AssertionError as err:
                found.append(str(err))
    assert not found, "\n\n".join(found)


def test_an_empty_list_can_be_read_by_everybody(open_window: Opener) -> None:
    with open_window(BOSS) as window:
        for model in ("campaigns_campaign", "integrations_intercomconnection"):
            window.page.goto(reverse(f"admin:{model}_changelist"))
            check_everywhere(window, f"pages/{model}-empty")


def test_the_login_page_can_be_read_by_everybody(open_window: Opener) -> None:
    with open_window("") as window:
        window.page.goto(reverse("admin:index"))
        check_everywhere(window, "pages/login")


def test_support_reads_the_panel(
    open_window: Opener, connection: IntercomConnection, campaign: Campaign
) -> None:
    with open_window(SUPPORT) as window:
        window.page.goto(reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"]))
        check_page(window, "support/panel")
