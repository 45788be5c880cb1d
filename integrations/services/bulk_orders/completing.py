"""Sends the fields that a tab's people went without, to all of them, however many: as an order for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from integrations.models import Pace
from integrations.services.bulk_orders.chosen import Chosen
from integrations.services.bulk_orders.drafts import draft
from integrations.services.bulk_orders.orders import give
from integrations.services.field_problems import forget_refusals
from integrations.services.repair_rules import Command
from integrations.services.tabs import load_tabs

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from integrations.models import BulkOrder, SyncSettings


def complete_all(tab: SyncSettings, *, user: User | None) -> BulkOrder | None:
    """Somebody says that the fields are repaired; None if nobody went without one."""
    forget_refusals(tab.pk)
    one = draft(Command.COMPLETE, Chosen(tab=tab.pk), tabs=load_tabs(now=timezone.now()))
    return give(one, pace=Pace.AT_ONCE, with_sample=False, user=user)
