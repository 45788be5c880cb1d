"""The session cookie: anything may stand in it, and then nobody is signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config.sessions import SessionStore

pytestmark = pytest.mark.django_db

STRANGE = [
    '"\\000abcdefghijk"',
    '"\\377abcdefghijk"',
    "x" * 31,
    "x" * 5000,
    "É" * 32,
    '""',
    '"a b c d e f g h"',
]


@pytest.mark.parametrize("cookie", STRANGE)
@pytest.mark.parametrize("page", ["admin:index", "intercom_oauth_callback"])
def test_a_strange_cookie_is_nobodys(cookie: str, page: str) -> None:
    as_a_server_hands_it_on = f"sessionid={cookie}".encode().decode("latin-1")
    answer = Client().get(reverse(page), HTTP_COOKIE=as_a_server_hands_it_on)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:index"))


def test_a_session_of_django_is_still_one(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:index")).status_code == 200
    assert SessionStore(admin_client.session.session_key).exists(str(admin_client.session.session_key))


def test_somebody_with_a_strange_cookie_can_sign_in() -> None:
    User.objects.create_superuser("boss", "boss@example.com", "pw")
    client = Client()
    client.cookies["sessionid"] = "\0" * 32
    answer = client.post(reverse("admin:login"), {"username": "boss", "password": "pw", "next": "/admin/"})
    assert answer.status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200
