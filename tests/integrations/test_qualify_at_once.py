"""Two at once: each notification is used once, each lead qualifies once, and a rule is never applied late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

import pytest
from django.db import connection as database
from django.db import connections, transaction

from campaigns.models import Campaign, Participant
from campaigns.signals import lead_qualified
from integrations.intercom.webhooks import Topic
from integrations.models import ReceiptState, Watch, WebhookReceipt
from integrations.services.qualify import receipts_use, use_receipts
from integrations.services.qualify.heard import Heard
from integrations.services.qualify.matching import Matches, match
from tests.campaigns.factories import make_campaign
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.qualify_fixtures import (
    change,
    contact_of,
    delivered,
    item_of,
    known,
    rule,
    ruled,
    status,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def postgresql() -> None:
    if database.vendor != "postgresql":
        pytest.skip("on SQLite writers take turns, so there is no race to drive")


@pytest.fixture
def campaign(intercom: Intercom) -> Campaign:
    return ruled(make_campaign())


def together(*works: Callable[[], object]) -> None:
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as err:  # noqa: BLE001
            failures.append(err)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


@pytest.mark.usefixtures("postgresql")
def test_many_processors_use_each_notification_once(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts_use, "BATCH", 3)
    leads = [delivered(intercom, campaign, f"lead{one}@example.com") for one in range(4)]
    heard: list[int] = []

    def listen(**kwargs: object) -> None:
        heard.append(kwargs["participant"].pk)  # type: ignore[attr-defined]

    lead_qualified.connect(listen)
    for later in range(1, 6):
        for lead in leads:
            change(intercom, contact_of(lead), "Pro", later=later)
            told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(lead))))
    try:
        together(*[use_receipts] * 4)
    finally:
        lead_qualified.disconnect(listen)

    assert sorted(heard) == sorted(lead.pk for lead in leads)
    assert {status(lead) for lead in leads} == {"qualified"}
    assert not WebhookReceipt.objects.filter(state=ReceiptState.NEW).exists()
    assert not WebhookReceipt.objects.filter(tries__gt=0).exists()


@pytest.mark.usefixtures("postgresql")
def test_a_rule_saved_meanwhile_is_the_one_that_counts(intercom: Intercom, campaign: Campaign) -> None:
    ana = delivered(intercom, campaign)
    change(intercom, contact_of(ana), "Pro")
    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(ana))))
    saved, go_on = threading.Event(), threading.Event()

    def save() -> None:
        with transaction.atomic():
            ruled(Campaign.objects.get(), rule("Enterprise"))
            saved.set()
            go_on.wait(1)

    def use() -> None:
        saved.wait(10)
        use_receipts()

    together(save, use)

    assert status(ana) == "pending"
    assert Watch.objects.get().revision == 2


def test_a_watch_made_while_its_notification_was_looked_at_misses_nothing(
    intercom: Intercom, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processor could not see the watch yet; whoever commits last looks once more."""
    ana = delivered(intercom, campaign)
    row = Watch.objects.get()
    Watch.objects.all().delete()
    change(intercom, contact_of(ana), "Pro")
    told(intercom.connection, Topic.LEAD_UPDATED, item_of(known(intercom, contact_of(ana))))

    def match_then_made(batch: Collection[Heard]) -> Matches:
        found = match(batch)
        if not Participant.objects.filter(watch__isnull=False).exists():
            row.save(force_insert=True)
        return found

    monkeypatch.setattr(receipts_use, "match", match_then_made)
    use_receipts()
    assert status(ana) == "qualified"
