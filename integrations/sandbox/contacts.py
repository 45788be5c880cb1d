"""Contacts: create, read, update, archive, delete, merge, by the vendor's rules. Search is elsewhere.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts
"""

from __future__ import annotations

import secrets
import uuid

from integrations.sandbox import fields, people, telling
from integrations.sandbox.context import Context, Event
from integrations.sandbox.fields import LEAD, USER
from integrations.sandbox.messages import Json, RefusalError, Response, invalid, json_response
from integrations.sandbox.people import Person, State
from integrations.sandbox.shapes import contact_json, contact_list, page_of


def create(ctx: Context) -> Response:
    """POST /contacts. Only users are protected by a 409; a second lead is always accepted."""
    body = ctx.body()
    role = fields.role(body) or USER
    written = fields.changes(body)
    external_id = fields.external_id(body)
    # Nulls appear in custom_attributes only once an attribute was ever written.
    custom = {name: value for name, value in fields.custom(ctx, body).items() if value is not None}
    if role == USER:
        _refuse_taken(ctx, external_id, written.get("email"))
    else:
        external_id = str(uuid.uuid4())  # a lead's own external_id is silently replaced
    doc: Json = {
        **written,
        "id": f"{ctx.seconds:08x}{secrets.token_hex(8)}",
        "role": role,
        "external_id": external_id,
        "custom_attributes": custom,
        "created_at": ctx.seconds,
        "updated_at": ctx.seconds,
    }
    people.save(ctx, doc)
    ctx.note(doc["id"], Event.CREATED, body)
    telling.created(ctx, doc)
    return json_response(contact_json(doc, ctx.workspace.id))


def _refuse_taken(ctx: Context, external_id: str | None, email: str | None) -> None:
    """A user is matched by external_id when there is one, else by email; leads are never matched."""
    if external_id is not None:
        taken = people.users_with(ctx, "external_id", external_id)
    elif email:
        taken = people.users_with(ctx, "email", email.lower())
    else:
        raise invalid("A user needs an email or an external_id")  # assumed
    _refuse_existing(taken)


def _refuse_existing(taken: list[Person]) -> None:
    for person in sorted(taken, key=lambda each: each.state is not State.LIVE):
        # A permanently deleted user is refused with the same text as an archived one.
        kind = "A" if person.state is State.LIVE else "An archived"
        text = f"{kind} contact matching those details already exists with id={person.id}"
        raise RefusalError(409, "conflict", text)


def show(ctx: Context) -> Response:
    """GET /contacts/{id}."""
    return json_response(contact_json(people.live(ctx, ctx.args["id"]).doc, ctx.workspace.id))


def find_by_external_id(ctx: Context) -> Response:
    """GET /contacts/find_by_external_id/{external_id}: never finds a lead."""
    found = people.users_with(ctx, "external_id", ctx.args["external_id"])
    if not found:
        raise people.not_found()
    best = min(found, key=lambda each: each.state is not State.LIVE)
    return json_response(contact_json(people.live(ctx, best.id).doc, ctx.workspace.id))


def index(ctx: Context) -> Response:
    """GET /contacts: 10 to a page unless asked for more, newest change first."""
    page = page_of(ctx.query.get("per_page"), ctx.query.get("starting_after"), default=10)
    docs, total = people.newest(ctx, limit=page.size, offset=page.offset)
    return json_response(contact_list(docs, total, page=page, workspace=ctx.workspace.id))


def update(ctx: Context) -> Response:
    """PUT /contacts/{id}: what the body doesn't name stays; custom attributes merge key by key."""
    person = people.live(ctx, ctx.args["id"])
    body = ctx.body()
    role = fields.role(body)
    fields.refuse_demotion(person.role, role)
    written = fields.changes(body)
    external_id = fields.external_id(body)
    custom = fields.custom(ctx, body)
    role = role or person.role
    if external_id is not None and role == USER:
        _refuse_others_external_id(ctx, person, external_id)
        written["external_id"] = external_id
    merged = {**person.doc["custom_attributes"], **custom}
    doc = {**person.doc, **written, "role": role, "custom_attributes": merged, "updated_at": ctx.seconds}
    people.save(ctx, doc)
    ctx.note(person.id, Event.UPDATED, body)
    telling.updated(ctx, doc, role_before=person.role)
    return json_response(contact_json(doc, ctx.workspace.id))


def _refuse_others_external_id(ctx: Context, person: Person, external_id: str) -> None:
    """An archived user's external_id may be taken over, as recorded; that of a live one is assumed a 409."""
    others = people.users_with(ctx, "external_id", external_id)
    _refuse_existing([each for each in others if each.id != person.id and each.state is State.LIVE])


def archive(ctx: Context) -> Response:
    """POST /contacts/{id}/archive."""
    person = people.live(ctx, ctx.args["id"])
    people.set_state(ctx, person, State.ARCHIVED)
    ctx.note(person.id, Event.ARCHIVED, {})
    telling.archived(ctx, person)
    return json_response({**person.reference(), "archived": True})


def unarchive(ctx: Context) -> Response:
    """POST /contacts/{id}/unarchive; 400 for the permanently deleted, who look archived in a 409."""
    person = people.known(ctx, ctx.args["id"])
    if person.state is State.DELETED:
        text = "User has been marked for permanent deletion and is not restorable."
        raise RefusalError(400, "bad_request", text)
    if person.state is State.ARCHIVED:
        people.set_state(ctx, person, State.LIVE)
        ctx.note(person.id, Event.UNARCHIVED, {})
        telling.unarchived(ctx, person)
    return json_response({**person.reference(), "archived": False})


def delete(ctx: Context) -> Response:
    """DELETE /contacts/{id}: for good."""
    person = people.known(ctx, ctx.args["id"])
    if person.state is State.DELETED:
        raise people.not_found()
    people.set_state(ctx, person, State.DELETED)
    ctx.note(person.id, Event.DELETED, {})
    telling.deleted(ctx, person)
    return json_response({**person.reference(), "deleted": True})


def merge(ctx: Context) -> Response:
    """POST /contacts/merge {from: a lead's id, into: a user's id}; the lead's id answers 410 from then on."""
    body = ctx.body()
    lead = people.live(ctx, str(body.get("from")))
    user = people.live(ctx, str(body.get("into")))
    if lead.role != LEAD or user.role != USER:
        raise invalid("Only a lead can be merged into a user")  # assumed
    if not body.get("skip_duplicate_validation") and not _look_alike(lead.doc, user.doc):
        raise RefusalError(
            400, "invalid_merge", "These contacts don't share an email or a phone"
        )  # text assumed
    people.set_state(ctx, lead, State.MERGED, merged_into=user.id)
    # Assumed: what the user has wins, what only the lead had is kept.
    custom = {**lead.doc["custom_attributes"], **user.doc["custom_attributes"]}
    doc = {**user.doc, "custom_attributes": custom, "updated_at": ctx.seconds}
    people.save(ctx, doc)
    ctx.note(lead.id, Event.MERGED, {"into": user.id})
    ctx.note(user.id, Event.MERGED, {"from": lead.id})
    telling.merged(ctx, doc, ended=lead.id)
    return json_response(contact_json(doc, ctx.workspace.id))


def _look_alike(one: Json, other: Json) -> bool:
    emails = {str(doc.get("email") or "").lower() for doc in (one, other)}
    phones = {doc.get("phone") or "" for doc in (one, other)}
    return any(len(each) == 1 and each != {""} for each in (emails, phones))
