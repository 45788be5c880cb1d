"""From bytes to JSON values."""

from __future__ import annotations

import pytest

from integrations.intercom.body import NotJsonError, load_json


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_none(body: bytes) -> None:
    assert load_json(body) is None


@pytest.mark.parametrize(
    "body",
    [b"{", b"<p>", b"\xff", b"NaN", b"[-Infinity]", b"1e999", b"1" * 5000, b"[" * 100_000, b'{"a":1}{}'],
)
def test_what_cannot_be_trusted_is_no_json(body: bytes) -> None:
    with pytest.raises(NotJsonError) as caught:
        load_json(body)
    assert caught.value.__context__ is None
    assert caught.value.args == ()


def test_characters_that_no_database_takes_are_left_out() -> None:
    data = load_json(rb'{"na\u0000me":["A\u0000na \ud83d", "\ud83d\ude00"]}')
    assert data == {"name": ["Ana ?", "😀"]}


def test_an_escaped_backslash_is_no_escape() -> None:
    assert load_json(rb'"a\\u0000b"') == r"a\u0000b"
