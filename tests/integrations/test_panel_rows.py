"""The buttons of `Map your fields`: nothing typed is ever lost, and Email stays whatever is posted."""

from __future__ import annotations

import json

import pytest

from integrations.logic.types import DataType, MapRow
from integrations.services.settings import import_document
from tests.integrations.controls import read
from tests.integrations.panel import WHOLE
from tests.integrations.panel_fixtures import Desk, desk, workspace_desk

__all__ = ["desk", "workspace_desk"]

NAME = {
    "rows-1-data_type": "dynamic",
    "rows-1-source": "lead.first_name",
    "rows-1-value": "kept meanwhile",
    "rows-1-target": "name",
    "rows-1-if_present": "keep",
    "rows-TOTAL_FORMS": "2",
}


def test_add_keeps_what_is_typed_and_adds_an_empty_row(desk: Desk) -> None:
    page = read(desk.press("add", {**desk.form(), **NAME, "action": "create_lead"}))
    assert page.values["rows-1-source"] == "lead.first_name"
    assert page.values["rows-1-value"] == "kept meanwhile"
    assert page.values["rows-2-target"] == ""
    assert page.values["rows-TOTAL_FORMS"] == "3"
    assert page.values["action"] == "create_lead"


def test_add_saves_nothing(desk: Desk) -> None:
    desk.press("add")
    assert not desk.campaign.sync_settings.exists()


def test_add_by_htmx_gives_the_new_row_alone_and_says_so(desk: Desk) -> None:
    response = desk.pieces("add", {**desk.form(), **NAME})
    page = read(response)
    assert "row-2" in page.ids
    assert "row-1" not in page.ids
    assert "row-1-status" in page.ids
    assert page.values["rows-TOTAL_FORMS"] == "3"
    heard = json.loads(response.headers["HX-Trigger"])
    assert heard["focus"]["value"] == "#id_rows-2-data_type"
    assert heard["announce"]["value"]


def test_adding_twice_with_the_answer_in_between_gives_two_rows(desk: Desk) -> None:
    once = read(desk.press("add")).values
    assert read(desk.press("add", once)).values["rows-TOTAL_FORMS"] == "3"


def test_no_more_rows_are_added_than_a_tab_may_have(desk: Desk) -> None:
    form = {**desk.form(), "rows-TOTAL_FORMS": "250"}
    form |= {f"rows-{n}-target": "" for n in range(1, 250)}
    response = desk.press("add", form)
    assert b"at most 250 fields" in response.content
    assert read(response).values["rows-TOTAL_FORMS"] == "250"


def test_a_removed_row_becomes_a_line_that_can_be_undone(desk: Desk) -> None:
    page = read(desk.press("remove-1", {**desk.form(), **NAME}))
    assert "First Name → Name removed." in page.text
    assert page.values["rows-1-DELETE"] == "on"
    assert page.values["rows-1-source"] == "lead.first_name"
    back = read(desk.press("undo-1", page.values))
    assert "rows-1-DELETE" not in back.values
    assert back.values["rows-1-value"] == "kept meanwhile"


def test_a_removed_row_says_what_it_was_to_those_who_listen(desk: Desk) -> None:
    response = desk.pieces("remove-1", {**desk.form(), **NAME})
    heard = json.loads(response.headers["HX-Trigger"])
    assert heard["announce"]["value"] == "First Name → Name removed."
    assert heard["focus"]["value"] == "#undo-1"


