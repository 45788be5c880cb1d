"""Reads people from a CSV file, row by row, in constant memory. It knows columns, and no campaign.

UTF-8, with or without a byte order mark; commas, semicolons or tabs; the first line names the columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from django.utils.translation import gettext as _

DELIMITERS = ",;\t"


class UnreadableFile(Exception):  # noqa: N818  (says what is the matter with the file, as the others do)
    """The file as a whole cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record by the line on which it begins; `problem` says why its cells cannot be used, if so."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def text_of(stream: BinaryIO) -> TextIO:
    """The text that `CsvFile` reads; closing it closes the stream.

    Bad bytes become lone surrogates, which are found row by row: one bad line costs one line.
    """
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


class CsvFile:
    """An open CSV file whose header has been read. Raises UnreadableFile if that makes no sense."""

    def __init__(self, text: TextIO) -> None:
        # `strict` stays off: a stray quote in a name is no reason to lose the person.
        self._lines = _Lines(text)
        first = self._lines.peek()
        self._reader = csv.reader(self._lines, delimiter=max(DELIMITERS, key=first.count))
        try:
            header = next(self._reader, [])
        except csv.Error as err:
            raise UnreadableFile(_("The first line cannot be read: %(error)s.") % {"error": err}) from err
        self.columns = [name.strip().lower() for name in header]
        self._check_columns()

    def _check_columns(self) -> None:
        if not any(self.columns):
            raise UnreadableFile(_("The file is empty: its first line has to name the columns."))
        if not all(map(_readable, self.columns)):
            raise UnreadableFile(_("The file is not in UTF-8. Please save it as CSV UTF-8."))
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise UnreadableFile(_("These columns are there twice: %(names)s.") % {"names": ", ".join(twice)})

    def __iter__(self) -> Iterator[Row]:
        """Every record that is not blank. Short ones lack their last cells; those are empty."""
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as err:
                yield Row(line, problem=_("cannot be read: %(error)s") % {"error": err})
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        if any(cell.strip() for cell in cells[len(self.columns) :]):
            return Row(line, problem=_("has more cells than there are columns"))
        if not all(map(_readable, cells)):
            return Row(line, problem=_("is not in UTF-8"))
        padded = cells + [""] * (len(self.columns) - len(cells))
        return Row(line, dict(zip(self.columns, padded, strict=False)))


class _Lines:
    """The lines of a text, of which the first can be looked at before it is read."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._first: str | None = None

    def peek(self) -> str:
        self._first = next(self._text, "")
        return self._first

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        first, self._first = self._first, None
        return first or next(self._text)


def _readable(cell: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in cell)
