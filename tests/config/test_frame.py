"""The frame around every page: its policy, its weight, its navigation, its tables on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils.safestring import SafeString

from campaigns.models import Campaign
from config.columns import labelled
from integrations.models import Delivery
from integrations.services.roles import SUPPORT
from tests.campaigns.factories import make_campaign, make_lead
from tests.test_templates import inline_in

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

CSS_BUDGET = JS_BUDGET = 70_000
"""Raw bytes on the heaviest page of a campaign, Django's own files included."""


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "pw"))
    return client


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_campaign("Spring")
    make_lead(campaign)
    return campaign


def person(*rights: str, group: str = "") -> User:
    user = User.objects.create_user("ana", password="pw", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def admin_pages(campaign: Campaign) -> Iterator[str]:
    lead = campaign.participants.get()
    for name in ("index", "tables", "password_change", "auth_user_add", "campaigns_campaign_add"):
        yield reverse(f"admin:{name}")
    for model in ("campaigns_campaign", "campaigns_participant", "integrations_delivery", "auth_user"):
        yield reverse(f"admin:{model}_changelist")
    for page in ("change", "delete", "history", "overview", "leads", "leads_add", "crm"):
        yield reverse(f"admin:campaigns_campaign_{page}", args=[campaign.pk])
    yield reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])
    yield reverse("admin:campaigns_participant_change", args=[lead.pk])
    yield reverse("admin:integrations_delivery_change", args=[lead.delivery.pk])
    yield reverse("admin:app_list", args=["campaigns"])


def text(response: Response) -> str:
    return response.content.decode()


def assert_strict(response: Response) -> None:
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_every_admin_page_is_under_the_policy_and_has_nothing_inline(
    staff: Client, campaign: Campaign
) -> None:
    for url in admin_pages(campaign):
        page = staff.get(url)
        assert page.status_code == 200, url
        assert_strict(page)
        assert inline_in(text(page)) == [], url


def test_pages_for_anybody_are_under_the_policy(client: Client) -> None:
    for url in (reverse("admin:login"), "/r/nobody", "/nowhere/", "/sandbox/ui/", "/admin/nowhere/"):
        page = client.get(url, follow=True)
        assert_strict(page)
        assert inline_in(text(page)) == [], url


def test_what_is_forbidden_says_so_in_our_words(client: Client, campaign: Campaign) -> None:
    client.force_login(person())
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk]))
    assert page.status_code == 403
    assert_strict(page)
    assert "You may not see this page" in text(page)


def test_a_form_from_another_session_is_refused_in_our_words(campaign: Campaign) -> None:
    strict = Client(enforce_csrf_checks=True)
    page = strict.post(reverse("admin:login"), {"username": "boss", "password": "pw"})
    assert page.status_code == 403
    assert_strict(page)
    assert "open for too long" in text(page)
    assert "may have to be typed again" in text(page)


def test_the_page_for_our_own_faults_needs_nothing() -> None:
    assert "Something went wrong" in render_to_string("500.html")


def test_whoever_logs_out_is_told_and_can_come_back(staff: Client) -> None:
    page = staff.post(reverse("admin:logout"))
    assert "You are logged out" in text(page)
    assert 'aria-label="Main"' not in text(page)
    assert_strict(page)


def test_a_wrong_password_is_answered_beside_the_form(client: Client) -> None:
    page = client.post(reverse("admin:login"), {"username": "boss", "password": "wrong"})
    assert page.status_code == 200
    assert 'role="alert">This username and this password do not belong together' in text(page)
    assert "staff account" not in text(page)


def test_whoever_logs_in_by_an_address_that_leads_elsewhere_comes_home(client: Client) -> None:
    User.objects.create_superuser("boss", "boss@example.com", "pw")
    login = f"{reverse('admin:login')}?next=https://evil.example/"
    page = client.post(login, {"username": "boss", "password": "pw", "next": "https://evil.example/"})
    assert page.headers["Location"] == reverse("admin:index")


# Weight ------------------------------------------------------------------------------------------------


def weight(urls: Iterable[str]) -> int:
    return sum(_bytes(url.removeprefix("/static/")) for url in urls)


