"""Strange input: texts, bytes, JSON and forms of the kinds that break what reads them. Pure."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

TEXTS = (
    *("", " ", "\0", "a\0b", "\r\n", "\u2028", "\ufeff", "\ufffe", "\x7f", "\x1f", "\u00a0", "﷽" * 50),
    *("0", "-1", "1", "²", "٣", "1e999", "NaN", "inf", "9" * 19, "9" * 400, "-" + "9" * 30, "0x10", "1_0"),
    *("on", "true", "None", "null", "[]", "{}", "../..", "%00", "%", "%s", "{{ x }}", "{0}", "'", '"', "\\"),
    *(
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "a@b",
        "ana@example.com",
        "ANA@EXAMPLE.COM",
        "@",
        "a@b@c.d",
    ),
    *("İ", "ß", "ﬁ", "e\u0301", "\u202eabc", "👩‍👩‍👧‍👦", "x" * 300, "x" * 5000, "é" * 254 + "@x.com"),
    *(
        "2026-01-31",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "2026-01-31T00:00",
        "1-1",
        "0-0",
    ),
    *("eyJhIjoxfQ==", "====", "a.b.c", "=", "&", ";", ",", "email", "custom_attributes.plan", "lead.email"),
)
WORST = ("\0", "a\0b", "9" * 30, "-1", "x" * 300, "x" * 5000, "(", "%", "10000-01-01", "\u2028", "", "²")
"""What databases and parsers stumble over most, so it comes more often."""

HALVES = ("\ud800", "\udfff", "a\udc80b")
"""Half a character: what bad bytes, or JSON, can bring."""

NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 1e308, -0.0, 0.1, 1e-320)
NO_NUMBERS = (float("nan"), float("inf"), float("-inf"))

texts = st.sampled_from(WORST) | st.sampled_from(TEXTS) | st.text(max_size=40)
any_texts = texts | st.sampled_from(HALVES) | st.text(st.characters(codec=None), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.sampled_from(NUMBERS + NO_NUMBERS)
    | st.integers()
    | st.floats()
    | any_texts
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_texts, inner, max_size=4),
    max_leaves=12,
)
raw = st.binary(max_size=60) | any_texts.map(lambda text: text.encode("utf-8", "surrogatepass"))


def as_bytes(document: Any) -> bytes:
    """JSON, with what JSON has no word for as Python writes it (NaN), half characters as escapes."""
    return json.dumps(document).encode()


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a document, its own first."""
    found = [path]
    items: Any = ()
    if isinstance(document, Mapping):
        items = document.items()
    elif isinstance(document, list):
        items = enumerate(document)
    for key, value in items:
        found += places(value, (*path, key))
    return found


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """The document with one to three values replaced, taken away, renamed, doubled or put elsewhere."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        ways = [way for way in places(changed) if way]
        if ways:
            _change(draw, changed, draw(st.sampled_from(ways)))
    return changed


def _change(draw: st.DrawFn, document: Any, way: tuple[Any, ...]) -> None:
    *above, key = way
    parent = document
    for step in above:
        parent = parent[step]
    match draw(st.sampled_from(("replace", "replace", "remove", "rename", "double", "wrap"))):
        case "remove":
            del parent[key]
        case "rename" if isinstance(parent, dict):
            parent[draw(any_texts)] = parent.pop(key)
        case "double" if isinstance(parent, list):
            parent.extend([copy.deepcopy(parent[key])] * draw(st.sampled_from((1, 3, 300))))
        case "wrap":
            parent[key] = draw(st.sampled_from(([parent[key]], {"value": parent[key]})))
        case _:
            parent[key] = draw(documents)


def encoded(pairs: Sequence[tuple[str | bytes, str | bytes]]) -> str:
    """A query string, or the body of a form; bytes need not be UTF-8."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(part: str | bytes) -> str:
    return quote_from_bytes(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass"))


def fields(
    names: Sequence[str], *, most: int = 6
) -> st.SearchStrategy[list[tuple[str | bytes, str | bytes]]]:
    """Some of these fields, and some that nobody knows, with anything in them, some of them twice."""
    name: st.SearchStrategy[str | bytes] = st.sampled_from([*names]) | raw
    return st.lists(st.tuples(name, texts | raw), max_size=most)


@st.composite
def posted(
    draw: st.DrawFn, form: Mapping[str, str], *, names: Sequence[str] = ("",)
) -> list[tuple[str | bytes, str | bytes]]:
    """A form as a browser would post it, with a few fields changed, missing, doubled or added.

    `names` are of fields that the form lacks and somebody reads.
    """
    pairs: list[tuple[str | bytes, str | bytes]] = list(form.items())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(pairs) - 1, 0)))
        match draw(st.sampled_from(("change", "change", "change", "remove", "double", "add"))):
            case "change" if pairs:
                pairs[at] = (pairs[at][0], draw(texts | raw))
            case "remove" if pairs:
                del pairs[at]
            case "double" if pairs:
                pairs.append((pairs[at][0], draw(texts | raw)))
            case _:
                pairs.append((draw(st.sampled_from(names) | texts | raw), draw(texts | raw)))
    return pairs
