"""The commands as somebody at a terminal meets them."""

from __future__ import annotations

from io import BytesIO, StringIO, TextIOWrapper
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command, load_command_class

from campaigns.models import Campaign, CampaignStatus, LeadFieldType, Participant
from tests.campaigns.factories import make_campaign, make_referrer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def run_badly(*arguments: str) -> tuple[str, str, str]:
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as failed:
        call_command(*arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue(), str(failed.value)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def test_create_campaign_with_fields_in_order() -> None:
    run(
        "create_campaign",
        "spring",
        "--name",
        "Spring",
        "--field",
        "plan:Plan:text",
        "--field",
        "n:Seats: how many?:number:required",
    )
    stored = Campaign.objects.get(slug="spring").lead_fields.values_list("key", "label", "type", "required")
    assert list(stored) == [("plan", "Plan", "text", False), ("n", "Seats: how many?", "number", True)]


def test_create_campaign_again_changes_nothing() -> None:
    campaign = make_campaign("Spring", slug="spring")
    out, _err = run("create_campaign", "spring", "--name", "Spring", "--field", "plan:Plan:text")
    assert "exists already" in out
    assert not campaign.lead_fields.exists()


def test_create_campaign_refuses_another_name() -> None:
    make_campaign("Spring", slug="spring")
    *_texts, message = run_badly("create_campaign", "spring", "--name", "Autumn")
    assert "is called “Spring”" in message


@pytest.mark.parametrize(
    "field", ["plan", "plan:text", "plan::text", "plan:Plan:money", "Plan:Plan:text", ":Plan:text"]
)
def test_create_campaign_refuses_a_wrong_field_and_makes_nothing(field: str) -> None:
    run_badly("create_campaign", "spring", "--name", "Spring", "--field", field)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("slug", ["two words", "x" * 101, "é"])
def test_create_campaign_refuses_a_wrong_slug(slug: str) -> None:
    *_texts, message = run_badly("create_campaign", slug, "--name", "Spring")
    assert "slug" in message


def test_join_one_lead_with_everything() -> None:
    campaign = make_campaign(slug="spring", fields={"seats": LeadFieldType.NUMBER})
    rosa = make_referrer(campaign, email="rosa@x.com")
    out, _err = run(
        "join_lead",
        "spring",
        "--email",
        "ana@x.com",
        "--first-name",
        "Ana",
        "--referrer",
        "Rosa@x.com",
        "--custom",
        "seats=5",
    )
    lead = Participant.objects.get(email="ana@x.com")
    assert (lead.first_name, lead.referrer, lead.custom) == ("Ana", rosa, {"seats": 5})
    assert out.startswith(f"Joined: Lead ID {lead.pk}, ")


def test_join_one_lead_again_says_so() -> None:
    make_campaign(slug="spring")
    run("join_lead", "spring", "--email", "ana@x.com")
    assert run("join_lead", "spring", "--email", "ANA@x.com")[0].startswith("Already in")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--email", "no"], "email: "),
        (["--email", "a@x.com", "--referrer", "NOBODY"], "referrer: "),
        (["--email", "a@x.com", "--custom", "seats=many"], "custom.seats: "),
        (["--email", "a@x.com", "--custom", "other=1"], "custom.other: "),
        (["--email", "a@x.com", "--custom", "seats"], "KEY=VALUE"),
        (["--csv", "leads.csv", "--first-name", "Ana"], "comes from the file"),
        (["--csv", "/nowhere/leads.csv"], "No such file"),
        ([], "one of the arguments"),
        (["--csv", "leads.csv", "--email", "a@x.com"], "not allowed with"),
    ],
)
def test_join_refuses_in_plain_words(arguments: list[str], message: str) -> None:
    make_campaign(slug="spring", fields={"seats": LeadFieldType.NUMBER})
    assert message in run_badly("join_lead", "spring", *arguments)[2]
    assert not Participant.objects.exists()


def test_join_names_a_campaign_that_is_missing_or_ended() -> None:
    make_campaign(slug="old", status=CampaignStatus.ENDED)
    assert "has ended" in run_badly("join_lead", "old", "--email", "a@x.com")[2]
    assert "no campaign called new" in run_badly("join_lead", "new", "--email", "a@x.com")[2]


def test_file_reports_bad_lines_and_keeps_the_good_ones(csv: Path) -> None:
    campaign = make_campaign(slug="spring", fields={"seats": LeadFieldType.NUMBER})
    rosa = make_referrer(campaign, email="rosa@x.com")
    csv.write_bytes(
        b"email;first_name;referrer;custom.seats\n"
        b"ana@x.com;Ana;rosa@x.com;5\n"
        b"no;No\n"
        b"bo@x.com;Bo;NOBODY;1\n"
        b"cy@x.com;Cy\x00;;\n"
        b"di@x.com;D\xff;;\n"
        b"ed@x.com;Ed;;many\n"
        b"fe@x.com;Fe;;;;more\n"
        b"ANA@x.com;Again\n"
        + f"gu@x.com;Gu;{rosa.referral_code.lower()};\n".encode()
    )  # fmt: skip
    out, err, message = run_badly("join_lead", "spring", "--csv", str(csv))
    assert out.strip() == "9 read: 2 joined, 1 already in, 6 bad"
    assert [line.split(":")[0] for line in err.splitlines()] == [f"line {n}" for n in (3, 4, 5, 6, 7, 8)]
    assert message == "6 lines were left out."
    assert set(rosa.referrals.values_list("email", flat=True)) == {"ana@x.com", "gu@x.com"}


def test_same_file_again_does_no_harm(csv: Path) -> None:
    make_campaign(slug="spring")
    csv.write_text("email\nana@x.com\nbo@x.com\n")
    assert run("join_lead", "spring", "--csv", str(csv))[0] == "2 read: 2 joined, 0 already in, 0 bad\n"
    assert run("join_lead", "spring", "--csv", str(csv))[0] == "2 read: 0 joined, 2 already in, 0 bad\n"


def test_file_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    make_campaign(slug="spring")
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"email\nana@x.com\n")))
    assert run("join_lead", "spring", "--csv", "-")[0].startswith("1 read: 1 joined")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("email,mail", "Unknown columns: mail."),
        ("email,custom.other", "Unknown columns: custom.other."),
        ("email,", "Unknown columns: (no name)."),
        ("first_name", "no column called email"),
        ("email,email", "there twice: email"),
        ("", "file is empty"),
    ],
)
def test_wrong_columns_are_named_before_anybody_joins(csv: Path, header: str, message: str) -> None:
    make_campaign(slug="spring")
    csv.write_text(f"{header}\nana@x.com,x\n" if header else "")
    assert message in run_badly("join_lead", "spring", "--csv", str(csv))[2]
    assert not Participant.objects.exists()


def test_progress_is_told_on_the_way(csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.management.commands.join_lead.PROGRESS_EVERY", 2)
    make_campaign(slug="spring")
    csv.write_text("email\n" + "".join(f"a{n}@x.com\n" for n in range(5)))
    out, err = run("join_lead", "spring", "--csv", str(csv))
    assert err.splitlines() == [
        "2 read: 2 joined, 0 already in, 0 bad",
        "4 read: 4 joined, 0 already in, 0 bad",
    ]
    assert out.startswith("5 read")


@pytest.mark.parametrize("name", ["create_campaign", "join_lead"])
def test_help_teaches_with_an_example(name: str) -> None:
    text = load_command_class("campaigns", name).create_parser("manage.py", name).format_help()
    assert f"examples:\n  manage.py {name} spring" in text