def _bytes(name: str) -> int:
    found = finders.find(name)
    assert isinstance(found, str), name
    content = Path(found).read_text(encoding="utf-8")
    own = len(content.encode())
    imported = re.findall(r"""@import\s+(?:url\()?["']([^"']+)["']""", content)
    return own + sum(_bytes(_beside(name, one)) for one in imported)


def _beside(name: str, relative: str) -> str:
    return str((Path("/") / name).parent.joinpath(relative).resolve().relative_to("/"))


def test_the_heaviest_page_of_a_campaign_keeps_within_its_weight(staff: Client, campaign: Campaign) -> None:
    html = text(staff.get(reverse("admin:campaigns_campaign_intercom", args=[campaign.pk, "leads"])))
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    scripts = re.findall(r'<script src="([^"]+)"', html)
    assert "/static/css/admin.css" in styles
    assert "/static/js/page.js" in scripts
    assert weight(styles) <= CSS_BUDGET
    assert weight(scripts) <= JS_BUDGET


def test_the_script_of_every_page_stays_tiny() -> None:
    assert _bytes("js/page.js") <= 5 * 1024


def test_pages_without_htmx_do_not_load_it(staff: Client) -> None:
    assert "htmx-2.min.js" not in text(staff.get(reverse("admin:index")))


# Navigation --------------------------------------------------------------------------------------------


def places(page: Response) -> list[str]:
    bar = re.search(r'<nav class="masthead__nav".*?</nav>', text(page), re.DOTALL)
    assert bar
    return re.findall(r"<a [^>]*>([^<]+)</a>", bar[0])


def test_a_superuser_may_go_everywhere(staff: Client) -> None:
    expected = ["Home", "Campaigns", "Sync log", "Health", "Workspaces", "Users", "All tables"]
    assert places(staff.get(reverse("admin:index"))) == expected


def test_support_is_shown_what_support_may_open(client: Client) -> None:
    client.force_login(person(group=SUPPORT))
    found = places(client.get(reverse("admin:index")))
    assert found == ["Home", "Campaigns", "Sync log", "Health", "Workspaces"]


def test_somebody_without_rights_is_shown_home_alone(client: Client) -> None:
    client.force_login(person())
    assert places(client.get(reverse("admin:index"))) == ["Home"]


def test_who_may_only_change_something_is_led_there_too(client: Client) -> None:
    client.force_login(person("change_campaign"))
    assert places(client.get(reverse("admin:index"))) == ["Home", "Campaigns"]


def test_the_list_of_all_tables_is_for_superusers(client: Client) -> None:
    client.force_login(person(group=SUPPORT))
    assert client.get(reverse("admin:tables")).status_code == 403


@pytest.mark.parametrize(
    ("page", "mark"), [("changelist", 'aria-current="page"'), ("add", 'aria-current="true"')]
)
def test_where_one_is_is_marked(staff: Client, page: str, mark: str) -> None:
    html = text(staff.get(reverse(f"admin:campaigns_campaign_{page}")))
    listed = reverse("admin:campaigns_campaign_changelist")
    # In the bar, and in the menu that phones have instead.
    assert html.count(f'<a href="{listed}" {mark}>Campaigns</a>') == 2
    assert html.count(f'<a href="{reverse("admin:index")}">Home</a>') >= 2


def test_the_name_in_the_masthead_is_shown_and_not_obeyed(client: Client) -> None:
    client.force_login(User.objects.create_superuser("eve", first_name="<script>alert(1)</script>"))
    assert "<bdi>&lt;script&gt;" in text(client.get(reverse("admin:index")))


def test_a_window_that_only_picks_something_has_no_navigation(staff: Client) -> None:
    page = staff.get(reverse("admin:campaigns_campaign_changelist"), {"_popup": "1"})
    assert "masthead" not in text(page)


# Tables on a phone ---------------------------------------------------------------------------------------


def test_cells_of_a_list_carry_the_names_of_their_columns(staff: Client, campaign: Campaign) -> None:
    html = text(staff.get(reverse("admin:campaigns_campaign_changelist")))
    row = html.partition("<tbody>")[2].partition("</tbody>")[0]
    labels = re.findall(r'data-label="([^"]*)" class="field-', row)
    assert labels == ["Name", "Short name", "Status", "Leads", "Referrers", "Created"]
    assert '<td class="action-checkbox">' in row


