"""The page of the alerts: who is told is changed, refused and tried without a script, at any size."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import Alert, AlertKind, AlertSettings
from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from tests.browser import chromium
from tests.browser.checks import check_everywhere

if TYPE_CHECKING:
    from integrations.models import IntercomConnection
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def trouble(connection: IntercomConnection) -> None:
    """Two things are wrong, and two were."""
    now = timezone.now()
    for kind in (AlertKind.RECONNECT, AlertKind.FAILURES):
        Alert.objects.create(kind=kind, connection=connection, since=now - timedelta(hours=2), number=14)
    for kind in (AlertKind.BACKLOG, AlertKind.WORKER):
        own = None if kind is AlertKind.WORKER else connection
        Alert.objects.create(
            kind=kind,
            connection=own,
            since=now - timedelta(days=1),
            ended_at=now - timedelta(hours=20),
            end_told_at=now,
            number=15,
        )


def test_it_can_be_read_by_everybody(open_window: Opener, trouble: None) -> None:
    with open_window(INTEGRATION_ADMIN) as window:
        User.objects.update(email="sam@example.com")
        window.page.goto(reverse("admin:integrations_alerts"))
        check_everywhere(window, "alerts/trouble")
    Alert.objects.all().delete()
    with open_window(SUPPORT) as window:
        window.page.goto(reverse("admin:integrations_alerts"))
        check_everywhere(window, "alerts/well")


def test_what_is_refused_can_be_read_by_everybody(open_window: Opener) -> None:
    with open_window(INTEGRATION_ADMIN) as window:
        page = window.page
        page.goto(reverse("admin:integrations_alerts"))
        page.get_by_label("Other addresses").fill("nobody")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Please check this")).to_be_visible()
        check_everywhere(window, "alerts/refused")


def test_who_is_told_is_changed_and_tried_without_a_script(open_window: Opener) -> None:
    with open_window(INTEGRATION_ADMIN, scripts=False) as window:
        page = window.page
        page.goto(reverse("admin:integrations_alerts"))
        page.get_by_label("Other addresses").fill("nobody")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("“nobody” is not an e-mail address.", exact=True)).to_be_visible()
        page.get_by_label("Other addresses").fill("ops@example.com")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
        page.get_by_role("button", name="Send a test e-mail").click()
        expect(page.get_by_text("The mail server took the test e-mail to ops@example.com.")).to_be_visible()
    assert AlertSettings.objects.get().others == ["ops@example.com"]
    assert [letter.to for letter in mail.outbox] == [["ops@example.com"]]
