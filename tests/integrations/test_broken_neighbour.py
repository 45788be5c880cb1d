"""A workspace that is broken in whatever way keeps no worker, and is left alone until it answers again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from integrations.intercom.deadline import CONNECT_TIMEOUT
from integrations.intercom.session import DEADLINE
from integrations.logic import silence
from integrations.logic.silence import ENOUGH, FIRST_REST
from integrations.logic.states import Reason, State
from integrations.models import ConnectionStatus, Delivery, IntercomConnection
from integrations.services.client import client_for
from integrations.services.drain import drain, workspace
from integrations.services.drain import slice as slice_module
from integrations.services.explain import explain
from integrations.services.qualify import asking
from integrations.services.sweep import sweep
from integrations.services.tabs import load_tabs
from integrations.services.waiting_room import waiting_room
from tests.integrations.line import line
from tests.integrations.many import make_workspaces
from tests.integrations.scripted import Called, Said, network

pytestmark = pytest.mark.django_db

LEADS = 150
"""Ten searches."""
SLICE = 1.0
THREADS = workspace.THREADS
TOMORROW = str(int(time.time()) + 86_400)


@pytest.fixture(autouse=True)
def nothing_learned() -> None:
    workspace.pace_of.cache_clear()
    workspace.silence_of.cache_clear()


@pytest.fixture
def broken() -> int:
    (made,) = make_workspaces([LEADS])
    return made


@pytest.fixture
def small() -> int:
    """One lead waits there."""
    (made,) = make_workspaces([1])
    return made


def refused(_: Called) -> Said:
    return Said(401, body=b'{"type": "error.list", "errors": [{"code": "unauthorized"}]}')


def limited(_: Called) -> Said:
    return Said(429, {"X-RateLimit-Reset": TOMORROW, "X-RateLimit-Limit": "83", "X-RateLimit-Remaining": "0"})


def limited_with_nonsense(_: Called) -> Said:
    return Said(429, {"X-RateLimit-Reset": "soon", "Retry-After": "NaN"})


def gateway(_: Called) -> Said:
    return Said(502, {"Content-Type": "text/html"}, b"<html>502 Bad Gateway</html>")


def no_name(_: Called) -> Said:
    return Said(error=OSError("Name or service not known"))


def hangs(_: Called) -> Said:
    """Thirteen seconds, in a fraction of one."""
    time.sleep(0.05)
    return Said(error=TimeoutError())


BROKEN: dict[str, tuple[Callable[[Called], Said], Reason]] = {
    "token revoked": (refused, Reason.RECONNECT_NEEDED),
    "limited for a day": (limited, Reason.RATE_LIMITED),
    "a gateway's page for every call": (gateway, Reason.NO_ANSWER),
    "its name is not found": (no_name, Reason.NO_ANSWER),
    "every call hangs": (hangs, Reason.NO_ANSWER),
}


@pytest.mark.parametrize("how", BROKEN)
def test_it_is_left_alone_after_a_few_calls(broken: int, how: str) -> None:
    answer, reason = BROKEN[how]
    with network(answer, seconds=SLICE) as log:
        while "handed on" in drain(broken):
            pass

    assert len(log) <= ENOUGH + 2 * THREADS
    assert {tab.held_by for tab in load_tabs(connection_id=broken, now=timezone.now()).values()} == {reason}
    OrmQ.objects.all().delete()
    sweep()
    assert f"drain-{broken}" not in line()


def test_a_limit_without_sense_ends_after_a_minute_at_most(broken: int) -> None:
    with network(limited_with_nonsense, seconds=SLICE):
        drain(broken)

    until = IntercomConnection.objects.get(pk=broken).paused_until
    assert until is not None
    assert until <= timezone.now() + timedelta(seconds=61)


@pytest.mark.parametrize(
    "how", ["a gateway's page for every call", "its name is not found", "every call hangs"]
)
def test_nobody_is_lost_and_all_are_sent_once_it_answers(broken: int, how: str) -> None:
    with network(BROKEN[how][0], seconds=SLICE):
        drain(broken)
    states = set(Delivery.objects.values_list("state", flat=True))
    assert states <= {State.WAITING, State.UNCERTAIN}
    IntercomConnection.objects.update(paused_until=timezone.now())
    Delivery.objects.filter(state=State.WAITING).update(due_at=timezone.now())

    with network(nobody_is_there, seconds=SLICE) as log:
        drain(broken)

    created = [email for call, _said in log if call.kind == "create" for email in call.emails]
    assert len(created) == len(set(created)) == Delivery.objects.filter(state=State.CREATED).count() > 0


def nobody_is_there(call: Called) -> Said:
    if call.kind == "search":
        return Said(200, body=b'{"type": "list", "data": [], "total_count": 0, "pages": {"type": "pages"}}')
    (email,) = call.emails
    contact = (
        f'{{"type": "contact", "id": "{abs(hash(email)):024x}"[:24], "role": "lead", "email": "{email}"}}'
    )
    return Said(200, body=contact.replace('"[:24]', '"').encode())


def test_a_hold_ends_with_the_calls_that_are_out(broken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No second call leaves from a thread whose first hung: not one deadline after the other."""
    monkeypatch.setattr(slice_module, "SECONDS", SLICE)
    with network(hangs, seconds=SLICE) as log:
        drain(broken)

    assert len(log) <= ENOUGH + THREADS


