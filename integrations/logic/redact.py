"""What of a call may be stored and shown: allow-lists, cut to size. Never a token, never a third person."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from types import NoneType
from typing import Any

from integrations.logic.text import clean, normal_email, shorten
from integrations.logic.types import CUSTOM, Contact

LONGEST_VALUE = 300
LONGEST_KEY = 200
MOST_KEYS = 100
LONGEST_MESSAGE = 500
READ_AT_MOST = 4000
SHORTEST_NAME = 2
SHORT_NAME = 4

PLAIN_KINDS = (str, int, NoneType)
STANDARD_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")

PLAIN = r"""
    (?P<plain> \b(?: [0-9a-f]{24}                                  # a contact's id
                   | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}   # a UUID
                   | (?:19|20)\d\d-[01]\d-[0-3]\d                  # a day
               )\b (?! [\w.+-]*(?:@|%40) | -?\d) )
"""
LABEL = r"""(?:\w{0,40}(?:token|secret|password)|authorization|api[_-]?key)["']?\s*[=:]\s*(?:bearer\s+)?"""
SECRETS = re.compile(
    rf"""{PLAIN}
    | (?P<labelled> \b(?:bearer\s+|{LABEL})(?:"[^"]*"|'[^']*'|["']?[^\s"',;]+) )
    | (?P<email> (?:[^\s@<>()"',;:][^\s@<>()",;:]{{0,80}})?(?:@|%40)[^\s=<>()"',;]{{1,255}} )
    | (?P<run> [A-Za-z0-9+/_-]{{20,}}={{0,2}} )
    """,
    re.VERBOSE | re.IGNORECASE,
)
PHONES = re.compile(
    rf"""{PLAIN} | (?P<phone> \+?\(?\d(?:[\s().\-/]{{0,3}}\d){{6,}} )""", re.VERBOSE | re.IGNORECASE
)


def sent_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a create or update sent about this person, by full name: plain values alone, cut to size."""
    return dict(list(_sent(body))[:MOST_KEYS])


def received_contact(contact: Contact, *, keys: Collection[str]) -> dict[str, Any]:
    """Of an answered contact its id, role and times, and the fields named by `keys` (full names)."""
    named = {k: contact.value(k) for k in sorted(keys)[:MOST_KEYS] if len(k) <= LONGEST_KEY}
    always = {k: contact.value(k) for k in ("id", "role", "created_at", "updated_at")}
    return {k: _cut(v) for k, v in (named | always).items() if _is_plain(v)}


def vendor_message(text: str | None, *, keep: Collection[str] = (), others: Collection[str] = ()) -> str:
    """Intercom's own words in at most 500 characters, on one line, safe to store and to show.

    Emails other than those in `keep`, phone numbers and secrets become [email], [phone] and [secret];
    the names of `others` become [name]; contact ids stay. None and the empty text give "".
    """
    if not text:
        return ""
    kept = frozenset(normal_email(email) for email in keep)
    line = _without_names(_one_line(text), others=others)
    masked = SECRETS.sub(lambda found: _mask(found, kept=kept), line)
    return shorten(PHONES.sub(_mask_phone, masked), limit=LONGEST_MESSAGE)


def _without_names(line: str, *, others: Collection[str]) -> str:
    """Whole words alone; a short one only as it is written: it may be a common word as well."""
    spellings = {" ".join(clean(one).split()) for one in others}
    for name in sorted(spellings, key=lambda one: (-len(one), one)):
        if len(name) >= SHORTEST_NAME:
            flags = re.IGNORECASE if len(name) > SHORT_NAME else re.NOFLAG
            line = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", line, flags=flags)
    return line


def _sent(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in body.items():
        if key == "custom_attributes":
            custom = value if isinstance(value, Mapping) else {}
            yield from ((CUSTOM + str(k), _cut(v)) for k, v in custom.items() if _is_field(str(k), v))
        elif STANDARD_KEY.fullmatch(key) and _is_plain(value):
            yield key, _cut(value)


def _is_field(key: str, value: Any) -> bool:
    return 0 < len(key) <= LONGEST_KEY and clean(key) == key and _is_plain(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, PLAIN_KINDS) or (isinstance(value, float) and math.isfinite(value))


def _cut(value: Any) -> Any:
    return shorten(clean(value), limit=LONGEST_VALUE) if isinstance(value, str) else value


def _one_line(text: str) -> str:
    spaced = " ".join(clean(text[: READ_AT_MOST + 1]).split())
    seen = "".join(c for c in spaced if unicodedata.category(c) != "Cf")
    # A word that the limit cut in two could be half an email.
    return seen if len(text) <= READ_AT_MOST else seen.rpartition(" ")[0]


def _mask(found: re.Match[str], *, kept: frozenset[str]) -> str:
    part = found.group()
    if found["email"]:
        return _mask_email(part, kept=kept)
    if found["labelled"] or (found["run"] and _looks_secret(part)):
        return "[secret]"
    return part


def _mask_phone(found: re.Match[str]) -> str:
    return "[phone]" if found["phone"] else found.group()


def _mask_email(part: str, *, kept: frozenset[str]) -> str:
    label, equals, email = part.rpartition("=")
    bare = email.rstrip(".!?]}")
    shown = bare if normal_email(bare) in kept else "[email]"
    return f"{label}{equals}{shown}{email[len(bare) :]}"


def _looks_secret(run: str) -> bool:
    """Whether a long run of letters and digits is no word: an attribute's name stays readable."""
    has_digit = any(c.isdigit() for c in run)
    mixed = has_digit and run != run.lower() and run != run.upper()
    return mixed or (has_digit and len(run) >= 28 and run.isalnum()) or run.endswith("=")
