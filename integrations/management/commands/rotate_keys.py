"""Re-seals every stored secret under the first of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.management.help import TaughtCommand
from integrations.services.rotation import reseal_all


class Command(TaughtCommand):
    help = "Re-seal every stored secret under the first of FIELD_ENCRYPTION_KEYS."
    examples = """\
To change the key:
  1. Put a new key before the old one, with a comma between: FIELD_ENCRYPTION_KEYS=new,old
     (python -m config.newenv prints fresh keys), and restart web server and worker.
  2. manage.py rotate_keys
  3. Take the old key away and restart again.

Ends with 1 if there are secrets that none of the keys opens; the others are done all the same.
"""

    def handle(self, *_args: Any, **_options: Any) -> None:
        rotated = reseal_all()
        text = ngettext("%(number)d secret re-sealed.", "%(number)d secrets re-sealed.", rotated.secrets)
        self.stdout.write(text % {"number": rotated.secrets})
        if rotated.unreadable:
            names = ", ".join(str(connection) for connection in rotated.unreadable)
            raise CommandError(
                _(
                    "No key in FIELD_ENCRYPTION_KEYS opens what is stored for: %(names)s. Add the key it was "
                    "sealed with and run this again, or connect the workspace anew (connect_intercom)."
                )
                % {"names": names}
            )
