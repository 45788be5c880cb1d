"""Finds out whether Intercom still lets us in, after somebody said that it does not.

What says that our app was removed names neither a moment nor an event: it may come late, or again, when the
workspace has been connected anew (https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/uninstalling-oauth).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from integrations.intercom.errors import IntercomError
from integrations.intercom.session import Session
from integrations.models import ConnectionStatus, IntercomConnection, SecretUnreadableError
from integrations.services.client import client_for
from integrations.services.queue import BrokerSilentError, enqueue_access_check
from integrations.services.wake import wake

if TYPE_CHECKING:
    from django.db.models import QuerySet

log = logging.getLogger(__name__)


def ask_for_check(connection_id: int) -> None:
    """For after the commit. Never raises; what is not asked stays as it was said."""
    try:
        enqueue_access_check(connection_id)
    except BrokerSilentError:
        log.debug("the broker is left in peace; access is not checked")
    except Exception:
        log.exception("queueing a check of access failed", extra={"connection": connection_id})


def check_access(connection_id: int) -> str:
    """Asks Intercom whose token we hold; where it opens its workspace still, whoever waited there goes on.

    Returns a short sentence for django-q2's list. Without an answer it stays with what was said.
    """
    connection = IntercomConnection.objects.get(pk=connection_id)
    if connection.status != ConnectionStatus.RECONNECT_NEEDED:
        return "not asked: it does not need connecting"
    try:
        with Session() as session:
            workspace = client_for(connection, session=session).me().value
    except IntercomError as err:
        return f"no access: {err}"
    except (SecretUnreadableError, ValueError) as err:
        return f"no access: {type(err).__name__}"
    if workspace.id != connection.workspace_id:
        return "no access: the token is another workspace's"
    with transaction.atomic():
        if not _as_it_was(connection).update(
            status=ConnectionStatus.CONNECTED, status_since=timezone.now(), status_detail=""
        ):
            return "not needed: it was connected meanwhile"
        transaction.on_commit(lambda: wake(connection_id), robust=True)
    log.warning("workspace %d lets us in, though its app was said to be removed", connection_id)
    return "access works"


def _as_it_was(connection: IntercomConnection) -> QuerySet[IntercomConnection]:
    """Nothing, if somebody connected or disconnected it while we asked."""
    return IntercomConnection.objects.filter(
        pk=connection.pk, status=connection.status, sealed_token=connection.sealed_token
    )
