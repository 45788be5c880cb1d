"""What is taken out of the rows of others, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.logic.erased import cleaner
from integrations.logic.types import Contact, Role
from integrations.logic.undo import Fate, Wrote, plan

EMAIL, CONTACT = "ana@example.com", "6657add46abd0167d9419c00"


@pytest.mark.parametrize(
    "text",
    [
        "joana@example.com",
        "mari.ana@example.com",
        "x+ana@example.com",
        "x-ana@example.com",
        "o'ana@example.com",
        "ana@example.com.br",
        "ana@example.community",
        "ana@example.com-mail.org",
        f"{CONTACT}1",
        f"a{CONTACT}",
    ],
)
def test_somebody_elses_email_or_contact_stays(text: str) -> None:
    assert cleaner([EMAIL, CONTACT])(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ANA@Example.com", "[erased]"),
        ("Write to ana@example.com.", "Write to [erased]."),
        ("'ana@example.com'", "'[erased]'"),
        ("<ana@example.com>, joana@example.com", "<[erased]>, joana@example.com"),
        ("mailto:ana@example.com?subject=x", "mailto:[erased]?subject=x"),
        (f"/contacts/{CONTACT}/tags", "/contacts/[erased]/tags"),
        (f"A contact with id={CONTACT} exists", "A contact with id=[erased] exists"),
        ({"a": [{"b": f"by {EMAIL}"}], "n": 5}, {"a": [{"b": "by [erased]"}], "n": 5}),
    ],
)
def test_theirs_goes_wherever_it_stands(text: Any, left: Any) -> None:
    assert cleaner([EMAIL, CONTACT])(text) == left


def test_a_name_goes_also_where_nothing_parts_the_words() -> None:
    assert cleaner(["王小明"])("介绍人王小明推荐") == "介绍人[erased]推荐"


def test_what_an_erased_person_was_taken_out_of_is_never_written_back() -> None:
    wrote = Wrote(before={"custom_attributes.by": "by [erased]"}, after={"custom_attributes.by": "Referral"})
    contact = Contact("c1", Role.USER, None, custom_attributes={"by": "Referral"})
    assert [one.fate for one in plan([wrote], contact=contact)] == [Fate.IMPOSSIBLE]
