"""A workspace is given up while somebody arrives there, and one answer of Intercom's comes back twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from integrations.models import ConnectionStatus, Delivery, IntercomConnection, SyncSettings
from integrations.models.secrets import seal
from integrations.services import repair, settings_saving
from integrations.services import settings as settings_service
from integrations.services.campaign_connection import attach, detach
from integrations.services.connecting import NotConnectedError
from integrations.services.settings import SettingsError, import_document
from integrations.services.settings_saving import WorkspaceGoneError, save_tab
from integrations.views import oauth as oauth_view
from integrations.views.oauth_state import remember, take
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.connecting_fixtures import CALLBACK, ask, make_admin, oauth
from tests.integrations.flow_fixtures import Intercom, set_panel
from tests.integrations.panel import WHOLE, make_workspace

__all__ = ["oauth"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def postgresql() -> None:
    if database.vendor != "postgresql":
        pytest.skip("on SQLite writers take turns, and rows are not locked")


def together(*works: Callable[[], object]) -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except BaseException as err:  # noqa: BLE001
            failures.append(err)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def arrive(campaign: Campaign) -> None:
    with suppress(SettingsError):
        import_document(campaign, WHOLE)


def stranded() -> bool:
    """Whether a campaign uses a workspace that we have no access to."""
    return SyncSettings.objects.filter(connection__status=ConnectionStatus.DISCONNECTED).exists()


# Arriving while the last one leaves ------------------------------------------------------------------


@pytest.mark.usefixtures("postgresql")
def test_a_file_attaches_nobody_to_a_workspace_that_is_given_up() -> None:
    campaign, workspace = make_campaign(), make_workspace()
    for _ in range(15):
        IntercomConnection.objects.update(status=ConnectionStatus.CONNECTED, sealed_token=seal("token"))
        attach(campaign, connection=workspace, user=None)
        other = make_campaign()
        together(lambda other=other: arrive(other), lambda: detach(campaign, user=None))  # type: ignore[misc]
        assert not stranded()
        detach(other, user=None)


def test_a_file_that_comes_too_late_says_so_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, workspace = make_campaign(), make_workspace()
    known_to = settings_service.known_to

    def while_it_is_given_up(*args: Any, **options: Any) -> Any:
        IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED, sealed_token="")
        return known_to(*args, **options)

    monkeypatch.setattr(settings_service, "known_to", while_it_is_given_up)
    with pytest.raises(SettingsError) as refused:
        import_document(campaign, WHOLE)
    assert refused.value.errors == ["workspace: was disconnected just now"]
    assert not SyncSettings.objects.filter(connection=workspace).exists()


@pytest.mark.parametrize("there", [True, False], ids=["a saved tab", "a fresh tab"])
def test_no_tab_is_saved_into_a_workspace_that_was_given_up(there: bool) -> None:
    campaign, workspace = make_campaign(), make_workspace()
    if there:
        import_document(campaign, {**WHOLE, "workspace": workspace.workspace_id})
        detach(campaign, user=None)
    IntercomConnection.objects.update(status=ConnectionStatus.DISCONNECTED)
    with pytest.raises(WorkspaceGoneError):
        save_tab(
            campaign,
            settings_saving.AUDIENCES["leads"],
            settings=settings_service.FRESH,
            connection=workspace,
        )
    assert not stranded()


# The same answer of the permission page --------------------------------------------------------------


@pytest.mark.usefixtures("postgresql")
def test_a_state_that_is_brought_back_many_times_at_once_hands_one_code_in(
    oauth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, handed_in = Client(), []
    browser.force_login(make_admin())
    state = ask(browser, make_campaign())

    def hand_in(code: str, **_: Any) -> None:
        handed_in.append(code)
        raise NotConnectedError("no")

    def come_back() -> None:
        again = Client()
        again.cookies = browser.cookies
        again.get(CALLBACK, {"state": state, "code": "abc"})

    monkeypatch.setattr(oauth_view, "connect_code", hand_in)
    together(*[come_back] * 4)
    assert handed_in == ["abc"]


def test_a_state_stays_used_even_if_an_older_copy_of_the_session_is_stored_last() -> None:
    session = Client().session
    state = remember(session, campaign=1, region="US", tab="leads", user=1)
    session.save()
    older = type(session)(session.session_key)
    assert state in older["intercom_oauth"]
    assert take(session, state, user=1) is not None
    older.save()
    assert take(type(session)(session.session_key), state, user=1) is None


# Locks -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("postgresql")
def test_whoever_locks_several_deliveries_does_it_in_one_order(intercom: Intercom) -> None:
    campaign = make_campaign()
    set_panel(campaign)
    leads = [make_lead(campaign) for _ in range(5)]
    ids = list(Delivery.objects.filter(participant__in=leads).values_list("pk", flat=True))
    with CaptureQueriesContext(database) as asked:
        repair.retry_now(ids)
        intercom.drain()
        repair.cancel(ids)
    locks = [query["sql"] for query in asked if 'FOR UPDATE OF "integrations_delivery"' in query["sql"]]
    assert len(locks) >= 4
    assert [sql for sql in locks if "ORDER BY" not in sql] == []
