"""More that happens to `whole_world`: what people order, and what becomes of the contacts in Intercom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from integrations.intercom.webhooks import Topic
from integrations.logic.states import Reason
from integrations.models import (
    Attempt,
    BulkOrder,
    Delivery,
    Pace,
    Release,
    SettingsRevision,
    SyncSettings,
    Watch,
)
from integrations.services import repair
from integrations.services.bulk_orders import orders as bulk
from integrations.services.bulk_orders.chosen import Chosen
from integrations.services.bulk_orders.drafts import draft
from integrations.services.drain import drain
from integrations.services.qualify import use_receipts
from integrations.services.qualify.reconcile import look_round
from integrations.services.qualify.undo import set_back, set_back_all
from integrations.services.releases import drop_held, start, stop
from integrations.services.sweep import sweep
from integrations.services.tabs import load_tabs
from tests.integrations.qualify_fixtures import item_of, told
from tests.integrations.whole_beginning import Beginning, one_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from campaigns.models import ParticipantStatus
    from integrations.models import ReleaseKind
    from integrations.sandbox.control import Fault
    from integrations.sandbox.people import State as Kept
    from integrations.services.repair_rules import Command


class WholeWorld(Beginning):
    """All that may happen."""

    # Orders ------------------------------------------------------------------------------------------------

    def order(self, command: Command, which: int | None) -> None:
        """For one of the log, or for everybody."""
        one = None if which is None else one_of(Delivery.objects.all(), which)
        ids = Delivery.objects.values_list("pk", flat=True) if one is None else [one.pk]
        repair.ORDERS[command](list(ids))

    def choose(self, which: int) -> None:
        """One of the contacts that stood there, for everybody who has several."""
        for delivery in Delivery.objects.filter(reason=Reason.SEVERAL_MATCHES):
            tries = Attempt.objects.filter(delivery=delivery, reason=Reason.SEVERAL_MATCHES).order_by("-pk")
            matches = tries.values_list("matches", flat=True).first() or ["f" * 24]
            repair.choose_contact(delivery.pk, contact_id=matches[which % len(matches)])

    def order_for_many(self, command: Command, how: dict[str, Any], *, sample: bool) -> None:
        """`how` is what the log is narrowed to, or names one of the other ways to choose people."""
        chosen = Chosen(query=how)
        if "version" in how:
            chosen = Chosen(version=_key_of(SettingsRevision.objects.all(), how["version"]))
        elif "tab" in how:
            chosen = Chosen(tab=_key_of(SyncSettings.objects.all(), how["tab"]))
        one_draft = draft(command, chosen, tabs=load_tabs(now=timezone.now()))
        bulk.give(one_draft, pace=Pace.AT_ONCE, with_sample=sample, user=self.boss)

    def answer_order(self, *, go_on: bool) -> None:
        for order_id in list(BulkOrder.objects.filter(finished_at=None).values_list("pk", flat=True)):
            (bulk.go_on if go_on else bulk.stop)(order_id, user=self.boss)

    def release(self, number: int, kind: ReleaseKind | None) -> None:
        """Lets those go who were left out; without a kind stops that, and drops whoever is held."""
        for tab in SyncSettings.objects.filter(campaign=self.campaigns[number]):
            if kind is not None:
                start(tab, kind, pace=Pace.CAREFUL, user=self.boss)
                continue
            drop_held(tab)
            for release in Release.objects.filter(settings=tab, finished_at=None):
                stop(release.pk, user=self.boss)

    # In Intercom -------------------------------------------------------------------------------------------

    def fault(self, number: int, fault: Fault) -> None:
        self.sandbox.add_fault(self.workspaces[number].workspace_id, fault)

    def customer(self, number: int, email: str, role: str) -> None:
        """Was there already, or comes by themselves, once."""
        workspace = self.workspaces[number].workspace_id
        if not self.sandbox.contacts(workspace, email=email, state=None):
            self.sandbox.add_contact(workspace, email=email, role=role, name="Ana of old")

    def archive(self, number: int, which: int, state: Kept) -> None:
        workspace = self.workspaces[number].workspace_id
        contacts = self.sandbox.contacts(workspace)
        if contacts:
            contact = contacts[which % len(contacts)]["id"]
            self.put_away.add(contact)
            self.sandbox.set_state(workspace, contact, state)

    def archive_field(self, number: int, *, archived: bool) -> None:
        """That leads are sent with; we do not hear of it."""
        workspace = self.workspaces[number].workspace_id
        self.sandbox.archive_attribute(workspace, "lead_source", archived=archived)

    def change(self, number: int, which: int, plan: str, *, tell: bool) -> None:
        workspace = self.workspaces[number].workspace_id
        contacts = self.sandbox.contacts(workspace)
        if not contacts:
            return
        contact = contacts[which % len(contacts)]["id"]
        self.sandbox.change_contact(workspace, contact, name="Changed", custom_attributes={"plan": plan})
        if tell:
            item = item_of(self.sandbox.contact(workspace, contact))
            told(self.workspaces[number], Topic.LEAD_UPDATED, item)
            use_receipts()

    def look(self, number: int) -> None:
        Watch.objects.update(checked_at=None)
        look_round(self.workspaces[number].pk)

    def set_back(self, to: ParticipantStatus, *, all_of_them: bool) -> None:
        for watch in Watch.objects.select_related("participant"):
            tab = SyncSettings.objects.filter(pk=watch.settings_id).first()
            if not all_of_them:
                set_back(watch.participant, to=to, user=self.boss)
            elif tab is not None:
                set_back_all(tab, revision=watch.revision, to=to, user=self.boss)

    # And then ----------------------------------------------------------------------------------------------

    def calm_down(self) -> None:
        """Nothing goes wrong any more; an hour passes, and everybody does what is due."""
        for workspace in self.workspaces:
            self.sandbox.clear_faults(workspace.workspace_id)
        self.clock.shift(timedelta(hours=1, minutes=1))
        sweep()
        for workspace in self.workspaces:
            drain(workspace.pk)


def _key_of(rows: QuerySet[Any], which: int) -> int:
    one = one_of(rows, which)
    return int(one.pk) if one else 0
