"""From what Intercom tells us, and what we look up ourselves, to a lead that has qualified."""

from __future__ import annotations

from integrations.services.qualify.receipts_use import use_again, use_receipts

__all__ = ["use_again", "use_receipts"]
