"""What a test lead found, in words: for each field, and for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from integrations.logic.notes import Note
from integrations.logic.trial import Failure
from integrations.logic.trial_findings import SETTLED, Finding, Outcome, passed
from integrations.services.outcome_words import Badge, Look
from integrations.services.preview_words import remark_on

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.logic.types import Attribute

BADGES: Mapping[Outcome, Badge] = {
    Outcome.PENDING: Badge(gettext_lazy("Not tested"), Look.MUTED),
    Outcome.SENT: Badge(gettext_lazy("Not checked"), Look.MUTED),
    Outcome.WRITTEN: Badge(gettext_lazy("Works"), Look.OK),
    Outcome.DIFFERENT: Badge(gettext_lazy("Changed by Intercom"), Look.WARN),
    Outcome.MISSING: Badge(gettext_lazy("Not there"), Look.ERROR),
    Outcome.REFUSED: Badge(gettext_lazy("Refused"), Look.ERROR),
    Outcome.LEFT_OUT: Badge(gettext_lazy("Left out"), Look.ERROR),
    Outcome.EMPTY: Badge(gettext_lazy("No value"), Look.MUTED),
    Outcome.SKIPPED: Badge(gettext_lazy("Not tested"), Look.MUTED),
}

REASONS: Mapping[Outcome, _StrPromise] = {
    Outcome.PENDING: gettext_lazy("The test ended before this field's turn."),
    Outcome.SENT: gettext_lazy("Intercom took it, but the test ended before it could be checked."),
    Outcome.DIFFERENT: gettext_lazy("Intercom keeps this value in another form, or a workflow changed it."),
    Outcome.MISSING: gettext_lazy("Intercom took it without a word, and yet does not show it."),
    Outcome.REFUSED: gettext_lazy(
        "Intercom refused this field. Look at it there, press Refresh above, or choose another field."
    ),
    Outcome.EMPTY: gettext_lazy("The test person has nothing to put here, so there was nothing to write."),
    Outcome.SKIPPED: gettext_lazy("A test never writes an External ID: it belongs to a real person."),
}

FAILURES: Mapping[Failure, _StrPromise] = {
    Failure.NO_ACCESS: gettext_lazy(
        "Intercom no longer accepts our access to this workspace. Connect it again, then test once more."
    ),
    Failure.FORBIDDEN: gettext_lazy(
        "Intercom does not allow this: our access lacks a permission, or your Intercom plan does not "
        "include it."
    ),
    Failure.REFUSED: gettext_lazy("Intercom refused the test contact, even with its email alone."),
    Failure.TOGETHER: gettext_lazy(
        "Intercom takes each of these fields alone, but refused them all together. Real people may be "
        "refused as well: remove fields until the test passes."
    ),
    Failure.UNREACHABLE: gettext_lazy(
        "Intercom cannot be reached at the moment. Test again in a few minutes."
    ),
    Failure.UNCERTAIN: gettext_lazy(
        "Intercom did not answer as it should, so we do not know whether the test contact was created. Test "
        "again in a few minutes."
    ),
    Failure.NO_ANSWER: gettext_lazy(
        "Intercom stopped answering in the middle of the test. Test again in a few minutes."
    ),
    Failure.GONE: gettext_lazy(
        "Somebody or a workflow in Intercom deleted, archived or merged the test contact while it was "
        "tested. Test again."
    ),
    Failure.EXPIRED: gettext_lazy("The test could not be started within ten minutes, so it was given up."),
    Failure.MOVED: gettext_lazy("The campaign left the workspace before the test had ended. Test again."),
    Failure.INTERNAL: gettext_lazy(
        "Something went wrong on our side. Tell whoever runs this installation, and test again."
    ),
}


def reason(finding: Finding, *, attribute: Attribute | None) -> str:
    """Why a field is not as it was meant, or a remark on it; "" where there is nothing to say."""
    if finding.note is not None and finding.outcome is not Outcome.REFUSED:
        return remark_on(Note(finding.note, finding.target, finding.params), attribute=attribute)
    return str(REASONS.get(finding.outcome, ""))


def verdict(findings: Sequence[Finding], *, failure: Failure) -> tuple[Badge, str]:
    """How a test ended, in a word and a sentence."""
    if failure:
        return Badge(_("Could not be tested"), Look.ERROR), str(FAILURES[failure])
    if passed(findings):
        return Badge(_("Works"), Look.OK), _everything(findings)
    bad = [one for one in findings if one.outcome not in SETTLED]
    changed = [one for one in bad if one.outcome is Outcome.DIFFERENT]
    if len(changed) == len(bad):
        return Badge(_("Look at this"), Look.WARN), ngettext(
            "Everything arrived, but Intercom shows %(number)d field differently.",
            "Everything arrived, but Intercom shows %(number)d fields differently.",
            len(bad),
        ) % {"number": len(bad)}
    number = len(bad) - len(changed)
    text = ngettext(
        "%(bad)d of %(all)d fields did not arrive: people would be sent without it.",
        "%(bad)d of %(all)d fields did not arrive: people would be sent without them.",
        number,
    )
    return Badge(_("Does not work yet"), Look.ERROR), text % {"bad": number, "all": len(findings)}


def _everything(findings: Sequence[Finding]) -> str:
    number = sum(one.outcome is Outcome.WRITTEN for one in findings)
    if number < len(findings):
        return f"{_what_was_tested(number)} {_untested(len(findings) - number)}"
    text = ngettext(
        "Everything works: the %(number)d field arrived in Intercom as it should.",
        "Everything works: all %(number)d fields arrived in Intercom as they should.",
        number,
    )
    return text % {"number": number}


def _what_was_tested(number: int) -> str:
    text = ngettext(
        "What was tested works: %(number)d field arrived in Intercom as it should.",
        "What was tested works: %(number)d fields arrived in Intercom as they should.",
        number,
    )
    return text % {"number": number}


def _untested(number: int) -> str:
    text = ngettext(
        "%(number)d field was not tested; beside it is why.",
        "%(number)d fields were not tested; beside them is why.",
        number,
    )
    return text % {"number": number}
