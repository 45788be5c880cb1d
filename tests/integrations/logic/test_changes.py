"""What two versions of a tab differ in: rows are paired as a person would pair them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.logic.changes import Part, RowChange, differences
from integrations.logic.types import Action, DataType, IfPresent, MapRow, Policy, TabSettings

EMAIL = MapRow(DataType.DYNAMIC, "email", source="lead.email")
NAME = MapRow(DataType.DYNAMIC, "name", source="lead.first_name")
PLAN = MapRow(DataType.FIXED, "custom_attributes.plan", value="trial")
BLANK = MapRow(DataType.DYNAMIC, "")
BEFORE = TabSettings(action=Action.CREATE_LEAD, rows=(EMAIL, NAME))
RULE = TabSettings(
    qualifies=True, rule_attribute="custom_attributes.plan", rule_initial=1, qualifying_values=(1,)
)


def test_nothing_changed() -> None:
    assert not differences(BEFORE, BEFORE)


def test_the_number_of_the_revision_is_no_change() -> None:
    assert not differences(BEFORE, replace(BEFORE, revision=7))


@pytest.mark.parametrize(
    ("after", "part"),
    [
        (replace(BEFORE, action=Action.NOTHING), Part.ACTION),
        (replace(BEFORE, policy=Policy.UPDATE), Part.POLICY),
        (replace(BEFORE, marks=True), Part.MARKS),
        (replace(BEFORE, rows=(NAME, EMAIL)), Part.ORDER),
    ],
)
def test_one_part_changed(after: TabSettings, part: Part) -> None:
    assert differences(BEFORE, after).parts == (part,)
    assert differences(BEFORE, after).rows == ()


def test_true_is_not_one() -> None:
    found = differences(RULE, replace(RULE, rule_initial=True, qualifying_values=(True,)))

    assert found.parts == (Part.RULE_INITIAL, Part.QUALIFYING_VALUES)


def test_what_a_rule_says_matters_only_where_there_is_one() -> None:
    assert differences(RULE, replace(RULE, qualifies=False, rule_attribute="")).parts == (Part.QUALIFIES,)


def test_a_row_that_writes_to_the_same_field_was_changed() -> None:
    fresh = replace(NAME, source="lead.full_name")

    assert differences(BEFORE, replace(BEFORE, rows=(EMAIL, fresh))).rows == (RowChange(NAME, fresh),)


def test_a_row_that_takes_from_the_same_place_was_changed() -> None:
    moved = replace(NAME, target="custom_attributes.nick")

    assert differences(BEFORE, replace(BEFORE, rows=(EMAIL, moved))).rows == (RowChange(NAME, moved),)


def test_two_rows_that_swap_their_fields_are_paired_by_the_field() -> None:
    one, two = (
        replace(NAME, source="lead.company"),
        replace(PLAN, data_type=DataType.DYNAMIC, source="lead.id"),
    )
    swapped = (replace(one, source="lead.id"), replace(two, source="lead.company", value=two.value))
    found = differences(replace(BEFORE, rows=(one, two)), replace(BEFORE, rows=swapped))

    assert [(pair.before, pair.after) for pair in found.rows] == list(zip((one, two), swapped, strict=True))


def test_rows_come_and_go() -> None:
    found = differences(BEFORE, replace(BEFORE, rows=(EMAIL, PLAN)))

    assert found.rows == (RowChange(NAME, None), RowChange(None, PLAN))
    assert found.parts == ()


def test_a_second_blank_row_is_a_row_more() -> None:
    before = replace(BEFORE, rows=(EMAIL, BLANK))
    found = differences(before, replace(before, rows=(EMAIL, BLANK, BLANK)))

    assert (found.parts, found.rows) == ((), (RowChange(None, BLANK),))


def test_blank_rows_are_never_paired_with_others() -> None:
    found = differences(replace(BEFORE, rows=(BLANK,)), replace(BEFORE, rows=(PLAN,)))

    assert found.rows == (RowChange(BLANK, None), RowChange(None, PLAN))


def test_another_way_with_present_values_is_a_change() -> None:
    other = replace(NAME, if_present=IfPresent.OVERWRITE)

    assert differences(BEFORE, replace(BEFORE, rows=(EMAIL, other))).rows == (RowChange(NAME, other),)
