"""The forms for a tab's sections in the plain admin. They are judged by the same rules as an import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from campaigns.models import Audience
from integrations.logic.contradictions import Contradiction, Place, contradictions
from integrations.logic.types import Action, DataType, IfPresent, MapRow, Policy, TabSettings
from integrations.models import DuplicatePolicy, FieldMap, QualificationRule, SyncSettings
from integrations.services.settings import connection_of, current, known_to
from integrations.services.settings_format import Method, read_rule
from integrations.services.settings_json import unfit
from integrations.services.settings_reading import Reading
from integrations.services.settings_words import sentence

if TYPE_CHECKING:
    FieldMapFormBase = forms.ModelForm[FieldMap]
    RuleFormBase = forms.ModelForm[QualificationRule]
    FormSetBase = forms.BaseInlineFormSet[FieldMap, SyncSettings, forms.ModelForm[FieldMap]]
else:
    FieldMapFormBase = RuleFormBase = forms.ModelForm
    FormSetBase = forms.BaseInlineFormSet


class ValueField(forms.JSONField):
    """JSON typed by a person; what Python cannot read is an error on the page, not one of the page."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (RecursionError, ValueError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Shows again what was typed, as it was typed: \\ud800 read and written out fits into no page."""
        return initial if self.disabled else InvalidJSONInput(data or "null")


class FieldMapForm(FieldMapFormBase):
    """One row; of source and value it keeps the one that its data type takes."""

    def clean(self) -> dict[str, Any]:
        # Not the base class's: it would look for a mapped target in the rows that are being replaced.
        other = "source" if self.cleaned_data.get("data_type") == FieldMap.DataType.FIXED else "value"
        return self.cleaned_data | {other: ""}

    def row(self) -> MapRow:
        data = self.cleaned_data
        return MapRow(
            data_type=DataType(data.get("data_type", DataType.DYNAMIC)),
            target=data.get("target", ""),
            source=data.get("source", ""),
            value=data.get("value", ""),
            if_present=IfPresent(data.get("if_present", IfPresent.KEEP)),
        )


class RuleForm(RuleFormBase):
    """The qualification rule; its values are JSON: "pro", 5, true."""

    initial_value = ValueField(required=False)
    qualifying_values = ValueField(required=False, help_text=_('A list, such as ["pro", "enterprise"].'))

    class Meta:
        model = QualificationRule
        fields = ("method", "attribute", "initial_value", "qualifying_values")

    def clean_qualifying_values(self) -> Any:
        return self.cleaned_data["qualifying_values"] or []

    def read(self, settings: TabSettings) -> TabSettings:
        """The settings with this rule; what cannot be read becomes an error of this form."""
        document = {"method": Method.NONE.value} | self.cleaned_data
        document.pop("id", None)
        document.pop("settings", None)
        if document["method"] == Method.NONE.value:
            document = {"method": Method.NONE.value}
        reading = Reading(errors=list(unfit(document)))
        if not reading.errors:
            settings = read_rule(reading, path="", value=document, settings=settings)
        for line in reading.errors:
            self.add_error(None, line.removeprefix("."))
        return settings


class TabFormSet(FormSetBase):
    """The rows of the field map, and with them the tab as a whole: `tab` is what the forms say together."""

    siblings: Sequence[forms.BaseModelFormSet[Any, Any]] = ()
    tab = TabSettings()

    def clean(self) -> None:
        row = self.instance
        if not (row.campaign_id and row.audience in Audience.values):
            return  # said by the tab's own form
        self.tab = self._read()
        rule = self._form_of(QualificationRule)
        if row.audience == Audience.REFERRER and self.tab.qualifies and rule is not None:
            rule.add_error("method", _("Only leads qualify, never referrers."))
        before = current(row.campaign, Audience(row.audience))
        moved = connection_of(row.campaign) != row.connection
        known = known_to(row.campaign, connection=row.connection)
        standing = TabSettings() if moved else before
        self._show(contradictions(self.tab, known=known, before=standing), rule=rule)

    def rows(self) -> list[FieldMapForm]:
        """The rows that shall stay, in their order."""
        kept = [
            form
            for form in cast("list[FieldMapForm]", self.forms)
            if (form.has_changed() or form.instance.pk) and not form.cleaned_data.get("DELETE")
        ]
        return sorted(kept, key=lambda form: form.cleaned_data.get("position") or 0)

    def _read(self) -> TabSettings:
        policy = self._form_of(DuplicatePolicy)
        chosen = policy.cleaned_data if policy is not None else {}
        settings = TabSettings(
            action=Action(self.instance.action),
            rows=tuple(form.row() for form in self.rows()),
            policy=Policy(chosen.get("policy", Policy.SKIP)),
            marks=bool(chosen.get("marks")),
        )
        rule = self._form_of(QualificationRule)
        return rule.read(settings) if isinstance(rule, RuleForm) else settings

    def _form_of(self, model: type[DuplicatePolicy | QualificationRule]) -> forms.ModelForm[Any] | None:
        """The one form of another section, cleaned."""
        for formset in self.siblings:
            if formset.model is model and formset.forms:
                formset.is_valid()
                form: forms.ModelForm[Any] = formset.forms[0]
                return form
        return None

    def _show(self, found: Iterable[Contradiction], *, rule: forms.ModelForm[Any] | None) -> None:
        rows = self.rows()
        for one in found:
            if one.place in {Place.ATTRIBUTE, Place.INITIAL, Place.QUALIFYING}:
                if rule is not None:
                    rule.add_error(one.place.value, sentence(one))
            else:
                rows[one.number].add_error(one.place.value, sentence(one))
