"""Crowds that something is ordered for, and the order's pages as a person uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign
from integrations.models import BulkOrder, Delivery, IntercomConnection, Pace
from integrations.services.bulk_orders.chosen import Chosen
from integrations.services.bulk_orders.drafts import Draft, draft
from integrations.services.bulk_orders.orders import give
from integrations.services.repair_rules import Command
from integrations.services.tabs import load_tabs
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.controls import read
from tests.integrations.flow_fixtures import set_panel
from tests.integrations.panel import make_workspace

if TYPE_CHECKING:
    from django.test import Client

NEW = reverse("admin:integrations_bulk_new")
LOG = reverse("admin:integrations_delivery_changelist")
LIST = reverse("admin:integrations_bulk_list")


def not_sent(number: int, **panel: Any) -> Campaign:
    """A campaign that works, and so many who joined before it did."""
    if not IntercomConnection.objects.exists():
        make_workspace()
    campaign = make_campaign()
    for _ in range(number):
        make_lead(campaign)
    set_panel(campaign, **panel)
    return campaign


def ids_of(*campaigns: Campaign) -> list[int]:
    rows = Delivery.objects.filter(campaign__in=campaigns) if campaigns else Delivery.objects.all()
    return list(rows.order_by("pk").values_list("pk", flat=True))


def states(*campaigns: Campaign) -> list[str]:
    return list(
        Delivery.objects.filter(pk__in=ids_of(*campaigns)).order_by("pk").values_list("state", flat=True)
    )


def drafted(command: Command, chosen: Chosen) -> Draft:
    return draft(command, chosen, tabs=load_tabs(now=timezone.now()))


def order(
    command: Command = Command.SEND_AGAIN,
    *,
    ids: list[int] | None = None,
    query: dict[str, str] | None = None,
    pace: Pace = Pace.AT_ONCE,
    with_sample: bool = False,
    **values: Any,
) -> BulkOrder:
    """Given and begun; without anybody named, for everybody there is."""
    chosen = Chosen(query=query) if query is not None else Chosen(ids=tuple(ids_of() if ids is None else ids))
    made = give(drafted(command, chosen), pace=pace, with_sample=with_sample, user=values.get("user"))
    assert made is not None
    return made


def a_minute_later() -> None:
    BulkOrder.objects.update(next_at=timezone.now())


def make_order(**values: Any) -> BulkOrder:
    """A row as it stands in the list, without anybody in it."""
    own = {"token": uuid4(), "command": Command.SEND_AGAIN, "total": 3, "up_to": 3, "per_minute": 10}
    return BulkOrder.objects.create(**own | values)


@dataclass
class Orders:
    """Somebody who orders something for many."""

    client: Client

    def ask(self, command: str = "send_again", **data: Any) -> Any:
        return self.client.post(NEW, {"command": command, **data})

    def confirm(self, page: Any, **changes: str) -> Any:
        """Presses the button of the page that asks, as a browser would."""
        return self.client.post(NEW, {**read(page).values, **changes})

    def tell(self, order: BulkOrder, do: str) -> Any:
        return self.client.post(page_of(order), {"do": do})


def page_of(order: BulkOrder) -> str:
    return reverse("admin:integrations_bulk", args=[order.pk])
