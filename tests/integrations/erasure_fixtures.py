"""A person who has left marks everywhere, and the search for them in every column of every table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from campaigns.models import LeadFieldType, Participant
from integrations.logic.states import Reason, State
from integrations.models import (
    Attempt,
    BulkOrder,
    ContactLink,
    Delivery,
    FieldMap,
    IntercomConnection,
    Release,
    ReleaseKind,
    SnapshotState,
    SyncSettings,
    Via,
    Watch,
    WatchState,
)
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, owed, set_panel
from tests.integrations.qualification import make_receipt, see

if TYPE_CHECKING:
    from campaigns.models import Campaign
    from tests.integrations.flow_fixtures import Intercom

EMAIL = "zelda.marker@example.org"
FIRST, LAST, PHONE, ANSWER = "Zeldamark", "Quixmarker", "+4915550009876", "marker-answer-77"
REFERRER_ROWS = [
    {"data_type": "dynamic", "from": "referrer.full_name", "to": "custom_attributes.lead_source"},
]
UUIDS = iter(f"00000000-0000-4000-8000-{number:012d}" for number in range(10_000))


@dataclass
class Marked:
    """Somebody who is a lead in one campaign and a referrer in another, and was sent."""

    campaign: Campaign
    lead: Participant
    referrer: Participant
    brought: Participant
    """A lead whom they brought in, who stays."""
    contact_id: str

    @property
    def marks(self) -> tuple[str, ...]:
        referral_code = self.referrer.referral_code
        return (EMAIL, FIRST, LAST, PHONE, ANSWER, self.contact_id, referral_code, self.lead.referral_code)


def make_marked(intercom: Intercom) -> Marked:
    """Through the product's own ways as far as they go; the rest is planted (`plant_everywhere`)."""
    campaign = make_campaign("Spring", fields={"why": LeadFieldType.TEXT})
    set_panel(campaign)
    other = make_campaign("Autumn")
    set_panel(other, field_map=[EMAIL_ROW, NAME_ROW, *REFERRER_ROWS])
    lead = make_lead(
        campaign, email=EMAIL.title(), first_name=FIRST, last_name=LAST, phone=PHONE, custom={"why": ANSWER}
    )
    referrer = make_referrer(other, email=EMAIL, first_name=FIRST, last_name=LAST)
    brought = make_lead(other, email="stays@example.org", first_name="Bo", last_name="Li", referrer=referrer)
    intercom.drain()
    return Marked(campaign, lead, referrer, brought, owed(lead).contact_id)


def plant_everywhere(marked: Marked, connection: IntercomConnection) -> None:
    """In every place that may name them; each is a row of somebody's, or of nobody's."""
    lead, tab = marked.lead, SyncSettings.objects.get(campaign=marked.campaign, audience="lead")
    boss = User.objects.create_superuser("boss", "boss@example.com", "pw")
    own = make_receipt(connection, contact_id=marked.contact_id, item={"email": EMAIL, "name": FIRST})
    make_receipt(connection, contact_id="f" * 24, item={"email": EMAIL.upper(), "name": LAST})
    make_receipt(
        connection,
        contact_id="e" * 24,
        state="failed",
        item={"email": "stays@example.org", "custom_attributes": {"by": EMAIL}},
    )
    _watched(lead, tab, contact_id=marked.contact_id)
    see(lead, value=FIRST, receipt=own, via=Via.WEBHOOK)
    _attempts_of_others(marked, connection)
    FieldMap.objects.filter(settings=tab, target="name").update(
        problem="refused", problem_message=f"{EMAIL} is not a name"
    )
    for row in (lead, marked.brought, owed(lead)):
        LogEntry.objects.log_actions(boss.pk, [row], CHANGE, change_message=f"Sent {EMAIL.title()} again")
    Release.objects.create(
        settings=tab,
        kind=ReleaseKind.HELD,
        per_minute=0,
        up_to=owed(lead).pk,
        total=1,
        finished_at=timezone.now(),
    )
    BulkOrder.objects.create(
        token=next(UUIDS),
        command="send_again",
        query={"words": EMAIL.upper()},
        ids=[owed(lead).pk, owed(marked.brought).pk],
        sample_ids=[owed(lead).pk],
        total=2,
        up_to=owed(lead).pk,
    )
    SnapshotState.objects.update_or_create(pk=1, defaults={"unexplained": [lead.pk, marked.brought.pk]})


def _watched(lead: Participant, tab: SyncSettings, *, contact_id: str) -> None:
    assert tab.connection is not None
    Watch.objects.create(
        participant=lead,
        settings=tab,
        connection=tab.connection,
        contact_id=contact_id,
        attribute="custom_attributes.plan",
        revision=1,
        state=WatchState.WATCHING,
        value=ANSWER,
    )


def _attempts_of_others(marked: Marked, connection: IntercomConnection) -> None:
    """Their contact stood in somebody's way, and Intercom's words name it."""
    words = f"A contact with id={marked.contact_id} exists"
    Attempt.objects.create(
        delivery=owed(marked.brought),
        connection=connection,
        settings_revision=1,
        started_at=timezone.now(),
        duration_ms=5,
        state=State.NEEDS_ATTENTION,
        reason=Reason.EXTERNAL_ID_TAKEN,
        matches=[marked.contact_id, "d" * 24],
        calls=[{"method": "GET", "path": f"/contacts/{marked.contact_id}", "status": 200}],
        received={"custom_attributes.by": EMAIL},
        sent={"custom_attributes.first": FIRST, "name": "Bo Li"},
        message=words,
    )
    Delivery.objects.filter(participant=marked.brought).update(message=words)


def plant_link_of_an_older_email(marked: Marked, connection: IntercomConnection) -> None:
    """Their email was corrected after it was sent: our memory has the older one too."""
    Delivery.objects.filter(participant=marked.lead).update(email="zelda.older@example.org")
    ContactLink.objects.create(
        connection=connection,
        email="zelda.older@example.org",
        contact_id=marked.contact_id,
        role="lead",
        confirmed_at=timezone.now(),
    )


def found_in(*marks: str) -> list[str]:
    """Every table and column of the database in which one of these texts stands, in any case."""
    found, quote = [], database.ops.quote_name
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            for column in database.introspection.get_table_description(cursor, table):
                sql = f"SELECT LOWER(CAST({quote(column.name)} AS TEXT)) FROM {quote(table)}"  # noqa: S608
                cursor.execute(sql)
                texts = [text for (text,) in cursor.fetchall() if text]
                there = [mark for mark in marks if any(mark.lower() in text for text in texts)]
                found += [f"{table}.{column.name}: {mark}" for mark in there]
    return found
