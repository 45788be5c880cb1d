"""How far a tab has come, from connecting to the first real person in Intercom. Judges nothing by itself:
what is missing is the rule book's business."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from campaigns.models import Audience, Participant
from integrations.logic.setup import setup_problems
from integrations.logic.states import State
from integrations.logic.types import Action, TabSettings
from integrations.models import ConnectionStatus, Delivery, IntercomConnection, SyncSettings, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

ARRIVED = (State.CREATED, State.UPDATED, State.SKIPPED)
"""A real person went the whole way; that a contact existed already is an answer from Intercom as well."""

SETTLED_IN = timedelta(days=7)
"""Who has been live for this long needs no list of first steps."""


class Step(StrEnum):
    """In the order in which they are taken."""

    CONNECT = "connect"
    ACTION = "action"
    EMAIL = "email"
    TEST = "test"
    SAVE = "save"
    """What is typed may be tested before it is saved; nobody is sent before."""
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Happened:
    """What has happened on a tab so far. `tested`: its latest test passed, in the workspace that it uses, or
    in the last one while it uses none. `has_referrers`: there is a link that somebody could join through.
    """

    tested: bool = False
    live: bool = False
    settled_in: bool = False
    has_referrers: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Which steps are done, in their order. `unsaved`: some of them by what is only typed so far."""

    done: Mapping[Step, bool]
    unsaved: bool
    happened: Happened

    @property
    def next(self) -> Step | None:
        """The first step that is not done; but who leaves the page to connect saves first."""
        first = next((step for step, done in self.done.items() if not done), None)
        return Step.SAVE if first is Step.CONNECT and self.unsaved else first


def progress(
    happened: Happened, *, saved: TabSettings, typed: TabSettings, connection: IntercomConnection | None
) -> Progress:
    """How far a tab has come with what stands in its form. Asks nothing."""
    before, now = _settled(saved), _settled(typed)
    done = {
        Step.CONNECT: connection is not None and connection.status == ConnectionStatus.CONNECTED,
        **now,
        Step.TEST: happened.tested,
        Step.SAVE: all(before.values()),
        Step.LIVE: happened.live,
    }
    if happened.live and not happened.tested:
        # Whoever arrives shows more than a test would.
        del done[Step.TEST]
    unsaved = any(now[step] and not before[step] for step in now)
    return Progress(done, unsaved, happened)


def _settled(settings: TabSettings) -> dict[Step, bool]:
    # A tab that does nothing lacks nothing, yet its next steps are these.
    lacking = setup_problems(replace(settings, action=Action.CREATE_LEAD))
    return {Step.ACTION: settings.action is not Action.NOTHING, Step.EMAIL: not lacking}


def happened_query() -> dict[str, Any]:
    """The annotations of a `SyncSettings` query from which `happened_of` reads; no query of their own."""
    arrived = Delivery.objects.filter(settings=OuterRef("pk"), state__in=ARRIVED)
    workspace = Coalesce(OuterRef("connection"), F("connection"))
    tests = Trial.objects.filter(settings=OuterRef("pk"), connection=workspace, passed__isnull=False)
    referrers = Participant.objects.filter(campaign=OuterRef("campaign"), audience=Audience.REFERRER)
    return {
        "tested": Subquery(tests.order_by("-pk").values("passed")[:1]),
        "live": Exists(arrived),
        "settled_in": Exists(arrived.filter(settled_at__lt=timezone.now() - SETTLED_IN)),
        "has_referrers": Exists(referrers),
    }


def happened_of(row: SyncSettings) -> Happened:
    """Of a row that was loaded with `happened_query`."""
    return Happened(**{name: bool(getattr(row, name)) for name in happened_query()})
