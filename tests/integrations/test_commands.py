"""The commands as somebody at a terminal meets them: plain sentences, never a traceback, never a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command, load_command_class
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.management.commands import settings_import
from integrations.models import Delivery, IntercomConnection, SyncSettings
from integrations.models.secrets import seal
from integrations.services.settings import import_document
from tests.campaigns.factories import make_campaign, make_lead
from tests.integrations.panel import EMAIL, WHOLE, make_workspace
from tests.integrations.sandbox_fixtures import TOKEN, WORKSPACE

pytestmark = pytest.mark.django_db

MARKED = "tok-MARKED-secret-0123456789"


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def run_badly(*arguments: str) -> str:
    """The message; what was printed before it is left aside."""
    with pytest.raises(CommandError) as failed:
        run(*arguments)
    assert "Traceback" not in str(failed.value)
    return str(failed.value)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Puts bytes on standard input."""
    return lambda raw: monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(raw), encoding="utf-8"))


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign("Spring", slug="spring")


@pytest.mark.parametrize(
    "name",
    [
        "connect_intercom",
        "demo",
        "rotate_keys",
        "settings_export",
        "settings_import",
        "supervise",
        "sync_status",
    ],
)
def test_help_teaches(name: str) -> None:
    command = load_command_class("integrations", name)
    text = command.create_parser("manage.py", name).format_help()
    assert command.examples.strip() in text  # type: ignore[attr-defined]
    assert command.help.endswith(".")


# connect_intercom -------------------------------------------------------------------------------------


@pytest.fixture
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTERCOM_ACCESS_TOKEN", raising=False)


@pytest.fixture
def answering(sandbox: Any, settings: Settings) -> Any:
    settings.INTERCOM_API_URL = sandbox.url
    return sandbox


def test_connects_with_the_token_from_the_environment(
    answering: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", f" {TOKEN}\n")
    out, _err = run("connect_intercom")
    assert out.startswith(f"Connected: Pretend workspace ({WORKSPACE})\n")
    assert "fields read." in out
    assert TOKEN not in out
    assert IntercomConnection.objects.get().token == TOKEN


def test_connects_with_the_token_from_standard_input(
    answering: Any,
    no_token: None,
    typed: Callable[[bytes], None],
) -> None:
    typed(TOKEN.encode() + b"\r\n")
    run("connect_intercom", "--region", "us")
    assert IntercomConnection.objects.get().workspace_id == WORKSPACE


def test_connecting_again_says_so(answering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", TOKEN)
    run("connect_intercom")
    assert run("connect_intercom")[0].startswith("Connected again: ")
    assert IntercomConnection.objects.count() == 1


def test_the_workspaces_own_region_is_told(answering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", TOKEN)
    out, _err = run("connect_intercom", "--region", "EU")
    assert "Its data lives in region US; that is what we use." in out


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "No token."),
        (b" \n", "No token."),
        (b"two words", "not one token"),
        (MARKED.encode() + b"\n" + MARKED.encode(), "not one token"),
        (b"x" * 5000, "not one token"),
        ("tökèn".encode(), "not one token"),
        (b"to\0ken", "not one token"),
        (b"\xff\xfe", "not text"),
    ],
)
def test_what_is_no_token_is_refused_and_not_repeated(
    no_token: None,
    typed: Callable[[bytes], None],
    raw: bytes,
    message: str,
) -> None:
    typed(raw)
    said = run_badly("connect_intercom")
    assert message in said
    assert "MARKED" not in said
    assert not IntercomConnection.objects.exists()


