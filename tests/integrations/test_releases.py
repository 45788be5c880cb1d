"""Those who joined before, and those who waited too long: asked about, let go at a pace, stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Audience, Campaign, Participant
from integrations.logic.states import Reason, State
from integrations.models import Delivery, Pace, Release, ReleaseKind, SyncSettings
from integrations.services import left_out, releases, repair
from integrations.services.pausing import pause_tabs, resume_tabs
from integrations.services.sweep import sweep
from integrations.views.page import load
from integrations.views.releases import questions
from tests.campaigns.factories import make_campaign, make_lead, make_referrer
from tests.integrations.flow_fixtures import Intercom, owed, set_panel

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

BEFORE, HELD = ReleaseKind.JOINED_BEFORE, ReleaseKind.HELD


def joined_before(number: int) -> Campaign:
    """A campaign that began to work after so many people had joined."""
    campaign = make_campaign()
    for _ in range(number):
        make_lead(campaign)
    set_panel(campaign)
    return campaign


def with_held(number: int) -> Campaign:
    """A campaign of which so many people waited for longer than 72 hours."""
    campaign = make_campaign()
    set_panel(campaign)
    for _ in range(number):
        make_lead(campaign)
    hold(campaign)
    return campaign


def hold(campaign: Campaign) -> None:
    Delivery.objects.filter(participant__campaign=campaign).update(
        state=State.HELD, reason=Reason.HELD, due_at=None, owed_since=timezone.now() - timedelta(days=5)
    )


def tab_of(campaign: Campaign) -> SyncSettings:
    return SyncSettings.objects.get(campaign=campaign, audience="lead")


def states(campaign: Campaign) -> list[str]:
    rows = Delivery.objects.filter(participant__campaign=campaign).order_by("pk")
    return list(rows.values_list("state", flat=True))


def url(campaign: Campaign, slug: str = "intercom_people") -> str:
    return reverse(f"admin:campaigns_campaign_{slug}", args=[campaign.pk, "leads"])


def press(client: Client, campaign: Campaign, answer: str, kind: str = BEFORE, **data: Any) -> Any:
    given = {"answer": answer, "kind": kind, **data}
    return client.post(url(campaign), given, headers={"HX-Request": "true"})


def a_minute_later() -> None:
    Release.objects.update(next_at=timezone.now())


def person(client: Client, *rights: str) -> User:
    user = User.objects.create_user("sue", password="x", is_staff=True)
    for right in ("view_campaign", "view_syncsettings", *rights):
        user.user_permissions.add(Permission.objects.get(codename=right))
    client.force_login(user)
    return user


# The question


def test_a_tab_that_works_for_the_first_time_asks(admin_client: Client, intercom: Intercom) -> None:
    page = admin_client.get(url(joined_before(3))).content.decode()

    assert "3 people joined before. Send them too?" in page
    assert 'value="send"' in page
    assert "Don&#x27;t send" in page or "Don't send" in page


def test_one_person_is_one_person(admin_client: Client, intercom: Intercom) -> None:
    assert (
        "1 person joined before. Send them too?" in admin_client.get(url(joined_before(1))).content.decode()
    )


def test_the_careful_pace_stands_first() -> None:
    assert next(iter(Pace)) is Pace.CAREFUL


@pytest.mark.parametrize("unfit", [{"action": "nothing"}, {"field_map": []}])
def test_a_tab_that_does_not_work_yet_asks_nothing(
    admin_client: Client, intercom: Intercom, unfit: dict[str, Any]
) -> None:
    campaign = joined_before(2)
    set_panel(campaign, **unfit)

    assert "joined before" not in admin_client.get(url(campaign)).content.decode()


def test_a_tab_that_was_never_saved_asks_nothing(admin_client: Client, intercom: Intercom) -> None:
    campaign = make_campaign()
    make_lead(campaign)

    assert "Nobody is waiting for an answer" in admin_client.get(url(campaign)).content.decode()


def test_who_was_cancelled_or_is_of_another_tab_is_not_counted(intercom: Intercom) -> None:
    campaign, other = joined_before(2), joined_before(5)
    make_referrer(campaign)
    Delivery.objects.filter(participant=Participant.objects.filter(campaign=campaign).first()).update(
        reason=Reason.CANCELLED
    )

    assert left_out.left_out(tab_of(campaign)).before == 1
    assert left_out.left_out(tab_of(other)).before == 5


def test_who_joined_while_disconnected_or_long_ago_is_counted(intercom: Intercom) -> None:
    campaign = joined_before(0)
    for reason in (Reason.DISCONNECTED, Reason.JOINED_LONG_AGO):
        lead = make_lead(campaign)
        Delivery.objects.filter(participant=lead).update(
            state=State.NOT_SENT, reason=reason, due_at=None, settled_at=timezone.now()
        )

    assert left_out.left_out(tab_of(campaign)).before == 2


def test_counting_stops_somewhere(intercom: Intercom, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = joined_before(5)
    monkeypatch.setattr(left_out, "COUNTED", 2)

    assert left_out.left_out(tab_of(campaign)).before == 3


def test_the_held_are_asked_about_with_the_day(admin_client: Client, intercom: Intercom) -> None:
    campaign = with_held(2)
    since = timezone.localtime(timezone.now() - timedelta(days=5))
    page = admin_client.get(url(campaign)).content.decode()

    assert f"2 people waited since {since.day} {since:%B}" in page
    for word in (">Send<", ">Choose<"):
        assert word in page


def test_choose_opens_the_log_with_these_people(admin_client: Client, intercom: Intercom) -> None:
    campaign = with_held(1)
    mine = Delivery.objects.get(participant__campaign=campaign)
    other = Delivery.objects.get(participant__campaign=with_held(1))
    log = reverse("admin:integrations_delivery_changelist")
    link = f"{log}?reason=held&campaign={campaign.pk}&audience=lead"

    assert link.replace("&", "&amp;") in admin_client.get(url(campaign)).content.decode()
    page = admin_client.get(link).content.decode()
    assert mine.participant.email in page
    assert other.participant.email not in page


def test_the_card_costs_two_queries(
    intercom: Intercom, rf: Any, admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for campaign in (joined_before(1), joined_before(30)):
        request = rf.get("/")
        request.user = admin_user
        panel = load(request, campaign)
        assert panel.tabs
        with django_assert_num_queries(2):
            assert questions(panel, Audience.LEAD) is not None


# Sending


def test_send_them_sends_them(admin_client: Client, admin_user: User, intercom: Intercom) -> None:
    campaign = joined_before(3)

    answer = press(admin_client, campaign, "send", pace="0")
    intercom.drain()

    assert "3 people go to Intercom." in answer.content.decode()
    assert states(campaign) == [State.CREATED] * 3
    release = Release.objects.get()
    assert (release.sent, release.total, release.made_by) == (3, 3, admin_user)
    assert release.finished_at is not None
    assert tab_of(campaign).asked_at is not None
    assert LogEntry.objects.filter(object_id=str(tab_of(campaign).pk)).exists()


def test_nobody_goes_without_an_answer(intercom: Intercom) -> None:
    campaign = joined_before(2)

    sweep()
    intercom.drain()

    assert states(campaign) == [State.NOT_SENT] * 2


def test_a_pace_is_kept(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(25)

    press(admin_client, campaign, "send", pace="10")
    sweep()
    assert states(campaign).count(State.WAITING) == 10
    page = admin_client.get(url(campaign)).content.decode()
    assert "10 of 25 are on their way to Intercom. About 2 minutes left." in page
    assert "<progress" in page

    a_minute_later()
    sweep()
    sweep()
    assert states(campaign)[:20] == [State.WAITING] * 20
    assert states(campaign)[20:] == [State.NOT_SENT] * 5

    a_minute_later()
    sweep()
    page = admin_client.get(url(campaign)).content.decode()
    assert "All 25 people were let go. 25 are still on their way to Intercom." in page


def test_an_unknown_pace_is_the_careful_one(admin_client: Client, intercom: Intercom) -> None:
    press(admin_client, joined_before(1), "send", pace="9999999999999999999999")

    assert Release.objects.get().per_minute == Pace.CAREFUL


def test_large_groups_go_in_small_transactions(intercom: Intercom, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = joined_before(7)
    monkeypatch.setattr(releases, "BATCH", 3)

    with patch.object(releases, "send_again", wraps=repair.send_again) as sent:
        releases.start(tab_of(campaign), BEFORE, pace=Pace.AT_ONCE, user=None)

    assert [len(call.args[0]) for call in sent.call_args_list] == [3, 3, 1]
    assert states(campaign) == [State.WAITING] * 7


def test_a_second_click_starts_nothing_twice(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(25)

    press(admin_client, campaign, "send", pace="10")
    press(admin_client, campaign, "send", pace="10")

    assert Release.objects.count() == 1
    assert states(campaign).count(State.WAITING) == 10


def test_a_click_after_the_end_finds_nobody(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(2)

    press(admin_client, campaign, "send", pace="0")
    answer = press(admin_client, campaign, "send", pace="0")

    assert "Nobody is left to send." in answer.content.decode()
    assert Release.objects.count() == 1


def test_who_joins_later_is_no_part_of_it(intercom: Intercom) -> None:
    campaign = joined_before(12)
    releases.start(tab_of(campaign), BEFORE, pace=Pace.CAREFUL, user=None)
    set_panel(campaign, action="nothing")
    late = make_lead(campaign)
    set_panel(campaign)

    a_minute_later()
    sweep()

    assert owed(late).state == State.NOT_SENT
    assert Release.objects.get().sent == 12


def test_a_row_that_moved_on_meanwhile_is_left_alone(intercom: Intercom) -> None:
    campaign = joined_before(12)
    releases.start(tab_of(campaign), BEFORE, pace=Pace.CAREFUL, user=None)
    last = Delivery.objects.filter(participant__campaign=campaign).latest("pk")
    repair.send_again([last.pk])
    repair.cancel([last.pk])

    a_minute_later()
    sweep()

    last.refresh_from_db()
    assert (last.state, last.reason) == (State.NOT_SENT, Reason.CANCELLED)
    release = Release.objects.get()
    assert (release.sent, release.total, release.finished_at is None) == (11, 12, False)


def test_whoever_comes_back_is_not_sent_in_a_circle(intercom: Intercom) -> None:
    campaign = with_held(12)
    releases.start(tab_of(campaign), HELD, pace=Pace.CAREFUL, user=None)
    hold(campaign)

    a_minute_later()
    sweep()

    assert Release.objects.get().sent == 12
    assert states(campaign).count(State.HELD) == 10


@pytest.mark.parametrize("kind", [BEFORE, HELD])
def test_stop_stops(admin_client: Client, admin_user: User, intercom: Intercom, kind: str) -> None:
    campaign = joined_before(15) if kind == BEFORE else with_held(15)
    press(admin_client, campaign, "send", kind, pace="10")

    answer = press(admin_client, campaign, "stop", kind).content.decode()
    a_minute_later()
    sweep()

    assert "Stopped after 10 of 15." in answer
    assert states(campaign).count(State.WAITING) == 10
    assert Release.objects.get().stopped_by == admin_user
    again = "5 people were not sent: send them" if kind == BEFORE else "5 people waited since"
    assert again in answer


def test_stop_after_the_end_says_so(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(1)
    press(admin_client, campaign, "send", pace="0")

    assert "It had ended already." in press(admin_client, campaign, "stop").content.decode()
    assert Release.objects.get().stopped_at is None


def test_stopped_in_the_middle_of_a_round_nobody_else_goes(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = joined_before(6)
    monkeypatch.setattr(releases, "BATCH", 2)

    def stop_after(ids: list[int]) -> list[int]:
        done = repair.send_again(ids)
        releases.stop(Release.objects.get().pk, user=None)
        return done

    monkeypatch.setattr(releases, "send_again", stop_after)
    releases.start(tab_of(campaign), BEFORE, pace=Pace.AT_ONCE, user=None)

    assert states(campaign).count(State.WAITING) == 2


def test_while_sending_is_paused_it_waits_and_says_why(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(2)
    pause_tabs(SyncSettings.objects.filter(campaign=campaign))

    answer = press(admin_client, campaign, "send", pace="0").content.decode()
    sweep()
    assert "0 of 2 are on their way to Intercom. Sending is paused for this campaign." in answer
    assert states(campaign) == [State.NOT_SENT] * 2

    resume_tabs(SyncSettings.objects.filter(campaign=campaign))
    sweep()
    assert states(campaign) == [State.WAITING] * 2


def test_one_release_that_fails_holds_up_neither_the_others_nor_the_sweep(
    intercom: Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = joined_before(1), joined_before(1)
    for campaign in (broken, sound):
        pause_tabs(SyncSettings.objects.filter(campaign=campaign))
        releases.start(tab_of(campaign), BEFORE, pace=Pace.AT_ONCE, user=None)
        resume_tabs(SyncSettings.objects.filter(campaign=campaign))
    first = Release.objects.earliest("pk").pk
    let_go = releases.let_go

    def fail_once(release_id: int, *, seconds: float) -> int:
        if release_id == first:
            raise RuntimeError
        return let_go(release_id, seconds=seconds)

    monkeypatch.setattr(releases, "let_go", fail_once)
    sweep()

    assert states(broken) == [State.NOT_SENT]
    assert states(sound) == [State.WAITING]


# Not sending


def test_dont_send_is_remembered_and_can_be_taken_back(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(2)

    answer = press(admin_client, campaign, "keep").content.decode()
    assert "joined before" not in answer
    assert "2 people were not sent: send them" in answer
    assert states(campaign) == [State.NOT_SENT] * 2

    press(admin_client, campaign, "send", pace="0")
    assert states(campaign) == [State.WAITING] * 2


def test_the_held_are_dropped_in_small_transactions(
    admin_client: Client, intercom: Intercom, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, other = with_held(5), with_held(1)
    monkeypatch.setattr(releases, "BATCH", 2)

    answer = press(admin_client, campaign, "keep", HELD).content.decode()

    assert "5 people are not sent." in answer
    assert states(campaign) == [State.NOT_SENT] * 5
    assert states(other) == [State.HELD]
    assert "joined before" not in answer


def test_the_held_go_when_somebody_says_so(admin_client: Client, intercom: Intercom) -> None:
    campaign = with_held(2)

    press(admin_client, campaign, "send", HELD, pace="0")
    intercom.drain()

    assert states(campaign) == [State.CREATED] * 2
    assert tab_of(campaign).asked_at is None


# Who may


def test_support_may_answer(client: Client, intercom: Intercom) -> None:
    campaign = joined_before(1)
    person(client, "repair_delivery")

    assert press(client, campaign, "send", pace="0").status_code == 200
    assert states(campaign) == [State.WAITING]


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_only_look_may_not_answer(client: Client, intercom: Intercom, method: str) -> None:
    campaign = joined_before(1)
    person(client, "view_delivery")

    answer = getattr(client, method)(url(campaign), {"answer": "send", "kind": BEFORE})

    assert answer.status_code == 403
    assert states(campaign) == [State.NOT_SENT]


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"answer": "send"},
        {"kind": "held"},
        {"answer": "x", "kind": "held"},
        {"answer": "\0", "kind": "\0"},
    ],
)
def test_a_forged_answer_changes_nothing(
    admin_client: Client, intercom: Intercom, forged: dict[str, str]
) -> None:
    campaign = joined_before(1)

    answer = admin_client.post(url(campaign), forged, headers={"HX-Request": "true"})

    assert "Nothing was changed" in answer.content.decode()
    assert states(campaign) == [State.NOT_SENT]


def test_an_answer_for_a_tab_that_was_never_saved_changes_nothing(
    admin_client: Client, intercom: Intercom
) -> None:
    press(admin_client, make_campaign(), "send")

    assert Release.objects.count() == 0


# The page


def test_without_script_an_answer_leads_back_to_the_panel(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(1)
    answer = admin_client.post(url(campaign), {"answer": "send", "kind": BEFORE, "pace": "0"})

    assert answer.status_code == 302
    assert answer.headers["Location"] == url(campaign, "intercom") + "#people"


def test_the_card_is_looked_at_again_only_while_something_goes_on(
    admin_client: Client, intercom: Intercom
) -> None:
    campaign = joined_before(15)
    assert "hx-trigger" not in admin_client.get(url(campaign)).content.decode()

    assert "hx-trigger" in press(admin_client, campaign, "send", pace="10").content.decode()
    a_minute_later()
    sweep()
    watched = admin_client.get(url(campaign), headers={"HX-Request": "true"})
    assert "hx-trigger" in watched.content.decode()
    assert "HX-Trigger" not in watched.headers

    intercom.drain()
    watched = admin_client.get(url(campaign), headers={"HX-Request": "true"})
    assert "hx-trigger" not in watched.content.decode()
    assert "Nobody is on the way any more." in watched.headers["HX-Trigger"]


def test_a_sending_that_has_ended_is_told_of_until_everybody_is_through(
    admin_client: Client, intercom: Intercom
) -> None:
    campaign = joined_before(1)
    press(admin_client, campaign, "send", pace="0")
    assert "1 person was let go. 1 is still on the way" in admin_client.get(url(campaign)).content.decode()

    intercom.drain()
    for slug in ("intercom_people", "intercom"):
        page = admin_client.get(url(campaign, slug)).content.decode()
        assert "on the way to Intercom" not in page
        assert "Sending those who joined before" not in page


def test_who_joins_meanwhile_is_none_of_those_let_go(admin_client: Client, intercom: Intercom) -> None:
    campaign = joined_before(1)
    press(admin_client, campaign, "send", pace="0")
    intercom.drain()
    make_lead(campaign)

    assert "still on the way" not in admin_client.get(url(campaign)).content.decode()


def test_who_was_let_go_and_waits_for_a_person_is_not_said_to_be_on_the_way(
    admin_client: Client, intercom: Intercom
) -> None:
    campaign = joined_before(2)
    press(admin_client, campaign, "send", pace="0")
    pause_tabs(SyncSettings.objects.filter(campaign=campaign))
    page = admin_client.get(url(campaign)).content.decode()

    assert "All 2 people were let go. Sending is paused for this campaign." in page
    assert "on their way" not in page
