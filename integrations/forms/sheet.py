"""All that the templates of a tab's form ask for, worked out from its draft when they ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext, ngettext

from campaigns.models import Audience
from integrations.forms import duplicates, rule, words
from integrations.forms.choices import labels_of
from integrations.forms.issues import issues_of
from integrations.forms.panel import PanelForm
from integrations.forms.rows import rows_of
from integrations.logic.setup import setup_problems
from integrations.logic.types import Action
from integrations.models import Action as Choice
from integrations.models import DuplicatePolicy
from integrations.services.incomplete import MOST

if TYPE_CHECKING:
    from integrations.forms.choices import Labels
    from integrations.forms.draft import Draft
    from integrations.forms.issues import Issue, Issues
    from integrations.forms.rows import Row
    from integrations.views.page import Panel

REFERRAL_LINK = "lead.referral_link"


@dataclass(frozen=True, slots=True)
class TabLink:
    """One of the two tabs; `missing` says what it still lacks."""

    label: str
    url: str
    is_current: bool
    missing: str


@dataclass
class Sheet:
    """The form of one tab. `creation` is what came of creating an attribute, where that was refused."""

    panel: Panel
    audience: Audience
    draft: Draft
    creation: str = ""

    @cached_property
    def labels(self) -> Labels:
        return labels_of(self.panel)

    @cached_property
    def issues(self) -> Issues:
        return issues_of(self.panel, self.audience, self.draft)

    @cached_property
    def rows(self) -> list[Row]:
        return rows_of(self.panel, self.draft, self.issues)

    @cached_property
    def form(self) -> PanelForm:
        return PanelForm(self.panel, self.audience, self.draft)

    @property
    def url(self) -> str:
        return self.panel.url(self.audience)

    @property
    def is_for_leads(self) -> bool:
        return self.audience is Audience.LEAD

    @property
    def revision(self) -> str:
        """The revision that was on the page when somebody began to type."""
        return self.draft.typed.text("revision") or str(self.panel.settings(self.audience).revision)

    @property
    def saved_rows(self) -> int:
        return len(self.panel.settings(self.audience).rows)

    @property
    def is_active(self) -> bool:
        return self.draft.settings.action is not Action.NOTHING

    @property
    def suggests_link(self) -> bool:
        """Referrers are written to about their link, so it is worth having in Intercom."""
        mapped = {row.source for row in self.draft.settings.rows}
        return not self.is_for_leads and REFERRAL_LINK not in mapped

    @property
    def actions(self) -> list[tuple[str, str, str]]:
        """Value, label and what it means, of each thing that can happen when somebody joins."""
        meanings = {
            Choice.NOTHING: gettext("No contact will be created in Intercom"),
            Choice.CREATE_LEAD: gettext("Creates a new lead record in Intercom"),
            Choice.CREATE_USER: gettext("Creates a new user record in Intercom"),
        }
        return [(one.value, str(one.label), meanings[one]) for one in Choice]

    @property
    def tabs(self) -> list[TabLink]:
        return [
            TabLink(str(label), self.panel.url(one), one is self.audience, self._missing_of(one))
            for one, label in words.TABS.items()
        ]

    def _missing_of(self, audience: Audience) -> str:
        own = audience is self.audience
        return words.in_short(self.draft.missing if own else setup_problems(self.panel.settings(audience)))

    @property
    def missing(self) -> str:
        """What the mapping still lacks, in short; "" when it is complete."""
        return words.in_short(self.draft.missing)

    @property
    def errors(self) -> list[tuple[str, Issue]]:
        """What must be put right before saving, each with the name of its place."""
        titles = {row.number: row.title for row in self.rows}
        rule_name = gettext("Qualification Rules")
        return [
            (rule_name if number is None else titles[number], issue) for number, issue in self.issues.errors
        ]

    @property
    def rule_wrong(self) -> str:
        return " ".join(issue.control for issue in self.issues.rule)

    @property
    def incomplete(self) -> int:
        """How many contacts lack a field that could not be written."""
        return self.panel.incomplete.get(self.audience, 0)

    @property
    def incomplete_words(self) -> str:
        if self.incomplete > MOST:
            return gettext("more than 1,000 people")
        number = self.incomplete
        return ngettext("%(number)d person", "%(number)d people", number) % {"number": number}

    @property
    def policies(self) -> list[tuple[str, str]]:
        return [(one.value, str(one.label)) for one in DuplicatePolicy.Policy]

    @cached_property
    def update(self) -> duplicates.Update:
        return duplicates.update_of(self.draft.settings, panel=self.panel, labels=self.labels)

    @property
    def marks_are_saved(self) -> bool:
        return self.panel.settings(self.audience).marks

    @cached_property
    def rule(self) -> rule.Hints:
        return rule.hints_of(self.draft.settings, attributes=self.panel.attributes, labels=self.labels)
