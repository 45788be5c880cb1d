"""Asking Intercom with the token that is kept: a refusal of it is remembered, once, and of no other token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.intercom.errors import AuthError, ForbiddenError, IntercomError, RejectedError
from integrations.intercom.session import Session
from integrations.models import ConnectionStatus, ContactLink, IntercomConnection
from integrations.models.secrets import seal
from integrations.services.access import asking
from integrations.services.comparing import compare
from integrations.services.lookup import look_up
from tests.integrations.flow_fixtures import Intercom
from tests.integrations.panel import make_workspace
from tests.integrations.sandbox_fixtures import TOKEN

pytestmark = pytest.mark.django_db


def refuse(connection: IntercomConnection, error: IntercomError, *, renewed: bool = False) -> None:
    """Asks, and is answered so; perhaps after somebody has renewed the token."""

    def ask() -> None:
        with Session() as session, asking(connection, session=session):
            if renewed:
                IntercomConnection.objects.update(sealed_token=seal("another"))
            raise error

    with pytest.raises(type(error)):
        ask()


def test_a_refused_token_has_the_workspace_connected_again() -> None:
    refuse(make_workspace(), AuthError())
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED


def test_what_is_known_already_keeps_its_moment() -> None:
    long_ago = timezone.now() - timedelta(days=1)
    connection = make_workspace(status=ConnectionStatus.RECONNECT_NEEDED, status_since=long_ago)
    refuse(connection, AuthError())
    assert IntercomConnection.objects.get().status_since == long_ago


def test_a_workspace_that_was_disconnected_meanwhile_stays_so() -> None:
    refuse(make_workspace(status=ConnectionStatus.DISCONNECTED), AuthError())
    assert IntercomConnection.objects.get().status == ConnectionStatus.DISCONNECTED


def test_a_token_that_was_renewed_meanwhile_is_not_blamed() -> None:
    refuse(make_workspace(), AuthError(), renewed=True)
    assert IntercomConnection.objects.get().status == ConnectionStatus.CONNECTED


@pytest.mark.parametrize("error", [ForbiddenError(), RejectedError()])
def test_a_refusal_of_one_call_breaks_no_connection(error: IntercomError) -> None:
    refuse(make_workspace(), error)
    assert IntercomConnection.objects.get().status == ConnectionStatus.CONNECTED


@pytest.mark.parametrize("known", [True, False], ids=["by its link", "by a search"])
def test_looking_for_a_contact_notices(intercom: Intercom, known: bool) -> None:
    if known:
        ContactLink.objects.create(
            connection=intercom.connection,
            email="ana@example.com",
            contact_id="c1",
            role="lead",
            confirmed_at=timezone.now(),
        )
    intercom.sandbox.revoke(TOKEN)
    assert "Connect it again" in look_up(intercom.connection, email="ana@example.com").trouble
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED


def test_telling_contacts_apart_notices(intercom: Intercom) -> None:
    intercom.sandbox.revoke(TOKEN)
    assert "Connect it again" in compare(intercom.connection, email="ana@example.com", ids=["c1"]).trouble
    assert IntercomConnection.objects.get().status == ConnectionStatus.RECONNECT_NEEDED
