"""What a load balancer asks: no login, no data, no redirect, and no lie."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_it_answers_while_the_database_does(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_a_database_that_is_gone_is_said_without_its_words(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise OperationalError("password of leadsync")

    monkeypatch.setattr(connection, "cursor", gone)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "database unreachable"})


def test_it_is_asked_without_tls_and_everything_else_is_not(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200
    for path in ("/", "/admin/", "/healthzz", "/r/healthz"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{path}")


def test_nothing_is_changed_by_asking(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
