"""The sandbox inside the product: the API below /sandbox/ and the pages for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from integrations.sandbox import demo
from integrations.sandbox.control import Fault, Sandbox, State
from integrations.sandbox.demo import TOKEN, WORKSPACE_ID, ensure_demo_workspace, open_sandbox
from integrations.sandbox.messages import Ending, Response
from integrations.sandbox.views import as_django, broken_body

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

API = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
LIST = "/sandbox/ui/"


@pytest.fixture
def box(tmp_path: Path, settings: Settings) -> Iterator[Sandbox]:
    settings.INTERCOM_SANDBOX_FILE = tmp_path / "sandbox.sqlite3"
    yield open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    demo._sandbox_at.cache_clear()


def text_of(response: Any) -> str:
    """The page's words, with tags and runs of space taken out."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def post(client: Client, body: dict[str, Any]) -> Any:
    return client.post("/sandbox/contacts", body, content_type="application/json", headers=API)


def test_api_works_with_a_token_and_without_a_session(client: Client, box: Sandbox) -> None:
    assert post(client, {"email": "ana@example.com"}).json()["email"] == "ana@example.com"
    assert [each["email"] for each in box.contacts(WORKSPACE_ID)] == ["ana@example.com"]
    assert client.cookies == {}


def test_api_is_exempt_from_csrf(box: Sandbox) -> None:
    from django.test import Client

    assert post(Client(enforce_csrf_checks=True), {"email": "ana@example.com"}).status_code == 200
    assert box.count(WORKSPACE_ID) == 1