def test_each_rest_is_longer_until_it_answers(broken: int) -> None:
    rests = []
    with network(gateway, seconds=SLICE):
        for _ in range(3):
            Delivery.objects.update(due_at=timezone.now(), state=State.WAITING, reason=Reason.QUEUED)
            IntercomConnection.objects.update(paused_until=None)
            drain(broken)
            until = IntercomConnection.objects.get(pk=broken).paused_until
            assert until is not None
            rests.append((until - timezone.now()).total_seconds())

    assert rests == [pytest.approx(FIRST_REST * 2**number, abs=2.0) for number in range(3)]


def test_the_reason_is_shown_in_plain_words(broken: int) -> None:
    with network(hangs, seconds=SLICE):
        drain(broken)

    said = {group.reason: group for group in waiting_room()}
    until = IntercomConnection.objects.get(pk=broken).paused_until
    assert said[Reason.NO_ANSWER].ends_at == until
    assert explain(Reason.NO_ANSWER).what == "Intercom does not answer for this workspace at the moment."


def test_a_rate_limit_that_follows_is_called_one(broken: int) -> None:
    with network(hangs, seconds=SLICE):
        drain(broken)
    workspace.rest(broken, retry_at=time.time() + 59, hits=1)

    assert not IntercomConnection.objects.get(pk=broken).is_silent


def test_what_says_why_it_is_not_connected_is_kept(broken: int) -> None:
    IntercomConnection.objects.update(
        status=ConnectionStatus.RECONNECT_NEEDED, status_detail="token_revoked", sealed_token=""
    )

    workspace.rest_in_silence(broken, seconds=60)

    assert IntercomConnection.objects.get(pk=broken).status_detail == "token_revoked"


def test_one_answer_among_failures_keeps_it_at_work(broken: int) -> None:
    """Trouble of single leads is theirs alone."""
    calls = [0]

    def now_and_then(call: Called) -> Said:
        calls[0] += 1
        return nobody_is_there(call) if calls[0] % 4 == 0 else gateway(call)

    with network(now_and_then, seconds=SLICE):
        drain(broken)

    assert not IntercomConnection.objects.get(pk=broken).is_silent


def test_a_deadline_ends_before_the_lease_and_the_queues_own() -> None:
    """Holding a worker ends: the slice, and then the last call that left in it."""
    assert slice_module.SECONDS + DEADLINE < 30 < 60
    assert CONNECT_TIMEOUT < DEADLINE
    assert asking.SECONDS + DEADLINE < 60


def test_the_page_of_the_workspace_shows_no_code_for_it(broken: int, admin_client: Client) -> None:
    with network(hangs, seconds=SLICE):
        drain(broken)
    one = IntercomConnection.objects.get(pk=broken)

    url = reverse("admin:integrations_intercomconnection_change", args=[one.pk])
    page = admin_client.get(url).content.decode()

    assert "Workspace 0" in page
    assert "no_answer" not in page


def test_a_single_lead_whose_calls_hang_holds_a_worker_twice_and_then_it_rests(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "STALLED", 0.04)
    with network(hangs, seconds=SLICE):
        for _ in range(2):
            Delivery.objects.update(due_at=timezone.now())
            drain(small)

    assert IntercomConnection.objects.get(pk=small).is_silent


def test_a_look_that_hangs_twice_leaves_the_workspace_alone(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "STALLED", 0.04)
    monkeypatch.setattr(asking, "STALLED", 0.04)
    connection = IntercomConnection.objects.get(pk=small)
    asker = asking.Asker(connection)
    with network(hangs, seconds=SLICE):
        client = client_for(connection, session=workspace.session())
        for _ in range(2):
            assert asker.ask(client.get_contact, "65fc3a0b1f5d4c0012345678") is None
        with pytest.raises(asking.StopError):
            asker.ask(client.get_contact, "65fc3a0b1f5d4c0012345678")

    connection.refresh_from_db()
    assert connection.is_silent
