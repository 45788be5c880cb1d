"""What the fuzz tests may ask for besides the common fixtures."""

from __future__ import annotations

from tests.integrations.test_roles import world

__all__ = ["world"]
