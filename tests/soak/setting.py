"""What the installation is set to: a workspace, a campaign with a rule, somebody who may log in."""

from __future__ import annotations

import json

from cryptography.fernet import Fernet

from tests.processes.installation import Installation

SLUG = "soak"
LOGIN = "visitor"
WEBHOOK_SECRET = "secret of the soak's app"
PANEL = {
    "leads": {
        "action": "create_lead",
        "field_map": [
            {"data_type": "dynamic", "from": "lead.email", "to": "email"},
            {"data_type": "dynamic", "from": "lead.full_name", "to": "name"},
            {"data_type": "dynamic", "from": "custom.seats", "to": "custom_attributes.company_size"},
            {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"},
        ],
        "duplicates": "skip",
        "qualification": {
            "method": "attribute_changes",
            "attribute": "custom_attributes.plan",
            "initial_value": "Free",
            "qualifying_values": ["Pro"],
        },
    }
}
LISTEN = """
from django.urls import reverse
from integrations.models import IntercomConnection
connection = IntercomConnection.objects.get()
connection.webhook_secret = {secret!r}
connection.save(update_fields=["sealed_webhook_secret"])
print(reverse("intercom_webhooks_private", args=[connection.uuid]))
"""
LET_IN = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser({login!r}, password={password!r})
"""


def prepare(site: Installation, *, token: str, password: str) -> str:
    """An empty database becomes an installation; returns the path that hears webhooks."""
    site.manage("migrate", "--verbosity", "0")
    site.manage("collectstatic", "--noinput", "--verbosity", "0")
    site.manage("connect_intercom", text=token)
    field = "seats:How many are you?:number"
    site.manage("create_campaign", SLUG, "--name", "Soak", "--field", field)
    site.manage("settings_import", SLUG, "-", text=json.dumps(PANEL))
    site.python(LET_IN.format(login=LOGIN, password=password))
    return site.python(LISTEN.format(secret=WEBHOOK_SECRET)).strip()


def fresh_key() -> str:
    return Fernet.generate_key().decode()
