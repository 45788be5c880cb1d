"""Marked secrets and marked people, all that goes wrong with them, and the search for the marks."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import unquote_plus

from cryptography.fernet import Fernet
from django.conf import settings

from campaigns.models import Campaign, LeadFieldType, Participant
from integrations.intercom.session import Session
from integrations.models import ConnectionStatus, IntercomConnection
from integrations.sandbox.control import Fault, State
from integrations.sandbox.messages import Ending
from integrations.services.connect import connect_with_token
from integrations.services.drain import slice as drain_slice
from integrations.services.drain import workspace as drain_workspace
from integrations.services.drain.workspace import pace_of
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, owed, set_panel
from tests.integrations.qualify_fixtures import RULE
from tests.integrations.sandbox_fixtures import WORKSPACE

if TYPE_CHECKING:
    import pytest

    from integrations.sandbox.control import Sandbox

ACCESS = "dG9rOjVhNmI3YzhkXzlhMGJfNGMxZF84ZTJmXzNhNGI1YzZkN2U4ZjoxOjA="
OLD_ACCESS = "dG9rOjkxMjg3MzY0X2FhYmJfY2NkZF9lZWZmXzAwMTEyMjMzNDQ1NToxOjA="
SECRETS: Mapping[str, str] = {
    "access token": ACCESS,
    "access token of before": OLD_ACCESS,
    "client secret": "0f1e2d3c-MARKED-4b5a-6978-client",
    "webhook secret": "7c6d5e4f-MARKED-3a2b-1908-webhook",
    "encryption key": Fernet.generate_key().decode(),
    "older encryption key": Fernet.generate_key().decode(),
    "secret key": "MARKED-secret-key-" + "k" * 40,
    "mail password": "MARKED-mail-password-33",
}

OURS, ELSEWHERE = "leak.example", "elsewhere.example"
"""The domains of the people of one campaign, and of the person who is in another."""

OTHER = f"bea.other@{ELSEWHERE}"
PERSONAL: Mapping[str, str] = {
    "email": OURS,
    "email of somebody else": ELSEWHERE,
    "first name": "Ownfirstmark",
    "last name": "Ownlastmark",
    "phone": "+4915550009876",
    "answer": "answer-mark-88",
    "first name of somebody else": "Otherfirstmark",
}
PERSON: Mapping[str, Any] = {
    "first_name": PERSONAL["first name"],
    "last_name": PERSONAL["last name"],
    "phone": PERSONAL["phone"],
    "custom": {"why": PERSONAL["answer"]},
}


def found(text: str, marks: Mapping[str, str]) -> list[str]:
    """The names of the marks that stand in a text: as they are, or written as HTML or an address has it."""
    texts = {form.casefold() for form in (text, html.unescape(text), unquote_plus(text))}
    return [name for name, mark in marks.items() if any(mark.casefold() in one for one in texts)]


def plant_secrets(patch: pytest.MonkeyPatch) -> None:
    """Every secret that an installation has, but for those of its workspaces."""
    planted: dict[str, Any] = {
        "SECRET_KEY": SECRETS["secret key"],
        "FIELD_ENCRYPTION_KEYS": [SECRETS["encryption key"], SECRETS["older encryption key"]],
        "INTERCOM_CLIENT_ID": "app-id",
        "INTERCOM_CLIENT_SECRET": SECRETS["client secret"],
        "EMAIL_HOST_PASSWORD": SECRETS["mail password"],
    }
    for name, value in planted.items():
        patch.setattr(settings, name, value)
    patch.setenv("EMAIL_URL", f"smtp+tls://post:{SECRETS['mail password']}@mail.example:587")
    patch.setenv("INTERCOM_ACCESS_TOKEN", ACCESS)
    patch.setenv("SECRET_KEY", SECRETS["secret key"])


def connect(sandbox: Sandbox) -> Intercom:
    """The workspace, connected with one token and then with another."""
    for token in (OLD_ACCESS, ACCESS):
        sandbox.add_workspace(WORKSPACE, token=token)
        with Session() as session:
            connection = connect_with_token(token, region="US", session=session).connection
    connection.webhook_secret = SECRETS["webhook secret"]
    connection.save(update_fields=["sealed_webhook_secret"])
    pace_of.cache_clear()
    return Intercom(sandbox, connection)


QUOTE = (
    f"POST /contacts Authorization: Bearer {ACCESS} client_secret={SECRETS['client secret']} "
    f'{{"email": "{{own}}", "name": "{PERSON["first_name"]} {PERSON["last_name"]}", '
    f'"phone": "{PERSON["phone"]}"}} of {OTHER}'
)
"""What a careless server repeats of a request."""


def _page(own: str) -> str:
    return f"<html><body><pre>{QUOTE.replace('{own}', own)}</pre></body></html>"


def refusal(message: str, *, code: str = "parameter_invalid", **more: str) -> str:
    return json.dumps({"type": "error.list", "errors": [{"code": code, "message": message, **more}]})


def faults(own: str, *, contact_of_other: str) -> dict[str, Fault]:
    """Every class of failure; each answers with what it should keep to itself."""
    said, known = QUOTE.replace("{own}", own), f"exists already with id={contact_of_other} ({OTHER})"
    create: dict[str, Any] = {"acts": False, "method": "POST", "path": "/contacts"}
    quoting = {"X-Request-Id": "req-1", "Set-Cookie": f"t={ACCESS}"}
    return {
        "refused": Fault(**create, status=400, body=refusal(said)),
        "refused-field": Fault(**create, status=400, body=refusal(f"phone {said}", field="phone")),
        "refused-code": Fault(**create, status=422, body=refusal(said, code=f"no {OTHER}")),
        "conflict": Fault(**create, status=409, body=refusal(f"A contact {known}", code="conflict")),
        "archived": Fault(
            **create, status=409, body=refusal(f"An archived contact {known}", code="conflict")
        ),
        "gone": Fault(**create, status=404, body=refusal(said, code="not_found")),
        "broken": Fault(**create, status=500, body=_page(own), headers=quoting),
        "busy": Fault(**create, status=503, body=refusal(said)),
        "page": Fault(**create, status=200, body=_page(own)),
        "away": Fault(**create, status=302, body="", headers={"Location": f"/?token={ACCESS}&who={own}"}),
        "no-search": Fault(acts=False, path="/contacts/search", status=500, body=_page(own)),
        "late": Fault(acts=True, method="POST", path="/contacts", stall_after=1.0),
        "dropped": Fault(acts=True, method="POST", path="/contacts", ending=Ending.RESET),
        "half": Fault(acts=True, method="POST", path="/contacts", ending=Ending.HALF),
        "limited": Fault(**create, status=429, body=refusal(said), headers={"Retry-After": "1"}),
        "forbidden": Fault(**create, status=403, body=refusal(said, code=f"plan of {OTHER}")),
        "unauthorized": Fault(**create, status=401, body=refusal(said, code=f"token {ACCESS}")),
    }


@dataclass
class Scene:
    """Two campaigns in one workspace: one in which everything goes wrong, and one with another person."""

    intercom: Intercom
    campaign: Campaign
    elsewhere: Campaign
    other: Participant
    leads: dict[str, Participant] = field(default_factory=dict)


def make_scene(intercom: Intercom) -> Scene:
    """Everybody has joined, and every failure has happened to one of them."""
    campaign, elsewhere = make_campaign("Spring", fields=WHY), make_campaign("Elsewhere")
    set_panel(elsewhere)
    set_panel(campaign, field_map=ROWS, duplicates="update", qualification=RULE)
    scene = Scene(intercom, campaign, elsewhere, _other(elsewhere, intercom))
    scene.leads["well"] = _join(scene, "well")
    with (
        patch.object(drain_workspace, "session", lambda: HASTY),
        patch.object(drain_slice, "WORTH_WAITING", -1.0),
    ):
        _known(scene)
        contact_of_other = owed(scene.other).contact_id
        for name in faults("", contact_of_other=""):
            own = f"own.{name}@{OURS}"
            _goes_wrong(scene, name, faults(own, contact_of_other=contact_of_other)[name])
    return scene


HASTY = Session(deadline=0.4)
WHY = {"why": LeadFieldType.TEXT}
ROWS = [
    EMAIL_ROW,
    NAME_ROW,
    {"data_type": "dynamic", "from": "lead.phone", "to": "phone"},
    {"data_type": "dynamic", "from": "custom.why", "to": "custom_attributes.lead_source"},
]


def _other(campaign: Campaign, intercom: Intercom) -> Participant:
    name = PERSONAL["first name of somebody else"]
    referrer = make_referrer(campaign, email=f"ref.{OTHER}")
    person = make_lead(campaign, email=OTHER, first_name=name, referrer=referrer)
    intercom.drain()
    return person


def _join(scene: Scene, name: str) -> Participant:
    person = make_lead(scene.campaign, email=f"own.{name}@{OURS}", **PERSON)
    scene.intercom.drain()
    return person


def _known(scene: Scene) -> None:
    """Somebody whose contact was there, twice, and somebody whose contact was merged into the other's."""
    sandbox, workspace = scene.intercom.sandbox, scene.intercom.workspace
    for name, role in (("known", "user"), ("twice", "lead"), ("twice", "user")):
        sandbox.add_contact(workspace, email=f"own.{name}@{OURS}", role=role, name=PERSON["last_name"])
    merged = sandbox.add_contact(workspace, email=f"own.merged@{OURS}")
    sandbox.set_state(workspace, merged, State.MERGED, merged_into=owed(scene.other).contact_id)
    for name in ("known", "twice", "merged"):
        scene.leads[name] = _join(scene, name)


def _goes_wrong(scene: Scene, name: str, fault: Fault) -> None:
    intercom = scene.intercom
    intercom.sandbox.add_fault(intercom.workspace, fault)
    scene.leads[name] = _join(scene, name)
    intercom.sandbox.clear_faults(intercom.workspace)
    IntercomConnection.objects.update(status=ConnectionStatus.CONNECTED, paused_until=None)
    pace_of.cache_clear()
