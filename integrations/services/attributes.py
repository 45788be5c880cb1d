"""Keeps our list of a workspace's fields in step with Intercom, and creates the marks there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.intercom.errors import RejectedError
from integrations.intercom.session import Session
from integrations.logic.redact import vendor_message
from integrations.logic.targets import MARKS, mark_available
from integrations.logic.text import clean
from integrations.logic.types import CUSTOM, Attribute
from integrations.logic.wrong import LONGEST_NAME, unstorable
from integrations.models import DataAttribute, IntercomConnection
from integrations.services.access import asking
from integrations.services.field_problems import recheck
from integrations.services.tabs import load_attributes

if TYPE_CHECKING:
    from integrations.intercom.client import IntercomClient

LONGEST_TYPE = 20
MOMENT = timedelta(microseconds=1)

DESCRIPTIONS = {
    "referred": _("Came through a referral campaign"),
    "referral_campaign": _("The referral campaign's name"),
    "referrer_name": _("Who referred this person"),
}
"""What people in Intercom read about the marks."""


@dataclass(frozen=True, slots=True)
class MarkResult:
    """What came of making one mark available: created now, there already, or refused and why."""

    name: str
    available: bool
    created: bool = False
    refusal: str = ""


def refresh_attributes(connection: IntercomConnection, *, session: Session) -> int:
    """Reads the workspace's fields from Intercom and stores them; returns how many there are.

    Raises IntercomError, and then keeps the list as it was.
    """
    with asking(connection, session=session) as client:
        listed = client.list_data_attributes().value
    store_attributes(connection, listed)
    return len(listed)


def store_attributes(connection: IntercomConnection, listed: Iterable[Attribute]) -> None:
    """Replaces the known list whole, but for fields that no row could hold.

    Of two with one full name the one that is not archived counts.
    """
    by_name = {
        attribute.full_name: attribute
        for attribute in sorted(listed, key=lambda one: one.archived, reverse=True)
        if _fits(attribute)
    }
    with transaction.atomic():
        before = dict(connection.attributes.filter(custom=True).values_list("full_name", "data_type"))
        connection.attributes.all().delete()
        DataAttribute.objects.bulk_create(_row(connection, attribute) for attribute in by_name.values())
        connection.attributes_at = timezone.now()
        connection.save(update_fields=["attributes_at"])
        recheck(connection.pk, attributes=by_name, before=before)


def add_attribute(connection: IntercomConnection, attribute: Attribute) -> None:
    """Takes one field that was just created into the known list, unless no row could hold it."""
    if not _fits(attribute):
        return
    with transaction.atomic():
        connection.attributes.filter(full_name=attribute.full_name).delete()
        _row(connection, attribute).save()
        # A drain at work reads the list again when this has changed; the rest of the list is no fresher.
        connection.attributes_at = (connection.attributes_at or timezone.now()) + MOMENT
        connection.save(update_fields=["attributes_at"])
        recheck(connection.pk, attributes=load_attributes(connection.pk))


def _fits(attribute: Attribute) -> bool:
    return len(attribute.full_name) <= LONGEST_NAME and not unstorable(attribute.full_name)


def _row(connection: IntercomConnection, attribute: Attribute) -> DataAttribute:
    return DataAttribute(
        connection=connection,
        full_name=attribute.full_name,
        label=clean(attribute.label)[:LONGEST_NAME],
        data_type=clean(attribute.data_type)[:LONGEST_TYPE],
        options=[option for option in attribute.options if not unstorable(option)],
        writable=attribute.writable,
        archived=attribute.archived,
        custom=attribute.custom,
    )


def ensure_marks(connection: IntercomConnection, *, session: Session) -> list[MarkResult]:
    """Creates the attributes that mark a contact as referred, where the workspace lacks them.

    A refusal (name taken, limit of 250 reached, no right) is told and stops nothing. Raises IntercomError
    for anything that is not a refusal.
    """
    with asking(connection, session=session) as client:
        listed = client.list_data_attributes().value
        known = {attribute.full_name: attribute for attribute in listed}
        results = [_ensure(client, name, known=known) for name in MARKS]
        if any(result.created for result in results):
            listed = client.list_data_attributes().value
    store_attributes(connection, listed)
    return results


def _ensure(client: IntercomClient, name: str, *, known: dict[str, Attribute]) -> MarkResult:
    if CUSTOM + name in known:
        return MarkResult(name, available=mark_available(name, attributes=known))
    try:
        client.create_data_attribute(name, data_type=MARKS[name], description=str(DESCRIPTIONS[name]))
    except RejectedError as err:
        return MarkResult(name, available=False, refusal=vendor_message(err.vendor_message))
    return MarkResult(name, available=True, created=True)


def missing_marks(connection: IntercomConnection) -> list[str]:
    """The marks that could not be written as far as we know."""
    known = load_attributes(connection.pk)
    return [name for name in MARKS if not mark_available(name, attributes=known)]
