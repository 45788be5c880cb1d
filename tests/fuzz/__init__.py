"""Fuzz: whatever comes in from outside is taken, or refused in words; never an error page, never half.

A few fixed examples of each are part of the suite; `make fuzz` makes up many new ones (FUZZ_EXAMPLES).
"""

from __future__ import annotations
