"""Joins the people of a CSV file to a campaign, one transaction each. It prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import Case, Value, When, prefetch_related_objects
from django.utils.translation import gettext as _

from campaigns.cleaning import TEXT_FIELDS
from campaigns.csvfile import CsvFile, UnreadableFile
from campaigns.customs import PREFIX, from_text
from campaigns.models import Audience, LeadFieldType, Participant
from campaigns.services import join_lead
from campaigns.text import normalized_code, normalized_email, refuse_unstorable

if TYPE_CHECKING:
    from campaigns.csvfile import Row
    from campaigns.models import Campaign

REFERRER = "referrer"


class Outcome(StrEnum):
    JOINED = "joined"
    ALREADY_IN = "already_in"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one line; `problem` is in plain words and only there for a bad one."""

    line: int
    outcome: Outcome
    problem: str = ""


def import_leads(campaign: Campaign, *, file: CsvFile) -> Iterator[Result]:
    """Joins each row's person and yields what became of it, as it goes.

    Custom fields are looked up once. Raises UnreadableFile, before anybody joins, for a file without
    an email column or with columns that the campaign does not know.
    """
    kinds = custom_kinds(campaign)
    known = [*TEXT_FIELDS, REFERRER, *(f"{PREFIX}{key}" for key in kinds)]
    _check_columns(file, known=known)
    # Reused for row after row: most of a file is often referred by a few people.
    find = lru_cache(maxsize=1000)(lambda text: find_referrer(campaign, code_or_email=text))
    for row in file:
        if row.problem:
            yield Result(row.line, Outcome.BAD, row.problem)
            continue
        try:
            text = row.cells.get(REFERRER, "").strip()
            person = _join(campaign, row, kinds=kinds, referrer=find(text) if text else None)
        except ValidationError as err:
            yield Result(row.line, Outcome.BAD, describe(err))
        else:
            yield Result(row.line, Outcome.JOINED if person.newly_joined else Outcome.ALREADY_IN)


def custom_kinds(campaign: Campaign) -> dict[str, LeadFieldType]:
    """The campaign's custom fields by key; remembered on the given object for later joins."""
    prefetch_related_objects([campaign], "lead_fields")
    return {field.key: LeadFieldType(field.type) for field in campaign.lead_fields.all()}


def find_referrer(campaign: Campaign, *, code_or_email: str) -> Participant:
    """The person of this campaign with that referral code or email; a referrer before a lead.

    Raises ValidationError when there is none.
    """
    try:
        refuse_unstorable(code_or_email)
    except ValidationError as err:
        raise ValidationError({REFERRER: err}) from None
    people = Participant.objects.filter(campaign=campaign)
    if "@" in code_or_email:
        referrers_first = Case(When(audience=Audience.REFERRER, then=Value(0)), default=Value(1))
        people = people.filter(email_normalized=normalized_email(code_or_email)).order_by(referrers_first)
    else:
        people = people.filter(referral_code=normalized_code(code_or_email))
    found = people.first()
    if found is None:
        raise ValidationError({REFERRER: _("Nobody in this campaign has this code or email.")})
    return found


def describe(error: ValidationError) -> str:
    """All of a ValidationError in one line: `email: Enter a valid email address.`"""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    named = error.message_dict.items()
    return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in named)


def custom_values(texts: Mapping[str, str], *, kinds: Mapping[str, LeadFieldType]) -> dict[str, object]:
    """Custom values from texts by key; a key that the campaign lacks is kept, for joining to refuse."""
    return {key: from_text(text, kind=kinds.get(key, LeadFieldType.TEXT)) for key, text in texts.items()}


def _join(
    campaign: Campaign, row: Row, *, kinds: Mapping[str, LeadFieldType], referrer: Participant | None
) -> Participant:
    texts = {name: row.cells[name] for name in TEXT_FIELDS if name in row.cells}
    answers = {name.removeprefix(PREFIX): text for name, text in row.cells.items() if name.startswith(PREFIX)}
    email = texts.pop("email")
    return join_lead(
        campaign=campaign,
        email=email,
        referrer=referrer,
        custom=custom_values(answers, kinds=kinds),
        **texts,
    )


def _check_columns(file: CsvFile, *, known: list[str]) -> None:
    unknown = [name or _("(no name)") for name in file.columns if name not in known]
    if unknown:
        text = _("Unknown columns: %(unknown)s. Known are: %(known)s.")
        raise UnreadableFile(text % {"unknown": ", ".join(unknown), "known": ", ".join(known)})
    if "email" not in file.columns:
        raise UnreadableFile(_("There is no column called email."))
