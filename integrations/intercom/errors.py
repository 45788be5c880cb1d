"""What can go wrong in a call to Intercom, as types. Their texts carry no body, no address and no token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.intercom.exchange import Exchange

MESSAGE_LIMIT = 500
_PLAIN_CODE = re.compile(r"[A-Za-z0-9_]{1,64}")


class Kind(StrEnum):
    """Why no trustworthy answer came."""

    CONNECT_TIMEOUT = "connect_timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    BROKEN = "broken"
    SERVER_TIMEOUT = "server_timeout"
    SERVER_ERROR = "server_error"
    REDIRECT = "redirect"
    NOT_JSON = "not_json"
    BAD_SHAPE = "bad_shape"
    NO_WORKSPACE = "no_workspace"
    TOO_LARGE = "too_large"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class VendorError:
    """One entry of Intercom's error list; what it leaves out is empty. May hold personal data."""

    code: str
    message: str
    field: str


class IntercomError(Exception):
    """Any failed call. `exchange` is None only where nothing was tried.

    str() names the class, status, code and path template. Intercom's own words may quote a person's
    data, so they are attributes alone (`vendor_message`, `errors`).
    https://developers.intercom.com/docs/references/rest-api/errors/error-codes
    """

    def __init__(self, exchange: Exchange | None = None, *, errors: tuple[VendorError, ...] = ()) -> None:
        super().__init__()
        self.exchange = exchange
        self.errors = errors

    def __str__(self) -> str:
        words = [type(self).__name__]
        if self.exchange is not None:
            status = "no answer" if self.exchange.status is None else str(self.exchange.status)
            words += [status, self.exchange.method, self.exchange.template]
        words += self._details()
        return " ".join(words)

    def _details(self) -> list[str]:
        return [self.code] if self.code else []

    @property
    def code(self) -> str:
        """The first code that Intercom gave, or an empty string.

        What is no plain word is passed over: it is no code of theirs, and may quote anything.
        """
        return next((error.code for error in self.errors if _PLAIN_CODE.fullmatch(error.code)), "")

    @property
    def vendor_message(self) -> str:
        """Intercom's own words, at most 500 characters, or an empty string."""
        return " ".join(error.message for error in self.errors if error.message)[:MESSAGE_LIMIT]

    @property
    def field(self) -> str:
        """The first field that Intercom named, or an empty string."""
        return next((error.field for error in self.errors if error.field), "")


class ConflictError(IntercomError):
    """409: a matching contact exists. `contact_id` is None where the message names none, or several."""

    def __init__(
        self,
        exchange: Exchange | None = None,
        *,
        errors: tuple[VendorError, ...] = (),
        contact_id: str | None = None,
        archived: bool = False,
    ) -> None:
        super().__init__(exchange, errors=errors)
        self.contact_id = contact_id
        self.archived = archived


class NotFoundError(IntercomError):
    """404: there is no such thing, or the contact is archived or deleted."""


class MergedError(IntercomError):
    """410: the contact was merged into `canonical_id` (None where the answer does not say it)."""

    def __init__(
        self,
        exchange: Exchange | None = None,
        *,
        errors: tuple[VendorError, ...] = (),
        canonical_id: str | None = None,
    ) -> None:
        super().__init__(exchange, errors=errors)
        self.canonical_id = canonical_id


class RejectedError(IntercomError):
    """Any other 4xx: sending the same again cannot help.

    `attribute_name` is the custom data attribute that does not exist, or None; `field` as Intercom named it.
    """

    def __init__(
        self,
        exchange: Exchange | None = None,
        *,
        errors: tuple[VendorError, ...] = (),
        attribute_name: str | None = None,
    ) -> None:
        super().__init__(exchange, errors=errors)
        self.attribute_name = attribute_name


class AuthError(IntercomError):
    """401 with any code, or a token that cannot be a token: the workspace must be connected anew."""


class ForbiddenError(IntercomError):
    """403 or 402: the plan or the granted permissions do not allow it."""


class RateLimitedError(IntercomError):
    """429. `retry_at` is in Unix seconds (UTC), at most a minute away; None where no header says it."""

    def __init__(
        self,
        exchange: Exchange | None = None,
        *,
        errors: tuple[VendorError, ...] = (),
        retry_at: float | None = None,
    ) -> None:
        super().__init__(exchange, errors=errors)
        self.retry_at = retry_at


class TransientError(IntercomError):
    """No trustworthy answer. `maybe_acted` is False only where the request surely never left."""

    def __init__(
        self,
        exchange: Exchange | None = None,
        *,
        kind: Kind,
        maybe_acted: bool = True,
        errors: tuple[VendorError, ...] = (),
    ) -> None:
        super().__init__(exchange, errors=errors)
        self.kind = kind
        self.maybe_acted = maybe_acted

    def _details(self) -> list[str]:
        return [*super()._details(), self.kind.value]
