"""The sync log as a file: all of it, in words, harmless to a spreadsheet, at a bounded cost, and recorded."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.models import Delivery, IntercomConnection
from integrations.services.log import export
from integrations.services.log.export import harmless, lines_of
from integrations.services.log.wanted import Wanted
from integrations.services.settings import import_document
from integrations.services.tabs import load_tabs
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.crowds import EVERYWHERE, log_in, stand
from tests.integrations.panel import EMAIL, make_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.django_db

RIGHTS = ("view_delivery", "view_participant")


@pytest.fixture
def campaign() -> Campaign:
    make_workspace()
    campaign = make_campaign("Spring", slug="spring")
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [EMAIL]}})
    return campaign


@pytest.fixture
def reader(client: Client) -> Client:
    return log_in(client, *RIGHTS)


def get(client: Client, **query: str | int) -> Any:
    return client.get(reverse("admin:integrations_log_export"), query)


def table(client: Client, **query: str | int) -> list[dict[str, str]]:
    answer = get(client, **query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_line_says_what_the_page_says(reader: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, first_name="Zoë", last_name="Ek", email="zoe@example.com")
    Participant.objects.update(joined_at=datetime(2026, 3, 8, 5, 0, tzinfo=UTC))
    stand(lead, State.NEEDS_ATTENTION, Reason.REJECTED, attempts=3, contact_id="c1")
    [line] = table(reader)
    assert line["Lead ID"] == str(lead.pk)
    assert (line["Email"], line["First name"], line["Last name"]) == ("zoe@example.com", "Zoë", "Ek")
    assert (line["Campaign"], line["Joined as"], line["Joined"]) == ("Spring", "Lead", "2026-03-08 05:00:00")
    assert (line["In Intercom"], line["Reason"]) == ("Needs attention", "Intercom rejected the contact.")
    assert (line["Attempts"], line["Intercom contact ID"]) == ("3", "c1")


def test_what_holds_a_tab_is_said_of_who_waits(reader: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    campaign.sync_settings.update(paused_at=timezone.now())
    [line] = table(reader)
    assert line["Reason"] == "Sending is paused for this campaign."
    assert line["Next try"] == ""


def test_the_next_try_is_told_of_who_waits_for_it(reader: Client, campaign: Campaign) -> None:
    stand(make_lead(campaign), State.WAITING, Reason.RETRY, due_at=datetime(2031, 5, 6, 7, 8, tzinfo=UTC))
    assert table(reader)[0]["Next try"] == "2031-05-06 07:08:00"


def test_somebody_of_whom_nothing_is_recorded_is_in_it(reader: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    Delivery.objects.all().delete()
    [line] = table(reader)
    assert (line["In Intercom"], line["Attempts"], line["Intercom contact ID"]) == (
        "Not recorded yet",
        "",
        "",
    )


def test_only_what_is_filtered_is_in_it_newest_first(reader: Client, campaign: Campaign) -> None:
    people = [make_lead(campaign) for _ in range(3)]
    make_lead(campaign)
    for person in people:
        stand(person, State.CREATED, Reason.NEW)
    assert [line["Email"] for line in table(reader, outcome="created")] == [
        person.email for person in reversed(people)
    ]


@pytest.mark.parametrize("query", [{}, {"outcome": "waiting"}, {"reason": "queued"}])
def test_all_batches_together_are_everybody_once(
    reader: Client, campaign: Campaign, query: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 4)
    emails = [make_lead(campaign).email for _ in range(12)]
    assert [line["Email"] for line in table(reader, **query)] == emails[::-1]


@pytest.mark.parametrize(("people", "batches"), [(3, 1), (4, 2), (9, 3)])
def test_one_query_a_batch(
    campaign: Campaign, people: int, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 4)
    for number in range(people):
        state, reason = EVERYWHERE[number % len(EVERYWHERE)]
        stand(make_lead(campaign), state, reason)
    tabs = load_tabs(now=timezone.now())
    with CaptureQueriesContext(database) as done:
        assert len(list(lines_of(Wanted(), tabs=tabs))) == people + 1
    assert len(done) == batches


def test_nothing_is_read_before_somebody_takes_it(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 4)
    for _ in range(9):
        make_lead(campaign)
    lines = lines_of(Wanted(), tabs={})
    with CaptureQueriesContext(database) as done:
        for _ in range(3):
            next(lines)
    assert len(done) == 1


# Harmless -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "cell",
    [
        *(
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "−1",
            " =1",
            "\u3000=1",
        ),
        '=HYPERLINK("http://x.example","a")',
    ],
)
def test_what_a_spreadsheet_would_carry_out_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "harmless_cell"),
    [
        ("Bo;=1+1", "Bo;'=1+1"),
        ("Bo; =1", "Bo; '=1"),
        ('Bo;"=1"', 'Bo;"\'=1"'),
        ("Bo\t@SUM(A1)", "Bo\t'@SUM(A1)"),
        ("Bo|-1", "Bo|'-1"),
        ("Bo\n=1", "Bo\n'=1"),
        ("=1;=2", "'=1;'=2"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        (";;=1", ";;'=1"),
    ],
)
def test_nor_where_the_spreadsheet_separates_by_another_sign(cell: str, harmless_cell: str) -> None:
    assert harmless(cell) == harmless_cell


@pytest.mark.parametrize(
    "cell", ["", "Ana", "ana@example.com", "a=b", "3-4", "'=1", "Zoë", "2026-01-01 00:00:00", "a; b", "a;b|c"]
)
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


def test_no_cell_of_a_file_begins_a_formula(reader: Client, campaign: Campaign) -> None:
    formula = '=cmd|"/c calc"!A0'
    Campaign.objects.update(name=formula)
    IntercomConnection.objects.update(name=formula)
    lead = make_lead(campaign, first_name=formula, last_name="+1, two", email="=a@example.com")
    stand(lead, State.CREATED, Reason.NEW, contact_id="@c")
    [line] = table(reader)
    assert line["First name"] == line["Campaign"] == line["Workspace"] == f"'{formula}"
    assert (line["Last name"], line["Email"]) == ("'+1, two", "'=a@example.com")
    assert line["Intercom contact ID"] == "'@c"


def test_commas_quotes_and_lines_stay_inside_their_cell(reader: Client, campaign: Campaign) -> None:
    make_lead(campaign, first_name='A "B", C', last_name="D;E")
    [line] = table(reader)
    assert (line["First name"], line["Last name"]) == ('A "B", C', "D;E")


# Who, and what is kept of it ------------------------------------------------------------------------------
@pytest.mark.parametrize("rights", [(), ("view_delivery",), ("view_participant",)])
def test_others_get_no_file(client: Client, campaign: Campaign, rights: tuple[str, ...]) -> None:
    assert get(log_in(client, *rights)).status_code == 403
    assert not LogEntry.objects.exists()


def test_a_file_is_not_posted_for(reader: Client, campaign: Campaign) -> None:
    assert reader.post(reverse("admin:integrations_log_export")).status_code == 405


def test_a_download_is_told_from_a_page(reader: Client, campaign: Campaign) -> None:
    answer = get(reader)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="sync-log-')
    assert "no-store" in answer["Cache-Control"]


def test_each_file_is_recorded_without_saying_about_whom(
    reader: Client, campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    get(reader, q="ana@example.com", outcome="waiting")
    [entry] = LogEntry.objects.all()
    assert entry.user == User.objects.get()
    assert entry.change_message == "Exported, with 2 filters: outcome, q"
    assert "ana@" not in f"{entry.object_repr} {entry.change_message} {caplog.text}"
    assert "exported the sync log with 2 filters" in caplog.text


def test_a_filter_that_makes_no_sense_exports_nothing(reader: Client, campaign: Campaign) -> None:
    make_lead(campaign)
    answer = get(reader, **{"from": "yesterday", "outcome": "waiting"})
    assert answer.status_code == 302
    assert "from=yesterday" in answer["Location"]
    assert "outcome=waiting" in answer["Location"]
    assert not LogEntry.objects.exists()