def test_a_removed_row_is_gone_when_saved(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    page = read(workspace_desk.press("remove-1"))
    workspace_desk.press("save", page.values)
    assert [row.target for row in workspace_desk.saved().rows] == ["email", "custom_attributes.lead_source"]


def test_a_removed_row_lacks_nothing_and_frees_its_field(desk: Desk) -> None:
    blank = {**NAME, "rows-1-source": "", "action": "create_lead", "rows-0-source": "lead.email"}
    page = read(desk.press("remove-1", {**desk.form(), **blank}))
    assert "is not complete" not in page.text


@pytest.mark.parametrize("number", ["0", "7", "99999999999", "x", "", "-1", "²"])
def test_removing_what_cannot_be_removed_changes_nothing(desk: Desk, number: str) -> None:
    page = read(desk.press(f"remove-{number}", {**desk.form(), **NAME}))
    assert page.values["rows-0-target"] == "email"
    assert "rows-0-DELETE" not in page.values
    assert "rows-1-DELETE" not in page.values


@pytest.mark.parametrize("button", ["", "check", "nonsense", "undo-55", "save-me"])
def test_an_unknown_button_loses_nothing_and_saves_nothing(desk: Desk, button: str) -> None:
    page = read(desk.press(button, {**desk.form(), **NAME}))
    assert page.values["rows-1-value"] == "kept meanwhile"
    assert not desk.campaign.sync_settings.exists()


def test_a_blank_row_is_kept_and_asks_to_be_completed(desk: Desk) -> None:
    added = read(desk.press("add", {**desk.form(), "action": "create_lead", "rows-0-source": "lead.email"}))
    desk.press("save", added.values)
    assert desk.saved().rows[1] == MapRow(DataType.DYNAMIC, target="")
    assert "1 field is not complete" in desk.look().text


def test_only_the_value_of_the_chosen_kind_is_saved(desk: Desk) -> None:
    fixed = {**NAME, "rows-1-data_type": "fixed", "rows-0-source": "lead.email"}
    desk.press("save", {**desk.form(), **fixed})
    assert desk.saved().rows[1] == MapRow(DataType.FIXED, target="name", value="kept meanwhile")


@pytest.mark.parametrize(
    "forged",
    [
        {"rows-0-target": "name"},
        {"rows-0-target": ""},
        {"rows-0-DELETE": "on"},
        {"rows-0-target": "email", "rows-0-DELETE": "1"},
    ],
)
def test_the_email_row_cannot_be_taken_away(desk: Desk, forged: dict[str, str]) -> None:
    desk.press("save", {**desk.form(), **forged})
    assert [row.target for row in desk.saved().rows].count("email") == 1


def test_a_form_without_an_email_row_gets_it_back_first(desk: Desk) -> None:
    form = {name: text for name, text in desk.form().items() if not name.startswith("rows-0")}
    page = read(desk.press("check", {**form, **NAME}))
    assert page.values["rows-0-target"] == "email"
    assert page.values["rows-1-target"] == "name"


@pytest.mark.parametrize(
    "forged",
    [
        {"rows-0-source": "referrer.email"},
        {"rows-0-source": "lead.phone"},
        {"rows-0-data_type": "fixed", "rows-0-value": "me@example.com"},
        {"rows-0-source": "no.such.thing"},
    ],
)
def test_email_takes_the_persons_own_email_alone(desk: Desk, forged: dict[str, str]) -> None:
    response = desk.press("save", {**desk.form(), **forged})
    assert response.status_code == 200
    assert b"Nothing was saved yet" in response.content
    assert not desk.campaign.sync_settings.exists()


def test_two_rows_for_one_field_are_refused_beside_the_second(desk: Desk) -> None:
    twice = {
        name.replace("rows-1", "rows-2"): text for name, text in NAME.items() if name.startswith("rows-1")
    }
    page = read(desk.press("save", {**desk.form(), **NAME, **twice, "rows-TOTAL_FORMS": "3"}))
    assert "Another row fills Name already" in page.text


@pytest.mark.parametrize("target", ["role", "unsubscribed_from_emails", "custom_attributes.seen", "made.up"])
def test_a_forged_target_is_refused(workspace_desk: Desk, target: str) -> None:
    form = {**workspace_desk.form(), **NAME, "rows-1-target": target}
    assert b"Nothing was saved yet" in workspace_desk.press("save", form).content
    assert workspace_desk.saved().rows == ()


def test_a_type_that_can_never_fit_is_said_while_choosing(workspace_desk: Desk) -> None:
    form = {
        **workspace_desk.form(),
        **NAME,
        "rows-1-source": "lead.joined_at",
        "rows-1-target": "custom_attributes.seats",
    }
    text = read(workspace_desk.pieces("check", form)).text
    assert "Date Joined is a date, Seats is a whole number: it would be left out." in text


@pytest.mark.parametrize(("source", "target"), [("lead.id", "seats"), ("lead.phone", "plan")])
def test_a_type_that_fits_is_not_talked_about(workspace_desk: Desk, source: str, target: str) -> None:
    form = {**workspace_desk.form(), **NAME, "rows-1-source": source}
    text = read(workspace_desk.pieces("check", {**form, "rows-1-target": f"custom_attributes.{target}"})).text
    assert "left out" not in text


def test_a_fixed_value_that_does_not_fit_is_refused_in_plain_words(workspace_desk: Desk) -> None:
    form = {**workspace_desk.form(), **NAME, "rows-1-data_type": "fixed", "rows-1-value": "many"}
    page = read(workspace_desk.press("save", {**form, "rows-1-target": "custom_attributes.seats"}))
    assert "Seats takes a whole number, and this is none." in page.text
    assert "custom_attributes" not in page.text


def test_a_check_answers_with_pieces_and_touches_no_control(workspace_desk: Desk) -> None:
    response = workspace_desk.pieces("check", {**workspace_desk.form(), **NAME, "action": "create_lead"})
    page = read(response)
    assert {"row-0-status", "row-1-status", "panel-tabs", "fields-state", "save-state"} <= set(page.ids)
    assert "id_rows-0-source" not in page.ids
    assert "HX-Trigger" not in response.headers


def test_setup_required_is_gone_the_moment_email_is_mapped(desk: Desk) -> None:
    form = {**desk.form(), "action": "create_lead"}
    assert "Email is not mapped yet" in read(desk.pieces("check", form)).text
    assert "Setup Required" not in read(desk.pieces("check", {**form, "rows-0-source": "lead.email"})).text


def test_a_shared_external_id_is_told_while_it_is_chosen(workspace_desk: Desk) -> None:
    form = read(workspace_desk.press("add", action="create_user")).values
    form |= {"rows-1-data_type": "fixed", "rows-1-value": "7", "rows-1-target": "external_id"}
    assert "Choose Lead ID" in read(workspace_desk.pieces("check", form)).text
    own = {**form, "rows-1-data_type": "dynamic", "rows-1-source": "lead.id"}
    assert "Choose Lead ID" not in read(workspace_desk.pieces("check", own)).text
