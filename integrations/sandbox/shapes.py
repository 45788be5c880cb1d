"""The shape of answers: a contact with all its keys, lists and their pages. Decides nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.messages import Json, RefusalError, invalid
from integrations.sandbox.standard import EMPTY_FIELDS, FALSE_FIELDS, RELATED

LARGEST_PAGE = 150
TAGS_SHOWN = 10
MOST_CONTACTS = 10**12


def contact_json(doc: Json, workspace: str) -> Json:
    """A contact as version 2.16 answers it: tags carry ids only, and at most ten of them."""
    tags = doc.get("tags", [])
    refs = [{"id": each, "type": "tag", "url": f"/tags/{each}"} for each in tags[:TAGS_SHOWN]]
    email = doc.get("email")
    return {
        "type": "contact",
        "workspace_id": workspace,
        "email": email,
        "email_domain": email.rpartition("@")[2] if email else None,
        "phone": None,
        "name": None,
        **dict.fromkeys(EMPTY_FIELDS),
        **dict.fromkeys(FALSE_FIELDS, False),
        "social_profiles": {"type": "list", "data": []},
        "location": {
            "type": "location",
            **dict.fromkeys(("country", "region", "city", "country_code", "continent_code")),
        },
        **doc,
        "tags": _related(doc["id"], "tags", data=refs, total=len(tags)),
        **{name: _related(doc["id"], url) for name, url in RELATED.items()},
        "enabled_push_messaging": None,
    }


def _related(contact_id: str, last: str, *, data: Sequence[Json] = (), total: int = 0) -> Json:
    return {
        "type": "list",
        "data": list(data),
        "url": f"/contacts/{contact_id}/{last}",
        "total_count": total,
        "has_more": total > len(data),
    }


@dataclass(frozen=True, slots=True)
class Page:
    size: int
    offset: int

    @property
    def number(self) -> int:
        return self.offset // self.size + 1


def page_of(per_page: Any, starting_after: Any, *, default: int) -> Page:
    """The page asked for; raises 400 for nonsense and, as met in the wild, 500 for an empty cursor."""
    try:
        size = default if per_page is None else int(per_page)
    except (TypeError, ValueError, OverflowError):
        raise invalid("per_page must be a number") from None  # assumed
    if not 1 <= size <= LARGEST_PAGE:
        raise invalid(f"per_page must be between 1 and {LARGEST_PAGE}")  # assumed
    return Page(size, 0 if starting_after is None else _offset(starting_after))


def _offset(cursor: Any) -> int:
    if cursor == "":
        raise RefusalError(500, "server_error", "Server Error")
    try:
        word, _, number = base64.b64decode(str(cursor), validate=True).decode().partition(":")
        if word == "after" and 0 <= int(number) < MOST_CONTACTS:
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise invalid("starting_after is not a cursor of this list")  # assumed


def contact_list(docs: Sequence[Json], total: int, *, page: Page, workspace: str) -> Json:
    """A page of contacts; `next` is absent on the last page."""
    pages: Json = {
        "type": "pages",
        "page": page.number,
        "per_page": page.size,
        "total_pages": -(-total // page.size),
    }
    end = page.offset + page.size
    if end < total:
        cursor = base64.b64encode(f"after:{end}".encode()).decode()
        pages["next"] = {"page": page.number + 1, "starting_after": cursor}
    data = [contact_json(doc, workspace) for doc in docs]
    return {"type": "list", "data": data, "total_count": total, "pages": pages}
