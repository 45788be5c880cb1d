"""POST /contacts/search: reads what search may already see, which lags behind the contacts themselves.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrations.sandbox.attributes import read_all
from integrations.sandbox.conditions import Field, FieldKind, Sql, compare
from integrations.sandbox.messages import Json, RefusalError, Response, invalid, json_response
from integrations.sandbox.shapes import contact_list, page_of

if TYPE_CHECKING:
    from integrations.sandbox.context import Context

MOST_FILTERS = 15
MOST_LEVELS = 2
CUSTOM = "custom_attributes."
COLUMNS = {"id": "contact", "email": "email", "role": "role", "external_id": "external_id"}
TEXTS = ("name", "phone", "owner_id")
FLAGS = ("unsubscribed_from_emails", "has_hard_bounced", "marked_email_as_spam")
DATES = ("created_at", "updated_at", "signed_up_at", "last_seen_at")
CUSTOM_KINDS = {
    "integer": FieldKind.NUMBER,
    "float": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
    "date": FieldKind.DATE,
    "datetime": FieldKind.DATE,
}
ORDERS = {"ascending": "ASC", "descending": "DESC"}


def search(ctx: Context) -> Response:
    """The cursor is read from the body's `pagination`; one in the address is ignored, as by the vendor."""
    body = ctx.body()
    pagination = body.get("pagination") or {}
    if not isinstance(pagination, dict):
        raise invalid("pagination must be an object")  # assumed
    page = page_of(pagination.get("per_page"), pagination.get("starting_after"), default=50)
    where = Searcher(ctx).condition(body.get("query"), level=1)
    order = _order(body.get("sort"))
    visible = "FROM searchable WHERE workspace = ? AND visible_from <= ? AND visible_until > ? AND "
    params = (ctx.workspace.id, ctx.now, ctx.now, *where.params)
    (total,) = ctx.db.execute(f"SELECT count(*) {visible}{where.text}", params).fetchone()
    rows = ctx.db.execute(
        f"SELECT doc {visible}{where.text} ORDER BY {order} LIMIT ? OFFSET ?",
        (*params, page.size, page.offset),
    )
    docs = [json.loads(row["doc"]) for row in rows]
    return json_response(contact_list(docs, total, page=page, workspace=ctx.workspace.id))


def _order(sort: Any) -> str:
    """Unasked, the newest first (assumed)."""
    if sort is None:
        return "json_extract(doc, '$.created_at') DESC, seq DESC"
    field, order = (
        (sort.get("field"), sort.get("order", "descending")) if isinstance(sort, dict) else ("", "")
    )
    if not isinstance(order, str) or order not in ORDERS:
        text = f"Invalid sort order '{order}'. Must be one of: ascending, descending"
        raise RefusalError(400, "invalid_sort_order", text)
    if field not in (*COLUMNS, *TEXTS, *DATES):
        raise invalid(f"Can't sort by '{field}'")  # assumed
    column = COLUMNS.get(field, f"json_extract(doc, '$.{field}')")
    return f"{column} {ORDERS[order]}, seq {ORDERS[order]}"


@dataclass(frozen=True, slots=True)
class Searcher:
    """Turns a query into one SQL condition; raises 400 for what the vendor would not take."""

    ctx: Context

    def condition(self, query: Any, *, level: int) -> Sql:
        if not isinstance(query, dict):
            raise invalid("query must be an object")  # assumed
        if query.get("operator") in ("AND", "OR") and isinstance(query.get("value"), list):
            return self._group(query, level=level)
        return compare(self._field(query.get("field")), query.get("operator"), query.get("value"))

    def _group(self, query: Json, *, level: int) -> Sql:
        if level > MOST_LEVELS:
            raise invalid(f"Filters can be nested to {MOST_LEVELS} levels")  # text assumed
        children = query["value"]
        if not 1 <= len(children) <= MOST_FILTERS:
            raise invalid(f"A group takes 1 to {MOST_FILTERS} filters")  # text assumed
        parts = [self.condition(child, level=level + 1) for child in children]
        text = f" {query['operator']} ".join(part.text for part in parts)
        return Sql(f"({text})", tuple(value for part in parts for value in part.params))

    def _field(self, name: Any) -> Field:
        if not isinstance(name, str):
            raise invalid("A filter needs a field")  # assumed
        if name.startswith(CUSTOM):
            return self._custom_field(name.removeprefix(CUSTOM))
        if name in COLUMNS:
            return Field(COLUMNS[name], folded=name == "email")
        for names, kind in ((TEXTS, FieldKind.TEXT), (FLAGS, FieldKind.BOOLEAN), (DATES, FieldKind.DATE)):
            if name in names:
                return Field(f"json_extract(doc, '$.{name}')", kind=kind)
        raise invalid(f"Can't search by '{name}'")  # assumed

    def _custom_field(self, name: str) -> Field:
        attribute = read_all(self.ctx.db, self.ctx.workspace.id).get(name)
        if attribute is None:
            raise invalid(f"Custom attribute '{name}' does not exist")  # assumed for search
        # The name is safe to stand in SQL: only letters, digits, -, _ and currency signs get in.
        path = f"json_extract(doc, '$.custom_attributes.\"{name}\"')"
        return Field(path, kind=CUSTOM_KINDS.get(attribute.kind, FieldKind.TEXT))
