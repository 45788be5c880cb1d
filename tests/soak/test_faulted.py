"""Who met a fault: told from the stand-in's calls. No processes."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.control import Call
from tests.soak.faulted import SHUT, Faulted
from tests.soak.names import email_of

AT = 1_000_000.0


def call(email: str, *, status: int | None = 200, result: int | None = 200, ending: str = "send") -> Call:
    body = {"query": {"operator": "OR", "value": [{"field": "email", "operator": "=", "value": email}]}}
    return Call(1, AT, "soak0001", "POST", "/contacts/search", body, status, result, ending)


def met(number: int, *calls: Call, joined_at: float = AT - 1) -> bool:
    faulted = Faulted()
    faulted.hear(calls)
    return faulted.met(email_of(number), joined_at=joined_at)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "result": None},
        {"status": 500, "result": 200},
        {"status": 200, "result": None},
        {"ending": "reset"},
        {"ending": "half"},
        {"status": 429, "result": None},
    ],
)
def test_whom_a_call_with_a_wrong_answer_names_has_met_a_fault(answer: dict[str, Any]) -> None:
    assert met(7, call(email_of(7), **answer))
    assert not met(8, call(email_of(7), **answer))


def test_a_good_answer_is_no_fault_and_one_that_is_still_to_come_says_nothing() -> None:
    assert not met(7, call(email_of(7)), call(email_of(7), status=None, result=None, ending=""))


def test_while_nobody_is_let_in_everybody_meets_a_fault() -> None:
    refused = call(email_of(7), status=429, result=None)
    assert met(8, refused, joined_at=AT)
    assert met(8, refused, joined_at=AT + SHUT - 0.1)
    assert not met(8, refused, joined_at=AT + SHUT)


def test_a_fault_of_another_kind_holds_up_nobody_else() -> None:
    assert not met(8, call(email_of(7), status=500, result=None), joined_at=AT + 0.1)
