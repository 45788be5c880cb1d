"""The tables of the integration."""

from __future__ import annotations

from integrations.models.connection import (
    ConnectionStatus,
    ContactLink,
    DataAttribute,
    DrainLease,
    IntercomConnection,
    Region,
)
from integrations.models.delivery import Attempt, Delivery, DeliveryState, SweepState
from integrations.models.secrets import SecretUnreadableError
from integrations.models.settings import (
    Action,
    DuplicatePolicy,
    FieldMap,
    QualificationRule,
    SettingsRevision,
    SyncSettings,
)

__all__ = [
    "Action",
    "Attempt",
    "ConnectionStatus",
    "ContactLink",
    "DataAttribute",
    "Delivery",
    "DeliveryState",
    "DrainLease",
    "DuplicatePolicy",
    "FieldMap",
    "IntercomConnection",
    "QualificationRule",
    "Region",
    "SecretUnreadableError",
    "SettingsRevision",
    "SweepState",
    "SyncSettings",
]
