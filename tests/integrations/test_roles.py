"""Who may open and do what: every page of the admin, as everybody. A page that is not in the tables fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations import pages
from integrations.admin import workspace_pages
from integrations.logic.states import Reason, State
from integrations.models import (
    Attempt,
    ConnectionStatus,
    ContactLink,
    Delivery,
    IntercomConnection,
    SyncSettings,
    Trial,
)
from integrations.services.roles import INTEGRATION_ADMIN, ROLES, SUPPORT, ensure_roles
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.bulk import NEW, make_order, page_of
from tests.integrations.controls import read
from tests.integrations.panel import WHOLE, make_workspace
from tests.integrations.qualification import make_receipt

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

ANONYMOUS, CLERK, HELPER, ADMIN, BOSS = "anonymous", "clerk", "helper", "admin", "boss"
PEOPLE = (ANONYMOUS, CLERK, HELPER, ADMIN, BOSS)
"""Not logged in; staff without any right; Support; Integration admin; superuser. The last does most."""

NOBODY: frozenset[str] = frozenset()
SUPERUSERS = frozenset({BOSS})
EDITORS = frozenset({ADMIN, BOSS})
LOOKERS = frozenset({HELPER, ADMIN, BOSS})
STAFF = frozenset({CLERK, HELPER, ADMIN, BOSS})


@dataclass(frozen=True)
class Access:
    """Who may GET a page, and who may POST to it."""

    get: frozenset[str]
    post: frozenset[str]


LOOK = Access(LOOKERS, LOOKERS)
EDIT = Access(EDITORS, EDITORS)

CAMPAIGN_PAGES: Mapping[str, Access] = {
    "overview": LOOK,
    "leads": LOOK,
    "referrers": LOOK,
    "leads_add": EDIT,
    "referrers_add": EDIT,
    "crm": LOOK,
    "intercom": Access(LOOKERS, EDITORS),
    "intercom_connect": EDIT,
    "intercom_oauth": EDIT,
    "intercom_move": EDIT,
    "intercom_pause": LOOK,
    "intercom_disconnect": EDIT,
    "intercom_forget": EDIT,
    "intercom_preview": LOOK,
    "intercom_test": EDIT,
    "intercom_trial": Access(LOOKERS, EDITORS),
    "intercom_history": LOOK,
    "intercom_people": LOOK,
    "intercom_rehearse": Access(LOOKERS, LOOKERS),
    "intercom_values": LOOK,
    "intercom_way_back": EDIT,
    "intercom_way_back_all": EDIT,
    "intercom_help": LOOK,
}
"""Support may pause, and may say who is sent: its right to that counts like its right to look."""

WORKSPACE_PAGES: Mapping[str, Access] = {
    "pause": LOOK,
    "resume": LOOK,
    "refresh": EDIT,
    "disconnect": EDIT,
    "renew": EDIT,
    "secret": EDIT,
}
MODELS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "campaigns_campaign": {"add": EDITORS, "change": EDITORS, "delete": SUPERUSERS},
    "campaigns_participant": {"add": EDITORS, "change": EDITORS, "delete": NOBODY},
    "integrations_intercomconnection": {"add": NOBODY, "change": NOBODY, "delete": NOBODY},
    "integrations_dataattribute": {"add": NOBODY, "change": NOBODY, "delete": NOBODY},
    "integrations_contactlink": {"add": NOBODY, "change": NOBODY, "delete": NOBODY},
    "integrations_delivery": {"add": NOBODY, "change": NOBODY, "delete": NOBODY},
    "integrations_attempt": {"add": NOBODY, "change": NOBODY, "delete": NOBODY},
    "integrations_webhookreceipt": {"add": NOBODY, "change": NOBODY, "delete": NOBODY},
}
USERS_AND_GROUPS = ("auth_user", "auth_group")
PAGES: Mapping[str, Access] = {
    "index": Access(STAFF, STAFF),
    "password_change": Access(STAFF, STAFF),
    "password_change_done": Access(STAFF, STAFF),
    "tables": Access(SUPERUSERS, SUPERUSERS),
    "auth_user_password_change": Access(SUPERUSERS, SUPERUSERS),
    **{f"campaigns_campaign_{slug}": access for slug, access in CAMPAIGN_PAGES.items()},
    **{f"integrations_intercomconnection_{slug}": access for slug, access in WORKSPACE_PAGES.items()},
    "integrations_webhookreceipt_again": LOOK,
    "integrations_erase": EDIT,
    "integrations_erasures": EDIT,
    "integrations_alerts": Access(LOOKERS, EDITORS),
    "integrations_alerts_test": EDIT,
    "integrations_health": LOOK,
    "integrations_delivery_order": LOOK,
    "integrations_delivery_undo": LOOK,
    "integrations_log_export": LOOK,
    "integrations_delivery_choose": LOOK,
    "integrations_person": LOOK,
    "integrations_bulk": LOOK,
    "integrations_bulk_list": LOOK,
    "integrations_bulk_new": LOOK,
    **{f"{model}_changelist": LOOK for model in MODELS},
    **{f"{model}_history": LOOK for model in MODELS},
    **{f"{model}_add": Access(may["add"], may["add"]) for model, may in MODELS.items()},
    **{f"{model}_change": Access(LOOKERS, may["change"]) for model, may in MODELS.items()},
    **{f"{model}_delete": Access(may["delete"], may["delete"]) for model, may in MODELS.items()},
    **{
        f"{model}_{page}": Access(SUPERUSERS, SUPERUSERS)
        for model in USERS_AND_GROUPS
        for page in ("changelist", "history", "add", "change", "delete")
    },
}
OPEN_TO_ALL = {"login", "logout", "jsi18n"}
DJANGOS_OWN = {"autocomplete", "view_on_site", "app_list", None}
"""They ask for the right to what they are given: Django tests them."""

ACTIONS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "campaigns.Campaign": {"end": EDITORS, "reopen": EDITORS, "delete_selected": SUPERUSERS},
    "campaigns.Participant": {},
    "integrations.IntercomConnection": {"pause": LOOKERS, "resume": LOOKERS},
    "integrations.DataAttribute": {},
    "integrations.ContactLink": {},
    "integrations.Delivery": {},
    "integrations.Attempt": {},
    "integrations.WebhookReceipt": {"look_again": LOOKERS},
    "auth.User": {"delete_selected": SUPERUSERS},
    "auth.Group": {"delete_selected": SUPERUSERS},
}


# Every page -------------------------------------------------------------------------------------------


@dataclass
class World:
    """One of everything that a page may be about."""

    campaign: Campaign
    workspace: IntercomConnection
    trial: Trial
    lead: Participant

    def address(self, name: str) -> str:
        if name.startswith("campaigns_campaign_intercom"):
            return self._of_the_panel(name)
        if name == "integrations_bulk":
            return page_of(make_order())
        if name == "integrations_person":
            return reverse(f"admin:{name}", args=[self.lead.pk])
        for model in (*MODELS, *USERS_AND_GROUPS):
            if name in {f"{model}_changelist", f"{model}_add"}:
                return reverse(f"admin:{name}")
            if name.startswith(f"{model}_"):
                return reverse(f"admin:{name}", args=[_first(model).pk])
        return reverse(f"admin:{name}")

    def _of_the_panel(self, name: str) -> str:
        page = next(one for one in pages.PAGES if name == f"campaigns_campaign_{one.slug}")
        more: list[Any] = ["leads"] if "panel_tab" in page.route else []
        more += [self.trial.pk] if "trial_id" in page.route else []
        more += [self.lead.pk] if "lead>" in page.route else []
        more += [1] if "revision>" in page.route else []
        return reverse(f"admin:{name}", args=[self.campaign.pk, *more])


def _first(name: str) -> Any:
    registered = admin.site._registry
    model = next(one for one in registered if f"{one._meta.app_label}_{one._meta.model_name}" == name)
    return model._default_manager.order_by("pk").first()


@pytest.fixture
def world(settings: Settings) -> World:
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"  # nobody answers there
    workspace, campaign = make_workspace(), make_campaign(slug="spring")
    import_document(campaign, WHOLE)
    delivery = Delivery.objects.get(participant=make_lead(campaign))
    now = timezone.now()
    Attempt.objects.create(
        delivery=delivery,
        connection=workspace,
        settings_revision=1,
        started_at=now,
        duration_ms=5,
        state=State.NEEDS_ATTENTION,
        reason=Reason.REJECTED,
    )
    ContactLink.objects.create(
        connection=workspace, email="a@x.com", contact_id="c", role="lead", confirmed_at=now
    )
    tab = SyncSettings.objects.get(campaign=campaign, audience="lead")
    trial = Trial.objects.create(
        settings=tab, connection=workspace, email="t@x.com", content=WHOLE["leads"], state="done"
    )
    make_receipt(workspace)
    return World(campaign, workspace, trial, delivery.participant)


@pytest.fixture
def clients() -> dict[str, Client]:
    """Everybody, each with a browser of their own; a page that breaks is an answer too."""
    found = {person: Client(raise_request_exception=False) for person in PEOPLE}
    for person in PEOPLE[1:]:
        found[person].force_login(make_user(person))
    return found


def make_user(person: str) -> User:
    if person == BOSS:
        return User.objects.create_superuser(BOSS, "boss@example.com", "pw")
    user = User.objects.create_user(person, f"{person}@example.com", "pw", is_staff=True)
    groups = {HELPER: SUPPORT, ADMIN: INTEGRATION_ADMIN}
    if person in groups:
        user.groups.add(Group.objects.get(name=groups[person]))
    return user


def is_refused(answer: Any) -> bool:
    """For somebody who is logged in: 403. Else the way to the login page, which keeps where one was going."""
    to_login = answer.status_code == 302 and reverse("admin:login") in answer["Location"]
    return to_login or answer.status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_open_to_those_who_may_and_to_nobody_else(
    world: World, clients: Mapping[str, Client], name: str, method: str
) -> None:
    may = getattr(PAGES[name], method)
    page = world.address(name)
    answers = {person: getattr(clients[person], method)(page) for person in PEOPLE}
    assert {person for person in PEOPLE if not is_refused(answers[person])} == may
    assert [person for person in may if answers[person].status_code >= 500] == []
    assert is_refused(answers[ANONYMOUS])
    assert answers[ANONYMOUS].status_code == 302


def test_every_page_is_in_the_tables() -> None:
    assert {page.slug for page in pages.PAGES} == CAMPAIGN_PAGES.keys()
    assert {page.slug for page in workspace_pages.PAGES} == WORKSPACE_PAGES.keys()
    assert set(_names(admin.site.urls[0])) - DJANGOS_OWN - OPEN_TO_ALL == PAGES.keys()


def _names(patterns: Any) -> Iterator[str | None]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name


def test_every_action_is_offered_to_those_who_may_and_to_nobody_else() -> None:
    users = {person: make_user(person) for person in PEOPLE[1:]}
    offered: dict[str, dict[str, set[str]]] = {}
    for model, page in admin.site._registry.items():
        actions = offered.setdefault(model._meta.label, {})
        for person, user in users.items():
            request = RequestFactory().get("/")
            request.user = user
            for action in page.get_actions(request):
                actions.setdefault(action, set()).add(person)
    expected = {
        model: {name: set(may) for name, may in actions.items()} for model, actions in ACTIONS.items()
    }
    # Django offers deleting on a log too, and then refuses it: see test_admin.
    for label, actions in offered.items():
        if "delete_selected" not in expected[label]:
            actions.pop("delete_selected", None)
    assert offered == expected


def test_support_pauses_and_resumes_a_workspace(clients: Mapping[str, Client], world: World) -> None:
    page = reverse("admin:integrations_intercomconnection_changelist")
    chosen = {"_selected_action": [world.workspace.pk]}
    clients[HELPER].post(page, {"action": "pause", **chosen})
    assert IntercomConnection.objects.get().paused_at is not None
    clients[HELPER].post(page, {"action": "resume", **chosen})
    assert IntercomConnection.objects.get().paused_at is None


def test_support_gives_orders_in_the_log(clients: Mapping[str, Client], world: World) -> None:
    page = clients[HELPER].post(NEW, {"command": "cancel", "ids": [Delivery.objects.get().pk]})
    clients[HELPER].post(NEW, read(page).values)
    assert Delivery.objects.get().state == State.NOT_SENT


@pytest.mark.parametrize("person", [ANONYMOUS, CLERK])
def test_others_give_no_orders(clients: Mapping[str, Client], world: World, person: str) -> None:
    asked = clients[HELPER].post(NEW, {"command": "cancel", "ids": [Delivery.objects.get().pk]})
    clients[person].post(NEW, read(asked).values)
    assert Delivery.objects.get().state == State.WAITING


def test_support_disconnects_nothing(clients: Mapping[str, Client], world: World) -> None:
    page = reverse("admin:integrations_intercomconnection_disconnect", args=[world.workspace.pk])
    assert clients[HELPER].post(page).status_code == 403
    assert IntercomConnection.objects.get().status == ConnectionStatus.CONNECTED


# The groups -------------------------------------------------------------------------------------------


def rights_of(group: str) -> set[str]:
    rights = Permission.objects.filter(group__name=group)
    return {f"{one.content_type.app_label}.{one.codename}" for one in rights.select_related("content_type")}


def test_both_groups_are_there_after_a_migrate_and_see_everything() -> None:
    looks = Permission.objects.filter(
        content_type__app_label__in=["campaigns", "integrations"], codename__startswith="view_"
    )
    for group in ROLES:
        assert looks.exclude(group__name=group).count() == 0


def test_support_can_change_add_and_delete_nothing() -> None:
    beyond = {right for right in rights_of(SUPPORT) if ".view_" not in right}
    assert beyond == {"integrations.pause_sync", "integrations.repair_delivery"}


@pytest.mark.parametrize("group", ROLES)
def test_no_group_deletes(group: str) -> None:
    assert [right for right in rights_of(group) if ".delete_" in right] == []


def test_a_migrate_gives_back_what_a_group_lacks_and_keeps_what_it_was_given() -> None:
    group = Group.objects.get(name=SUPPORT)
    more = Permission.objects.get(codename="delete_campaign")
    group.permissions.set([more])
    ensure_roles()
    assert rights_of(SUPPORT) > {"campaigns.delete_campaign", "integrations.pause_sync"}


def test_a_group_that_was_deleted_is_made_again() -> None:
    Group.objects.all().delete()
    ensure_roles()
    assert Group.objects.count() == len(ROLES)


def test_rights_that_are_not_there_yet_are_made_first() -> None:
    Permission.objects.all().delete()
    ensure_roles()
    assert ROLES[INTEGRATION_ADMIN] < rights_of(INTEGRATION_ADMIN)


def test_every_right_that_is_named_exists() -> None:
    for group, rights in ROLES.items():
        assert rights <= rights_of(group)


@pytest.mark.django_db(transaction=True)
def test_the_groups_are_there_after_a_flush() -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == ROLES.keys()


def test_nobody_who_is_not_logged_in_has_any_right() -> None:
    assert not AnonymousUser().get_all_permissions()
