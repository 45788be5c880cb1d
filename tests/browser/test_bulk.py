"""An order for many, as people give it: asked first, watched, stopped, on any screen and without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from integrations.logic.states import State
from integrations.models import BulkOrder, Delivery, Pace
from integrations.services.bulk_orders import forecast
from integrations.services.bulk_orders.rounds import carry_on
from tests.browser import chromium
from tests.browser.checks import check_everywhere
from tests.browser.conftest import BOSS, work
from tests.campaigns.factories import make_lead
from tests.integrations.bulk import LIST, NEW, a_minute_later, ids_of, make_order, not_sent, order, page_of
from tests.integrations.crowds import stand

if TYPE_CHECKING:
    from integrations.models import IntercomConnection
    from tests.browser.conftest import Opener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(chromium.found() is None, reason="no Chromium on this machine"),
]

ASK = f"{NEW}?command=send_again&query=outcome%3Dnot_sent"


@pytest.fixture(autouse=True)
def many(connection: IntercomConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen who can go, three who cannot, and so few that they count as many."""
    monkeypatch.setattr(forecast, "SAMPLE_ABOVE", 10)
    not_sent(15)
    not_sent(3, action="nothing")


def test_asked_sampled_and_let_go_by_keyboard_alone(open_window: Opener) -> None:
    with open_window(BOSS) as window:
        page = window.page
        page.goto(ASK)
        expect(page.get_by_role("heading", level=1)).to_have_text("Send 15 people to Intercom?")
        expect(page.get_by_label("A sample of 10 first")).to_be_checked()
        check_everywhere(window, "bulk/confirm")
        page.get_by_label("Pace").select_option(label="All at once")
        page.get_by_role("button", name="Send them").press("Enter")

        expect(page.get_by_text("10 of the 18 chosen were put on their way to Intercom.")).to_be_visible()
        expect(page.get_by_text("Waiting for your answer")).to_be_visible()
        check_everywhere(window, "bulk/sample")
        work()
        expect(page.locator("#order .table .badge--ok")).to_have_count(10)
        page.get_by_role("button", name="Go on with the others").press("Enter")

        expect(page.get_by_text("15 of the 18 chosen were put on their way to Intercom.")).to_be_visible()
        expect(page.locator("#order [hx-trigger], #order[hx-trigger]")).to_have_count(0)
        check_everywhere(window, "bulk/ended")
    assert BulkOrder.objects.get().done == 15


def test_the_page_follows_by_itself_and_says_when_it_has_ended(open_window: Opener) -> None:
    made = order(ids=ids_of(), pace=Pace.CAREFUL)
    with open_window(BOSS) as window:
        page = window.page
        page.goto(page_of(made))
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "10")
        check_everywhere(window, "bulk/under-way")
        a_minute_later()
        carry_on()
        expect(page.locator("#order > .lead")).to_contain_text(
            "15 of the 18 chosen were put on their way", timeout=10_000
        )
        expect(page.locator("#announcer")).to_contain_text("15 of the 18")
        expect(page.get_by_role("progressbar")).to_have_count(0)
        expect(page.get_by_text("3 people cannot be sent.")).to_be_visible()


def test_stopping_stays_in_reach_while_the_page_follows(open_window: Opener) -> None:
    made = order(pace=Pace.CAREFUL)
    with open_window(BOSS, look=chromium.PHONE) as window:
        page = window.page
        page.goto(page_of(made))
        page.get_by_role("button", name="Stop").focus()
        with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
            pass
        page.wait_for_timeout(200)  # for the swap to settle
        expect(page.get_by_role("button", name="Stop")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Stopped. Who is on the way already goes on.")).to_be_visible()
    assert Delivery.objects.filter(state=State.WAITING).count() == 10


def test_everything_works_without_script(open_window: Opener) -> None:
    with open_window(BOSS, scripts=False) as window:
        page = window.page
        page.goto(ASK)
        page.get_by_label("A sample of 10 first").uncheck()
        page.get_by_role("button", name="Send them").click()
        expect(page.get_by_text("10 of the 18 chosen were put on their way to Intercom.")).to_be_visible()
        a_minute_later()
        carry_on()
        page.get_by_role("link", name="See how far it is").click()
        expect(page.get_by_text("15 of the 18 chosen were put on their way to Intercom.")).to_be_visible()


def test_the_list_and_the_page_for_nobody_can_be_read_by_everybody(open_window: Opener) -> None:
    stuck = not_sent(2, action="nothing")
    stand(make_lead(stuck), State.CREATED)
    order(pace=Pace.CAREFUL)
    make_order(command="cancel", total=4, done=4, finished_at="2030-01-01T00:00:00Z")
    make_order(stopped_at="2030-01-01T00:00:00Z")
    with open_window(BOSS) as window:
        window.page.goto(LIST)
        check_everywhere(window, "bulk/list")
        window.page.goto(f"{ASK}%26campaign%3D{stuck.pk}")
        check_everywhere(window, "bulk/nobody")
