"""One kept notification, read: which contact, when, and what of it is kept afterwards. Asks no database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from integrations.intercom.webhooks import Topic
from integrations.logic.qualification import Moment, told
from integrations.logic.types import CUSTOM, Contact
from integrations.models import WebhookReceipt

CHANGES = frozenset({Topic.USER_UPDATED, Topic.LEAD_UPDATED, Topic.SIGNED_UP, Topic.MERGED})
"""Topics that show the contact whole."""

ALWAYS_KEPT = ("id", "role", "created_at", "updated_at", "merged_from")


@dataclass(frozen=True)
class Heard:
    """A receipt and the contact that it tells of."""

    receipt: WebhookReceipt

    @cached_property
    def topic(self) -> Topic:
        return Topic(self.receipt.topic)

    @cached_property
    def contact(self) -> Contact:
        known = {name: value for name, value in self.receipt.item.items() if name in Contact.__annotations__}
        return Contact(**{"role": "", "email": None, **known})

    @property
    def merged_from(self) -> str:
        return str(self.receipt.item.get("merged_from", "")) if self.topic is Topic.MERGED else ""

    @property
    def key(self) -> tuple[int, str]:
        return self.receipt.connection_id, self.contact.id

    @property
    def keys(self) -> list[tuple[int, str]]:
        """The contacts that it is about: of a merge, both."""
        gone = [(self.receipt.connection_id, self.merged_from)] if self.merged_from else []
        return [self.key, *gone]

    @property
    def tells(self) -> bool:
        """Whether the contact's values are in it, with their time."""
        return self.topic in CHANGES and self.at.second > 0

    @property
    def at(self) -> Moment:
        """When what it says was true; its own time where the contact carries none."""
        if self.contact.updated_at or self.receipt.told_at is None:
            return told(self.contact)
        return Moment(int(self.receipt.told_at.timestamp()))

    def knows(self, attribute: str) -> bool:
        """False where the item never told it, or was cut down before anybody asked for this attribute."""
        kept = self.receipt.item.get("watched")
        if kept is not None:
            return attribute in kept
        return not attribute.startswith(CUSTOM) or "custom_attributes" in self.receipt.item

    def cut_down(self, attributes: Collection[str]) -> dict[str, Any]:
        """What stays of the item: no name, no email, just the values that a rule asks for."""
        item = self.receipt.item
        names = sorted(name for name in attributes if self.knows(name))
        kept = {name: item[name] for name in ALWAYS_KEPT if name in item}
        custom, standard = item.get("custom_attributes", {}), item.get("standard", {})
        kept |= {name: item[name] for name in names if name in item and not name.startswith(CUSTOM)}
        own = (name.removeprefix(CUSTOM) for name in names if name.startswith(CUSTOM))
        kept["custom_attributes"] = {name: custom[name] for name in own if name in custom}
        kept["standard"] = {name: standard[name] for name in names if name in standard}
        return kept | {"watched": names}
