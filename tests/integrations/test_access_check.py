"""It was said that our app was removed: believed at once, and looked into, since it may be an old story."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django_q.models import OrmQ

from integrations.intercom.webhooks import sign
from integrations.logic.states import State
from integrations.models import Access, ConnectionStatus, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.services.access_check import check_access
from integrations.services.queue import ACCESS
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.flow_fixtures import owed, set_panel
from tests.integrations.panel import make_workspace
from tests.integrations.sandbox_fixtures import WORKSPACE

if TYPE_CHECKING:
    from pytest_django import DjangoCaptureOnCommitCallbacks
    from pytest_django.fixtures import Settings

    from tests.integrations.flow_fixtures import Intercom

URL = "/webhooks/intercom/uninstall/"


@pytest.fixture
def removed(intercom: Intercom, settings: Settings) -> Intercom:
    """Connected by OAuth, and then told by Intercom that the app was removed."""
    settings.INTERCOM_CLIENT_SECRET = "secret of the app"
    IntercomConnection.objects.update(access=Access.OAUTH)
    OrmQ.objects.all().delete()
    body = json.dumps({"app_id": WORKSPACE})
    signature = sign(body.encode(), secret="secret of the app")
    told = Client().post(URL, body, content_type="application/json", headers={"X-Body-Signature": signature})
    assert told.status_code == 200
    return intercom


def status(of: Intercom) -> str:
    of.connection.refresh_from_db()
    return of.connection.status


def test_what_was_told_is_believed_and_a_look_is_queued(removed: Intercom) -> None:
    assert status(removed) == ConnectionStatus.RECONNECT_NEEDED
    assert [task.func() for task in OrmQ.objects.all()] == [ACCESS]


def test_where_the_token_works_whoever_waited_goes_on(
    removed: Intercom, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    lead = make_lead(campaign)
    with django_capture_on_commit_callbacks(execute=True):
        assert check_access(removed.connection.pk) == "access works"
    assert status(removed) == ConnectionStatus.CONNECTED
    assert removed.connection.status_detail == ""
    assert removed.connection.dirty
    removed.drain()
    assert owed(lead).state == State.CREATED


@pytest.mark.parametrize("code", [401, 403, 429, 500])
def test_without_a_yes_it_stays_with_what_was_told(removed: Intercom, code: int) -> None:
    removed.sandbox.add_fault(WORKSPACE, Fault(acts=False, path="/me", status=code))
    assert check_access(removed.connection.pk).startswith("no access")
    assert status(removed) == ConnectionStatus.RECONNECT_NEEDED
    assert "removed" in removed.connection.status_detail


def test_a_token_of_another_workspace_is_no_yes(removed: Intercom) -> None:
    IntercomConnection.objects.update(workspace_id="moved000")
    assert "another workspace" in check_access(removed.connection.pk)
    assert status(removed) == ConnectionStatus.RECONNECT_NEEDED


def test_a_token_that_no_key_opens_is_no_yes(removed: Intercom) -> None:
    IntercomConnection.objects.update(sealed_token="broken")
    assert check_access(removed.connection.pk).startswith("no access")
    assert status(removed) == ConnectionStatus.RECONNECT_NEEDED


@pytest.mark.parametrize("became", [ConnectionStatus.CONNECTED, ConnectionStatus.DISCONNECTED])
def test_what_people_did_meanwhile_stands(removed: Intercom, became: str) -> None:
    IntercomConnection.objects.update(status=became)
    removed.forget_calls()
    check_access(removed.connection.pk)
    assert status(removed) == became
    assert removed.new_calls() == []


def test_a_broker_that_is_down_changes_nothing_for_intercom(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(connection_id: int) -> None:
        raise ConnectionError

    monkeypatch.setattr("integrations.services.access_check.enqueue_access_check", down)
    settings.INTERCOM_CLIENT_SECRET = "secret of the app"
    workspace = make_workspace("oauth001", access=Access.OAUTH)
    body = json.dumps({"app_id": "oauth001"})
    signature = sign(body.encode(), secret="secret of the app")
    told = Client().post(URL, body, content_type="application/json", headers={"X-Body-Signature": signature})
    assert told.status_code == 200
    workspace.refresh_from_db()
    assert workspace.status == ConnectionStatus.RECONNECT_NEEDED
