"""The panel's buttons that ask Intercom: refreshing, creating attributes, marks, completing contacts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from campaigns.models import Audience
from integrations.models import (
    ConnectionStatus,
    DataAttribute,
    Delivery,
    FieldMap,
    IntercomConnection,
    SyncSettings,
)
from integrations.sandbox.faults import Fault
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.controls import read
from tests.integrations.flow_fixtures import EMAIL_ROW, Intercom, set_panel
from tests.integrations.panel_fixtures import PEN, Desk, desk, person
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

__all__ = ["desk"]


@pytest.fixture
def online(intercom: Intercom) -> Desk:
    """A campaign connected to the sandbox, its lead tab working."""
    campaign = make_campaign("Spring")
    set_panel(campaign)
    return Desk(person("ed", *PEN), campaign, intercom.connection)


def names(desk: Desk) -> set[str]:
    return set(DataAttribute.objects.filter(connection=desk.connection).values_list("full_name", flat=True))


def test_refresh_reads_the_list_and_keeps_what_is_typed(online: Desk, intercom: Intercom) -> None:
    DataAttribute.objects.all().delete()
    page = read(online.press("refresh", action="create_user"))
    assert "email" in names(online)
    assert page.values["action"] == "create_user"
    assert "Fields read just now" in page.text
    assert intercom.new_calls() == ["GET /data_attributes"]


def test_refresh_by_htmx_draws_the_form_anew(online: Desk) -> None:
    page = read(online.pieces("refresh", action="create_user"))
    assert "panel-body" in page.ids
    assert page.values["action"] == "create_user"


def test_a_refresh_that_fails_keeps_the_old_list_and_says_why(online: Desk, settings: object) -> None:
    before = names(online)
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    page = read(online.press("refresh", action="create_user"))
    assert "Intercom cannot be reached at the moment" in page.text
    assert names(online) == before
    assert page.values["action"] == "create_user"


def test_a_lost_access_is_said_without_asking(online: Desk, intercom: Intercom) -> None:
    intercom.connection.status = ConnectionStatus.RECONNECT_NEEDED
    intercom.connection.save(update_fields=["status"])
    assert "no longer accepts our access" in read(online.press("refresh")).text
    assert intercom.new_calls() == []


ASKING: dict[str, dict[str, str]] = {
    "refresh": {},
    "create_attribute": {"new_name": "lead_source", "new_type": "string"},
    "create_marks": {"marks": "on"},
}


@pytest.mark.parametrize("button", ASKING)
def test_a_refused_access_shows_at_once_with_the_way_to_reconnect(
    online: Desk, intercom: Intercom, button: str
) -> None:
    online.press("save", marks="on")
    DataAttribute.objects.filter(full_name__endswith="lead_source").delete()
    intercom.sandbox.revoke(TOKEN)
    page = read(online.pieces(button, {**online.form(), **ASKING[button]}))
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED
    assert {"panel-header", "first-steps"} <= set(page.ids)
    assert page.values["standing"] == "reconnect_needed"
    assert "Reconnect needed" in page.text
    assert "Everything is set up, and leads reach Intercom" not in page.text


def test_creating_marks_on_the_way_promises_no_delivery_without_access(
    online: Desk, intercom: Intercom
) -> None:
    intercom.sandbox.revoke(TOKEN)
    online.press("save", marks="on")
    text = online.look().text
    assert "Reconnect needed" in text
    assert "become leads in Intercom" not in text


def test_a_page_that_shows_how_it_stands_keeps_its_header(online: Desk) -> None:
    assert "panel-header" not in read(online.pieces("refresh")).ids
    assert "panel-header" not in read(online.pieces("add")).ids


def test_a_page_opened_before_access_was_lost_elsewhere_gets_its_header_anew(
    online: Desk, intercom: Intercom
) -> None:
    form = online.form()
    IntercomConnection.objects.update(status=ConnectionStatus.RECONNECT_NEEDED)
    assert "panel-header" in read(online.pieces("check", form)).ids
    assert intercom.new_calls() == []


def test_what_the_plan_does_not_allow_breaks_no_connection(online: Desk, intercom: Intercom) -> None:
    intercom.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=403))
    assert "your Intercom plan" in read(online.pieces("refresh")).text
    assert IntercomConnection.objects.get().status == ConnectionStatus.CONNECTED


@pytest.mark.parametrize("button", ["refresh", "create_attribute", "create_marks", "complete"])
def test_without_a_workspace_a_button_says_so(desk: Desk, button: str) -> None:
    response = desk.press(button)
    assert response.status_code == 200


def test_a_new_attribute_is_in_intercom_and_chosen_in_the_last_open_row(online: Desk) -> None:
    opened = read(online.press("add")).values
    page = read(online.press("create_attribute", {**opened, "new_name": "lead_source", "new_type": "string"}))
    assert "custom_attributes.lead_source" in names(online)
    assert page.values["rows-2-target"] == "custom_attributes.lead_source"
    assert page.values["new_name"] == ""
    assert "is in Intercom now" in page.text


def test_what_came_of_it_is_said_below_the_row_that_was_chosen(online: Desk) -> None:
    response = online.pieces("create_attribute", new_name="lead_source", new_type="string")
    html = response.content.decode()
    said = html.index("is in Intercom now")
    assert html.index('id="id_rows-1-target"') < said < html.index('id="add-row"')
    assert 'id="panel-notices"' not in html


def test_a_new_attribute_gets_a_row_of_its_own_where_none_is_open(online: Desk) -> None:
    page = read(online.press("create_attribute", new_name="lead_source", new_type="string"))
    assert page.values["rows-2-target"] == "custom_attributes.lead_source"
    assert page.values["rows-TOTAL_FORMS"] == "3"


def test_an_attribute_that_a_row_fills_already_is_not_chosen_twice(online: Desk) -> None:
    made = read(online.press("create_attribute", new_name="lead_source", new_type="string"))
    again = {**made.values, "new_name": "lead_source", "new_type": "string"}
    page = read(online.press("create_attribute", again))
    assert page.values["rows-TOTAL_FORMS"] == "3"
    assert page.values["new_name"] == ""
    assert "this row fills it already: nothing yet → lead_source" in page.text
    assert "and chosen in the last row" not in page.text


def test_an_attribute_of_a_removed_row_is_chosen_anew(online: Desk) -> None:
    made = read(online.press("create_attribute", new_name="lead_source", new_type="string"))
    again = {**made.values, "rows-2-DELETE": "on", "new_name": "lead_source", "new_type": "string"}
    page = read(online.press("create_attribute", again))
    assert page.values["rows-3-target"] == "custom_attributes.lead_source"
    assert "and chosen in the last row" in page.text


def test_a_name_that_is_typed_keeps_its_section_open(online: Desk) -> None:
    assert b'class="panel__more" open' in online.press("check", new_name="lead_").content
    assert b'class="panel__more" open' not in online.press("check").content


@pytest.mark.parametrize(
    ("name", "kind"), [("", "string"), ("a b", "string"), ("fine", "nonsense"), ("email", "string")]
)
def test_a_refused_attribute_is_explained_and_what_was_typed_stays(
    online: Desk, intercom: Intercom, name: str, kind: str
) -> None:
    page = read(online.press("create_attribute", new_name=name, new_type=kind, action="create_user"))
    assert page.values["new_name"] == name
    assert page.values["action"] == "create_user"
    assert "new-name-error" in page.ids
    assert intercom.new_calls() == []


def test_ticking_mark_as_referred_creates_its_attributes_when_saved(online: Desk) -> None:
    page = online.client.get(online.url).content.decode()
    assert '<span class="unless-marked">If you tick this, these are created in Intercom' in page
    assert '<span class="when-marked">When you save, these are created in Intercom' in page
    assert online.press("save", marks="on").status_code == 302
    marks = {f"custom_attributes.{name}" for name in ("referred", "referral_campaign", "referrer_name")}
    assert marks <= names(online)
    assert "Create them in Intercom now" not in online.look().text


def test_marks_are_saved_and_offered_again_when_intercom_is_down(online: Desk, settings: object) -> None:
    address = settings.INTERCOM_API_URL  # type: ignore[attr-defined]
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    assert online.press("save", marks="on").status_code == 302
    assert online.saved().marks
    text = online.look().text
    assert "not all in Intercom yet" in text
    assert "Create them in Intercom now" in text
    settings.INTERCOM_API_URL = address  # type: ignore[attr-defined]
    assert "These attributes are in Intercom now" in read(online.press("create_marks")).text
    assert "custom_attributes.referred" in names(online)


def test_saving_marks_that_are_saved_already_asks_nothing(online: Desk, intercom: Intercom) -> None:
    online.press("save", marks="on")
    intercom.forget_calls()
    online.press("save", policy="update")
    assert intercom.new_calls() == []


def test_those_who_went_without_a_field_get_it_by_one_button(online: Desk, intercom: Intercom) -> None:
    lead = make_lead(online.campaign)
    intercom.drain()
    Delivery.objects.filter(participant=lead).update(incomplete=True)
    FieldMap.objects.filter(target="name").update(problem="refused", problem_at=timezone.now())
    assert "Send this field to the 1 person who went without it" in online.look().text
    page = read(online.press("complete"))
    assert "1 person gets the missing fields now." in page.text
    assert "went without" not in page.text
    assert Delivery.objects.get(participant=lead).state == "waiting"


def test_a_contact_of_the_other_tab_is_not_counted(online: Desk, intercom: Intercom) -> None:
    lead = make_lead(online.campaign)
    intercom.drain()
    Delivery.objects.filter(participant=lead).update(incomplete=True)
    other = replace(online, tab="referrers")
    assert "went without" not in other.look().text


def test_a_lead_who_waited_is_sent_once_the_setup_is_saved(intercom: Intercom) -> None:
    campaign = make_campaign("Spring")
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [{**EMAIL_ROW, "from": ""}]}})
    make_lead(campaign, email="ana@example.com")
    intercom.drain()
    assert intercom.emails() == []
    Desk(person("ed", *PEN), campaign, None).press("save", rows__0__source="lead.email")
    intercom.drain()
    assert intercom.emails() == ["ana@example.com"]
    assert SyncSettings.objects.get(audience=Audience.LEAD).revision == 2
