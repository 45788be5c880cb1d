"""The tables of the integration."""

from __future__ import annotations

from integrations.models import among as among
from integrations.models.alert import Alert, AlertKind, AlertSettings, TabClock
from integrations.models.bulk import BulkOrder, LeftAs
from integrations.models.connection import (
    Access,
    ConnectionStatus,
    ContactLink,
    DataAttribute,
    DrainLease,
    IntercomConnection,
    Region,
)
from integrations.models.delivery import Attempt, Delivery, DeliveryState, SweepState
from integrations.models.erasure import BlindSpot, ErasedContact, Erasure, ErasureState, Fate, Hitch
from integrations.models.permission import UsedState
from integrations.models.qualification import (
    PRUNED,
    ReceiptState,
    Sighting,
    Via,
    Watch,
    WatchState,
    WebhookHealth,
    WebhookReceipt,
)
from integrations.models.release import Pace, Release, ReleaseKind
from integrations.models.secrets import SecretUnreadableError
from integrations.models.settings import (
    Action,
    DuplicatePolicy,
    FieldMap,
    QualificationRule,
    SettingsRevision,
    SyncSettings,
)
from integrations.models.snapshot import Snapshot, SnapshotState
from integrations.models.trial import Trial, TrialState

__all__ = [
    "PRUNED",
    "Access",
    "Action",
    "Alert",
    "AlertKind",
    "AlertSettings",
    "Attempt",
    "BlindSpot",
    "BulkOrder",
    "ConnectionStatus",
    "ContactLink",
    "DataAttribute",
    "Delivery",
    "DeliveryState",
    "DrainLease",
    "DuplicatePolicy",
    "ErasedContact",
    "Erasure",
    "ErasureState",
    "Fate",
    "FieldMap",
    "Hitch",
    "IntercomConnection",
    "LeftAs",
    "Pace",
    "QualificationRule",
    "ReceiptState",
    "Region",
    "Release",
    "ReleaseKind",
    "SecretUnreadableError",
    "SettingsRevision",
    "Sighting",
    "Snapshot",
    "SnapshotState",
    "SweepState",
    "SyncSettings",
    "TabClock",
    "Trial",
    "TrialState",
    "UsedState",
    "Via",
    "Watch",
    "WatchState",
    "WebhookHealth",
    "WebhookReceipt",
]
