"""Somebody whose session ended while they typed loses nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.integrations.controls import read
from tests.integrations.panel_fixtures import EYES, PEN, Desk, desk, person

__all__ = ["desk"]


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """Ed has typed, has been signed out, and has pressed Save."""
    form = {**desk.form(), "action": "create_user", "rows-0-source": "lead.email"}
    desk.client.logout()
    response = desk.press("save", form)
    assert response.status_code == 302
    assert response.headers["Location"] == f"{reverse('admin:login')}?next={desk.url}"
    return desk


def sign_in(desk: Desk, name: str) -> None:
    response = desk.client.post(
        reverse("admin:login"), {"username": name, "password": "pw", "next": desk.url}
    )
    assert response.headers["Location"] == desk.url


def test_what_was_typed_is_there_after_signing_in_and_not_saved(kept: Desk) -> None:
    sign_in(kept, "ed")
    page = kept.look()
    assert page.values["action"] == "create_user"
    assert "You were signed out while you worked here" in page.text
    assert "Unsaved changes" in page.text
    assert not kept.campaign.sync_settings.exists()
    assert kept.press("save", page.values).status_code == 302
    assert kept.saved().action.value == "create_user"


def test_it_is_shown_once(kept: Desk) -> None:
    sign_in(kept, "ed")
    kept.look()
    assert kept.look().values["action"] == "nothing"


def test_it_is_shown_on_its_own_page_only(kept: Desk) -> None:
    sign_in(kept, "ed")
    other = Desk(kept.client, kept.campaign, None, "referrers")
    assert other.look().values["action"] == "nothing"
    assert kept.look().values["action"] == "create_user"


def test_it_is_not_shown_to_somebody_who_may_only_look(kept: Desk) -> None:
    person("sue", *EYES)
    sign_in(kept, "sue")
    assert "You were signed out" not in kept.look().text


def test_somebody_elses_save_meanwhile_is_still_noticed(kept: Desk) -> None:
    amy = person("amy", *EYES, "change_syncsettings")
    Desk(amy, kept.campaign, None).press("save", action="create_lead")
    sign_in(kept, "ed")
    assert "amy saved these settings" in read(kept.press("save", kept.look().values)).text


def test_a_form_too_large_to_keep_is_not_thrown_away_in_silence(desk: Desk) -> None:
    form = {**desk.form(), "rows-0-value": "x" * 250_000}
    desk.client.logout()
    response = desk.press("save", form)
    assert response.status_code == 403
    assert b"everything you typed is still there" in response.content


def test_htmx_is_sent_to_the_login_and_keeps_nothing(desk: Desk) -> None:
    form = desk.form()
    desk.client.logout()
    response = desk.pieces("check", form)
    assert response.status_code == 302
    assert "kept_form" not in desk.client.session


def test_a_form_from_elsewhere_is_not_kept(desk: Desk) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(desk.url, {"action": "create_user"}).status_code == 403
    assert not client.session.keys()


def test_a_browser_that_has_forgotten_its_cookies_keeps_what_was_typed(desk: Desk) -> None:
    form = {**desk.form(), "action": "create_user", "rows-0-source": "lead.email", "do": "save"}
    client = Client(enforce_csrf_checks=True)
    response = client.post(desk.url, form)
    assert response.status_code == 302
    assert response.headers["Location"] == f"{reverse('admin:login')}?next={desk.url}"
    assert not desk.campaign.sync_settings.exists()
    client.force_login(User.objects.get(username="ed"))
    page = read(client.get(desk.url))
    assert page.values["action"] == "create_user"
    assert "Nothing of it is saved yet" in page.text


def test_a_token_that_does_not_fit_keeps_what_was_typed_by_who_is_signed_in(desk: Desk) -> None:
    form = {**desk.form(), "action": "create_user", "do": "save"}
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="ed"))
    response = client.post(desk.url, form)
    assert (response.status_code, response.headers["Location"]) == (302, desk.url)
    assert not desk.campaign.sync_settings.exists()
    assert read(client.get(desk.url)).values["action"] == "create_user"


def test_somebody_elses_form_is_not_shown_to_who_is_signed_in(desk: Desk) -> None:
    form = {**desk.form(), "action": "create_user", "do": "save"}
    person("bob", *PEN)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="bob"))
    client.post(desk.url, form)
    assert read(client.get(desk.url)).values["action"] == "nothing"


def test_looking_without_being_signed_in_leads_to_the_login(desk: Desk) -> None:
    desk.client.logout()
    assert desk.client.get(desk.url).headers["Location"].startswith(reverse("admin:login"))


def test_what_somebody_else_typed_in_the_same_browser_is_not_shown(kept: Desk) -> None:
    person("bob", *PEN)
    sign_in(kept, "bob")
    assert "You were signed out" not in kept.look().text
    kept.client.logout()
    sign_in(kept, "ed")
    assert "You were signed out" not in kept.look().text


@pytest.mark.parametrize("slip", ["", "forged", "WzEsICIvIl0:1:x"])
def test_nothing_is_kept_of_a_form_that_was_no_page_of_ours(desk: Desk, slip: str) -> None:
    form = {**desk.form(), "slip": slip}
    desk.client.logout()
    assert desk.press("save", form).status_code == 302
    assert not desk.client.session.keys()


def test_the_slip_of_one_page_keeps_nothing_for_another(desk: Desk) -> None:
    other = Desk(desk.client, desk.campaign, None, "referrers")
    form = {**other.form(), "slip": desk.form()["slip"]}
    desk.client.logout()
    other.press("save", form)
    assert not desk.client.session.keys()


def test_the_slip_of_last_week_keeps_nothing(desk: Desk) -> None:
    form = desk.form()
    desk.client.logout()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        desk.press("save", form)
        assert not desk.client.session.keys()


def test_a_button_pressed_with_no_token_works_the_next_time(desk: Desk) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="ed"))
    form = {**desk.form(), "do": "check"}
    refused = client.post(desk.url, form, headers={"HX-Request": "true"})
    assert refused.status_code == 403
    token = refused.cookies["csrftoken"].value
    form["csrfmiddlewaretoken"] = token
    again = client.post(desk.url, form, headers={"HX-Request": "true"})
    assert again.status_code == 200
