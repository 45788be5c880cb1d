"""A token is tried with Intercom before it is kept, and a reconnected workspace keeps all that it had."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings

from integrations.intercom.errors import AuthError, IntercomError
from integrations.intercom.session import Session
from integrations.models import ConnectionStatus, DataAttribute, DrainLease, IntercomConnection, SweepState
from integrations.services.client import base_url, client_for
from integrations.services.connect import Connected, connect_with_token, usable_regions
from integrations.services.heartbeat import beat, last_beat
from integrations.services.queue import SWEEP
from integrations.services.schedule import schedule_sweep
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

if TYPE_CHECKING:
    from integrations.sandbox.control import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def answering(sandbox: Sandbox, settings: Settings) -> Sandbox:
    settings.INTERCOM_API_URL = sandbox.url
    return sandbox


def connect(token: str = TOKEN, *, region: str = "US") -> Connected:
    with Session() as session:
        return connect_with_token(token, region=region, session=session)


def test_a_workspace_is_kept_with_its_name_its_fields_and_a_sealed_token(answering: Sandbox) -> None:
    connected = connect()
    row = IntercomConnection.objects.get()
    assert (connected.fresh, row.name, row.workspace_id) == (True, "Pretend workspace", WORKSPACE)
    assert (row.token, row.status, row.region) == (TOKEN, ConnectionStatus.CONNECTED, "US")
    assert TOKEN not in row.sealed_token
    assert connected.attributes == DataAttribute.objects.count() > 0
    assert DrainLease.objects.filter(connection=row).exists()


def test_connecting_again_keeps_row_settings_and_pauses(answering: Sandbox) -> None:
    row = connect().connection
    import_document(make_campaign(), {"leads": {"action": "create_lead"}})
    paused = timezone.now()
    IntercomConnection.objects.update(
        status=ConnectionStatus.RECONNECT_NEEDED, status_detail="revoked", sealed_token="", paused_at=paused
    )
    assert not connect().fresh
    again = IntercomConnection.objects.get()
    assert (again.pk, again.status, again.status_detail) == (row.pk, ConnectionStatus.CONNECTED, "")
    assert (again.paused_at, again.settings.count(), again.token) == (paused, 1, TOKEN)


def test_who_waited_for_the_connection_is_woken(
    answering: Sandbox, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        connect()
    assert IntercomConnection.objects.get().dirty


def test_a_refused_token_leaves_nothing(answering: Sandbox) -> None:
    with pytest.raises(AuthError) as refused:
        connect("wrong-token-1234")
    assert "wrong-token-1234" not in str(refused.value)
    assert not IntercomConnection.objects.exists()


def test_a_refused_token_leaves_the_old_one(answering: Sandbox) -> None:
    connect()
    answering.revoke(TOKEN)
    with pytest.raises(AuthError):
        connect()
    assert IntercomConnection.objects.get().token == TOKEN


def test_the_region_that_intercom_names_wins(answering: Sandbox) -> None:
    assert connect(region="EU").connection.region == "US"


def test_an_unreachable_intercom_leaves_nothing(settings: Settings) -> None:
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"
    with pytest.raises(IntercomError):
        connect()
    assert not IntercomConnection.objects.exists()


@pytest.mark.parametrize("region", ["", "MARS", "../US"])
def test_an_unknown_region_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="unknown Intercom region"):
        connect(region=region)


def test_names_are_cut_and_cleaned_before_they_are_stored(answering: Sandbox) -> None:
    answering.add_workspace("odd00001", name="O\0dd " + "x" * 300, token="token-odd00001")
    name = connect("token-odd00001").connection.name
    assert (name[:5], len(name)) == ("Odd x", 255)


def test_the_sandbox_is_a_region_only_where_it_is_switched_on(settings: Settings) -> None:
    settings.INTERCOM_SANDBOX = True
    assert usable_regions() == ["US", "EU", "AU", "SANDBOX"]
    settings.INTERCOM_SANDBOX = False
    assert usable_regions() == ["US", "EU", "AU"]


def test_a_sandbox_that_is_switched_off_has_no_address(settings: Settings) -> None:
    settings.INTERCOM_SANDBOX = False
    with pytest.raises(ValueError, match="not the base URL"):
        base_url("SANDBOX")


def test_a_sandbox_never_gets_a_real_workspaces_token(settings: Settings) -> None:
    settings.INTERCOM_SANDBOX, settings.INTERCOM_API_URL = True, ""
    settings.INTERCOM_SANDBOX_URL = "http://127.0.0.1:8000/sandbox"
    assert base_url("SANDBOX") == "http://127.0.0.1:8000/sandbox"
    assert base_url("EU") == "https://api.eu.intercom.io"


def test_a_client_speaks_for_its_connection(connection: IntercomConnection) -> None:
    with Session() as session:
        assert client_for(connection, session=session).me().value.id == WORKSPACE


# The sweep's schedule and the sign of life ------------------------------------------------------------


def test_the_sweep_is_scheduled_once() -> None:
    schedule_sweep()
    schedule_sweep()
    schedule = Schedule.objects.get(func=SWEEP)
    assert (schedule.schedule_type, schedule.minutes, schedule.repeats) == (Schedule.MINUTES, 1, -1)


def test_a_schedule_that_somebody_changed_stays() -> None:
    Schedule.objects.filter(func=SWEEP).update(minutes=5)
    schedule_sweep()
    assert Schedule.objects.get(func=SWEEP).minutes == 5


def test_two_schedules_are_no_reason_to_fail() -> None:
    schedule_sweep()
    Schedule.objects.create(func=SWEEP, schedule_type=Schedule.MINUTES, minutes=1)
    schedule_sweep()
    assert Schedule.objects.filter(func=SWEEP).count() == 2


def test_a_migration_taken_back_is_no_reason_to_fail() -> None:
    Schedule.objects.all().delete()
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE integrations_sweepstate DROP COLUMN receipts_dirty")
    schedule_sweep()
    assert Schedule.objects.filter(func=SWEEP).count() == 1


def test_a_beat_is_kept_and_not_written_every_time() -> None:
    assert last_beat() is None
    beat()
    first = last_beat()
    beat()
    assert first is not None
    assert last_beat() == first
    assert abs((timezone.now() - first).total_seconds()) < 60


def test_a_beat_is_renewed_after_a_while() -> None:
    old = timezone.now() - timedelta(seconds=30)
    SweepState.objects.update(beat_at=old, checked_to=7)
    beat()
    state = SweepState.objects.get()
    assert state.beat_at is not None
    assert state.beat_at > old
    assert state.checked_to == 7