def test_api_refuses_a_signed_in_person_without_a_token(admin_client: Client, box: Sandbox) -> None:
    response = admin_client.get("/sandbox/me", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert box.calls()[0].workspace == ""


def test_api_passes_headers_and_query_on(client: Client, box: Sandbox) -> None:
    for number in range(3):
        box.add_contact(WORKSPACE_ID, email=f"a{number}@example.com")
    response = client.get("/sandbox/contacts?per_page=2", headers={**API, "Intercom-Version": "2.14"})
    assert len(response.json()["data"]) == 2
    assert response.headers["Intercom-Version"] == "2.14"
    assert response.headers["X-RateLimit-Limit"] == "1666"


@pytest.mark.parametrize("path", ["/sandbox/", LIST, "/sandbox/me", "/sandbox/ui/sandbox01/x/"])
def test_everything_is_absent_when_switched_off(
    admin_client: Client, box: Sandbox, settings: Settings, path: str
) -> None:
    settings.INTERCOM_SANDBOX = False
    response = admin_client.get(path, headers=API, follow=True)
    assert response.status_code == 404
    assert box.calls() == []


def test_fault_is_answered_through_the_product_too(client: Client, box: Sandbox) -> None:
    box.add_fault(WORKSPACE_ID, Fault(acts=False, status=502, body="<html>Bad gateway</html>"))
    response = post(client, {"email": "ana@example.com"})
    assert (response.status_code, response.content) == (502, b"<html>Bad gateway</html>")


@pytest.mark.parametrize(("ending", "sent"), [(Ending.HALF, b"12"), (Ending.DROP, b""), (Ending.RESET, b"")])
def test_broken_answer_announces_more_than_it_sends(ending: Ending, sent: bytes) -> None:
    response = Response(200, body=b"1234", ending=ending)
    assert as_django(response).headers["Content-Length"] == "4"
    got: list[bytes] = []
    with pytest.raises(BrokenPipeError):
        got.extend(broken_body(response))
    assert b"".join(got) == sent


def test_demo_workspace_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sandbox.sqlite3"
    assert ensure_demo_workspace(path) == ensure_demo_workspace(str(path)) == "sandbox-token"
    assert open_sandbox(path).workspaces() == {"sandbox01": "Sandbox workspace"}
    demo._sandbox_at.cache_clear()


@pytest.mark.django_db
def test_contacts_that_are_gone_are_counted_apart(admin_client: Client, box: Sandbox) -> None:
    for name in ("ana", "bo", "test"):
        box.add_contact(WORKSPACE_ID, email=f"{name}@example.com")
    assert "3 contacts, newest first." in text_of(admin_client.get(LIST))
    (contact,) = box.contacts(WORKSPACE_ID, email="test@example.com")
    admin_client.delete(f"/sandbox/contacts/{contact['id']}", headers=API)
    text = text_of(admin_client.get(LIST))
    assert "2 contacts, and 1 that was archived, deleted or merged, newest first." in text
    assert "test@example.com" in text


@pytest.mark.django_db
def test_the_name_of_a_contact_leads_to_it_like_its_email(admin_client: Client, box: Sandbox) -> None:
    contact = box.add_contact(WORKSPACE_ID, email="ana@example.com", name="Ana Lima")
    link = admin_client.get(LIST).text.partition(f'/{contact}/">')[2].partition("</a>")[0]
    assert link.startswith("Ana Lima")
    assert "ana@example.com" in link


@pytest.mark.django_db
@pytest.mark.parametrize("path", [LIST, f"/sandbox/ui/{WORKSPACE_ID}/x/"])
def test_stranger_is_sent_to_the_login(client: Client, box: Sandbox, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("admin:login"))
    assert box.calls() == []


def test_address_without_slash_leads_to_the_list(admin_client: Client, box: Sandbox) -> None:
    assert admin_client.get("/sandbox/ui").headers["Location"] == LIST
    assert admin_client.get("/sandbox/").headers["Location"] == LIST
    assert box.calls() == []


def test_empty_list_says_what_to_do(admin_client: Client, box: Sandbox) -> None:
    words = text_of(admin_client.get(LIST))
    assert "0 contacts" in words
    assert "No contacts yet" in words
    assert "join that campaign through a referral link" in words
    assert box.count(WORKSPACE_ID) == 0


def test_list_shows_the_newest_first_with_what_they_hold(admin_client: Client, box: Sandbox) -> None:
    box.add_contact(WORKSPACE_ID, email="ana@example.com", name="Ana", role="user")
    box.add_contact(
        WORKSPACE_ID,
        email="ben@example.com",
        custom_attributes={"plan": "Pro", "newsletter": False, "company_size": None},
    )
    words = text_of(admin_client.get(LIST))
    assert "2 contacts" in words
    assert words.index("ben@example.com") < words.index("ana@example.com")
    assert "ben@example.com Lead plan Pro newsletter No just now" in words
    assert "Ana ana@example.com User None just now" in words


def test_one_contact_is_singular(admin_client: Client, box: Sandbox) -> None:
    box.add_contact(WORKSPACE_ID, email="ana@example.com")
    assert "1 contact, newest first" in text_of(admin_client.get(LIST))


def test_contact_that_is_gone_is_marked(admin_client: Client, box: Sandbox) -> None:
    ana = box.add_contact(WORKSPACE_ID, email="ana@example.com")
    box.set_state(WORKSPACE_ID, ana, State.ARCHIVED)
    assert "Lead Archived" in text_of(admin_client.get(LIST))


def test_long_list_is_paged(admin_client: Client, box: Sandbox) -> None:
    for number in range(51):
        box.add_contact(WORKSPACE_ID, email=f"a{number}@example.com")
    first, second = (text_of(admin_client.get(LIST, {"page": page})) for page in ("1", "2"))
    assert "Page 1 of 2" in first
    assert "a0@example.com" not in first
    assert "a0@example.com" in second
    assert text_of(admin_client.get(LIST, {"page": "nonsense"})).count("a50@example.com") == 1


@pytest.mark.parametrize(
    "path", [LIST + "?workspace=unknown", "/sandbox/ui/sandbox01/unknown/", "/sandbox/ui/x/y/"]
)
def test_unknown_workspace_or_contact_is_not_found(admin_client: Client, box: Sandbox, path: str) -> None:
    assert admin_client.get(path).status_code == 404
    assert box.calls() == []


def test_contact_page_tells_the_history_of_writes(admin_client: Client, box: Sandbox) -> None:
    body = {"role": "lead", "email": "ana@example.com", "custom_attributes": {"trial_ends": 1_597_870_204}}
    ana = post(admin_client, body).json()["id"]
    url = f"/sandbox/contacts/{ana}"
    admin_client.put(url, {"name": "Ana", "phone": None}, content_type="application/json", headers=API)
    words = text_of(admin_client.get(f"/sandbox/ui/{WORKSPACE_ID}/{ana}/"))
    assert "trial_ends 19 Aug 2020, 20:50 UTC" in words
    assert words.index("Updated by a call") < words.index("Created by a call")
    assert "Name Ana Phone (cleared)" in words
    assert "trial_ends 19 Aug 2020, 20:50 UTC (1597870204)" in words
    assert len(box.history(ana)) == 2


def test_date_that_no_calendar_holds_is_shown_as_sent(admin_client: Client, box: Sandbox) -> None:
    ana = box.add_contact(WORKSPACE_ID, email="a@example.com", custom_attributes={"trial_ends": 10**15})
    assert f"trial_ends {10**15}" in text_of(admin_client.get(f"/sandbox/ui/{WORKSPACE_ID}/{ana}/"))


def test_markup_in_a_value_is_shown_not_run(admin_client: Client, box: Sandbox) -> None:
    ana = box.add_contact(WORKSPACE_ID, email="a@example.com", name="<script>x</script>")
    page = admin_client.get(f"/sandbox/ui/{WORKSPACE_ID}/{ana}/").content.decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("contact", [False, True])
def test_every_page_says_loudly_that_it_is_a_sandbox(
    admin_client: Client, box: Sandbox, contact: bool
) -> None:
    ana = box.add_contact(WORKSPACE_ID, email="ana@example.com")
    path = f"{LIST}{WORKSPACE_ID}/{ana}/" if contact else LIST
    banner = "Sandbox – a pretend Intercom workspace. Nothing here reaches Intercom."
    assert banner in text_of(admin_client.get(path))
