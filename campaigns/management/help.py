"""Lets a command's help keep the line breaks of its examples."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, DjangoHelpFormatter

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class ExampleFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Django's own order of options, with descriptions and examples as they were written."""


class TaughtCommand(BaseCommand):
    """A command whose help ends with `examples`."""

    examples = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=ExampleFormatter, epilog=self.examples, **kwargs
        )
