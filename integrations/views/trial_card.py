"""The card of the test lead: the button, what it warns of, and what the last test found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Audience
from integrations.forms.issues import issues_of
from integrations.logic.types import Action
from integrations.models import ConnectionStatus, TrialState
from integrations.services.settings_saving import TAB_NAMES
from integrations.services.trials import recent
from integrations.views.trial_result import Result, result_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.forms.draft import Draft
    from integrations.models import Trial
    from integrations.views.page import Panel


@dataclass(frozen=True, slots=True)
class Texts:
    """What the card says on one tab."""

    title: _StrPromise
    send: _StrPromise
    confirm: _StrPromise
    warning: _StrPromise
    never: _StrPromise


TEXTS: Mapping[Audience, Texts] = {
    Audience.LEAD: Texts(
        title=gettext_lazy("Test lead"),
        send=gettext_lazy("Send test lead"),
        confirm=gettext_lazy("Yes, send test lead"),
        warning=gettext_lazy(
            "This creates a real contact, Test Lead, in Intercom for a few seconds. Workflows of yours that "
            "start with a new contact will run."
        ),
        never=gettext_lazy("No test lead has been sent yet."),
    ),
    Audience.REFERRER: Texts(
        title=gettext_lazy("Test referrer"),
        send=gettext_lazy("Send test referrer"),
        confirm=gettext_lazy("Yes, send test referrer"),
        warning=gettext_lazy(
            "This creates a real contact, Test Referrer, in Intercom for a few seconds. Workflows of yours "
            "that start with a new contact will run."
        ),
        never=gettext_lazy("No test referrer has been sent yet."),
    ),
}


@dataclass(frozen=True, slots=True)
class TrialCard:
    """What the include needs. `why_not`: nobody can test at the moment, and this is what to do first."""

    texts: Texts
    url: str
    may_edit: bool
    may_start: bool
    why_not: str
    missing: tuple[str, ...]
    result: Result | None
    older_owed: int


def card(panel: Panel, audience: Audience, draft: Draft, *, chosen: Trial | None = None) -> TrialCard:
    """One query. What is typed counts: whether it can be tested, and whether it is what was tested."""
    row = panel.rows.get(audience)
    trials = recent(row.pk) if row else []
    trial = chosen or (trials[0] if trials else None)
    result = result_of(panel, audience, draft, trial) if trial else None
    return TrialCard(
        texts=TEXTS[audience],
        url=panel.address("intercom_test", TAB_NAMES[audience]),
        may_edit=panel.may_edit,
        may_start=panel.may_edit and not (result and result.going),
        why_not=obstacle(panel, audience),
        missing=not_ready(panel, audience, draft),
        result=result,
        older_owed=sum(one.state != TrialState.DONE and one != trial for one in trials),
    )


def obstacle(panel: Panel, audience: Audience) -> str:
    """Why no test can be made at all, whatever is typed; "" where one can."""
    connection = panel.connection
    if connection is None:
        return _("Connect Intercom first. Then you can test it.")
    if connection.status != ConnectionStatus.CONNECTED:
        return _("Intercom does not accept our access at the moment. Connect it again, then test it.")
    if connection.paused_at is not None:
        return _("Sending is paused for this workspace. Resume it, then test it.")
    row = panel.rows.get(audience)
    if row is None or row.connection_id is None:
        return _("Save this tab once. Then you can test it.")
    return ""


def not_ready(panel: Panel, audience: Audience, draft: Draft) -> tuple[str, ...]:
    """What is to be put right in the form before it can be tested."""
    if draft.settings.action is Action.NOTHING:
        return (_("Choose what shall be created in Intercom: with “Nothing to action” nothing is sent."),)
    if wrong := tuple(issue.text for _number, issue in issues_of(panel, audience, draft).errors):
        return wrong
    return (_("Complete what is marked “Setup Required”."),) if draft.missing else ()
