"""How the log writes an error: its kind, where it happened, and its own words only if those quote no value.

A database names the values that it refuses, a server repeats what it was sent: people's data, or a token.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError

from integrations.intercom.errors import IntercomError

if TYPE_CHECKING:
    from types import TracebackType

SAFE = frozenset(
    {
        AttributeError,
        ConnectionRefusedError,
        ConnectionResetError,
        ImportError,
        ImproperlyConfigured,
        InterfaceError,
        ModuleNotFoundError,
        NameError,
        NotImplementedError,
        OperationalError,
        RecursionError,
        TimeoutError,
        TypeError,
        UnboundLocalError,
    }
)
"""Just these, not what derives from them: they speak of code and of connections."""


class QuietFormatter(logging.Formatter):
    """Like Python's own, but that errors and what led to them are told without the values they quote."""

    def format(self, record: logging.LogRecord) -> str:
        quiet = copy(record)
        # Another handler may have left there how it writes the error, words and all.
        quiet.exc_text = None
        if isinstance(record.args, tuple):
            quiet.args = tuple(_line(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
        return super().format(quiet)

    def formatException(self, ei: Any) -> str:  # noqa: N802  (Python's name)
        _kind, error, _trace = ei
        return "" if error is None else "\n".join(_told(error, seen=set()))


def _told(error: BaseException, *, seen: set[int]) -> Iterator[str]:
    """The first error first, as Python has it."""
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _told(before, seen=seen)
        yield "and then:"
    yield from _places(error.__traceback__)
    yield _line(error)


def _places(trace: TracebackType | None) -> Iterator[str]:
    if trace is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(trace)).rstrip()


def _line(error: BaseException) -> str:
    """Its whole name, and its words where they are safe."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    words = str(error) if kind in SAFE or isinstance(error, IntercomError) else ""
    return f"{name}: {words}" if words else name
