"""Saving a tab of the panel: what is stored, what is refused, and two people at once."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Audience
from integrations.logic.types import Action, DataType, IfPresent, MapRow, Policy
from integrations.models import Delivery, SyncSettings
from integrations.services.settings import import_document
from tests.campaigns.factories import make_lead
from tests.integrations.controls import read
from tests.integrations.panel import EMAIL, WHOLE, changed, errors_of, forget_field, make_workspace
from tests.integrations.panel_fixtures import PEN, Desk, desk, person, workspace_desk

__all__ = ["desk", "workspace_desk"]

WORKING = {"action": "create_lead", "rows-0-source": "lead.email"}
RULE = {"method": "attribute_changes", "attribute": "custom_attributes.plan", "qualifying_values": "pro"}


def messages_of(desk: Desk, response: Any) -> str:
    assert response.status_code == 302, read(response).text
    assert response.url == desk.url
    return desk.look().text


def test_what_is_chosen_is_saved_with_who_saved_it(workspace_desk: Desk) -> None:
    row = {
        "rows-1-data_type": "dynamic",
        "rows-1-source": "lead.full_name",
        "rows-1-target": "name",
        "rows-1-if_present": "overwrite",
        "rows-TOTAL_FORMS": "2",
    }
    more = {
        "policy": "update",
        **RULE,
        "initial_value": "trial",
        "qualifying_values": "pro\r\n\r\n team \r\npro",
    }
    workspace_desk.press("save", {**workspace_desk.form(), **WORKING, **row, **more})
    saved = workspace_desk.saved()
    assert saved.action is Action.CREATE_LEAD
    assert saved.policy is Policy.UPDATE
    name = MapRow(DataType.DYNAMIC, "name", "lead.full_name", if_present=IfPresent.OVERWRITE)
    assert saved.rows == (MapRow(DataType.DYNAMIC, "email", "lead.email"), name)
    assert (saved.rule_attribute, saved.rule_initial) == ("custom_attributes.plan", "trial")
    assert saved.qualifying_values == ("pro", "team")
    revision = SyncSettings.objects.get(audience=Audience.LEAD).revisions.get()
    assert revision.made_by is not None
    assert revision.made_by.username == "ed"


def test_saving_says_what_happens_from_now_on(workspace_desk: Desk) -> None:
    response = workspace_desk.press("save", {**workspace_desk.form(), **WORKING})
    said = messages_of(workspace_desk, response)
    assert "Leads who join from now on become leads in Intercom." in said


def test_those_who_waited_are_counted(workspace_desk: Desk) -> None:
    workspace_desk.press("save", {**workspace_desk.form(), "action": "create_user"})
    for _n in range(2):
        make_lead(workspace_desk.campaign)
    assert Delivery.objects.filter(state="waiting").count() == 2
    said = messages_of(workspace_desk, workspace_desk.press("save", rows__0__source="lead.email"))
    assert "2 people who waited are on their way." in said
    assert "become users in Intercom" in said


def test_incomplete_settings_are_saved_and_say_so(workspace_desk: Desk) -> None:
    response = workspace_desk.press("save", action="create_lead")
    assert "Saved, but not complete yet" in messages_of(workspace_desk, response)


def test_settings_without_a_workspace_are_saved_and_say_what_is_next(desk: Desk) -> None:
    said = messages_of(desk, desk.press("save", {**desk.form(), **WORKING}))
    assert "Connect a workspace next" in said


def test_the_referrers_tab_is_saved_by_itself_and_has_no_rule(workspace_desk: Desk) -> None:
    referrers = Desk(workspace_desk.client, workspace_desk.campaign, None, "referrers")
    referrers.press("save", {**referrers.form(), **WORKING, **RULE})
    assert referrers.saved().action is Action.CREATE_LEAD
    assert not referrers.saved().qualifies
    assert workspace_desk.saved().action is Action.NOTHING


def test_opening_and_saving_changes_nothing(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    before = workspace_desk.saved()
    said = messages_of(workspace_desk, workspace_desk.press("save"))
    assert "Nothing was changed" in said
    assert workspace_desk.saved() == before


@pytest.mark.parametrize("value", [5, 5.5, True, False, 0, "5", "true", " spaced ", 1767225600])
def test_a_value_of_any_type_outlives_being_shown(workspace_desk: Desk, value: object) -> None:
    rule = {
        "method": "attribute_changes",
        "attribute": "custom_attributes.plan",
        "qualifying_values": [value],
    }
    import_document(workspace_desk.campaign, changed(qualification=rule, field_map=[EMAIL]))
    workspace_desk.press("save", marks="")
    (kept,) = workspace_desk.saved().qualifying_values
    assert (kept, type(kept)) == (value, type(value))


@pytest.mark.parametrize(
    ("attribute", "text", "value"),
    [("seats", "5", 5), ("active", "Yes", True), ("plan", "5", "5"), ("active", "no", False)],
)
def test_what_qualifies_is_kept_in_the_type_of_its_attribute(
    workspace_desk: Desk, attribute: str, text: str, value: object
) -> None:
    rule = {**RULE, "attribute": f"custom_attributes.{attribute}", "qualifying_values": text}
    workspace_desk.press("save", {**workspace_desk.form(), **WORKING, **rule})
    (kept,) = workspace_desk.saved().qualifying_values
    assert (kept, type(kept)) == (value, type(value))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"initial_value": "pro"}, "would qualify every new contact at once"),
        ({"attribute": "custom_attributes.none"}, "no data attribute “none”"),
        ({"attribute": "custom_attributes.referred", "marks": "on"}, "marks every contact as referred"),
        ({"attribute": "custom_attributes.seats"}, "“pro”: Seats takes a whole number"),
        ({"qualifying_values": "a\0b"}, "cannot be stored"),
        ({"qualifying_values": "x" * 10_001}, "too long"),
        ({"initial_value": "x" * 10_001}, "too long"),
        (
            {"attribute": "custom_attributes.seen", "initial_value": "2026-01-01"},
            "changed by Intercom itself",
        ),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused_and_kept_as_typed(
    workspace_desk: Desk, wrong: dict[str, str], words: str
) -> None:
    form = {**workspace_desk.form(), **WORKING, **RULE, **wrong}
    response = workspace_desk.press("save", form)
    page = read(response)
    assert response.status_code == 200
    assert words in page.text
    assert page.values["qualifying_values"] == form["qualifying_values"]
    assert workspace_desk.saved().action is Action.NOTHING


def test_a_settings_file_may_not_hold_a_value_that_never_fits_either(workspace_desk: Desk) -> None:
    rule = {
        "method": "attribute_changes",
        "attribute": "custom_attributes.seats",
        "qualifying_values": [5, "many"],
    }
    errors = errors_of(workspace_desk.campaign, changed(qualification=rule))
    assert [error.partition(":")[0] for error in errors] == ["leads.qualification.qualifying_values[1]"]


def test_a_value_whose_attribute_has_changed_its_type_blocks_nothing_else(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    assert workspace_desk.connection is not None
    workspace_desk.connection.attributes.filter(full_name="custom_attributes.plan").update(
        data_type="integer"
    )
    assert workspace_desk.press("save", policy="skip").status_code == 302
    assert workspace_desk.saved().qualifying_values == ("pro", "team")


def test_a_rule_without_a_value_says_that_nobody_qualifies(workspace_desk: Desk) -> None:
    form = {**workspace_desk.form(), **WORKING, "method": "attribute_changes"}
    assert "Nobody qualifies yet" in read(workspace_desk.pieces("check", form)).text
    workspace_desk.press("save", form)
    assert workspace_desk.saved().qualifies


def test_a_rule_that_is_switched_off_is_forgotten_when_saved(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    workspace_desk.press("save", method="none")
    assert not workspace_desk.saved().qualifies
    assert workspace_desk.saved().rule_attribute == ""


def test_a_near_miss_is_told_and_may_be_saved(workspace_desk: Desk) -> None:
    assert workspace_desk.connection is not None
    workspace_desk.connection.attributes.filter(full_name="custom_attributes.plan").update(
        options=["Pro", "Team"]
    )
    form = {**workspace_desk.form(), **WORKING, **RULE}
    assert "Intercom spells it “Pro”" in read(workspace_desk.pieces("check", form)).text
    assert workspace_desk.press("save", form).status_code == 302


def test_a_row_whose_field_is_gone_does_not_block_other_changes(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    assert workspace_desk.connection is not None
    forget_field(workspace_desk.connection, "custom_attributes.lead_source")
    assert workspace_desk.press("save", policy="skip").status_code == 302
    assert workspace_desk.saved().policy is Policy.SKIP


# Two people at once ------------------------------------------------------------


@pytest.fixture
def raced(workspace_desk: Desk) -> tuple[Desk, dict[str, str]]:
    """Ed has the tab open and has changed it; meanwhile Amy has saved something else."""
    import_document(workspace_desk.campaign, WHOLE)
    mine = {**workspace_desk.form(), "action": "create_user"}
    amy = Desk(person("amy", *PEN), workspace_desk.campaign, None)
    amy.press("save", policy="skip")
    return workspace_desk, mine


def test_nothing_of_somebody_else_is_overwritten(raced: tuple[Desk, dict[str, str]]) -> None:
    desk, mine = raced
    page = read(desk.press("save", mine))
    assert desk.saved().policy is Policy.SKIP
    assert desk.saved().action is Action.CREATE_LEAD
    assert "amy saved these settings on" in page.text
    assert (
        "If the contact already exists: update the contact to mark it as referred → do nothing" in page.text
    )
    assert page.values["action"] == "create_user"


def test_a_workspace_taken_away_meanwhile_is_noticed(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    form = {**workspace_desk.form(), "action": "create_user"}
    import_document(workspace_desk.campaign, {"workspace": make_workspace("other123").workspace_id})
    assert "other123" in read(workspace_desk.press("save", form)).text
    assert workspace_desk.saved().action is Action.CREATE_LEAD


def test_mine_can_be_saved_instead(raced: tuple[Desk, dict[str, str]]) -> None:
    desk, mine = raced
    page = read(desk.press("save", mine))
    button = next(button for button in page.buttons if button.startswith("overwrite"))
    assert desk.press(button, page.values).status_code == 302
    assert desk.saved().action is Action.CREATE_USER
    assert desk.saved().policy is Policy.UPDATE


def test_a_third_change_is_not_overwritten_either(raced: tuple[Desk, dict[str, str]]) -> None:
    desk, mine = raced
    page = read(desk.press("save", mine))
    button = next(button for button in page.buttons if button.startswith("overwrite"))
    Desk(person("bob", *PEN), desk.campaign, None).press("save", action="nothing")
    assert "bob saved these settings" in read(desk.press(button, page.values)).text
    assert desk.saved().action is Action.NOTHING


def test_pressing_save_twice_is_no_conflict(workspace_desk: Desk) -> None:
    form = {**workspace_desk.form(), **WORKING}
    assert workspace_desk.press("save", form).status_code == 302
    assert workspace_desk.press("save", form).status_code == 302
    assert SyncSettings.objects.get(audience=Audience.LEAD).revision == 1


# Older versions ------------------------------------------------------------


def test_an_older_version_is_shown_and_not_saved(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    workspace_desk.press("save", action="nothing")
    page = workspace_desk.look(revision="1")
    assert page.values["action"] == "create_lead"
    assert "Nothing is saved yet" in page.text
    assert "Unsaved changes" in page.text
    assert workspace_desk.saved().action is Action.NOTHING
    workspace_desk.press("save", page.values)
    assert workspace_desk.saved().action is Action.CREATE_LEAD


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "9" * 40, "²", "<script>"])
def test_a_version_that_is_not_there_shows_what_is_saved(workspace_desk: Desk, number: str) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    page = workspace_desk.look(revision=number)
    assert page.values["action"] == "create_lead"
    assert "There is no version" in page.text
