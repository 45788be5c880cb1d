"""`python -m tests.bench`: what the drain, a join and the way to a contact cost, as ratios within one run.

Figures, not a gate: only a lead that was lost or sent twice makes it fail.
"""

from __future__ import annotations
