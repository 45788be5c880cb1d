"""The files of the deployment page hold together: with each other, with the settings, with the product."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from config import env
from integrations.processes import web
from integrations.supervisor import STOPS_WITHIN

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "config" / "deploy"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
FILES = sorted(path.name for path in FOLDER.iterdir() if path.name != "README.md")
SERVICES = sorted(FOLDER.glob("*.service"))
HARDENING = re.compile(r"(NoNew|Capab|Protect|Private|Restrict|LockP|Memory|SystemCall|UMask)\w*=")
EXPLAINED = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_its_place_on_the_page(name: str) -> None:
    assert f"config/deploy/{name}" in PAGE


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"config/deploy/([\w.-]+\w)", PAGE))
    assert named
    assert named <= set(FILES)


def test_the_example_of_settings_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    example = (FOLDER / "env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^#?([A-Z_]+)=", example, flags=re.MULTILINE))
    for name in names:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.delenv("ENV_FILE", raising=False)
    (tmp_path / ".env").write_text(example)
    env.read_file(tmp_path)

    database = env.database("DATABASE_URL", "")
    assert (database["NAME"], database["OPTIONS"]["host"]) == ("leadsync", "/var/run/postgresql")
    assert env.url("PUBLIC_URL").startswith("https://")
    assert env.switch("BEHIND_PROXY")
    assert names <= EXPLAINED


def test_every_setting_of_the_environment_is_explained() -> None:
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"\b(?:env\.\w+|mail)\(\"([A-Z_]+)\"", source))
    assert len(read) > 20
    assert read <= EXPLAINED


def test_systemd_starts_the_web_server_as_supervise_does() -> None:
    """But for where it listens: systemd hands it the socket."""
    unit = (FOLDER / "lead-sync-web.service").read_text(encoding="utf-8")
    started = re.findall(r"^ExecStart=(.*)$", unit, flags=re.MULTILINE)[0]
    ours = list(web(host="127.0.0.1", port=8000).command)
    listen = ours.index("--bind")
    wanted = ours[ours.index("config.wsgi") : listen] + ours[listen + 2 :]
    assert shlex.split(started)[1:] == wanted


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.stem)
def test_every_service_is_shut_in_alike(unit: Path) -> None:
    lines = [line for line in unit.read_text(encoding="utf-8").splitlines() if HARDENING.match(line)]
    first = [line for line in SERVICES[0].read_text(encoding="utf-8").splitlines() if HARDENING.match(line)]
    assert "ProtectSystem=strict" in lines
    assert lines == first


def test_a_worker_is_given_the_time_that_it_takes_to_stop() -> None:
    unit = (FOLDER / "lead-sync-worker.service").read_text(encoding="utf-8")
    (allowed,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, flags=re.MULTILINE)
    assert int(allowed) >= STOPS_WITHIN + 10
    assert "KillMode=mixed" in unit
