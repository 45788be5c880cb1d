"""The weeks before the soak: the installation begins with thousands of people, all settled.

A few join and qualify as everybody does, in the product as it runs; the rest are copies of what that left,
here (`copies`) and in Intercom, with times that lie weeks back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.processes.installation import Installation, eventually
from tests.soak.names import early_email, early_name, number_of
from tests.soak.setting import SLUG
from tests.soak.vendor import ONE_IN, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.soak.database import Contact, Database
    from tests.soak.vendor import Vendor

PEOPLE = 20_000
"""More than the pages count at once: they show what is counted every minute, as they will from then on."""

DAYS = 56.0
"""Younger than anything is let go of, so that nothing is let go of while leads join."""

FEW = 4 * ONE_IN
WITHIN = 120.0

JOIN = """
from campaigns.models import Campaign
from campaigns.services import join_lead
from tests.soak.names import early_email, early_name
campaign = Campaign.objects.get(slug={slug!r})
for number in range({few}):
    name, seats = early_name(number), {{"seats": number}}
    join_lead(campaign=campaign, email=early_email(number), first_name=name, custom=seats)
"""


def join_few(site: Installation, vendor: Vendor, database: Database) -> None:
    """Into the running product; at the end one in so many has qualified, and nobody is owed anything."""
    site.python(JOIN.format(slug=SLUG, few=FEW))
    eventually(lambda: not database.open(), within=WITHIN, what="the first leads are created")
    eventually(lambda: _all_changed(vendor), within=WITHIN, what="the first plans are changed")
    eventually(lambda: database.qualified() == vendor.changed, within=WITHIN, what="the first leads qualify")


def make_many(site: Installation, vendor: Vendor, database: Database, *, people: int) -> None:
    """While the product is stopped: it would look for contacts that are not there yet."""
    if people <= FEW:
        return
    site.python(f"from tests.soak.copies import make; make(few={FEW}, people={people}, days={DAYS})")
    _put_into_intercom(vendor, database.contacts())
    vendor.changed = database.qualified()


def _put_into_intercom(vendor: Vendor, contacts: Mapping[str, Contact]) -> None:
    there = {str(contact["email"]): contact for contact in vendor.sandbox.contacts(WORKSPACE)}
    for email, contact in contacts.items():
        number = number_of(email)
        model = early_email(number % FEW)
        if email not in there:
            age = round(contacts[model].settled_at - contact.settled_at)
            vendor.add_copy(there[model], age=age, id=contact.id, email=email, name=early_name(number))


def _all_changed(vendor: Vendor) -> bool:
    vendor.change_plans()
    time.sleep(1)
    return len(vendor.changed) == FEW // ONE_IN
