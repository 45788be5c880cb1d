"""What a tab lacks before anything may be sent."""

from __future__ import annotations

import pytest
from hypothesis import given

from integrations.logic.setup import SetupCode, SetupProblem, setup_problems
from integrations.logic.types import Action, MapRow, TabSettings
from tests.integrations.logic.support import EMAIL_ROW, fixed, row, tab, tabs


def codes(*rows: MapRow) -> list[SetupCode]:
    settings = TabSettings(action=Action.CREATE_USER, rows=rows)
    return [problem.code for problem in setup_problems(settings)]


def test_own_email_alone_is_enough() -> None:
    assert codes(EMAIL_ROW) == []


def test_complete_rows_lack_nothing() -> None:
    assert setup_problems(tab(row("lead.first_name", "name"), fixed("0", "custom_attributes.n"))) == ()


def test_tab_that_does_nothing_lacks_nothing() -> None:
    assert setup_problems(TabSettings(action=Action.NOTHING, rows=(row("", ""),))) == ()


def test_no_rows_at_all_lack_the_email() -> None:
    assert setup_problems(TabSettings(action=Action.CREATE_LEAD)) == (
        SetupProblem(SetupCode.EMAIL_NOT_MAPPED, None, "email"),
    )


def test_email_row_with_empty_source_is_not_mapped() -> None:
    assert codes(row("", "email")) == [SetupCode.EMAIL_NOT_MAPPED]


@pytest.mark.parametrize(
    "other",
    [
        row("referrer.email", "email"),
        row("lead.Email", "email"),
        row("custom.email", "email"),
        fixed("sales@example.com", "email"),
        fixed("", "email"),
        fixed("lead.email", "email"),
    ],
)
def test_only_the_own_email_will_do(other: MapRow) -> None:
    assert codes(other) == [SetupCode.EMAIL_NOT_OWN]


def test_email_mapped_to_another_field_is_not_mapped() -> None:
    assert codes(row("lead.email", "custom_attributes.email")) == [SetupCode.EMAIL_NOT_MAPPED]


@pytest.mark.parametrize("value", ["", "  ", "\x00", "\u200b"])
def test_fixed_row_needs_something_to_see(value: str) -> None:
    assert codes(EMAIL_ROW, fixed(value, "name")) == [SetupCode.ROW_WITHOUT_VALUE]


def test_dynamic_row_needs_a_source() -> None:
    assert codes(EMAIL_ROW, row("", "name")) == [SetupCode.ROW_WITHOUT_SOURCE]


def test_row_needs_a_target() -> None:
    assert codes(EMAIL_ROW, row("lead.phone", "")) == [SetupCode.ROW_WITHOUT_TARGET]


def test_empty_row_lacks_both() -> None:
    assert codes(EMAIL_ROW, row("", "")) == [SetupCode.ROW_WITHOUT_SOURCE, SetupCode.ROW_WITHOUT_TARGET]


def test_two_empty_rows_are_no_duplicates() -> None:
    assert SetupCode.DUPLICATE_TARGET not in codes(EMAIL_ROW, row("", ""), row("", ""))


def test_second_row_for_one_field_is_named() -> None:
    problems = setup_problems(tab(row("lead.first_name", "name"), row("lead.full_name", "name")))
    assert problems == (SetupProblem(SetupCode.DUPLICATE_TARGET, 2, "name"),)


def test_second_email_row_is_a_duplicate_even_if_own() -> None:
    assert codes(EMAIL_ROW, EMAIL_ROW) == [SetupCode.DUPLICATE_TARGET]


def test_fields_that_differ_in_case_are_two() -> None:
    assert codes(EMAIL_ROW, fixed("a", "custom_attributes.x"), fixed("a", "custom_attributes.X")) == []


@given(settings=tabs)
def test_ready_tab_maps_exactly_one_own_email(settings: TabSettings) -> None:
    if settings.action is not Action.NOTHING and not setup_problems(settings):
        assert [r for r in settings.rows if r.target == "email"] == [EMAIL_ROW]