@pytest.fixture
def terminal(no_token: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """At a terminal the token is asked for, and is not shown while it is typed."""
    screen = StringIO("never read")
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", screen)
    hidden = "integrations.management.commands.connect_intercom.getpass"
    return lambda typed: monkeypatch.setattr(hidden, lambda _prompt: typed)


def test_at_a_terminal_the_token_is_asked_for(terminal: Callable[[str], None], answering: Any) -> None:
    terminal(f" {TOKEN}\n")
    run("connect_intercom")
    assert IntercomConnection.objects.get().token == TOKEN


def test_nothing_typed_at_the_terminal_is_no_token(terminal: Callable[[str], None]) -> None:
    terminal("")
    assert "INTERCOM_ACCESS_TOKEN" in run_badly("connect_intercom")


def test_a_token_is_no_argument() -> None:
    assert "unrecognized arguments" in run_badly("connect_intercom", f"--token={TOKEN}")


def test_an_unknown_region_is_refused() -> None:
    assert "invalid choice" in run_badly("connect_intercom", "--region", "MARS")


def test_the_sandbox_is_offered_only_where_it_is_switched_on(settings: Settings) -> None:
    settings.INTERCOM_SANDBOX = False
    assert "invalid choice" in run_badly("connect_intercom", "--region", "SANDBOX")


def test_a_token_that_intercom_refuses_changes_nothing(
    answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", TOKEN)
    run("connect_intercom")
    answering.revoke(TOKEN)
    assert "does not accept this token" in run_badly("connect_intercom")
    assert IntercomConnection.objects.get().token == TOKEN


def test_an_unreachable_intercom_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", MARKED)
    settings.INTERCOM_API_URL = "http://127.0.0.1:9"
    said = run_badly("connect_intercom")
    assert (
        "http://127.0.0.1:9 did not answer as Intercom should: no answer came, so see whether it runs" in said
    )
    assert "TransientError" not in said
    assert MARKED not in said


def test_a_sandbox_that_does_not_answer_is_one_that_nobody_serves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", MARKED)
    settings.INTERCOM_SANDBOX, settings.INTERCOM_API_URL = True, ""
    settings.INTERCOM_SANDBOX_URL = "http://127.0.0.1:9/sandbox"
    said = run_badly("connect_intercom", "--region", "SANDBOX")
    assert said.startswith("The sandbox does not answer at http://127.0.0.1:9/sandbox: ")
    assert "start it again if INTERCOM_SANDBOX was set since" in said
    assert MARKED not in said


def test_a_token_does_not_travel_in_the_clear(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", TOKEN)
    settings.INTERCOM_API_URL = "http://intercom.example"
    assert "INTERCOM_API_URL" in run_badly("connect_intercom")


# settings_export and settings_import ------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "panel.json"


def test_there_and_back(campaign: Campaign, file: Path) -> None:
    make_workspace()
    file.write_text(json.dumps({**WHOLE, "leads": {**WHOLE["leads"], "marks": False}}))
    assert run("settings_import", "spring", str(file)) == ("leads: saved\nreferrers: saved\n", "")
    exported, _err = run("settings_export", "spring")
    file.write_text(exported)
    said = "Nothing to change: the settings say this already.\n"
    assert run("settings_import", "spring", str(file)) == (said, "")
    assert campaign.sync_settings.get(audience=Audience.LEAD).revision == 1


def test_import_reads_standard_input(campaign: Campaign, typed: Callable[[bytes], None]) -> None:
    typed("\ufeff".encode() + json.dumps({"leads": {"action": "create_lead", "field_map": [EMAIL]}}).encode())
    out, _err = run("settings_import", "spring", "-")
    assert out.startswith("leads: saved\nleads: No Intercom workspace is connected")
    assert campaign.sync_settings.get().action == "create_lead"


def test_import_says_what_is_missing(campaign: Campaign, file: Path) -> None:
    make_workspace()
    file.write_text('{"leads": {"action": "create_lead"}}')
    out, _err = run("settings_import", "spring", str(file))
    assert "leads: The settings are not complete: Setup Required." in out
    assert "Missing: leads.field_map[0]: email must be mapped from lead.email\n" in out


def test_import_of_a_tab_that_does_nothing_asks_for_nothing(campaign: Campaign, file: Path) -> None:
    file.write_text('{"leads": {"duplicates": "update"}}')
    assert run("settings_import", "spring", str(file))[0] == "leads: saved\n"


def test_import_lists_every_error_on_a_line_of_its_own(campaign: Campaign, file: Path) -> None:
    file.write_text('{"leads": {"action": "no", "marks": 1}}')
    assert run_badly("settings_import", "spring", str(file)).splitlines() == [
        "Nothing was changed. What is wrong:",
        "  leads.action: “no” is not one of nothing, create_lead, create_user",
        "  leads.marks: must be true or false",
    ]
    assert not SyncSettings.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"{", "line 1, column 2"),
        (b"\xff\xfe{\0}\0", "is not UTF-8 text"),
        (b"[]", "document: must be an object in braces"),
        (b'{"leads": {"marks": NaN}}', "is not a number"),
        (b'{"leads": {"action": "\\ud800"}}', "cannot be stored"),
        (b'{"leads": {"action": "\\u0000"}}', "cannot be stored"),
        (b'{"\\u001b[31m": 1}', "is not known here"),
        (b'{"workspace": 5}', "workspace: must be text in quotes"),
        (b'{"leads": ' + b"[" * 200_000, "nested too deeply"),
        (b" " * 1_000_001, "larger than a megabyte"),
    ],
)
def test_odd_files_are_refused_in_plain_words(
    campaign: Campaign,
    file: Path,
    content: bytes,
    message: str,
) -> None:
    file.write_bytes(content)
    said = run_badly("settings_import", "spring", str(file))
    assert message in said
    assert "\x1b" not in said


