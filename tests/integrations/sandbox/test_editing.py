"""Changing a contact in the sandbox's pages, as a teammate would in the vendor's own screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.sandbox import demo
from integrations.sandbox.control import Fate, Sandbox, State
from integrations.sandbox.demo import WORKSPACE_ID, open_sandbox

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

NOWHERE = "http://127.0.0.1:9/"
ACTS = ("convert", "archive", "restore", "delete", "merge")


@pytest.fixture
def box(tmp_path: Path, settings: Settings) -> Iterator[Sandbox]:
    """A sandbox that tells somebody, and holds it back."""
    settings.INTERCOM_SANDBOX_FILE = tmp_path / "sandbox.sqlite3"
    sandbox = open_sandbox(settings.INTERCOM_SANDBOX_FILE)
    sandbox.hold_webhooks(WORKSPACE_ID)
    sandbox.subscribe(NOWHERE, "secret", workspace=WORKSPACE_ID)
    yield sandbox
    demo._sandbox_at.cache_clear()
    sandbox.close()


@pytest.fixture
def ana(box: Sandbox) -> str:
    custom = {"plan": "Free", "trial_ends": 1_597_870_204, "newsletter": True}
    return box.add_contact(WORKSPACE_ID, email="ana@example.com", name="Ana", custom_attributes=custom)


def address(contact: str, action: str = "edit") -> str:
    name, args = ("edit", []) if action == "edit" else ("act", [action])
    return reverse(f"sandbox:{name}", args=[WORKSPACE_ID, contact, *args])


def filled(client: Client, contact: str) -> dict[str, Any]:
    """The form as a browser would send it back untouched."""
    form = client.get(address(contact)).context["form"]
    values = {field.html_name: field.value() for field in form}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def key(client: Client, contact: str, label: str) -> str:
    """The name of the field with this label."""
    form = client.get(address(contact)).context["form"]
    names = {field.label: str(field.html_name) for field in form}
    return names[label]


def save(client: Client, contact: str, **changes: str) -> Any:
    """Fills in the fields that are named by their labels, and presses Save."""
    named = {key(client, contact, label): value for label, value in changes.items()}
    return client.post(address(contact), filled(client, contact) | named, follow=True)


def topics(box: Sandbox) -> list[str]:
    return [each.topic for each in box.webhooks(WORKSPACE_ID)]


def test_a_changed_attribute_is_written_alone_and_told(admin_client: Client, box: Sandbox, ana: str) -> None:
    answer = save(admin_client, ana, plan="Pro")
    assert "Saved." in answer.text
    assert box.contact(WORKSPACE_ID, ana)["custom_attributes"]["plan"] == "Pro"
    assert box.history(ana)[-1].written == {"custom_attributes": {"plan": "Pro"}}
    assert box.history(ana)[-1].call is None
    (told,) = box.webhooks(WORKSPACE_ID)
    assert (told.topic, told.item["custom_attributes"]["plan"]) == ("contact.lead.updated", "Pro")
    assert "contact.lead.updated" in answer.text


@pytest.mark.parametrize(
    ("label", "typed", "kept"),
    [
        ("company_size", "12", 12),
        ("lifetime_value", "1.5", 1.5),
        ("newsletter", "no", False),
        ("newsletter", "", None),
        ("trial_ends", "2026-05-03", 1_777_766_400),
        ("trial_ends", "", None),
        ("lead_source", "=1+1 <b>", "=1+1 <b>"),
    ],
)
def test_each_kind_of_attribute_can_be_typed(
    admin_client: Client, box: Sandbox, ana: str, label: str, typed: str, kept: Any
) -> None:
    save(admin_client, ana, **{label: typed})
    assert box.contact(WORKSPACE_ID, ana)["custom_attributes"][label] == kept
    assert box.history(ana)[-1].written == {"custom_attributes": {label: kept}}


def test_fields_of_every_contact_can_be_changed_and_cleared(
    admin_client: Client, box: Sandbox, ana: str
) -> None:
    save(admin_client, ana, Name="", Email="new@example.com", Phone="+3161234567")
    found = box.contact(WORKSPACE_ID, ana)
    assert (found["name"], found["email"], found["phone"]) == (None, "new@example.com", "+3161234567")


def test_saving_what_is_there_writes_and_tells_nothing(admin_client: Client, box: Sandbox, ana: str) -> None:
    before = len(box.history(ana))
    assert "Nothing was changed." in save(admin_client, ana).text
    assert (len(box.history(ana)), topics(box)) == (before, [])


@pytest.mark.parametrize(
    ("label", "typed"),
    [
        ("plan", "Gold"),
        ("company_size", "many"),
        ("company_size", "9" * 400),
        ("lifetime_value", "nan"),
        ("trial_ends", "tomorrow"),
        ("Email", "no email"),
        ("Phone", "call me"),
        ("Name", "x" * 256),
    ],
)
def test_what_intercom_would_refuse_is_said_and_not_written(
    admin_client: Client, box: Sandbox, ana: str, label: str, typed: str
) -> None:
    before = box.contact(WORKSPACE_ID, ana)
    answer = save(admin_client, ana, **{label: typed})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert (box.contact(WORKSPACE_ID, ana), topics(box)) == (before, [])


def test_an_archived_attribute_is_not_offered(admin_client: Client, box: Sandbox, ana: str) -> None:
    box.archive_attribute(WORKSPACE_ID, "plan")
    labels = [field.label for field in admin_client.get(address(ana)).context["form"]]
    assert "plan" not in labels
    save(admin_client, ana, Name="Ana B")
    assert box.contact(WORKSPACE_ID, ana)["name"] == "Ana B"


def test_a_date_that_no_calendar_holds_can_be_replaced(admin_client: Client, box: Sandbox) -> None:
    odd = box.add_contact(WORKSPACE_ID, email="a@example.com", custom_attributes={"trial_ends": 10**15})
    save(admin_client, odd, Name="Odd")
    assert box.contact(WORKSPACE_ID, odd)["custom_attributes"]["trial_ends"] == 10**15
    save(admin_client, odd, trial_ends="2026-05-03")
    assert box.contact(WORKSPACE_ID, odd)["custom_attributes"]["trial_ends"] == 1_777_766_400


@pytest.mark.parametrize(
    ("action", "topic", "state"),
    [
        ("convert", "contact.lead.signed_up", State.LIVE),
        ("archive", "contact.archived", State.ARCHIVED),
        ("delete", "contact.deleted", State.DELETED),
    ],
)
def test_a_button_does_what_it_says_and_it_is_told(
    admin_client: Client, box: Sandbox, ana: str, action: str, topic: str, state: State
) -> None:
    assert 'role="status"' in admin_client.post(address(ana, action), follow=True).text
    assert (topics(box), box.state(ana)) == ([topic], state)


def test_what_was_archived_can_be_restored(admin_client: Client, box: Sandbox, ana: str) -> None:
    answer = admin_client.post(address(ana, "archive"), follow=True)
    assert "Restore" in answer.text
    assert "Make this lead a user" not in answer.text
    admin_client.post(address(ana, "restore"))
    assert topics(box) == ["contact.archived", "contact.unarchive"]
    assert box.state(ana) is State.LIVE


def test_a_lead_is_merged_into_a_user_with_nothing_in_common(
    admin_client: Client, box: Sandbox, ana: str
) -> None:
    user = box.add_contact(WORKSPACE_ID, email="uwe@example.com", role="user")
    offered = admin_client.get(reverse("sandbox:contact", args=[WORKSPACE_ID, ana])).context["users"]
    assert [each["id"] for each in offered] == [user]
    admin_client.post(address(ana, "merge"), {"into": user})
    assert (topics(box), box.state(ana)) == (["contact.merged"], State.MERGED)


@pytest.mark.parametrize("into", ["", "unknown", "itself"])
def test_a_merge_that_cannot_be_is_refused_in_words(
    admin_client: Client, box: Sandbox, ana: str, into: str
) -> None:
    into = ana if into == "itself" else into
    answer = admin_client.post(address(ana, "merge"), {"into": into}, follow=True)
    assert "banner--error" in answer.text
    assert (topics(box), box.state(ana)) == ([], State.LIVE)


@pytest.mark.parametrize("action", ACTS)
@pytest.mark.parametrize("state", [State.DELETED, State.MERGED])
def test_nothing_is_done_to_who_is_gone(
    admin_client: Client, box: Sandbox, ana: str, action: str, state: State
) -> None:
    user = box.add_contact(WORKSPACE_ID, email="uwe@example.com", role="user")
    box.set_state(WORKSPACE_ID, ana, state, merged_into=user)
    before = topics(box)
    answer = admin_client.post(address(ana, action), {"into": user}, follow=True)
    assert "banner--error" in answer.text
    assert "What a teammate could do" not in answer.text
    assert (topics(box), box.state(ana)) == (before, state)


def test_an_edit_of_who_is_gone_is_refused_in_words(admin_client: Client, box: Sandbox, ana: str) -> None:
    box.set_state(WORKSPACE_ID, ana, State.ARCHIVED)
    answer = save(admin_client, ana, plan="Pro")
    assert "User Not Found" in answer.text
    assert topics(box) == ["contact.archived"]


@pytest.mark.parametrize("action", ["edit", *ACTS])
def test_only_staff_may(
    client: Client, box: Sandbox, ana: str, django_user_model: type[User], action: str
) -> None:
    client.force_login(django_user_model.objects.create_user("visitor"))
    answer = client.post(address(ana, action))
    assert answer.headers["Location"].startswith(reverse("admin:login"))
    assert topics(box) == []


@pytest.mark.parametrize("action", ["edit", *ACTS])
def test_no_other_site_may_press_the_button(admin_user: User, box: Sandbox, ana: str, action: str) -> None:
    stern = Client(enforce_csrf_checks=True)
    stern.force_login(admin_user)
    assert stern.post(address(ana, action)).status_code == 403
    assert topics(box) == []


@pytest.mark.parametrize("action", ACTS)
def test_looking_presses_no_button(admin_client: Client, box: Sandbox, ana: str, action: str) -> None:
    assert admin_client.get(address(ana, action)).status_code == 405
    assert topics(box) == []


@pytest.mark.parametrize("action", ["edit", "archive", "explode"])
def test_unknown_contacts_and_buttons_are_not_found(
    admin_client: Client, box: Sandbox, ana: str, action: str
) -> None:
    assert admin_client.post(address("unknown", action)).status_code == 404
    assert admin_client.post(address(ana, "explode")).status_code == 404


@pytest.mark.parametrize("action", ["edit", "archive"])
def test_all_of_it_is_absent_when_switched_off(
    admin_client: Client, box: Sandbox, ana: str, settings: Settings, action: str
) -> None:
    settings.INTERCOM_SANDBOX = False
    assert admin_client.post(address(ana, action)).status_code == 404
    assert topics(box) == []


def test_the_page_says_what_became_of_what_was_told(admin_client: Client, box: Sandbox, ana: str) -> None:
    box.lose_webhooks(WORKSPACE_ID, times=1)
    box.change_contact(WORKSPACE_ID, ana, name="A")
    box.change_contact(WORKSPACE_ID, ana, name="B")
    url = reverse("sandbox:contact", args=[WORKSPACE_ID, ana])
    assert {"Lost on purpose", "Waiting"} == {each.result for each in admin_client.get(url).context["told"]}
    for expected in (
        "Not received: no answer within 5 seconds. It is sent once more after a minute.",
        "Given up: no answer within 5 seconds",
    ):
        box.release_webhooks(WORKSPACE_ID)
        box.wait_for_webhooks()
        assert expected in admin_client.get(url).text
    assert box.webhooks(WORKSPACE_ID)[-1].fate is Fate.GIVEN_UP
