"""One whole run: a seed, a scene, a storm, the oracle."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.oracle import examine
from tests.chaos.scene import scene
from tests.chaos.storm import Storm


@dataclass(frozen=True, slots=True)
class Done:
    """A run that went well. `states`: how many leads ended in each."""

    seed: int
    seconds: float
    states: Mapping[str, int]
    calls: int


def seed_from_environment() -> int:
    """CHAOS_SEED, else a new one."""
    return int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))


def run(seed: int, *, folder: Path) -> Done:
    """Raises AssertionError with the stories of all who are not as they must be."""
    began, rng = time.monotonic(), random.Random(seed)
    with scene(folder, rng=rng) as stage:
        storm = Storm(stage, rng)
        storm.blow()
        rows, still_open = stage.control.do("rows"), stage.control.do("still_open")
        head = "\n".join([f"CHAOS_SEED={seed}", *storm.told, *stage.control.do("workspaces")])
        examine(
            stage.people,
            sandbox=stage.sandbox,
            rows=rows,
            head=head,
            kills=storm.kills,
            disturbed=storm.disturbed,
        )
        assert still_open == 0, f"{head}\nin order for each lead, and yet {still_open} open or unexplained"
        states = Counter(row["state"] for row in rows)
        return Done(seed, time.monotonic() - began, states, calls=stage.sandbox.mark())
