"""Creates a data attribute in Intercom when somebody asks for one, and offers it at once. Refuses in whole
sentences; never raises for what Intercom does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from integrations.intercom.errors import IntercomError, RejectedError, TransientError
from integrations.logic.targets import FORBIDDEN_TARGETS, WIRE_TYPES
from integrations.logic.text import clean, is_blank
from integrations.logic.types import CUSTOM, Attribute
from integrations.logic.wrong import unstorable
from integrations.models import SecretUnreadableError
from integrations.services.access import asking
from integrations.services.attributes import add_attribute, refresh_attributes
from integrations.services.tabs import load_attributes
from integrations.services.type_words import type_in_words
from integrations.services.vendor_words import cannot_ask, failure_in_words

if TYPE_CHECKING:
    from integrations.intercom.session import Session
    from integrations.models import IntercomConnection

LONGEST_NAME = 190
CREATABLE = ("string", "integer", "float", "boolean", "date")
"""The types that somebody may choose; `type_words.TYPES` has their labels."""

LIMIT_REACHED = "custom_data_limit_reached"

NO_NAME = _("Give the new attribute a name.")
INVISIBLE = _("This name contains an invisible character that cannot be stored. Type it anew.")
TOO_LONG = _("This name is too long: Intercom takes at most %(limit)d characters.")
WRONG_LETTERS = _("A name may hold letters, digits, hyphens and underscores only. Try “%(better)s”.")
NO_LETTERS = _("A name may hold letters, digits, hyphens and underscores only.")
NO_TYPE = _("Choose what kind of values the new attribute holds.")
STANDARD = _("“%(name)s” is the name of one of Intercom's own fields. Take another name.")
ARCHIVED = _(
    "Intercom has an archived attribute called “%(name)s”. Restore it in Intercom (Settings, Data, People) "
    "and refresh the list here, or take another name."
)
OTHER_TYPE = _(
    "Intercom has an attribute called “%(name)s” already, of another type: %(type)s. Choose it from the "
    "list, or take another name."
)
READ_ONLY = _("Intercom has an attribute called “%(name)s” that nobody may write. Take another name.")
OTHER_SPELLING = _(
    "Intercom has an attribute called “%(name)s” already. Choose it from the list, or take another name."
)
TOO_MANY = _(
    "This workspace has as many data attributes as Intercom allows. Archive one there, then try again."
)
MAY_EXIST = _("The attribute may have been created all the same: trying again does no harm.")


@dataclass(frozen=True, slots=True)
class Creation:
    """The attribute, or a sentence that says why there is none. `created`: it was not there before."""

    attribute: Attribute | None = None
    created: bool = False
    refusal: str = ""


def create_attribute(
    connection: IntercomConnection, *, name: str, data_type: str, session: Session, description: str = ""
) -> Creation:
    """Creates a custom attribute for contacts, unless one of that name and type is there already.

    So a second click, and a try after a lost answer, end as the first one should have.
    """
    if unstorable(name):
        return Creation(refusal=str(INVISIBLE))
    name = unicodedata.normalize("NFC", clean(name))
    refusal = _refusal(name, data_type) or cannot_ask(connection)
    if refusal:
        return Creation(refusal=refusal)
    known = load_attributes(connection.pk)
    return _there_already(name, data_type, known=known) or _ask(
        connection, name=name, data_type=data_type, description=description, session=session
    )


def _refusal(name: str, data_type: str) -> str:
    """What is wrong with the wish itself, whatever the workspace holds."""
    if is_blank(name):
        return str(NO_NAME)
    if len(name) > LONGEST_NAME:
        return TOO_LONG % {"limit": LONGEST_NAME}
    if not re.fullmatch(r"[\w-]+", name):
        better = re.sub(r"[^\w-]+", "_", name).strip("_-")
        return WRONG_LETTERS % {"better": better} if better else str(NO_LETTERS)
    if name.casefold() in FORBIDDEN_TARGETS | WIRE_TYPES.keys():
        return STANDARD % {"name": name}
    return "" if data_type in CREATABLE else str(NO_TYPE)


def _there_already(name: str, data_type: str, *, known: Mapping[str, Attribute]) -> Creation | None:
    """What the workspace has under this name, in any spelling; None where the name is free."""
    same = known.get(CUSTOM + name) or _spelled_otherwise(name, known=known)
    if same is None:
        return None
    own_name = same.full_name.removeprefix(CUSTOM) if same.custom else name
    sentence = _why_not(same, data_type)
    if not sentence and own_name == name:
        return Creation(same)
    words = {"name": own_name, "type": type_in_words(same)}
    return Creation(refusal=(sentence or str(OTHER_SPELLING)) % words)


def _why_not(same: Attribute, data_type: str) -> str:
    """Why what is there cannot stand for what is wanted; "" if it can."""
    if not same.custom:
        return str(STANDARD)
    if same.archived:
        return str(ARCHIVED)
    if not same.writable:
        return str(READ_ONLY)
    return "" if same.data_type == data_type and not same.options else str(OTHER_TYPE)


def _spelled_otherwise(name: str, *, known: Mapping[str, Attribute]) -> Attribute | None:
    wanted = name.casefold()
    return next((one for one in known.values() if wanted in _names(one)), None)


def _names(attribute: Attribute) -> set[str]:
    """Intercom compares with what its own fields are called on its screens, too."""
    own_name = attribute.full_name.removeprefix(CUSTOM).casefold()
    return {own_name} if attribute.custom else {own_name, attribute.label.casefold()}


def _ask(
    connection: IntercomConnection, *, name: str, data_type: str, description: str, session: Session
) -> Creation:
    try:
        with asking(connection, session=session) as client:
            answer = client.create_data_attribute(name, data_type=data_type, description=description)
    except RejectedError as err:
        return _rejected(connection, err, name=name, data_type=data_type, session=session)
    except (IntercomError, SecretUnreadableError, ValueError) as err:
        return Creation(refusal=_failed(err))
    attribute = answer.value
    add_attribute(connection, attribute)
    return Creation(attribute, created=True)


def _rejected(
    connection: IntercomConnection, error: RejectedError, *, name: str, data_type: str, session: Session
) -> Creation:
    """Perhaps somebody else, or the click before, has created it since we last read the list."""
    if error.code == LIMIT_REACHED:
        return Creation(refusal=str(TOO_MANY))
    try:
        refresh_attributes(connection, session=session)
    except IntercomError:
        return Creation(refusal=_failed(error))
    known = load_attributes(connection.pk)
    return _there_already(name, data_type, known=known) or Creation(refusal=_failed(error))


def _failed(error: Exception) -> str:
    sentence = failure_in_words(error)
    in_doubt = isinstance(error, TransientError) and error.maybe_acted
    return f"{sentence} {MAY_EXIST}" if in_doubt else sentence
