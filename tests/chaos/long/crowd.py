"""How thousands join: as visitors of two web-like processes, and by files that somebody imports."""

from __future__ import annotations

import csv
import io
import random
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.driver import Driver
from tests.chaos.people import Lead
from tests.processes.installation import Installation

BY_FILE = 0.1
CLICK_TWICE = 0.03
SHARE_OF_STORM = 0.9
COLUMNS = ("email", "first_name", "source")
MOST_TRIES = 60


@dataclass
class Crowd:
    """Begins to join with `start`; `wait` for the last."""

    site: Installation
    visitors: Sequence[Driver]
    leads: Sequence[Lead]
    rng: random.Random
    seconds: float
    tried_again: int = 0
    failed: list[str] = field(default_factory=list)
    _importer: threading.Thread | None = None

    def start(self) -> None:
        """The leads come in their order, all of them within the first nine tenths of the storm."""
        by_file = [self.rng.random() < BY_FILE for _ in self.leads]
        files: dict[str, list[Lead]] = defaultdict(list)
        for lead, filed in zip(self.leads, by_file, strict=True):
            if filed:
                files[lead.panel.slug].append(lead)
        alone = [lead for lead, filed in zip(self.leads, by_file, strict=True) if not filed]
        for number, visitors in enumerate(self.visitors):
            orders = [self._visit(lead) for lead in alone[number :: len(self.visitors)]]
            visitors.send("join_as_visitors", orders, self.seconds * SHARE_OF_STORM)
        self._importer = threading.Thread(target=self._import, args=[files])
        self._importer.start()

    def wait(self) -> None:
        """Until everybody is in. Raises OrderError for a visitor who never got in."""
        for visitors in self.visitors:
            self.tried_again += visitors.answer()
        if self._importer is not None:
            self._importer.join()

    def _visit(self, lead: Lead) -> tuple[str, str, str, str, bool]:
        twice = self.rng.random() < CLICK_TWICE
        return lead.panel.slug, lead.email, lead.first_name, lead.tag, twice

    def _import(self, files: dict[str, list[Lead]]) -> None:
        began = time.monotonic()
        for place, (slug, leads) in enumerate(sorted(files.items())):
            wait = began + self.seconds * SHARE_OF_STORM * place / len(files) - time.monotonic()
            time.sleep(max(wait, 0))
            self._take_in(slug, _text(leads))

    def _take_in(self, slug: str, text: str) -> None:
        """As the person who imports it would: the same file again, until it goes through."""
        for _ in range(MOST_TRIES):
            try:
                self.site.manage("join_lead", slug, "--csv", "-", text=text)
            except AssertionError as err:
                wrong = str(err)
                self.tried_again += 1
            else:
                return
        self.failed.append(f"{slug}: the file never went through: {wrong[-2000:]}")


def _text(leads: Sequence[Lead]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows((lead.email, lead.first_name, lead.tag) for lead in leads)
    return text.getvalue()
