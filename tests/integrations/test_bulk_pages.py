"""The pages of orders for many: what is asked before, how far it is, and who may do what."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations.logic.states import State
from integrations.models import BulkOrder, Delivery, Pace
from integrations.services import repair
from integrations.services.bulk_orders import drafts, forecast
from integrations.services.bulk_orders.rounds import carry_on
from tests.campaigns.factories import make_lead
from tests.integrations.bulk import (
    LIST,
    LOG,
    NEW,
    Orders,
    a_minute_later,
    ids_of,
    make_order,
    not_sent,
    order,
    page_of,
    states,
)
from tests.integrations.controls import read
from tests.integrations.crowds import log_in, stand

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

NOT_SENT = "outcome=not_sent"
HTMX = {"HX-Request": "true"}
NUL = "\x00"


@pytest.fixture
def orders(admin_client: Client) -> Orders:
    return Orders(admin_client)


def text(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


# Asking


def test_the_page_says_for_how_many_and_orders_nothing(orders: Orders) -> None:
    campaign = not_sent(3)
    page = orders.ask(ids=ids_of(campaign))

    assert "Send 3 people to Intercom?" in text(page)
    assert "Workflows in Intercom for new contacts will run for each contact that is created." in text(page)
    assert BulkOrder.objects.count() == 0
    assert states(campaign) == [State.NOT_SENT] * 3


def test_one_person_is_one_person(orders: Orders) -> None:
    assert "Send 1 person to Intercom?" in text(orders.ask(ids=ids_of(not_sent(1))))


def test_confirming_orders_it_and_shows_how_far_it_is(orders: Orders) -> None:
    campaign = not_sent(3)
    answer = orders.confirm(orders.ask(ids=ids_of(campaign)))

    made = BulkOrder.objects.get()
    assert answer["Location"] == page_of(made)
    assert states(campaign) == [State.WAITING] * 3
    page = text(orders.client.get(page_of(made)))
    assert "All 3 people were put on their way to Intercom." in page
    assert "By <bdi>admin</bdi>." in page
    assert "Waiting: 3" in page


def test_all_that_match_are_named_by_the_filter(orders: Orders) -> None:
    campaign = not_sent(3)
    stand(make_lead(campaign), State.CREATED)

    page = orders.ask(query=NOT_SENT)
    assert "Send 3 people to Intercom?" in text(page)
    orders.confirm(page)

    assert states(campaign) == [*[State.WAITING] * 3, State.CREATED]


def test_a_link_asks_like_a_form(orders: Orders) -> None:
    not_sent(2)
    page = orders.client.get(f"{NEW}?{urlencode({'command': 'send_again', 'query': NOT_SENT})}")

    assert "Send 2 people to Intercom?" in text(page)
    assert BulkOrder.objects.count() == 0


def test_cancel_goes_back_to_the_log_as_it_was(orders: Orders) -> None:
    not_sent(1)
    assert f'href="{LOG}?{NOT_SENT}"' in orders.ask(query=NOT_SENT).content.decode()


def test_a_second_click_makes_no_second_order(orders: Orders) -> None:
    campaign = not_sent(3)
    page = orders.ask(ids=ids_of(campaign))
    first, second = orders.confirm(page), orders.confirm(page)

    assert first["Location"] == second["Location"]
    assert BulkOrder.objects.count() == 1


def test_asking_again_makes_another_order(orders: Orders) -> None:
    campaign = not_sent(2)
    orders.confirm(orders.ask(ids=ids_of(campaign)))
    repair.cancel(ids_of(campaign))
    orders.confirm(orders.ask(ids=ids_of(campaign)))

    assert BulkOrder.objects.count() == 2
    assert states(campaign) == [State.WAITING] * 2


def test_who_cannot_be_sent_is_told_with_the_reason(orders: Orders) -> None:
    not_sent(2)
    not_sent(3, action="nothing")
    page = text(orders.ask(query=NOT_SENT))

    assert "Send 2 people to Intercom?" in page
    assert "3 people cannot be sent. The campaign's settings say Nothing to action" in page


def test_where_nobody_could_be_sent_there_is_no_button(orders: Orders) -> None:
    page = orders.ask(ids=ids_of(not_sent(3, action="nothing")))

    assert "This can be done for none of them" in text(page)
    assert "draft" not in read(page).values
    assert "Back to the sync log" in text(page)


def test_more_than_is_counted_is_a_plus(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "COUNTED", 2)
    monkeypatch.setattr("integrations.services.bulk_orders.questions.COUNTED", 2)
    not_sent(5)
    assert "Send 2+ people to Intercom?" in text(orders.ask(query=NOT_SENT))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"command": "send_again"},
        {"command": "send_again", "ids": []},
        {"command": "send_again", "ids": ["x", "-1", "1.5", NUL, "9" * 30, "١"]},
        {"command": "explode", "ids": ["1"]},
        {"command": NUL, "query": ""},
        {"command": "send_again", "version": "x"},
        {"draft": "x"},
        {"draft": "x" * 10_000},
        {"draft": NUL},
    ],
)
def test_what_makes_no_sense_orders_nothing_and_says_so(orders: Orders, data: dict[str, Any]) -> None:
    campaign = not_sent(1)
    answer = orders.client.post(NEW, data, follow=True)

    assert "Nothing was ordered: choose people first, and what to do." in text(answer)
    assert states(campaign) == [State.NOT_SENT]


@pytest.mark.parametrize(
    "query",
    [
        "outcome=nonsense",
        "from=yesterday",
        f"q={'x' * 10_000}",
        "q=%00",
        "reason=%00&campaign=99999999999999999999",
        "q=%f0%28%8c%28",
    ],
)
def test_a_filter_that_makes_no_sense_is_for_nobody(orders: Orders, query: str) -> None:
    campaign = not_sent(2)
    page = orders.ask(query=query)

    assert page.status_code == 200
    assert "draft" not in read(page).values
    assert states(campaign) == [State.NOT_SENT] * 2


def test_people_who_are_gone_are_nobody(orders: Orders) -> None:
    page = orders.ask(ids=["123456789", "9" * 18])
    assert "Nobody was found" in text(page)


def test_a_page_that_stood_open_for_long_asks_anew(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = not_sent(2)
    page = orders.ask(ids=ids_of(campaign))
    stand(campaign.participants.order_by("pk")[0], State.CREATED)
    monkeypatch.setattr(drafts, "GOOD_FOR", timedelta(seconds=-1))
    late = orders.confirm(page)

    assert "The page had stood open for more than an hour" in text(late)
    assert "Send 1 person to Intercom?" in text(late)
    assert BulkOrder.objects.count() == 0
    monkeypatch.undo()
    orders.confirm(late)
    assert BulkOrder.objects.get().done == 1


def test_a_reload_long_after_goes_to_the_order_that_was_made(
    orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = orders.ask(ids=ids_of(not_sent(2)))
    orders.confirm(page)
    monkeypatch.setattr(drafts, "GOOD_FOR", timedelta(seconds=-1))

    assert orders.confirm(page)["Location"] == page_of(BulkOrder.objects.get())


def test_whoever_is_gone_when_it_is_confirmed_is_told(orders: Orders) -> None:
    page = orders.ask(ids=ids_of(not_sent(2)))
    Delivery.objects.all().delete()
    answer = orders.client.post(NEW, read(page).values, follow=True)

    assert "Nobody is left of those who were chosen: nothing was ordered." in text(answer)


# Pace and sample


def test_few_people_need_no_pace_and_no_sample(orders: Orders) -> None:
    controls = read(orders.ask(ids=ids_of(not_sent(10)))).values
    assert "pace" not in controls
    assert "sample" not in controls


def test_more_are_asked_about_at_the_careful_pace_without_a_sample(orders: Orders) -> None:
    page = read(orders.ask(query=f"{NOT_SENT}&campaign={not_sent(11).pk}"))
    assert page.values["pace"] == str(Pace.CAREFUL.value)
    assert list(page.options["pace"]) == ["10", "100", "0"]
    assert "sample" not in page.values
    assert "sample" in page.ids


def test_a_sample_stands_ticked_where_many_go_for_the_first_time(
    orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "SAMPLE_ABOVE", 10)
    not_sent(11)
    assert read(orders.ask(query=NOT_SENT)).values["sample"] == "on"


def test_cancelling_is_asked_about_without_pace_or_sample(orders: Orders) -> None:
    campaign = not_sent(0)
    for _ in range(12):
        make_lead(campaign)
    page = orders.ask("cancel", query="outcome=waiting")

    assert "Don't send 12 people?" in text(page)
    assert "pace" not in read(page).values
    orders.confirm(page)
    made = BulkOrder.objects.get()
    assert "All 12 people were taken off and are not sent." in text(orders.client.get(page_of(made)))


@pytest.mark.parametrize(("typed", "done"), [("10", 10), ("100", 12), ("0", 12), ("7", 10), (NUL, 10)])
def test_the_pace_is_the_one_chosen(orders: Orders, typed: str, done: int) -> None:
    page = orders.ask(ids=ids_of(not_sent(12)))
    orders.confirm(page, pace=typed)
    assert BulkOrder.objects.get().done == done


def test_the_sample_waits_for_an_answer_and_shows_who_it_was(orders: Orders) -> None:
    campaign = not_sent(15)
    orders.confirm(orders.ask(ids=ids_of(campaign)), sample="on", pace="0")
    made = BulkOrder.objects.get()
    page = text(orders.client.get(page_of(made)))

    assert "10 of the 15 chosen were put on their way to Intercom. Those were the sample." in page
    assert campaign.participants.order_by("pk")[0].email in page
    assert "Go on with the others" in page

    answer = orders.tell(made, "go_on")
    assert answer["Location"] == page_of(made)
    page = text(orders.client.get(page_of(made)))
    assert "All 15 people were put on their way to Intercom." in page
    assert "Told to go on by <bdi>admin</bdi>." in page
    assert "Go on with the others" not in page


# How far it is


def test_it_is_stopped_from_its_page(orders: Orders) -> None:
    not_sent(15)
    made = order(pace=Pace.CAREFUL)
    page = orders.client.post(page_of(made), {"do": "stop"}, follow=True)

    assert "Stopped. Who is on the way already goes on." in text(page)
    assert "Stopped by <bdi>admin</bdi>." in text(page)
    assert states().count(State.NOT_SENT) == 5


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("stop", "It had ended already."),
        ("go_on", "Nobody waited for that: nothing was changed."),
        ("", "Nothing was changed: choose one of the answers."),
        (NUL, "Nothing was changed: choose one of the answers."),
    ],
)
def test_an_answer_that_comes_too_late_says_so(orders: Orders, do: str, said: str) -> None:
    not_sent(1)
    made = order()
    assert said in text(orders.client.post(page_of(made), {"do": do}, follow=True))


def test_the_page_looks_again_by_itself_until_it_has_ended(orders: Orders) -> None:
    not_sent(15)
    made = order(pace=Pace.CAREFUL)
    under_way = orders.client.get(page_of(made), headers=HTMX)
    a_minute_later()
    carry_on()
    ended = orders.client.get(page_of(made), headers=HTMX)

    assert 'hx-trigger="every 3s"' in under_way.content.decode()
    assert "HX-Trigger" not in under_way
    assert "hx-trigger" not in ended.content.decode()
    assert "All 15 people were put on their way to Intercom." in ended["HX-Trigger"]
    assert b"<html" not in ended.content


def test_who_was_left_alone_and_why_is_told(orders: Orders) -> None:
    campaign = not_sent(3)
    not_sent(2, action="nothing")
    stand(campaign.participants.order_by("pk")[0], State.CREATED)
    page = text(orders.client.get(page_of(order())))

    assert "2 of the 5 chosen were put on their way to Intercom." in page
    assert "1 person stays as they are: this does not fit where they stand." in page
    assert "2 people cannot be sent. The campaign's settings say Nothing to action" in page


def test_the_time_left_is_told(orders: Orders) -> None:
    not_sent(35)
    assert "About 3 minutes left." in text(orders.client.get(page_of(order(pace=Pace.CAREFUL))))


def test_hostile_names_are_told_as_they_are(orders: Orders) -> None:
    campaign = not_sent(11)
    hostile = campaign.participants.order_by("pk")[0]
    type(hostile).objects.filter(pk=hostile.pk).update(email='<script>"x"@example.com')
    made = order(with_sample=True)

    assert '<script>"x"' not in orders.client.get(page_of(made)).content.decode()
    assert "&lt;script&gt;" in orders.client.get(page_of(made)).content.decode()


def test_an_order_that_is_not_there_is_not_found(orders: Orders) -> None:
    for number in ("12345", "9" * 30):
        assert orders.client.get(f"{LIST}{number}/").status_code == 404


# The list


def test_the_list_tells_who_ordered_what_and_how_far_it_is(orders: Orders) -> None:
    not_sent(15)
    order(pace=Pace.CAREFUL, user=User.objects.get(username="admin"))
    make_order(command="cancel", total=4, done=4, finished_at=timezone.now())
    make_order(stopped_at=timezone.now())
    page = text(orders.client.get(LIST))

    for words in (
        "Under way",
        "10 of the 15 chosen were put on their way to Intercom.",
        "Carried out",
        "All 4 people were taken off and are not sent.",
        "Stopped",
        "admin",
        "Somebody who is gone",
    ):
        assert words in page


def test_the_list_without_orders_says_what_to_do(orders: Orders) -> None:
    assert "Choose people in the sync log, and what to do." in text(orders.client.get(LIST))


def test_the_list_goes_on_page_by_page(orders: Orders) -> None:
    made = [make_order() for _ in range(30)]
    first = orders.client.get(LIST)
    older = orders.client.get(f"{LIST}?before={made[5].pk}")

    assert f"({made[-1].pk})" in text(first)
    assert f"?before={made[5].pk}" in first.content.decode()
    assert f"({made[4].pk})" in text(older)
    assert f"({made[5].pk})" not in text(older)
    for wrong in ("x", "", NUL, "9" * 400):
        assert orders.client.get(LIST, {"before": wrong}).status_code == 200


# Cost


def test_the_pages_cost_the_same_for_few_and_many(
    orders: Orders, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (12, 60):
        campaign = not_sent(number)
        with django_assert_max_num_queries(21):
            orders.ask(ids=ids_of(campaign))
        made = order(ids=ids_of(campaign), with_sample=True)
        with django_assert_max_num_queries(12):
            orders.client.get(page_of(made))
        with django_assert_max_num_queries(6):
            orders.client.get(LIST)


# Rights


def test_who_may_only_look_sees_it_and_changes_nothing(client: Client) -> None:
    campaign = not_sent(15)
    made = order(pace=Pace.CAREFUL)
    looker = log_in(client, "view_delivery")

    page = looker.get(page_of(made))
    assert page.status_code == 200
    assert "stop" not in read(page).ids
    assert looker.post(page_of(made), {"do": "stop"}).status_code == 403
    assert looker.post(NEW, {"command": "send_again", "ids": ids_of(campaign)}).status_code == 403
    assert looker.get(LIST).status_code == 200
    made.refresh_from_db()
    assert made.stopped_at is None


def test_who_may_repair_but_not_look_sees_nothing(client: Client) -> None:
    not_sent(1)
    made = order()
    other = log_in(client, "repair_delivery")
    assert other.get(page_of(made)).status_code == 403
    assert other.get(LIST).status_code == 403


def test_a_right_that_was_lost_meanwhile_orders_nothing(client: Client) -> None:
    campaign = not_sent(2)
    helper = log_in(client, "view_delivery", "repair_delivery")
    page = helper.post(NEW, {"command": "send_again", "ids": ids_of(campaign)})
    User.objects.get(username="helper").user_permissions.clear()

    assert helper.post(NEW, read(page).values).status_code == 403
    assert states(campaign) == [State.NOT_SENT] * 2
