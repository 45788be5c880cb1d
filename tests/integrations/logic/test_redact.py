"""What of a call may be stored and shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.logic.redact import READ_AT_MOST, received_contact, sent_fields, vendor_message
from integrations.logic.types import Contact
from tests.integrations.logic.support import any_text, contact, contacts

CONTACT_ID = "6762f0dd1bb69f9f2193bb83"
TOKEN = "dG9rOmFiY2RlZl8xMjM0X2doaWprbG1ub3A6MTow"

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def test_sent_fields_are_named_in_full() -> None:
    body = {
        "role": "lead",
        "email": "ana@x.com",
        "custom_attributes": {"plan": "gold", "seats": 0, "vip": False},
    }
    assert sent_fields(body) == {
        "role": "lead",
        "email": "ana@x.com",
        "custom_attributes.plan": "gold",
        "custom_attributes.seats": 0,
        "custom_attributes.vip": False,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"Authorization": "Bearer x"},
        {"a b": "x"},
        {"tags": ["x"]},
        {"companies": {"name": "x"}},
        {"custom_attributes": "x"},
        {"custom_attributes": {"a": {"b": "x"}, "": "x", "k" * 201: "x", "a\x00": "x"}},
        {"score": float("nan")},
    ],
)
def test_sent_fields_of_unknown_shape_are_dropped(body: dict[str, Any]) -> None:
    assert sent_fields(body) == {}


def test_sent_text_is_cut() -> None:
    assert sent_fields({"name": "x" * 1000}) == {"name": "x" * 299 + "…"}


def test_sent_fields_are_a_hundred_at_most() -> None:
    assert len(sent_fields({"custom_attributes": {f"a{n}": n for n in range(300)}})) == 100


def test_received_contact_shows_the_named_fields_alone() -> None:
    there = contact(
        name="Ana", phone="1", created_at=5, updated_at=6, custom_attributes={"plan": "x", "salary": 9}
    )
    assert received_contact(there, keys=["custom_attributes.plan", "name", "custom_attributes.none"]) == {
        "id": "c1",
        "role": "lead",
        "created_at": 5,
        "updated_at": 6,
        "name": "Ana",
        "custom_attributes.plan": "x",
        "custom_attributes.none": None,
    }


def test_received_object_is_dropped() -> None:
    there = contact(custom_attributes={"car": {"owner": "Bob"}})
    assert "custom_attributes.car" not in received_contact(there, keys=["custom_attributes.car"])


def test_received_text_is_cut_and_cleaned() -> None:
    shown = received_contact(contact(name="\x00" + "x" * 1000), keys=["name"])
    assert shown["name"] == "x" * 299 + "…"


@pytest.mark.parametrize("text", [None, "", "  \n", "\x00"])
def test_no_message_is_empty(text: str | None) -> None:
    assert vendor_message(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        f"A contact matching those details already exists with id={CONTACT_ID}",
        f"An archived contact matching those details already exists with id={CONTACT_ID}",
        "Custom attribute 'isOpenSource' does not exist",
        "Custom attribute 'plan_2024_with_a_very_long_name_indeed' does not exist",
        "Exceeded rate limit of 83 in 10_seconds",
        "Access Token Invalid",
        "The request 550e8400-e29b-41d4-a716-446655440000 was refused on 2026-01-02 at 10:00",
        f"/contacts/{CONTACT_ID}/tags",
        "User has been marked for permanent deletion and is not restorable.",
    ],
)
def test_words_of_intercom_stay(text: str) -> None:
    assert vendor_message(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bob@example.com is taken", "[email] is taken"),
        ("by Bob.O'N+x@mail.example.co.uk.", "by [email]."),
        ("<ünï@bücher.example>", "<[email]>"),
        ("'bob@example.com' is taken", "'[email]' is taken"),
        ("'@example.com", "'[email]"),
        ("email=bob@example.com", "email=[email]"),
        ("bob%40example.com", "[email]"),
        (f"{CONTACT_ID}@example.com", "[email]"),
        ("bob\x00@exam\u200bple.com", "[email]"),
        ("+49 (0) 170 123-4567 is bad", "[phone] is bad"),
        ("phone 0170/1234567", "phone [phone]"),
        ("call-me-at-this-number-4917012345678", "call-me-at-this-number-[phone]"),
        ("sent Bearer abc.def", "sent [secret]"),
        ("access_token: abc", "[secret]"),
        ('{"client_secret":"a b c"}', '{"[secret]}'),
        (f"token {TOKEN} unknown", "token [secret] unknown"),
        ("key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "key [secret]"),
        ("one\r\ntwo\tthree", "one two three"),
        ("\u202eevil", "evil"),
    ],
)
def test_persons_and_secrets_are_masked(text: str, expected: str) -> None:
    assert vendor_message(text) == expected


@pytest.mark.parametrize("text", ["Ana@Example.com is taken.", "email=Ana@Example.com!"])
def test_email_of_the_person_in_question_stays(text: str) -> None:
    assert vendor_message(text, keep=[" ana@example.com"]) == text


def test_another_email_beside_it_does_not_stay() -> None:
    assert vendor_message("ana@x.com, bob@x.com", keep=["ana@x.com"]) == "ana@x.com, [email]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Value Zelda Zuckerbrot is not allowed", "Value [name] is not allowed"),
        ("ZELDA  ZUCKERBROT!", "[name]!"),
        ("Zelda, Zelda", "[name], [name]"),
        ("Zeldas is no name", "Zeldas is no name"),
        ("Is Ed an option", "Is [name] an option"),
        ("ed is rejected", "ed is rejected"),
        ("(Ëva)", "([name])"),
        ("A value", "A value"),
    ],
)
def test_what_others_are_called_is_masked(text: str, expected: str) -> None:
    assert vendor_message(text, others=["Zelda Zuckerbrot", "Zelda", "Ed", "Ëva", "A", ""]) == expected


def test_message_is_cut_at_500_characters() -> None:
    assert vendor_message("word " * 400) == ("word " * 100)[:499] + "…"


@pytest.mark.parametrize("room", range(1, 22))
def test_email_that_the_limit_cuts_in_two_is_dropped(room: int) -> None:
    secret = "a1B2" * 990
    text = f"{secret} ".ljust(READ_AT_MOST - room, ".") + " bob.smith@example.com"
    assert "bob" not in vendor_message(text)


@given(body=st.dictionaries(st.text(max_size=12) | st.just("custom_attributes"), json_values, max_size=5))
def test_sent_fields_of_any_body_are_plain(body: dict[str, Any]) -> None:
    shown = sent_fields(body)
    assert all(not isinstance(value, list | dict) and len(str(value)) <= 310 for value in shown.values())
    json.dumps(shown, allow_nan=False, ensure_ascii=False).encode()


@given(there=contacts, keys=st.lists(st.text(max_size=12), max_size=4))
def test_received_contact_has_no_field_that_was_not_named(there: Contact, keys: list[str]) -> None:
    assert set(received_contact(there, keys=keys)) <= {*keys, "id", "role", "created_at", "updated_at"}


@given(
    before=any_text,
    after=any_text,
    email=st.emails(),
    phone=st.from_regex(r"\+[1-9][0-9]{9,12}", fullmatch=True),
)
def test_no_email_or_phone_gets_through(before: str, after: str, email: str, phone: str) -> None:
    shown = vendor_message(f"{before} {email} {phone} {after}")
    assert "@" not in email or email not in shown
    assert phone not in shown
    assert len(shown) <= 500
    assert shown.isprintable() or not shown.isascii()


@given(text=any_text)
def test_masking_twice_changes_nothing(text: str) -> None:
    once = vendor_message(text)
    assert vendor_message(once) == once
