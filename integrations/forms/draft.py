"""A tab as it is typed in the form at this moment, and what is wrong with it or missing. Saves nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from campaigns.models import Audience
from integrations.forms import typed as form_texts
from integrations.forms.typed import Typed
from integrations.forms.values import lines, typed_value
from integrations.logic.changes import differences
from integrations.logic.contradictions import contradictions
from integrations.logic.setup import SetupProblem, setup_problems
from integrations.logic.types import Action, Policy, TabSettings, WireValue
from integrations.logic.wrong import MOST_ROWS, Contradiction
from integrations.services.settings_format import Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from integrations.views.page import Panel


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings as typed. `numbers` says which row of the form each row of the settings is."""

    settings: TabSettings
    found: tuple[Contradiction, ...]
    missing: tuple[SetupProblem, ...]
    typed: Typed
    numbers: tuple[int, ...]
    changed: bool
    """Whether it says anything else than what is saved."""


def read_draft(panel: Panel, audience: Audience, data: Mapping[str, str]) -> Draft:
    """The tab as a posted form has it. Never raises: what cannot be read stays as it is saved."""
    at_most = max(MOST_ROWS, len(panel.settings(audience).rows) + 1)
    typed = form_texts.from_post(data, at_most=at_most)
    if not typed.rows:
        typed = replace(typed, rows=saved_draft(panel, audience).typed.rows)
    return draft_from(panel, audience, typed=typed)


def saved_draft(panel: Panel, audience: Audience) -> Draft:
    """The tab as it is saved."""
    return draft_of(panel, audience, settings=panel.settings(audience))


def draft_of(panel: Panel, audience: Audience, *, settings: TabSettings) -> Draft:
    """The tab with any settings, such as those of an older revision."""
    typed = form_texts.from_settings(settings, attributes=panel.attributes)
    return draft_from(panel, audience, typed=typed)


def draft_from(panel: Panel, audience: Audience, *, typed: Typed) -> Draft:
    """Reads and judges what stands in the form."""
    before = panel.settings(audience)
    settings = _settings(panel, audience, typed=typed)
    numbers = tuple(number for number, row in enumerate(typed.rows) if not row.removed)
    return Draft(
        settings=settings,
        found=tuple(contradictions(settings, known=panel.known, before=before)),
        missing=setup_problems(settings),
        typed=typed,
        numbers=numbers,
        changed=bool(differences(before, settings)),
    )


def _settings(panel: Panel, audience: Audience, *, typed: Typed) -> TabSettings:
    before = panel.settings(audience)
    settings = replace(
        before,
        action=_action(typed.text("action"), before=before),
        rows=tuple(row.row for row in typed.rows if not row.removed),
        policy=_policy(typed.text("policy"), before=before),
        marks=bool(typed.text("marks")),
        qualifies=False,
        rule_attribute="",
        rule_initial=None,
        qualifying_values=(),
    )
    if audience is not Audience.LEAD or typed.text("method") != Method.ATTRIBUTE_CHANGES:
        return settings
    return _with_rule(settings, panel=panel, before=before, typed=typed)


def _with_rule(settings: TabSettings, *, panel: Panel, before: TabSettings, typed: Typed) -> TabSettings:
    name = typed.text("attribute").strip()
    attribute = panel.attributes.get(name)
    same = before.qualifies and before.rule_attribute == name
    old = before.qualifying_values if same else ()
    first = (before.rule_initial,) if same and before.rule_initial is not None else ()
    values = [
        typed_value(line, attribute=attribute, before=old) for line in lines(typed.text("qualifying_values"))
    ]
    return replace(
        settings,
        qualifies=True,
        rule_attribute=name,
        rule_initial=typed_value(typed.text("initial_value"), attribute=attribute, before=first),
        qualifying_values=_each_once(value for value in values if value is not None),
    )


def _each_once(values: Iterable[WireValue]) -> tuple[WireValue, ...]:
    """Without those that say the same in other words: yes and true are one. (1 and True are not: by type.)"""
    return tuple({(type(value), value): value for value in values}.values())


def _action(text: str, *, before: TabSettings) -> Action:
    return Action(text) if text in set(Action) else before.action


def _policy(text: str, *, before: TabSettings) -> Policy:
    return Policy(text) if text in set(Policy) else before.policy
