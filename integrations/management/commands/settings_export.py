"""Prints the panel of a campaign as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from campaigns.management.help import TaughtCommand
from integrations.management.lookup import campaign_by_slug
from integrations.services.settings import export_document

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(TaughtCommand):
    help = "Print a campaign's Intercom settings as JSON."
    examples = """\
examples:
  manage.py settings_export spring > spring.json
  manage.py settings_export spring | manage.py settings_import summer -

No token and nobody's data is in it. README.md describes the format.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the campaign's short name")

    def handle(self, *_args: Any, slug: str, **_options: Any) -> None:
        document = export_document(campaign_by_slug(slug))
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
