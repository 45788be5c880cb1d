"""What the pretend vendor tells: true shapes and signatures, sent as the vendor sends them, or badly."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.intercom.webhooks import parse_notification, signed
from integrations.sandbox import demo
from integrations.sandbox.control import Fate, Fault, Notification, Sandbox, State
from integrations.sandbox.courier import Courier, post
from integrations.sandbox.demo import open_sandbox
from integrations.sandbox.store import CODES, FIRST
from integrations.sandbox.webhooks import signature
from tests.integrations.sandbox.conftest import Vendor
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

URL = "http://127.0.0.1:9/hook"
SECRET = "client secret"
RECORDED = json.loads(Path("tests/payloads/intercom/webhook_contact_user_updated.json").read_text())


@dataclass
class Post:
    """Stands for the network: answers with what it is told to, and keeps what it was given."""

    answers: list[int | None] = field(default_factory=list)
    sent: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        self.sent.append((url, body, headers))
        return self.answers.pop(0) if self.answers else 200

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body, _ in self.sent]


@pytest.fixture
def told(vendor: Vendor) -> Callable[[], list[Any]]:
    """What was told so far, as it is sent the first time."""
    vendor.sandbox.subscribe(URL, SECRET, workspace=WORKSPACE)
    return lambda: [json.loads(each.body()) for each in vendor.sandbox.webhooks(WORKSPACE)]


@pytest.fixture
def network() -> Post:
    return Post()


@pytest.fixture
def courier(vendor: Vendor, network: Post) -> Courier:
    """Sends when a test says so, by the vendor's clock."""
    vendor.sandbox.subscribe(URL, SECRET, workspace=WORKSPACE)
    return Courier(vendor.sandbox.store, post=network, clock=lambda: vendor.now)


def last(told: Callable[[], list[Any]], topic: str) -> Any:
    """The item of the last notification, which is of this topic."""
    found = told()[-1]
    assert found["topic"] == topic
    return found["data"]["item"]


def fates(vendor: Vendor) -> list[Fate]:
    return [each.fate for each in vendor.sandbox.webhooks(WORKSPACE)]


# What is told ------------------------------------------------------------------------------------------


def test_a_changed_user_is_told_in_the_recorded_shape(vendor: Vendor, told: Callable[[], list[Any]]) -> None:
    ana = vendor.create(role="user", email="ana@example.com")["id"]
    vendor.call("PUT", f"/contacts/{ana}", {"custom_attributes": {"plan": "Pro"}})
    found = told()[-1]
    assert found.keys() - {"self"} == RECORDED.keys() - {"self"}
    assert found["data"].keys() == RECORDED["data"].keys()
    item = found["data"]["item"]
    assert item.keys() == RECORDED["data"]["item"].keys()
    assert item["custom_attributes"] == {"plan": "Pro"}
    assert (found["type"], found["app_id"], found["topic"]) == (
        "notification_event",
        WORKSPACE,
        "contact.user.updated",
    )
    assert found["id"].startswith("notif_")


def test_times_are_texts_and_name_the_same_second_as_rest(
    vendor: Vendor, told: Callable[[], list[Any]]
) -> None:
    vendor.now = 1_795_000_000.25
    made = vendor.create(role="lead", email="ana@example.com")
    vendor.now += 60
    changed = vendor.call("PUT", f"/contacts/{made['id']}", {"signed_up_at": 1_700_000_000}).json()
    item = last(told, "contact.lead.updated")
    assert item["created_at"].endswith(".000+00:00")
    assert item["updated_at"].endswith(".250+00:00")
    for name in ("created_at", "updated_at", "signed_up_at"):
        assert int(datetime.fromisoformat(item[name]).timestamp()) == changed[name]
    assert item["last_seen_at"] is None


def test_a_time_that_no_calendar_holds_is_told_as_it_is(
    vendor: Vendor, told: Callable[[], list[Any]]
) -> None:
    vendor.create(role="lead", email="ana@example.com", signed_up_at=10**15)
    assert last(told, "contact.lead.created")["signed_up_at"] == 10**15


