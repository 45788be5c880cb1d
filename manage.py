#!/usr/bin/env python
"""Django's command line, with a plain sentence instead of a traceback for a wrong setting."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as err:
        sys.exit(f"Wrong setting: {err}")


if __name__ == "__main__":
    main()
