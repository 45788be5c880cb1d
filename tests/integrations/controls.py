"""A page's form as a browser would post it, and the page's words, read from the HTML that a test got."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test.client import _MonkeyPatchedWSGIResponse

VOID = {"input", "br", "hr", "meta", "link", "img"}


@dataclass
class Reader(HTMLParser):
    """Collects the values of successful controls, the labels of options, and the text."""

    values: dict[str, str] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    off: dict[str, set[str]] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    _select: str = ""
    _option: str = ""
    _area: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        name = given.get("name", "")
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "select":
            self._select = name
            self.options[name], self.off[name] = {}, set()
        elif tag == "option" and self._select:
            self._choice(given)
        elif tag == "textarea":
            self._area = name
            self.values[name] = ""
        elif tag == "button":
            self.buttons.append(given.get("value", ""))

    def _input(self, name: str, given: dict[str, str]) -> None:
        if given.get("type") in {"radio", "checkbox"}:
            if "checked" in given:
                self.values[name] = given.get("value", "on")
        else:
            self.values[name] = given.get("value", "")

    def _choice(self, given: dict[str, str]) -> None:
        self._option = given.get("value", "")
        self.options[self._select][self._option] = ""
        if "disabled" in given:
            self.off[self._select].add(self._option)
        if "selected" in given or self._select not in self.values:
            self.values[self._select] = self._option

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data
        elif self._select and self._option in self.options[self._select]:
            self.options[self._select][self._option] += data.strip()
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(response: HttpResponse | _MonkeyPatchedWSGIResponse) -> Reader:
    reader = Reader()
    reader.feed(response.content.decode())
    return reader
