"""The public pages of a referral link. They tell nobody who else has joined."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import ratelimit
from campaigns.forms import JoinForm
from campaigns.models import Participant
from campaigns.services import CampaignEnded, join_lead
from campaigns.text import normalized_code


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Shows and takes the form behind a referral link; anybody's code in the campaign will do."""
    referrer = _owner(code)
    if referrer is None:
        return _unknown(request)
    if not referrer.campaign.is_open:
        return _ended(request, referrer)
    form = JoinForm(request.POST if request.method == "POST" else None, campaign=referrer.campaign)
    if not form.is_valid():
        return _page(request, referrer, form)
    if not ratelimit.allowed(request):
        return _held_back(request, referrer, form)
    return _take(request, referrer, form)


@never_cache
@require_safe
def thanks(request: HttpRequest, code: str) -> HttpResponse:
    """The same page for those who joined, those who were in already, and programs that were turned away."""
    referrer = _owner(code)
    if referrer is None:
        return _unknown(request)
    context = {
        "badge": _("Joined"),
        "badge_kind": "ok",
        "title": _("Thank you, you are in"),
        "lines": [
            _("You are part of %(campaign)s.") % {"campaign": referrer.campaign.name},
            _("If you had joined before, nothing has changed."),
        ],
    }
    return render(request, "campaigns/message.html", context)


def _owner(code: str) -> Participant | None:
    return Participant.objects.select_related("campaign").filter(referral_code=normalized_code(code)).first()


def _take(request: HttpRequest, referrer: Participant, form: JoinForm) -> HttpResponse:
    if not form.is_trapped:
        try:
            join_lead(campaign=referrer.campaign, referrer=referrer, **form.person)
        except CampaignEnded:
            return _ended(request, referrer)
        except ValidationError as err:
            form.take_errors(err)
            return _page(request, referrer, form)
    return redirect("campaigns:thanks", code=referrer.referral_code)


def _page(request: HttpRequest, referrer: Participant, form: JoinForm) -> HttpResponse:
    context = {"campaign": referrer.campaign, "referrer": referrer, "form": form}
    return render(request, "campaigns/join.html", context)


def _held_back(request: HttpRequest, referrer: Participant, form: JoinForm) -> HttpResponse:
    context = {"campaign": referrer.campaign, "referrer": referrer, "form": form, "too_many": True}
    response = render(request, "campaigns/join.html", context, status=429)
    response["Retry-After"] = str(ratelimit.RETRY_AFTER)
    return response


def _unknown(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("We don’t know this link"),
        "lines": [
            _("Perhaps a letter is missing. Please check the link, or ask the person who gave it to you."),
        ],
    }
    return render(request, "campaigns/message.html", context, status=404)


def _ended(request: HttpRequest, referrer: Participant) -> HttpResponse:
    context = {
        "badge": _("Ended"),
        "badge_kind": "muted",
        "title": _("%(campaign)s has ended") % {"campaign": referrer.campaign.name},
        "lines": [_("Nobody can join any more. Thank you for your interest.")],
    }
    return render(request, "campaigns/message.html", context, status=410)
