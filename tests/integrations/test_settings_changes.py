"""The words for what changed in a tab, as two admins and the history read them."""

from __future__ import annotations

from dataclasses import replace

from integrations.logic.types import Action, Attribute, DataType, IfPresent, MapRow, Policy, TabSettings
from integrations.services.settings_changes import MOST_LINES, changes_in_words, workspace_moved

SOURCES = {"lead.email": "Email", "lead.first_name": "First Name"}
ATTRIBUTES = {
    "email": Attribute("email", "Email", "string"),
    "name": Attribute("name", "Name", "string"),
    "custom_attributes.plan": Attribute("custom_attributes.plan", "Plan", "string", custom=True),
    "custom_attributes.since": Attribute("custom_attributes.since", "Since", "date", custom=True),
    "custom_attributes.paid": Attribute("custom_attributes.paid", "Paid", "boolean", custom=True),
}
EMAIL = MapRow(DataType.DYNAMIC, "email", source="lead.email")
NAME = MapRow(DataType.DYNAMIC, "name", source="lead.first_name")
BEFORE = TabSettings(rows=(EMAIL,))


def words(after: TabSettings, before: TabSettings = BEFORE) -> list[str]:
    return changes_in_words(before, after, sources=SOURCES, attributes=ATTRIBUTES)


def test_no_change_needs_no_words() -> None:
    assert words(BEFORE) == []


def test_the_action_comes_first() -> None:
    after = replace(BEFORE, action=Action.CREATE_LEAD, rows=(EMAIL, NAME), policy=Policy.UPDATE, marks=True)

    assert words(after) == [
        "Action: Nothing to action → Create New Lead In Intercom",
        "Field added: First Name → Name",
        "If the contact already exists: do nothing → update the contact to mark it as referred",
        "Mark as referred: no → yes",
    ]


def test_a_removed_field_is_named() -> None:
    assert words(BEFORE, replace(BEFORE, rows=(EMAIL, NAME))) == ["Field removed: First Name → Name"]


def test_a_changed_field_is_told_before_and_after() -> None:
    after = replace(BEFORE, rows=(EMAIL, MapRow(DataType.FIXED, "name", value=" x ")))

    assert words(after, replace(BEFORE, rows=(EMAIL, NAME))) == [
        "Field changed: First Name → Name is now “ x ” → Name"
    ]


def test_only_what_happens_to_present_values_changed() -> None:
    before = replace(BEFORE, rows=(EMAIL, NAME))
    after = replace(BEFORE, rows=(EMAIL, replace(NAME, if_present=IfPresent.OVERWRITE)))

    assert words(after, before) == [
        "Field changed: First Name → Name, if the contact already has a value: Keep it → Overwrite"
    ]


def test_what_has_no_label_any_more_is_called_by_its_key() -> None:
    row = MapRow(DataType.DYNAMIC, "custom_attributes.gone", source="custom.gone")

    assert words(replace(BEFORE, rows=(EMAIL, row))) == ["Field added: custom.gone → gone"]


def test_what_is_not_chosen_yet_is_said() -> None:
    assert words(replace(BEFORE, rows=(EMAIL, MapRow(DataType.DYNAMIC, "")))) == [
        "Field added: nothing chosen yet → nothing chosen yet"
    ]


def test_what_was_still_open_is_said_to_be_completed() -> None:
    before = replace(BEFORE, rows=(MapRow(DataType.DYNAMIC, "email"),))

    assert words(BEFORE, before) == ["Field completed: Email → Email"]


def test_a_new_rule_is_told_whole() -> None:
    after = replace(
        BEFORE,
        qualifies=True,
        rule_attribute="custom_attributes.plan",
        rule_initial="trial",
        qualifying_values=("pro", 5),
    )

    assert words(after) == [
        "Qualification: Do not qualify my referrals → Data attribute would change",
        "Data attribute that qualifies: Plan",
        "Data attribute when the contact is created: “trial”",
        "Values that qualify: “pro”, “5”",
    ]


def test_values_of_a_rule_read_as_they_are_typed() -> None:
    day = 1_777_593_600
    rule = TabSettings(qualifies=True, rule_attribute="custom_attributes.since", qualifying_values=(day,))
    flag = replace(
        rule, rule_attribute="custom_attributes.paid", rule_initial=False, qualifying_values=(True,)
    )
    assert words(rule, TabSettings())[1:] == [
        "Data attribute that qualifies: Since",
        "Values that qualify: “2026-05-01”",
    ]
    assert words(flag, rule) == [
        "Data attribute that qualifies: Since → Paid",
        "Data attribute when the contact is created: empty → “no”",
        "Values that qualify: “2026-05-01” → “yes”",
    ]


def test_a_long_value_is_cut() -> None:
    (line,) = words(replace(BEFORE, rows=(EMAIL, MapRow(DataType.FIXED, "name", value="x" * 10_000))))

    assert len(line) < 100


def test_very_many_changes_are_counted() -> None:
    rows = tuple(MapRow(DataType.DYNAMIC, f"custom_attributes.a{n}", source="lead.email") for n in range(60))
    lines = words(replace(BEFORE, rows=(EMAIL, *rows)))

    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "and 10 more changes"


def test_the_workspace_moved() -> None:
    names = {"a1": "Acme"}

    assert workspace_moved("a1", "b2", names=names) == "Moved from Acme to b2"
    assert workspace_moved(None, "a1", names=names) == "Connected to Acme"
    assert workspace_moved("a1", None, names=names) == "Disconnected from Acme"
    assert workspace_moved("a1", "a1", names=names) == ""
