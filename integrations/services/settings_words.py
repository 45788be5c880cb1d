"""Puts what is wrong with a tab, or missing from it, into words, and names the place. Judges nothing."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.logic.setup import SetupCode, setup_problems
from integrations.logic.types import Action, TabSettings
from integrations.logic.wrong import Contradiction, Place, Wrong

WRONG: Mapping[Wrong, object] = {
    Wrong.EMAIL_NOT_OWN: _("email takes the person's own email alone: dynamic, from lead.email"),
    Wrong.ID_NOT_OWN: _(
        "external_id takes a value that is the person's alone, such as lead.id: dynamic, and none that "
        "others share"
    ),
    Wrong.MAPPED_TWICE: _("%(name)s is mapped twice"),
    Wrong.SOURCE_UNKNOWN: _("“%(name)s” is not a field of this campaign; known are %(known)s"),
    Wrong.TARGET_FORBIDDEN: _("%(name)s may not be written from here"),
    Wrong.TARGET_NOT_WRITABLE: _(
        "the workspace has no field %(name)s that may be written; create it in Intercom, then connect again"
    ),
    Wrong.ATTRIBUTE_UNKNOWN: _("the workspace has no data attribute %(name)s"),
    Wrong.ATTRIBUTE_IS_A_MARK: _("%(name)s marks every contact as referred, so it cannot qualify anybody"),
    Wrong.ATTRIBUTE_NOT_WATCHABLE: _(
        "a rule cannot watch %(name)s; it can watch data attributes and, of the standard fields, %(known)s"
    ),
    Wrong.INITIAL_NOT_WRITABLE: _("%(name)s may not be written, so it cannot be given a value"),
    Wrong.INITIAL_QUALIFIES: _("would itself qualify every new contact"),
    Wrong.ROW_QUALIFIES: _("writes a qualifying value to every new contact"),
    Wrong.VALUE_DOES_NOT_FIT: _("does not fit %(name)s, which takes a value of type %(type)s"),
    Wrong.VALUE_NOT_AN_OPTION: _("is not an option of %(name)s, which takes one of: %(options)s"),
    Wrong.TOO_LONG: _("is longer than %(longest)s characters"),
    Wrong.UNSTORABLE: _("contains characters that cannot be stored"),
    Wrong.TOO_LARGE: _("is not a number that Intercom can keep"),
    Wrong.EMPTY: _("is empty"),
}

MISSING: Mapping[SetupCode, object] = {
    SetupCode.EMAIL_NOT_MAPPED: _("email must be mapped from lead.email"),
    SetupCode.EMAIL_NOT_OWN: WRONG[Wrong.EMAIL_NOT_OWN],
    SetupCode.ROW_WITHOUT_SOURCE: _("says where to write but not what: choose a field"),
    SetupCode.ROW_WITHOUT_VALUE: _("has no value yet"),
    SetupCode.ROW_WITHOUT_TARGET: _("says what to write but not where: choose a field of Intercom"),
    SetupCode.DUPLICATE_TARGET: _("is mapped twice"),
}

KEYS: Mapping[Place, str] = {
    Place.DATA_TYPE: "data_type",
    Place.SOURCE: "from",
    Place.VALUE: "value",
    Place.TARGET: "to",
}
"""What a part of a row is called in the JSON document."""


def sentence(found: Contradiction) -> str:
    """What is wrong, without saying where."""
    return str(WRONG[found.code]) % found.params


def path(found: Contradiction) -> str:
    """Where in a tab of the JSON document, such as `field_map[2].to`."""
    if found.place in KEYS:
        return f"field_map[{found.number}].{KEYS[found.place]}"
    number = f"[{found.number}]" if found.place is Place.QUALIFYING else ""
    return f"qualification.{found.place.value}{number}"


def missing(settings: TabSettings) -> list[str]:
    """What a tab that should do something still lacks, as "path: what"."""
    lines = []
    for problem in setup_problems(settings):
        where = "field_map" if problem.row is None else f"field_map[{problem.row}]"
        lines.append(f"{where}: {MISSING[problem.code]}")
    if settings.action is not Action.NOTHING and settings.qualifies:
        lines += _missing_of_rule(settings)
    return lines


def _missing_of_rule(settings: TabSettings) -> list[str]:
    lines = []
    if not settings.rule_attribute:
        text = gettext("until a data attribute is chosen, nobody qualifies")
        lines.append(f"qualification.attribute: {text}")
    if not settings.qualifying_values:
        text = gettext("until a value is named, nobody qualifies")
        lines.append(f"qualification.qualifying_values: {text}")
    return lines
