"""Values on their way into typed fields."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.coerce import coerce
from integrations.logic.notes import Note, NoteCode
from integrations.logic.types import Attribute, SourceValue, WireValue
from tests.integrations.logic.support import any_text, attribute, attributes, is_sendable, source_values

WIRE: dict[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "date": int,
    "datetime": int,
}


def code(value: SourceValue, data_type: str) -> NoteCode | None:
    coerced = coerce(value, attribute(data_type))
    assert coerced.value is None or coerced.note is None or not coerced.note.left_out
    return coerced.note.code if coerced.note else None


def sent(value: SourceValue, data_type: str) -> WireValue | None:
    coerced = coerce(value, attribute(data_type))
    assert coerced.note is None, coerced.note
    return coerced.value


@pytest.mark.parametrize("data_type", [*WIRE, "something new"])
@pytest.mark.parametrize("value", [None, "", "   ", "\x00", "\u200b\u2060", "\n\t"])
def test_missing_value_is_left_out_without_a_note(value: SourceValue, data_type: str) -> None:
    coerced = coerce(value, attribute(data_type))
    assert (coerced.value, coerced.note) == (None, None)


@pytest.mark.parametrize(
    ("value", "data_type", "expected"),
    [
        (False, "boolean", False),
        (0, "integer", 0),
        (0.0, "float", 0.0),
        ("0", "integer", 0),
        (0, "date", 0),
        (False, "string", "false"),
        (0, "string", "0"),
    ],
)
def test_false_and_zero_are_values(value: SourceValue, data_type: str, expected: WireValue) -> None:
    result = sent(value, data_type)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("42", 42),
        (" -7 ", -7),
        ("+7", 7),
        (42.0, 42),
        ("42.0", 42),
        ("1 000", 1000),
        ("1\u00a0000\u202f000", 1_000_000),
        ("1,000,000", 1_000_000),
        ("1,234.00", 1234),
        ("٤٢", 42),
        (True, 1),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_whole_number_is_read(value: SourceValue, expected: int) -> None:
    assert sent(value, "integer") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", NoteCode.NOT_A_NUMBER),
        ("42 pieces", NoteCode.NOT_A_NUMBER),
        ("1e5", NoteCode.NOT_A_NUMBER),
        ("0x10", NoteCode.NOT_A_NUMBER),
        ("1_000", NoteCode.NOT_A_NUMBER),
        ("10 00", NoteCode.NOT_A_NUMBER),
        ("1,00,000", NoteCode.NOT_A_NUMBER),
        ("--1", NoteCode.NOT_A_NUMBER),
        ("²", NoteCode.NOT_A_NUMBER),
        (2**63, NoteCode.NOT_A_NUMBER),
        ("9" * 40, NoteCode.NOT_A_NUMBER),
        ("9" * 5000, NoteCode.NOT_A_NUMBER),
        (float("nan"), NoteCode.NOT_A_NUMBER),
        (float("inf"), NoteCode.NOT_A_NUMBER),
        (date(2026, 1, 2), NoteCode.NOT_A_NUMBER),
        (42.5, NoteCode.NOT_A_WHOLE_NUMBER),
        ("42.5", NoteCode.NOT_A_WHOLE_NUMBER),
        ("1,000", NoteCode.NUMBER_AMBIGUOUS),
        ("1,5", NoteCode.NUMBER_AMBIGUOUS),
    ],
)
def test_what_is_no_whole_number_is_left_out_with_a_note(value: SourceValue, expected: NoteCode) -> None:
    assert code(value, "integer") is expected


@pytest.mark.parametrize(
    ("value", "expected"), [("1.5", 1.5), (2, 2.0), ("1,234.50", 1234.5), ("1 000.5", 1000.5)]
)
def test_decimal_number_is_read_as_float(value: SourceValue, expected: float) -> None:
    result = sent(value, "float")
    assert result == expected
    assert isinstance(result, float)


@pytest.mark.parametrize(
    "value", [float("nan"), float("-inf"), "nan", "inf", "1,000", 10**400, "abc", ".", "1."]
)
def test_what_is_no_finite_number_is_left_out_of_a_float(value: SourceValue) -> None:
    assert code(value, "float") in {NoteCode.NOT_A_NUMBER, NoteCode.NUMBER_AMBIGUOUS}


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "yes", "YES", " True ", "on"])
def test_words_for_yes_are_true(value: SourceValue) -> None:
    assert sent(value, "boolean") is True


@pytest.mark.parametrize("value", [False, 0, "0", "no", "False", "OFF"])
def test_words_for_no_are_false(value: SourceValue) -> None:
    assert sent(value, "boolean") is False


@pytest.mark.parametrize("value", [2, -1, 0.5, float("nan"), "maybe", "y", "ja", date(2026, 1, 2)])
def test_other_words_are_no_boolean(value: SourceValue) -> None:
    assert code(value, "boolean") is NoteCode.NOT_A_BOOLEAN


@pytest.mark.parametrize("data_type", ["date", "datetime"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 2, tzinfo=UTC), 1767312000),
        (datetime(2026, 1, 2, 2, tzinfo=timezone(timedelta(hours=2))), 1767312000),
        (datetime(2026, 1, 2, 0, 0, 0, 999_999, tzinfo=UTC), 1767312000),
        (datetime(2026, 1, 2), 1767312000),  # noqa: DTZ001 (a naive one is the case)
        (date(2026, 1, 2), 1767312000),
        ("2026-01-02", 1767312000),
        ("2026-01-02 00:00", 1767312000),
        ("2026-01-02T00:00:00Z", 1767312000),
        ("2026-01-02T02:00:00.123+02:00", 1767312000),
        (1767312000, 1767312000),
        ("1767312000", 1767312000),
        (1767312000.9, 1767312000),
        (-1.5, -2),
        (date(1969, 12, 31), -86400),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), -1),
        (date(1, 1, 1), -62135596800),
        (date(9999, 12, 31), 253402214400),
    ],
)
def test_date_becomes_whole_unix_seconds(value: SourceValue, expected: int, data_type: str) -> None:
    assert sent(value, data_type) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("tomorrow", "2026-02-30", "0000-00-00", "02/01/2026", "2026-W01-1", "2026-01-02T25:00", "2026"),
        *("20260102", "12345", "2026-01-02T", "2026-01-02 10:00 Europe/Paris", True, float("nan")),
    ],
)
def test_what_is_no_clear_date_is_left_out(value: SourceValue) -> None:
    assert code(value, "date") is NoteCode.NOT_A_DATE


@pytest.mark.parametrize("value", [1767312000000, "1767312000000", -1767312000000, 1.767312e12, "9" * 40])
def test_milliseconds_are_refused(value: SourceValue) -> None:
    assert code(value, "date") is NoteCode.DATE_IN_MILLISECONDS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  Ana \n", "Ana"),
        ("Ana\x00 Mar\x07ia\x85", "Ana Maria"),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
        ("a\ud83db", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("👩‍👩‍👧 é مرحبا", "👩‍👩‍👧 é مرحبا"),
        ("Ana María de la Cruz", "Ana María de la Cruz"),
        (True, "true"),
        (42, "42"),
        (42.0, "42"),
        (42.5, "42.5"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
    ],
)
def test_text_is_cleaned_and_kept_whole(value: SourceValue, expected: str) -> None:
    assert sent(value, "string") == expected


def test_long_text_is_cut_at_255_characters_and_says_so() -> None:
    coerced = coerce("😀" * 300, attribute())
    assert coerced.value == "😀" * 255
    assert coerced.note == Note(NoteCode.CUT, "custom_attributes.plan", {"length": 300, "limit": 255})
    assert not coerced.note.left_out


def test_cut_text_does_not_end_in_a_space() -> None:
    assert coerce("x" * 254 + " " + "x" * 50, attribute()).value == "x" * 254


def test_text_of_255_characters_is_not_cut() -> None:
    assert sent("x" * 255, "string") == "x" * 255


@pytest.mark.parametrize("value", [float("nan"), 10**30, pytest.param(10**5000, id="enormous")])
def test_number_that_cannot_be_written_is_left_out_of_text(value: SourceValue) -> None:
    assert code(value, "string") is NoteCode.NOT_A_NUMBER


def options(value: SourceValue, *known: str) -> tuple[WireValue | None, NoteCode | None]:
    coerced = coerce(value, attribute("string", options=known))
    return coerced.value, coerced.note.code if coerced.note else None


def test_listed_option_is_sent_as_it_is() -> None:
    assert options("Red", "red", "Red") == ("Red", None)


@pytest.mark.parametrize("value", ["red", " RED", "r e d", "re\u00a0D"])
def test_option_in_another_spelling_becomes_the_listed_one(value: str) -> None:
    assert options(value, "Red", "Blue") == ("Red", NoteCode.OPTION_SPELLED_DIFFERENTLY)


@pytest.mark.parametrize("value", ["Green", "re", "Red!", 1, True, float("nan")])
def test_unlisted_option_is_left_out(value: SourceValue) -> None:
    assert options(value, "Red", "Blue") == (None, NoteCode.NOT_AN_OPTION)


def test_option_that_fits_two_is_left_out() -> None:
    assert options("RED", "red", "Red") == (None, NoteCode.NOT_AN_OPTION)


def test_note_names_the_refused_value_in_short() -> None:
    note = coerce("x" * 1000, attribute("string", options=("Red",))).note
    assert note is not None
    assert note.params["value"] == "x" * 59 + "…"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (False, False), (7, 7), (7.5, 7.5), (date(1970, 1, 2), 86400)],
)
def test_unknown_attribute_takes_the_natural_type(value: SourceValue, expected: WireValue) -> None:
    coerced = coerce(value, None)
    assert coerced.value == expected
    assert type(coerced.value) is type(expected)


def test_note_of_an_unknown_attribute_names_the_target() -> None:
    note = coerce(float("nan"), None, target="custom_attributes.x").note
    assert note == Note(NoteCode.NOT_A_NUMBER, "custom_attributes.x", {"value": ""})


@given(value=source_values, known=st.one_of(st.none(), attributes()))
def test_any_value_fits_or_is_left_out(value: SourceValue, known: Attribute | None) -> None:
    coerced = coerce(value, known)
    assert coerced.value is None or is_sendable({"a": coerced.value})
    assert coerced.note is None or coerced.note.left_out is (coerced.value is None)
    assert is_sendable(dict(coerced.note.params) if coerced.note else {})


@given(value=source_values, data_type=st.sampled_from(sorted(WIRE)))
def test_output_has_the_type_of_the_attribute(value: SourceValue, data_type: str) -> None:
    coerced = coerce(value, attribute(data_type))
    assert coerced.value is None or type(coerced.value) is WIRE[data_type]


@given(before=any_text, letter=st.characters(categories=["L", "N", "S", "M"]), after=any_text)
def test_text_with_anything_to_see_is_never_dropped(before: str, letter: str, after: str) -> None:
    assert coerce(before + letter + after, attribute()).value


@given(text=any_text)
def test_coercing_twice_changes_nothing(text: str) -> None:
    once = coerce(text, attribute()).value
    assert coerce(once, attribute()).value == once


@given(chosen=st.integers(0, 2), value=source_values)
def test_list_attribute_takes_its_options_alone(chosen: int, value: SourceValue) -> None:
    known = ("Red", "Blue", str(chosen))
    assert coerce(value, attribute("string", options=known)).value in {None, *known}
