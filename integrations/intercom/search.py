"""Search for contacts by email or id: its body, its pages, and when they are too few to be believed.

Never takes a search that was cut short for "none found". Compares no emails.
https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/searchcontacts
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrations.intercom.answer import Answer
from integrations.intercom.errors import Kind, TransientError
from integrations.intercom.parse import ShapeError, parse_contact, parse_rows

if TYPE_CHECKING:
    from integrations.logic.types import Contact

MOST_VALUES = 15
MOST_PAGES = 20
_PER_PAGE = 150


@dataclass(frozen=True, slots=True)
class Page:
    """One page of hits. `following` is the cursor of the next one, None on the last."""

    contacts: tuple[Contact, ...]
    total: int
    following: str | None


def query(values: Sequence[str], *, field: str = "email") -> dict[str, Any]:
    """The filter for any of 1 to 15 values (Intercom's limit for a group). Raises ValueError."""
    if not 1 <= len(values) <= MOST_VALUES or isinstance(values, str):
        raise ValueError(f"a search takes 1 to {MOST_VALUES} values")
    filters = [{"field": field, "operator": "=", "value": value} for value in values]
    return filters[0] if len(filters) == 1 else {"operator": "OR", "value": filters}


def body(asked: dict[str, Any], *, cursor: str | None) -> dict[str, Any]:
    """The body for one page. As a query parameter, or empty, the cursor would be ignored or break."""
    pagination: dict[str, Any] = {"per_page": _PER_PAGE}
    if cursor is not None:
        pagination["starting_after"] = cursor
    return {"query": asked, "pagination": pagination}


def parse_page(data: object) -> Page:
    """Raises ShapeError for a row without an id, and for a next page that can't be asked for."""
    rows = parse_rows(data)
    known = data if isinstance(data, dict) else {}
    total = known.get("total_count")
    return Page(
        contacts=tuple(parse_contact(row) for row in rows),
        total=total if isinstance(total, int) else len(rows),
        following=_following(known.get("pages")),
    )


def _following(pages: object) -> str | None:
    following = pages.get("next") if isinstance(pages, dict) else None
    if following is None:
        return None
    cursor = following.get("starting_after") if isinstance(following, dict) else None
    if not isinstance(cursor, str) or not cursor:
        raise ShapeError("next page")
    return cursor


def collect(fetch: Callable[[str | None], Answer[Page]]) -> Answer[tuple[Contact, ...]]:
    """Read all pages with `fetch(cursor)`; each contact once, since pages shift while they are read.

    Raises TransientError of the kind INCOMPLETE after 20 pages, when a cursor comes again, or when fewer
    contacts came than Intercom itself counted.
    """
    pages = [fetch(None)]
    cursors: set[str] = set()
    while (cursor := pages[-1].value.following) is not None:
        if cursor in cursors or len(pages) >= MOST_PAGES:
            raise TransientError(pages[-1].exchange, kind=Kind.INCOMPLETE)
        cursors.add(cursor)
        pages.append(fetch(cursor))
    found = {contact.id: contact for page in reversed(pages) for contact in page.value.contacts}
    if pages[-1].value.total > len(found):
        raise TransientError(pages[-1].exchange, kind=Kind.INCOMPLETE)
    return Answer(tuple(found.values()), pages[-1].exchange, tuple(page.exchange for page in pages[:-1]))
