"""The rows of `Map your fields` as they are drawn: each a small form over what is typed. Reads no POST."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.forms import choices
from integrations.forms.issues import Kind
from integrations.forms.widgets import MenuSelect
from integrations.logic.types import DataType
from integrations.models import FieldMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from integrations.forms.choices import Labels, Menu
    from integrations.forms.draft import Draft
    from integrations.forms.issues import Issue, Issues
    from integrations.forms.typed import TypedRow
    from integrations.views.page import Panel


@dataclass(frozen=True, slots=True)
class Menus:
    """What every row offers."""

    sources: Menu
    own_email: Menu
    targets: Menu
    labels: Labels

    @classmethod
    def of(cls, panel: Panel) -> Menus:
        return cls(
            sources=choices.sources(panel.sources),
            own_email=choices.own_email(panel.sources),
            targets=choices.targets(panel.attributes),
            labels=choices.labels_of(panel),
        )


@dataclass(frozen=True)
class Row:
    """One row for its template."""

    number: int
    typed: TypedRow
    menus: Menus
    taken: frozenset[str]
    issues: tuple[Issue, ...] = ()

    @property
    def id(self) -> str:
        return f"row-{self.number}"

    @property
    def is_fixed(self) -> bool:
        return self.typed.data_type is DataType.FIXED

    @property
    def wrong(self) -> str:
        """The ids of the controls that must be changed before saving, with a blank between them."""
        return " ".join(issue.control for issue in self.issues if issue.kind is Kind.ERROR)

    @property
    def title(self) -> str:
        """What the row is called: First Name → Name."""
        row, labels = self.typed.row, self.menus.labels
        nothing = gettext("nothing yet")
        supply = f"“{row.value[:40]}”" if self.is_fixed else labels.source(row.source)
        return f"{supply or nothing} → {labels.target(row.target) or nothing}"

    @cached_property
    def form(self) -> RowForm:
        return RowForm(self)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a removed row keeps, so that it can come back."""
        return [(f"rows-{self.number}-{name}", text) for name, text in self.typed.texts.items()]


class RowForm(forms.Form):
    """The controls of one row. They offer; what was chosen is judged in the draft."""

    use_required_attribute = False

    def __init__(self, row: Row) -> None:
        super().__init__(prefix=f"rows-{row.number}", initial=dict(row.typed.texts))
        about = {"aria-describedby": f"{row.id}-status"}
        self.fields = {
            "data_type": _choice(_("Data Type"), FieldMap.DataType, attrs=about),
            **_supplies(row, about),
            "target": _target(row, about),
            "if_present": _choice(_("If the contact already has a value"), FieldMap.IfPresent, attrs={}),
        }
        wrong = row.wrong.split()
        for name, field in self.fields.items():
            if f"id_rows-{row.number}-{name}" in wrong:
                field.widget.attrs["aria-invalid"] = "true"


def _choice(
    label: _StrPromise, choices: type[FieldMap.DataType | FieldMap.IfPresent], *, attrs: dict[str, str]
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices.choices, widget=forms.Select({"class": "input", **attrs})
    )


def _supplies(row: Row, about: dict[str, str]) -> dict[str, forms.Field]:
    """What goes in: chosen, or typed. Both are there; the data type says which one counts."""
    system = {"system": settings.SOURCE_SYSTEM_NAME}
    menu = MenuSelect(
        row.menus.own_email if row.typed.locked else row.menus.sources,
        gone=_gone(row.menus.labels.source(row.typed.row.source), gettext("no longer in this campaign")),
        attrs=about,
    )
    text = _text(row.typed.texts.get("value", ""), about)
    return {
        "source": forms.CharField(label=gettext("From %(system)s (Dynamic)") % system, widget=menu),
        "value": forms.CharField(label=gettext("From %(system)s") % system, widget=text),
    }


def _target(row: Row, about: dict[str, str]) -> forms.CharField:
    menu = MenuSelect(
        row.menus.targets,
        gone=_gone(row.menus.labels.target(row.typed.row.target), gettext("no longer in Intercom")),
        taken=row.taken,
        attrs={"data-target": True, **about},
    )
    return forms.CharField(label=_("To (Intercom)"), widget=menu)


def rows_of(panel: Panel, draft: Draft, issues: Issues) -> list[Row]:
    """Every row of the form; a field that one row fills is not offered to another."""
    menus = Menus.of(panel)
    used: Mapping[int, str] = {
        number: row.target for number, row in zip(draft.numbers, draft.settings.rows, strict=True)
    }
    times = frozenset(used.values()) - {""}
    return [
        Row(
            number=number,
            typed=typed,
            menus=menus,
            taken=times - {used.get(number, "")},
            issues=issues.rows.get(number, ()),
        )
        for number, typed in enumerate(draft.typed.rows)
    ]


def _gone(label: str, why: str) -> str:
    return f"{label} ({why})" if label else ""


def _text(value: str, attrs: dict[str, str]) -> forms.Widget:
    """A text of several lines would lose its line ends in a line."""
    own = {"class": "input", "dir": "auto", **attrs}
    return forms.Textarea({"rows": 3, **own}) if "\n" in value else forms.TextInput(own)
