"""Asks axe-core what on a page keeps people out: WCAG 2 A and AA, and its best practices."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

# axe-core 4.14.1, as npm has it; MPL-2.0, its licence stands at the top of the file.
SOURCE = Path(__file__).parent / "vendor" / "axe.min.js"
# Without preload: axe would load the style sheets again by inline styles, which a strict policy complains of.
RUN = """
axe.run(document, {%s preload: false, resultTypes: ["violations"]})
.then((all) => all.violations.map((one) => ({
  rule: one.id,
  impact: one.impact,
  help: one.help,
  places: one.nodes.map((node) => ({
    html: node.html, why: node.failureSummary, where: node.target.join(" "),
  })),
})))
"""


ALL_RULES = ""
# Every rule of axe's that reads a colour.
OF_COLOURS = 'runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]},'


def check_axe(page: Page, *, rules: str = ALL_RULES) -> None:
    """Fails with every violation, where it stands and why."""
    found = violations(page, rules=rules)
    assert not found, f"{page.url}\n" + "\n".join(_in_words(one) for one in found)


def violations(page: Page, *, rules: str = ALL_RULES) -> list[dict[str, Any]]:
    """Through the debugger, since a page's own policy lets no script in from outside."""
    session = page.context.new_cdp_session(page)
    try:
        if not _evaluate(session, "Boolean(window.axe)")["value"]:
            _evaluate(session, _source())
        found: list[dict[str, Any]] = _evaluate(session, RUN % rules)["value"]
    finally:
        session.detach()
    return found


def _evaluate(session: Any, code: str) -> dict[str, Any]:
    answer = session.send(
        "Runtime.evaluate", {"expression": code, "awaitPromise": True, "returnByValue": True}
    )
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    result: dict[str, Any] = answer["result"]
    return result


@cache
def _source() -> str:
    return f"{SOURCE.read_text()};0"


def _in_words(violation: dict[str, Any]) -> str:
    lines = [f"- {violation['rule']} ({violation['impact']}): {violation['help']}"]
    for place in violation["places"][:5]:
        why = " ".join(place["why"].split())
        lines.append(f"    {place['where']}: {place['html'][:200]}\n      {why}")
    return "\n".join(lines)
