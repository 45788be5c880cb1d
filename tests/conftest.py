"""What every test may ask for. The sandbox stands in for Intercom, over real loopback HTTP."""

from __future__ import annotations

from tests.integrations.flow_fixtures import connection, intercom
from tests.integrations.sandbox_fixtures import sandbox

__all__ = ["connection", "intercom", "sandbox"]
