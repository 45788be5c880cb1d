"""Chaos: leads join while everything fails, and each of them must end as Intercom's own books say.

`test_short_chaos.py` is part of the suite; `python -m tests.chaos --seeds 10` runs many storms in a row.
"""

from __future__ import annotations
