"""What the modal *Connect Your Intercom* offers: every way to connect a campaign that works here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from integrations.forms.connect import RegionForm, TokenForm
from integrations.models import Access, ConnectionStatus, IntercomConnection, Region
from integrations.services.connecting import oauth_is_set_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.functional import _StrPromise


class Way(StrEnum):
    """The value of the button that was pressed."""

    OAUTH = "oauth"
    TOKEN = "token"  # noqa: S105 (the name of a button)
    SANDBOX = "sandbox"
    KNOWN = "known"
    """A workspace that is connected here already, for another campaign."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission under the name that Intercom's page shows, and what it is used for."""

    name: str
    use: str | _StrPromise


PERMISSIONS: Sequence[Permission] = (
    Permission(
        "Read and list users and companies",
        _("To see whether a person is in Intercom already, before anything is created or changed."),
    ),
    Permission(
        "Write users and companies",
        _("To create and update contacts, and to remove the contact of a test lead."),
    ),
    Permission(
        "Write data attributes",
        _("To create a data attribute when you ask for one, such as “referred”."),
    ),
    Permission(
        "Read and write users",
        _("To hear from Intercom when a contact changes, so that the referral qualifies."),
    ),
)
"""Only those that are used. Names as in Intercom's Developer Hub, so they stay as they are."""


@dataclass(frozen=True)
class Ways:
    """`connection` is the workspace that is to be connected anew; None where any may be connected."""

    tab: str
    connection: IntercomConnection | None
    known: Sequence[IntercomConnection]
    sandbox: bool
    """Whether the pretend workspace is offered; not where it is connected already."""
    region_form: RegionForm
    token_form: TokenForm
    error: str = ""
    oauth: bool = field(default_factory=oauth_is_set_up)
    permissions: Sequence[Permission] = PERMISSIONS

    @property
    def in_sandbox(self) -> bool:
        """Reconnecting the pretend workspace: there is nothing to choose."""
        return self.connection is not None and self.connection.region == Region.SANDBOX

    @property
    def token_open(self) -> bool:
        """Whether the token's part is unfolded below the way by Intercom's own page."""
        has_used_one = self.connection is not None and self.connection.access == Access.TOKEN
        return has_used_one or self.token_form.is_bound


def ways(
    *,
    tab: str,
    connection: IntercomConnection | None,
    token_form: TokenForm | None = None,
    error: str = "",
) -> Ways:
    """One query where a campaign has no workspace to renew, none where it has one."""
    own, connection = connection, _to_renew(connection)
    usable = [] if connection else usable_workspaces()
    initial = {"region": connection.region} if connection else {}
    return Ways(
        tab=tab,
        connection=connection,
        known=[one for one in usable if one != own],
        sandbox=settings.INTERCOM_SANDBOX and _sandbox_helps(connection, usable=usable),
        region_form=RegionForm(initial=initial, auto_id="oauth-%s"),
        token_form=token_form or TokenForm(initial=initial, auto_id="token-%s"),
        error=error,
    )


def _sandbox_helps(connection: IntercomConnection | None, *, usable: Sequence[IntercomConnection]) -> bool:
    """A real workspace is not renewed by it, and once connected it is among the usable ones."""
    if connection is not None:
        return connection.region == Region.SANDBOX
    return all(one.region != Region.SANDBOX for one in usable)


def _to_renew(connection: IntercomConnection | None) -> IntercomConnection | None:
    """A pretend workspace that works, or is switched off, is left for a real one rather than renewed."""
    if connection is None or connection.region != Region.SANDBOX:
        return connection
    can_be_renewed = settings.INTERCOM_SANDBOX and connection.status != ConnectionStatus.CONNECTED
    return connection if can_be_renewed else None


def usable_workspaces() -> list[IntercomConnection]:
    """Those that a campaign can be attached to without asking Intercom for anything."""
    usable = IntercomConnection.objects.filter(status=ConnectionStatus.CONNECTED)
    if not settings.INTERCOM_SANDBOX:
        usable = usable.exclude(region=Region.SANDBOX)
    return list(usable.order_by("name", "pk"))
