"""Makes a campaign and its custom lead fields from the command line. It never changes one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.importing import describe
from campaigns.management.help import TaughtCommand
from campaigns.models import Campaign, LeadField, LeadFieldType

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

REQUIRED = "required"


class Command(TaughtCommand):
    help = "Makes a campaign. One that exists already is left as it is, so this can be run again."
    examples = """\
examples:
  manage.py create_campaign spring --name "Spring sale"
  manage.py create_campaign spring --name "Spring sale" \\
      --field plan:Plan:text --field seats:"How many seats?":number:required

A field is KEY:LABEL:TYPE, where TYPE is text, number, boolean or date; `:required` at the end makes
the form insist on it. Keys are small letters, digits and underscores.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the campaign's short name: letters, digits, hyphens")
        parser.add_argument("--name", required=True, help="the name that people read")
        parser.add_argument(
            "--field", action="append", default=[], metavar="KEY:LABEL:TYPE", help="a custom lead field"
        )

    def handle(self, *_args: Any, slug: str, name: str, field: list[str], **_options: Any) -> None:
        existing = Campaign.objects.filter(slug=slug).first()
        if existing is not None:
            self._leave(existing, name=name)
            return
        try:
            with transaction.atomic():
                _create(slug, name=name, specs=field)
        except ValidationError as err:
            raise CommandError(describe(err)) from err
        self.stdout.write(_("Campaign %(slug)s created.") % {"slug": slug})

    def _leave(self, campaign: Campaign, *, name: str) -> None:
        if campaign.name != name:
            text = _("Campaign %(slug)s exists and is called “%(name)s”. Nothing was changed.")
            raise CommandError(text % {"slug": campaign.slug, "name": campaign.name})
        text = _("Campaign %(slug)s exists already. Nothing was changed.")
        self.stdout.write(text % {"slug": campaign.slug})


def _create(slug: str, *, name: str, specs: list[str]) -> None:
    campaign = Campaign(slug=slug, name=name)
    campaign.full_clean()
    campaign.save()
    for position, spec in enumerate(specs):
        lead_field = _lead_field(spec)
        lead_field.campaign, lead_field.position = campaign, position
        lead_field.full_clean()
        lead_field.save()


def _lead_field(spec: str) -> LeadField:
    """A label may hold colons; the key, the type and `required` may not."""
    rest, _colon, last = spec.rpartition(":")
    required = last == REQUIRED
    if required:
        rest, _colon, last = rest.rpartition(":")
    key, colon, label = rest.partition(":")
    if not (colon and label.strip()) or last not in LeadFieldType.values:
        text = _("“%(spec)s” is no field. Write KEY:LABEL:TYPE; TYPE is one of %(types)s.")
        raise ValidationError(text % {"spec": spec, "types": ", ".join(LeadFieldType.values)})
    return LeadField(key=key, label=label.strip(), type=last, required=required)
