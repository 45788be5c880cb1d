"""Intercom's REST API 2.16, as far as we use it: one method for each call, checked answers, typed errors.

Knows no database and decides nothing: what an error means for a lead is for others to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from integrations.intercom import search
from integrations.intercom.answer import Answer
from integrations.intercom.errors import Kind, TransientError
from integrations.intercom.parse import (
    ShapeError,
    Workspace,
    parse_attribute,
    parse_attributes,
    parse_contact,
    parse_flag,
    parse_workspace,
)

if TYPE_CHECKING:
    from integrations.intercom.session import Session
    from integrations.logic.types import Attribute, Contact

__all__ = ["Answer", "IntercomClient"]

T = TypeVar("T")


class IntercomClient:
    """Calls in one workspace. Safe to share between threads.

    Every method may raise any IntercomError; an answer of 2xx that is not what Intercom promises is a
    TransientError which may have acted.
    """

    def __init__(self, *, token: str, base_url: str, session: Session) -> None:
        self._token = token
        self._base_url = base_url
        self._session = session

    def me(self) -> Answer[Workspace]:
        """The workspace that the token belongs to.

        Raises TransientError of the kind NO_WORKSPACE for a token without one.
        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/admins/identifyadmin
        """
        answer = self._call("GET", "/me", parse=parse_workspace)
        if answer.value is None:
            raise TransientError(answer.exchange, kind=Kind.NO_WORKSPACE)
        return Answer(answer.value, answer.exchange)

    def create_contact(self, body: Mapping[str, Any]) -> Answer[Contact]:
        """Create a contact. ConflictError guards users only: a second lead of one email is simply made.

        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/createcontact
        """
        return self._call("POST", "/contacts", parse=parse_contact, json=dict(body))

    def update_contact(self, contact_id: str, body: Mapping[str, Any]) -> Answer[Contact]:
        """Write some fields; the others stay. Custom attributes are merged by name.

        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/updatecontact
        """
        return self._call("PUT", _contact_path(contact_id), parse=parse_contact, json=dict(body))

    def get_contact(self, contact_id: str) -> Answer[Contact]:
        """Read a contact. An archived one is NotFoundError, a merged one MergedError.

        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/showcontact
        """
        return self._call("GET", _contact_path(contact_id), parse=parse_contact)

    def delete_contact(self, contact_id: str) -> Answer[None]:
        """Delete a contact for good.

        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/deletecontact
        """
        return self._call(
            "DELETE", _contact_path(contact_id), parse=lambda data: parse_flag(data, "deleted", expected=True)
        )

    def unarchive_contact(self, contact_id: str) -> Answer[None]:
        """Restore an archived contact. Intercom answers with no fields of it: read it afterwards.

        A permanently deleted one is RejectedError, or a server error.
        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/unarchivecontact
        """
        path = f"{_contact_path(contact_id)}/unarchive"
        return self._call("POST", path, parse=lambda data: parse_flag(data, "archived", expected=False))

    def search_contacts(self, emails: Sequence[str]) -> Answer[tuple[Contact, ...]]:
        """All contacts of any role with one of 1 to 15 emails, each contact once, over all pages.

        Search lags behind by minutes. Raises TransientError of the kind INCOMPLETE where pages are missing,
        and ValueError for too few or too many emails.
        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/contacts/searchcontacts
        """
        return self._search(search.query(emails))

    def search_contacts_by_id(self, ids: Sequence[str]) -> Answer[tuple[Contact, ...]]:
        """The contacts with one of 1 to 15 ids; those that are archived, merged or new are not among them.

        Lags behind and raises as `search_contacts` does.
        """
        return self._search(search.query(ids, field="id"))

    def _search(self, asked: dict[str, Any]) -> Answer[tuple[Contact, ...]]:
        return search.collect(
            lambda cursor: self._call(
                "POST", "/contacts/search", parse=search.parse_page, json=search.body(asked, cursor=cursor)
            )
        )

    def list_data_attributes(self) -> Answer[tuple[Attribute, ...]]:
        """The contact fields and custom data attributes of the workspace, archived ones too.

        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/data-attributes/lisdataattributes
        """
        params = {"model": "contact", "include_archived": "true"}
        return self._call("GET", "/data_attributes", parse=parse_attributes, params=params)

    def create_data_attribute(self, name: str, *, data_type: str, description: str = "") -> Answer[Attribute]:
        """Create a custom data attribute for contacts. A name that is taken or refused is RejectedError.

        https://developers.intercom.com/docs/references/2.16/rest-api/api.intercom.io/data-attributes/createdataattribute
        """
        body = {"name": name, "model": "contact", "data_type": data_type}
        if description:
            body["description"] = description
        return self._call("POST", "/data_attributes", parse=parse_attribute, json=body)

    def _call(
        self,
        method: str,
        path: str,
        *,
        parse: Callable[[object], T],
        json: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer[T]:
        reply = self._session.send(
            method, path, token=self._token, base_url=self._base_url, json=json, params=params
        )
        try:
            return Answer(parse(reply.data), reply.exchange)
        except ShapeError as error:
            raise TransientError(reply.exchange, kind=Kind.BAD_SHAPE) from error


def _contact_path(contact_id: str) -> str:
    """Raises ValueError for an id that would name another path, such as the list of all contacts."""
    if contact_id.strip(".") == "":
        raise ValueError("not a contact id")
    return f"/contacts/{quote(contact_id, safe='')}"