def test_a_file_that_is_not_there_is_named(campaign: Campaign, file: Path) -> None:
    assert run_badly("settings_import", "spring", str(file)) == (
        f"{file} cannot be read: No such file or directory."
    )
    assert "Is a directory" in run_badly("settings_import", "spring", str(file.parent))


@pytest.mark.parametrize("command", [["settings_export"], ["settings_import", "-"]])
def test_an_unknown_campaign_is_told_with_those_there_are(command: list[str]) -> None:
    name, *rest = command
    assert "nor any other" in run_badly(name, "autumn", *rest)
    make_campaign(slug="spring")
    assert "There are: spring" in run_badly(name, "autumn", *rest)
    assert "There is no campaign" in run_badly(name, "a\0b", *rest)


def test_import_creates_the_marks_in_intercom(
    answering: Any, campaign: Campaign, connection: IntercomConnection, file: Path
) -> None:
    file.write_text(json.dumps({"leads": {"marks": True}}))
    out, err = run("settings_import", "spring", str(file))
    created = [line for line in out.splitlines() if line.startswith("Created in Intercom: ")]
    assert len(created) == 3
    assert err == ""
    calls = len(answering.calls(WORKSPACE))
    run("settings_import", "spring", str(file))
    assert len(answering.calls(WORKSPACE)) == calls
    assert connection.settings.get().campaign == campaign


def test_marks_that_cannot_be_created_now_do_not_undo_the_import(
    answering: Any,
    campaign: Campaign,
    connection: IntercomConnection,
    file: Path,
) -> None:
    answering.revoke(TOKEN)
    file.write_text(json.dumps({"leads": {"marks": True}}))
    out, err = run("settings_import", "spring", str(file))
    assert out.startswith("leads: saved\n")
    assert "could not be created now (AuthError 401" in err
    assert campaign.sync_settings.get().duplicate_policy.marks is True


def test_a_token_that_no_key_opens_does_not_undo_the_import(
    campaign: Campaign,
    file: Path,
) -> None:
    make_workspace(sealed_token="no token at all")
    file.write_text(json.dumps({"leads": {"marks": True}}))
    assert "no key in FIELD_ENCRYPTION_KEYS" in run("settings_import", "spring", str(file))[1]


def test_a_megabyte_is_the_limit() -> None:
    assert settings_import.MOST_BYTES == 1_000_000


# sync_status ------------------------------------------------------------------------------------------


def status() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("sync_status", "--json")[0])
    return found


ZERO = {
    "joined": 0,
    "created": 0,
    "updated": 0,
    "skipped": 0,
    "not_sent": 0,
    "waiting": {},
    "needs_attention": 0,
    "needs_attention_by_reason": {},
    "unexplained": 0,
}


def test_status_without_campaigns() -> None:
    assert run("sync_status")[0].startswith("No campaigns yet.")
    assert status() == {"campaigns": {}, "total": ZERO}


def test_status_of_an_empty_campaign(campaign: Campaign) -> None:
    assert status() == {"campaigns": {"spring": ZERO}, "total": ZERO}


@pytest.fixture
def busy(campaign: Campaign) -> Campaign:
    """Somebody for whom nothing is done, two who wait, one who needs attention, one slipped in by SQL."""
    make_lead(campaign)
    make_workspace()
    import_document(campaign, {"leads": {"action": "create_lead", "field_map": [EMAIL]}})
    leads = [make_lead(campaign) for _ in range(3)]
    Delivery.objects.filter(participant=leads[0]).update(
        state=State.NEEDS_ATTENTION, reason=Reason.ARCHIVED, due_at=None, settled_at=timezone.now()
    )
    Participant.objects.bulk_create(
        [Participant(campaign=campaign, audience="lead", email="x@x.com", email_normalized="x@x.com")]
    )
    return campaign


def test_status_counts_everybody_once(busy: Campaign) -> None:
    make_campaign(slug="summer")
    expected = {
        **ZERO,
        "joined": 5,
        "not_sent": 1,
        "waiting": {"queued": 2},
        "needs_attention": 1,
        "needs_attention_by_reason": {"archived": 1},
        "unexplained": 1,
    }
    assert status() == {"campaigns": {"spring": expected, "summer": ZERO}, "total": expected}


def test_status_says_what_holds_everybody(busy: Campaign) -> None:
    busy.sync_settings.update(paused_at=timezone.now())
    assert status()["total"]["waiting"] == {"paused_campaign": 2}


def test_status_as_a_table_with_sentences(busy: Campaign) -> None:
    head, row, *sentences = run("sync_status")[0].splitlines()
    assert (
        head == "campaign  joined  created  updated  skipped  not sent  waiting  needs attention  unexplained"
    )
    assert row.split() == ["spring", "5", "0", "0", "0", "1", "2", "1", "1"]
    assert sentences[0].startswith("spring: 2 people wait, the longest since ")
    assert sentences[0].endswith(": In line to be sent. Nothing to do: it goes by itself.")
    assert sentences[1].startswith("1 person needs attention: The contact is archived")
    assert sentences[2].startswith("1 person is unexplained: ")