@pytest.mark.parametrize("role", ["lead", "user"])
def test_each_role_has_topics_of_its_own(vendor: Vendor, told: Callable[[], list[Any]], role: str) -> None:
    ana = vendor.create(role=role, email="ana@example.com")["id"]
    vendor.call("PUT", f"/contacts/{ana}", {"name": "Ana"})
    tag = vendor.call("POST", "/tags", {"name": "VIP"}).json()["id"]
    for _ in range(2):
        vendor.call("POST", f"/contacts/{ana}/tags", {"id": tag})
    topics = [f"contact.{role}.{each}" for each in ("created", "updated", "tag.created")]
    assert [each["topic"] for each in told()] == topics
    assert last(told, topics[-1])["contact"]["id"] == ana
    assert last(told, topics[-1])["tag"]["name"] == "VIP"


def test_a_lead_that_becomes_a_user_has_signed_up(vendor: Vendor, told: Callable[[], list[Any]]) -> None:
    ana = vendor.create(role="lead", email="ana@example.com")["id"]
    vendor.call("PUT", f"/contacts/{ana}", {"role": "user"})
    item = last(told, "contact.lead.signed_up")
    assert (item["id"], item["role"]) == (ana, "user")


def test_archived_unarchived_and_deleted_are_told_as_recorded(
    vendor: Vendor, told: Callable[[], list[Any]]
) -> None:
    ana = vendor.create(role="user", email="ana@example.com")["id"]
    vendor.call("POST", f"/contacts/{ana}/archive")
    archived = {"id": ana, "external_id": None, "type": "contact", "archived": True}
    assert last(told, "contact.archived") == archived
    vendor.call("POST", f"/contacts/{ana}/unarchive")
    assert last(told, "contact.unarchive")["email"] == "ana@example.com"
    vendor.call("DELETE", f"/contacts/{ana}")
    assert last(told, "contact.deleted") == {"id": ana, "type": "contact", "deleted": True}


def test_of_a_merge_the_survivor_is_told_and_who_ended(vendor: Vendor, told: Callable[[], list[Any]]) -> None:
    lead = vendor.create(role="lead", email="ana@example.com", custom_attributes={"plan": "Pro"})["id"]
    user = vendor.create(role="user", email="ana@example.com")["id"]
    vendor.call("POST", "/contacts/merge", {"from": lead, "into": user})
    item = last(told, "contact.merged")
    assert (item["id"], item["merged_from"]) == (user, {"type": "contact", "id": lead})
    assert item["custom_attributes"] == {"plan": "Pro"}


def test_a_ping_has_no_id(vendor: Vendor, told: Callable[[], list[Any]]) -> None:
    vendor.sandbox.ping(WORKSPACE)
    assert last(told, "ping")["type"] == "ping"
    assert told()[-1]["id"] is None


def test_a_refused_call_and_a_read_tell_nothing(vendor: Vendor, told: Callable[[], list[Any]]) -> None:
    ana = vendor.create(role="user", email="ana@example.com")["id"]
    before = told()
    vendor.call("PUT", f"/contacts/{ana}", {"custom_attributes": {"unknown": 1}})
    vendor.call("PUT", f"/contacts/{ana}", {"name": "Ana"}, token="wrong")
    vendor.call("GET", f"/contacts/{ana}")
    vendor.found("ana@example.com")
    assert told() == before


def test_a_change_whose_answer_is_lost_is_told_all_the_same(
    vendor: Vendor, told: Callable[[], list[Any]]
) -> None:
    vendor.sandbox.add_fault(WORKSPACE, Fault(acts=True, status=502))
    assert vendor.call("POST", "/contacts", {"role": "lead", "email": "ana@example.com"}).status == 502
    assert last(told, "contact.lead.created")["email"] == "ana@example.com"


@pytest.mark.parametrize("state", [State.ARCHIVED, State.DELETED, State.MERGED])
def test_a_set_scene_is_told_like_a_call(vendor: Vendor, told: Callable[[], list[Any]], state: State) -> None:
    user = vendor.sandbox.add_contact(WORKSPACE, email="u@example.com", role="user")
    ana = vendor.sandbox.add_contact(WORKSPACE, email="ana@example.com")
    assert told() == []
    vendor.sandbox.hold_webhooks(WORKSPACE)
    vendor.sandbox.change_contact(WORKSPACE, ana, custom_attributes={"plan": "Pro"})
    assert last(told, "contact.lead.updated")["custom_attributes"] == {"plan": "Pro"}
    vendor.sandbox.set_state(WORKSPACE, ana, state, merged_into=user if state is State.MERGED else None)
    assert last(told, f"contact.{state}")["id"] == (user if state is State.MERGED else ana)


