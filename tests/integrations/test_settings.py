"""The panel as a JSON document: all or nothing, every error with its path, and there and back again."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns.models import Audience, Campaign, LeadFieldType
from integrations.logic.states import Reason
from integrations.logic.types import Attribute, TabSettings
from integrations.models import (
    ConnectionStatus,
    FieldMap,
    IntercomConnection,
    SettingsRevision,
    SyncSettings,
)
from integrations.services.settings import (
    FRESH,
    SettingsError,
    connection_of,
    current,
    export_document,
    held_tabs,
    import_document,
    missing_parts,
    parse,
)
from tests.campaigns.factories import make_campaign
from tests.integrations.panel import (
    EMAIL,
    NAME,
    RULE,
    SOURCE,
    WHOLE,
    changed,
    errors_of,
    forget_field,
    make_workspace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> IntercomConnection:
    return make_workspace()


@pytest.fixture
def campaign(workspace: IntercomConnection) -> Campaign:
    return make_campaign(slug="spring", fields={"seats": LeadFieldType.NUMBER})


def leads(campaign: Campaign) -> TabSettings:
    return current(campaign, Audience.LEAD)


def revisions() -> int:
    return SettingsRevision.objects.count()


# There and back ---------------------------------------------------------------------------------------


def test_a_whole_document_comes_out_as_it_went_in(campaign: Campaign) -> None:
    assert import_document(campaign, WHOLE) == ["leads", "referrers"]
    exported = export_document(campaign)
    with_default = {"if_present": "keep"}
    rows = [{**with_default, **row} for row in (EMAIL, NAME, SOURCE)]
    assert exported["leads"] == {**WHOLE["leads"], "field_map": rows}
    assert exported["referrers"] == {**WHOLE["referrers"], "field_map": rows[:1]}
    assert exported["workspace"] == "acme1234"


def test_importing_an_export_changes_nothing_and_makes_no_revision(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    rows = list(SyncSettings.objects.values())
    exported = json.loads(json.dumps(export_document(campaign)))
    assert import_document(campaign, exported) == []
    assert revisions() == 2
    assert list(SyncSettings.objects.values()) == rows


def test_a_fresh_campaign_goes_there_and_back_without_a_trace(campaign: Campaign) -> None:
    assert import_document(campaign, export_document(campaign)) == []
    assert not SyncSettings.objects.exists()


def test_a_campaign_with_one_tab_goes_there_and_back(campaign: Campaign) -> None:
    import_document(campaign, {"leads": WHOLE["leads"]})
    assert import_document(campaign, export_document(campaign)) == []
    assert SyncSettings.objects.get().audience == Audience.LEAD


def test_an_export_of_one_campaign_sets_up_another(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    other = make_campaign()
    assert import_document(other, export_document(campaign)) == ["leads", "referrers"]
    assert export_document(other) == export_document(campaign)


def test_what_has_disappeared_since_may_stay(campaign: Campaign, workspace: IntercomConnection) -> None:
    custom = {"data_type": "dynamic", "from": "custom.seats", "to": "custom_attributes.seats"}
    import_document(campaign, changed(field_map=[EMAIL, custom, SOURCE]))
    forget_field(workspace, "custom_attributes.lead_source")
    forget_field(workspace, "custom_attributes.plan")
    campaign.lead_fields.all().delete()
    assert import_document(campaign, export_document(campaign)) == []


def test_what_has_disappeared_may_not_be_added(campaign: Campaign, workspace: IntercomConnection) -> None:
    import_document(campaign, changed(field_map=[EMAIL, SOURCE]))
    forget_field(workspace, "custom_attributes.lead_source")
    row = {**SOURCE, "value": "Another"}
    (error,) = errors_of(campaign, changed(field_map=[EMAIL, row]))
    assert error.startswith("leads.field_map[1].to: ")


def test_one_and_true_are_two_values(campaign: Campaign) -> None:
    import_document(campaign, changed(qualification={**RULE, "qualifying_values": [1]}))
    again = changed(qualification={**RULE, "qualifying_values": [True]})
    assert import_document(campaign, again) == ["leads"]
    assert leads(campaign).qualifying_values[0] is True


@pytest.mark.parametrize("value", [0, False, 1.5, -3, 1e-7, 2**63 - 1, "é\u200d😀 \"'", "x" * 10_000])
def test_a_value_comes_back_as_it_was(campaign: Campaign, value: Any) -> None:
    import_document(campaign, changed(qualification={**RULE, "qualifying_values": [value]}))
    (found,) = leads(campaign).qualifying_values
    assert (found, type(found)) == (value, type(value))


# What an import does ----------------------------------------------------------------------------------


def test_a_section_that_is_left_out_stays_as_it_was(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    assert import_document(campaign, {"leads": {"action": "nothing"}}) == ["leads"]
    assert export_document(campaign)["leads"] == {**export_document(campaign)["leads"], "action": "nothing"}
    assert leads(campaign).qualifying_values == ("pro", "team")


def test_a_rule_is_taken_away_by_method_none(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    import_document(campaign, {"leads": {"qualification": {"method": "none"}}})
    assert (leads(campaign).qualifies, leads(campaign).rule_attribute) == (False, "")


def test_a_revision_says_who_and_what(campaign: Campaign) -> None:
    user = User.objects.create_user("ana")
    import_document(campaign, {"leads": WHOLE["leads"]}, user=user)
    revision = SettingsRevision.objects.get()
    assert (revision.number, revision.made_by) == (1, user)
    assert revision.content["workspace"] == "acme1234"
    assert revision.content["qualification"] == RULE


def test_each_change_makes_the_next_revision(campaign: Campaign) -> None:
    import_document(campaign, {"leads": {"action": "create_lead"}})
    import_document(campaign, {"leads": {"action": "create_user"}})
    assert leads(campaign).revision == 2


def test_a_save_wakes_the_workspace_after_the_commit(
    campaign: Campaign,
    workspace: IntercomConnection,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        import_document(campaign, WHOLE)
        assert not IntercomConnection.objects.get(pk=workspace.pk).dirty
    assert IntercomConnection.objects.get(pk=workspace.pk).dirty


def test_numbers_and_booleans_may_stand_without_quotes(campaign: Campaign) -> None:
    rows = [
        EMAIL,
        {"data_type": "fixed", "value": 5, "to": "custom_attributes.seats"},
        {"data_type": "fixed", "value": True, "to": "custom_attributes.active"},
    ]
    import_document(campaign, changed(field_map=rows))
    assert [row.value for row in leads(campaign).rows] == ["", "5", "true"]


def test_spaces_around_a_name_do_not_matter(campaign: Campaign) -> None:
    import_document(campaign, changed(field_map=[{**EMAIL, "to": " email ", "from": "lead.email\n"}]))
    assert (leads(campaign).rows[0].target, leads(campaign).rows[0].source) == ("email", "lead.email")


@pytest.mark.parametrize(
    ("field_map", "missing"),
    [
        ([], "leads.field_map: email must be mapped"),
        ([{"to": "email"}], "leads.field_map[0]: email must be mapped"),
        ([EMAIL, {"to": "name"}], "leads.field_map[1]: says where to write but not what"),
        ([EMAIL, {"data_type": "fixed", "to": "name"}], "leads.field_map[1]: has no value yet"),
        ([EMAIL, {"from": "lead.phone"}], "leads.field_map[1]: says what to write but not where"),
    ],
)
def test_incomplete_settings_are_taken_and_what_is_missing_is_named(
    campaign: Campaign, field_map: list[Any], missing: str
) -> None:
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": field_map}})
    (line,) = missing_parts(campaign)
    assert line.startswith(missing)
    assert held_tabs(campaign) == {"leads": Reason.SETUP_REQUIRED}


def test_an_unfinished_rule_is_taken_and_named(campaign: Campaign) -> None:
    import_document(campaign, changed(qualification={"method": "attribute_changes"}))
    assert [line.partition(":")[0] for line in missing_parts(campaign)] == [
        "leads.qualification.attribute",
        "leads.qualification.qualifying_values",
    ]


def test_a_complete_panel_lacks_nothing(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    assert missing_parts(campaign) == []
    assert held_tabs(campaign) == {"leads": Reason.NONE, "referrers": Reason.NONE}


def test_a_tab_that_does_nothing_lacks_nothing(campaign: Campaign) -> None:
    import_document(campaign, {"leads": {"action": "nothing", "duplicates": "update"}})
    assert missing_parts(campaign) == []


def test_a_row_that_stays_keeps_its_field_problem(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    FieldMap.objects.exclude(target="email").update(problem="archived", problem_at=timezone.now())
    rows = [EMAIL, {**NAME, "from": "lead.first_name"}, {**SOURCE, "if_present": "overwrite"}]
    import_document(campaign, changed(field_map=rows))
    assert [row.problem for row in FieldMap.objects.filter(settings__audience="lead")] == ["", "", "archived"]


# The workspace ----------------------------------------------------------------------------------------


def test_the_only_workspace_need_not_be_named(campaign: Campaign, workspace: IntercomConnection) -> None:
    import_document(campaign, {"leads": WHOLE["leads"]})
    assert connection_of(campaign) == workspace


def test_a_campaign_keeps_its_workspace_when_there_are_more(
    campaign: Campaign, workspace: IntercomConnection
) -> None:
    import_document(campaign, WHOLE)
    make_workspace("beta")
    import_document(campaign, {"leads": {"action": "nothing"}})
    assert connection_of(campaign) == workspace


def test_several_workspaces_must_be_told_apart(campaign: Campaign) -> None:
    make_workspace("beta")
    assert errors_of(campaign, {"leads": WHOLE["leads"]}) == [
        "workspace: several workspaces are connected: name one"
    ]


def test_without_any_workspace_settings_are_taken_and_wait() -> None:
    campaign = make_campaign()
    import_document(campaign, {"leads": WHOLE["leads"]})
    assert held_tabs(campaign) == {"leads": Reason.NOT_CONNECTED}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("beta", "“beta” is not connected; connected are: acme1234"),
        ("", "“” is not connected; connected are: acme1234"),
        ("x" * 9999, f"“{'x' * 59}…” is not connected; connected are: acme1234"),
        (1234, "must be text in quotes"),
        (None, "must be text in quotes"),
        (["acme1234"], "must be text in quotes"),
        ("a\0b", "contains characters that cannot be stored"),
    ],
)
def test_an_unknown_workspace_is_named(campaign: Campaign, value: Any, error: str) -> None:
    assert errors_of(campaign, {**WHOLE, "workspace": value}) == [f"workspace: {error}"]
    assert not SyncSettings.objects.exists()


def test_a_disconnected_workspace_is_no_workspace_but_for_its_own_campaigns(
    campaign: Campaign, workspace: IntercomConnection
) -> None:
    import_document(campaign, WHOLE)
    workspace.status = ConnectionStatus.DISCONNECTED
    workspace.save(update_fields=["status"])
    assert import_document(campaign, export_document(campaign)) == []
    assert "connected are: none" in errors_of(make_campaign(), WHOLE)[0]


def test_a_campaign_moves_to_another_workspace_with_both_tabs(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    beta = make_workspace("beta")
    moved = import_document(campaign, {"workspace": "beta"})
    assert moved == ["leads", "referrers"]
    assert set(SyncSettings.objects.values_list("connection", flat=True)) == {beta.pk}


def test_a_move_asks_whether_the_new_workspace_has_the_fields(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    make_workspace("beta", fields=(Attribute("email", "Email", "string"),))
    paths = [error.partition(":")[0] for error in errors_of(campaign, {**WHOLE, "workspace": "beta"})]
    assert paths == ["leads.field_map[2].to", "leads.qualification.attribute"]


def test_of_one_id_in_two_regions_the_campaigns_own_counts(
    campaign: Campaign, workspace: IntercomConnection
) -> None:
    own = make_workspace(region="EU")
    import_document(campaign, {"leads": {"action": "nothing", "marks": True}, "workspace": "acme1234"})
    SyncSettings.objects.update(connection=own)
    import_document(campaign, {"leads": {"marks": False}, "workspace": "acme1234"})
    assert connection_of(campaign) == own != workspace


# What is refused --------------------------------------------------------------------------------------

RULE_PATH = "leads.qualification"


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ([], "document: must be an object in braces"),
        (None, "document: must be an object in braces"),
        ("leads", "document: must be an object in braces"),
        ({"lead": {}}, "lead: is not known here; known are workspace, leads, referrers"),
        ({"leads": []}, "leads: must be an object in braces"),
        ({"leads": None}, "leads: must be an object in braces"),
        ({"leads": {"policy": "skip"}}, "leads.policy: is not known here"),
        ({"referrers": {"qualification": RULE}}, "referrers.qualification: is not known here"),
        (
            changed(action="create_contact"),
            "leads.action: “create_contact” is not one of nothing, create_lead",
        ),
        (changed(action=None), "leads.action: “None” is not one of"),
        (changed(action=["nothing"]), "leads.action: “['nothing']” is not one of"),
        (changed(duplicates="ask"), "leads.duplicates: “ask” is not one of skip, update"),
        (changed(marks="yes"), "leads.marks: must be true or false"),
        (changed(marks=1), "leads.marks: must be true or false"),
        (changed(field_map={}), "leads.field_map: must be a list in brackets"),
        (changed(field_map=[[]]), "leads.field_map[0]: must be an object in braces"),
        (changed(qualification=[]), f"{RULE_PATH}: must be an object in braces"),
        (
            changed(qualification={"method": "tags"}),
            f"{RULE_PATH}.method: “tags” is not one of none, attribute",
        ),
        (changed(qualification={"attribute": "x"}), f"{RULE_PATH}.method: “” is not one of"),
        (
            changed(qualification={"method": "none", "attribute": "x"}),
            f"{RULE_PATH}.attribute: is not known here",
        ),
    ],
)
def test_a_wrong_shape_is_named(campaign: Campaign, document: Any, error: str) -> None:
    assert errors_of(campaign, document)[0].startswith(error)
    assert not SyncSettings.objects.exists()


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"data_type": "formula"}, "data_type: “formula” is not one of dynamic, fixed"),
        ({"from": 5, "to": "name"}, "from: must be text in quotes"),
        (
            {"from": "lead.age", "to": "name"},
            "from: “lead.age” is not a field of this campaign; known are lead.",
        ),
        ({"from": "x" * 101, "to": "name"}, "from: is longer than 100 characters"),
        ({"from": "lead.phone", "to": None}, "to: must be text in quotes"),
        ({"from": "lead.phone", "to": "role"}, "to: role may not be written from here"),
        ({"from": "lead.phone", "to": "unsubscribed_from_emails"}, "to: unsubscribed_from_emails may not"),
        ({"from": "lead.phone", "to": "custom_attributes."}, "to: custom_attributes. may not be written"),
        ({"from": "lead.phone", "to": "custom_attributes.new"}, "to: the workspace has no field custom_"),
        ({"from": "lead.phone", "to": "custom_attributes.old"}, "to: the workspace has no field custom_"),
        ({"from": "lead.phone", "to": "custom_attributes.seen"}, "to: the workspace has no field custom_"),
        ({"from": "lead.phone", "to": f"custom_attributes.{'x' * 300}"}, "to: is longer than 300 characters"),
        ({"from": "lead.email", "to": "email"}, "to: email is mapped twice"),
        ({"from": "lead.phone", "to": "phone", "if_present": "ask"}, "if_present: “ask” is not one of keep"),
        ({"from": "lead.phone", "to": "phone", "value": "x"}, "value: is not known here"),
        ({"data_type": "fixed", "value": "x", "to": "name", "from": "lead.phone"}, "from: is not known here"),
        ({"data_type": "fixed", "value": None, "to": "name"}, "value: must be text in quotes"),
        ({"data_type": "fixed", "value": ["x"], "to": "name"}, "value: must be text in quotes"),
        (
            {"data_type": "fixed", "value": "x" * 10_001, "to": "name"},
            "value: is longer than 10000 characters",
        ),
        ({"data_type": "fixed", "value": "a\0b", "to": "name"}, "value: contains characters that cannot"),
        ({"data_type": "fixed", "value": "\ud83d", "to": "name"}, "value: contains characters that cannot"),
        ({"data_type": "fixed", "value": math.inf, "to": "name"}, "value: is not a number that Intercom can"),
        ({"data_type": "fixed", "value": 10**30, "to": "name"}, "value: is not a number that Intercom can"),
        ({"from": "lead.phone\0", "to": "name"}, "from: contains characters that cannot be stored"),
        ({"to": "pho\0ne"}, "to: contains characters that cannot be stored"),
    ],
)
def test_a_wrong_row_is_named(campaign: Campaign, row: Any, error: str) -> None:
    document = changed(field_map=[EMAIL, row])
    assert any(line.startswith(f"leads.field_map[1].{error}") for line in errors_of(campaign, document))
    assert not SyncSettings.objects.exists()


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"data_type": "fixed", "value": "7", "to": "external_id"}, "data_type"),
        ({"data_type": "dynamic", "from": "campaign.name", "to": "external_id"}, "from"),
        ({"data_type": "dynamic", "from": "referrer.email", "to": "external_id"}, "from"),
        ({"data_type": "dynamic", "from": "lead.company", "to": "external_id"}, "from"),
    ],
)
@pytest.mark.parametrize("action", ["create_user", "create_lead", "nothing"])
def test_an_external_id_takes_no_value_that_others_share(
    campaign: Campaign, row: dict[str, str], place: str, action: str
) -> None:
    errors = errors_of(campaign, changed(action=action, field_map=[EMAIL, row]))
    assert [error.partition(" ")[0] for error in errors] == [f"leads.field_map[1].{place}:"]
    assert "the person's alone, such as lead.id" in errors[0]


@pytest.mark.parametrize("source", ["lead.id", "lead.email", "lead.referral_code", "custom.seats"])
def test_an_external_id_takes_the_persons_own(campaign: Campaign, source: str) -> None:
    row = {"data_type": "dynamic", "from": source, "to": "external_id"}
    assert import_document(campaign, changed(action="create_user", field_map=[EMAIL, row])) == [
        "leads",
        "referrers",
    ]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"data_type": "fixed", "value": "info@example.com", "to": "email"}, "data_type"),
        ({"data_type": "dynamic", "from": "referrer.email", "to": "email"}, "from"),
        ({"data_type": "dynamic", "from": "lead.phone", "to": "email"}, "from"),
    ],
)
@pytest.mark.parametrize("action", ["create_lead", "nothing"])
def test_email_takes_the_persons_own_email_alone(
    campaign: Campaign, row: dict[str, str], place: str, action: str
) -> None:
    assert errors_of(campaign, changed(action=action, field_map=[row])) == [
        f"leads.field_map[0].{place}: email takes the person's own email alone: dynamic, from lead.email"
    ]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"attribute": 5}, "attribute: must be text in quotes"),
        ({"attribute": "custom_attributes.new"}, "attribute: the workspace has no data attribute custom_"),
        ({"attribute": "custom_attributes.old"}, "attribute: the workspace has no data attribute custom_"),
        ({"attribute": "custom_attributes.referred"}, "attribute: custom_attributes.referred marks every"),
        ({"attribute": "location.country"}, "attribute: a rule cannot watch location.country; it can watch"),
        ({"attribute": "created_at"}, "attribute: a rule cannot watch created_at; it can watch data"),
        ({"attribute": "x" * 301}, "attribute: is longer than 300 characters"),
        ({"attribute": "custom_attributes.seen"}, "initial_value: custom_attributes.seen may not be written"),
        ({"initial_value": []}, "initial_value: must be text, a number, true or false"),
        ({"initial_value": "pro"}, "initial_value: would itself qualify every new contact"),
        ({"initial_value": " pro "}, "initial_value: would itself qualify every new contact"),
        ({"initial_value": math.nan}, "initial_value: is not a number that Intercom can keep"),
        ({"qualifying_values": "pro"}, "qualifying_values: must be a list in brackets"),
        ({"qualifying_values": {}}, "qualifying_values: must be a list in brackets"),
        ({"qualifying_values": ["pro", None]}, "qualifying_values[1]: must be text, a number, true or false"),
        ({"qualifying_values": [["pro"]]}, "qualifying_values[0]: must be text, a number, true or false"),
        ({"qualifying_values": [" "]}, "qualifying_values[0]: is empty"),
        ({"qualifying_values": ["x", "a\0"]}, "qualifying_values[1]: contains characters that cannot be"),
        ({"qualifying_values": ["x" * 10_001]}, "qualifying_values[0]: is longer than 10000 characters"),
        ({"qualifying_values": [2**63]}, "qualifying_values[0]: is not a number that Intercom can keep"),
        ({"values": ["pro"]}, "values: is not known here"),
    ],
)
def test_a_wrong_rule_is_named(campaign: Campaign, rule: dict[str, Any], error: str) -> None:
    document = changed(qualification={**RULE, **rule})
    assert errors_of(campaign, document)[0].startswith(f"{RULE_PATH}.{error}")


@pytest.mark.parametrize(
    ("attribute", "written", "qualifying"),
    [
        ("plan", "pro", "pro"),
        ("plan", "5", 5),
        ("seats", "5", 5),
        ("seats", 5, "5.0"),
        ("active", "yes", True),
        ("active", True, "true"),
    ],
)
def test_a_fixed_value_that_qualifies_is_refused_however_it_is_written(
    campaign: Campaign, attribute: str, written: Any, qualifying: Any
) -> None:
    name = f"custom_attributes.{attribute}"
    row = {"data_type": "fixed", "value": written, "to": name}
    rule = {"method": "attribute_changes", "attribute": name, "qualifying_values": [qualifying]}
    assert errors_of(campaign, changed(field_map=[EMAIL, row], qualification=rule)) == [
        "leads.field_map[1].value: writes a qualifying value to every new contact"
    ]


def test_a_fixed_value_that_differs_in_case_does_not_qualify(campaign: Campaign) -> None:
    row = {"data_type": "fixed", "value": "PRO", "to": "custom_attributes.plan"}
    assert import_document(campaign, changed(field_map=[EMAIL, row])) != []


def test_a_rule_is_checked_against_rows_that_stand_already(campaign: Campaign) -> None:
    row = {"data_type": "fixed", "value": "pro", "to": "custom_attributes.plan"}
    import_document(campaign, {"leads": {"field_map": [EMAIL, row]}})
    errors = errors_of(campaign, {"leads": {"qualification": RULE}})
    assert errors == ["leads.field_map[1].value: writes a qualifying value to every new contact"]


def test_every_error_is_told_and_nothing_is_changed(campaign: Campaign) -> None:
    import_document(campaign, WHOLE)
    before = export_document(campaign)
    document = {
        "leads": {"action": "no", "field_map": [{"from": "x", "to": "role"}], "marks": 5},
        "referrers": {"action": "create_lead", "duplicates": "no"},
        "other": 1,
    }
    paths = [error.partition(":")[0] for error in errors_of(campaign, document)]
    assert paths == [
        "other",
        "leads.action",
        "leads.marks",
        "leads.field_map[0].from",
        "leads.field_map[0].to",
        "referrers.duplicates",
    ]
    assert (export_document(campaign), revisions()) == (before, 2)


def test_good_tabs_are_not_saved_when_the_other_is_bad(campaign: Campaign) -> None:
    errors_of(campaign, {"leads": WHOLE["leads"], "referrers": {"action": "no"}})
    assert not SyncSettings.objects.exists()


def test_deep_nesting_in_a_document_is_named(campaign: Campaign) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    (error,) = errors_of(campaign, {"leads": {"field_map": deep}})
    assert error.endswith("is nested too deeply")


def test_a_key_that_cannot_be_stored_or_shown_is_named(campaign: Campaign) -> None:
    (error,) = errors_of(campaign, {"leads": {"a\0\ud800": 1}})
    assert error == "leads: a name in it contains characters that cannot be stored"
    assert "\x1b" not in errors_of(campaign, {"\x1b[31mred": 1})[0]


def test_people_may_join_while_settings_are_saved(campaign: Campaign) -> None:
    """Their rows refer to the campaign and the tab: PostgreSQL must not lock those against it."""
    with database.execute_wrapper(_no_full_lock):
        import_document(campaign, WHOLE)
        import_document(campaign, {"leads": {"action": "create_user"}})
    assert revisions() == 3


def _no_full_lock(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    referred_to = ('FROM "campaigns_campaign"', 'FROM "integrations_syncsettings"')
    assert not (sql.endswith("FOR UPDATE") and any(table in sql for table in referred_to))
    return execute(sql, params, many, context)


# Reading text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "the file is empty"),
        (" \n\t", "the file is empty"),
        ('{"leads": {\n  "action": nothing}}', "line 2, column 13: Expecting value"),
        ('{"leads": }', "line 1, column 11: Expecting value"),
        ('{"a": 1} {}', "line 1, column 10: Extra data"),
        ("{'leads': {}}", "line 1, column 2: Expecting property name"),
        ('{"a": "x\ty"}', "line 1, column 9: Invalid control character"),
        ("[" * 100_000, "the file is nested too deeply"),
        ("\0", "line 1, column 1: Expecting value"),
    ],
)
def test_what_is_no_json_is_told_with_line_and_column(text: str, error: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(text)
    (line,) = refused.value.errors
    assert line.startswith(error)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"leads": {"marks": NaN}}', "leads.marks: is not a number that Intercom can keep"),
        ('{"leads": {"marks": -Infinity}}', "leads.marks: is not a number that Intercom can keep"),
        ('{"leads": {"marks": 1e999}}', "leads.marks: is not a number that Intercom can keep"),
        ('{"leads": {"marks": %s}}' % ("9" * 9000), "leads.marks: is not a number that Intercom can keep"),
        ('{"leads": {"action": "\\u0000"}}', "leads.action: contains characters that cannot be stored"),
        ('{"leads": {"action": "\\ud800"}}', "leads.action: contains characters that cannot be stored"),
        ('{"leads": {"marks": true, "marks": true}}', "leads.marks: stands twice in the same object"),
        ('{"leads": {}, "leads": {}}', "leads: stands twice in the same object"),
    ],
)
def test_what_json_allows_and_a_database_does_not_is_named(campaign: Campaign, text: str, error: str) -> None:
    assert errors_of(campaign, parse(text)) == [error]


def test_many_keys_are_no_trouble(campaign: Campaign) -> None:
    text = "{" + ",".join(f'"k{number}": 0' for number in range(50_000)) + "}"
    assert len(errors_of(campaign, parse(text))) == 50_000


# A fresh tab ------------------------------------------------------------------------------------------


def test_a_fresh_tab_shows_the_email_row_with_its_source_to_choose(campaign: Campaign) -> None:
    assert leads(campaign) == FRESH
    assert export_document(campaign) == {
        "leads": {
            "action": "nothing",
            "field_map": [{"data_type": "dynamic", "from": "", "to": "email", "if_present": "keep"}],
            "duplicates": "skip",
            "marks": False,
            "qualification": {"method": "none"},
        },
        "referrers": {
            "action": "nothing",
            "field_map": [{"data_type": "dynamic", "from": "", "to": "email", "if_present": "keep"}],
            "duplicates": "skip",
            "marks": False,
        },
    }


def test_naming_a_workspace_connects_a_fresh_campaign(
    campaign: Campaign, workspace: IntercomConnection
) -> None:
    import_document(campaign, {"workspace": "acme1234"})
    assert connection_of(campaign) == workspace


@pytest.mark.parametrize(
    ("value", "target", "says"),
    [
        ("many", "custom_attributes.company_size", "takes a value of type integer"),
        ("Gold", "custom_attributes.plan", "takes one of: Free, Pro, Enterprise"),
        ("perhaps", "custom_attributes.newsletter", "takes a value of type boolean"),
    ],
)
def test_a_fixed_value_that_its_field_never_takes_is_refused(
    connection: IntercomConnection, value: str, target: str, says: str
) -> None:
    campaign = make_campaign()
    rows = [EMAIL, {"data_type": "fixed", "value": value, "to": target}]
    with pytest.raises(SettingsError) as refused:
        import_document(campaign, {"leads": {"field_map": rows}})
    assert refused.value.errors[0].startswith("leads.field_map[1].value")
    assert says in refused.value.errors[0]


def test_more_rows_than_a_tab_can_show_are_refused() -> None:
    rows = [{"data_type": "fixed", "value": "x", "to": f"custom_attributes.a{n}"} for n in range(250)]
    errors = errors_of(make_campaign(), changed(field_map=[EMAIL, *rows]))
    assert "leads.field_map: has more than 250 rows" in errors
