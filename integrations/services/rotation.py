"""Re-seals every stored secret under the newest key. Shows none of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.models import IntercomConnection, SecretUnreadableError
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
    return result


def _reseal(connection: IntercomConnection, name: str) -> bool:
    """Only where the secret is still the one that was read: a new token may have come in meanwhile."""
    sealed = getattr(connection, name)
    if not sealed:
        return False
    unchanged = IntercomConnection.objects.filter(pk=connection.pk, **{name: sealed})
    return bool(unchanged.update(**{name: reseal(sealed)}))