def test_whoever_does_not_listen_is_told_nothing(vendor: Vendor) -> None:
    vendor.sandbox.add_workspace("other001")
    vendor.sandbox.subscribe(URL, SECRET, workspace="other001")
    vendor.create(role="lead", email="ana@example.com")
    vendor.sandbox.subscribe(URL, SECRET, workspace=WORKSPACE)
    vendor.sandbox.unsubscribe(WORKSPACE)
    vendor.create(role="lead", email="ana@example.com")
    assert vendor.sandbox.webhooks(WORKSPACE) == vendor.sandbox.webhooks("other001") == []


def test_an_oauth_app_is_told_of_every_workspace(vendor: Vendor) -> None:
    vendor.sandbox.add_workspace("other001", token="other")
    vendor.sandbox.subscribe(URL, SECRET)
    vendor.create(role="lead", email="ana@example.com")
    vendor.call("POST", "/contacts", {"role": "lead", "email": "ben@example.com"}, token="other")
    assert len(vendor.sandbox.webhooks(WORKSPACE)) == len(vendor.sandbox.webhooks("other001")) == 1


# How it is signed --------------------------------------------------------------------------------------


def test_the_signature_is_the_contracts() -> None:
    body = (
        b'{"type":"notification_event","app_id":"a86dr8yl","topic":"ping","data":{"type":'
        b'"notification_event_data","item":{"type":"ping","message":"something something interzen"}}}'
    )
    expected = "sha1=816d3e80ff8122a55eb540c9126641790b648fc4"
    assert signature(body, secret="test_client_secret") == expected


def test_the_product_believes_and_reads_it(vendor: Vendor, courier: Courier, network: Post) -> None:
    made = vendor.create(role="lead", email="ana@example.com", custom_attributes={"plan": "Pro"})
    assert courier.send_next()
    url, body, headers = network.sent[0]
    assert (url, headers["Content-Type"]) == (URL, "application/json")
    assert signed(body, header=headers["X-Hub-Signature"], secrets=[SECRET])
    assert not signed(body, header=headers["X-Hub-Signature"], secrets=["another"])
    read = parse_notification(body)
    assert read.contact is None or read.contact.id == made["id"]
    assert (read.topic, read.workspace_id) == ("contact.lead.created", WORKSPACE)


def test_a_new_secret_signs_what_still_waits(vendor: Vendor, courier: Courier, network: Post) -> None:
    vendor.create(role="lead", email="ana@example.com")
    vendor.sandbox.subscribe(URL, "new", workspace=WORKSPACE)
    courier.send_next()
    _, body, headers = network.sent[0]
    assert headers["X-Hub-Signature"] == signature(body, secret="new")


# How it is sent ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, 500, 404, 301])
def test_what_was_not_received_is_sent_once_more_after_a_minute(
    vendor: Vendor, courier: Courier, network: Post, answer: int | None
) -> None:
    network.answers = [answer]
    vendor.create(role="lead", email="ana@example.com")
    assert courier.send_next()
    vendor.now += 59
    assert not courier.send_next()
    vendor.now += 1
    assert courier.send_next()
    first, second = network.bodies()
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"delivery_status", "delivery_attempts"}
    assert (second["delivery_status"], second["delivery_attempts"]) == ("retry", 2)
    assert fates(vendor) == [Fate.DELIVERED]


def test_after_two_tries_it_is_given_up(vendor: Vendor, courier: Courier, network: Post) -> None:
    network.answers = [500, None]
    vendor.create(role="lead", email="ana@example.com")
    for _ in range(3):
        courier.send_next()
        vendor.now += 3600
    assert len(network.sent) == 2
    assert fates(vendor) == [Fate.GIVEN_UP]


def test_gone_switches_the_subscription_off(vendor: Vendor, courier: Courier, network: Post) -> None:
    network.answers = [410]
    vendor.create(role="lead", email="ana@example.com")
    courier.send_next()
    vendor.create(role="lead", email="ben@example.com")
    vendor.now += 3600
    assert not courier.send_next()
    assert fates(vendor) == [Fate.GIVEN_UP]


def test_too_many_requests_put_it_off_for_two_hours_at_most(
    vendor: Vendor, courier: Courier, network: Post
) -> None:
    network.answers = [429] * 1000
    vendor.create(role="lead", email="ana@example.com")
    while fates(vendor) == [Fate.WAITING]:
        courier.send_next()
        vendor.now += 60
    assert fates(vendor) == [Fate.GIVEN_UP]
    assert len(network.sent) == 121


