#!/usr/bin/env python
"""Django's command line, with a plain sentence instead of a traceback for a wrong setting or database."""

from __future__ import annotations

import logging
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as err:
        sys.exit(f"Wrong setting: {err}")
    except DatabaseError as err:
        logging.getLogger("manage").debug("database error", exc_info=err)
        first_line = str(err).strip().partition("\n")[0]
        if sys.argv[1:2] == ["migrate"]:
            sys.exit(f"`migrate` did not go through: {first_line}")
        sys.exit(f"The database cannot be used: {first_line}. Is it there, and has `migrate` been run?")


if __name__ == "__main__":
    main()
