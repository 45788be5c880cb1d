"""What people ask of the product, as addresses: the same questions of a crowd of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.models import IntercomConnection
from integrations.services.log.listing import Place
from tests.bench.crowd_sql import CAMPAIGNS
from tests.bench.long.heard import JUST_NOW, created

if TYPE_CHECKING:
    from integrations.models import Delivery

LINES_OF_A_FILE = 1_000


@dataclass(frozen=True, slots=True)
class Question:
    """`lines`: how many lines of a file are read; 0 for a page. `shows` has to be in the answer."""

    name: str
    address: str
    shows: str = ""
    lines: int = 0


def questions() -> list[Question]:
    people = Participant.objects.order_by("-pk").values_list("pk", flat=True)[0]
    someone = created(people)
    return [
        *(_log(name, query) for name, query in _filters(someone)),
        *(_log(name, query, shows=shows) for name, query, shows in _searches(someone)),
        *_elsewhere(people, someone),
    ]


def _log(name: str, query: Mapping[str, object], *, shows: str = "") -> Question:
    return Question(f"log: {name}", reverse("admin:integrations_delivery_changelist", query=query), shows)


def _filters(someone: Delivery) -> Iterator[tuple[str, dict[str, object]]]:
    big, small = (
        Campaign.objects.get(slug="crowd-0").pk,
        Campaign.objects.get(slug=f"crowd-{CAMPAIGNS - 1}").pk,
    )
    workspace = IntercomConnection.objects.order_by("pk").values_list("pk", flat=True)[0]
    today = timezone.localdate()
    yesterday: dict[str, object] = {"from": today - timedelta(days=1), "to": today - timedelta(days=1)}
    yield "everybody", {}
    for outcome in ("created", "updated", "skipped", "not_sent", "waiting", "needs_attention", "incomplete"):
        yield f"outcome {outcome}", {"outcome": outcome}
    yield "unexplained", {"outcome": "unexplained"}
    for reason in (
        "new",
        "rejected",
        "archived",
        "queued",
        "retry",
        "paused_campaign",
        "not_connected",
        "sending",
    ):
        yield f"reason {reason}", {"reason": reason}
    yield "big campaign", {"campaign": big}
    yield "small campaign", {"campaign": small}
    yield "workspace", {"workspace": workspace}
    for audience in ("lead", "referrer"):
        yield f"audience {audience}", {"audience": audience}
    yield "since yesterday", {"from": yesterday["from"]}
    yield "until yesterday", {"to": yesterday["to"]}
    yield "yesterday", yesterday
    failed: dict[str, object] = {"outcome": "needs_attention"}
    yield "failed, rejected", failed | {"reason": "rejected"}
    yield "failed, big campaign", failed | {"campaign": big}
    yield "failed, small campaign", failed | {"campaign": small}
    yield "failed, workspace", failed | {"workspace": workspace}
    yield "failed, referrers", failed | {"audience": "referrer"}
    yield "failed, yesterday", failed | yesterday
    yield (
        "failed, rejected, big campaign, yesterday",
        failed | {"reason": "rejected", "campaign": big} | yesterday,
    )
    yield "waiting, big campaign", {"outcome": "waiting", "campaign": big}
    yield "waiting, workspace", {"outcome": "waiting", "workspace": workspace}
    yield "retry, workspace", {"reason": "retry", "workspace": workspace}
    yield "retry, small campaign", {"reason": "retry", "campaign": small}
    yield "paused, big campaign", {"reason": "paused_campaign", "campaign": big}
    yield "created, workspace", {"outcome": "created", "workspace": workspace}
    yield "created, workspace, yesterday", {"outcome": "created", "workspace": workspace} | yesterday
    yield "big campaign, workspace", {"campaign": big, "workspace": workspace}
    yield "small campaign, workspace", {"campaign": small, "workspace": workspace}
    yield "big campaign, yesterday", {"campaign": big} | yesterday
    yield "big campaign, referrers", {"campaign": big, "audience": "referrer"}
    yield "incomplete, big campaign", {"outcome": "incomplete", "campaign": big}
    yield "incomplete, workspace", {"outcome": "incomplete", "workspace": workspace}
    yield "unexplained, big campaign", {"outcome": "unexplained", "campaign": big}
    middle = Place(someone.joined_at, someone.participant_id)
    for name, narrowed in (
        ("everybody", {}),
        ("big campaign", {"campaign": big}),
        ("created", {"outcome": "created"}),
        ("failed", failed),
        ("workspace", {"workspace": workspace}),
    ):
        yield f"older in the middle, {name}", {**narrowed, "before": middle}
        yield f"newer in the middle, {name}", {**narrowed, "after": middle}


def _searches(someone: Delivery) -> Iterator[tuple[str, dict[str, object], str]]:
    """Each with what is to be seen."""
    person = someone.participant
    email, big = person.email, Campaign.objects.get(slug="crowd-0").pk
    yield "a whole email", {"q": email}, email
    yield "how an email begins, with @", {"q": email.partition("example")[0]}, email
    yield "how many emails begin", {"q": "person1"}, ""
    yield "an email that nobody has", {"q": "nobody.at.all@example.com"}, "Nobody with this email"
    yield "a whole name", {"q": person.full_name}, person.full_name
    yield "how many names begin", {"q": person.first_name[:2].lower()}, ""
    yield "a last name", {"q": person.last_name.upper()}, person.last_name
    yield "a name that nobody has", {"q": "Zebulon Quux"}, ""
    yield "a lead's number", {"q": person.pk}, email
    yield "a contact", {"q": someone.contact_id}, email
    yield "a whole email, failed", {"q": email, "outcome": "needs_attention"}, ""
    yield "a whole email, created", {"q": email, "outcome": "created"}, email
    yield "a name, big campaign", {"q": person.first_name, "campaign": big}, person.first_name
    yield "a name, failed", {"q": person.first_name, "outcome": "needs_attention"}, person.first_name
    yield (
        "a name, newer in the middle",
        {
            "q": person.first_name,
            "after": Place(someone.joined_at, someone.participant_id),
        },
        person.first_name,
    )


def _elsewhere(people: int, someone: Delivery) -> Iterator[Question]:
    big = Campaign.objects.get(slug="crowd-0").pk
    long = created(people, skip=1)
    for name, entry in (("1 try", someone), ("30 tries", long)):
        address = reverse("admin:integrations_delivery_change", args=[entry.pk])
        yield Question(f"story of {name}", address, shows=entry.participant.email)
    unrecorded = reverse("admin:integrations_person", args=[people - JUST_NOW])
    yield Question("somebody without an entry", unrecorded)
    yield Question("Home", reverse("admin:index"))
    yield Question("Health", reverse("admin:integrations_health"))
    yield Question("Overview of the big campaign", reverse("admin:campaigns_campaign_overview", args=[big]))
    leads = reverse("admin:campaigns_campaign_leads", args=[big])
    yield Question("Leads of the big campaign", leads)
    small = Campaign.objects.get(slug=f"crowd-{CAMPAIGNS - 1}").pk
    few = reverse("admin:campaigns_campaign_leads", args=[small])
    yield Question("Leads of a small campaign", few)
    yield Question("its leads that wait", f"{few}?outcome=waiting")
    yield Question("Leads of the big campaign that failed", f"{leads}?outcome=needs_attention")
    yield Question("Leads of the big campaign by name", f"{leads}?q=ana")
    yield Question("Referrers of the big campaign", reverse("admin:campaigns_campaign_referrers", args=[big]))
    workspace = IntercomConnection.objects.order_by("pk").values_list("pk", flat=True)[0]
    yield Question("a workspace", reverse("admin:integrations_intercomconnection_change", args=[workspace]))
    told = reverse("admin:integrations_webhookreceipt_changelist")
    yield Question("notifications about an email", f"{told}?q={someone.participant.email}")
    export = reverse("admin:integrations_log_export")
    for name, query in (("everybody", ""), ("failed", "?outcome=needs_attention")):
        yield Question(f"file of {name}, {LINES_OF_A_FILE} lines", export + query, lines=LINES_OF_A_FILE)
