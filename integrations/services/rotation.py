"""Re-seals every stored secret under the newest key. Shows none of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from integrations.models import ErasedContact, Erasure, IntercomConnection, SecretUnreadableError
from integrations.models.secrets import reseal

SECRETS = ("sealed_token", "sealed_webhook_secret")


@dataclass(slots=True)
class Rotated:
    """How many secrets were sealed anew, and the workspaces that have one which no key opens."""

    secrets: int = 0
    unreadable: list[IntercomConnection] = field(default_factory=list)


def reseal_all() -> Rotated:
    """Goes through all workspaces; a secret that cannot be opened stops none of the others."""
    result = Rotated()
    for connection in IntercomConnection.objects.order_by("pk"):
        for name in SECRETS:
            try:
                result.secrets += _reseal(connection, name)
            except SecretUnreadableError:
                if connection not in result.unreadable:
                    result.unreadable.append(connection)
    for erasure in Erasure.objects.exclude(sealed_email=""):
        # What nobody can open says nothing to anybody: the list of erasures shows it.
        with suppress(SecretUnreadableError):
            result.secrets += _reseal(erasure, "sealed_email")
    for contact in ErasedContact.objects.exclude(sealed_contact_id=""):
        with suppress(SecretUnreadableError):
            result.secrets += _reseal(contact, "sealed_contact_id")
    return result


def _reseal(row: IntercomConnection | Erasure | ErasedContact, name: str) -> bool:
    """Only where the secret is still the one that was read: a new token may have come in meanwhile."""
    sealed = getattr(row, name)
    if not sealed:
        return False
    unchanged = type(row)._default_manager.filter(pk=row.pk, **{name: sealed})  # noqa: SLF001
    return bool(unchanged.update(**{name: reseal(sealed)}))
