"""Custom values on their way in and out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import inf, nan

import pytest
from django.core.exceptions import ValidationError

from campaigns.customs import MAX_NUMBER, MAX_TEXT, checked, from_text, typed
from campaigns.models import LeadField, LeadFieldType

TEXT, NUMBER, BOOLEAN, DATE = LeadFieldType


def check(value: object, kind: LeadFieldType) -> dict[str, str | int | float | bool]:
    return checked({"it": value}, lead_fields=[LeadField(key="it", type=kind)])


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (TEXT, " pro ", "pro"),
        (TEXT, "two\nlines", "two\nlines"),
        (NUMBER, 0, 0),
        (NUMBER, -1.5, -1.5),
        (BOOLEAN, False, False),
        (DATE, date(2024, 2, 29), "2024-02-29"),
        (DATE, " 2024-02-29", "2024-02-29"),
    ],
)
def test_right_value_is_stored(kind: LeadFieldType, value: object, stored: object) -> None:
    assert check(value, kind) == {"it": stored}


@pytest.mark.parametrize("kind", LeadFieldType)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_empty_value_is_left_out(kind: LeadFieldType, value: object) -> None:
    assert check(value, kind) == {}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TEXT, 5),
        (TEXT, ["a"]),
        (TEXT, "x" * (MAX_TEXT + 1)),
        (TEXT, "nul\x00"),
        (TEXT, "\ud800"),
        (NUMBER, "5"),
        (NUMBER, True),
        (NUMBER, nan),
        (NUMBER, inf),
        (NUMBER, 10 * MAX_NUMBER),
        (BOOLEAN, "yes"),
        (BOOLEAN, 1),
        (DATE, "29.02.2024"),
        (DATE, "2023-02-29"),
        (DATE, 20240229),
        (DATE, datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_wrong_value_is_refused_by_name(kind: LeadFieldType, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        check(value, kind)
    assert list(refused.value.message_dict) == ["custom.it"]


def test_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(ValidationError) as refused:
        checked({"other": "x"}, lead_fields=[])
    assert list(refused.value.message_dict) == ["custom.other"]


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        (TEXT, "pro", "pro"),
        (NUMBER, 0, 0.0),
        (BOOLEAN, False, False),
        (DATE, "2024-02-29", date(2024, 2, 29)),
    ],
)
def test_stored_value_comes_back_in_its_type(kind: LeadFieldType, stored: object, value: object) -> None:
    assert typed(stored, kind=kind) == value
    assert type(typed(stored, kind=kind)) is type(value)


@pytest.mark.parametrize(
    ("kind", "stored"),
    [(NUMBER, "many"), (BOOLEAN, "yes"), (DATE, "soon"), (TEXT, 5), (TEXT, ""), (DATE, None)],
)
def test_value_that_no_longer_fits_is_none(kind: LeadFieldType, stored: object) -> None:
    assert typed(stored, kind=kind) is None


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (NUMBER, " 5 ", 5),
        (NUMBER, "5.5", 5.5),
        (NUMBER, "five", "five"),
        (BOOLEAN, "Yes", True),
        (BOOLEAN, "0", False),
        (BOOLEAN, "perhaps", "perhaps"),
        (DATE, "2024-02-29", "2024-02-29"),
        (TEXT, "5", "5"),
        (NUMBER, "  ", None),
    ],
)
def test_text_is_read_as_the_fields_type(kind: LeadFieldType, text: str, value: object) -> None:
    assert from_text(text, kind=kind) == value


def test_number_too_long_to_read_is_refused() -> None:
    with pytest.raises(ValidationError):
        check(from_text("9" * 10_000, kind=NUMBER), NUMBER)