def test_names_of_columns_are_escaped() -> None:
    cell = SafeString('<td class="field-x">1</td>')
    made = list(labelled([cell], [{"text": 'a "quoted" <b>', "class_attrib": ""}]))
    label = "A &quot;quoted&quot; &lt;b&gt;"
    assert made == [f'<td data-label="{label}" class="field-x"><div class="cell">1</div></td>']


def test_what_a_cell_says_stays_one_text() -> None:
    """Else a card would set each part of it in a column of its own."""
    cell = SafeString('<th class="field-x"><a href="/1/">A &gt; b</a>: <bdi>ana</bdi> joined</th>')
    (made,) = labelled([cell], [{"text": "what", "class_attrib": ""}])
    inside = '<a href="/1/">A &gt; b</a>: <bdi>ana</bdi> joined'
    assert made == f'<th data-label="What" class="field-x"><div class="cell">{inside}</div></th>'


def test_cells_without_a_column_stay_as_they_are() -> None:
    cell = SafeString("<td>hidden</td>")
    assert list(labelled([cell], [])) == [cell]


@pytest.mark.parametrize(
    ("model", "says", "leads_to"),
    [
        ("campaigns_campaign", "No campaigns yet.", "/admin/campaigns/campaign/add/"),
        (
            "integrations_intercomconnection",
            "No Intercom workspace is connected yet.",
            "/admin/campaigns/campaign/",
        ),
    ],
)
def test_an_empty_list_says_what_to_do_next_and_offers_nothing_to_narrow(
    staff: Client, model: str, says: str, leads_to: str
) -> None:
    html = text(staff.get(reverse(f"admin:{model}_changelist")))
    assert says in html
    assert f'<a class="button" href="{leads_to}">' in html
    for absent in ("searchbar", "changelist-filter", "0 campaigns", "0 Intercom"):
        assert absent not in html


def test_any_other_empty_list_says_so(staff: Client) -> None:
    html = text(staff.get(reverse("admin:integrations_attempt_changelist")))
    assert "There is nothing here yet." in html
    assert "searchbar" not in html


def test_a_search_without_results_leads_back(staff: Client) -> None:
    for model in ("campaigns_campaign", "integrations_intercomconnection"):
        html = text(staff.get(reverse(f"admin:{model}_changelist"), {"q": "nobody"}))
        assert "Show everything" in html
        assert "searchbar" in html


def test_a_history_without_entries_says_so_in_plain_words(staff: Client, campaign: Campaign) -> None:
    page = text(staff.get(reverse("admin:campaigns_campaign_history", args=[campaign.pk])))
    assert "History of <bdi>Spring</bdi>" in page
    assert "Nobody has changed anything here yet." in page
    assert "object" not in page.partition("<main")[2]


def test_who_ordered_what_is_a_page_of_the_sync_log(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign, first_name="Ana", last_name="Lima")
    delivery = Delivery.objects.get(participant=lead)
    page = text(staff.get(reverse("admin:integrations_delivery_history", args=[delivery.pk])))
    assert "<h1>Who ordered what</h1>" in page
    assert ">Sync log</a>" in page
    assert "<bdi>Ana Lima</bdi></a>" in page
    assert "ntries of the sync log" not in page


def test_a_person_is_called_a_person(staff: Client, campaign: Campaign) -> None:
    lead = make_lead(campaign)
    for page, args in (("changelist", []), ("change", [lead.pk])):
        html = text(staff.get(reverse(f"admin:campaigns_participant_{page}", args=args)))
        assert "Lead or referrer" in html
        assert "articipants" not in html.replace("campaigns/participant", "")
        assert "Audience" not in html


def test_the_name_of_a_campaign_opens_the_campaign(staff: Client, campaign: Campaign) -> None:
    overview = reverse("admin:campaigns_campaign_overview", args=[campaign.pk])
    assert f'<a href="{overview}">Spring</a>' in text(
        staff.get(reverse("admin:campaigns_campaign_changelist"))
    )


def test_messages_are_banners_with_a_kind(staff: Client, campaign: Campaign) -> None:
    url = reverse("admin:campaigns_campaign_changelist")
    chosen = {"action": "end", "_selected_action": [str(campaign.pk)]}
    assert '<li class="banner banner--ok">1 campaign ended.</li>' in text(
        staff.post(url, chosen, follow=True)
    )
