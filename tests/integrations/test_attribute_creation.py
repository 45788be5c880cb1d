"""An attribute is created once, offered at once, and refused in sentences that say what to do."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.intercom.hurry import HurriedSession
from integrations.intercom.session import Session
from integrations.logic.types import Attribute
from integrations.models import ConnectionStatus, FieldMap, IntercomConnection
from integrations.sandbox.control import Fault
from integrations.services.attribute_creation import CREATABLE, Creation, create_attribute
from integrations.services.attributes import store_attributes
from integrations.services.tabs import load_attributes
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, set_panel
from tests.integrations.panel import make_workspace
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db

POSTED = "POST /data_attributes"


def create(connection: IntercomConnection, name: str = "area", data_type: str = "string") -> Creation:
    with Session() as session:
        return create_attribute(connection, name=name, data_type=data_type, session=session)


def test_an_invisible_character_is_refused_and_not_dropped(intercom: Intercom) -> None:
    assert "invisible character" in create(intercom.connection, "ar\0ea").refusal
    assert intercom.new_calls() == []


@pytest.mark.parametrize("data_type", CREATABLE)
def test_a_new_attribute_can_be_mapped_at_once(intercom: Intercom, data_type: str) -> None:
    made = create(intercom.connection, "  area  ", data_type)
    expected = Attribute("custom_attributes.area", "area", data_type, custom=True)
    assert made == Creation(expected, created=True)
    assert load_attributes(intercom.connection.pk)["custom_attributes.area"] == expected
    assert intercom.new_calls() == [POSTED]


def test_the_rest_of_the_list_stays(intercom: Intercom) -> None:
    before = load_attributes(intercom.connection.pk)
    create(intercom.connection)
    after = load_attributes(intercom.connection.pk)
    assert before.items() < after.items()


def test_a_drain_at_work_hears_of_the_new_attribute(intercom: Intercom) -> None:
    before = intercom.connection.attributes_at
    create(intercom.connection)
    stored = IntercomConnection.objects.get().attributes_at
    assert stored is not None
    assert before is not None
    assert timedelta(0) < stored - before < timedelta(seconds=1)


def test_a_row_whose_field_was_missing_is_well_again(intercom: Intercom) -> None:
    create(intercom.connection)
    set_panel(make_campaign(), field_map=[EMAIL_ROW, {"from": "lead.source", "to": "custom_attributes.area"}])
    FieldMap.objects.filter(target__endswith="area").update(
        problem="attribute_missing", problem_at=timezone.now()
    )
    store = load_attributes(intercom.connection.pk)
    del store["custom_attributes.area"]
    store_attributes(intercom.connection, store.values())
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, method="POST", status=400))
    create(intercom.connection)
    assert FieldMap.objects.get(target__endswith="area").problem == ""


def test_a_second_click_is_no_second_attribute(intercom: Intercom) -> None:
    first, second = create(intercom.connection), create(intercom.connection)
    assert (first.created, second.created) == (True, False)
    assert first.attribute == second.attribute
    assert intercom.new_calls() == [POSTED]


def test_two_clicks_at_once_are_one_attribute(intercom: Intercom) -> None:
    before = load_attributes(intercom.connection.pk)
    first = create(intercom.connection)
    store_attributes(intercom.connection, before.values())  # as the second click still saw it
    second = create(intercom.connection)
    assert (second.attribute, second.refusal) == (first.attribute, "")
    assert intercom.new_calls() == [POSTED, POSTED, "GET /data_attributes"]


def test_a_lost_answer_and_a_second_try_are_one_attribute(intercom: Intercom) -> None:
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=True, method="POST", status=502))
    lost = create(intercom.connection)
    assert lost.attribute is None
    assert "trying again does no harm" in lost.refusal
    assert create(intercom.connection).attribute is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Give the new attribute a name."),
        (" \u200b\n", "Give the new attribute a name."),
        ("x" * 191, "at most 190 characters"),
        ("Referred by", "Try “Referred_by”"),
        ("a.b$c", "Try “a_b_c”"),
        ("<script>", "Try “script”"),
        ("!!!", "letters, digits, hyphens and underscores only."),
        ("🎉", "letters, digits, hyphens and underscores only."),
        ("Email", "name of one of Intercom's own fields"),
        ("role", "name of one of Intercom's own fields"),
        ("Region", "“Region” is the name of one of Intercom's own fields"),
        ("OS", "name of one of Intercom's own fields"),
        ("Plan", "called “plan” already"),
        ("newsletter", "of another type: yes or no"),
        ("plan", "of another type: list"),
    ],
)
def test_what_cannot_be_is_refused_without_asking_intercom(intercom: Intercom, name: str, said: str) -> None:
    made = create(intercom.connection, name)
    assert made.attribute is None
    assert said in made.refusal
    assert intercom.new_calls() == []


@pytest.mark.parametrize("data_type", ["", "options", "datetime", "colour", "String"])
def test_a_type_that_nobody_may_choose_is_refused(intercom: Intercom, data_type: str) -> None:
    assert "Choose what kind" in create(intercom.connection, data_type=data_type).refusal
    assert intercom.new_calls() == []


def test_an_archived_attribute_is_to_be_restored(intercom: Intercom) -> None:
    create(intercom.connection)
    intercom.sandbox.archive_attribute(intercom.workspace, "area")
    with_archived = load_attributes(intercom.connection.pk)
    del with_archived["custom_attributes.area"]
    store_attributes(intercom.connection, with_archived.values())
    found_out = create(intercom.connection)
    known = create(intercom.connection)
    assert "Restore it in Intercom" in found_out.refusal
    assert known == found_out


def test_letters_of_any_script_may_stand_in_a_name(intercom: Intercom) -> None:
    assert create(intercom.connection, "größe_名前").created


def test_one_name_in_two_encodings_is_one_attribute(intercom: Intercom) -> None:
    create(intercom.connection, "größe")
    assert create(intercom.connection, "gro\u0308ße").attribute is not None
    assert intercom.new_calls() == [POSTED]


def test_an_attribute_that_nobody_may_write_is_told() -> None:
    connection = make_workspace()
    assert "nobody may write" in create(connection, "seen", "date").refusal


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": ConnectionStatus.RECONNECT_NEEDED}, "no longer accepts our access"),
        ({"status": ConnectionStatus.DISCONNECTED}, "is disconnected"),
    ],
)
def test_a_workspace_that_may_not_be_asked_is_left_in_peace(
    intercom: Intercom, changes: dict[str, object], said: str
) -> None:
    for name, value in changes.items():
        setattr(intercom.connection, name, value)
    assert said in create(intercom.connection).refusal
    assert intercom.new_calls() == []


def test_a_workspace_that_asked_us_to_slow_down_is_left_in_peace(intercom: Intercom) -> None:
    intercom.connection.paused_until = timezone.now() + timedelta(seconds=40)
    assert "Try again in" in create(intercom.connection).refusal
    assert intercom.new_calls() == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(acts=False, status=401), "no longer accepts our access"),
        (Fault(acts=False, status=403), "lacks a permission"),
        (Fault(acts=False, status=429), "slow down"),
        (Fault(acts=False, status=503), "trouble of its own"),
        (Fault(acts=False, status=200, body="<html>hello</html>"), "cannot read"),
        (Fault(acts=False, status=200, body="{}"), "cannot read"),
        (Fault(acts=False, status=302, headers={"Location": "http://elsewhere.example"}), "cannot read"),
        (Fault(acts=False, status=404), "Intercom refused this."),
    ],
)
def test_failures_are_sentences_and_store_nothing(intercom: Intercom, fault: Fault, said: str) -> None:
    before = load_attributes(intercom.connection.pk)
    intercom.sandbox.add_fault(intercom.workspace, fault)
    made = create(intercom.connection)
    assert made.attribute is None
    assert said in made.refusal
    assert load_attributes(intercom.connection.pk) == before


def test_intercom_out_of_reach_is_a_sentence(intercom: Intercom) -> None:
    intercom.sandbox.revoke(TOKEN)
    assert "Connect it again" in create(intercom.connection).refusal


def test_a_slow_intercom_is_waited_for_only_so_long(intercom: Intercom) -> None:
    intercom.sandbox.set_latency(intercom.workspace, 1.0)
    with HurriedSession(seconds=0.3) as session:
        made = create_attribute(intercom.connection, name="area", data_type="string", session=session)
    assert "did not answer in time" in made.refusal


def test_a_token_that_no_key_opens_is_a_sentence() -> None:
    assert "cannot be read" in create(make_workspace(sealed_token="nonsense")).refusal


def test_too_many_attributes_are_told_plainly(intercom: Intercom) -> None:
    body = {
        "type": "error.list",
        "errors": [{"code": "custom_data_limit_reached", "message": "CDAs: 250 of 250 for bob@example.com"}],
    }
    fault = Fault(acts=False, method="POST", status=400, body=json.dumps(body))
    intercom.sandbox.add_fault(intercom.workspace, fault)
    assert create(intercom.connection).refusal.startswith("This workspace has as many data attributes")


def test_intercoms_own_words_are_shown_without_anybodys_email(intercom: Intercom) -> None:
    message = "Ask bob@example.com about 'area'"
    body = {"type": "error.list", "errors": [{"code": "parameter_invalid", "message": message}]}
    fault = Fault(acts=False, method="POST", status=400, body=json.dumps(body))
    intercom.sandbox.add_fault(intercom.workspace, fault)
    refusal = create(intercom.connection).refusal
    assert refusal == "Intercom refused this. It says: “Ask [email] about 'area'”"


def test_a_refusal_stands_although_the_list_cannot_be_read(intercom: Intercom) -> None:
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, method="POST", status=400))
    intercom.sandbox.add_fault(intercom.workspace, Fault(acts=False, method="GET", status=503))
    assert create(intercom.connection).refusal.startswith("Intercom refused this. It says: “Invalid")


def test_an_answer_that_no_row_can_hold_is_not_stored(intercom: Intercom) -> None:
    body = {"name": "x" * 400, "full_name": "custom_attributes." + "x" * 400, "custom": True}
    fault = Fault(acts=False, method="POST", status=200, body=json.dumps(body))
    intercom.sandbox.add_fault(intercom.workspace, fault)
    before = load_attributes(intercom.connection.pk)
    create(intercom.connection)
    assert load_attributes(intercom.connection.pk) == before
