"""CSV as people's programs really write it."""

from __future__ import annotations

from io import BytesIO

import pytest

from campaigns.csvfile import CsvFile, Row, UnreadableFile, text_of


def rows(data: bytes) -> list[Row]:
    with text_of(BytesIO(data)) as text:
        return list(CsvFile(text))


@pytest.mark.parametrize(
    "data",
    [
        b"email,first_name\nana@x.com,Ana\n",
        b"\xef\xbb\xbfemail,first_name\r\nana@x.com,Ana\r\n",
        b"Email ; First_Name\nana@x.com;Ana",
        b"email\tfirst_name\nana@x.com\tAna\n\n\n",
        b'"email","first_name"\n"ana@x.com","Ana"\n',
    ],
)
def test_usual_spellings_are_read_alike(data: bytes) -> None:
    assert rows(data) == [Row(2, {"email": "ana@x.com", "first_name": "Ana"})]


def test_short_row_has_empty_last_cells() -> None:
    assert rows(b"email,phone\nana@x.com\n") == [Row(2, {"email": "ana@x.com", "phone": ""})]


def test_long_row_is_bad_unless_the_rest_is_empty() -> None:
    assert [bool(row.problem) for row in rows(b"email\na@x.com,,\nb@x.com,more\n")] == [False, True]


def test_line_numbers_count_lines_not_rows() -> None:
    read = rows(b'email,company\na@x.com,"two\nlines"\n\nb@x.com,One\n')
    assert [row.line for row in read] == [2, 5]


def test_bad_bytes_cost_one_line() -> None:
    read = rows(b"email,first_name\na@x.com,Ren\xe9\nb@x.com,Ren\xc3\xa9\n")
    assert [(row.line, bool(row.problem)) for row in read] == [(2, True), (3, False)]


def test_endless_cell_costs_one_row() -> None:
    read = rows(b"email\n" + b"x" * 200_000 + b"\nb@x.com\n")
    assert [(row.line, bool(row.problem)) for row in read] == [(2, True), (3, False)]


@pytest.mark.parametrize(
    "data", [b"", b"\n", b",,\n", b"email,email\n", "email\na@x.com".encode("utf-16"), b"email,n\xe9\n"]
)
def test_file_without_a_sensible_header_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        rows(data)


def test_rows_are_read_one_by_one() -> None:
    class Endless(BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return b"a@x.com\n" * 100

        read = read1

    with text_of(Endless()) as text:
        assert next(iter(CsvFile(text))).problem == ""
