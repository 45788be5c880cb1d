"""The panel's tabs as they are first seen: exact words, what is offered, who may do what."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.staticfiles import finders
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Audience, LeadFieldType
from integrations.logic.states import Reason, State
from integrations.logic.types import Attribute
from integrations.models import Delivery, Pace, QualificationRule, ReleaseKind, SyncSettings, Trial
from integrations.services.attributes import store_attributes
from integrations.services.roles import INTEGRATION_ADMIN, SUPPORT
from integrations.services.settings import current, import_document
from integrations.services.settings_format import write_tab
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.controls import read
from tests.integrations.panel import EMAIL, FIELDS, WHOLE, changed, forget_field, make_workspace
from tests.integrations.panel_fixtures import EYES, Desk, address, desk, person, workspace_desk

__all__ = ["desk", "workspace_desk"]

EXACT = (
    "When lead joins campaign",
    "Nothing to action",
    "Create New Lead In Intercom",
    "Create New User In Intercom",
    "No contact will be created in Intercom",
    "Creates a new lead record in Intercom",
    "Creates a new user record in Intercom",
    "Map your fields",
    "Data Type",
    "From Referral Factory (Dynamic)",
    "From Referral Factory",
    "To (Intercom)",
    "+ Add More Fields",
    "Dynamic Value",
    "Fixed Value",
    "If the contact already has a value",
    "Keep it",
    "Overwrite",
    "Setup Required",
    "How to handle duplicate users",
    "If the contact already exists in Intercom, do nothing, do not update the contact in Intercom",
    (
        "If the contact already exists in Intercom, then update the contact that already exists in Intercom "
        "to mark them as referred"
    ),
    "Mark as referred",
    "Qualification Rules",
    "Select the method you want to use to qualify",
    "Do not qualify my referrals",
    "Data attribute would change",
    "Select the data attribute that will change",
    "What should this data attribute be when the contact is created?",
    "What will this data attribute change to when the user qualifies?",
)

SOURCES = (
    *("First Name", "Last Name", "Full Name", "Email", "Phone", "Company", "Referral Code", "Source"),
    *("Referral Link", "Date Joined", "Lead ID", "Campaign Name", "Referrer First Name"),
    *("Referrer Last Name", "Referrer Full Name", "Referrer Email", "Referrer Referral Code"),
    *("Referrer Referral Link", "Referrals Count"),
)


@pytest.fixture
def incomplete(workspace_desk: Desk) -> Desk:
    row = {"data_type": "dynamic", "from": "", "to": ""}
    leads = {"action": "create_lead", "field_map": [{**EMAIL, "from": ""}, row]}
    import_document(workspace_desk.campaign, {"leads": leads})
    return workspace_desk


@pytest.mark.parametrize("words", EXACT)
def test_the_leads_tab_says_it_exactly(incomplete: Desk, words: str) -> None:
    assert words in incomplete.look().text


@pytest.mark.parametrize("label", SOURCES)
def test_each_source_is_offered(incomplete: Desk, label: str) -> None:
    assert label in incomplete.look().options["rows-1-source"].values()


def test_the_sources_of_the_campaign_itself_are_offered(db: None) -> None:
    campaign = make_campaign(fields={"company_size": LeadFieldType.NUMBER})
    page = Desk(person("ed", *EYES, "change_syncsettings"), campaign, None)
    added = read(page.press("add"))
    assert added.options["rows-1-source"]["custom.company_size"] == "Company size"


def test_the_source_system_is_called_as_configured(incomplete: Desk, settings: object) -> None:
    settings.SOURCE_SYSTEM_NAME = "Winback"  # type: ignore[attr-defined]
    text = incomplete.look().text
    assert "From Winback (Dynamic)" in text
    assert "Referral Factory" not in text


def test_the_referrers_tab_has_its_own_question_and_no_rule(workspace_desk: Desk) -> None:
    page = Desk(workspace_desk.client, workspace_desk.campaign, None, "referrers").look()
    assert "When referrer joins campaign" in page.text
    assert "When lead joins campaign" not in page.text
    assert "Qualification Rules" not in page.text
    assert "method" not in page.values


def test_referrers_are_offered_their_link_until_it_is_mapped(workspace_desk: Desk) -> None:
    tip = "Tip: map Referral Link too"
    referrers = Desk(workspace_desk.client, workspace_desk.campaign, None, "referrers")
    assert tip in referrers.look().text
    assert tip not in workspace_desk.look().text
    row = {"data_type": "dynamic", "from": "lead.referral_link", "to": "custom_attributes.plan"}
    import_document(workspace_desk.campaign, {"referrers": {"field_map": [EMAIL, row]}})
    assert tip not in referrers.look().text


def test_a_fresh_tab_does_nothing_and_has_its_email_row(desk: Desk) -> None:
    form = desk.form()
    assert form["action"] == "nothing"
    assert form["policy"] == "skip"
    assert "marks" not in form
    assert (form["rows-0-target"], form["rows-0-source"]) == ("email", "")
    assert form["rows-TOTAL_FORMS"] == "1"


def test_a_fresh_tab_asks_for_nothing_while_it_does_nothing(desk: Desk) -> None:
    assert "Setup Required" not in desk.look().text


def test_the_email_row_offers_the_persons_own_email_alone(desk: Desk) -> None:
    assert set(desk.look().options["rows-0-source"]) == {"", "lead.email"}


def test_targets_are_named_with_their_types(incomplete: Desk) -> None:
    offered = incomplete.look().options["rows-1-target"]
    assert offered["name"] == "Name – text"
    assert offered["custom_attributes.seats"] == "Seats – whole number"
    assert offered["custom_attributes.active"] == "Active – yes or no"
    assert "External ID" in offered["external_id"]


@pytest.mark.parametrize(
    "target", ["role", "email", "custom_attributes.old", "custom_attributes.seen", "unsubscribed_from_emails"]
)
def test_what_may_not_be_written_is_not_offered(incomplete: Desk, target: str) -> None:
    assert target not in incomplete.look().options["rows-1-target"]


RULE = {"method": "attribute_changes", "attribute": "owner_id", "qualifying_values": [7]}
STANDARD = (
    Attribute("owner_id", "Owner", "integer"),
    Attribute("location.country", "Country", "string"),
    Attribute("updated_at", "Updated at", "date", writable=False),
)


def test_a_rule_is_offered_the_standard_fields_that_it_can_watch_as_well(workspace_desk: Desk) -> None:
    assert workspace_desk.connection is not None
    store_attributes(workspace_desk.connection, [*FIELDS, *STANDARD])
    import_document(workspace_desk.campaign, changed(qualification=RULE))
    page = workspace_desk.look()
    offered = page.options["attribute"]
    assert page.values["attribute"] == "owner_id"
    assert (offered["owner_id"], offered["role"]) == ("Owner – whole number", "Role – text")
    assert "custom_attributes.plan" in offered
    assert not {"location.country", "updated_at", "email", "custom_attributes.referred"} & set(offered)


def test_a_field_that_is_there_and_not_offered_is_not_said_to_be_gone(workspace_desk: Desk) -> None:
    assert workspace_desk.connection is not None
    store_attributes(workspace_desk.connection, [*FIELDS, *STANDARD])
    import_document(workspace_desk.campaign, changed(qualification=RULE))
    QualificationRule.objects.update(attribute="location.country")
    assert workspace_desk.look().options["attribute"]["location.country"] == "Country"


def test_a_target_of_another_row_is_not_offered_twice(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    page = workspace_desk.look()
    assert "custom_attributes.lead_source" in page.off["rows-1-target"]
    assert "name" in page.off["rows-2-target"]
    assert "name" not in page.off["rows-1-target"]


def test_a_field_that_is_gone_stays_chosen_and_says_so(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    assert workspace_desk.connection is not None
    forget_field(workspace_desk.connection, "custom_attributes.lead_source")
    page = workspace_desk.look()
    assert page.values["rows-2-target"] == "custom_attributes.lead_source"
    assert page.options["rows-2-target"]["custom_attributes.lead_source"] == (
        "Lead source (no longer in Intercom)"
    )
    assert "Field problem" in page.text


def test_a_question_that_the_campaign_no_longer_asks_stays_chosen_and_says_so(db: None) -> None:
    campaign = make_campaign(fields={"size": LeadFieldType.NUMBER})
    make_workspace()
    row = {"data_type": "dynamic", "from": "custom.size", "to": "custom_attributes.seats"}
    import_document(campaign, changed(field_map=[EMAIL, row]))
    campaign.lead_fields.all().delete()
    page = Desk(person("ed", *EYES), campaign, None).look()
    assert "no longer in this campaign" in page.options["rows-1-source"]["custom.size"]


def test_setup_required_says_what_is_missing_at_the_tab_the_section_and_the_row(incomplete: Desk) -> None:
    text = incomplete.look().text
    assert text.count("Setup Required") >= 5  # the tab, the section, the email, both sides of the row
    assert "Email is not mapped yet" in text
    assert "Choose Email under “From Referral Factory”" in text


def test_the_other_tab_shows_that_it_is_not_complete(incomplete: Desk) -> None:
    referrers = Desk(incomplete.client, incomplete.campaign, None, "referrers")
    assert "Leads Setup Required" in referrers.look().text


def test_a_field_problem_is_dated_and_quotes_intercom(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    row = SyncSettings.objects.get(campaign=workspace_desk.campaign, audience=Audience.LEAD)
    row.field_map.filter(position=2).update(
        problem="refused", problem_message="<b>no such</b>", problem_at="2026-05-03T10:00:00Z"
    )
    response = workspace_desk.client.get(workspace_desk.url)
    page = read(response)
    assert "Field problem" in page.text
    assert "3 May 2026" in page.text
    assert "<b>no such</b>" in page.text
    assert b"<b>no such</b>" not in response.content


def test_somebody_who_may_only_look_sees_everything_and_no_buttons(workspace_desk: Desk) -> None:
    import_document(workspace_desk.campaign, WHOLE)
    client = person("sue", *EYES)
    response = client.get(workspace_desk.url)
    assert b"You can look but not change these settings" in response.content
    assert b'<fieldset class="panel__fields" disabled>' in response.content
    assert "save" not in read(response).buttons


@pytest.mark.parametrize(
    "button", ["save", "add", "check", "refresh", "complete", "create_marks", "overwrite-1"]
)
def test_somebody_who_may_only_look_is_refused_every_button(workspace_desk: Desk, button: str) -> None:
    form = workspace_desk.form()
    client = person("sue", *EYES)
    assert client.post(workspace_desk.url, {**form, "do": button}).status_code == 403


def test_somebody_without_the_right_to_look_sees_nothing(workspace_desk: Desk) -> None:
    assert person("nobody", "view_campaign").get(workspace_desk.url).status_code == 403


@pytest.mark.parametrize("tab", ["leads", "referrers"])
@pytest.mark.parametrize("number", [3, 60])
def test_a_page_takes_a_bounded_number_of_queries(workspace_desk: Desk, tab: str, number: int) -> None:
    rows = [
        {"data_type": "fixed", "value": str(n), "to": f"custom_attributes.a{n}"} for n in range(number - 1)
    ]
    workspace_desk.connection.attributes.all().delete()  # type: ignore[union-attr]
    import_document(workspace_desk.campaign, {tab: {"action": "create_lead", "field_map": [EMAIL, *rows]}})
    make_lead(workspace_desk.campaign)
    with CaptureQueriesContext(
        database,
    ) as queries:
        assert workspace_desk.client.get(address(workspace_desk.campaign, tab)).status_code == 200
    assert len(queries) <= 15, "\n".join(
        query["sql"][:60] + "…" + query["sql"].partition(" FROM ")[2][:300] for query in queries
    )


MOST_QUERIES = 13
"""Two fewer than a page may take."""


@pytest.fixture
def busy_desk(workspace_desk: Desk) -> Desk:
    """Everything at once: a rule, 60 rows, people, two sendings under way, a test, a history, watches."""
    campaign, connection = workspace_desk.campaign, workspace_desk.connection
    rows = [{"data_type": "fixed", "value": str(n), "to": f"custom_attributes.a{n}"} for n in range(59)]
    fields = tuple(Attribute(row["to"], row["to"], "string", custom=True) for row in rows)
    store_attributes(connection, (*FIELDS, *fields))  # type: ignore[arg-type]
    for number in range(3):
        leads = {**WHOLE["leads"], "field_map": [EMAIL, *rows[: 59 - number]]}
        import_document(campaign, {"leads": leads, "referrers": WHOLE["referrers"]})
    campaign.lead_fields.create(key="size", label="Size", type=LeadFieldType.TEXT)
    for number in range(30):
        lead = make_lead(campaign)
        state = State.NOT_SENT if number % 2 else State.HELD
        Delivery.objects.filter(participant=lead).update(
            state=state, reason=Reason.NOTHING_TO_ACTION, due_at=None
        )
    tab = SyncSettings.objects.get(campaign=campaign, audience=Audience.LEAD)
    for kind in ReleaseKind:
        tab.releases.create(kind=kind, per_minute=Pace.CAREFUL, up_to=10**6, total=15)
    content = write_tab(current(campaign, Audience.LEAD), tab="leads")
    given = {"settings": tab, "connection": connection, "content": content}
    Trial.objects.create(email="t@example.com", due_at=timezone.now(), **given)
    return workspace_desk


@pytest.mark.parametrize("tab", ["leads", "referrers"])
@pytest.mark.parametrize("role", ["", INTEGRATION_ADMIN, SUPPORT])
def test_nobodys_page_takes_more_queries(busy_desk: Desk, role: str, tab: str) -> None:
    user = User.objects.create_user("boss", is_staff=True, is_superuser=not role)
    if role:
        user.groups.add(Group.objects.get(name=role))
    busy_desk.client.force_login(user)
    with CaptureQueriesContext(database) as queries:
        assert busy_desk.client.get(address(busy_desk.campaign, tab)).status_code == 200
    assert len(queries) <= MOST_QUERIES + bool(role), "\n".join(
        query["sql"][:60] + "…" + query["sql"].partition(" FROM ")[2][:300] for query in queries
    )


@pytest.mark.parametrize(("file", "most"), [("js/panel.js", 6_000), ("css/panel.css", 10_000)])
def test_what_the_page_loads_stays_small(file: str, most: int) -> None:
    found = finders.find(file)
    assert isinstance(found, str)
    assert Path(found).stat().st_size <= most


def test_opening_a_tab_asks_intercom_nothing(workspace_desk: Desk) -> None:
    """No socket but loopback is open in tests, and nobody answers for this workspace."""
    import_document(workspace_desk.campaign, WHOLE)
    assert "Fields read just now" in workspace_desk.look().text


def test_an_old_list_says_that_it_is_old(workspace_desk: Desk) -> None:
    connection = workspace_desk.connection
    assert connection is not None
    connection.attributes_at = "2026-01-01T00:00:00Z"
    connection.save(update_fields=["attributes_at"])
    assert "Press Refresh if something changed in Intercom" in workspace_desk.look().text
