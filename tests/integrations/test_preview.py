"""What the preview shows is what is sent: to the letter, for a sample and for real people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import fields
from campaigns.models import Audience, LeadFieldType, Participant
from integrations.logic.mapping import source_keys
from integrations.logic.notes import NoteCode
from integrations.logic.types import (
    Action,
    Attribute,
    DataType,
    MapRow,
    Role,
    SourceValue,
    TabSettings,
)
from integrations.models import SyncSettings
from integrations.services.field_names import Names
from integrations.services.preview import Fate, Line, Preview, preview
from integrations.services.preview_words import REMARKS
from integrations.services.sample import sample_values
from integrations.services.tabs import load_attributes, tab_settings
from integrations.services.value_words import value_in_words, zone_of
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import EMAIL_ROW, NAME_ROW, Intercom, set_panel
from tests.integrations.panel import make_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

EMAIL = MapRow(DataType.DYNAMIC, "email", source="lead.email")
ATTRIBUTES = {
    attribute.full_name: attribute
    for attribute in (
        Attribute("email", "Email", "string"),
        Attribute("name", "Name", "string"),
        Attribute("phone", "Phone", "string"),
        Attribute("custom_attributes.plan", "Plan", "string", options=("Free", "Pro"), custom=True),
        Attribute("custom_attributes.seats", "Seats", "integer", custom=True),
        Attribute("custom_attributes.joined", "Joined", "date", custom=True),
        Attribute("custom_attributes.note", "Note", "string", custom=True),
        Attribute("custom_attributes.active", "Active", "boolean", custom=True),
        Attribute("custom_attributes.old", "Old", "string", custom=True, archived=True),
    )
}
VALUES: Mapping[str, SourceValue] = {
    "lead.email": "Ana@Example.com ",
    "lead.first_name": "Ana",
    "lead.joined_at": datetime(2026, 5, 1, 10, 2, tzinfo=UTC),
    "campaign.name": "Spring",
}


def names_of(attributes: Mapping[str, Attribute] = ATTRIBUTES, *, zone: str = "UTC") -> Names:
    return Names(attributes, target=str.title, source=str.upper, zone=ZoneInfo(zone))


def shown(
    *rows: MapRow,
    values: Mapping[str, SourceValue] = VALUES,
    attributes: Mapping[str, Attribute] = ATTRIBUTES,
    zone: str = "UTC",
    **changes: Any,
) -> Preview:
    settings = TabSettings(action=Action.CREATE_LEAD, rows=(EMAIL, *rows))
    return preview(replace(settings, **changes), values=values, names=names_of(attributes, zone=zone))


def fixed(value: str, target: str) -> Line:
    return shown(MapRow(DataType.FIXED, f"custom_attributes.{target}", value=value)).lines[-1]


def test_the_email_goes_in_its_one_spelling() -> None:
    (line,) = shown().lines
    assert (line.source, line.value, line.fate) == ("LEAD.EMAIL", "ana@example.com", Fate.SENT)


def test_an_empty_source_is_no_value_and_nothing_wrong() -> None:
    line = shown(MapRow(DataType.DYNAMIC, "name", source="lead.last_name")).lines[-1]
    assert (line.fate, line.wire, line.value, line.remark) == (Fate.NO_VALUE, None, "", "")


@pytest.mark.parametrize(
    ("value", "target", "fate", "text", "remark"),
    [
        ("false", "active", Fate.SENT, "No", ""),
        ("12", "seats", Fate.SENT, "12", ""),
        ("2026-05-01", "joined", Fate.SENT, "1 May 2026, 00:00 UTC", ""),
        ("pro", "plan", Fate.CHANGED, "Pro", "Intercom's own spelling"),
        ("x" * 300, "note", Fate.CHANGED, "x" * 255, "the first 255 of 300 characters"),
        ("gold", "plan", Fate.LEFT_OUT, "", "Not one of the options in Intercom: Free, Pro."),
        ("many", "seats", Fate.LEFT_OUT, "", "not a number"),
        ("maybe", "active", Fate.LEFT_OUT, "", "neither yes nor no"),
        ("1/5/26", "joined", Fate.LEFT_OUT, "", "not a date"),
        ("x", "old", Fate.LEFT_OUT, "", "archived in Intercom"),
        ("x", "gone", Fate.LEFT_OUT, "", "no such field"),
    ],
)
def test_each_value_says_what_becomes_of_it(
    value: str, target: str, fate: Fate, text: str, remark: str
) -> None:
    line = fixed(value, target)
    assert (line.fate, line.value) == (fate, text)
    assert remark in line.remark


def test_what_is_left_out_is_still_shown_as_given() -> None:
    assert fixed("gold", "plan").given == "gold"
    assert fixed("pro", "plan").given == ""


def test_a_phone_without_a_country_code_is_doubtful() -> None:
    row = MapRow(DataType.DYNAMIC, "phone", source="lead.phone")
    line = shown(row, values={**VALUES, "lead.phone": "555 123"}).lines[-1]
    assert (line.fate, line.value) == (Fate.DOUBTFUL, "555 123")


def test_leads_have_no_external_id_and_users_do() -> None:
    row = MapRow(DataType.FIXED, "external_id", value="7")
    assert shown(row).lines[-1].fate is Fate.LEFT_OUT
    user = shown(row, action=Action.CREATE_USER)
    assert (user.role, user.lines[-1].wire) == (Role.USER, "7")


def test_dates_are_told_in_the_workspaces_time_zone() -> None:
    row = MapRow(DataType.DYNAMIC, "custom_attributes.joined", source="lead.joined_at")
    assert shown(row, zone="Asia/Tokyo").lines[-1].value == "1 May 2026, 19:02 JST"
    assert shown(row, attributes={}).lines[-1].value == "1 May 2026, 10:02 UTC"


def test_rows_that_lack_something_are_counted() -> None:
    found = shown(
        MapRow(DataType.DYNAMIC, "name"),
        MapRow(DataType.FIXED, "phone"),
        MapRow(DataType.FIXED, "", value="x"),
        MapRow(DataType.FIXED, "email", value="all@example.com"),
    )
    assert (len(found.lines), found.unfinished) == (1, 4)


def test_marks_are_shown_with_the_campaign_and_without_a_referrer() -> None:
    attributes = {
        **ATTRIBUTES,
        **{
            f"custom_attributes.{name}": Attribute(f"custom_attributes.{name}", name, kind, custom=True)
            for name, kind in (("referred", "boolean"), ("referral_campaign", "string"))
        },
    }
    marks = shown(attributes=attributes, marks=True, values={**VALUES, "referrer.full_name": "Rosa"}).lines[
        1:
    ]
    assert [(line.value, line.fate) for line in marks] == [
        ("Yes", Fate.SENT),
        ("Spring", Fate.SENT),
        ("", Fate.LEFT_OUT),
    ]
    assert "no such attribute yet" in marks[-1].remark


def test_a_mark_of_another_type_says_so() -> None:
    wrong = Attribute("custom_attributes.referred", "Referred", "string", custom=True)
    line = shown(attributes={**ATTRIBUTES, wrong.full_name: wrong}, marks=True).lines[1]
    assert "of another type (text)" in line.remark


def test_a_row_for_a_mark_takes_its_place() -> None:
    row = MapRow(DataType.FIXED, "custom_attributes.referred", value="x")
    targets = [line.target for line in shown(row, marks=True).lines]
    assert targets.count("custom_attributes.referred") == 1


def test_the_rules_first_value_is_written_once() -> None:
    rule: dict[str, Any] = {
        "qualifies": True,
        "rule_attribute": "custom_attributes.plan",
        "rule_initial": "Free",
    }
    found = shown(**rule)
    assert found.lines[-1].value == "Free"
    assert "when the contact is created" in found.lines[-1].remark
    assert not found.waits_for_rule


def test_a_rule_whose_attribute_is_gone_makes_people_wait() -> None:
    rule: dict[str, Any] = {
        "qualifies": True,
        "rule_attribute": "custom_attributes.old",
        "rule_initial": "Free",
    }
    found = shown(**rule)
    assert found.waits_for_rule
    assert found.lines[-1].fate is Fate.LEFT_OUT


def test_a_person_without_an_email_is_never_sent() -> None:
    assert shown(values={}).body == {}
    assert shown(values={"lead.email": "  "}).body == {}


ONLY_AFTERWARDS = {
    NoteCode.EMAIL_KEPT,
    NoteCode.WAS_LEFT_OUT,
    NoteCode.CHANGED_SINCE,
    NoteCode.BACK_ALREADY,
    NoteCode.FORGOTTEN,
    NoteCode.NOT_PUT_BACK,
}
"""What the drain notes of a contact that it has seen: a preview has seen none."""


def test_every_note_that_a_mapping_leaves_has_a_sentence() -> None:
    assert REMARKS.keys() == set(NoteCode) - ONLY_AFTERWARDS


@pytest.mark.parametrize(
    ("value", "data_type", "text"),
    [
        (None, "", ""),
        (0, "integer", "0"),
        (12.0, "float", "12"),
        (0, "date", "1 Jan 1970, 00:00 UTC"),
        (10**30, "date", str(10**30)),
        (-(10**14), "date", str(-(10**14))),
        ("soon", "date", "soon"),
        (date(2026, 5, 1), "", "1 May 2026"),
        (datetime.max.replace(tzinfo=UTC), "", "31 Dec 9999, 23:59 UTC"),
        (float("nan"), "float", "nan"),
        ({"a": 1}, "", "{'a': 1}"),
        ("x" * 400, "", "x" * 299 + "…"),
    ],
)
def test_any_value_can_be_shown(value: Any, data_type: str, text: str) -> None:
    assert value_in_words(value, data_type=data_type, zone=UTC) == text


def test_the_last_day_of_all_can_be_shown_in_the_east() -> None:
    latest = datetime.max.replace(tzinfo=UTC)
    assert value_in_words(latest, zone=ZoneInfo("Asia/Tokyo")).startswith("31 Dec 9999")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../etc/passwd"])
def test_a_time_zone_that_nobody_knows_gives_way_to_ours(name: str) -> None:
    assert zone_of(make_workspace(time_zone=name)) == timezone.get_current_timezone()
    assert zone_of(None) == timezone.get_current_timezone()


# Against the drain -----------------------------------------------------------------------------------------

CUSTOM = {"wish": LeadFieldType.TEXT, "seats": LeadFieldType.NUMBER, "starts": LeadFieldType.DATE}
EVERYTHING: list[dict[str, Any]] = [
    EMAIL_ROW,
    NAME_ROW,
    {"from": "lead.phone", "to": "phone"},
    {"from": "custom.seats", "to": "custom_attributes.company_size"},
    {"from": "custom.wish", "to": "custom_attributes.plan"},
    {"from": "custom.starts", "to": "custom_attributes.trial_ends"},
    {"from": "referrer.referrals_count", "to": "custom_attributes.lifetime_value"},
    {"data_type": "fixed", "value": "Referral", "to": "custom_attributes.lead_source"},
]


def preview_of(lead: Participant, intercom: Intercom) -> Preview:
    settings = tab_settings(SyncSettings.objects.get(campaign=lead.campaign, audience=lead.audience))
    values = fields.values([lead], keys=source_keys(settings))[lead.pk]
    return preview(settings, values=values, names=names_of(load_attributes(intercom.connection.pk)))


def sent_by(found: Preview) -> dict[str, Any]:
    """The body that the lines tell of."""
    sent = {line.target: line.wire for line in found.lines if line.wire is not None}
    custom = {n.removeprefix("custom_attributes."): v for n, v in sent.items() if n.startswith("custom_")}
    standard = {n: v for n, v in sent.items() if not n.startswith("custom_")}
    return {**standard, "role": found.role.value, **({"custom_attributes": custom} if custom else {})}


@pytest.mark.parametrize("action", ["create_lead", "create_user"])
@pytest.mark.parametrize(
    "person",
    [
        {"custom": {"wish": "pro", "seats": 12, "starts": "2026-05-01"}, "phone": "+1 202 555 0143"},
        {"custom": {"wish": "gold", "seats": 2.5}, "phone": "555"},
        {"first_name": "", "last_name": "", "email": "ANNE@Example.com"},
        {"first_name": "<b>", "last_name": "שלום 🎉", "custom": {"wish": "x" * 2000, "seats": 0}},
    ],
)
def test_the_preview_of_a_real_lead_is_what_the_drain_then_posts(
    intercom: Intercom, action: str, person: dict[str, Any]
) -> None:
    campaign = make_campaign(fields=CUSTOM)
    rule = {
        "method": "attribute_changes",
        "attribute": "custom_attributes.newsletter",
        "initial_value": False,
        "qualifying_values": [True],
    }
    set_panel(campaign, action=action, field_map=EVERYTHING, marks=True, qualification=rule)
    lead = make_lead(campaign, referrer=make_referrer(campaign), **person)
    expected = preview_of(lead, intercom)
    intercom.drain()
    # A doubtful phone is refused, and then goes without: the first call is what was meant.
    posted, *_ = intercom.sandbox.calls(intercom.workspace, method="POST", path="/contacts")
    assert posted.body == expected.body == sent_by(expected)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    wish=st.none() | st.text(max_size=300) | st.sampled_from(["Pro", "pro ", "FREE"]),
    seats=st.none() | st.floats(allow_nan=False) | st.integers(-(10**18), 10**18),
    starts=st.none() | st.dates(),
    marks=st.booleans(),
    known=st.booleans(),
)
def test_lines_and_body_never_differ(
    wish: str | None, seats: float | None, starts: date | None, marks: bool, known: bool
) -> None:
    values: dict[str, SourceValue] = {**VALUES, "a": wish, "b": seats, "c": starts}
    rows = (
        MapRow(DataType.DYNAMIC, "custom_attributes.plan", source="a"),
        MapRow(DataType.DYNAMIC, "custom_attributes.seats", source="b"),
        MapRow(DataType.DYNAMIC, "custom_attributes.joined", source="c"),
        MapRow(DataType.DYNAMIC, "custom_attributes.old", source="a"),
    )
    found = shown(*rows, values=values, attributes=ATTRIBUTES if known else {}, marks=marks)
    assert sent_by(found) == found.body
    for line in found.lines:
        assert (line.fate in {Fate.SENT, Fate.CHANGED, Fate.DOUBTFUL}) == (line.wire is not None)
        assert line.fate is not Fate.LEFT_OUT or line.remark


@pytest.mark.django_db
def test_the_sample_fills_every_source() -> None:
    campaign = make_campaign(fields=CUSTOM)
    sources = fields.available(campaign)
    rows = [MapRow(DataType.DYNAMIC, f"custom_attributes.f{n}", source=s.key) for n, s in enumerate(sources)]
    values = sample_values(campaign, Audience.LEAD)
    found = shown(*rows, values=values, attributes={})
    assert {line.fate for line in found.lines} == {Fate.SENT}
