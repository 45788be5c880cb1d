"""The fields of a workspace are read now and then, so trouble with them is known before a lead meets it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from integrations.logic.notes import NoteCode
from integrations.logic.types import Attribute
from integrations.models import (
    Alert,
    ConnectionStatus,
    DataAttribute,
    FieldMap,
    IntercomConnection,
    SyncSettings,
)
from integrations.models.secrets import seal
from integrations.sandbox.faults import Fault
from integrations.services import attribute_look
from integrations.services.alerts.watching import watch
from integrations.services.attribute_look import AT_ONCE, EVERY, queue_looks, refresh_by_task
from integrations.services.attributes import refresh_attributes, store_attributes
from integrations.services.field_problems import forget_refusals
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, set_panel
from tests.integrations.panel import EMAIL, FIELDS, SOURCE, make_workspace
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LONG_AGO = NOW - EVERY - timedelta(minutes=1)
SOURCE_ROW = {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"}


def overdue(
    workspace_id: str = "acme1234", *, read_at: datetime | None = LONG_AGO, **tab: Any
) -> IntercomConnection:
    """A workspace that some tab fills, and whose fields were read long ago."""
    workspace = make_workspace(workspace_id)
    leads = {"action": "create_lead", "field_map": [EMAIL, SOURCE], **tab}
    import_document(make_campaign(), {"workspace": workspace_id, "leads": leads})
    IntercomConnection.objects.filter(pk=workspace.pk).update(attributes_at=read_at)
    return workspace


def queued() -> list[Any]:
    """The workspaces of the tasks in the queue, which it empties."""
    found = [task.task["args"][0] for task in OrmQ.objects.order_by("pk")]
    OrmQ.objects.all().delete()
    return found


def test_fields_that_were_read_long_ago_are_read() -> None:
    workspace = overdue()
    OrmQ.objects.all().delete()
    assert queue_looks(NOW) == 1
    (task,) = OrmQ.objects.all()
    assert task.func() == "integrations.tasks.refresh_attributes"
    assert queued() == [workspace.pk]


def test_fields_that_were_read_lately_are_not() -> None:
    overdue(read_at=NOW - EVERY + timedelta(minutes=1))
    assert queue_looks(NOW) == 0


def test_fields_that_were_never_read_are() -> None:
    overdue(read_at=None)
    assert queue_looks(NOW) == 1


@pytest.mark.parametrize(
    "state",
    [
        {"paused_until": NOW + timedelta(seconds=30)},
        {"paused_at": NOW},
        {"status": ConnectionStatus.RECONNECT_NEEDED},
        {"status": ConnectionStatus.DISCONNECTED, "sealed_token": ""},
    ],
    ids=["Intercom asks for peace", "a person does", "reconnect needed", "disconnected"],
)
def test_a_workspace_that_may_not_be_asked_is_left_in_peace(state: dict[str, Any]) -> None:
    overdue()
    IntercomConnection.objects.update(**state)
    assert queue_looks(NOW) == 0


def test_a_pause_of_intercoms_that_is_over_holds_nobody() -> None:
    overdue()
    IntercomConnection.objects.update(paused_until=NOW - timedelta(seconds=1))
    assert queue_looks(NOW) == 1


def test_a_workspace_that_no_tab_fills_is_not_read() -> None:
    make_workspace()
    IntercomConnection.objects.update(attributes_at=LONG_AGO)
    assert queue_looks(NOW) == 0


def test_a_tab_that_does_nothing_fills_none() -> None:
    overdue(action="nothing")
    assert queue_looks(NOW) == 0


def test_many_are_spread_and_the_oldest_come_first() -> None:
    made = [overdue(f"w{n}", read_at=LONG_AGO - timedelta(minutes=n)) for n in range(AT_ONCE + 2)]
    OrmQ.objects.all().delete()
    oldest_first = [one.pk for one in reversed(made)]
    queue_looks(NOW)
    assert queued() == oldest_first[:AT_ONCE]
    queue_looks(NOW + timedelta(minutes=1))
    assert queued() == oldest_first[AT_ONCE:]


def test_what_fails_is_asked_ever_more_seldom() -> None:
    overdue(read_at=NOW - EVERY)
    asked = [minute for minute in range(0, 24 * 60, 5) if queue_looks(NOW + timedelta(minutes=minute))]
    waits = [after - before for before, after in pairwise(asked)]
    assert waits == [15, 15, 30, 60, 120, 240, 360, 360]


def test_what_worked_is_asked_again_as_usual(intercom: Intercom) -> None:
    set_panel(make_campaign())
    IntercomConnection.objects.update(attributes_at=LONG_AGO)
    queue_looks(timezone.now())
    assert "fields read" in refresh_by_task(intercom.connection.pk)
    assert queue_looks(timezone.now() + timedelta(minutes=20)) == 0
    assert queue_looks(timezone.now() + EVERY) == 1


# What a look finds --------------------------------------------------------------------------------------


def test_an_archived_field_is_found_and_told_before_a_lead_meets_it(intercom: Intercom) -> None:
    set_panel(make_campaign(), field_map=[EMAIL_ROW, SOURCE_ROW])
    intercom.sandbox.archive_attribute(WORKSPACE, "lead_source")
    refresh_by_task(intercom.connection.pk)
    row = FieldMap.objects.get(target="custom_attributes.lead_source")
    assert row.problem == NoteCode.ATTRIBUTE_ARCHIVED
    watch(timezone.now(), swept_at=None)
    assert [alert.kind for alert in Alert.objects.all()] == ["fields"]


def test_during_intercoms_pause_nothing_is_asked(intercom: Intercom) -> None:
    IntercomConnection.objects.update(paused_until=timezone.now() + timedelta(minutes=1))
    intercom.forget_calls()
    assert "slow down" in refresh_by_task(intercom.connection.pk)
    assert intercom.new_calls() == []


def test_a_workspace_that_was_left_meanwhile_is_not_asked(intercom: Intercom) -> None:
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    intercom.forget_calls()
    assert "not connected" in refresh_by_task(intercom.connection.pk)
    assert intercom.new_calls() == []


def test_a_limit_that_is_reached_holds_the_whole_workspace(intercom: Intercom) -> None:
    intercom.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=429))
    assert "not read" in refresh_by_task(intercom.connection.pk)
    paused_until = IntercomConnection.objects.get().paused_until
    assert paused_until is not None
    assert paused_until > timezone.now()


def test_a_revoked_token_is_known_before_a_lead_meets_it(intercom: Intercom) -> None:
    intercom.sandbox.revoke(TOKEN)
    refresh_by_task(intercom.connection.pk)
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED


def test_a_token_that_was_renewed_meanwhile_is_not_blamed(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    intercom.sandbox.revoke(TOKEN)
    refresh = refresh_attributes

    def and_renewed(connection: IntercomConnection, **options: Any) -> int:
        IntercomConnection.objects.update(sealed_token=seal("another"))
        return refresh(connection, **options)

    monkeypatch.setattr(attribute_look, "refresh_attributes", and_renewed)
    refresh_by_task(intercom.connection.pk)
    assert IntercomConnection.objects.get().status == ConnectionStatus.CONNECTED


def test_a_token_that_no_key_opens_fails_in_words(intercom: Intercom) -> None:
    IntercomConnection.objects.update(sealed_token="broken")
    assert refresh_by_task(intercom.connection.pk).startswith("fields not read")


def test_a_refused_look_keeps_what_was_known(intercom: Intercom) -> None:
    before = DataAttribute.objects.count()
    intercom.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=500))
    refresh_by_task(intercom.connection.pk)
    assert DataAttribute.objects.count() == before > 0


# A field of another type --------------------------------------------------------------------------------


def retyped(data_type: str) -> list[Attribute]:
    number = Attribute("custom_attributes.lead_source", "Lead source", data_type, custom=True)
    return [one for one in FIELDS if one.full_name != number.full_name] + [number]


def source_row() -> FieldMap:
    return FieldMap.objects.get(target="custom_attributes.lead_source")


def test_a_mapped_field_of_another_type_is_a_problem_until_it_is_the_old_one_again() -> None:
    workspace = overdue()
    for _ in range(2):  # a second look does not take it for normal
        store_attributes(workspace, retyped("integer"))
        row = source_row()
        assert (row.problem, row.problem_message) == (NoteCode.ATTRIBUTE_TYPE_CHANGED, "string → integer")
    since = row.problem_at
    store_attributes(workspace, retyped("float"))
    assert source_row().problem_at == since
    store_attributes(workspace, retyped("string"))
    assert (source_row().problem, source_row().problem_at) == ("", None)


def test_somebody_may_say_that_the_new_type_is_right() -> None:
    workspace = overdue()
    store_attributes(workspace, retyped("integer"))
    forget_refusals(SyncSettings.objects.get(audience="lead").pk)
    store_attributes(workspace, retyped("integer"))
    assert source_row().problem == ""


def test_a_field_that_nobody_fills_may_be_of_any_type() -> None:
    workspace = overdue(field_map=[EMAIL])
    store_attributes(workspace, retyped("integer"))
    assert not FieldMap.objects.exclude(problem="").exists()
