"""The product's settings, with one address more: a view that stores one row and does nothing else."""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.intake_urls"
