"""The product's settings with a cluster for a task for each lead: `BENCH_QUEUE` is "defaults" or "tuned"."""

from __future__ import annotations

import os

from config.settings import *  # noqa: F403

WORKERS = 4
DEFAULTS = {
    "name": "leads",
    "workers": WORKERS,
    "timeout": 60,
    "retry": 240,
    "orm": "default",
    # Else the product's own sweep would find these leads, and send them in its way.
    "scheduler": False,
}
# A task's retry counts from when it is taken into memory, where a hundred then wait.
TUNED = {**DEFAULTS, "save_limit": -1, "recycle": 100_000, "bulk": 50, "queue_limit": 100, "retry": 1800}

Q_CLUSTER = {"defaults": DEFAULTS, "tuned": TUNED}[os.environ["BENCH_QUEUE"]]