def test_two_couriers_never_send_the_same(vendor: Vendor, network: Post) -> None:
    vendor.sandbox.subscribe(URL, SECRET, workspace=WORKSPACE)
    for number in range(20):
        vendor.create(role="lead", email=f"a{number}@example.com")
    couriers = [Courier(vendor.sandbox.store, post=network, clock=lambda: vendor.now) for _ in range(4)]
    threads = [threading.Thread(target=_empty, args=[courier]) for courier in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({body["id"] for body in network.bodies()}) == len(network.sent) == 20


def _empty(courier: Courier) -> None:
    while courier.send_next():
        pass


def test_what_a_process_took_to_its_grave_is_sent_by_another(
    vendor: Vendor, courier: Courier, network: Post
) -> None:
    def die(*_: object) -> int:
        raise KeyboardInterrupt

    vendor.create(role="lead", email="ana@example.com")
    with pytest.raises(KeyboardInterrupt):
        Courier(vendor.sandbox.store, post=die, clock=lambda: vendor.now).send_next()
    assert not courier.send_next()
    vendor.now += 31
    assert courier.send_next()
    assert fates(vendor) == [Fate.DELIVERED]


# Trouble -----------------------------------------------------------------------------------------------


def test_lost_ones_are_never_sent(vendor: Vendor, courier: Courier, network: Post) -> None:
    vendor.sandbox.lose_webhooks(WORKSPACE, times=1)
    for name in ("ana", "ben"):
        vendor.create(role="lead", email=f"{name}@example.com")
    _empty(courier)
    assert [body["data"]["item"]["email"] for body in network.bodies()] == ["ben@example.com"]
    assert fates(vendor) == [Fate.LOST, Fate.DELIVERED]


def test_all_are_lost_until_it_ends(vendor: Vendor, courier: Courier, network: Post) -> None:
    vendor.sandbox.lose_webhooks(WORKSPACE)
    for name in ("ana", "ben"):
        vendor.create(role="lead", email=f"{name}@example.com")
    vendor.sandbox.lose_webhooks(WORKSPACE, 0)
    vendor.create(role="lead", email="cleo@example.com")
    _empty(courier)
    assert fates(vendor) == [Fate.LOST, Fate.LOST, Fate.DELIVERED]


def test_doubled_ones_come_twice_with_one_id(vendor: Vendor, courier: Courier, network: Post) -> None:
    vendor.sandbox.double_webhooks(WORKSPACE, times=1)
    vendor.create(role="lead", email="ana@example.com")
    vendor.create(role="lead", email="ben@example.com")
    _empty(courier)
    one, two, other = network.bodies()
    assert one == two
    assert other["id"] != one["id"]


def test_late_ones_come_late_and_say_when_it_was(vendor: Vendor, courier: Courier, network: Post) -> None:
    vendor.sandbox.delay_webhooks(WORKSPACE, 300)
    vendor.create(role="lead", email="ana@example.com")
    told_at = int(vendor.now)
    assert not courier.send_next()
    vendor.now += 300
    assert courier.send_next()
    assert network.bodies()[0]["created_at"] == told_at


def test_held_ones_are_sent_in_the_order_that_is_asked_for(vendor: Vendor, network: Post) -> None:
    sandbox = vendor.sandbox
    sandbox.subscribe(URL, SECRET, workspace=WORKSPACE)
    sandbox.hold_webhooks(WORKSPACE)
    for name in ("ana", "ben", "cleo"):
        vendor.create(role="lead", email=f"{name}@example.com")
    sandbox.courier = Courier(sandbox.store, post=network)
    sandbox.courier.wake()
    ana, ben, cleo = sandbox.webhooks(WORKSPACE)
    sandbox.release_webhooks(WORKSPACE, [cleo, ana])
    sandbox.wait_for_webhooks()
    assert [body["id"] for body in network.bodies()] == [cleo.id, ana.id]
    sandbox.release_webhooks(WORKSPACE)
    sandbox.wait_for_webhooks()
    assert network.bodies()[-1]["id"] == ben.id


# Over real sockets -------------------------------------------------------------------------------------


@dataclass
class Ear:
    """An address that listens."""

    url: str
    heard: list[tuple[str, bytes]]
    may_answer: threading.Event


@pytest.fixture
def ear() -> Iterator[Ear]:
    heard: list[tuple[str, bytes]] = []
    may_answer = threading.Event()
    may_answer.set()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            may_answer.wait(5)
            heard.append((self.headers["X-Hub-Signature"], body))
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Ear(f"http://127.0.0.1:{server.server_address[1]}", heard, may_answer)
    may_answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_call_over_http_is_told_over_http(sandbox: Sandbox, ear: Ear) -> None:
    sandbox.subscribe(f"{ear.url}/hook", SECRET, workspace=WORKSPACE)
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
    made = requests.post(f"{sandbox.url}/contacts", json={"role": "lead"}, headers=headers, timeout=5)
    sandbox.wait_for_webhooks()
    ((given, body),) = ear.heard
    assert given == signature(body, secret=SECRET)
    assert json.loads(body)["data"]["item"]["id"] == made.json()["id"]


def test_nobody_waits_for_a_listener_that_is_slow(sandbox: Sandbox, ear: Ear) -> None:
    ana = sandbox.add_contact(WORKSPACE, email="ana@example.com")
    sandbox.subscribe(ear.url, SECRET, workspace=WORKSPACE)
    ear.may_answer.clear()
    for number in range(3):
        sandbox.change_contact(WORKSPACE, ana, name=f"Ana {number}")
    assert ear.heard == []
    ear.may_answer.set()
    sandbox.wait_for_webhooks()
    assert [json.loads(body)["data"]["item"]["name"] for _, body in ear.heard] == ["Ana 0", "Ana 1", "Ana 2"]


def test_a_redirect_is_not_followed(ear: Ear) -> None:
    assert post(f"{ear.url}/moved", b"{}", {}) == 302
    assert len(ear.heard) == 1


def test_nobody_there_is_no_answer() -> None:
    assert post(URL, b"{}", {}) is None


def test_a_second_try_may_be_brought_forward(sandbox: Sandbox, ear: Ear) -> None:
    sandbox.subscribe(URL, SECRET, workspace=WORKSPACE)
    sandbox.ping(WORKSPACE)
    sandbox.wait_for_webhooks()
    (first,) = sandbox.webhooks(WORKSPACE)
    assert (first.fate, first.attempts, first.status) == (Fate.WAITING, 1, None)
    sandbox.release_webhooks(WORKSPACE)
    sandbox.wait_for_webhooks()
    (second,) = sandbox.webhooks(WORKSPACE)
    assert (second.fate, second.attempts) == (Fate.GIVEN_UP, 2)


def test_its_thread_ends_when_nothing_waits(sandbox: Sandbox, ear: Ear) -> None:
    sandbox.subscribe(ear.url, SECRET, workspace=WORKSPACE)
    sandbox.ping(WORKSPACE)
    sandbox.wait_for_webhooks()
    working = [each for each in threading.enumerate() if each.name == "sandbox webhooks"]
    for thread in working:
        thread.join(5)
    assert not any(thread.is_alive() for thread in working)
    sandbox.ping(WORKSPACE)
    sandbox.wait_for_webhooks()
    assert len(ear.heard) == 2


def test_what_an_earlier_process_left_is_sent_by_the_next(tmp_path: Path, ear: Ear) -> None:
    path = tmp_path / "sandbox.sqlite3"
    earlier = Sandbox(path)
    earlier.add_workspace(WORKSPACE)
    earlier.subscribe(ear.url, SECRET)
    earlier.courier.stop()
    earlier.ping(WORKSPACE)
    earlier.close()
    assert ear.heard == []
    later = open_sandbox(path)
    later.wait_for_webhooks()
    assert len(ear.heard) == 1
    demo._sandbox_at.cache_clear()
    later.close()


def test_an_old_file_learns_to_tell(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as db:
        db.executescript(FIRST + CODES + "PRAGMA user_version=2;")
        db.execute(
            "INSERT INTO workspaces(id, name, region, created_at, rate_limit) VALUES ('w', '', '', 0, 9)"
        )
    db.close()
    sandbox = Sandbox(path)
    sandbox.subscribe(URL, SECRET, workspace="w")
    sandbox.hold_webhooks("w")
    sandbox.ping("w")
    found: list[Notification] = sandbox.webhooks("w")
    assert [each.fate for each in found] == [Fate.WAITING]
    sandbox.close()
