"""Finds what a command's arguments name, or says what there is."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from campaigns.models import Campaign

SHOWN = 20


def campaign_by_slug(slug: str) -> Campaign:
    """Raises CommandError with the names that there are."""
    campaign = None if "\0" in slug else Campaign.objects.filter(slug=slug).first()
    if campaign is not None:
        return campaign
    known = list(Campaign.objects.order_by("slug").values_list("slug", flat=True)[: SHOWN + 1])
    if not known:
        text = _("There is no campaign called %(slug)s, nor any other. Make one: manage.py create_campaign")
        raise CommandError(text % {"slug": slug})
    listed = ", ".join(known[:SHOWN]) + (", …" if len(known) > SHOWN else "")
    text = _("There is no campaign called %(slug)s. There are: %(known)s")
    raise CommandError(text % {"slug": slug, "known": listed})
