"""From rows and a person's values to what is written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given

from integrations.logic.mapping import (
    FORBIDDEN_TARGETS,
    MARKS,
    Mapped,
    create_body,
    map_values,
    normal_email,
    source_keys,
    target_allowed,
)
from integrations.logic.notes import NoteCode
from integrations.logic.types import Action, Attribute, Role, SourceValue, TabSettings
from tests.integrations.logic.support import (
    attribute,
    fixed,
    is_sendable,
    listed,
    row,
    tab,
    tabs,
    values,
    workspaces,
)

PERSON: dict[str, SourceValue] = {
    "lead.email": " Ana@Example.com ",
    "lead.first_name": "Ana María",
    "lead.phone": "+351 912 345 678",
    "lead.joined_at": datetime(2026, 1, 2, tzinfo=UTC),
    "campaign.name": "Spring",
    "referrer.full_name": "Bo de la Cruz",
}
ALL_MARKS = [attribute(kind, name=name) for name, kind in MARKS.items()]


def mapped(settings: TabSettings, *known: Attribute, **changes: SourceValue) -> Mapped:
    person = {**PERSON, **{k.replace("__", "."): v for k, v in changes.items()}}
    return map_values(settings, values=person, attributes=listed(*known))


def notes(result: Mapped) -> list[tuple[NoteCode, str]]:
    return [(note.code, note.target) for note in result.notes]


@pytest.mark.parametrize("text", ["ana@x.com", " ANA@X.com\n", "Ana@x.COM\x00", "\u00a0ana@X.com"])
def test_email_has_one_spelling(text: str) -> None:
    assert normal_email(text) == "ana@x.com"


def test_email_is_sent_in_one_spelling() -> None:
    assert mapped(tab()).standard == {"email": "ana@example.com"}


def test_email_is_the_persons_own_whatever_the_rows_say() -> None:
    settings = TabSettings(
        action=Action.CREATE_LEAD, rows=(fixed("sales@example.com", "email"),), marks=False
    )
    assert mapped(settings).standard == {"email": "ana@example.com"}


def test_email_in_the_list_of_attributes_cannot_forbid_it() -> None:
    assert mapped(tab(), Attribute("email", "Email", "string", writable=False)).standard["email"]


@pytest.mark.parametrize("missing", [None, "", "  ", 7])
def test_person_without_an_email_has_none_written(missing: SourceValue) -> None:
    assert mapped(tab(), lead__email=missing).standard == {}


def test_names_are_whole() -> None:
    assert mapped(tab(row("lead.first_name", "name"))).standard["name"] == "Ana María"


def test_missing_value_is_left_out_in_silence() -> None:
    result = mapped(
        tab(row("lead.phone", "phone"), row("lead.nothing", "custom_attributes.x")), lead__phone=""
    )
    assert (result.standard, result.custom, result.notes) == ({"email": "ana@example.com"}, {}, ())


def test_fixed_value_takes_the_type_of_the_attribute() -> None:
    result = mapped(tab(fixed("yes", "custom_attributes.plan")), attribute("boolean"))
    assert result.custom == {"plan": True}


def test_false_and_zero_are_sent() -> None:
    settings = tab(row("custom.vip", "custom_attributes.vip"), row("custom.seats", "custom_attributes.seats"))
    assert mapped(settings, custom__vip=False, custom__seats=0).custom == {"vip": False, "seats": 0}


def test_date_is_sent_in_seconds() -> None:
    settings = tab(row("lead.joined_at", "custom_attributes.plan"))
    assert mapped(settings, attribute("date")).custom == {"plan": 1767312000}


@pytest.mark.parametrize("target", sorted(FORBIDDEN_TARGETS - {"email"}))
def test_forbidden_field_is_left_out_with_a_note(target: str) -> None:
    result = mapped(tab(fixed("user", target)))
    assert notes(result) == [(NoteCode.TARGET_FORBIDDEN, target)]
    assert result.standard == {"email": "ana@example.com"}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (attribute(name="other"), NoteCode.ATTRIBUTE_MISSING),
        (attribute(archived=True), NoteCode.ATTRIBUTE_ARCHIVED),
        (attribute(writable=False), NoteCode.ATTRIBUTE_NOT_WRITABLE),
        (attribute("integer"), NoteCode.NOT_A_NUMBER),
    ],
)
def test_field_with_a_problem_is_left_out_and_the_rest_goes(known: Attribute, expected: NoteCode) -> None:
    result = mapped(tab(fixed("gold", "custom_attributes.plan"), row("lead.first_name", "name")), known)
    assert notes(result) == [(expected, "custom_attributes.plan")]
    assert result.custom == {}
    assert result.standard["name"] == "Ana María"


def test_field_with_a_problem_is_not_noted_for_a_person_without_a_value() -> None:
    result = mapped(tab(row("lead.source", "custom_attributes.plan")), attribute(archived=True))
    assert result.notes == ()


def test_of_two_rows_for_one_field_the_first_with_a_value_wins() -> None:
    rows = [row("lead.source", "name"), row("lead.first_name", "name"), fixed("Friend", "name")]
    assert mapped(tab(*rows)).standard["name"] == "Ana María"


@pytest.mark.parametrize("phone", ["0912 345 678", "call me", "+", "00351912345678"])
def test_phone_without_a_country_is_sent_and_noted(phone: str) -> None:
    result = mapped(tab(row("lead.phone", "phone")), lead__phone=phone)
    assert result.standard["phone"] == phone
    assert notes(result) == [(NoteCode.PHONE_NOT_INTERNATIONAL, "phone")]


def test_international_phone_is_not_noted() -> None:
    assert mapped(tab(row("lead.phone", "phone"))).notes == ()


def test_number_in_a_name_is_sent_as_text() -> None:
    assert mapped(tab(row("custom.n", "name")), custom__n=42).standard["name"] == "42"


def test_external_id_of_a_lead_is_noted() -> None:
    assert notes(mapped(tab(fixed("7", "external_id")))) == [(NoteCode.EXTERNAL_ID_USERS_ONLY, "external_id")]


def test_external_id_of_a_user_is_not_noted() -> None:
    assert notes(mapped(tab(fixed("7", "external_id"), action=Action.CREATE_USER))) == []


def test_marks_are_written_when_the_tab_marks() -> None:
    assert mapped(tab(marks=True), *ALL_MARKS).custom == {
        "referred": True,
        "referral_campaign": "Spring",
        "referrer_name": "Bo de la Cruz",
    }


def test_marks_are_not_written_when_the_tab_does_not_mark() -> None:
    assert mapped(tab(), *ALL_MARKS).custom == {}


def test_referrer_is_left_out_when_there_is_none() -> None:
    result = mapped(tab(marks=True), *ALL_MARKS, referrer__full_name=None)
    assert set(result.custom) == {"referred", "referral_campaign"}
    assert result.notes == ()


@pytest.mark.parametrize(
    "taken",
    [
        [],
        [attribute("string", name="referred")],
        [attribute("boolean", name="referred", archived=True)],
        [attribute("boolean", name="referred", writable=False)],
    ],
)
def test_mark_that_cannot_be_written_is_left_out_with_a_note(taken: list[Attribute]) -> None:
    result = mapped(tab(marks=True), *ALL_MARKS[1:], *taken)
    assert set(result.custom) == {"referral_campaign", "referrer_name"}
    assert notes(result) == [(NoteCode.MARK_UNAVAILABLE, "custom_attributes.referred")]


def test_row_wins_over_a_mark() -> None:
    result = mapped(tab(fixed("Summer", "custom_attributes.referral_campaign"), marks=True), *ALL_MARKS)
    assert result.custom["referral_campaign"] == "Summer"


def test_row_without_a_value_still_wins_over_a_mark() -> None:
    result = mapped(tab(row("lead.source", "custom_attributes.referral_campaign"), marks=True), *ALL_MARKS)
    assert set(result.custom) == {"referred", "referrer_name"}


def rule(*rows: object, initial: object = "trial", on: str = "custom_attributes.plan") -> TabSettings:
    return tab(*rows, rule_attribute=on, rule_initial=initial)  # type: ignore[arg-type]


def test_first_value_of_the_rule_is_for_a_create_alone() -> None:
    result = mapped(rule(), attribute())
    assert result.initial == {"custom_attributes.plan": "trial"}
    assert result.custom == {}


@pytest.mark.parametrize("initial", [False, 0])
def test_first_value_of_the_rule_may_be_false_or_zero(initial: bool | int) -> None:
    assert mapped(rule(initial=initial)).initial == {"custom_attributes.plan": initial}


@pytest.mark.parametrize(
    "settings", [rule(initial=None), rule(on=""), rule(on="email"), rule(on="external_id")]
)
def test_rule_without_a_value_or_a_field_of_its_own_writes_nothing(settings: TabSettings) -> None:
    assert mapped(settings).initial == {}


def test_row_wins_over_the_first_value_of_the_rule() -> None:
    result = mapped(rule(fixed("gold", "custom_attributes.plan")), attribute())
    assert (result.initial, result.custom) == ({}, {"plan": "gold"})


def test_first_value_for_an_archived_attribute_is_noted() -> None:
    result = mapped(rule(), attribute(archived=True))
    assert result.initial == {}
    assert notes(result) == [(NoteCode.ATTRIBUTE_ARCHIVED, "custom_attributes.plan")]


def test_sources_of_rows_marks_and_email_are_asked_for() -> None:
    settings = tab(row("lead.phone", "phone"), fixed("a", "name"), row("", "custom_attributes.x"), marks=True)
    assert source_keys(settings) == {"lead.email", "lead.phone", "campaign.name", "referrer.full_name"}


def test_marks_ask_for_nothing_when_the_tab_does_not_mark() -> None:
    assert source_keys(tab()) == {"lead.email"}


@given(settings=tabs, person=values, known=workspaces)
def test_whatever_is_mapped_can_be_sent(
    settings: TabSettings, person: dict[str, SourceValue], known: dict[str, Attribute]
) -> None:
    result = map_values(settings, values=person, attributes=known)
    written = [*result.standard, *(f"custom_attributes.{name}" for name in result.custom), *result.initial]
    assert all(target_allowed(name) for name in written)
    assert all(
        known[name].writable and not known[name].archived for name in set(written) & set(known) - {"email"}
    )
    assert result.standard["email"] == "ana@example.com"
    for role in Role:
        assert is_sendable(create_body(result, role=role))


@given(settings=tabs, person=values, known=workspaces)
def test_asked_sources_are_all_that_counts(
    settings: TabSettings, person: dict[str, SourceValue], known: dict[str, Attribute]
) -> None:
    asked = {key: person[key] for key in source_keys(settings) & set(person)}
    whole = map_values(settings, values=person, attributes=known)
    assert repr(map_values(settings, values=asked, attributes=known)) == repr(whole)
