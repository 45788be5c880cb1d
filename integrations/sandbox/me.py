"""GET /me: whose token it is, and of which workspace.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/identifyadmin
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from integrations.sandbox.messages import Response, json_response
from integrations.sandbox.standard import TEAMMATE_ID

if TYPE_CHECKING:
    from integrations.sandbox.context import Context


def show(ctx: Context) -> Response:
    workspace = ctx.workspace
    app = {
        "type": "app",
        "id_code": workspace.id,
        "name": workspace.name,
        "created_at": workspace.created_at,
        "secure": False,
        "identity_verification": False,
        "timezone": "UTC",
        "region": workspace.region,
    }
    teammate = {
        "type": "admin",
        "id": TEAMMATE_ID,
        "email": "teammate@sandbox.example",
        "name": "Sandbox Teammate",
        "email_verified": True,
        "app": app,
        "avatar": {"type": "avatar", "image_url": None},
        "has_inbox_seat": True,
    }
    return json_response(teammate)
