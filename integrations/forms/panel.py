"""The form of a tab: its fields, its helper and its layout. Drawn from a draft; reads and saves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience
from integrations.forms import choices
from integrations.forms.layout import Part
from integrations.forms.widgets import MenuSelect
from integrations.models import Action, DuplicatePolicy, QualificationRule
from integrations.services.attribute_creation import CREATABLE
from integrations.services.type_words import TYPES

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from integrations.forms.draft import Draft
    from integrations.views.page import Panel

JOINS: dict[Audience, _StrPromise] = {
    Audience.LEAD: _("When lead joins campaign"),
    Audience.REFERRER: _("When referrer joins campaign"),
}


class PanelForm(forms.Form):
    """The controls of a tab besides its rows."""

    use_required_attribute = False

    action = forms.ChoiceField(choices=Action.choices)
    policy = forms.ChoiceField(
        label=_("How to handle duplicate users"),
        choices=DuplicatePolicy.Policy.choices,
        widget=forms.RadioSelect,
    )
    marks = forms.BooleanField(label=_("Mark as referred"))
    method = forms.ChoiceField(
        label=_("Select the method you want to use to qualify"), choices=QualificationRule.Method.choices
    )
    attribute = forms.CharField(label=_("Select the data attribute that will change"))
    initial_value = forms.CharField(
        label=_("What should this data attribute be when the contact is created?"),
        help_text=_("Optional. It is written to new contacts only, never to those who exist."),
        widget=forms.TextInput({"list": "rule-options", "dir": "auto", "autocomplete": "off"}),
    )
    qualifying_values = forms.CharField(
        label=_("What will this data attribute change to when the user qualifies?"),
        help_text=_("One value a line. Any of them qualifies. Capitals and spaces count."),
        widget=forms.Textarea({"rows": 3, "dir": "auto", "spellcheck": "false"}),
    )
    new_name = forms.CharField(
        label=_("Name"),
        help_text=_("Letters, digits, hyphens and underscores, such as lead_source."),
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )
    new_type = forms.ChoiceField(
        label=_("What it holds"), choices=[(one, str(TYPES[one]).capitalize()) for one in CREATABLE]
    )

    def __init__(self, panel: Panel, audience: Audience, draft: Draft) -> None:
        super().__init__(initial=dict(draft.typed.fields))
        self.fields["action"].label = str(JOINS[audience])
        name = draft.typed.text("attribute")
        known = panel.attributes.get(name)
        label = choices.labels_of(panel).target(name)
        gone = label if known and not known.archived else f"{label} ({_('no longer in Intercom')})"
        menu = choices.rule_attributes(panel.attributes)
        self.fields["attribute"].widget = MenuSelect(menu, gone=gone if name else "")
        for field in self.fields.values():
            field.required = False
        self.helper = _helper(audience)


def _helper(audience: Audience) -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    sections = ["action", "fields", "duplicates", *(["rule"] if audience is Audience.LEAD else [])]
    helper.layout = Layout(*(Part(f"integrations/panel/{name}.html") for name in sections))
    return helper
