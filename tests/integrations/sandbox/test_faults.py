"""Scripted faults: whom they hit, what truly happens, what the caller sees."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from integrations.sandbox.control import Fault, Sandbox
from integrations.sandbox.messages import Ending
from tests.integrations.sandbox.conftest import Vendor, error_of
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}


def post(sandbox: Sandbox, *, timeout: float = 5, email: str = "ana@example.com") -> requests.Response:
    body = {"role": "lead", "email": email}
    return requests.post(f"{sandbox.url}/contacts", json=body, headers=HEADERS, timeout=timeout)


def count(sandbox: Sandbox) -> int:
    return len(sandbox.contacts(WORKSPACE))


@pytest.mark.parametrize(("acts", "created"), [(False, 0), (True, 1)])
def test_wrong_answer_before_or_after_acting(vendor: Vendor, acts: bool, created: int) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=acts, status=503))
    response = vendor.call("POST", "/contacts", {"email": "ana@example.com"})
    assert error_of(response)[:2] == (503, "service_unavailable")
    assert len(vendor.sandbox.contacts(WORKSPACE)) == created


def test_wrong_answer_still_carries_the_rate_headers(vendor: Vendor) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=429, headers={"Retry-After": "7"}))
    headers = vendor.call("GET", "/me").headers
    assert headers["Retry-After"] == "7"
    assert headers["X-RateLimit-Limit"] == "1666"


@pytest.mark.parametrize(
    ("body", "kind"), [("<html>Bad gateway</html>", "text/html; charset=utf-8"), ("{", "application/json")]
)
def test_garbage_is_answered_as_it_stands(vendor: Vendor, body: str, kind: str) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=200, body=body))
    response = vendor.call("GET", "/me")
    assert (response.body.decode(), response.headers["Content-Type"]) == (body, kind)


def statuses(vendor: Vendor, number: int) -> list[int]:
    return [vendor.call("GET", "/me").status for _ in range(number)]


@pytest.mark.parametrize(
    ("after", "times", "expected"),
    [
        (0, 1, [500, 200, 200, 200]),
        (2, 1, [200, 200, 500, 200]),
        (1, 2, [200, 500, 500, 200]),
        (0, None, [500, 500, 500, 500]),
    ],
)
def test_fault_hits_the_nth_calls(vendor: Vendor, after: int, times: int | None, expected: list[int]) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=500, after=after, times=times))
    assert statuses(vendor, 4) == expected


@pytest.mark.parametrize(
    "fault",
    [
        Fault(acts=False, status=500, method="POST"),
        Fault(acts=False, status=500, path="/contacts*"),
        Fault(acts=False, status=500, contains="ana@example.com"),
    ],
)
def test_fault_spares_other_calls(vendor: Vendor, fault: Fault) -> None:
    vendor.sandbox.add_fault(WORKSPACE, fault)
    assert statuses(vendor, 1) == [200]


def test_fault_can_hit_one_persons_calls_only(vendor: Vendor) -> None:
    fault = Fault(acts=False, status=400, path="/contacts/search", contains="bad@", times=None)
    vendor.sandbox.add_fault(WORKSPACE, fault)
    query: dict[str, Any] = {"field": "email", "operator": "=", "value": "good@example.com"}
    assert vendor.search(query).status == 200
    assert vendor.search({**query, "value": "bad@example.com"}).status == 400


def test_fault_spares_other_workspaces(vendor: Vendor) -> None:
    other = vendor.sandbox.add_workspace("work0002")
    vendor.sandbox.add_fault("work0002", Fault(acts=False, status=500))
    assert vendor.call("GET", "/me").status == 200
    assert vendor.call("GET", "/me", token=other).status == 500


def test_cleared_faults_are_gone(vendor: Vendor) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=500, times=None))
    vendor.sandbox.clear_faults(WORKSPACE)
    assert statuses(vendor, 1) == [200]


def test_faults_are_taken_in_the_order_they_were_added(vendor: Vendor) -> None:
    for status in (500, 503, 429):
        vendor.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=status))
    assert statuses(vendor, 4) == [500, 503, 429, 200]


@pytest.mark.parametrize("ending", [Ending.SEND, Ending.HALF])
def test_fault_that_neither_acts_nor_answers_makes_no_sense(ending: Ending) -> None:
    with pytest.raises(ValueError, match="needs a status"):
        Fault(acts=False, ending=ending)


def test_stall_before_acting_happens_before_acting(vendor: Vendor) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=True, stall_before=3))
    vendor.create(email="ana@example.com")
    assert vendor.slept == [3]


def test_log_tells_the_truth_of_an_answer_that_lied(vendor: Vendor) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=True, status=500))
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=False, status=500))
    for email in ("ana@example.com", "ben@example.com"):
        vendor.call("POST", "/contacts", {"email": email})
    ana, ben = vendor.sandbox.calls(WORKSPACE)
    assert (ana.status, ana.result, ana.acted) == (500, 200, True)
    assert (ben.status, ben.result, ben.acted) == (500, None, False)


@pytest.mark.parametrize("ending", [Ending.DROP, Ending.RESET, Ending.HALF])
def test_connection_is_really_broken_after_acting(sandbox: Sandbox, ending: Ending) -> None:
    sandbox.add_fault(WORKSPACE, Fault(acts=True, ending=ending))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(sandbox)
    assert count(sandbox) == 1
    assert post(sandbox).status_code == 200


@pytest.mark.parametrize("ending", [Ending.DROP, Ending.RESET])
def test_connection_is_really_broken_before_acting(sandbox: Sandbox, ending: Ending) -> None:
    sandbox.add_fault(WORKSPACE, Fault(acts=False, ending=ending))
    with pytest.raises(requests.ConnectionError):
        post(sandbox)
    assert count(sandbox) == 0


def test_half_an_answer_has_announced_the_whole(sandbox: Sandbox) -> None:
    sandbox.add_fault(WORKSPACE, Fault(acts=True, ending=Ending.HALF))
    with requests.get(f"{sandbox.url}/me", headers=HEADERS, timeout=5, stream=True) as response:
        announced = int(response.headers["Content-Length"])
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            _ = response.content
    assert announced > 100


def test_stall_after_acting_lets_the_caller_give_up_on_a_contact_that_exists(sandbox: Sandbox) -> None:
    sandbox.add_fault(WORKSPACE, Fault(acts=True, stall_after=30))
    with pytest.raises(requests.ReadTimeout):
        post(sandbox, timeout=0.3)
    assert count(sandbox) == 1


def test_stall_before_acting_creates_the_contact_after_the_caller_gave_up(sandbox: Sandbox) -> None:
    sandbox.add_fault(WORKSPACE, Fault(acts=True, stall_before=0.6))
    with pytest.raises(requests.ReadTimeout):
        post(sandbox, timeout=0.2)
    assert count(sandbox) == 0
    deadline = time.monotonic() + 5
    while count(sandbox) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert count(sandbox) == 1


def test_latency_delays_every_answer(sandbox: Sandbox) -> None:
    sandbox.set_latency(WORKSPACE, 0.2)
    begun = time.monotonic()
    assert post(sandbox).status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_half_an_answer_is_sent_over_a_connection_of_its_own(sandbox: Sandbox) -> None:
    with requests.Session() as session:
        sandbox.add_fault(WORKSPACE, Fault(acts=True, ending=Ending.DROP, after=1))
        assert session.get(f"{sandbox.url}/me", headers=HEADERS, timeout=5).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get(f"{sandbox.url}/me", headers=HEADERS, timeout=5)
        assert session.get(f"{sandbox.url}/me", headers=HEADERS, timeout=5).status_code == 200
