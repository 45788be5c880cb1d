"""Prints the panel of a campaign as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Campaign
from integrations.services.settings import export_document

TEACH = """\
  python manage.py settings_export spring > spring.json
  python manage.py settings_export spring | python manage.py settings_import summer -

No token and nobody's data is in it. README.md describes the format.
"""


class Command(BaseCommand):
    help = "Print a campaign's Intercom settings as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = TEACH
        parser.add_argument("slug", metavar="SLUG", help="the campaign's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_by_slug(options["slug"])
        self.stdout.write(json.dumps(export_document(campaign), indent=2, ensure_ascii=False))


def campaign_by_slug(slug: str) -> Campaign:
    """Raises CommandError with the names that there are."""
    campaign = Campaign.objects.filter(slug=slug).first()
    if campaign is None:
        known = ", ".join(Campaign.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(
            f"There is no campaign {slug!r}. There is: {known or 'none yet (create_campaign)'}"
        )
    return campaign
