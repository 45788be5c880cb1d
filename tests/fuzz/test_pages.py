"""Every page of the admin, whatever stands in its address or in its form: a page, a way on, or a refusal."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import event, given
from hypothesis import strategies as st

from tests.fuzz.strange import encoded, fields, posted, texts
from tests.fuzz.trying import examples, undone
from tests.integrations.controls import read
from tests.integrations.test_roles import BOSS, PAGES, World, make_user

pytestmark = pytest.mark.django_db

QUERY = (
    *("q", "outcome", "reason", "campaign", "workspace", "audience", "from", "to", "before", "after"),
    *("page", "p", "o", "e", "all", "erasure", "person", "compare", "revision", "attribute", "tab", "status"),
    *("referrer", "contact", "ids", "command", "version", "number", "next", "_popup", "_to_field", "_facets"),
    *("_changelist_filters", "campaign__id__exact", "status__exact", "joined_at__gte", "state__exact"),
    *("connection__id__exact", "topic", "topic__exact", "received_at__lt", "is_active__exact", "id__in"),
    *("id__icontains", "email__icontains", "pk__gt", "joined_at__year", "sent__contains", "name__regex"),
)
ORDERS = (
    *(
        "do",
        "action",
        "_selected_action",
        "select_across",
        "index",
        "command",
        "ids",
        "query",
        "version",
        "tab",
    ),
    *(
        "draft",
        "pace",
        "sample",
        "sure",
        "answer",
        "to",
        "was",
        "number",
        "contact",
        "email",
        "again",
        "erasure",
    ),
    *(
        "delete_in",
        "way",
        "workspace",
        "region",
        "revision",
        "rows-TOTAL_FORMS",
        "_save",
        "_continue",
        "_popup",
    ),
)
HEADERS = (
    *(
        "HTTP_HOST",
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_COOKIE",
        "HTTP_REFERER",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_ORIGIN",
    ),
    *("HTTP_X_FORWARDED_PROTO", "HTTP_HX_REQUEST", "HTTP_HX_CURRENT_URL", "HTTP_HX_TARGET", "HTTP_RANGE"),
    *("HTTP_HX_CURRENT_URL_URI_AUTOENCODED", "HTTP_IF_MODIFIED_SINCE", "HTTP_ACCEPT", "REMOTE_ADDR"),
)
COOKIES = tuple(
    f'{name}="{value}"'
    for name in ("sessionid", "csrftoken", "messages")
    for value in ("\\000" * 32, "\\377" * 32, "x" * 32, "")
)
PUBLIC = (
    "/",
    "/healthz",
    "/favicon.ico",
    "/r/ABCDEFGHJK",
    "/admin/login/",
    "/webhooks/intercom/",
    "/nowhere",
)
ADMINS = ("/admin/jsi18n/", "/admin/autocomplete/", "/admin/r/{}/{}/", "/admin/{}/", "/admin/campaigns/{}/")
FORM = "application/x-www-form-urlencoded"
READERS = ("integrations_delivery_changelist", "integrations_log_export", "integrations_health")
"""These take most in their address, so they are asked more often."""

lines = texts.map(lambda text: re.sub("[\0\r\n]", "", text).encode("utf-8", "replace").decode("latin-1"))
"""What a web server hands on as a header."""

cookies = st.sampled_from(COOKIES) | lines
names = st.sampled_from([*PAGES]) | st.sampled_from(READERS)


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(make_user(BOSS))
    return client


def check(answer: Any) -> None:
    """A page that says something, or a way on. Errors come up as exceptions by themselves."""
    assert answer.status_code < 500
    event(str(answer.status_code))
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    content.decode()


@examples(40)
@given(name=names, query=fields(QUERY))
def test_any_address_is_answered(world: World, boss: Client, name: str, query: Any) -> None:
    with undone():
        check(boss.get(world.address(name), QUERY_STRING=encoded(query)))


@examples(25)
@given(data=st.data(), name=names, htmx=st.booleans())
def test_any_form_is_answered(world: World, boss: Client, data: Any, name: str, *, htmx: bool) -> None:
    """The page's own form with something wrong in it, then the page is still there."""
    with undone():
        address = world.address(name)
        page = boss.get(address)
        form = read(page).values if page.status_code == 200 and not page.streaming else {}
        body = encoded(data.draw(posted(form, names=ORDERS)))
        headers = {"HX-Request": "true"} if htmx else {}
        check(boss.post(address, body, content_type=FORM, headers=headers))
        check(boss.get(address))


@examples(40)
@given(data=st.data(), name=names | st.sampled_from(ADMINS), post=st.booleans())
def test_any_number_in_an_address_is_answered(
    world: World, boss: Client, data: Any, name: str, *, post: bool
) -> None:
    """Each number, and each part that may be anything, is replaced by something else."""
    with undone():
        address = name if name in ADMINS else world.address(name)
        wrong = data.draw(texts.map(lambda text: quote(text, safe="")))
        address = re.sub(r"\d+|\{\}", lambda _: wrong, address)
        check(boss.post(address) if post else boss.get(address))


@examples(30)
@given(
    address=st.sampled_from(PUBLIC),
    headers=st.dictionaries(st.sampled_from(HEADERS), lines),
    cookie=st.none() | cookies,
)
def test_any_header_is_answered(
    world: World, boss: Client, address: str, headers: dict[str, str], cookie: str | None
) -> None:
    given = headers if cookie is None else {**headers, "HTTP_COOKIE": cookie}
    with undone():
        for client in (boss, Client()):
            check(client.get(address, **given))  # type: ignore[arg-type]


@examples(6)
@given(data=st.data())
def test_whatever_somebody_types_before_they_sign_in_is_shown_or_refused(
    world: World, boss: Client, data: Any
) -> None:
    address = world.address("campaigns_campaign_intercom")
    form = read(boss.get(address)).values
    with undone():
        stranger = Client()
        check(stranger.post(address, encoded(data.draw(posted(form, names=ORDERS))), content_type=FORM))
        stranger.force_login(User.objects.get(username=BOSS))
        check(stranger.get(address))
