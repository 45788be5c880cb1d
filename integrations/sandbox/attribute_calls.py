"""The data attribute endpoints, and which attributes the vendor takes. Touches no contact.

Texts of refusals: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

from integrations.sandbox.attributes import Kind, by_id, insert, read_all
from integrations.sandbox.messages import RefusalError, Response, invalid, json_response
from integrations.sandbox.standard import STANDARD

if TYPE_CHECKING:
    from integrations.sandbox.context import Context

CUSTOM_LIMIT = 250
STANDARD_NAMES = {str(each["name"]).casefold() for each in STANDARD}


def index(ctx: Context) -> Response:
    """GET /data_attributes: not paginated."""
    model = ctx.query.get("model", "contact")
    if model == "conversation":
        raise RefusalError(422, "parameter_invalid", "Conversation attributes are not listed here")
    if model == "company":
        return json_response({"type": "list", "data": []})
    with_archived = ctx.query.get("include_archived", "false").lower() == "true"
    own = read_all(ctx.db, ctx.workspace.id).values()
    data = [*STANDARD, *(each.json() for each in own if with_archived or not each.archived)]
    return json_response({"type": "list", "data": data})


def create(ctx: Context) -> Response:
    """POST /data_attributes."""
    body = ctx.body()
    if body.get("model") not in {"contact", "company"}:
        raise invalid("The Data Attribute model field must be either contact or company")
    name = _free_name(ctx, body.get("name"))
    kind = _kind(body.get("data_type"))
    options = _options(body.get("options")) if kind is Kind.OPTIONS else ()
    _refuse_over_limit(ctx)
    return json_response(insert(ctx, name, kind=kind, options=options, body=body).json())


def update(ctx: Context) -> Response:
    """PUT /data_attributes/{id}: archived, description, options, messenger_writable; never the type."""
    attribute = by_id(ctx, ctx.args["id"])
    body = ctx.body()
    archived = body.get("archived", attribute.archived)
    in_messenger = body.get("messenger_writable", attribute.messenger_writable)
    options = _options(body["options"]) if body.get("options") else attribute.options
    ctx.db.execute(
        "UPDATE attributes SET archived = ?, messenger_writable = ?, description = ?, options = ?,"
        " updated_at = ? WHERE id = ?",
        (
            *(bool(archived), bool(in_messenger)),
            str(body.get("description", attribute.description) or ""),
            *(json.dumps(list(options)), ctx.seconds, attribute.id),
        ),
    )
    return json_response(by_id(ctx, ctx.args["id"]).json())


def _free_name(ctx: Context, name: Any) -> str:
    if not isinstance(name, str) or not name or not all(map(_may_stand_in_name, name)):
        raise invalid(
            "Your name for this attribute must only contain alphanumeric characters, currency symbols, "
            "and hyphens"
        )
    if name.casefold() in STANDARD_NAMES:
        raise invalid(
            f"'{name}' is one of our standard attributes for your people data. "
            "To save this as new people data, use a different name."
        )
    # Assumed: an archived attribute still holds its name, and names differ by case, as keys do.
    if name in read_all(ctx.db, ctx.workspace.id):
        raise invalid(
            f"You already have '{name}' in your people data. "
            "To save this as new people data, use a different name."
        )
    return name


def _may_stand_in_name(letter: str) -> bool:
    return letter.isalnum() or letter in "-_" or unicodedata.category(letter) == "Sc"


def _kind(value: Any) -> Kind:
    try:
        return Kind(value)
    except ValueError:
        raise invalid("Data Type isn't an option") from None


def _options(value: Any) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else []
    texts = [each["value"] for each in entries if isinstance(each, dict) and "value" in each]
    if len(texts) < 2:
        raise invalid("You must have at least two options on a list type data attribute")
    return tuple(map(str, texts))


def _refuse_over_limit(ctx: Context) -> None:
    live = [each for each in read_all(ctx.db, ctx.workspace.id).values() if not each.archived]
    if len(live) >= CUSTOM_LIMIT:
        raise RefusalError(
            400, "custom_data_limit_reached", f"You can only have {CUSTOM_LIMIT} custom attributes"
        )