def test_status_sums_several_campaigns(busy: Campaign) -> None:
    make_campaign(slug="summer")
    lines = run("sync_status")[0].splitlines()
    assert lines[2].split()[:2] == ["summer", "0"]
    assert lines[3].split()[:3] == ["in", "all", "5"]


# rotate_keys ------------------------------------------------------------------------------------------


@pytest.fixture
def new_key(settings: Settings) -> Callable[[], str]:
    """Puts a fresh key before the others, and gives it."""

    def put() -> str:
        key = Fernet.generate_key().decode()
        settings.FIELD_ENCRYPTION_KEYS = [key, *django_settings.FIELD_ENCRYPTION_KEYS]
        return key

    return put


def test_rotation_makes_the_old_key_needless(new_key: Callable[[], str], settings: Settings) -> None:
    one = make_workspace("one", token="token-one")
    two = make_workspace("two", token="token-two", sealed_webhook_secret=seal("hook"))
    key = new_key()
    assert run("rotate_keys")[0] == "3 secrets re-sealed.\n"
    settings.FIELD_ENCRYPTION_KEYS = [key]
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.token, two.token) == ("token-one", "token-two")


def test_rotation_counts_one_secret_as_one(new_key: Callable[[], str]) -> None:
    make_workspace()
    new_key()
    assert run("rotate_keys")[0] == "1 secret re-sealed.\n"


def test_rotation_of_nothing() -> None:
    assert run("rotate_keys")[0] == "0 secrets re-sealed.\n"


def test_rotation_names_what_no_key_opens_and_does_the_others(
    new_key: Callable[[], str], settings: Settings
) -> None:
    foreign = Fernet(Fernet.generate_key()).encrypt(MARKED.encode()).decode()
    make_workspace("lost", sealed_token=foreign)
    good = make_workspace("good", token="token-good")
    key = new_key()
    said = run_badly("rotate_keys")
    assert "Workspace lost" in said
    assert "Workspace good" not in said
    assert MARKED not in said
    settings.FIELD_ENCRYPTION_KEYS = [key]
    good.refresh_from_db()
    assert good.token == "token-good"
    assert IntercomConnection.objects.get(workspace_id="lost").sealed_token == foreign


def test_rotation_does_a_workspaces_other_secret(new_key: Callable[[], str], settings: Settings) -> None:
    foreign = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    half = make_workspace("half", sealed_token=foreign, sealed_webhook_secret=seal("hook"))
    key = new_key()
    assert run_badly("rotate_keys").count("Workspace half") == 1
    half.refresh_from_db()
    settings.FIELD_ENCRYPTION_KEYS = [key]
    assert Fernet(key).decrypt(half.sealed_webhook_secret.encode()) == b"hook"


def test_rotation_leaves_a_token_that_came_in_meanwhile(
    new_key: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_workspace(token="old")
    new_key()

    def reseal_late(sealed: str) -> str:
        IntercomConnection.objects.update(sealed_token=seal("new"))
        return sealed

    monkeypatch.setattr("integrations.services.rotation.reseal", reseal_late)
    assert run("rotate_keys")[0] == "0 secrets re-sealed.\n"
    row.refresh_from_db()
    assert row.token == "new"


# supervise and demo -----------------------------------------------------------------------------------


@pytest.fixture
def supervised(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that would have been run."""
    seen: list[str] = []

    class Spy:
        def __init__(self, children: Any) -> None:
            seen.extend(" ".join(child.command[1:]) for child in children)

        def run(self) -> None:
            pass

    monkeypatch.setattr("integrations.management.commands.supervise.Supervisor", Spy)
    return seen


def test_supervise_runs_the_worker_alone(supervised: list[str]) -> None:
    run("supervise")
    (worker,) = supervised
    assert worker.endswith("manage.py qcluster")


@pytest.mark.parametrize("address", ["0.0.0.0:8001", "[::1]:8001"])
def test_supervise_runs_the_web_server_where_it_is_told(supervised: list[str], address: str) -> None:
    run("supervise", "--web", "--bind", address)
    assert f"gunicorn config.wsgi --bind {address} " in supervised[1]


@pytest.mark.parametrize("address", ["8000", ":8000", "host:port", "host:", "host:0", "host:99999"])
def test_supervise_refuses_what_is_no_address(supervised: list[str], address: str) -> None:
    assert "is not HOST:PORT" in run_badly("supervise", "--web", "--bind", address)
    assert supervised == []


def test_demo_says_how_to_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    assert "use make demo" in run_badly("demo")
