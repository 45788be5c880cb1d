"""The log tells of errors where and what kind they are, and repeats no value."""

from __future__ import annotations

import logging
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, IntegrityError, OperationalError

from config.logs import QuietFormatter
from integrations.intercom.errors import Kind, TransientError

SECRET = "ana@example.com"


def told(error: BaseException, *, cause: BaseException | None = None, formatted: str = "") -> str:
    try:
        try:
            if cause is not None:
                raise cause
        finally:
            raise error
    except type(error):
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it broke", None, sys.exc_info())
    record.exc_text = formatted or None
    return QuietFormatter("%(levelname)s %(message)s").format(record)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError(f"Key (email)=({SECRET}) already exists."),
        DataError(f"DETAIL: {SECRET}"),
        ValueError(SECRET),
        KeyError(SECRET),
        UnicodeEncodeError("ascii", SECRET, 0, 1, SECRET),
        type("OwnError", (Exception,), {})(SECRET),
        type("OwnTypeError", (TypeError,), {})(SECRET),
    ],
)
def test_an_error_is_told_by_its_kind_and_its_place(error: Exception) -> None:
    text = told(error)
    assert SECRET not in text
    assert text.startswith("ERROR it broke\nTraceback (most recent call last):")
    assert type(error).__name__ in text
    assert "test_logs.py" in text
    assert "in told" in text


def test_what_led_to_it_is_told_the_same_way() -> None:
    text = told(TypeError("no such argument"), cause=ValueError(SECRET))
    assert SECRET not in text
    assert text.index("ValueError\nand then:") < text.index("TypeError: no such argument")


def test_notes_of_an_error_are_left_out() -> None:
    error = TypeError("no such argument")
    error.add_note(SECRET)
    assert SECRET not in told(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError("connection refused"), "connection refused"),
        (AttributeError("no attribute 'x'"), "no attribute 'x'"),
        (ImproperlyConfigured("SECRET_KEY is not set."), "SECRET_KEY is not set."),
        (TransientError(kind=Kind.RESET), "TransientError reset"),
    ],
)
def test_words_that_quote_no_value_help(error: Exception, words: str) -> None:
    assert words in told(error)


def test_what_another_handler_has_written_is_not_repeated() -> None:
    assert SECRET not in told(ValueError(SECRET), formatted=f"ValueError: {SECRET}")


def test_an_error_within_a_line_is_told_the_same_way() -> None:
    """As Django logs a receiver that failed."""
    args = ("on_joined", ValueError(SECRET))
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "%s failed (%s)", args, None)
    assert QuietFormatter("%(message)s").format(record) == "on_joined failed (ValueError)"
    assert record.args == args


def test_errors_that_led_to_each_other_are_told_once() -> None:
    first, second = ValueError("a"), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    assert told(first).count("ValueError") == 1


def test_a_record_without_an_error_is_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%s", ("well",), (None, None, None))
    assert QuietFormatter("%(message)s").format(record) == "well"


def test_everything_is_written_this_way() -> None:
    """Django's own handlers would show an error's words on the console, or mail them."""
    handlers = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    assert handlers
    assert all(isinstance(one.formatter, QuietFormatter) for one in handlers)
    assert logging.getLogger("django").handlers == []
    assert logging.getLogger("django").propagate
    assert "config.logs.QuietFormatter" in str(settings.LOGGING)
